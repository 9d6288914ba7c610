//! The marketplaces that this program knows: one [`Kind`] each, in [`KINDS`]. Settings, job types, first jobs, doctor and the simulated
//! accounts go over that list. Beyond it only the old system's variables and interface name a marketplace.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use marktwerk_domain::account::AccountSummary;
use marktwerk_domain::clock::SharedClock;
use secrecy::SecretString;

use crate::error::ConnectorError;
use crate::http::HttpClient;
use crate::limiter::Budgets;
use crate::marketplace::Marketplace;
use crate::rules::Rules;
use crate::temu;

/// All of them.
pub static KINDS: [&Kind; 1] = [&temu::KIND];

/// The marketplace of this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.into_iter().find(|kind| kind.name == name)
}

/// A marketplace: what its accounts say, which jobs it has, and how it is connected.
pub struct Kind {
    /// As settings and database have it: `temu`.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// Where calls go if an account says nothing else.
    pub endpoint: &'static str,
    /// What its accounts say beside what all accounts do.
    pub keys: &'static [Key],
    /// The key of the secret that ends or is withdrawn: where people look when the credentials are refused.
    pub token: &'static str,
    /// What workflows must know of it.
    pub rules: &'static Rules,
    /// Its jobs.
    pub jobs: Jobs,
    /// A connector for one of its accounts; makes no call.
    pub connect: Connect,
}

/// Makes a connector for an account.
pub type Connect = fn(&AccountSettings, &Surroundings) -> Result<Arc<dyn Marketplace>, ConnectorError>;

impl fmt::Debug for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Kind").field(&self.name).finish()
    }
}

/// Something that an account says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name in the settings.
    pub name: &'static str,
    /// What it is.
    pub form: Form,
}

/// What a key holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A text that must be there.
    Text,
    /// A secret that must be there: itself (`key`), the name of a variable (`key_env`) or of a file (`key_file`).
    Secret,
    /// A number, and what holds where the account says none.
    Number(u32),
}

/// The job types of a marketplace.
#[derive(Debug, Clone, Copy)]
pub struct Jobs {
    /// Orders: from the marketplace into the ERP and back.
    pub orders: JobType,
    /// How often a first start has them run, minutes.
    pub orders_every: i64,
    /// Stock: from the ERP to the marketplace.
    pub inventory: JobType,
    /// How often a first start has it run, minutes.
    pub inventory_every: i64,
    /// A parameter by which a run reads only orders of one status, in the marketplace's own numbers.
    pub status: Option<StatusParameter>,
}

/// A job type and its names.
#[derive(Debug, Clone, Copy)]
pub struct JobType {
    /// Its name.
    pub name: &'static str,
    /// Older names that mean the same.
    pub aliases: &'static [&'static str],
}

/// A parameter that names a status.
#[derive(Debug, Clone, Copy)]
pub struct StatusParameter {
    /// Its name.
    pub name: &'static str,
    /// For people.
    pub description: &'static str,
    /// The numbers that there are. 0 is all of them.
    pub values: &'static [u32],
}

/// What connectors share.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The program's clock.
    pub clock: SharedClock,
    /// How often marketplaces may be called.
    pub budgets: Budgets,
    /// Connections.
    pub http: HttpClient,
}

/// An account, complete. Secrets do not show in its `Debug`.
#[derive(Debug, Clone)]
pub struct AccountSettings {
    /// Where it is.
    pub kind: &'static Kind,
    /// The merchant's own name for it.
    pub name: String,
    /// Where calls go.
    pub endpoint: String,
    values: BTreeMap<&'static str, Setting>,
}

/// What an account says of a [`Key`].
#[derive(Debug, Clone)]
pub enum Setting {
    /// A text.
    Text(String),
    /// A secret.
    Secret(SecretString),
    /// A number.
    Number(u32),
}

impl AccountSettings {
    /// An account that says these things.
    pub fn new(
        kind: &'static Kind,
        name: impl Into<String>,
        endpoint: impl Into<String>,
        values: impl IntoIterator<Item = (&'static str, Setting)>,
    ) -> Self {
        Self { kind, name: name.into(), endpoint: endpoint.into(), values: values.into_iter().collect() }
    }

    /// A text.
    pub fn text(&self, key: &str) -> Result<String, ConnectorError> {
        match self.values.get(key) {
            Some(Setting::Text(text)) => Ok(text.clone()),
            _ => Err(self.lacks(key)),
        }
    }

    /// A secret.
    pub fn secret(&self, key: &str) -> Result<SecretString, ConnectorError> {
        match self.values.get(key) {
            Some(Setting::Secret(secret)) => Ok(secret.clone()),
            _ => Err(self.lacks(key)),
        }
    }

    /// A number.
    pub fn number(&self, key: &str) -> Result<u32, ConnectorError> {
        match self.values.get(key) {
            Some(Setting::Number(number)) => Ok(*number),
            _ => Err(self.lacks(key)),
        }
    }

    fn lacks(&self, key: &str) -> ConnectorError {
        let Self { name, kind, .. } = self;
        ConnectorError::Setup(format!(
            "the account {name} ({}) lacks {key}: add it to its settings",
            kind.name
        ))
    }
}

/// An account without its secrets.
pub(crate) fn summary(marketplace: &str, name: &str, endpoint: &str) -> AccountSummary {
    AccountSummary {
        name: name.to_owned(),
        marketplace: marketplace.to_owned(),
        endpoint: endpoint.to_owned(),
        is_loopback: is_loopback(endpoint),
    }
}

/// Whether an address points at this machine. What cannot be read does not.
fn is_loopback(endpoint: &str) -> bool {
    let Ok(address) = reqwest::Url::parse(endpoint) else { return false };
    let host = address.host_str().unwrap_or_default();
    let number = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || number.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_the_world() {
        for address in ["http://127.0.0.1:9/x", "http://localhost/", "http://[::1]:80/", "http://127.9.9.9"] {
            assert!(is_loopback(address), "{address}");
        }
        for address in
            ["https://openapi-b-eu.temu.com/openapi/router", "http://localhost.evil.example/", "127.0.0.1"]
        {
            assert!(!is_loopback(address), "{address}");
        }
    }
}
