//! Writing the rows of jobs, many in one statement, and on which jobs they follow.

use std::collections::BTreeSet;

use marktwerk_domain::health::JobHealth;
use marktwerk_domain::job::{Job, JobHistory, JobSpec, RunTarget};
use serde::Serialize;

use super::columns::{self, micros, optional_micros};
use super::row_values::{self, Row};
use super::writing::Writing;
use crate::StoreResult;
use crate::jobs::{JobEdit, NextDue};

/// What columns of a job hold as JSON.
struct Texts {
    schedule: String,
    parameters: String,
    retry: String,
    policies: String,
    target: String,
    health: Option<String>,
}

impl Texts {
    fn of(spec: &JobSpec, target: &RunTarget, health: Option<&JobHealth>) -> StoreResult<Self> {
        Ok(Self {
            schedule: columns::json(&spec.schedule)?,
            parameters: columns::json(&spec.parameters)?,
            retry: columns::json(&spec.retry)?,
            policies: columns::json(&spec.policies)?,
            target: columns::json(target)?,
            health: health.map(columns::json).transpose()?,
        })
    }
}

/// The columns of [`new_job`].
const NAMES: &str = "id, job_type, written_type, account, schedule, enabled, description, parameters, priority, retry, policies, \
     target, version, anchor, next_due, created_at, archived, last_run, last_duration, last_error, last_succeeded, \
     last_success_at, last_marker, failures_in_a_row, health";

/// Adds jobs that are not there.
pub(super) async fn insert(writing: &mut Writing<'_>, jobs: &[&Job]) -> StoreResult<()> {
    let texts = jobs.iter().map(|job| Texts::of(&job.spec, &job.target, Some(&job.health)));
    let texts = texts.collect::<StoreResult<Vec<_>>>()?;
    let rows: Vec<Row<'_, 25>> = jobs.iter().zip(&texts).map(|(job, texts)| new_job(job, texts)).collect();
    let blank = row_values::blank(&rows);
    for piece in row_values::pieces("added", &[], &rows, &blank) {
        let sql = format!(
            "INSERT INTO marktwerk.jobs ({NAMES}) SELECT {NAMES} FROM {} WHERE id <> N''",
            piece.table
        );
        writing.connection.execute("add jobs", &sql, &piece.values).await?;
    }
    let specs: Vec<(&str, &JobSpec)> = jobs.iter().map(|job| (job.id.as_str(), &job.spec)).collect();
    chain(writing, &specs).await
}

fn new_job<'a>(job: &'a Job, texts: &'a Texts) -> Row<'a, 25> {
    // Destructured, so that a new field is not forgotten here.
    let Job { id, spec, target: _, version, anchor, next_due, created_at, archived, history, health: _ } =
        job;
    let JobHistory {
        last_run,
        last_duration,
        last_error,
        last_succeeded,
        last_success_at,
        last_marker,
        failures_in_a_row,
    } = history;
    [
        ("id", id.as_str().into()),
        ("job_type", spec.job_type.as_str().into()),
        ("written_type", spec.written_type.as_str().into()),
        ("account", spec.account.as_str().into()),
        ("schedule", texts.schedule.as_str().into()),
        ("enabled", i64::from(spec.enabled).into()),
        ("description", spec.description.as_str().into()),
        ("parameters", texts.parameters.as_str().into()),
        ("priority", spec.priority.rank().into()),
        ("retry", texts.retry.as_str().into()),
        ("policies", texts.policies.as_str().into()),
        ("target", texts.target.as_str().into()),
        ("version", (*version).into()),
        ("anchor", micros(*anchor).into()),
        ("next_due", optional_micros(*next_due).into()),
        ("created_at", micros(*created_at).into()),
        ("archived", i64::from(*archived).into()),
        ("last_run", optional_micros(*last_run).into()),
        ("last_duration", (*last_duration).into()),
        ("last_error", last_error.as_deref().into()),
        ("last_succeeded", last_succeeded.map(i64::from).into()),
        ("last_success_at", optional_micros(*last_success_at).into()),
        ("last_marker", last_marker.as_deref().into()),
        ("failures_in_a_row", i64::from(*failures_in_a_row).into()),
        ("health", texts.health.as_deref().into()),
    ]
}

/// An edit, and the health that comes with it where that changes.
pub(super) struct Change<'a> {
    pub(super) edit: &'a JobEdit,
    pub(super) health: Option<JobHealth>,
}

