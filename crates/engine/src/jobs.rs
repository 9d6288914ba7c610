//! Jobs are added, changed and paused here, whoever asks: validated, committed, told to the dispatcher, and written
//! back to the jobs file, in this order: a file that cannot be written must not leave a job that nobody schedules.

use jiff::Timestamp;
use marktwerk_domain::job::{Job, JobHistory, JobId, JobSpec, Parameters, Priority};
use marktwerk_domain::retry::RetryPolicy;
use marktwerk_domain::schedule::Schedule;
use marktwerk_store::jobs::JobEdit;

use crate::dispatcher::Command;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::registry::Known;

/// Characters of a description at the most.
const LONGEST_DESCRIPTION: usize = 2_000;

/// A job to be added.
#[derive(Debug, Clone, Default)]
pub struct NewJob {
    /// A registered name, or an older one of it.
    pub job_type: String,
    /// 1 to 525,600.
    pub interval_minutes: i64,
    /// For people.
    pub description: String,
    /// Whether it runs by its schedule.
    pub enabled: bool,
    /// The account; empty is the marketplace's first.
    pub account: String,
    /// Given to each run.
    pub parameters: Parameters,
    /// Which of its runs go first.
    pub priority: Priority,
    /// What happens after a failed attempt.
    pub retry: RetryPolicy,
}

/// A change of a job; `None` leaves as it is.
#[derive(Debug, Clone, Default)]
pub struct JobChange {
    /// 1 to 525,600. A new interval counts from now.
    pub interval_minutes: Option<i64>,
    /// Whether it runs by its schedule.
    pub enabled: Option<bool>,
    /// For people.
    pub description: Option<String>,
    /// Given to each run.
    pub parameters: Option<Parameters>,
    /// Which of its runs go first.
    pub priority: Option<Priority>,
    /// The version that the editor saw.
    pub expected_version: Option<i64>,
}

impl Engine {
    /// All jobs by id.
    pub async fn jobs(&self) -> Result<Vec<Job>, EngineError> {
        Ok(self.store.jobs(false).await?)
    }

    /// One job that is not archived.
    pub async fn existing(&self, id: &JobId) -> Result<Job, EngineError> {
        let job = self.store.job(id).await?.filter(|job| !job.archived);
        job.ok_or_else(|| EngineError::UnknownJob(id.to_string()))
    }

    /// Adds a job under the next free id of its type.
    pub async fn add_job(&self, new: NewJob) -> Result<Job, EngineError> {
        let _one_at_a_time = self.edits.lock().await;
        self.adopt_before_change().await?;
        let spec = self.spec(new)?;
        let taken = self.store.jobs(false).await?;
        let id = JobId::first_free(&spec.job_type, |name| taken.iter().any(|job| job.id.as_str() == name));
        let job = self.fresh(id, spec, self.clock.now());
        self.store.insert_jobs(std::slice::from_ref(&job)).await?;
        self.tell(Command::JobsChanged(vec![job.clone()])).await;
        let job = self.existing(&job.id).await?;
        self.write_back().await?;
        Ok(job)
    }

    /// Changes a job. Nothing happens where it stands so already.
    pub async fn change_job(&self, id: &JobId, change: JobChange) -> Result<Job, EngineError> {
        let _one_at_a_time = self.edits.lock().await;
        self.adopt_before_change().await?;
        let job = self.existing(id).await?;
        let mut spec = job.spec.clone();
        if let Some(minutes) = change.interval_minutes {
            spec.schedule = interval(minutes)?;
        }
        spec.enabled = change.enabled.unwrap_or(spec.enabled);
        if let Some(description) = change.description {
            check_description(&description)?;
            spec.description = description;
        }
        spec.priority = change.priority.unwrap_or(spec.priority);
        if let Some(parameters) = change.parameters {
            self.runnable(&spec.job_type)?.validate(&parameters)?;
            spec.parameters = parameters;
        }
        let mut edit = self.edit(&job, spec);
        edit.expected_version = change.expected_version;
        if edit.spec == job.spec && change.expected_version.is_none_or(|version| version == job.version) {
            return Ok(job);
        }
        let mut changed = self.store.edit_jobs(&[edit]).await?;
        let job = changed.pop().ok_or_else(|| EngineError::UnknownJob(id.to_string()))?;
        self.tell(Command::JobsChanged(vec![job.clone()])).await;
        self.write_back().await?;
        Ok(job)
    }

