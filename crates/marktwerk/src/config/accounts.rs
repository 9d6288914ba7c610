//! `[[accounts]]`: who the merchant is at each marketplace, with secrets written there, or by reference to a
//! variable or a file.

use std::collections::BTreeMap;

use figment::value::{Dict, Value};
use marktwerk_connectors::kind::{self, Form, Key, Setting};
use marktwerk_connectors::{AccountSettings, KINDS, Kind};
use marktwerk_erp::AccountJtlSettings;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::account_rules::{AccountRules, StockRules, Written};
use super::environment::Environment;
use super::error::{Faults, SettingsError};
use super::origin::Origin;
use super::secret_source::SecretSource;

/// Marketplaces that are documented and come later.
const LATER: [&str; 4] = ["amazon", "ebay", "kaufland", "otto"];

/// The name of the account at the simulated marketplace.
pub(crate) const SIMULATED: &str = "sandbox";

/// Under which key an account's origin is kept.
pub fn origin_key(account: &AccountSettings) -> String {
    format!("accounts.{}", account.name)
}

/// Under which key the origin of an account's token is kept.
pub fn token_key(account: &AccountSettings) -> String {
    format!("accounts.{}.{}", account.name, account.kind.token)
}

/// What an account says beside what all accounts do: the keys of its marketplace, as they are written. Where the marketplace is not
/// known, those of any.
pub(super) struct OwnKeys {
    kind: Option<&'static Kind>,
    values: Dict,
}

impl OwnKeys {
    /// Takes them out of an account as it is written.
    pub(super) fn take(account: &mut Value) -> Self {
        let Value::Dict(_, all) = account else { return Self { kind: None, values: Dict::new() } };
        let named = all.get("marketplace").and_then(Value::as_str).and_then(kind::kind);
        let names = Self::names(named);
        let (own, common) = std::mem::take(all).into_iter().partition(|(name, _)| names.contains(name));
        *all = common;
        Self { kind: named, values: own }
    }

    /// All names that keys of a marketplace have, or those of any.
    pub(super) fn names(kind: Option<&'static Kind>) -> Vec<String> {
        let kinds = KINDS.into_iter().filter(|one| kind.is_none_or(|kind| kind.name == one.name));
        let ways = |key: &Key| match key.form {
            Form::Text | Form::Number(_) => vec![key.name.to_owned()],
            Form::Secret => ["", "_env", "_file"].map(|way| format!("{}{way}", key.name)).to_vec(),
        };
        kinds.flat_map(|kind| kind.keys).flat_map(ways).collect()
    }

    /// The same for this account.
    pub(super) fn known(&self) -> Vec<String> {
        Self::names(self.kind)
    }

    /// The variables that its secrets are in.
    pub(super) fn variables(&self) -> impl Iterator<Item = String> {
        let variables = self.values.iter().filter(|(name, _)| name.ends_with("_env"));
        variables.filter_map(|(_, value)| value.as_str().map(str::to_owned))
    }

    /// Where its token stands.
    pub(super) fn token_origin(&self, environment: &Environment, place: impl Fn(&str) -> String) -> Origin {
        let token = self.kind.map_or("", |kind| kind.token);
        let said = |way: &str| self.values.get(&format!("{token}{way}")).and_then(Value::as_str);
        match (said("_env"), said("_file")) {
            (Some(name), _) => environment.get(name).map_or_else(
                || Origin::new(format!("environment variable {name}")),
                |(_, origin)| origin.clone(),
            ),
            (None, Some(path)) => Origin::new(path),
            (None, None) => Origin::new(place(token)),
        }
    }

    /// A value of the form that a key has; `refuse` is told what it is instead.
    fn typed<T: DeserializeOwned>(
        &self,
        name: &str,
        refuse: &mut impl FnMut(&str, &figment::error::Kind),
    ) -> Result<Option<T>, ()> {
        let Some(value) = self.values.get(name) else { return Ok(None) };
        value.deserialize().map(Some).map_err(|error| refuse(name, &error.kind))
    }

