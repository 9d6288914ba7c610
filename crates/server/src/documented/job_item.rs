//! A job as `/api/jobs` and the live channel show it.

use std::collections::HashSet;

use marktwerk_domain::job::{Job, JobId, JobStatus};
use marktwerk_domain::run::RunState;
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
}

/// What a job is told to do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobConfig {
    /// The name that the jobs file uses.
    pub(crate) job_type: String,
    pub(crate) schedule: JobSchedule,
    pub(crate) description: String,
}

/// When a job runs by itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobSchedule {
    pub(crate) interval_minutes: u32,
    /// Whether it runs by its schedule; a paused one can still be started by hand.
    pub(crate) enabled: bool,
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
    let filter = RunFilter { states: vec![RunState::Running], limit: MOST_RUNNING, ..RunFilter::default() };
    let running: HashSet<JobId> =
        source.store().runs(&filter).await?.into_iter().map(|run| run.job_id).collect();
    let mut items = Vec::with_capacity(jobs.len());
    for job in jobs {
        let is_running = running.contains(&job.id);
        items.push(item(source, job, is_running).await?);
    }
    Ok(items)
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

async fn item(source: &Source, job: Job, is_running: bool) -> StoreResult<JobItem> {
    let lines =
        LogFilter { source: Some(LogSource::Job(job.id.0.clone())), limit: RECENT, ..LogFilter::default() };
    let recent_logs = source.store().logs(&lines).await?.into_iter().map(LogEntry::from).collect();
    let status = JobState {
        status: JobStatus::of(&job.history, is_running),
        last_run: job.history.last_run.map(|time| source.time(time)),
        next_run: job.next_due.filter(|_| job.spec.enabled).map(|time| source.time(time)),
        last_error: job.history.last_error,
        last_duration: job.history.last_duration,
    };
    let schedule =
        JobSchedule { interval_minutes: job.spec.schedule.interval_minutes(), enabled: job.spec.enabled };
    Ok(JobItem {
        job_id: job.id.0,
        config: JobConfig { job_type: job.spec.written_type, schedule, description: job.spec.description },
        status,
        recent_logs,
        account: job.spec.account,
        version: job.version,
        not_in_this_version: source.engine().registry().description(&job.spec.job_type).is_none(),
    })
}
