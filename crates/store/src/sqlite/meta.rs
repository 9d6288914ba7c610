//! Facts by name, and what the database tells of itself.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use async_trait::async_trait;
use rusqlite::Connection;
use rusqlite::backup::Backup;

use super::migrations::{self, KNOWN_VERSION};
use super::rows;
use super::store::SqliteStore;
use crate::meta::{LeaderLease, MetaStore};
use crate::{StoreError, StoreResult};

#[async_trait]
impl MetaStore for SqliteStore {
    async fn fact(&self, name: &str) -> StoreResult<Option<String>> {
        let name = name.to_owned();
        self.read(move |connection| fact(connection, &name)).await
    }

    async fn set_fact(&self, name: &str, value: &str) -> StoreResult<()> {
        if self.fact(name).await?.as_deref() == Some(value) {
            return Ok(());
        }
        let (name, value) = (name.to_owned(), value.to_owned());
        self.write(move |writing| set(writing.connection, &name, &value)).await
    }

    async fn acquire(&self, lease: &LeaderLease) -> StoreResult<bool> {
        let lease = lease.clone();
        self.write(move |writing| {
            let is_free = lease.is_free(fact(writing.connection, &lease.name)?.as_deref())?;
            if is_free {
                set(writing.connection, &lease.name, &lease.fact())?;
            }
            Ok(is_free)
        })
        .await
    }

    async fn check(&self) -> StoreResult<Vec<String>> {
        let place = self.place().to_owned();
        self.read(move |connection| check(connection, &place)).await
    }

    async fn backup(&self, target: &Path) -> StoreResult<()> {
        let target = target.to_owned();
        self.read(move |connection| backup(connection, &target)).await
    }
}

fn fact(connection: &Connection, name: &str) -> StoreResult<Option<String>> {
    rows::one(connection, "SELECT value FROM facts WHERE name = ?1", [name], |row| row.get(0))
}

fn set(connection: &Connection, name: &str, value: &str) -> StoreResult<()> {
    let sql = "INSERT INTO facts (name, value) VALUES (?1, ?2) \
         ON CONFLICT DO UPDATE SET value = excluded.value WHERE value <> excluded.value";
    rows::execute(connection, sql, [name, value]).map(drop)
}

fn check(connection: &Connection, place: &str) -> StoreResult<Vec<String>> {
    let mut findings = rows::all(connection, "PRAGMA quick_check", [], |row| row.get::<_, String>(0))?;
    findings.retain(|finding| finding != "ok");
    let orphans = rows::all(connection, "PRAGMA foreign_key_check", [], |row| {
        let (table, row_id, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let row_id = row_id.map_or_else(String::new, |row_id| format!(" {row_id}"));
        Ok(format!("{place}: row{row_id} of {table} belongs to no row of {parent}"))
    })?;
    findings.extend(orphans);
    match migrations::examine(connection, place) {
        Ok(KNOWN_VERSION) => {}
        Ok(version) => {
            findings.push(format!("{place}: schema version {version}, {KNOWN_VERSION} was expected"))
        }
        Err(error) => findings.push(error.to_string()),
    }
    let pages = |name: &str| -> StoreResult<i64> {
        Ok(connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))?)
    };
    let (all, free, size) = (pages("page_count")?, pages("freelist_count")?, pages("page_size")?);
    let (megabytes, unused) = (all * size / 1_000_000, free * size / 1_000_000);
    // Space is used again by itself; only where most of a large file is empty is a smaller copy worth the trouble.
    if free * 2 > all && unused > 500 {
        findings.push(format!(
            "{place}: {unused} of {megabytes} MB are unused; a backup copy is smaller after VACUUM"
        ));
    }
    Ok(findings)
}

/// Copies all pages of one unchanging view; in the write-ahead log's mode this keeps no writer waiting.
fn backup(connection: &Connection, target: &Path) -> StoreResult<()> {
    let unusable = |error: std::io::Error| match error.kind() {
        ErrorKind::AlreadyExists => StoreError::Exists(target.display().to_string()),
        _ => StoreError::Unusable {
            place: target.display().to_string(),
            reason: format!("{error}: name a new file in a folder that this user may write to"),
        },
    };
    // Taken first and only if it is new, so that no backup ever replaces another file.
    OpenOptions::new().write(true).create_new(true).open(target).map_err(unusable)?;
    let copied = copy(connection, target).and_then(|()| flush(target).map_err(unusable));
    if copied.is_err() {
        // Half a copy must not be taken for a backup; the first error says more than one of removing it.
        let _ = fs::remove_file(target);
    }
    copied
}

fn copy(connection: &Connection, target: &Path) -> StoreResult<()> {
    let mut copy = Connection::open(target)?;
    Backup::new(connection, &mut copy)?.step(-1)?;
    copy.close().map_err(|(_, error)| error.into())
}

/// The content and the name in its folder are on disk.
fn flush(target: &Path) -> std::io::Result<()> {
    File::open(target)?.sync_all()?;
    match target.parent() {
        // Folders cannot be opened as files everywhere.
        Some(folder) if cfg!(unix) => {
            let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            File::open(folder)?.sync_all()
        }
        _ => Ok(()),
    }
}
