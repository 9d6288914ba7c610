//! Deleting old ended runs, a piece per transaction, so that a large clean-up holds nobody up.

use jiff::Timestamp;
use marktwerk_sqlserver::{Class, reading};

use crate::StoreResult;
use crate::sqlserver::SqlServerStore;
use crate::sqlserver::columns::{self, micros};
use crate::sqlserver::writing::{SCHEDULER, Writing, write_in};

/// Few enough rows that the server keeps to locks of rows.
const PIECE: usize = 1_000;

/// An ended run never lives again, so that what is found here may be deleted later.
const OLD: &str = "\
    SELECT id FROM marktwerk.runs \
    WHERE ended_at < @P1 AND state NOT IN ('waiting', 'running', 'retrying') \
        AND id NOT IN (SELECT MAX(id) FROM marktwerk.runs GROUP BY job_id) \
    ORDER BY id";

pub(super) async fn prune(store: &SqlServerStore, before: Timestamp) -> StoreResult<u64> {
    let before = micros(before);
    let rows: StoreResult<_> = reading!(store.pool, "look for old runs", |connection| async {
        Ok(connection.query_in("look for old runs", OLD, &[&before], Class::Long).await?)
    });
    let old: Vec<i64> = columns::map(&rows?, |columns| columns.integer())?;
    let mut deleted = 0;
    for piece in old.chunks(PIECE) {
        deleted += write_in!(store, "delete old runs", SCHEDULER, |writing| delete(writing, piece))?;
    }
    Ok(deleted)
}

async fn delete(writing: &mut Writing<'_>, piece: &[i64]) -> StoreResult<u64> {
    let piece = columns::json(piece)?;
    let attempts =
        "DELETE FROM marktwerk.attempts WHERE run_id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@P1))";
    writing.connection.execute_in("delete attempts of old runs", attempts, &[&piece], Class::Batch).await?;
    let runs = "DELETE FROM marktwerk.runs WHERE id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@P1))";
    writing.effects.jobs = true;
    Ok(writing.connection.execute_in("delete old runs", runs, &[&piece], Class::Batch).await?)
}
