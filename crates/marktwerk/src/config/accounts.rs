//! `[[accounts]]`: who the merchant is at each marketplace, with secrets written there, or by reference to a
//! variable or a file.

use std::collections::BTreeMap;
use std::path::PathBuf;

use marktwerk_connectors::TemuAccount;
use marktwerk_erp::AccountJtlSettings;
use serde::Deserialize;

use super::account_rules::{AccountRules, StockRules, Written};
use super::environment::Environment;
use super::error::{Faults, SettingsError};
use super::legacy::TEMU_ENDPOINT;
use super::origin::Origin;
use super::secret::Secret;
use super::secret_source::SecretSource;

/// Marketplaces that are documented and come later.
const LATER: [&str; 4] = ["amazon", "ebay", "kaufland", "otto"];

/// The name of the account at the simulated marketplace.
pub(crate) const SIMULATED: &str = "sandbox";

/// An account, complete.
#[derive(Debug, Clone)]
pub enum Account {
    /// A shop at TEMU.
    Temu(TemuAccount),
}

impl Account {
    /// The merchant's own name for it.
    pub fn name(&self) -> &str {
        match self {
            Self::Temu(account) => &account.name,
        }
    }

    /// Under which key its origin is kept.
    pub fn origin_key(&self) -> String {
        format!("accounts.{}", self.name())
    }

    /// Under which key the origin of its token is kept.
    pub fn token_key(&self) -> String {
        format!("accounts.{}.access_token", self.name())
    }

    /// `temu`
    pub fn marketplace(&self) -> &'static str {
        match self {
            Self::Temu(_) => "temu",
        }
    }

    /// Where calls go.
    pub fn endpoint(&self) -> &str {
        match self {
            Self::Temu(account) => &account.endpoint,
        }
    }
}

/// An account as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountSection {
    pub(super) name: Option<String>,
    marketplace: Option<String>,
    app_key: Option<String>,
    app_secret: Option<Secret>,
    app_secret_env: Option<String>,
    app_secret_file: Option<PathBuf>,
    access_token: Option<Secret>,
    access_token_env: Option<String>,
    access_token_file: Option<PathBuf>,
    endpoint: Option<String>,
    calls_per_second: Option<u32>,
    order_number_prefix: Option<String>,
    partial_shipments: Option<String>,
    #[serde(default)]
    jtl: AccountJtlSettings,
    #[serde(default)]
    carriers: BTreeMap<String, String>,
    #[serde(default)]
    stock: StockRules,
}

impl AccountSection {
    /// What is set for it alone; what of it cannot be is told.
    pub(super) fn rules(&self, place: impl Fn(&str) -> String, faults: &mut Faults) -> AccountRules {
        let Self { carriers, order_number_prefix, partial_shipments, jtl, stock, .. } = self;
        let (order_number_prefix, partial_shipments) =
            (order_number_prefix.as_deref(), partial_shipments.as_deref());
        Written { place, carriers, order_number_prefix, partial_shipments, jtl, stock }.rules(faults)
    }

    /// The variables that it refers to.
    pub(super) fn variables(&self) -> impl Iterator<Item = &String> {
        self.app_secret_env.iter().chain(&self.access_token_env)
    }

    /// Where its token stands.
    pub(super) fn token_origin(&self, environment: &Environment, place: impl Fn(&str) -> String) -> Origin {
        match (&self.access_token_env, &self.access_token_file) {
            (Some(name), _) => environment.get(name).map_or_else(
                || Origin::new(format!("environment variable {name}")),
                |(_, origin)| origin.clone(),
            ),
            (None, Some(path)) => Origin::new(path.display().to_string()),
            (None, None) => Origin::new(place("access_token")),
        }
    }

    /// Resolves the secrets. `place` tells where a key of this account stands; `faults` what it lacks, then it is none.
    pub(super) fn complete(
        self,
        environment: &Environment,
        place: impl Fn(&str) -> String,
        faults: &mut Faults,
    ) -> Option<Account> {
        let fault =
            |key: &str, reason: String| SettingsError::new(place(key), format!("accounts.{key}"), reason);
        let missing = |key: &str| fault(key, "is missing; add it".to_owned());
        let name = self.name.ok_or_else(|| missing("name"));
        let name = faults.keep(name.and_then(|name| match check_name(&name) {
            Ok(()) => Ok(name),
            Err(reason) => Err(fault("name", reason)),
        }));
        let marketplace = self.marketplace.ok_or_else(|| missing("marketplace"));
        let is_temu = faults.keep(marketplace.and_then(|marketplace| {
            check_marketplace(&marketplace).map_err(|reason| fault("marketplace", reason))
        }));
        let app_key = faults.keep(self.app_key.ok_or_else(|| missing("app_key")));
        let endpoint = self.endpoint.unwrap_or_else(|| TEMU_ENDPOINT.to_owned());
        let is_endpoint = faults.keep(check_endpoint(&endpoint).map_err(|reason| fault("endpoint", reason)));
        let app_secret = SecretSource {
            key: "app_secret",
            text: self.app_secret,
            variable: self.app_secret_env,
            file: self.app_secret_file,
        };
        let access_token = SecretSource {
            key: "access_token",
            text: self.access_token,
            variable: self.access_token_env,
            file: self.access_token_file,
        };
        // Whose secrets they are does not matter where the marketplace is not known.
        is_temu?;
        let app_secret = faults.keep(app_secret.resolve(environment, &fault));
        let access_token = faults.keep(access_token.resolve(environment, &fault));
        is_endpoint?;
        Some(Account::Temu(TemuAccount {
            app_secret: app_secret?.into_inner(),
            access_token: access_token?.into_inner(),
            name: name?,
            endpoint,
            app_key: app_key?,
            calls_per_second: Some(self.calls_per_second.unwrap_or(20)),
        }))
    }
}

fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() || !name.chars().all(|letter| letter.is_alphanumeric() || "-_".contains(letter)) {
        return Err("must be letters, digits, - and _".to_owned());
    }
    if name == SIMULATED {
        // Their orders would stand among the simulated ones in the same database.
        return Err("`sandbox` is the simulated account; choose another name".to_owned());
    }
    Ok(())
}

fn check_marketplace(marketplace: &str) -> Result<(), String> {
    match marketplace {
        "temu" => Ok(()),
        later if LATER.contains(&later) => {
            Err(format!("{later} is not supported by this version yet; there is temu"))
        }
        _ => Err("is not known; there is temu".to_owned()),
    }
}

/// Calls carry the access token: in clear they may go to this machine only.
pub(super) fn check_endpoint(endpoint: &str) -> Result<(), String> {
    let expected = format!("must be an address such as {TEMU_ENDPOINT}");
    let url = reqwest::Url::parse(endpoint).map_err(|error| {
        format!("`{endpoint}` is not a valid address ({error}); expected one like {TEMU_ENDPOINT}")
    })?;
    let is_here = match url.host_str() {
        Some("localhost" | "[::1]") => true,
        Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|address| address.is_loopback()),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_here => Ok(()),
        "http" => Err(format!("{expected}: over http the access token would travel in clear")),
        other => Err(format!("{expected}; {other} is not understood")),
    }
}