    /// What the account says of a key; `None` where something is wrong with it, which was told.
    fn resolve(
        &self,
        key: Key,
        environment: &Environment,
        fault: &impl Fn(&str, String) -> SettingsError,
        refuse: &mut impl FnMut(&str, &figment::error::Kind) -> SettingsError,
        faults: &mut Faults,
    ) -> Option<Setting> {
        let mut told = Vec::new();
        let mut note = |name: &str, kind: &figment::error::Kind| told.push(refuse(name, kind));
        let setting = match key.form {
            Form::Text => match self.typed::<String>(key.name, &mut note) {
                Ok(Some(text)) => Some(Ok(Setting::Text(text))),
                Ok(None) => Some(Err(fault(key.name, "is missing; add it".to_owned()))),
                Err(()) => None,
            },
            Form::Number(default) => match self.typed::<u32>(key.name, &mut note) {
                Ok(number) => Some(Ok(Setting::Number(number.unwrap_or(default)))),
                Err(()) => None,
            },
            Form::Secret => {
                let ways = ["", "_env", "_file"].map(|way| format!("{}{way}", key.name));
                let [text, variable, file] = &ways;
                let said = (
                    self.typed(text, &mut note),
                    self.typed(variable, &mut note),
                    self.typed(file, &mut note),
                );
                match said {
                    (Ok(text), Ok(variable), Ok(file)) => {
                        let source = SecretSource { key: key.name, text, variable, file };
                        Some(
                            source
                                .resolve(environment, fault)
                                .map(|secret| Setting::Secret(secret.into_inner())),
                        )
                    }
                    _ => None,
                }
            }
        };
        told.into_iter().for_each(|error| faults.add(error));
        setting.and_then(|setting| faults.keep(setting))
    }
}

/// An account as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountSection {
    pub(super) name: Option<String>,
    marketplace: Option<String>,
    endpoint: Option<String>,
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
    pub(super) fn rules(
        &self,
        own: &OwnKeys,
        place: impl Fn(&str) -> String,
        faults: &mut Faults,
    ) -> AccountRules {
        let Self { carriers, order_number_prefix, partial_shipments, jtl, stock, .. } = self;
        let (order_number_prefix, partial_shipments) =
            (order_number_prefix.as_deref(), partial_shipments.as_deref());
        let kind = own.kind;
        Written { place, kind, carriers, order_number_prefix, partial_shipments, jtl, stock }.rules(faults)
    }

    /// Resolves the secrets. `place` tells where a key of this account stands, `refuse` what is wrong with a value of a wrong kind;
    /// `faults` what the account lacks, then it is none.
    pub(super) fn complete(
        self,
        own: &OwnKeys,
        environment: &Environment,
        place: impl Fn(&str) -> String,
        mut refuse: impl FnMut(&str, &figment::error::Kind) -> SettingsError,
        faults: &mut Faults,
    ) -> Option<AccountSettings> {
        let fault =
            |key: &str, reason: String| SettingsError::new(place(key), format!("accounts.{key}"), reason);
        let missing = |key: &str| fault(key, "is missing; add it".to_owned());
        let name = self.name.ok_or_else(|| missing("name"));
        let name = faults.keep(name.and_then(|name| match check_name(&name) {
            Ok(()) => Ok(name),
            Err(reason) => Err(fault("name", reason)),
        }));
        let marketplace = self.marketplace.ok_or_else(|| missing("marketplace"));
        let kind = faults
            .keep(marketplace.and_then(|marketplace| {
                kind_of(&marketplace).map_err(|reason| fault("marketplace", reason))
            }));
        // What its marketplace wants does not matter where that is not known.
        let kind = kind?;
        let endpoint = self.endpoint.unwrap_or_else(|| kind.endpoint.to_owned());
        let checked = check_endpoint(&endpoint, kind.endpoint).map_err(|reason| fault("endpoint", reason));
        let is_endpoint = faults.keep(checked);
        let values: Vec<Option<(&'static str, Setting)>> = kind
            .keys
            .iter()
            .map(|key| Some((key.name, own.resolve(*key, environment, &fault, &mut refuse, faults)?)))
            .collect();
        is_endpoint?;
        let values: Option<Vec<_>> = values.into_iter().collect();
        Some(AccountSettings::new(kind, name?, endpoint, values?))
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

fn kind_of(marketplace: &str) -> Result<&'static Kind, String> {
    let known = KINDS.map(|kind| kind.name).join(", ");
    kind::kind(marketplace).ok_or_else(|| match LATER.contains(&marketplace) {
        true => format!("{marketplace} is not supported by this version yet; there is {known}"),
        false => format!("is not known; there is {known}"),
    })
}

/// Calls carry the access token: in clear they may go to this machine only.
/// `example` is a good one.
pub(super) fn check_endpoint(endpoint: &str, example: &str) -> Result<(), String> {
    let expected = format!("must be an address such as {example}");
    let url = reqwest::Url::parse(endpoint).map_err(|error| {
        format!("`{endpoint}` is not a valid address ({error}); expected one like {example}")
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
