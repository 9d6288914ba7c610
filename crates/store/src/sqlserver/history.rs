//! What a job remembers of its runs, written with the end of an attempt: how the last one went, and its health, which may
//! blow its fuse. Cancelled, skipped and put-back runs leave it alone. The jobs of all ends are read once and written once.

use std::collections::HashMap;

use jiff::Timestamp;
use marktwerk_domain::health::{HealthChange, JobHealth, Trouble};
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{RunId, RunState};

use super::alerts;
use super::columns::{self, micros, optional_micros};
use super::row_values::{self, Row};
use super::runs::hold;
use super::writing::Writing;
use crate::StoreResult;

/// The attempt that ended.
pub(crate) struct EndedAttempt<'a> {
    pub(crate) job_id: &'a JobId,
    pub(crate) run: RunId,
    /// What the run became.
    pub(crate) state: RunState,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) seconds: Option<f64>,
    pub(crate) ended_at: Timestamp,
    pub(crate) error: Option<&'a str>,
    /// Of a failed run.
    pub(crate) trouble: Option<Trouble>,
    /// Of a success that left nothing over.
    pub(crate) marker: Option<&'a str>,
}

/// A job's history as it becomes.
struct Memory<'a> {
    id: &'a str,
    last_run: Option<i64>,
    last_duration: Option<f64>,
    last_error: Option<&'a str>,
    last_succeeded: bool,
    /// These two stay where they are none.
    last_success_at: Option<i64>,
    last_marker: Option<&'a str>,
    failures_in_a_row: i64,
    health: String,
    is_paused_now: bool,
}

impl Memory<'_> {
    fn row(&self) -> Row<'_, 10> {
        [
            ("id", self.id.into()),
            ("last_run", self.last_run.into()),
            ("last_duration", self.last_duration.into()),
            ("last_error", self.last_error.into()),
            ("last_succeeded", i64::from(self.last_succeeded).into()),
            ("last_success_at", self.last_success_at.into()),
            ("last_marker", self.last_marker.into()),
            ("failures_in_a_row", self.failures_in_a_row.into()),
            ("health", self.health.as_str().into()),
            ("is_paused_now", i64::from(self.is_paused_now).into()),
        ]
    }
}

async fn write(writing: &mut Writing<'_>, memories: &[Memory<'_>]) -> StoreResult<()> {
    let rows: Vec<Row<'_, 10>> = memories.iter().map(Memory::row).collect();
    let blank = row_values::blank(&rows);
    for piece in row_values::pieces("memory", &[], &rows, &blank) {
        let sql = format!(
            "UPDATE job SET last_run = memory.last_run, last_duration = memory.last_duration, \
                 last_error = memory.last_error, last_succeeded = memory.last_succeeded, \
                 last_success_at = COALESCE(memory.last_success_at, job.last_success_at), \
                 last_marker = COALESCE(memory.last_marker, job.last_marker), \
                 failures_in_a_row = memory.failures_in_a_row, health = memory.health, \
                 enabled = CASE WHEN memory.is_paused_now = 1 THEN 0 ELSE job.enabled END, \
                 next_due = CASE WHEN memory.is_paused_now = 1 THEN NULL ELSE job.next_due END, \
                 version = job.version + memory.is_paused_now \
             FROM marktwerk.jobs AS job JOIN {} ON job.id = memory.id COLLATE Latin1_General_BIN2",
            piece.table
        );
        writing.connection.execute("remember how runs went", &sql, &piece.values).await?;
    }
    Ok(())
}

/// What the ends depend on.
struct Before {
    is_active: bool,
    failures_in_a_row: i64,
    health: JobHealth,
}

