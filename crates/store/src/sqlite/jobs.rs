//! Jobs on SQLite: reading, adding, editing, archiving. Their history is written by `history`.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::health::{Alarm, JobHealth};
use marktwerk_domain::job::{Job, JobHistory, JobId, JobSpec, Priority};
use rusqlite::{Connection, Row, params};

use super::rows::{self, Columns, Json, Micros, Word, micros};
use super::runs::{cancel, hold};
use super::store::SqliteStore;
use super::writing::Writing;
use crate::changes::ChangeFeed;
use crate::jobs::{JobCounts, JobEdit, JobStanding, JobStore, JobTakeover, NextDue};
use crate::own_lines::ARCHIVED;
use crate::{StoreError, StoreResult};

const SELECT: &str = "SELECT id, job_type, written_type, account, schedule, enabled, description, parameters, \
     priority, retry, policies, target, version, anchor, next_due, created_at, archived, last_run, last_duration, last_error, \
     last_succeeded, last_success_at, last_marker, failures_in_a_row, health FROM jobs";

#[async_trait]
impl JobStore for SqliteStore {
    async fn jobs(&self, with_archived: bool) -> StoreResult<Vec<Job>> {
        let sql = format!("{SELECT} WHERE archived <= ?1 ORDER BY id");
        self.read(move |connection| rows::all(connection, &sql, [with_archived], job)).await
    }

    async fn job(&self, id: &JobId) -> StoreResult<Option<Job>> {
        let id = id.clone();
        self.read(move |connection| find(connection, id.as_str())).await
    }

    async fn job_counts(&self) -> StoreResult<JobCounts> {
        self.read(counts).await
    }

    async fn job_standings(&self) -> StoreResult<Vec<JobStanding>> {
        self.read(|connection| {
            let sql = "SELECT id, version, next_due, last_run FROM jobs WHERE archived = 0 ORDER BY id";
            rows::all(connection, sql, [], |row| {
                let mut columns = Columns::of(row);
                Ok(JobStanding {
                    id: JobId(columns.value()?),
                    version: columns.value()?,
                    next_due: columns.optional_time()?,
                    last_run: columns.optional_time()?,
                })
            })
        })
        .await
    }

    async fn jobs_revision(&self) -> StoreResult<i64> {
        // One program works on a file, so nobody else changes anything.
        Ok(i64::try_from(self.changes().borrow().specs).unwrap_or(i64::MAX))
    }

    async fn insert_jobs(&self, jobs: &[Job]) -> StoreResult<Vec<Job>> {
        let jobs = jobs.to_vec();
        self.write(move |writing| jobs.iter().map(|job| insert(writing, job)).collect()).await
    }

    async fn edit_jobs(&self, edits: &[JobEdit]) -> StoreResult<Vec<Job>> {
        let edits = edits.to_vec();
        self.write(move |writing| edits.iter().map(|change| edit(writing, change)).collect()).await
    }

    async fn take_over_jobs(&self, takeover: &JobTakeover, now: Timestamp) -> StoreResult<Vec<Job>> {
        let takeover = takeover.clone();
        self.write(move |writing| {
            let JobTakeover { edits, added, archived } = takeover;
            archived.iter().try_for_each(|id| archive(writing, id, now))?;
            let mut jobs =
                edits.iter().map(|change| edit(writing, change)).collect::<StoreResult<Vec<_>>>()?;
            for job in &added {
                jobs.push(insert(writing, job)?);
            }
            Ok(jobs)
        })
        .await
    }

    async fn plan_next(&self, id: &JobId, version: i64, next_due: Timestamp) -> StoreResult<bool> {
        let id = id.clone();
        self.write(move |writing| {
            let sql = "UPDATE jobs SET next_due = ?3 WHERE id = ?1 AND version = ?2 AND next_due IS NULL AND enabled = 1 \
                 AND archived = 0 AND NOT EXISTS (SELECT 1 FROM runs INDEXED BY runs_live \
                 WHERE job_id = ?1 AND state IN ('waiting', 'running', 'retrying'))";
            let is_planned = rows::execute(writing.connection, sql, params![id.as_str(), version, Micros(next_due)])? > 0;
            writing.effects.jobs |= is_planned;
            Ok(is_planned)
        })
        .await
    }

