//! Firing: planned times become runs. Jobs with conditions are asked about first, beside the dispatcher.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use jiff::Timestamp;
use marktwerk_domain::job::JobId;
use marktwerk_domain::policy::Overlap;
use marktwerk_store::runs::{Fired, Firing};
use marktwerk_store::{StoreError, StoreResult};

use super::{Command, Dispatcher, RETRY_EVERY};
use crate::conditions::{Judged, Judgement};
use crate::decide::StopReason;
use crate::metrics;
use crate::supervision::words;

/// Jobs fired in one transaction.
const FIRINGS: usize = 500;

impl Dispatcher {
    /// Fires what is due; jobs with conditions are asked about first.
    pub(super) async fn fire(&mut self, now: Timestamp) -> StoreResult<()> {
        loop {
            let due = self.timer.due(now, FIRINGS);
            if due.is_empty() {
                return Ok(());
            }
            let mut firings = Vec::with_capacity(due.len());
            for (id, _) in due {
                if self.timer.job(&id).is_some_and(|job| !job.spec.policies.conditions.is_empty()) {
                    self.ask(&id);
                } else if let Some(firing) = self.timer.firing(&id, now, &Judgement::FREE, self.chance.part())
                {
                    firings.push(firing);
                } else {
                    // Due without a timetable: the store knows better.
                    self.reload(&id).await?;
                }
            }
            self.fire_all(&firings, now).await?;
        }
    }

    pub(super) async fn fire_all(&mut self, firings: &[Firing], now: Timestamp) -> StoreResult<()> {
        if firings.is_empty() {
            return Ok(());
        }
        let fired = self.store.fire(firings, now).await?;
        for (firing, fired) in firings.iter().zip(fired) {
            metrics::skipped(firing, &fired);
            match fired {
                Fired::Done { queued: _, cancelling } => {
                    self.timer.fired(&firing.job_id, firing.next_due);
                    cancelling.iter().for_each(|run| self.stop(*run, StopReason::Superseded));
                    self.to_plan.insert(firing.job_id.clone());
                }
                Fired::Stale => {
                    self.reload(&firing.job_id).await?;
                    // It may stand without a next time: it was fired before, and what was heard of an edit put that out of mind.
                    self.to_plan.insert(firing.job_id.clone());
                }
            }
            if firing.overlap == Overlap::CancelRunning {
                metrics::cancelled_beside(&self.store, &firing.job_id, now).await;
            }
        }
        Ok(())
    }

    /// Asks a job's conditions without holding up the others; the answer comes as a command.
    pub(super) fn ask(&mut self, id: &JobId) {
        let Some(job) = self.timer.job(id).cloned() else { return };
        self.timer.ask(id);
        let (judge, judging, answers) =
            (self.judge.clone(), Arc::clone(&self.judging), self.finished.clone());
        let (draining, clock) = (self.draining.clone(), self.clock.clone());
        self.tracker.spawn(async move {
            let judged = async {
                // The semaphore is never closed.
                let _turn = judging.acquire().await;
                let judgement =
                    AssertUnwindSafe(judge.judge(&job, &job.spec.parameters)).catch_unwind().await;
                let judgement = judgement.unwrap_or_else(|panic| {
                    tracing::error!("the conditions of {} could not be asked: {}", job.id, words(&*panic));
                    Err(StoreError::Database("asking the conditions panicked".to_owned()))
                });
                if judgement.is_err() {
                    // The database is away, or worse: the job is asked about again, but not without a rest.
                    clock.sleep(RETRY_EVERY).await;
                }
                judgement.map(|judgement| Judged { judgement, version: job.version })
            };
            tokio::select! {
                biased;
                judgement = judged => {
                    // A closed channel means that the engine is gone.
                    let _ = answers.send(Command::Judged(job.id, judgement)).await;
                }
                () = draining.cancelled() => {}
            }
        });
    }

    /// Fires a job whose conditions were asked: unless it was changed meanwhile, for then its new ones are asked at its new times.
    /// Whatever fails here fails for the whole dispatcher, which says so; the job is still due, and is asked about again.
    pub(super) async fn judged(&mut self, id: &JobId, judged: StoreResult<Judged>) {
        self.timer.answered(id);
        let Ok(Judged { judgement, version }) = judged else { return };
        if self.timer.job(id).is_some_and(|job| job.version != version) {
            return;
        }
        let now = self.clock.now();
        if let Some(firing) = self.timer.firing(id, now, &judgement, self.chance.part())
            && let Err(error) = self.fire_all(&[firing], now).await
        {
            self.rest(id, error);
        }
    }

    /// Leaves a job off the clock for a moment: conditions that are answered at once would be asked without a rest.
    fn rest(&mut self, id: &JobId, error: StoreError) {
        self.timer.ask(id);
        let (id, answers, clock) = (id.clone(), self.finished.clone(), self.clock.clone());
        let draining = self.draining.clone();
        self.tracker.spawn(async move {
            tokio::select! {
                biased;
                () = clock.sleep(RETRY_EVERY) => {
                    // A closed channel means that the engine is gone.
                    let _ = answers.send(Command::Judged(id, Err(error))).await;
                }
                () = draining.cancelled() => {}
            }
        });
    }

    /// Jobs whose next time depends on the end of their run get it where no run of them is live any more.
    pub(super) async fn plan_after_the_end(&mut self) -> StoreResult<()> {
        while let Some(id) = self.to_plan.first().cloned() {
            if let Some((version, next_due)) = self.timer.after_the_end(&id, self.clock.now()) {
                match self.store.plan_next(&id, version, next_due).await? {
                    true => self.timer.fired(&id, Some(next_due)),
                    // A run of it is live, it has a time that came after what was heard of an edit, or it is another job by now.
                    false => self.reload(&id).await?,
                }
                if self.timer.job(&id).is_some_and(|job| job.version != version) {
                    continue;
                }
            }
            self.to_plan.remove(&id);
        }
        Ok(())
    }

    /// The store knows better where this job stands.
    pub(super) async fn reload(&mut self, id: &JobId) -> StoreResult<()> {
        match self.store.job(id).await? {
            Some(job) if !job.archived => self.put(job),
            _ => self.timer.silence(id),
        }
        Ok(())
    }
}
