//! Cancelling: at once in the queue, as a wish while running.

use jiff::Timestamp;
use marktwerk_domain::job::JobId;
use marktwerk_domain::log::{ClosingStatus, Level};
use marktwerk_domain::run::{Run, RunId, RunState};

use super::ending::{self, Ending};
use super::{read, row};
use crate::StoreResult;
use crate::own_lines::{self, ARCHIVED};
use crate::sqlserver::columns::{self, Columns};
use crate::sqlserver::writing::Writing;

pub(super) async fn cancel(
    writing: &mut Writing<'_>,
    id: RunId,
    reason: &str,
    now: Timestamp,
) -> StoreResult<Run> {
    let run = read::existing(writing.connection, id).await?;
    match run.state {
        RunState::Waiting | RunState::Retrying => end_cancelled(writing, &run, reason, now).await?,
        RunState::Running if !run.cancel_requested => {
            let wish = "UPDATE marktwerk.runs SET cancel_requested = 1, cancel_reason = @P2 WHERE id = @P1";
            writing.connection.execute("ask a run to end", wish, &[&id.0, &reason]).await?;
            writing.effects.jobs = true;
        }
        _ => return Ok(run),
    }
    read::existing(writing.connection, id).await
}

/// Cancels what a job has in the queue.
pub(crate) async fn queued_runs_of(
    writing: &mut Writing<'_>,
    job: &JobId,
    reason: &str,
    now: Timestamp,
) -> StoreResult<()> {
    let sql = format!(
        "SELECT {} FROM marktwerk.runs WHERE job_id = @P1 AND state IN ('waiting', 'retrying') ORDER BY id",
        row::COLUMNS
    );
    let rows = writing.connection.query("read a job's queue", &sql, &[&job.as_str()]).await?;
    for run in columns::map(&rows, row::run)? {
        end_cancelled(writing, &run, reason, now).await?;
    }
    Ok(())
}

/// Ends a run as cancelled, with its closing line.
pub(crate) async fn end_cancelled(
    writing: &mut Writing<'_>,
    run: &Run,
    reason: &str,
    now: Timestamp,
) -> StoreResult<()> {
    let mut line = own_lines::about(run, Level::Info, now, &format!("cancelled, {reason}"));
    line.status = Some(ClosingStatus::Cancelled);
    line.duration_seconds = own_lines::seconds_since_start(run, now);
    ending::end(writing, run, &Ending { state: RunState::Cancelled, error: reason, at: now, line }).await
}

/// Why what follows on an attempt of this run must not begin, where it must not: somebody asked to cancel it, or its job is gone.
pub(crate) async fn reason_to_end(
    writing: &mut Writing<'_>,
    id: RunId,
    cancel_requested: bool,
    job: &JobId,
) -> StoreResult<Option<String>> {
    if cancel_requested {
        return wished_reason(writing, id).await.map(Some);
    }
    let sql = "SELECT 1 FROM marktwerk.jobs WHERE id = @P1 AND archived = 1";
    let archived = writing.connection.one("look whether a job is gone", sql, &[&job.as_str()]).await?;
    Ok(archived.map(|_| ARCHIVED.to_owned()))
}

/// The reason that came with the wish to cancel.
async fn wished_reason(writing: &mut Writing<'_>, id: RunId) -> StoreResult<String> {
    let sql = "SELECT cancel_reason FROM marktwerk.runs WHERE id = @P1";
    let found = writing.connection.one("read why a run is to end", sql, &[&id.0]).await?;
    let reason = found.map(|found| Columns::of(&found).optional_text()).transpose()?;
    Ok(reason.flatten().unwrap_or_else(|| "as was asked for".to_owned()))
}
