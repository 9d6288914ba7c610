//! The end of a run that no worker reports: cancelled in the queue, skipped, lost.

use jiff::Timestamp;
use marktwerk_domain::log::LogLine;
use marktwerk_domain::run::{Run, RunState};

use super::chain::{self, EndedRun};
use crate::StoreResult;
use crate::sqlserver::columns::micros;
use crate::sqlserver::lines;
use crate::sqlserver::writing::Writing;

/// How a run ends.
pub(crate) struct Ending<'a> {
    pub(crate) state: RunState,
    /// Why, for people.
    pub(crate) error: &'a str,
    pub(crate) at: Timestamp,
    /// The closing line.
    pub(crate) line: LogLine,
}

/// Ends a run, writes its closing line, and queues what follows on it.
pub(crate) async fn end(writing: &mut Writing<'_>, run: &Run, ending: &Ending<'_>) -> StoreResult<()> {
    close(writing, run, ending).await?;
    chain::follow(writing, &[EndedRun { job: &run.job_id, run: run.id, state: ending.state, at: ending.at }])
        .await
}

/// Ends a run and writes its closing line, where nothing can follow on it.
pub(super) async fn close(writing: &mut Writing<'_>, run: &Run, ending: &Ending<'_>) -> StoreResult<()> {
    debug_assert!(ending.state.is_ended() && ending.line.status.is_some(), "a closing line ends a run");
    let sql = "UPDATE marktwerk.runs SET state = @P2, ended_at = @P3, error = @P4, last_line = @P5, node = NULL, \
         lease_until = NULL WHERE id = @P1";
    let at = micros(ending.at);
    writing
        .connection
        .execute(
            "end a run",
            sql,
            &[&run.id.0, &ending.state.as_str(), &at, &ending.error, &ending.line.line],
        )
        .await?;
    writing.effects.jobs = true;
    lines::insert(writing, &ending.line).await
}
