//! Chains: the final end of a run queues one run of each job that follows on it, in the same transaction.

use std::collections::HashMap;

use jiff::Timestamp;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::policy::On;
use marktwerk_domain::run::{Run, RunId, RunState};

use super::{merge, queue, read, skip};
use crate::StoreResult;
use crate::chaining::{self, caused};
use crate::runs::Skip;
use crate::sqlserver::columns;
use crate::sqlserver::jobs;
use crate::sqlserver::writing::Writing;

/// Jobs that follow on these parents, and on which ends; the key of the table answers.
const CHILDREN: &str = "\
    SELECT parent, child, on_end FROM marktwerk.chains \
    WHERE parent IN (SELECT CAST(value AS nvarchar(200)) COLLATE Latin1_General_BIN2 FROM OPENJSON(@P1)) \
    ORDER BY parent, child, on_end";

/// A run that has ended for good.
pub(crate) struct EndedRun<'a> {
    pub(crate) job: &'a JobId,
    pub(crate) run: RunId,
    pub(crate) state: RunState,
    pub(crate) at: Timestamp,
}

/// Queues what follows on these ends. Where nothing does, which is the usual case, this is one look at keys.
pub(crate) async fn follow(writing: &mut Writing<'_>, ended: &[EndedRun<'_>]) -> StoreResult<()> {
    let ended = ended.iter().filter_map(|end| Some((end, chaining::ends(end.state)?)));
    let ended: Vec<(&EndedRun<'_>, [On; 2])> = ended.collect();
    if ended.is_empty() {
        return Ok(());
    }
    let parents: Vec<&str> = ended.iter().map(|(end, _)| end.job.as_str()).collect();
    let rows =
        writing.connection.query("look for jobs that follow", CHILDREN, &[&columns::json(&parents)?]).await?;
    let chains: Vec<(String, String, On)> =
        columns::map(&rows, |columns| Ok((columns.text()?, columns.text()?, columns.word()?)))?;

    let mut following: Vec<(&EndedRun<'_>, &str)> = Vec::new();
    for (end, ends) in &ended {
        let fitting = chains.iter().filter(|(parent, _, on)| parent == end.job.as_str() && ends.contains(on));
        let mut children: Vec<&str> = fitting.map(|(_, child, _)| child.as_str()).collect();
        children.dedup();
        following.extend(children.into_iter().map(|child| (*end, child)));
    }
    if following.is_empty() {
        return Ok(());
    }
    let causes = read::find_all(writing.connection, following.iter().map(|(end, _)| end.run)).await?;
    let children: Vec<&str> = following.iter().map(|(_, child)| *child).collect();
    let jobs: HashMap<String, Job> = jobs::find_all(writing.connection, &children).await?;
    for (end, child) in following {
        let job = jobs.get(child).filter(|job| !job.archived);
        if let (Some(cause), Some(job)) = (causes.get(&end.run), job) {
            queue_one(writing, job, cause, end.at).await?;
        }
    }
    Ok(())
}

/// A second cause of a run that waits already is merged into it.
async fn queue_one(writing: &mut Writing<'_>, job: &Job, cause: &Run, at: Timestamp) -> StoreResult<()> {
    let run = caused(job, cause, at);
    if !job.spec.enabled {
        // Without the run's number, so that a streak of them is one row.
        let reason = format!("the job is paused; a run of {} would have started it", cause.job_id);
        skip::record(writing, &Skip { run, reason }, at).await?;
    } else if let Some(waiting) = merge::waiting_alike(writing, &run).await? {
        merge::merge(writing, waiting, &run).await?;
    } else {
        queue::insert(writing, &[&run], at).await?;
    }
    Ok(())
}
