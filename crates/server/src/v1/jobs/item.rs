//! A job with how it stands: what it is told to do as one would write it, beside it what became of it.

use marktwerk_domain::health::{Alarm, Trouble};
use marktwerk_domain::job::{Job, JobStatus};
use marktwerk_domain::run::RunState;
use marktwerk_engine::jobs::JobDraft;
use marktwerk_store::StoreResult;
use marktwerk_store::runs::RunFilter;
use serde::Serialize;
use utoipa::ToSchema;

use super::document::JobDocument;
use crate::live::Source;
use crate::schedule_words::{InWords, in_words};

/// A job. Its own fields are those that can be sent back; `version` and `state` are the program's.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobResource {
    #[serde(flatten)]
    #[schema(value_type = JobDocument)]
    pub(crate) draft: JobDraft,
    /// Counts edits: the ETag, and what If-Match names.
    pub(crate) version: i64,
    pub(crate) state: JobNow,
    /// After a change: it is stored and in force, but the jobs file does not have it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) warning: Option<String>,
}

/// How a job stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobNow {
    /// The registered name of its type, also where an older one is written.
    pub(crate) job_type: String,
    /// The marketplace that it works for.
    marketplace: Option<&'static str>,
    /// The account that its runs work for; empty where its type has none.
    account: String,
    /// IDLE, RUNNING, SUCCESS or FAILED.
    #[schema(value_type = String, example = "SUCCESS")]
    pub(crate) status: JobStatus,
    /// When it is due next.
    next_run: Option<String>,
    last_run: Option<String>,
    /// Seconds.
    last_duration: Option<f64>,
    last_error: Option<String>,
    last_success: Option<String>,
    failures_in_a_row: u32,
    pub(crate) health: HealthItem,
    created_at: String,
    /// Its schedule in plain words.
    schedule: InWords,
    /// Jobs that follow on it.
    followed_by: Vec<Follower>,
    /// Whether its type is documented but not built yet: kept, never run.
    not_in_this_version: bool,
    /// Why it cannot run: its type is not in this version, or its account is not configured.
    obstacle: Option<String>,
}

/// Whether a job calls for a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthItem {
    /// `ok`; `degraded`: people were told of failures, and no run has succeeded since; `paused`: the fuse has paused it.
    pub(crate) mark: &'static str,
    /// The trouble of the last failed runs: `blocked` (another run will not change it) or `outage` (it may pass by itself).
    trouble: Option<&'static str>,
    /// Runs in a row that ended in this trouble.
    in_a_row: u32,
}

/// A job that follows on another.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Follower {
    job: String,
    /// `success`, `failure` or `always`.
    on: &'static str,
}

/// The words for a job's health.
pub(crate) const HEALTH: [&str; 3] = ["ok", "degraded", "paused"];

/// The word for a job's health.
pub(crate) fn health_mark(job: &Job) -> &'static str {
    match job.health.alarm {
        None => "ok",
        // Somebody has set it going again: what people were told of is not over before a run succeeds.
        Some(Alarm::Paused) if !job.spec.enabled => "paused",
        Some(_) => "degraded",
    }
}

/// One job as it stands.
pub(crate) async fn resource(source: &Source, job: &Job) -> StoreResult<JobResource> {
    let filter = RunFilter {
        job: Some(job.id.clone()),
        states: vec![RunState::Running],
        limit: 1,
        ..RunFilter::default()
    };
    let is_running = !source.store().runs(&filter).await?.is_empty();
    Ok(item(source, job, is_running))
}

/// A job, of which it is known whether it runs.
pub(super) fn item(source: &Source, job: &Job, is_running: bool) -> JobResource {
    let (spec, history) = (&job.spec, &job.history);
    let description = source.engine().registry().description(&spec.job_type);
    let time = |time| source.time(time);
    let health = HealthItem {
        mark: health_mark(job),
        trouble: job.health.trouble.map(|trouble| match trouble {
            Trouble::Blocked => "blocked",
            Trouble::Outage => "outage",
        }),
        in_a_row: job.health.in_a_row,
    };
    let state = JobNow {
        job_type: spec.job_type.clone(),
        marketplace: description.and_then(|description| description.marketplace),
        account: job.target.account.clone(),
        status: JobStatus::of(history, is_running),
        next_run: job.next_due.filter(|_| spec.enabled).map(time),
        last_run: history.last_run.map(time),
        last_duration: history.last_duration,
        last_error: history.last_error.clone(),
        last_success: history.last_success_at.map(time),
        failures_in_a_row: history.failures_in_a_row,
        health,
        created_at: time(job.created_at),
        schedule: in_words(&spec.schedule, &spec.policies.after),
        followed_by: followers(source, job),
        not_in_this_version: description.is_none(),
        obstacle: source.engine().obstacle(job),
    };
    let draft = JobDraft { id: Some(job.id.0.clone()), ..JobDraft::of(job) };
    JobResource { draft, version: job.version, state, warning: None }
}

fn followers(source: &Source, job: &Job) -> Vec<Follower> {
    let followers = source.engine().followers(&job.id).into_iter();
    followers.map(|(other, on)| Follower { job: other.0, on: on.as_str() }).collect()
}
