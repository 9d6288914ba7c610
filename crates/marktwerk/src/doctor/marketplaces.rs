//! The accounts: whether each marketplace answers and takes the credentials. And where alerts are sent.

use marktwerk_connectors::{AccountSettings, ConnectorError};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::finding::Finding;

use crate::compose::{connect, insist_on_account};
use crate::config::Settings;

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
pub(super) async fn credentials(account: &AccountSettings, clock: &SharedClock) -> Vec<Finding> {
    let marketplaces = match connect(std::slice::from_ref(account), clock) {
        Ok(marketplaces) => marketplaces,
        Err(error) => return vec![Finding::Wrong(error.to_string())],
    };
    let mut findings = Vec::new();
    for marketplace in marketplaces {
        findings.push(match marketplace.check_account().await {
            Ok(health) => Finding::Well(health.message),
            Err(error @ ConnectorError::NoConnection { .. }) => Finding::Wrong(format!(
                "{error}: check this machine's network, name resolution and firewall, and the account's endpoint"
            )),
            Err(error) => Finding::Wrong(error.to_string()),
        });
    }
    findings
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