    async fn archive_jobs(&self, ids: &[JobId], now: Timestamp) -> StoreResult<()> {
        let ids = ids.to_vec();
        self.write(move |writing| ids.iter().try_for_each(|id| archive(writing, id, now))).await
    }
}

pub(super) fn find(connection: &Connection, id: &str) -> StoreResult<Option<Job>> {
    rows::one(connection, &format!("{SELECT} WHERE id = ?1"), [id], job)
}

fn counts(connection: &Connection) -> StoreResult<JobCounts> {
    let sql = "SELECT enabled, health ->> 'alarm', COUNT(*) FROM jobs WHERE archived = 0 GROUP BY 1, 2";
    let groups = rows::all(connection, sql, [], |row| {
        let alarm = row.get::<_, Option<Word<Alarm>>>(1)?.map(|word| word.0);
        Ok((row.get::<_, bool>(0)?, alarm, row.get::<_, i64>(2)?.unsigned_abs()))
    })?;
    let mut counts = JobCounts::default();
    for (enabled, alarm, jobs) in groups {
        let count = match (enabled, alarm) {
            (true, Some(Alarm::Degraded)) => &mut counts.degraded,
            (true, _) => &mut counts.enabled,
            (false, Some(Alarm::Paused)) => &mut counts.paused_by_fuse,
            (false, _) => &mut counts.paused,
        };
        *count += jobs;
    }
    Ok(counts)
}

fn insert(writing: &mut Writing<'_>, job: &Job) -> StoreResult<Job> {
    let missing = || StoreError::NotFound(format!("job {}", job.id));
    let Job { id, spec, target, version, anchor, next_due, created_at, archived, history, health } = job;
    (writing.effects.jobs, writing.effects.specs) = (true, true);
    match find(writing.connection, id.as_str())? {
        Some(stored) if stored.archived => {
            change(writing, &JobEdit::reviving(job))?;
            resume(writing, id, stored.health)?;
            return find(writing.connection, id.as_str())?.ok_or_else(missing);
        }
        Some(_) => return Err(StoreError::Exists(format!("job {id}"))),
        None => {}
    }
    let JobHistory {
        last_run,
        last_duration,
        last_error,
        last_succeeded,
        last_success_at,
        last_marker,
        failures_in_a_row,
    } = history;
    rows::execute(
        writing.connection,
        "INSERT INTO jobs (id, job_type, written_type, account, schedule, enabled, description, parameters, priority, \
         retry, policies, target, version, anchor, next_due, created_at, archived, last_run, last_duration, last_error, \
         last_succeeded, last_success_at, last_marker, failures_in_a_row, health) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, \
         ?23, ?24, ?25)",
        params![
            id.as_str(),
            spec.job_type,
            spec.written_type,
            spec.account,
            Json(&spec.schedule),
            spec.enabled,
            spec.description,
            Json(&spec.parameters),
            spec.priority.rank(),
            Json(&spec.retry),
            Json(&spec.policies),
            Json(target),
            version,
            Micros(*anchor),
            micros(*next_due),
            Micros(*created_at),
            archived,
            micros(*last_run),
            last_duration,
            last_error,
            last_succeeded,
            micros(*last_success_at),
            last_marker,
            failures_in_a_row,
            Json(health),
        ],
    )?;
    chain(writing, id, spec)?;
    find(writing.connection, id.as_str())?.ok_or_else(missing)
}

fn edit(writing: &mut Writing<'_>, edit: &JobEdit) -> StoreResult<Job> {
    let JobEdit { id, expected_version, .. } = edit;
    let missing = || StoreError::NotFound(format!("job {id}"));
    let stored = find(writing.connection, id.as_str())?.filter(|job| !job.archived).ok_or_else(missing)?;
    if let Some(expected) = *expected_version
        && expected != stored.version
    {
        return Err(StoreError::VersionConflict {
            what: format!("job {id}"),
            expected,
            found: stored.version,
        });
    }
    (writing.effects.jobs, writing.effects.specs) = (true, true);
    change(writing, edit)?;
    if edit.spec.enabled && !stored.spec.enabled {
        resume(writing, id, stored.health)?;
    }
    if edit.spec.enabled != stored.spec.enabled {
        hold::follow(writing, id)?;
    }
    find(writing.connection, id.as_str())?.ok_or_else(missing)
}

