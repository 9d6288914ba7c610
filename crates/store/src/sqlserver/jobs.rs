//! Jobs on SQL Server: reading, adding, editing, archiving. Their rows are written by `job_rows`, their history by `history`.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::health::Alarm;
use marktwerk_domain::job::{Job, JobHistory, JobId, JobSpec, Priority};
use marktwerk_sqlserver::{Connection, Row, SqlError, reading};

use super::columns::{self, Columns, micros};
use super::job_rows::{self, Change};
use super::runs::{cancel, hold};
use super::store::SqlServerStore;
use super::writing::{SCHEDULER, Writing, write_in};
use crate::jobs::{JobCounts, JobEdit, JobStanding, JobStore, JobTakeover};
use crate::own_lines::ARCHIVED;
use crate::{StoreError, StoreResult};

const SELECT: &str = "SELECT id, job_type, written_type, account, schedule, enabled, description, parameters, \
     priority, retry, policies, target, version, anchor, next_due, created_at, archived, last_run, last_duration, last_error, \
     last_succeeded, last_success_at, last_marker, failures_in_a_row, health FROM marktwerk.jobs";

const PLAN: &str = "\
    UPDATE marktwerk.jobs SET next_due = @P3 \
    WHERE id = @P1 AND version = @P2 AND next_due IS NULL AND enabled = 1 AND archived = 0 \
        AND NOT EXISTS (SELECT 1 FROM marktwerk.runs \
            WHERE job_id = @P1 AND state IN ('waiting', 'running', 'retrying'))";

#[async_trait]
impl JobStore for SqlServerStore {
    async fn jobs(&self, with_archived: bool) -> StoreResult<Vec<Job>> {
        let sql = format!("{SELECT} WHERE archived <= @P1 ORDER BY id");
        let with_archived = i64::from(with_archived);
        let rows: Result<Vec<Row>, SqlError> = reading!(self.pool, "read jobs", |connection| async {
            connection.query("read jobs", &sql, &[&with_archived]).await
        });
        columns::map(&rows?, job)
    }

    async fn job(&self, id: &JobId) -> StoreResult<Option<Job>> {
        let sql = format!("{SELECT} WHERE id = @P1");
        let id = id.as_str();
        let row: Result<Option<Row>, SqlError> = reading!(self.pool, "read a job", |connection| async {
            connection.one("read a job", &sql, &[&id]).await
        });
        row?.map(|row| job(&mut Columns::of(&row))).transpose()
    }

    async fn job_counts(&self) -> StoreResult<JobCounts> {
        reading!(self.pool, "count jobs", |connection| counts(connection))
    }

    async fn job_standings(&self) -> StoreResult<Vec<JobStanding>> {
        let sql = "SELECT id, version, next_due, last_run FROM marktwerk.jobs WHERE archived = 0 ORDER BY id";
        let rows: Result<Vec<Row>, SqlError> =
            reading!(self.pool, "read how jobs stand", |connection| async {
                connection.query("read how jobs stand", sql, &[]).await
            });
        columns::map(&rows?, |columns| {
            Ok(JobStanding {
                id: JobId(columns.text()?),
                version: columns.integer()?,
                next_due: columns.optional_time()?,
                last_run: columns.optional_time()?,
            })
        })
    }

    async fn jobs_revision(&self) -> StoreResult<i64> {
        // Rows stay, and each change of one raises its version. Other processes change jobs, too.
        let sql = "SELECT COALESCE(SUM(version), 0) FROM marktwerk.jobs";
        let row: Result<Option<Row>, SqlError> =
            reading!(self.pool, "look whether jobs changed", |connection| async {
                connection.one("look whether jobs changed", sql, &[]).await
            });
        columns::only(row?, "look whether jobs changed")
    }

