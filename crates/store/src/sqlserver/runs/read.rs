//! Reading runs.

use std::cmp::Reverse;
use std::collections::HashMap;

use jiff::Timestamp;
use marktwerk_domain::run::{Attempt, Run, RunId};
use marktwerk_sqlserver::{Connection, ToSql};

use super::row;
use crate::runs::{QueueLength, RANKS, RunFilter};
use crate::sqlserver::columns::{self, Columns, micros};
use crate::{StoreError, StoreResult};

pub(super) async fn find(connection: &mut Connection, id: RunId) -> StoreResult<Option<Run>> {
    let sql = format!("SELECT {} FROM marktwerk.runs WHERE id = @P1", row::COLUMNS);
    let found = connection.one("read a run", &sql, &[&id.0]).await?;
    found.map(|found| row::run(&mut Columns::of(&found))).transpose()
}

/// A run that must be there.
pub(crate) async fn existing(connection: &mut Connection, id: RunId) -> StoreResult<Run> {
    find(connection, id).await?.ok_or_else(|| StoreError::NotFound(format!("run {id}")))
}

/// Those that are there.
pub(crate) async fn find_all(
    connection: &mut Connection,
    ids: impl IntoIterator<Item = RunId>,
) -> StoreResult<HashMap<RunId, Run>> {
    let ids: Vec<i64> = ids.into_iter().map(|id| id.0).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "SELECT {} FROM marktwerk.runs WHERE id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@P1))",
        row::COLUMNS
    );
    let rows = connection.query("read runs by their numbers", &sql, &[&columns::json(&ids)?]).await?;
    Ok(by_number(columns::map(&rows, row::run)?))
}

pub(super) fn by_number(runs: Vec<Run>) -> HashMap<RunId, Run> {
    runs.into_iter().map(|run| (run.id, run)).collect()
}

/// Runs, newest first. Without a job each state is read by itself, in the order of its index: asking for the few failed ones
/// must not pass over the many others.
pub(super) async fn runs(connection: &mut Connection, filter: &RunFilter) -> StoreResult<Vec<Run>> {
    let words: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    if words.is_empty() {
        return page(connection, filter, "").await;
    }
    if filter.job.is_some() || filter.caused_by.is_some() {
        return page(connection, filter, &format!(" AND state IN ('{}')", words.join("', '"))).await;
    }
    let mut found = Vec::new();
    for word in words {
        found.extend(page(connection, filter, &format!(" AND state = '{word}'")).await?);
    }
    found.sort_by_key(|run: &Run| Reverse(run.id));
    found.dedup_by_key(|run| run.id);
    found.truncate(filter.limit);
    Ok(found)
}

async fn page(connection: &mut Connection, filter: &RunFilter, states: &str) -> StoreResult<Vec<Run>> {
    let RunFilter {
        job,
        states: _,
        triggers,
        planned_from,
        planned_before,
        ready_after,
        caused_by,
        before,
        limit,
    } = filter;
    let ready_after = ready_after.map(micros);
    let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
    let before = before.map_or(i64::MAX, |run| run.0);
    let job = job.as_ref().map(|job| job.as_str());
    let caused_by = caused_by.map(|run| run.0);
    let (planned_from, planned_before) = (planned_from.map(micros), planned_before.map(micros));

    let mut sql = format!("SELECT TOP (@P1) {} FROM marktwerk.runs WHERE id < @P2{states}", row::COLUMNS);
    let mut values: Vec<&dyn ToSql> = vec![&limit, &before];
    let conditions: [(&str, Option<&dyn ToSql>); 5] = [
        ("ready_at >", ready_after.as_ref().map(|time| time as _)),
        ("job_id =", job.as_ref().map(|job| job as _)),
        ("caused_by =", caused_by.as_ref().map(|run| run as _)),
        ("planned_at >=", planned_from.as_ref().map(|time| time as _)),
        ("planned_at <", planned_before.as_ref().map(|time| time as _)),
    ];
    for (condition, value) in conditions {
        if let Some(value) = value {
            values.push(value);
            sql.push_str(&format!(" AND {condition} @P{}", values.len()));
        }
    }
    if !triggers.is_empty() {
        let words: Vec<&str> = triggers.iter().map(|trigger| trigger.as_str()).collect();
        sql.push_str(&format!(" AND cause IN ('{}')", words.join("', '")));
    }
    sql.push_str(" ORDER BY id DESC");
    columns::map(&connection.query("read a page of runs", &sql, &values).await?, row::run)
}

pub(super) async fn attempts(connection: &mut Connection, id: RunId) -> StoreResult<Vec<Attempt>> {
    let sql =
        format!("SELECT {} FROM marktwerk.attempts WHERE run_id = @P1 ORDER BY number", row::ATTEMPT_COLUMNS);
    columns::map(&connection.query("read attempts", &sql, &[&id.0]).await?, row::attempt)
}

/// The smallest `ready_at` of the queue: one look into the index per line.
const NEXT_READY: &str = "\
    SELECT MIN(head.ready_at) \
    FROM (VALUES ('waiting', 0), ('waiting', 1), ('waiting', 2), ('retrying', 0), ('retrying', 1), ('retrying', 2)) \
        AS line (state, priority) \
    CROSS APPLY (SELECT TOP (1) ready_at FROM marktwerk.runs AS run \
        WHERE run.state = line.state COLLATE DATABASE_DEFAULT AND run.held = 0 AND run.priority = line.priority ORDER BY run.ready_at) AS head";

pub(super) async fn next_ready(connection: &mut Connection) -> StoreResult<Option<Timestamp>> {
    let ready = connection.one("ask when a run is ready", NEXT_READY, &[]).await?;
    Ok(ready.map(|ready| Columns::of(&ready).optional_time()).transpose()?.flatten())
}

/// The queue by rank of priority.
pub(super) async fn queue_lengths(connection: &mut Connection) -> StoreResult<[QueueLength; RANKS]> {
    let sql = "SELECT priority, COUNT_BIG(*), MIN(ready_at) FROM marktwerk.runs \
         WHERE state IN ('waiting', 'retrying') AND held = 0 GROUP BY priority";
    let rows = connection.query("count the queue", sql, &[]).await?;
    let counts = columns::map(&rows, |columns| {
        let rank: usize = columns.integer()?;
        Ok((rank, QueueLength { runs: columns.integer()?, oldest_ready: columns.optional_time()? }))
    })?;
    let mut lengths = [QueueLength::default(); RANKS];
    for (rank, count) in counts {
        if let Some(length) = lengths.get_mut(rank) {
            *length = count;
        }
    }
    Ok(lengths)
}

pub(super) async fn next_due(connection: &mut Connection) -> StoreResult<Option<Timestamp>> {
    let sql = "SELECT MIN(next_due) FROM marktwerk.jobs WHERE enabled = 1 AND archived = 0 AND next_due IS NOT NULL";
    let due = connection.one("ask when a job is due", sql, &[]).await?;
    Ok(due.map(|due| Columns::of(&due).optional_time()).transpose()?.flatten())
}