/// Keeps the ends of attempts in their jobs' histories, in their order. A job that waits for its next attempt shows as failed with
/// the error, but the failures in a row and the health count runs that are over.
pub(crate) async fn remember(writing: &mut Writing<'_>, ended: &[EndedAttempt<'_>]) -> StoreResult<()> {
    let telling: Vec<(&EndedAttempt<'_>, Meaning)> =
        ended.iter().filter_map(|ended| Some((ended, Meaning::of(ended.state)?))).collect();
    if telling.is_empty() {
        return Ok(());
    }
    let mut jobs = read(writing, telling.iter().map(|(ended, _)| ended.job_id.as_str())).await?;
    let mut memories: HashMap<&str, Memory<'_>> = HashMap::new();
    for (ended, meaning) in telling {
        let id = ended.job_id.as_str();
        // A job that was never stored has no history.
        let Some(before) = jobs.get_mut(id) else { continue };
        let is_paused_now = ended.state.is_ended() && judge(writing, before, ended).await?;
        before.failures_in_a_row = before.failures_in_a_row * meaning.times + meaning.more;
        let has_succeeded = meaning.has_succeeded;
        let earlier = memories.remove(id);
        let memory = Memory {
            id,
            last_run: optional_micros(ended.started_at),
            last_duration: ended.seconds,
            last_error: ended.error.filter(|_| !has_succeeded),
            last_succeeded: has_succeeded,
            last_success_at: has_succeeded
                .then(|| micros(ended.ended_at))
                .or(earlier.as_ref().and_then(|earlier| earlier.last_success_at)),
            last_marker: ended
                .marker
                .filter(|_| has_succeeded)
                .or(earlier.as_ref().and_then(|earlier| earlier.last_marker)),
            failures_in_a_row: before.failures_in_a_row,
            health: columns::json(&before.health)?,
            is_paused_now: is_paused_now || earlier.is_some_and(|earlier| earlier.is_paused_now),
        };
        memories.insert(id, memory);
    }
    let memories: Vec<Memory<'_>> = memories.into_values().collect();
    writing.effects.specs |= memories.iter().any(|memory| memory.is_paused_now);
    write(writing, &memories).await?;
    let paused: Vec<&str> =
        memories.iter().filter(|memory| memory.is_paused_now).map(|memory| memory.id).collect();
    hold::follow(writing, &paused).await
}

/// What an end means: the new count of consecutive failures is the old one times the first figure, plus the second.
#[derive(Clone, Copy)]
struct Meaning {
    has_succeeded: bool,
    times: i64,
    more: i64,
}

impl Meaning {
    fn of(state: RunState) -> Option<Self> {
        let (has_succeeded, times, more) = match state {
            RunState::Succeeded => (true, 0, 0),
            RunState::Failed | RunState::Lost => (false, 1, 1),
            RunState::Retrying => (false, 1, 0),
            RunState::Waiting | RunState::Running | RunState::Cancelled | RunState::Skipped => return None,
        };
        Some(Self { has_succeeded, times, more })
    }
}

async fn read(
    writing: &mut Writing<'_>,
    ids: impl Iterator<Item = &str>,
) -> StoreResult<HashMap<String, Before>> {
    let ids: Vec<&str> = ids.collect();
    let sql = "\
        SELECT id, enabled, archived, failures_in_a_row, health FROM marktwerk.jobs \
        WHERE id IN (SELECT CAST(value AS nvarchar(200)) COLLATE Latin1_General_BIN2 FROM OPENJSON(@P1))";
    let rows = writing.connection.query("read how jobs fare", sql, &[&columns::json(&ids)?]).await?;
    let jobs = columns::map(&rows, |columns| {
        let id = columns.text()?;
        let (enabled, archived) = (columns.truth()?, columns.truth()?);
        let (failures_in_a_row, health) = (columns.integer()?, columns.json()?);
        Ok((id, Before { is_active: enabled && !archived, failures_in_a_row, health }))
    })?;
    Ok(jobs.into_iter().collect())
}

/// What the end of a run means for its job's health: stores what people are to be told. Answers whether the fuse blows and the job is
/// paused, as an edit would pause it.
async fn judge(writing: &mut Writing<'_>, job: &mut Before, ended: &EndedAttempt<'_>) -> StoreResult<bool> {
    let (mut next, mut change) = match ended.state {
        RunState::Succeeded => job.health.after_success(),
        _ => job.health.after_failure(ended.trouble),
    };
    let blows = change == Some(HealthChange::Paused);
    let is_paused_now = blows && job.is_active;
    if blows && !job.is_active {
        // It stands still already, and a person who tries it by hand need not be told what he sees.
        (next.alarm, change) = (job.health.alarm, None);
    }
    if let Some(change) = change {
        alerts::insert(writing, change, ended.job_id, ended.run, ended.error, ended.ended_at).await?;
    }
    job.health = next;
    job.is_active &= !is_paused_now;
    Ok(is_paused_now)
}
