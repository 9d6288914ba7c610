//! A job as `/api/jobs` and the live channel show it.

use std::collections::HashSet;

use marktwerk_domain::job::{Job, JobId, JobStatus};
use marktwerk_domain::policy::written_time;
use marktwerk_domain::run::RunState;
use marktwerk_engine::jobs::JobDraft;
use marktwerk_store::StoreResult;
use marktwerk_store::logs::{LogFilter, LogSource};
use marktwerk_store::runs::RunFilter;
use serde::Serialize;
use utoipa::ToSchema;

use super::LogEntry;
use crate::live::Source;

/// Lines shown with a job.
const RECENT: usize = 20;
/// More runs than any machine has workers.
const MOST_RUNNING: usize = 10_000;

/// A job with its state and its latest lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobItem {
    /// Its stable name.
    pub(crate) job_id: String,
    pub(crate) config: JobConfig,
    pub(crate) status: JobState,
    /// Its last 20 lines, newest first.
    pub(crate) recent_logs: Vec<LogEntry>,
    /// The account that it works for; empty is its marketplace's first.
    pub(crate) account: String,
    /// Counts edits; name it in `If-Match` when changing the job.
    pub(crate) version: i64,
    /// Whether its type is documented but not built yet: kept, never run.
    pub(crate) not_in_this_version: bool,
    /// After a change: it is stored and in force, but the jobs file does not have it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) warning: Option<String>,
}

/// What a job is told to do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobConfig {
    /// The name that the jobs file uses.
    pub(crate) job_type: String,
    pub(crate) schedule: JobSchedule,
    pub(crate) description: String,
}

/// When a job runs by itself. An interval of whole minutes has the first two fields alone; any other schedule stands in a field
/// of its own, as in `/api/v1/jobs`.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobSchedule {
    /// Null where the job has no interval of whole minutes.
    #[schema(minimum = 1, maximum = 525_600)]
    pub(crate) interval_minutes: Option<i64>,
    /// Whether it runs by its schedule; a paused one can still be started by hand.
    pub(crate) enabled: bool,
    /// An interval in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) every: Option<u32>,
    /// A cron expression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cron: Option<String>,
    /// Times of each day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) daily: Option<Vec<String>>,
    /// It never runs by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) manual: Option<bool>,
}

impl JobSchedule {
    fn of(job: &Job) -> Self {
        let JobDraft { interval_minutes, enabled, every, cron, daily, manual, .. } = JobDraft::of(job);
        let daily = daily.map(|times| times.into_iter().map(written_time).collect());
        Self { interval_minutes, enabled, every: every.map(|every| every.0), cron, daily, manual }
    }
}

/// How a job's runs went.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobState {
    /// IDLE, RUNNING, SUCCESS or FAILED.
    #[schema(value_type = String, example = "SUCCESS")]
    pub(crate) status: JobStatus,
    pub(crate) last_run: Option<String>,
    pub(crate) next_run: Option<String>,
    pub(crate) last_error: Option<String>,
    /// Seconds.
    pub(crate) last_duration: Option<f64>,
}

/// All jobs by id.
pub(crate) async fn job_items(source: &Source) -> StoreResult<Vec<JobItem>> {
    let jobs = source.store().jobs(false).await?;
    let running = running(source).await?;
    let mut items = Vec::with_capacity(jobs.len());
    for job in jobs {
        let is_running = running.contains(&job.id);
        items.push(item(source, job, is_running).await?);
    }
    Ok(items)
}

/// The jobs that have a running run.
pub(crate) async fn running(source: &Source) -> StoreResult<HashSet<JobId>> {
    let filter = RunFilter { states: vec![RunState::Running], limit: MOST_RUNNING, ..RunFilter::default() };
    Ok(source.store().runs(&filter).await?.into_iter().map(|run| run.job_id).collect())
}

/// One job.
pub(crate) async fn job_item(source: &Source, job: Job) -> StoreResult<JobItem> {
    let filter = RunFilter {
        job: Some(job.id.clone()),
        states: vec![RunState::Running],
        limit: 1,
        ..RunFilter::default()
    };
    let is_running = !source.store().runs(&filter).await?.is_empty();
    item(source, job, is_running).await
}

/// One job, of which it is known whether it runs.
pub(crate) async fn item(source: &Source, job: Job, is_running: bool) -> StoreResult<JobItem> {
    let lines =
        LogFilter { source: Some(LogSource::Job(job.id.0.clone())), limit: RECENT, ..LogFilter::default() };
    let recent_logs = source.store().logs(&lines).await?.into_iter().map(LogEntry::from).collect();
    let schedule = JobSchedule::of(&job);
    let status = JobState {
        status: JobStatus::of(&job.history, is_running),
        last_run: job.history.last_run.map(|time| source.time(time)),
        next_run: job.next_due.filter(|_| job.spec.enabled).map(|time| source.time(time)),
        last_error: job.history.last_error,
        last_duration: job.history.last_duration,
    };
    Ok(JobItem {
        job_id: job.id.0,
        config: JobConfig { job_type: job.spec.written_type, schedule, description: job.spec.description },
        status,
        recent_logs,
        account: job.spec.account,
        version: job.version,
        not_in_this_version: source.engine().registry().description(&job.spec.job_type).is_none(),
        warning: None,
    })
}
