//! Facts by name, and what the database tells of itself.

use std::path::Path;

use async_trait::async_trait;
use marktwerk_domain::finding::Finding;
use marktwerk_sqlserver::{Connection, reading};

use super::columns::{self, Columns};
use super::migrations::{self, KNOWN_VERSION};
use super::store::SqlServerStore;
use super::writing::{SCHEDULER, write_in};
use crate::meta::{LeaderLease, MetaStore};
use crate::{StoreError, StoreResult};

#[async_trait]
impl MetaStore for SqlServerStore {
    async fn fact(&self, name: &str) -> StoreResult<Option<String>> {
        reading!(self.pool, "read a fact", |connection| fact(connection, name))
    }

    async fn set_fact(&self, name: &str, value: &str) -> StoreResult<()> {
        if self.fact(name).await?.as_deref() == Some(value) {
            return Ok(());
        }
        write_in!(self, "set a fact", SCHEDULER, |writing| set(writing.connection, name, value))
    }

    async fn acquire(&self, lease: &LeaderLease) -> StoreResult<bool> {
        write_in!(self, "acquire a lease", SCHEDULER, |writing| async {
            let is_free = lease.is_free(fact(writing.connection, &lease.name).await?.as_deref())?;
            if is_free {
                set(writing.connection, &lease.name, &lease.fact()).await?;
            }
            Ok::<_, StoreError>(is_free)
        })
    }

    async fn check(&self) -> StoreResult<Vec<Finding>> {
        let place = self.pool.address().to_string();
        reading!(self.pool, "check the database", |connection| check(connection, &place))
    }

    /// Files of the server are the server's: its own backups hold this database.
    async fn backup(&self, target: &Path) -> StoreResult<()> {
        Err(Self::not_backed_up(self.pool.address(), target))
    }
}

async fn fact(connection: &mut Connection, name: &str) -> StoreResult<Option<String>> {
    let sql = "SELECT value FROM marktwerk.facts WHERE name = @P1";
    let found = connection.one("read a fact", sql, &[&name]).await?;
    found.map(|found| Columns::of(&found).text()).transpose()
}

async fn set(connection: &mut Connection, name: &str, value: &str) -> StoreResult<()> {
    let sql = "UPDATE marktwerk.facts SET value = @P2 WHERE name = @P1; \
         IF @@ROWCOUNT = 0 INSERT INTO marktwerk.facts (name, value) VALUES (@P1, @P2)";
    connection.execute("set a fact", sql, &[&name, &value]).await?;
    Ok(())
}

/// Pages and checksums are the business of the server's own checks.
pub(super) async fn check(connection: &mut Connection, place: &str) -> StoreResult<Vec<Finding>> {
    let mut findings = Vec::new();
    match migrations::examine(connection, place).await {
        Ok(KNOWN_VERSION) => {}
        Ok(0) => {
            let nothing = format!("{place}: no tables of ours yet: the first start makes them");
            return Ok(vec![Finding::Odd(nothing)]);
        }
        Ok(version) => findings.push(Finding::Odd(format!(
            "{place}: schema version {version}: the next start brings it to {KNOWN_VERSION}"
        ))),
        Err(error @ (StoreError::NewerSchema { .. } | StoreError::ChangedMigration { .. })) => {
            findings.push(Finding::Odd(error.to_string()));
        }
        Err(error) => return Err(error),
    }
    let sql = "SELECT COUNT_BIG(*) FROM marktwerk.attempts AS attempt \
         WHERE NOT EXISTS (SELECT 1 FROM marktwerk.runs AS run WHERE run.id = attempt.run_id)";
    let orphans = columns::only(connection.one("count orphans", sql, &[]).await?, "count orphans")?;
    if orphans > 0 {
        findings.push(Finding::Wrong(format!(
            "{place}: {orphans} rows of marktwerk.attempts belong to no row of marktwerk.runs"
        )));
    }
    Ok(findings)
}