/// Writes the specification; an archived job lives again.
fn change(writing: &Writing<'_>, edit: &JobEdit) -> StoreResult<()> {
    let JobEdit { id, expected_version: _, spec, target, anchor, next_due } = edit;
    let (stays, next_due) = match next_due {
        NextDue::Stays => (true, None),
        NextDue::Becomes(next_due) => (false, *next_due),
    };
    rows::execute(
        writing.connection,
        "UPDATE jobs SET job_type = ?2, written_type = ?3, account = ?4, schedule = ?5, enabled = ?6, description = ?7, \
         parameters = ?8, priority = ?9, retry = ?10, policies = ?11, target = ?12, anchor = ?13, \
         next_due = CASE WHEN ?15 THEN next_due ELSE ?14 END, version = version + 1, archived = 0 WHERE id = ?1",
        params![
            id.as_str(),
            spec.job_type,
            spec.written_type,
            spec.account,
            Json(&spec.schedule),
            spec.enabled,
            spec.description,
            Json(&spec.parameters),
            spec.priority.rank(),
            Json(&spec.retry),
            Json(&spec.policies),
            Json(target),
            Micros(*anchor),
            micros(next_due),
            stays,
        ],
    )?;
    chain(writing, id, spec)
}

/// Resets the fuse's count of consecutive failures.
fn resume(writing: &Writing<'_>, id: &JobId, health: JobHealth) -> StoreResult<()> {
    let sql = "UPDATE jobs SET health = ?2 WHERE id = ?1";
    rows::execute(writing.connection, sql, params![id.as_str(), Json(health.after_resume())])?;
    Ok(())
}

/// Keeps on which jobs it follows.
fn chain(writing: &Writing<'_>, id: &JobId, spec: &JobSpec) -> StoreResult<()> {
    rows::execute(writing.connection, "DELETE FROM chains WHERE child = ?1", [id.as_str()])?;
    for after in &spec.policies.after {
        let sql = "INSERT INTO chains (parent, child, on_end) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        let params = params![after.job.as_str(), id.as_str(), after.on.as_str()];
        rows::execute(writing.connection, sql, params)?;
    }
    Ok(())
}

fn archive(writing: &mut Writing<'_>, id: &JobId, now: Timestamp) -> StoreResult<()> {
    let sql =
        "UPDATE jobs SET archived = 1, next_due = NULL, version = version + 1 WHERE id = ?1 AND archived = 0";
    if rows::execute(writing.connection, sql, [id.as_str()])? > 0 {
        (writing.effects.jobs, writing.effects.specs) = (true, true);
        cancel::queued_runs_of(writing, id, ARCHIVED, now)?;
    }
    Ok(())
}

fn job(row: &Row<'_>) -> rusqlite::Result<Job> {
    let mut columns = Columns::of(row);
    Ok(Job {
        id: JobId(columns.value()?),
        spec: JobSpec {
            job_type: columns.value()?,
            written_type: columns.value()?,
            account: columns.value()?,
            schedule: columns.json()?,
            enabled: columns.value()?,
            description: columns.value()?,
            parameters: columns.json()?,
            priority: Priority::from_rank(columns.value()?),
            retry: columns.json()?,
            policies: columns.json()?,
        },
        target: columns.json()?,
        version: columns.value()?,
        anchor: columns.time()?,
        next_due: columns.optional_time()?,
        created_at: columns.time()?,
        archived: columns.value()?,
        history: JobHistory {
            last_run: columns.optional_time()?,
            last_duration: columns.value()?,
            last_error: columns.value()?,
            last_succeeded: columns.value()?,
            last_success_at: columns.optional_time()?,
            last_marker: columns.value()?,
            failures_in_a_row: columns.value()?,
        },
        health: columns.json()?,
    })
}
