//! What follows on the end of a run: the runs of other jobs, each exactly once.

use jiff::Timestamp;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::policy::On;
use marktwerk_domain::run::{Run, RunId, RunState, Trigger};
use marktwerk_store::runs::NewRun;

use super::{Oracle, Verdict};

impl Oracle {
    /// A run is over: it leaves the queue and its job's live runs, and what follows on it appears.
    pub(super) fn is_over(
        &mut self,
        id: RunId,
        state: RunState,
        error: Option<&str>,
        at: Timestamp,
        fresh: &mut Vec<Run>,
    ) -> Verdict {
        self.leaves(id, state, error, at)?;
        self.follows(id, fresh, at)
    }

    /// The same without what follows on it.
    pub(super) fn leaves(
        &mut self,
        id: RunId,
        state: RunState,
        error: Option<&str>,
        at: Timestamp,
    ) -> Verdict {
        let known = self.run_mut(id)?;
        known.row.state = state;
        known.row.ended_at = Some(at);
        known.row.error = error.map(str::to_owned);
        known.node = None;
        known.lease_until = None;
        known.free_since = None;
        let job = known.row.job_id.clone();
        self.waiting.remove(&id);
        self.running.remove(&id);
        self.job_mut(&job)?.live.remove(&id);
        Ok(())
    }

    /// One run of each job that follows on this end; none follows on a run that was skipped.
    pub(super) fn follows(&mut self, id: RunId, fresh: &mut Vec<Run>, at: Timestamp) -> Verdict {
        let cause = self.run(id)?.row.clone();
        let fits = |on: On| match on {
            On::Success => cause.state == RunState::Succeeded,
            On::Failure => matches!(cause.state, RunState::Failed | RunState::Lost),
            On::Always => cause.state != RunState::Skipped,
        };
        let is_child = |job: &Job| {
            let mut links = job.spec.policies.after.iter();
            !job.archived && links.any(|link| link.job == cause.job_id && fits(link.on))
        };
        let children: Vec<JobId> =
            self.jobs.iter().filter(|(_, known)| is_child(&known.job)).map(|(id, _)| id.clone()).collect();
        for child in children {
            self.is_caused(&child, &cause, fresh, at)?;
        }
        Ok(())
    }

    fn is_caused(&mut self, child: &JobId, cause: &Run, fresh: &mut Vec<Run>, at: Timestamp) -> Verdict {
        let job = &self.job(child)?.job;
        let mut parameters = cause.parameters.clone();
        parameters.retain(|name, _| job.target.accepts.contains(name));
        parameters.extend(job.spec.parameters.clone());
        let run = NewRun {
            job_id: child.clone(),
            job_type: job.spec.job_type.clone(),
            account: job.target.account.clone(),
            lane: job.target.lane.clone(),
            trigger: Trigger::Chain,
            caused_by: Some(cause.id),
            planned_at: at,
            ready_at: at,
            priority: cause.priority,
            parameters,
            from_step: None,
            marker: None,
            merged: 0,
        };
        if !job.spec.enabled {
            let reason = format!("the job is paused; a run of {} would have started it", cause.job_id);
            return self.skipped(&run, &reason, at, fresh);
        }
        if self.merges(&run)? {
            return Ok(());
        }
        self.appears(&run, RunState::Waiting, at, fresh).map(drop)
    }
}
