//! The suite on SQLite: a file, and a database in memory.
#![expect(clippy::unwrap_used, reason = "set-up that fails ends its test")]

use std::sync::Arc;

use jiff::tz::TimeZone;
use marktwerk_store::sqlite::SqliteStore;
use marktwerk_store::{SharedStore, store_conformance};
use tempfile::TempDir;

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn in_file() -> (TempDir, SharedStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("marktwerk.db"), zone()).unwrap();
    (folder, Arc::new(store))
}

fn in_memory() -> ((), SharedStore) {
    ((), Arc::new(SqliteStore::open_in_memory(zone()).unwrap()))
}

store_conformance!(file, in_file());
store_conformance!(memory, in_memory());
