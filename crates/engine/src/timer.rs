//! When which job is due: the enabled jobs in memory, ordered by their next planned time.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::job::{Job, JobId, JobSpec};
use marktwerk_domain::run::{RunId, Trigger};
use marktwerk_domain::schedule::Schedule;
use marktwerk_store::runs::{Firing, NewRun};

use crate::registry::Registry;

/// Jobs with a longer interval keep it in a demonstration.
const PACED_UP_TO_SECONDS: u32 = 3_600;

/// What a job's times are made from, besides itself.
#[derive(Clone)]
pub(crate) struct Planner {
    pub(crate) registry: Arc<Registry>,
    /// A demonstration runs everything this often; not written anywhere.
    pub(crate) pace: Option<Duration>,
}

impl Planner {
    /// The schedule that is in force; `None` for a job that never runs by itself (paused, or not in this version).
    pub(crate) fn schedule(&self, spec: &JobSpec) -> Option<Schedule> {
        if !spec.enabled || self.registry.description(&spec.job_type).is_none() {
            return None;
        }
        let Schedule::Every { seconds } = spec.schedule else { return Some(spec.schedule.clone()) };
        let pace = self.pace.and_then(|pace| u32::try_from(pace.as_secs()).ok());
        let seconds = match pace {
            Some(pace) if seconds < PACED_UP_TO_SECONDS => seconds.min(pace.max(1)),
            _ => seconds,
        };
        Some(Schedule::Every { seconds })
    }

    /// The next planned time after `now`.
    pub(crate) fn next_due(&self, spec: &JobSpec, anchor: Timestamp, now: Timestamp) -> Option<Timestamp> {
        self.schedule(spec).map(|schedule| schedule.next_after(anchor, now))
    }

    /// A run of a job, ready now.
    pub(crate) fn new_run(
        &self,
        job: &Job,
        trigger: Trigger,
        planned_at: Timestamp,
        ready_at: Timestamp,
    ) -> NewRun {
        let description = self.registry.description(&job.spec.job_type);
        let account = match (job.spec.account.as_str(), description) {
            ("", Some(description)) => description.accounts.first().cloned().unwrap_or_default(),
            (name, _) => name.to_owned(),
        };
        let writes = description.is_some_and(|description| description.writes);
        NewRun {
            job_id: job.id.clone(),
            job_type: job.spec.job_type.clone(),
            lane: (writes && !account.is_empty()).then(|| account.clone()),
            account,
            trigger,
            caused_by: None,
            planned_at,
            ready_at,
            priority: job.spec.priority,
            parameters: job.spec.parameters.clone(),
            merged: 0,
        }
    }

    /// The run that goes on where `run` stopped.
    pub(crate) fn follow_up(&self, job: &Job, run: &marktwerk_domain::run::Run, now: Timestamp) -> NewRun {
        let caused_by: Option<RunId> = Some(run.id);
        NewRun {
            caused_by,
            parameters: run.parameters.clone(),
            priority: run.priority,
            ..self.new_run(job, Trigger::MoreToDo, now, now)
        }
    }
}

/// The jobs by their next planned time.
pub(crate) struct Timer {
    planner: Planner,
    jobs: HashMap<JobId, Job>,
    due: BTreeSet<(Timestamp, JobId)>,
}

impl Timer {
    pub(crate) fn new(planner: Planner) -> Self {
        Self { planner, jobs: HashMap::new(), due: BTreeSet::new() }
    }

    /// Adds a job or takes its newest version over. One that is archived or has no schedule in force (paused, or not in
    /// this version) is known, for its last runs, and never due: nobody could fire it, and it would be due for ever.
    pub(crate) fn put(&mut self, job: Job) {
        self.silence(&job.id);
        let is_fired = !job.archived && self.planner.schedule(&job.spec).is_some();
        if let Some(due) = job.next_due.filter(|_| is_fired) {
            self.due.insert((due, job.id.clone()));
        }
        self.jobs.insert(job.id.clone(), job);
    }

    /// The job is not due any more.
    pub(crate) fn silence(&mut self, id: &JobId) {
        if let Some(due) = self.jobs.get_mut(id).and_then(|job| job.next_due.take()) {
            self.due.remove(&(due, id.clone()));
        }
    }

    pub(crate) fn job(&self, id: &JobId) -> Option<&Job> {
        self.jobs.get(id)
    }

    /// When the next job is due.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _)| *due)
    }

    /// The jobs that are due, each as one firing: several missed times become one run that stands for the latest.
    pub(crate) fn due(&self, now: Timestamp, limit: usize) -> Vec<Firing> {
        let due = self.due.iter().take_while(|(due, _)| *due <= now).take(limit);
        due.filter_map(|(seen_due, id)| self.firing(self.jobs.get(id)?, *seen_due, now)).collect()
    }

    fn firing(&self, job: &Job, seen_due: Timestamp, now: Timestamp) -> Option<Firing> {
        let schedule = self.planner.schedule(&job.spec)?;
        let planned_at = schedule.latest_due(job.anchor, seen_due, now);
        let mut run = self.planner.new_run(job, Trigger::Schedule, planned_at, now);
        let Schedule::Every { seconds } = schedule else { return None };
        let missed = planned_at.duration_since(seen_due).as_secs() / i64::from(seconds.max(1));
        run.merged = u32::try_from(missed).unwrap_or(u32::MAX);
        Some(Firing { seen_due, next_due: schedule.next_after(job.anchor, planned_at.max(now)), run })
    }

    /// The firing of a job was carried out.
    pub(crate) fn fired(&mut self, id: &JobId, next_due: Timestamp) {
        if let Some(mut job) = self.jobs.get(id).cloned() {
            job.next_due = Some(next_due);
            self.put(job);
        }
    }
}

#[cfg(test)]
mod tests {
    use marktwerk_domain::job::JobHistory;

    use super::*;

    #[test]
    fn a_job_that_nobody_can_fire_is_never_due() {
        let past: Timestamp = "2026-11-02T09:00:00Z".parse().unwrap();
        let spec = JobSpec {
            job_type: "gone".to_owned(),
            written_type: "gone".to_owned(),
            account: String::new(),
            schedule: Schedule::every_minutes(5).unwrap(),
            enabled: true,
            description: String::new(),
            parameters: Default::default(),
            priority: Default::default(),
            retry: Default::default(),
        };
        let id = JobId("gone".to_owned());
        let mut timer = Timer::new(Planner { registry: Arc::new(Registry::new()), pace: None });
        timer.put(Job {
            id: id.clone(),
            spec,
            version: 1,
            anchor: past,
            next_due: Some(past),
            created_at: past,
            archived: false,
            history: JobHistory::default(),
        });
        assert!(timer.job(&id).is_some());
        assert_eq!(timer.next_due(), None, "a dispatcher would wake up for it again and again");
    }
}
