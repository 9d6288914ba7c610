//! Which keys there are, as serde knows them: what the example file must name.

use figment::error::Kind;
use figment::value::{Dict, Value};
use marktwerk_erp::{AccountJtlSettings, JtlSettings};
use serde::de::DeserializeOwned;

use super::account_rules::StockRules;
use super::accounts::{AccountSection, OwnKeys};
use super::alerts::{AlertsSection, EmailSection, WebhookSection};
use super::people::PersonSection;
use super::root::{
    InventorySection, OrdersSection, SandboxSection, SchedulerSection, ServerSection, StoreSection,
};
use super::sqlserver::SqlServerSection;

/// All keys by section; those of an account under `[accounts]`, those of a person under `[server.people]`.
pub fn known_keys() -> Vec<(String, Vec<String>)> {
    let account = keys::<AccountSection>().into_iter().chain(OwnKeys::names(None)).collect();
    vec![
        ("server".to_owned(), keys::<ServerSection>()),
        ("[server.people]".to_owned(), keys::<PersonSection>()),
        ("store".to_owned(), keys::<StoreSection>()),
        ("sqlserver".to_owned(), keys::<SqlServerSection>()),
        ("scheduler".to_owned(), keys::<SchedulerSection>()),
        ("alerts".to_owned(), keys::<AlertsSection>()),
        ("alerts.webhook".to_owned(), keys::<WebhookSection>()),
        ("alerts.email".to_owned(), keys::<EmailSection>()),
        ("erp.jtl".to_owned(), keys::<JtlSettings>()),
        ("[accounts]".to_owned(), account),
        ("accounts.jtl".to_owned(), keys::<AccountJtlSettings>()),
        ("accounts.stock".to_owned(), keys::<StockRules>()),
        ("orders".to_owned(), keys::<OrdersSection>()),
        ("inventory".to_owned(), keys::<InventorySection>()),
        ("sandbox".to_owned(), keys::<SandboxSection>()),
    ]
}

/// serde tells what it knows when it is given something that it does not.
fn keys<T: DeserializeOwned>() -> Vec<String> {
    let unknown = Value::from(Dict::from([("?".to_owned(), Value::from(true))]));
    match unknown.deserialize::<T>().map_err(|error| error.kind) {
        Err(Kind::UnknownField(_, known)) => known.iter().map(|&key| key.to_owned()).collect(),
        _ => Vec::new(),
    }
}
