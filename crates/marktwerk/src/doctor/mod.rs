//! What `marktwerk doctor` looks at, beside a running server or before the first start: it changes nothing, asks everybody that the
//! program will have to do with, and gives one sentence for each thing, with the cure where something is wrong. What the start refuses, it
//! names before.

mod address;
mod clocks;
mod databases;
mod jobs;
mod limits;
mod machine;
mod marketplaces;
mod running;

use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::finding::Finding;

use crate::config::Settings;

/// A finding, and what it is about.
#[derive(Debug)]
pub struct Examined {
    /// Such as `JTL-Wawi` or `account shop`.
    pub about: String,
    /// What was found.
    pub finding: Finding,
}

/// What each start says of the machine, beside the settings' own findings.
pub fn at_the_start() -> Option<Finding> {
    machine::open_secrets()
}

/// Looks at everything that the settings name.
pub async fn examine(settings: &Settings, clock: &SharedClock) -> Vec<Examined> {
    let mut all = Vec::new();
    examine_each(settings, clock, &mut |examined| all.push(examined)).await;
    all
}

/// The same; each finding is told as soon as it is known, because some of the others have to wait for somebody.
pub async fn examine_each(
    settings: &Settings,
    clock: &SharedClock,
    found: &mut (dyn FnMut(Examined) + Send),
) {
    let mut note = |about: &str, findings: Vec<Finding>| {
        findings.into_iter().for_each(|finding| found(Examined { about: about.to_owned(), finding }));
    };
    note("settings", databases::named(settings));
    note("data folder", machine::data_folder(settings));
    note("address", address::address(settings).await);
    note("limits", limits::descriptors());
    note("time", machine::time(settings, clock.now()));
    note("jobs file", jobs::jobs_file(settings, clock).await);
    note("database", databases::store(settings, clock).await);
    note("database", databases::belonging(settings).await);
    note("JTL-Wawi", databases::jtl(settings).await);
    note("running server", running::health(settings).await);
    if let Some((name, findings)) = marketplaces::begin(settings) {
        note(&format!("account {name}"), findings);
    }
    for account in &settings.accounts {
        let about = format!("account {}", account.name);
        note(&about, clocks::clock_of(account, clock).await);
        note(&about, marketplaces::credentials(account, clock).await);
    }
    note("alerts", marketplaces::alerts(settings));
}
