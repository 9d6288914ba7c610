//! Merging: a run that is to do just what another one waits to do is counted in that one.

use marktwerk_domain::run::RunId;
use rusqlite::{Connection, params};

use crate::StoreResult;
use crate::runs::NewRun;
use crate::sqlite::rows::{self, Json};
use crate::sqlite::writing::Writing;

/// See [`waiting_alike`].
pub(in crate::sqlite) const WAITING_ALIKE: &str = "SELECT id FROM runs INDEXED BY runs_live \
     WHERE job_id = ?1 AND state IN ('waiting', 'running', 'retrying') AND state = 'waiting' AND attempt = 0 \
     AND cause = ?2 AND account = ?3 AND parameters = ?4 ORDER BY id DESC LIMIT 1";

/// The newest run that waits to do just what `run` is to do and has not begun: of the same job and trigger, for the same account,
/// with the same parameters. A person's run with other parameters does not count.
pub(super) fn waiting_alike(connection: &Connection, run: &NewRun) -> StoreResult<Option<RunId>> {
    let params = params![run.job_id.as_str(), run.trigger.as_str(), run.account, Json(&run.parameters)];
    rows::one(connection, WAITING_ALIKE, params, |row| row.get(0).map(RunId))
}

/// Counts `run` in the one that waits, which goes by the higher priority of both.
pub(super) fn merge(writing: &mut Writing<'_>, waiting: RunId, run: &NewRun) -> StoreResult<()> {
    let sql = "UPDATE runs SET merged = merged + 1 + ?2, priority = MIN(priority, ?3) WHERE id = ?1";
    rows::execute(writing.connection, sql, params![waiting.0, run.merged, run.priority.rank()])?;
    writing.effects.jobs = true;
    Ok(())
}