/// Writes specifications, of each job one; an archived job lives again.
pub(super) async fn change(writing: &mut Writing<'_>, changes: &[Change<'_>]) -> StoreResult<()> {
    let texts = changes
        .iter()
        .map(|change| Texts::of(&change.edit.spec, &change.edit.target, change.health.as_ref()));
    let texts = texts.collect::<StoreResult<Vec<_>>>()?;
    let rows: Vec<Row<'_, 16>> =
        changes.iter().zip(&texts).map(|(change, texts)| changed_job(change.edit, texts)).collect();
    let blank = row_values::blank(&rows);
    for piece in row_values::pieces("edit", &[], &rows, &blank) {
        let sql = format!(
            "UPDATE job SET job_type = edit.job_type, written_type = edit.written_type, account = edit.account, \
                 schedule = edit.schedule, enabled = edit.enabled, description = edit.description, \
                 parameters = edit.parameters, priority = edit.priority, retry = edit.retry, policies = edit.policies, \
                 target = edit.target, anchor = edit.anchor, \
                 next_due = CASE WHEN edit.keeps_next_due = 1 THEN job.next_due ELSE edit.next_due END, \
                 health = COALESCE(edit.health, job.health), version = job.version + 1, archived = 0 \
             FROM marktwerk.jobs AS job JOIN {} ON job.id = edit.id COLLATE Latin1_General_BIN2",
            piece.table
        );
        writing.connection.execute("change jobs", &sql, &piece.values).await?;
    }
    let specs: Vec<(&str, &JobSpec)> =
        changes.iter().map(|change| (change.edit.id.as_str(), &change.edit.spec)).collect();
    chain(writing, &specs).await
}

fn changed_job<'a>(edit: &'a JobEdit, texts: &'a Texts) -> Row<'a, 16> {
    let JobEdit { id, expected_version: _, spec, target: _, anchor, next_due } = edit;
    let (keeps_next_due, next_due) = match next_due {
        NextDue::Stays => (true, None),
        NextDue::Becomes(next_due) => (false, *next_due),
    };
    [
        ("id", id.as_str().into()),
        ("job_type", spec.job_type.as_str().into()),
        ("written_type", spec.written_type.as_str().into()),
        ("account", spec.account.as_str().into()),
        ("schedule", texts.schedule.as_str().into()),
        ("enabled", i64::from(spec.enabled).into()),
        ("description", spec.description.as_str().into()),
        ("parameters", texts.parameters.as_str().into()),
        ("priority", spec.priority.rank().into()),
        ("retry", texts.retry.as_str().into()),
        ("policies", texts.policies.as_str().into()),
        ("target", texts.target.as_str().into()),
        ("anchor", micros(*anchor).into()),
        ("keeps_next_due", i64::from(keeps_next_due).into()),
        ("next_due", optional_micros(next_due).into()),
        ("health", texts.health.as_deref().into()),
    ]
}

/// Keeps on which jobs these follow.
async fn chain(writing: &mut Writing<'_>, jobs: &[(&str, &JobSpec)]) -> StoreResult<()> {
    #[derive(Serialize, PartialEq, Eq, PartialOrd, Ord)]
    struct Link<'a> {
        parent: &'a str,
        child: &'a str,
        on_end: &'static str,
    }
    if jobs.is_empty() {
        return Ok(());
    }
    let children: Vec<&str> = jobs.iter().map(|(child, _)| *child).collect();
    let links: BTreeSet<Link<'_>> = jobs
        .iter()
        .flat_map(|(child, spec)| {
            spec.policies.after.iter().map(|after| Link {
                parent: after.job.as_str(),
                child,
                on_end: after.on.as_str(),
            })
        })
        .collect();
    let sql = "\
        DELETE FROM marktwerk.chains \
        WHERE child IN (SELECT CAST(value AS nvarchar(200)) COLLATE Latin1_General_BIN2 FROM OPENJSON(@P1)); \
        INSERT INTO marktwerk.chains (parent, child, on_end) SELECT parent, child, on_end \
        FROM OPENJSON(@P2) WITH (parent nvarchar(200), child nvarchar(200), on_end varchar(30))";
    let (children, links) = (columns::json(&children)?, columns::json(&links)?);
    writing.connection.execute("keep on which jobs these follow", sql, &[&children, &links]).await?;
    Ok(())
}
