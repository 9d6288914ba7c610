//! Claiming: waiting runs get workers, within the limits; and runs that lost theirs are found.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::run::{Run, RunId};
use marktwerk_store::StoreResult;
use marktwerk_store::runs::{Claim, Limits};

use super::{Command, Dispatcher, Finished, later};
use crate::decide::StopReason;
use crate::lease::LEASE;
use crate::metrics;
use crate::worker::{self, Assignment, Stop};

impl Dispatcher {
    /// The limits of the settings and those of the jobs.
    fn limits(&mut self) -> Arc<Limits> {
        let (timer, own) = (&self.timer, &self.limits);
        let limits = self
            .limits_in_force
            .get_or_insert_with(|| Arc::new(Limits { per_job: timer.job_limits().per_job, ..own.clone() }));
        Arc::clone(limits)
    }

    pub(super) async fn claim(&mut self) -> StoreResult<()> {
        let free = self.workers.saturating_sub(self.running.len());
        if free == 0 {
            return Ok(());
        }
        let claimed_at = self.clock.monotonic();
        let now = self.clock.now();
        let claim = Claim {
            node: self.node.clone(),
            now,
            lease_until: later(now, LEASE),
            limit: free,
            limits: self.limits(),
            rises_every: self.rises_every,
            turns: self.turns,
        };
        for run in self.store.claim(&claim).await? {
            if let Ok(rank) = usize::try_from(run.priority.rank()) {
                self.turns[rank] = self.turns.iter().max().map_or(1, |latest| latest + 1);
            }
            self.learn(&run.job_id).await;
            self.assign(run, claimed_at);
        }
        Ok(())
    }

    /// Gives a claimed run to a worker.
    fn assign(&mut self, run: Run, claimed_at: Duration) {
        let (id, epoch) = (run.id, run.epoch);
        let Some(job) = self.timer.job(&run.job_id).cloned() else {
            tracing::error!(run = id.0, job = %run.job_id, "a run of an unknown job; it will be rescued as lost");
            self.expect_orphan();
            return;
        };
        let workflow = self
            .planner
            .registry
            .workflow(&run.job_type)
            .unwrap_or_else(|| Arc::new(crate::registry::NotInThisVersion(run.job_type.clone())));
        let stop = Stop::default();
        if run.cancel_requested {
            stop.ask(StopReason::Cancelled);
        }
        let job_id = job.id.clone();
        let assignment = Assignment {
            run,
            job,
            workflow,
            stop: stop.clone(),
            claimed_at,
            time_limit: self.time_limit,
            journal: self.journal.clone(),
            clock: self.clock.clone(),
            judge: self.judge.clone(),
            chance: self.chance.clone(),
        };
        self.running.insert((id, epoch), stop);
        let finished = self.finished.clone();
        self.tracker.spawn(async move {
            let _busy = metrics::Busy::begin();
            let is_settled = worker::work(assignment).await;
            let word = Finished { run: id, epoch, job: job_id, is_settled };
            // A closed channel means that the engine is gone.
            let _ = finished.send(Command::Finished(word)).await;
        });
    }

    /// Asks the attempts of a run to stop.
    pub(super) fn stop(&self, run: RunId, reason: StopReason) {
        self.running.iter().filter(|((id, _), _)| *id == run).for_each(|(_, stop)| stop.ask(reason));
    }

    /// A run whose end could not be stored would stand as running for ever.
    pub(super) async fn rescue_orphans(&mut self, now: Timestamp) -> StoreResult<()> {
        if self.orphans_at.front().is_some_and(|at| *at <= now) {
            let rescued = self.store.rescue(&self.node, false, now).await?;
            metrics::rescued(&self.store, &rescued).await;
            if !rescued.is_empty() {
                tracing::warn!("{} runs that had lost their leases were rescued", rescued.len());
            }
            self.orphans_at.retain(|at| *at > now);
            if self.shares_store {
                self.orphans_at.push_back(later(now, LEASE / 2));
            }
            self.to_plan.extend(rescued.into_iter().map(|rescued| rescued.job_id));
        }
        Ok(())
    }

    /// Nobody here works on a run any more, and it may stand as running: its lease ends a lease from now at the latest.
    pub(super) fn expect_orphan(&mut self) {
        // The store rescues what ended before now, not what ends now.
        self.orphans_at.push_back(later(self.clock.now(), LEASE + Duration::from_secs(1)));
    }
}
