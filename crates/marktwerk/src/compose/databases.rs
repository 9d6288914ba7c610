//! Our own database and JTL's, opened as the settings say.

use std::sync::Arc;

use marktwerk_erp::{ErpError, Jtl, JtlSettings, ReceiptTable};
use marktwerk_store::files;
use marktwerk_store::sqlite::SqliteStore;
use marktwerk_store::sqlserver::{HAND_OVERS, SqlServerStore};
use marktwerk_store::{SharedStore, StoreError};

use crate::config::Settings;

/// The store, and the file that it is in where it is in one.
pub(crate) struct Opened {
    pub(crate) store: SharedStore,
    pub(crate) file: Option<SqliteStore>,
}

/// The store for work: made where it does not exist, brought up to date, and, where it is a file, this process's alone. `purpose` is what
/// another process is told that wants it too.
pub(crate) async fn open_store(settings: &Settings, purpose: &str) -> anyhow::Result<Opened> {
    let zone = settings.time_zone.clone();
    if let Some(address) = &settings.sqlserver.store {
        let store = SqlServerStore::open(address.clone(), zone).await?;
        return Ok(Opened { store: Arc::new(store), file: None });
    }
    let path = settings.database();
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        files::make_private_folder(folder).map_err(|error| StoreError::Unusable {
            place: folder.display().to_string(),
            reason: format!("{error}: correct [store] url or give this user the right to write there"),
        })?;
    }
    let file = SqliteStore::open_for(purpose, &path, zone)?;
    Ok(Opened { store: Arc::new(file.clone()), file: Some(file) })
}

/// The store where it is there already with this program's schema, else an empty one that is gone with the value: for looks that write nothing.
pub(crate) async fn open_store_for_a_look(settings: &Settings) -> anyhow::Result<SharedStore> {
    let zone = settings.time_zone.clone();
    if let Some(address) = &settings.sqlserver.store {
        // What is up to date is not changed by opening it.
        if SqlServerStore::is_up_to_date(address).await? {
            return Ok(Arc::new(SqlServerStore::open(address.clone(), zone).await?));
        }
    } else {
        let path = settings.database();
        if path.is_file() && SqliteStore::version(&path)? == SqliteStore::KNOWN_VERSION {
            return Ok(Arc::new(SqliteStore::open_to_read(&path, zone)?));
        }
    }
    Ok(Arc::new(SqliteStore::open_in_memory(zone)?))
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
