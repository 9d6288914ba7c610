//! When which job is due: the enabled jobs in memory, ordered by their next planned time.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::misfire::{CatchUp, catch_up};
use marktwerk_domain::run::Trigger;
use marktwerk_domain::timetable::Timetable;
use marktwerk_store::jobs::JobStanding;
use marktwerk_store::runs::{Firing, Limits, NewRun, Skip};

use crate::conditions::Judgement;
use crate::planner::Planner;
use crate::steps;

/// The jobs by their next planned time.
pub(crate) struct Timer {
    planner: Planner,
    jobs: HashMap<JobId, Known>,
    due: BTreeSet<(Timestamp, JobId)>,
    /// Jobs whose conditions are being asked about: not due until the answer is there.
    asking: HashSet<JobId>,
}

struct Known {
    job: Job,
    /// What is in force.
    timetable: Option<Timetable>,
}

impl Known {
    fn has_grid_ahead(&self, now: Timestamp) -> bool {
        let has_a_grid = self.timetable.is_some() && self.job.spec.schedule.has_a_grid();
        has_a_grid && self.job.anchor > steps::later(now, steps::SLACK)
    }

    /// Whether `due` is later than the first time that the schedule has from `now` on.
    fn is_too_late(&self, due: Timestamp, now: Timestamp) -> bool {
        let first = || self.timetable.as_ref()?.next_after(steps::later(now, steps::SLACK));
        first().is_some_and(|first| due > first)
    }
}

impl Timer {
    pub(crate) fn new(planner: Planner) -> Self {
        Self { planner, jobs: HashMap::new(), due: BTreeSet::new(), asking: HashSet::new() }
    }

    /// Adds a job or takes its newest version over. One that is archived or has no schedule in force (paused, or not in
    /// this version) is known, for its last runs, and never due: nobody could fire it, and it would be due for ever.
    pub(crate) fn put(&mut self, job: Job) {
        // What was read before may arrive after.
        if self.job(&job.id).is_some_and(|known| known.version > job.version) {
            return;
        }
        let known = self.jobs.remove(&job.id);
        if let Some(due) = known.as_ref().and_then(|known| known.job.next_due) {
            self.due.remove(&(due, job.id.clone()));
        }
        // A timetable is made once and not at each firing.
        let timetable = match known {
            Some(Known { job: old, timetable }) if old.spec == job.spec && old.anchor == job.anchor => {
                timetable
            }
            _ => self.planner.in_force(&job.spec, job.anchor),
        };
        let timetable = timetable.filter(|_| !job.archived);
        if let Some(due) = job.next_due.filter(|_| timetable.is_some() && !self.asking.contains(&job.id)) {
            self.due.insert((due, job.id.clone()));
        }
        self.jobs.insert(job.id.clone(), Known { job, timetable });
    }

    /// A job's version and when it is due, as they are known here.
    pub(crate) fn standing(&self, id: &JobId) -> Option<(i64, Option<Timestamp>)> {
        self.job(id).map(|job| (job.version, job.next_due))
    }

    /// The jobs that stand otherwise here than they do there; those that are not there are not to be due here.
    pub(crate) fn differing(&self, there: &[JobStanding]) -> Vec<JobId> {
        let living: HashSet<&JobId> = there.iter().map(|standing| &standing.id).collect();
        let is_due_and_gone =
            |known: &&Known| known.job.next_due.is_some() && !living.contains(&known.job.id);
        let gone = self.jobs.values().filter(is_due_and_gone).map(|known| known.job.id.clone());
        let differs = |standing: &&JobStanding| {
            self.standing(&standing.id) != Some((standing.version, standing.next_due))
        };
        gone.chain(there.iter().filter(differs).map(|standing| standing.id.clone())).collect()
    }

    /// The job is not due any more.
    pub(crate) fn silence(&mut self, id: &JobId) {
        let Some(known) = self.jobs.get_mut(id) else { return };
        (known.job.archived, known.timetable) = (true, None);
        if let Some(due) = known.job.next_due.take() {
            self.due.remove(&(due, id.clone()));
        }
    }

    pub(crate) fn job(&self, id: &JobId) -> Option<&Job> {
        self.jobs.get(id).map(|known| &known.job)
    }

    /// The limits that the jobs set.
    pub(crate) fn job_limits(&self) -> Limits {
        let per_job = self.jobs.values().map(|known| (&known.job.id, known.job.spec.policies.max_instances));
        let per_job =
            per_job.filter(|(_, limit)| *limit != 1).map(|(id, limit)| (id.0.clone(), limit)).collect();
        Limits { per_job, ..Limits::default() }
    }

    /// When the next job is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The jobs that are due, each with its due time.
    pub(crate) fn due(&self, now: Timestamp, limit: usize) -> Vec<(JobId, Timestamp)> {
        let due = self.due.iter().take_while(|(due, _)| *due <= now).take(limit);
        due.map(|(due, id)| (id.clone(), *due)).collect()
    }

