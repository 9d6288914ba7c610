//! Reading runs.

use std::cmp::Reverse;

use jiff::Timestamp;
use marktwerk_domain::run::{Attempt, Run, RunId};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::row;
use crate::runs::{QueueLength, RANKS, RunFilter};
use crate::sqlite::rows::{self, Micros};
use crate::{StoreError, StoreResult};

pub(crate) fn find(connection: &Connection, id: RunId) -> StoreResult<Option<Run>> {
    let sql = format!("SELECT {} FROM runs WHERE id = ?1", row::COLUMNS);
    rows::one(connection, &sql, [id.0], row::run)
}

/// A run that must be there.
pub(crate) fn existing(connection: &Connection, id: RunId) -> StoreResult<Run> {
    find(connection, id)?.ok_or_else(|| StoreError::NotFound(format!("run {id}")))
}

/// Runs, newest first. Without a job each state is read by itself, in the order of its index: asking for the few failed ones
/// must not pass over the many others.
pub(super) fn runs(connection: &Connection, filter: &RunFilter) -> StoreResult<Vec<Run>> {
    let words: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    if words.is_empty() {
        return page(connection, filter, "");
    }
    if filter.job.is_some() || filter.caused_by.is_some() {
        // The plus keeps the state's index out: a job's own runs are the fewer.
        return page(connection, filter, &format!("AND +state IN ('{}')", words.join("', '")));
    }
    let mut found = Vec::new();
    for word in words {
        found.extend(page(connection, filter, &format!("AND state = '{word}'"))?);
    }
    found.sort_by_key(|run: &Run| Reverse(run.id));
    found.dedup_by_key(|run| run.id);
    found.truncate(filter.limit);
    Ok(found)
}

fn page(connection: &Connection, filter: &RunFilter, states: &str) -> StoreResult<Vec<Run>> {
    let (sql, values) = page_statement(filter, states);
    rows::all(connection, &sql, params_from_iter(values), row::run)
}

/// The statement of a page and its parameters.
pub(in crate::sqlite) fn page_statement(filter: &RunFilter, states: &str) -> (String, Vec<Box<dyn ToSql>>) {
    let mut sql = format!("SELECT {} FROM runs WHERE id < ? {states}", row::COLUMNS);
    let mut values: Vec<Box<dyn ToSql>> = vec![Box::new(filter.before.map_or(i64::MAX, |run| run.0))];
    let mut narrow = |condition: &str, value: Option<Box<dyn ToSql>>| {
        if let Some(value) = value {
            sql.push_str(condition);
            values.push(value);
        }
    };
    narrow(" AND job_id = ?", filter.job.clone().map(|job| Box::new(job.0) as _));
    narrow(" AND caused_by = ?", filter.caused_by.map(|run| Box::new(run.0) as _));
    narrow(" AND planned_at >= ?", filter.planned_from.map(|time| Box::new(Micros(time)) as _));
    narrow(" AND ready_at > ?", filter.ready_after.map(|time| Box::new(Micros(time)) as _));
    narrow(" AND planned_at < ?", filter.planned_before.map(|time| Box::new(Micros(time)) as _));
    if !filter.triggers.is_empty() {
        let words: Vec<&str> = filter.triggers.iter().map(|trigger| trigger.as_str()).collect();
        sql.push_str(&format!(" AND cause IN ('{}')", words.join("', '")));
    }
    sql.push_str(" ORDER BY id DESC LIMIT ?");
    values.push(Box::new(i64::try_from(filter.limit).unwrap_or(i64::MAX)));
    (sql, values)
}

pub(super) fn attempts(connection: &Connection, id: RunId) -> StoreResult<Vec<Attempt>> {
    let sql = format!("SELECT {} FROM attempts WHERE run_id = ?1 ORDER BY number", row::ATTEMPT_COLUMNS);
    rows::all(connection, &sql, [id.0], row::attempt)
}

/// The smallest `ready_at` of the queue: one look into the index per priority.
pub(super) fn next_ready(connection: &Connection) -> StoreResult<Option<Timestamp>> {
    let sql = "SELECT MIN(ready_at) FROM runs INDEXED BY runs_ready \
         WHERE state IN ('waiting', 'retrying') AND held = 0 AND priority = ?1";
    let mut earliest: Option<Timestamp> = None;
    for rank in 0..=2 {
        let ready = rows::one(connection, sql, [rank], |row| row.get::<_, Option<Micros>>(0))?;
        if let Some(Micros(ready)) = ready.flatten() {
            earliest = Some(earliest.map_or(ready, |earliest| earliest.min(ready)));
        }
    }
    Ok(earliest)
}

/// What waits of one priority; reads nothing but the index.
pub(in crate::sqlite) const QUEUE_LENGTH: &str = "SELECT COUNT(*), MIN(ready_at) FROM runs INDEXED BY runs_ready \
     WHERE state IN ('waiting', 'retrying') AND held = 0 AND priority = ?1";

/// The queue by rank of priority.
pub(super) fn queue_lengths(connection: &Connection) -> StoreResult<[QueueLength; RANKS]> {
    let mut lengths = [QueueLength::default(); RANKS];
    for (rank, length) in (0_i64..).zip(&mut lengths) {
        let found = rows::one(connection, QUEUE_LENGTH, [rank], |row| {
            let oldest_ready = row.get::<_, Option<Micros>>(1)?.map(|ready| ready.0);
            Ok(QueueLength { runs: row.get::<_, i64>(0)?.unsigned_abs(), oldest_ready })
        })?;
        *length = found.unwrap_or_default();
    }
    Ok(lengths)
}

pub(super) fn next_due(connection: &Connection) -> StoreResult<Option<Timestamp>> {
    let sql = "SELECT MIN(next_due) FROM jobs INDEXED BY jobs_due \
         WHERE enabled = 1 AND archived = 0 AND next_due IS NOT NULL";
    let due = rows::one(connection, sql, [], |row| row.get::<_, Option<Micros>>(0))?;
    Ok(due.flatten().map(|due| due.0))
}
