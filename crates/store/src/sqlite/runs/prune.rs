//! Deleting old ended runs, a piece per transaction, so that a large clean-up holds nobody up.

use jiff::Timestamp;
use rusqlite::params;

use crate::StoreResult;
use crate::sqlite::SqliteStore;
use crate::sqlite::rows::{self, Micros};

const PIECE: usize = 1_000;

pub(super) async fn prune(store: &SqliteStore, before: Timestamp) -> StoreResult<u64> {
    let old = store
        .read(move |connection| {
            // An ended run never lives again, so that what is found here may be deleted later.
            let sql = "SELECT id FROM runs WHERE ended_at < ?1 AND state NOT IN ('waiting', 'running', 'retrying') \
                 AND id NOT IN (SELECT MAX(id) FROM runs GROUP BY job_id)";
            rows::all(connection, sql, [Micros(before)], |row| row.get::<_, i64>(0))
        })
        .await?;
    let mut deleted = 0;
    for piece in old.chunks(PIECE) {
        let piece = piece.to_vec();
        deleted += store
            .write(move |writing| {
                writing.effects.jobs = true;
                let mut deleted = 0;
                for id in piece {
                    deleted +=
                        rows::execute(writing.connection, "DELETE FROM runs WHERE id = ?1", params![id])?;
                }
                Ok(deleted as u64)
            })
            .await?;
    }
    Ok(deleted)
}
