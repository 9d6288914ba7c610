//! Planned times that do not become runs: one row with a count for a streak of equal ones.

use jiff::Timestamp;
use marktwerk_domain::log::{ClosingStatus, Level};
use marktwerk_domain::run::RunState;

use super::ending::{self, Ending};
use super::{queue, read};
use crate::StoreResult;
use crate::own_lines;
use crate::runs::Skip;
use crate::sqlserver::columns::{Columns, micros};
use crate::sqlserver::writing::Writing;

/// A job's newest run.
const NEWEST: &str =
    "SELECT TOP (1) id, state, error FROM marktwerk.runs WHERE job_id = @P1 ORDER BY id DESC";

/// Records the skip: in the job's newest run, where that was skipped for the same reason.
pub(super) async fn record(writing: &mut Writing<'_>, skip: &Skip, now: Timestamp) -> StoreResult<()> {
    let Skip { run, reason } = skip;
    let newest = writing.connection.one("read the newest run", NEWEST, &[&run.job_id.as_str()]).await?;
    let newest = newest.map(|newest| {
        let mut columns = Columns::of(&newest);
        Ok::<_, crate::StoreError>((columns.integer::<i64>()?, columns.text()?, columns.optional_text()?))
    });
    if let Some((id, state, Some(error))) = newest.transpose()?
        && state == RunState::Skipped.as_str()
        && error == *reason
    {
        let count = "UPDATE marktwerk.runs SET merged = merged + 1 + @P2, ended_at = @P3 WHERE id = @P1";
        let (merged, now) = (i64::from(run.merged), micros(now));
        writing.connection.execute("count a skipped time", count, &[&id, &merged, &now]).await?;
        writing.effects.jobs = true;
        return Ok(());
    }
    for id in queue::insert_as(writing, &[run], RunState::Skipped, now).await? {
        let run = read::existing(writing.connection, id).await?;
        let mut line = own_lines::about(&run, Level::Info, now, &format!("skipped, {reason}"));
        line.status = Some(ClosingStatus::Cancelled);
        let ending = Ending { state: RunState::Skipped, error: reason, at: now, line };
        // What was skipped starts nobody.
        ending::close(writing, &run, &ending).await?;
    }
    Ok(())
}
