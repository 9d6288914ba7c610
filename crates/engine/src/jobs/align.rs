//! Where a job's schedule stands: of a new one, after an edit, and at start.

use std::collections::HashMap;

use jiff::Timestamp;
use marktwerk_domain::health::JobHealth;
use marktwerk_domain::job::{Job, JobHistory, JobId, JobSpec};
use marktwerk_domain::schedule::Schedule;
use marktwerk_store::jobs::{JobEdit, NextDue};

use crate::book::Book;
use crate::error::EngineError;
use crate::steps;

impl Book {
    /// A job that has not run yet.
    pub(crate) fn fresh(&self, id: JobId, spec: JobSpec, now: Timestamp) -> Job {
        Job {
            id,
            target: self.planner.target(&spec),
            next_due: self.planner.next_due(&spec, now, now),
            spec,
            version: 1,
            anchor: now,
            created_at: now,
            archived: false,
            history: JobHistory::default(),
            health: JobHealth::default(),
        }
    }

    /// The edit that gives a job a new specification: a new schedule counts from now, a re-enabled job waits for its next
    /// planned time, and missed times stay missed.
    pub(crate) fn edit(&self, job: &Job, spec: JobSpec) -> JobEdit {
        let now = self.clock.now();
        // An interval does not know the clock on the wall: another zone changes nothing of it.
        let knows_the_zone = !matches!(spec.schedule, Schedule::Every { .. });
        let same_times = spec.schedule == job.spec.schedule
            && (spec.policies.time_zone == job.spec.policies.time_zone || !knows_the_zone);
        let anchor = if same_times { job.anchor } else { now };
        let keeps_time = same_times
            && spec.enabled == job.spec.enabled
            && (job.next_due.is_some() || spec.schedule.waits_for_the_end())
            && self.planner.in_force(&spec, anchor).is_some();
        let next_due = match keeps_time {
            true => NextDue::Stays,
            false => NextDue::Becomes(self.planner.next_due(&spec, anchor, now)),
        };
        let target = self.planner.target(&spec);
        JobEdit { id: job.id.clone(), expected_version: Some(job.version), spec, target, anchor, next_due }
    }

    /// At start: jobs whose next time or target does not fit to how this process runs them get one (a job type that came with
    /// this version, an account that was added, a demonstration's pace, another zone of the program). Times that were missed while
    /// nothing ran stay due; only they do. A grid that begins later than now, as after a clock that stood ahead, begins now. Answers
    /// with the jobs, and how many of them were due later than they can be.
    pub(crate) async fn realigned(&self, mut jobs: Vec<Job>) -> Result<(Vec<Job>, usize), EngineError> {
        let now = self.clock.now();
        let soon = steps::later(now, steps::SLACK);
        let (mut edits, mut too_late) = (Vec::new(), 0);
        for job in &jobs {
            let is_ahead = job.spec.schedule.has_a_grid() && job.anchor > soon;
            let anchor = if is_ahead { now } else { job.anchor };
            let next = self.planner.next_due(&job.spec, anchor, now);
            let next_due = match (job.next_due, next) {
                (Some(due), Some(_)) if due <= now => Some(due),
                (Some(due), Some(next)) if job.spec.schedule.waits_for_the_end() => Some(due.min(next)),
                // The dispatcher looks whether its run has ended.
                (None, Some(_)) if job.spec.schedule.waits_for_the_end() => None,
                (_, next) => next,
            };
            let target = self.planner.target(&job.spec);
            let latest = self.planner.next_due(&job.spec, anchor, soon);
            too_late += usize::from(latest.is_some() && job.next_due > latest);
            if next_due != job.next_due || target != job.target || anchor != job.anchor {
                edits.push(JobEdit {
                    id: job.id.clone(),
                    expected_version: None,
                    spec: job.spec.clone(),
                    target,
                    anchor,
                    next_due: NextDue::Becomes(next_due),
                });
            }
        }
        if !edits.is_empty() {
            let edited = self.store.edit_jobs(&edits).await?;
            let mut edited: HashMap<JobId, Job> =
                edited.into_iter().map(|job| (job.id.clone(), job)).collect();
            for job in &mut jobs {
                if let Some(edited) = edited.remove(&job.id) {
                    *job = edited;
                }
            }
        }
        Ok((jobs, too_late))
    }
}
