//! Chains: the final end of a run queues one run of each job that follows on it, in the same transaction.

use jiff::Timestamp;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::policy::On;
use marktwerk_domain::run::{Run, RunId, RunState};

use super::{merge, queue, read, skip};
use crate::StoreResult;
use crate::chaining::{self, caused};
use crate::runs::Skip;
use crate::sqlite::jobs;
use crate::sqlite::rows::{self, Word};
use crate::sqlite::writing::Writing;

/// Jobs that follow on their parent, and on which ends; the key of the table alone answers. This is asked at each end of a run,
/// so it must not sort: with DISTINCT and IN it cost more than all the rest of an end.
pub(in crate::sqlite) const CHILDREN: &str =
    "SELECT child, on_end FROM chains WHERE parent = ?1 ORDER BY child, on_end";

/// Queues what follows on the end of a run in `state`. Where nothing does, which is the usual case, this is one look at a key.
pub(crate) fn follow(
    writing: &mut Writing<'_>,
    job: &JobId,
    run: RunId,
    state: RunState,
    at: Timestamp,
) -> StoreResult<()> {
    let Some(ends) = chaining::ends(state) else { return Ok(()) };
    let mut children: Vec<(String, Word<On>)> =
        rows::all(writing.connection, CHILDREN, [job.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    children.retain(|(_, Word(on))| ends.contains(on));
    children.dedup_by(|(next, _), (child, _)| next == child);
    if children.is_empty() {
        return Ok(());
    }
    let cause = read::existing(writing.connection, run)?;
    for (child, _) in children {
        if let Some(job) = jobs::find(writing.connection, &child)?.filter(|job| !job.archived) {
            queue_one(writing, &job, &cause, at)?;
        }
    }
    Ok(())
}

/// A second cause of a run that waits already is merged into it.
fn queue_one(writing: &mut Writing<'_>, job: &Job, cause: &Run, at: Timestamp) -> StoreResult<()> {
    let run = caused(job, cause, at);
    if !job.spec.enabled {
        // Without the run's number, so that a streak of them is one row.
        let reason = format!("the job is paused; a run of {} would have started it", cause.job_id);
        skip::record(writing, &Skip { run, reason }, at)?;
    } else if let Some(waiting) = merge::waiting_alike(writing.connection, &run)? {
        merge::merge(writing, waiting, &run)?;
    } else {
        queue::insert(writing, &run, at)?;
    }
    Ok(())
}
