//! What `marktwerk doctor` looks at, beside a running server or before the first start: it changes nothing, asks everybody that the
//! program will have to do with, and gives one sentence for each thing, with the cure where something is wrong.

mod databases;
mod jobs;
mod machine;
mod marketplaces;

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

/// Looks at everything that the settings name.
pub async fn examine(settings: &Settings, clock: &SharedClock) -> Vec<Examined> {
    let mut all = Vec::new();
    let mut note = |about: &str, findings: Vec<Finding>| {
        all.extend(findings.into_iter().map(|finding| Examined { about: about.to_owned(), finding }));
    };
    note("settings", databases::named(settings));
    note("data folder", machine::data_folder(settings));
    note("time", machine::time(settings, clock.now()));
    note("jobs file", jobs::jobs_file(settings, clock).await);
    note("database", databases::store(settings, clock).await);
    note("JTL-Wawi", databases::jtl(settings).await);
    for (name, findings) in marketplaces::accounts(settings, clock).await {
        note(&format!("account {name}"), findings);
    }
    all
}
