//! Facts by name, and the way to the file's health and to its copies.

use std::path::Path;

use async_trait::async_trait;
use marktwerk_domain::finding::Finding;
use rusqlite::Connection;

use super::store::SqliteStore;
use super::{backup, health, rows};
use crate::StoreResult;
use crate::meta::{LeaderLease, MetaStore};

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

    async fn check(&self) -> StoreResult<Vec<Finding>> {
        let place = self.place().to_owned();
        self.read(move |connection| health::check(connection, &place, true)).await
    }

    async fn backup(&self, target: &Path) -> StoreResult<()> {
        let target = target.to_owned();
        self.read(move |connection| backup::of_view(connection, &target)).await
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
