//! Holding: the waiting runs of a paused job wait until it is resumed, except those of a person. A held run is not in the queue: it
//! takes no lane, no place of its job, and nobody's turn.

use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{RunId, Trigger};
use rusqlite::Connection;

use crate::StoreResult;
use crate::runs::NewRun;
use crate::sqlite::rows;
use crate::sqlite::writing::Writing;

/// Whether somebody asked for the run, or for the one that it goes on with.
pub(super) fn is_by_person(connection: &Connection, run: &NewRun) -> StoreResult<bool> {
    match (run.trigger, run.caused_by) {
        (Trigger::Manual | Trigger::Again, _) => Ok(true),
        (Trigger::MoreToDo, Some(cause)) => {
            let sql = "SELECT by_person FROM runs WHERE id = ?1";
            Ok(rows::one(connection, sql, [cause.0], |row| row.get(0))?.unwrap_or(false))
        }
        _ => Ok(false),
    }
}

/// A run waits from now on: held, where its job is paused and no person wants it.
pub(crate) fn look(connection: &Connection, run: RunId) -> StoreResult<()> {
    let sql = "UPDATE runs SET held = by_person = 0 \
         AND EXISTS (SELECT 1 FROM jobs WHERE jobs.id = runs.job_id AND jobs.enabled = 0) WHERE id = ?1";
    rows::execute(connection, sql, [run.0])?;
    Ok(())
}

/// The job was paused or resumed: its waiting runs are held or let go.
pub(crate) fn follow(writing: &Writing<'_>, job: &JobId) -> StoreResult<()> {
    let sql = "UPDATE runs INDEXED BY runs_live \
         SET held = by_person = 0 AND EXISTS (SELECT 1 FROM jobs WHERE jobs.id = ?1 AND jobs.enabled = 0) \
         WHERE job_id = ?1 AND state IN ('waiting', 'running', 'retrying') AND state <> 'running'";
    rows::execute(writing.connection, sql, [job.as_str()])?;
    Ok(())
}
