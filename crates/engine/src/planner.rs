//! What a job's times and runs are made from, besides itself: the job types of this process, its zone, a demonstration's pace.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use marktwerk_domain::job::{Job, JobSpec, RunTarget};
use marktwerk_domain::run::{Run, RunId, Trigger};
use marktwerk_domain::schedule::{BadSchedule, Schedule};
use marktwerk_domain::timetable::{self, Timetable};
use marktwerk_store::runs::NewRun;

use crate::error::EngineError;
use crate::registry::Registry;

/// Jobs with a longer interval keep it in a demonstration.
const PACED_UP_TO_SECONDS: u32 = 3_600;

/// See the module.
#[derive(Clone)]
pub(crate) struct Planner {
    pub(crate) registry: Arc<Registry>,
    /// The zone of jobs that name none.
    pub(crate) zone: TimeZone,
    /// A demonstration runs everything this often; not written anywhere.
    pub(crate) pace: Option<Duration>,
}

impl Planner {
    /// The zone that a job goes by.
    pub(crate) fn zone_of(&self, spec: &JobSpec) -> Result<TimeZone, BadSchedule> {
        spec.policies.time_zone.as_deref().map_or_else(|| Ok(self.zone.clone()), timetable::zone)
    }

    /// The planned times of a specification, whether or not it is enabled.
    pub(crate) fn timetable(&self, spec: &JobSpec, anchor: Timestamp) -> Result<Timetable, BadSchedule> {
        Timetable::new(&self.paced(&spec.schedule), self.zone_of(spec)?, anchor)
    }

    /// Why no run of such a job can do anything, for people, whatever its schedule says; `None` where nothing is in the way.
    pub(crate) fn obstacle(&self, spec: &JobSpec) -> Option<String> {
        let Some(description) = self.registry.description(&spec.job_type) else {
            return Some(format!("its type {} is not in this version", spec.job_type));
        };
        let is_known = spec.account.is_empty() || description.accounts.contains(&spec.account);
        (!is_known).then(|| {
            let known = description.accounts.join(", ");
            format!("its account `{}` is not in the settings; there is {known}", spec.account)
        })
    }

    /// Refuses an account that is not in the settings. What is stored or stands in the jobs file may name one that is gone from
    /// there: such a job is kept, and does not run.
    pub(crate) fn check_account(&self, spec: &JobSpec) -> Result<(), EngineError> {
        match (self.registry.description(&spec.job_type), self.obstacle(spec)) {
            (Some(description), Some(_)) => {
                let known = description.accounts.join(", ");
                let reason = format!("`{}` is not configured; there is {known}", spec.account);
                Err(EngineError::invalid("account", reason))
            }
            _ => Ok(()),
        }
    }

    /// The planned times that are in force; `None` for a job that never runs by itself (paused, not in this version, its account
    /// gone, by hand only), and for one whose schedule cannot be read any more, which is said.
    pub(crate) fn in_force(&self, spec: &JobSpec, anchor: Timestamp) -> Option<Timetable> {
        if !spec.enabled || spec.schedule == Schedule::Manual || self.obstacle(spec).is_some() {
            return None;
        }
        self.timetable(spec, anchor)
            .inspect_err(|error| tracing::error!("a job of type {} is never due: {error}", spec.job_type))
            .ok()
    }

    /// The next planned time after `now`, where it does not depend on the end of a run.
    pub(crate) fn next_due(&self, spec: &JobSpec, anchor: Timestamp, now: Timestamp) -> Option<Timestamp> {
        self.in_force(spec, anchor)?.next_after(now)
    }

    fn paced(&self, schedule: &Schedule) -> Schedule {
        let pace = self.pace.and_then(|pace| u32::try_from(pace.as_secs()).ok());
        match (schedule, pace) {
            (Schedule::Every { seconds, from }, Some(pace)) if *seconds < PACED_UP_TO_SECONDS => {
                Schedule::Every { seconds: (*seconds).min(pace.max(1)), from: *from }
            }
            _ => schedule.clone(),
        }
    }

    /// What the runs of a job are given, as this process knows its job type.
    pub(crate) fn target(&self, spec: &JobSpec) -> RunTarget {
        let Some(description) = self.registry.description(&spec.job_type) else {
            return RunTarget { account: spec.account.clone(), ..RunTarget::default() };
        };
        let account = match spec.account.as_str() {
            "" => description.accounts.first().cloned().unwrap_or_default(),
            name => name.to_owned(),
        };
        RunTarget {
            lane: (description.writes && !account.is_empty()).then(|| account.clone()),
            account,
            accepts: description.parameter_names().into_iter().map(str::to_owned).collect(),
        }
    }

    /// A run of a job, ready now.
    pub(crate) fn new_run(
        &self,
        job: &Job,
        trigger: Trigger,
        planned_at: Timestamp,
        ready_at: Timestamp,
    ) -> NewRun {
        NewRun {
            job_id: job.id.clone(),
            job_type: job.spec.job_type.clone(),
            account: job.target.account.clone(),
            lane: job.target.lane.clone(),
            trigger,
            caused_by: None,
            planned_at,
            ready_at,
            priority: job.spec.priority,
            parameters: job.spec.parameters.clone(),
            from_step: None,
            marker: None,
            merged: 0,
        }
    }

    /// The run that goes on where `run` stopped.
    pub(crate) fn follow_up(&self, job: &Job, run: &Run, now: Timestamp) -> NewRun {
        let caused_by: Option<RunId> = Some(run.id);
        NewRun {
            caused_by,
            parameters: run.parameters.clone(),
            from_step: run.from_step.clone(),
            priority: run.priority,
            marker: run.marker.clone(),
            ..self.new_run(job, Trigger::MoreToDo, now, now)
        }
    }
}
