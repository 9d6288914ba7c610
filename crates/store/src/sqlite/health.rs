//! What a database file tells of its own health. Damage is what was lost or will give wrong answers; all else is a hint, and no reason to
//! give up what was stored since the last backup.

use std::collections::BTreeSet;

use marktwerk_domain::finding::Finding;
use rusqlite::Connection;

use super::migrations::{self, KNOWN_VERSION};
use super::rows;
use crate::{StoreError, StoreResult};

/// Space is used again by itself; only where most of a large file is empty is a smaller copy worth the trouble.
const MUCH_UNUSED: i64 = 100_000_000;

/// `is_thorough` compares indexes with their tables, which takes a multiple of the time.
pub(crate) fn check(connection: &Connection, place: &str, is_thorough: bool) -> StoreResult<Vec<Finding>> {
    let damage = damage(connection, place, is_thorough)?;
    let mut findings: Vec<Finding> = damage.iter().cloned().map(Finding::Wrong).collect();
    if !damage.is_empty() {
        findings.push(Finding::Wrong(cure(&damage, place)));
    }
    match migrations::examine(connection, place) {
        Ok(KNOWN_VERSION) => {}
        Ok(version) => findings.push(Finding::Odd(format!(
            "{place}: schema version {version}: the next start brings it to {KNOWN_VERSION}"
        ))),
        Err(error @ (StoreError::NewerSchema { .. } | StoreError::ChangedMigration { .. })) => {
            findings.push(Finding::Odd(error.to_string()));
        }
        // It is among the damage.
        Err(_) if !damage.is_empty() => {}
        Err(error) => return Err(error),
    }
    findings.extend(unused(connection, place)?);
    Ok(findings)
}

fn damage(connection: &Connection, place: &str, is_thorough: bool) -> StoreResult<Vec<String>> {
    let pragma = if is_thorough { "PRAGMA integrity_check" } else { "PRAGMA quick_check" };
    let mut damage = match rows::all(connection, pragma, [], |row| row.get::<_, String>(0)) {
        Ok(told) => told,
        // It cannot even be looked through.
        Err(StoreError::Database(reason)) => return Ok(vec![format!("{place}: {reason}")]),
        Err(error) => return Err(error),
    };
    damage.retain(|told| told != "ok");
    let orphans = rows::all(connection, "PRAGMA foreign_key_check", [], |row| {
        let (table, row_id, parent): (String, Option<i64>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let row_id = row_id.map_or_else(String::new, |row_id| format!(" {row_id}"));
        Ok(format!("{place}: row{row_id} of {table} belongs to no row of {parent}"))
    });
    damage.extend(match orphans {
        Ok(orphans) => orphans,
        Err(StoreError::Database(reason)) => vec![format!("{place}: {reason}")],
        Err(error) => return Err(error),
    });
    if matches!(migrations::examine(connection, place), Ok(KNOWN_VERSION)) {
        let there = names(connection)?;
        let wanted = names(&migrations::migrated_in_memory(place)?)?;
        damage.extend(
            wanted.difference(&there).map(|(kind, name)| format!("{place}: {kind} {name} is missing")),
        );
    }
    Ok(damage)
}

/// Tables, indexes and triggers.
fn names(connection: &Connection) -> StoreResult<BTreeSet<(String, String)>> {
    let sql = "SELECT type, name FROM sqlite_schema";
    Ok(rows::all(connection, sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?.into_iter().collect())
}

/// A damaged index is made anew from its table, and nothing is lost.
fn cure(damage: &[String], place: &str) -> String {
    let is_of_index =
        |told: &String| told.contains(" missing from index ") || told.contains("# of entries in index ");
    match damage.iter().all(is_of_index) {
        true => format!(
            "{place}: only indexes are damaged, all rows are there: stop the program, then make them again with `sqlite3 {place} REINDEX`; \
             no backup is needed"
        ),
        false => format!(
            "{place} is damaged: stop the program, keep this file and its -wal, and restore the newest backup (docs/OPERATING.md, \
             “The data folder”). `sqlite3 {place} .recover` saves what can still be read"
        ),
    }
}

fn unused(connection: &Connection, place: &str) -> StoreResult<Option<Finding>> {
    let pages = |name: &str| -> StoreResult<i64> {
        Ok(connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))?)
    };
    let (all, free, size) = (pages("page_count")?, pages("freelist_count")?, pages("page_size")?);
    let (megabytes, unused) = (all * size / 1_000_000, free * size / 1_000_000);
    Ok((free * 2 > all && free * size > MUCH_UNUSED).then(|| {
        Finding::Odd(format!(
            "{place}: {unused} of {megabytes} MB are unused and will be used again; for a smaller file stop the program, then \
             `sqlite3 {place} VACUUM`"
        ))
    }))
}