    /// The job's conditions are asked about: it is not due until [`Timer::answered`].
    pub(crate) fn ask(&mut self, id: &JobId) {
        if let Some(due) = self.job(id).and_then(|job| job.next_due) {
            self.due.remove(&(due, id.clone()));
        }
        self.asking.insert(id.clone());
    }

    /// The answer is there.
    pub(crate) fn answered(&mut self, id: &JobId) {
        self.asking.remove(id);
        if let Some(job) = self.job(id).cloned() {
            self.put(job);
        }
    }

    /// The firing of a job for all its planned times up to `now`; `None` where none has come. `judgement` is that of its
    /// conditions, `jitter` in 0..1.
    pub(crate) fn firing(
        &self,
        id: &JobId,
        now: Timestamp,
        judgement: &Judgement,
        jitter: f64,
    ) -> Option<Firing> {
        let Known { job, timetable } = self.jobs.get(id)?;
        let timetable = timetable.as_ref()?;
        let seen_due = job.next_due.filter(|due| *due <= now)?;
        let policies = &job.spec.policies;
        let CatchUp { missed, runs } = catch_up(timetable, seen_due, now, policies);
        let run = |planned_at, merged| NewRun {
            merged,
            ..self.planner.new_run(job, Trigger::Schedule, planned_at, now)
        };
        let mut skips: Vec<Skip> = missed
            .into_iter()
            .map(|missed| Skip { run: run(missed.planned_at, missed.merged), reason: missed.reason })
            .collect();
        let mut queued = Vec::new();
        for planned in runs {
            let new_run = run(planned.planned_at, planned.merged);
            match judgement {
                Judgement::Skip { reason } => skips.push(Skip { run: new_run, reason: reason.clone() }),
                Judgement::Start { marker } => queued.push(NewRun {
                    marker: marker.clone(),
                    ready_at: delayed(now, policies.jitter_seconds, jitter),
                    ..new_run
                }),
            }
        }
        let next_due = match job.spec.schedule.waits_for_the_end() {
            true => None,
            false => timetable.next_after(now.max(seen_due)),
        };
        Some(Firing {
            job_id: id.clone(),
            seen_due,
            next_due,
            skips,
            runs: queued,
            overlap: policies.overlap,
            max_instances: policies.max_instances,
        })
    }

    /// Jobs whose grid begins later than `now`.
    pub(crate) fn with_grid_ahead(&self, now: Timestamp) -> Vec<Job> {
        let known = self.jobs.values().filter(|known| known.has_grid_ahead(now));
        known.map(|known| known.job.clone()).collect()
    }

    /// Whether a job's grid begins later than `now`, or the job is due later than the first time that its schedule has from now on.
    pub(crate) fn lies_ahead(&self, id: &JobId, now: Timestamp) -> bool {
        self.jobs.get(id).is_some_and(|known| {
            known.has_grid_ahead(now) || known.job.next_due.is_some_and(|due| known.is_too_late(due, now))
        })
    }

    /// For jobs that are due later than the first time that their schedule has from `now` on: firings of nothing that bring them
    /// to that.
    pub(crate) fn due_too_late(&self, now: Timestamp) -> Vec<Firing> {
        let firing = |(due, id): &(Timestamp, JobId)| {
            let known = self.jobs.get(id)?;
            let Known { job, timetable } = known;
            let timetable = timetable.as_ref().filter(|_| known.is_too_late(*due, now))?;
            Some(Firing {
                job_id: id.clone(),
                seen_due: *due,
                next_due: Some(timetable.next_after(now)?),
                skips: Vec::new(),
                runs: Vec::new(),
                overlap: job.spec.policies.overlap,
                max_instances: job.spec.policies.max_instances,
            })
        };
        self.due.iter().filter_map(firing).collect()
    }

    /// The firing of a job was carried out.
    pub(crate) fn fired(&mut self, id: &JobId, next_due: Option<Timestamp>) {
        if let Some(mut job) = self.job(id).cloned() {
            job.next_due = next_due;
            if let Some(due) = self.jobs.get_mut(id).and_then(|known| known.job.next_due.take()) {
                self.due.remove(&(due, id.clone()));
            }
            self.put(job);
        }
    }

    /// The next planned time of a job that waits for the end of its run, counted from `ended_at`, and the version of the job that
    /// it belongs to; `None` for all others.
    pub(crate) fn after_the_end(&self, id: &JobId, ended_at: Timestamp) -> Option<(i64, Timestamp)> {
        let Known { job, timetable } = self.jobs.get(id)?;
        let waits = job.next_due.is_none() && job.spec.schedule.waits_for_the_end();
        if waits { Some((job.version, timetable.as_ref()?.next_after(ended_at)?)) } else { None }
    }
}

/// `now` and a part of the jitter.
fn delayed(now: Timestamp, jitter_seconds: u32, part: f64) -> Timestamp {
    let delay = Duration::from_secs_f64(f64::from(jitter_seconds) * part.clamp(0.0, 1.0));
    now.checked_add(delay).unwrap_or(now)
}
