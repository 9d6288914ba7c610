//! The accounts: whether each marketplace answers and takes the credentials. And where alerts are sent.

use marktwerk_connectors::{Budgets, HttpClient};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::finding::Finding;

use crate::compose::{connect, insist_on_account};
use crate::config::{Account, Settings};

/// What is to be said before any account is asked.
pub(super) fn begin(settings: &Settings) -> Option<(&'static str, Vec<Finding>)> {
    let none = "none is configured: the marketplace is simulated; add [[accounts]], or set TEMU_APP_KEY, …";
    match insist_on_account(settings) {
        Err(error) => Some(("-", vec![Finding::Wrong(error.to_string())])),
        Ok(()) if settings.accounts.is_empty() => Some(("-", vec![Finding::Odd(none.to_owned())])),
        Ok(()) => None,
    }
}

/// Whether the marketplace takes the credentials of an account.
pub(super) async fn credentials(account: &Account, clock: &SharedClock) -> Vec<Finding> {
    let http = match HttpClient::new() {
        Ok(http) => http,
        Err(error) => return vec![Finding::Wrong(error.to_string())],
    };
    let marketplace = connect(account.clone(), clock, &Budgets::new(clock.clone()), &http);
    vec![match marketplace.check_account().await {
        Ok(health) => Finding::Well(health.message),
        Err(error) => Finding::Wrong(error.to_string()),
    }]
}

/// Where alerts are sent; nobody is written to.
pub(super) fn alerts(settings: &Settings) -> Vec<Finding> {
    let hosts = settings.alerts.hosts();
    let told = |(name, host): (&str, &str)| {
        Finding::Well(format!(
            "sent by {name} to {host}: `marktwerk alerts test` tries it beside a running server"
        ))
    };
    hosts.into_iter().map(told).collect()
}
