//! The database belongs to one JTL: it remembers which orders were handed over, but not where to. Against another JTL those would be
//! missing for ever, so that a switch is refused.

use marktwerk_store::SharedStore;

use super::error::StartError;
use crate::config::Settings;

/// The fact that says so.
const FACT: &str = "erp";
const SIMULATED: &str = "a simulated JTL";

/// Notes at the first start which JTL the database belongs to, and refuses another one later.
pub(crate) async fn insist(
    store: &SharedStore,
    settings: &Settings,
    is_simulated: bool,
) -> anyhow::Result<()> {
    match belongs_to(store, settings, is_simulated).await? {
        None => Ok(()),
        Some(now) => Ok(store.set_fact(FACT, &now).await?),
    }
}

/// Refuses a database that belongs to another JTL; `Some` names this one if the database belongs to none yet.
pub(crate) async fn belongs_to(
    store: &SharedStore,
    settings: &Settings,
    is_simulated: bool,
) -> anyhow::Result<Option<String>> {
    let now = match &settings.sqlserver.jtl {
        // The server may get another name or address; mandants are databases of their own.
        Some(address) if !is_simulated => format!("the JTL database {}", address.database.to_lowercase()),
        _ => SIMULATED.to_owned(),
    };
    match store.fact(FACT).await? {
        None => Ok(Some(now)),
        Some(then) if then == now => Ok(None),
        Some(then) => Err(StartError::new(format!(
            "{} belongs to {then}, and now {now} is set: orders that were handed over there would never be handed over here. Go back, or \
             start again with another --data-dir or [store] url",
            settings.store_place()
        ))
        .into()),
    }
}
