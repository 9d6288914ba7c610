//! After a step of the wall clock, and at the start: due times, grids and waits that lie further ahead than they can are counted
//! anew, with one warning. Otherwise they would be silent until the wrong clock's time has come.

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::run::RunState;
use marktwerk_store::jobs::{JobEdit, NextDue};
use marktwerk_store::runs::{Firing, RunFilter};
use marktwerk_store::{StoreError, StoreResult};

use super::{Dispatcher, later};
use crate::lease::HEARTBEAT;
use crate::steps;

/// Runs that are looked at once; what is beyond them has its turn at the next start.
const RUNS: usize = 10_000;

impl Dispatcher {
    /// Notices a step; whatever it disturbed is put right now, or as soon as the database lets us.
    pub(super) async fn follow_the_clock(&mut self, now: Timestamp) -> StoreResult<()> {
        if let Some(step) = self.watch.step(&self.clock) {
            let (way, by) = (if step.is_negative() { "back" } else { "forward" }, step.abs());
            tracing::warn!(
                "the clock of this machine was put {way} by {by:#}, or the machine slept: planned times go by what it shows now"
            );
            self.to_correct |= step.is_negative();
            // Leases lie on the old time: those of whoever lives are renewed by then.
            if step.is_negative() || !self.orphans_at.is_empty() {
                self.orphans_at.clear();
                self.orphans_at.push_back(later(now, HEARTBEAT * 2));
            }
        }
        // What comes while it is worked on is looked at in the next turn.
        if std::mem::take(&mut self.to_correct) {
            let corrected = self.correct(now).await;
            self.to_correct |= corrected.is_err();
            let (jobs, runs) = corrected?;
            let jobs = std::mem::take(&mut self.realigned) + jobs;
            if jobs > 0 || runs > 0 {
                tracing::warn!(
                    jobs,
                    runs,
                    "jobs were due, or runs were to wait, further ahead than their schedule can give, as after a clock that stood \
                     ahead; their times were computed again"
                );
            }
        }
        Ok(())
    }

    /// Answers with the numbers of jobs and of runs.
    async fn correct(&mut self, now: Timestamp) -> StoreResult<(usize, usize)> {
        Ok((self.correct_jobs(now).await?, self.bring_forward(now).await?))
    }

    /// Grids that begin later than now begin now; due times that are later than the schedule's first become that. Answers with the
    /// number of jobs.
    async fn correct_jobs(&mut self, now: Timestamp) -> StoreResult<usize> {
        let mut jobs = 0;
        for job in self.timer.with_grid_ahead(now) {
            let edit = JobEdit {
                id: job.id.clone(),
                expected_version: Some(job.version),
                next_due: NextDue::Becomes(self.planner.next_due(&job.spec, now, now)),
                spec: job.spec,
                target: job.target,
                anchor: now,
            };
            match self.store.edit_jobs(&[edit]).await {
                Ok(edited) => {
                    jobs += edited.len();
                    edited.into_iter().for_each(|job| self.put(job));
                }
                // Somebody changes it at this moment.
                Err(StoreError::VersionConflict { .. } | StoreError::NotFound(_)) => {
                    self.reload(&job.id).await?;
                }
                Err(error) => return Err(error),
            }
        }
        let firings: Vec<Firing> = self.timer.due_too_late(now);
        self.fire_all(&firings, now).await?;
        Ok(jobs + firings.len())
    }

    async fn bring_forward(&mut self, now: Timestamp) -> StoreResult<usize> {
        let filter = RunFilter {
            states: vec![RunState::Waiting, RunState::Retrying],
            ready_after: Some(steps::later(now, SignedDuration::ZERO)),
            limit: RUNS,
            ..RunFilter::default()
        };
        let mut runs = self.store.runs(&filter).await?;
        runs.retain(|run| steps::is_ahead(run, self.timer.job(&run.job_id), now));
        if runs.is_empty() {
            return Ok(0);
        }
        let ids: Vec<_> = runs.iter().map(|run| run.id).collect();
        self.store.bring_forward(&ids, now).await?;
        Ok(ids.len())
    }
}
