//! Our own database and JTL's, opened as the settings say.

use std::sync::Arc;

use marktwerk_erp::{ErpError, Jtl, JtlSettings, ReceiptTable};
use marktwerk_store::sqlite::SqliteStore;
use marktwerk_store::sqlserver::{HAND_OVERS, SqlServerStore};
use marktwerk_store::{SharedStore, StoreError};

use crate::config::Settings;

/// The store; made where it does not exist, and brought up to date.
pub(crate) async fn open_store(settings: &Settings) -> anyhow::Result<SharedStore> {
    let zone = settings.time_zone.clone();
    if let Some(address) = &settings.sqlserver.store {
        return Ok(Arc::new(SqlServerStore::open(address.clone(), zone).await?));
    }
    let path = settings.database();
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| StoreError::Unusable {
            place: folder.display().to_string(),
            reason: format!("{error}: correct [store] url or give this user the right to write there"),
        })?;
    }
    Ok(Arc::new(SqliteStore::open(&path, zone)?))
}

/// The store where it is there already with this program's schema, else an empty one that is gone with the value: for looks that write nothing.
pub(crate) async fn open_store_for_a_look(settings: &Settings) -> anyhow::Result<SharedStore> {
    let is_there = match &settings.sqlserver.store {
        Some(address) => SqlServerStore::is_up_to_date(address).await?,
        None => {
            let path = settings.database();
            path.is_file() && SqliteStore::version(&path)? == SqliteStore::KNOWN_VERSION
        }
    };
    match is_there {
        true => open_store(settings).await,
        false => Ok(Arc::new(SqliteStore::open_in_memory(settings.time_zone.clone())?)),
    }
}

/// The JTL that is configured, with its address; the simulated one has none of these settings.
pub(crate) fn jtl_settings(settings: &Settings) -> JtlSettings {
    let mut jtl = settings.jtl.clone();
    if let Some(address) = &settings.sqlserver.jtl {
        jtl.url = address.url_with_password();
    }
    jtl
}

/// Where hand-overs leave receipts, should JTL be on the same server.
pub(crate) fn receipt_table(settings: &Settings) -> Option<ReceiptTable> {
    let address = settings.sqlserver.store.clone()?;
    Some(ReceiptTable { address, name: HAND_OVERS })
}

/// Connects to the JTL that is configured.
pub(crate) async fn open_jtl(settings: &Settings) -> Result<Jtl, ErpError> {
    Jtl::open_beside(jtl_settings(settings), receipt_table(settings)).await
}