    /// Takes a job out of the schedule and the jobs file; its history stays.
    pub async fn remove_job(&self, id: &JobId) -> Result<(), EngineError> {
        let _one_at_a_time = self.edits.lock().await;
        self.adopt_before_change().await?;
        self.existing(id).await?;
        self.store.archive_jobs(std::slice::from_ref(id), self.clock.now()).await?;
        self.tell(Command::JobsArchived(vec![id.clone()])).await;
        self.write_back().await?;
        Ok(())
    }

    /// Validates what a new job is told to do.
    pub(crate) fn spec(&self, new: NewJob) -> Result<JobSpec, EngineError> {
        let (job_type, known) = self.registry.resolve(&new.job_type)?;
        let Known::Runs(description) = known else {
            return Err(EngineError::invalid(
                "job_type",
                format!("`{job_type}` is documented, but not in this version"),
            ));
        };
        check_description(&new.description)?;
        description.validate(&new.parameters)?;
        if !new.account.is_empty() && !description.accounts.contains(&new.account) {
            let known = description.accounts.join(", ");
            return Err(EngineError::invalid(
                "account",
                format!("`{}` is not configured; there is {known}", new.account),
            ));
        }
        Ok(JobSpec {
            job_type,
            written_type: new.job_type,
            account: new.account,
            schedule: interval(new.interval_minutes)?,
            enabled: new.enabled,
            description: new.description,
            parameters: new.parameters,
            priority: new.priority,
            retry: new.retry,
        })
    }

    /// A job that has not run yet.
    pub(crate) fn fresh(&self, id: JobId, spec: JobSpec, now: Timestamp) -> Job {
        let next_due = self.planner.next_due(&spec, now, now);
        Job {
            id,
            spec,
            version: 1,
            anchor: now,
            next_due,
            created_at: now,
            archived: false,
            history: JobHistory::default(),
        }
    }

    /// The edit that gives a job a new specification: a new interval counts from now, a re-enabled job waits for its next
    /// planned time, and missed times stay missed.
    pub(crate) fn edit(&self, job: &Job, spec: JobSpec) -> JobEdit {
        let now = self.clock.now();
        let anchor = if spec.schedule == job.spec.schedule { job.anchor } else { now };
        let keeps_time = anchor == job.anchor
            && spec.enabled == job.spec.enabled
            && job.next_due.is_some()
            && self.planner.schedule(&spec).is_some();
        let next_due = if keeps_time { job.next_due } else { self.planner.next_due(&spec, anchor, now) };
        JobEdit { id: job.id.clone(), expected_version: Some(job.version), spec, anchor, next_due }
    }

    /// At start: jobs whose next time does not fit to how this process runs them get one (a job type that came with this
    /// version, a demonstration's pace). Times that were missed while nothing ran stay due.
    pub(crate) async fn realign(&self) -> Result<Vec<Job>, EngineError> {
        let now = self.clock.now();
        let mut jobs = self.store.jobs(false).await?;
        let mut edits = Vec::new();
        for job in &jobs {
            let next = self.planner.next_due(&job.spec, job.anchor, now);
            let next_due = match (job.next_due, next) {
                (Some(due), Some(next)) => Some(due.min(next)),
                (_, next) => next,
            };
            if next_due != job.next_due {
                let spec = job.spec.clone();
                edits.push(JobEdit {
                    id: job.id.clone(),
                    expected_version: None,
                    spec,
                    anchor: job.anchor,
                    next_due,
                });
            }
        }
        if !edits.is_empty() {
            self.store.edit_jobs(&edits).await?;
            jobs = self.store.jobs(false).await?;
        }
        Ok(jobs)
    }
}

fn interval(minutes: i64) -> Result<Schedule, EngineError> {
    Schedule::every_minutes(minutes)
        .map_err(|error| EngineError::invalid("interval_minutes", error.to_string()))
}

fn check_description(description: &str) -> Result<(), EngineError> {
    match description.chars().count() {
        0..=LONGEST_DESCRIPTION => Ok(()),
        length => Err(EngineError::invalid(
            "description",
            format!("has {length} characters; {LONGEST_DESCRIPTION} are the most"),
        )),
    }
}
