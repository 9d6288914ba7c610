//! Reading runs.

use std::cmp::Reverse;

use jiff::Timestamp;
use marktwerk_domain::run::{Attempt, Run, RunId};
use rusqlite::{Connection, params};

use super::row;
use crate::runs::RunFilter;
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
    let RunFilter { job, states, before, limit } = filter;
    let before = before.map_or(i64::MAX, |run| run.0);
    let rows_at_most = i64::try_from(*limit).unwrap_or(i64::MAX);
    let select = format!("SELECT {} FROM runs WHERE id < ?1", row::COLUMNS);
    let newest = "ORDER BY id DESC LIMIT ?2";
    let words: Vec<String> = states.iter().map(|state| format!("'{}'", state.as_str())).collect();
    match (job, words.as_slice()) {
        (None, []) => {
            rows::all(connection, &format!("{select} {newest}"), params![before, rows_at_most], row::run)
        }
        (None, words) => {
            let mut found = Vec::new();
            for word in words {
                let sql = format!("{select} AND state = {word} {newest}");
                found.extend(rows::all(connection, &sql, params![before, rows_at_most], row::run)?);
            }
            found.sort_by_key(|run: &Run| Reverse(run.id));
            found.dedup_by_key(|run| run.id);
            found.truncate(*limit);
            Ok(found)
        }
        (Some(job), words) => {
            // The plus keeps the state's index out: a job's own runs are the fewer.
            let states = match words {
                [] => String::new(),
                words => format!("AND +state IN ({})", words.join(", ")),
            };
            let sql = format!("{select} AND job_id = ?3 {states} {newest}");
            rows::all(connection, &sql, params![before, rows_at_most, job.as_str()], row::run)
        }
    }
}

pub(super) fn attempts(connection: &Connection, id: RunId) -> StoreResult<Vec<Attempt>> {
    let sql = format!("SELECT {} FROM attempts WHERE run_id = ?1 ORDER BY number", row::ATTEMPT_COLUMNS);
    rows::all(connection, &sql, [id.0], row::attempt)
}

/// The smallest `ready_at` of the queue: one look into the index per priority.
pub(super) fn next_ready(connection: &Connection) -> StoreResult<Option<Timestamp>> {
    let sql = "SELECT MIN(ready_at) FROM runs INDEXED BY runs_ready \
         WHERE state IN ('waiting', 'retrying') AND priority = ?1";
    let mut earliest: Option<Timestamp> = None;
    for rank in 0..=2 {
        let ready = rows::one(connection, sql, [rank], |row| row.get::<_, Option<Micros>>(0))?;
        if let Some(Micros(ready)) = ready.flatten() {
            earliest = Some(earliest.map_or(ready, |earliest| earliest.min(ready)));
        }
    }
    Ok(earliest)
}

pub(super) fn next_due(connection: &Connection) -> StoreResult<Option<Timestamp>> {
    let sql = "SELECT MIN(next_due) FROM jobs INDEXED BY jobs_due \
         WHERE enabled = 1 AND archived = 0 AND next_due IS NOT NULL";
    let due = rows::one(connection, sql, [], |row| row.get::<_, Option<Micros>>(0))?;
    Ok(due.flatten().map(|due| due.0))
}