    async fn insert_jobs(&self, jobs: &[Job]) -> StoreResult<Vec<Job>> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        write_in!(self, "add jobs", SCHEDULER, |writing| insert(writing, jobs))
    }

    async fn edit_jobs(&self, edits: &[JobEdit]) -> StoreResult<Vec<Job>> {
        if edits.is_empty() {
            return Ok(Vec::new());
        }
        write_in!(self, "edit jobs", SCHEDULER, |writing| edit(writing, edits))
    }

    async fn take_over_jobs(&self, takeover: &JobTakeover, now: Timestamp) -> StoreResult<Vec<Job>> {
        let JobTakeover { edits, added, archived } = takeover;
        if edits.is_empty() && added.is_empty() && archived.is_empty() {
            return Ok(Vec::new());
        }
        write_in!(self, "take jobs over", SCHEDULER, |writing| async {
            archive(writing, archived, now).await?;
            let mut jobs = edit(writing, edits).await?;
            if !added.is_empty() {
                jobs.extend(insert(writing, added).await?);
            }
            Ok::<_, StoreError>(jobs)
        })
    }

    async fn plan_next(&self, id: &JobId, version: i64, next_due: Timestamp) -> StoreResult<bool> {
        let (id, next_due) = (id.as_str(), micros(next_due));
        write_in!(self, "plan a job's next time", SCHEDULER, |writing| async {
            let planned = writing
                .connection
                .execute("plan a job's next time", PLAN, &[&id, &version, &next_due])
                .await?;
            writing.effects.jobs |= planned > 0;
            Ok::<_, StoreError>(planned > 0)
        })
    }

    async fn archive_jobs(&self, ids: &[JobId], now: Timestamp) -> StoreResult<()> {
        write_in!(self, "archive jobs", SCHEDULER, |writing| archive(writing, ids, now))
    }
}

/// Those that are there, archived or not.
pub(super) async fn find_all(connection: &mut Connection, ids: &[&str]) -> StoreResult<HashMap<String, Job>> {
    let sql = format!(
        "{SELECT} WHERE id IN (SELECT CAST(value AS nvarchar(200)) COLLATE Latin1_General_BIN2 FROM OPENJSON(@P1))"
    );
    let rows = connection.query("read jobs by their ids", &sql, &[&columns::json(ids)?]).await?;
    Ok(columns::map(&rows, job)?.into_iter().map(|job| (job.id.0.clone(), job)).collect())
}

async fn counts(connection: &mut Connection) -> StoreResult<JobCounts> {
    // Not every server that speaks T-SQL gives NULL for JSON's null.
    let sql = "\
        SELECT enabled, NULLIF(JSON_VALUE(health, '$.alarm'), 'null'), COUNT_BIG(*) FROM marktwerk.jobs WHERE archived = 0 \
        GROUP BY enabled, NULLIF(JSON_VALUE(health, '$.alarm'), 'null')";
    let rows = connection.query("count jobs", sql, &[]).await?;
    let groups: Vec<(bool, Option<Alarm>, u64)> =
        columns::map(&rows, |columns| Ok((columns.truth()?, columns.optional_word()?, columns.integer()?)))?;
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

async fn insert(writing: &mut Writing<'_>, jobs: &[Job]) -> StoreResult<Vec<Job>> {
    let ids: Vec<&str> = jobs.iter().map(|job| job.id.as_str()).collect();
    let stored = find_all(writing.connection, &ids).await?;
    let mut names = HashSet::new();
    let (mut new, mut revived) = (Vec::new(), Vec::new());
    for job in jobs {
        let is_named_twice = !names.insert(&job.id);
        match stored.get(job.id.as_str()) {
            _ if is_named_twice => return Err(StoreError::Exists(format!("job {}", job.id))),
            None => new.push(job),
            Some(stored) if stored.archived => revived.push((JobEdit::reviving(job), stored.health)),
            Some(_) => return Err(StoreError::Exists(format!("job {}", job.id))),
        }
    }
    (writing.effects.jobs, writing.effects.specs) = (true, true);
    job_rows::insert(writing, &new).await?;
    // Resets the fuse's count of consecutive failures.
    let revived: Vec<Change<'_>> =
        revived.iter().map(|(edit, health)| Change { edit, health: Some(health.after_resume()) }).collect();
    job_rows::change(writing, &revived).await?;
    let mut added = find_all(writing.connection, &ids).await?;
    let missing = |id: &&str| StoreError::NotFound(format!("job {id}"));
    ids.iter().map(|id| added.remove(*id).ok_or_else(|| missing(id))).collect()
}

async fn edit(writing: &mut Writing<'_>, edits: &[JobEdit]) -> StoreResult<Vec<Job>> {
    let mut answers = Vec::with_capacity(edits.len());
    // A job that is named twice is edited twice, one edit after the other.
    let mut rest = edits;
    while !rest.is_empty() {
        let mut names = HashSet::new();
        let length = rest.iter().take_while(|edit| names.insert(&edit.id)).count();
        let (together, later) = rest.split_at(length);
        answers.extend(edit_together(writing, together).await?);
        rest = later;
    }
    Ok(answers)
}

/// Edits jobs, each once.
async fn edit_together(writing: &mut Writing<'_>, edits: &[JobEdit]) -> StoreResult<Vec<Job>> {
    let missing = |id: &JobId| StoreError::NotFound(format!("job {id}"));
    let ids: Vec<&str> = edits.iter().map(|edit| edit.id.as_str()).collect();
    let stored = find_all(writing.connection, &ids).await?;
    let (mut changes, mut turned) = (Vec::with_capacity(edits.len()), Vec::new());
    for edit in edits {
        let stored =
            stored.get(edit.id.as_str()).filter(|job| !job.archived).ok_or_else(|| missing(&edit.id))?;
        if let Some(expected) = edit.expected_version
            && expected != stored.version
        {
            return Err(StoreError::VersionConflict {
                what: format!("job {}", edit.id),
                expected,
                found: stored.version,
            });
        }
        if edit.spec.enabled != stored.spec.enabled {
            turned.push(edit.id.as_str());
        }
        // If it is enabled again, the fuse's count of consecutive failures is reset.
        let resumes = edit.spec.enabled && !stored.spec.enabled;
        changes.push(Change { edit, health: resumes.then(|| stored.health.after_resume()) });
    }
    (writing.effects.jobs, writing.effects.specs) = (true, true);
    job_rows::change(writing, &changes).await?;
    hold::follow(writing, &turned).await?;
    let mut changed = find_all(writing.connection, &ids).await?;
    edits.iter().map(|edit| changed.remove(edit.id.as_str()).ok_or_else(|| missing(&edit.id))).collect()
}

async fn archive(writing: &mut Writing<'_>, ids: &[JobId], now: Timestamp) -> StoreResult<()> {
    let sql = "UPDATE marktwerk.jobs SET archived = 1, next_due = NULL, version = version + 1 \
         WHERE id = @P1 AND archived = 0";
    for id in ids {
        if writing.connection.execute("archive a job", sql, &[&id.as_str()]).await? > 0 {
            (writing.effects.jobs, writing.effects.specs) = (true, true);
            cancel::queued_runs_of(writing, id, ARCHIVED, now).await?;
        }
    }
    Ok(())
}

fn job(columns: &mut Columns<'_>) -> StoreResult<Job> {
    Ok(Job {
        id: JobId(columns.text()?),
        spec: JobSpec {
            job_type: columns.text()?,
            written_type: columns.text()?,
            account: columns.text()?,
            schedule: columns.json()?,
            enabled: columns.truth()?,
            description: columns.text()?,
            parameters: columns.json()?,
            priority: Priority::from_rank(columns.integer()?),
            retry: columns.json()?,
            policies: columns.json()?,
        },
        target: columns.json()?,
        version: columns.integer()?,
        anchor: columns.time()?,
        next_due: columns.optional_time()?,
        created_at: columns.time()?,
        archived: columns.truth()?,
        history: JobHistory {
            last_run: columns.optional_time()?,
            last_duration: columns.optional_float()?,
            last_error: columns.optional_text()?,
            last_succeeded: columns.optional_truth()?,
            last_success_at: columns.optional_time()?,
            last_marker: columns.optional_text()?,
            failures_in_a_row: columns.integer()?,
        },
        health: columns.json()?,
    })
}
