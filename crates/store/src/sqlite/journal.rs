//! The journal on SQLite: records in their order, each behind its attempt's fence; what many records of
//! a run change in its row is written once.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{Epoch, RunId, RunState};
use marktwerk_domain::step::StepReport;
use rusqlite::{Connection, params};

use super::history::{self, EndedAttempt};
use super::lines;
use super::rows::{self, Json, Micros, Word, micros};
use super::runs::{cancel, chain, hold, queue, read};
use super::store::SqliteStore;
use super::writing::Writing;
use crate::StoreResult;
use crate::journal::{AttemptEnd, Committed, Entry, JournalStore, Record};
use crate::mutant::{self, Mutant};
use crate::own_lines;

#[async_trait]
impl JournalStore for SqliteStore {
    async fn commit(&self, records: &[Record]) -> StoreResult<Committed> {
        let records = records.to_vec();
        self.write(move |writing| commit(writing, records)).await
    }
}

fn commit(writing: &mut Writing<'_>, records: Vec<Record>) -> StoreResult<Committed> {
    let mut runs: HashMap<RunId, OpenRun> = HashMap::new();
    let mut fenced = Vec::new();
    let mut unwritten = Vec::new();
    let mut ended = Vec::new();
    for Record { run: id, epoch, entry } in records {
        let run = match runs.entry(id) {
            Slot::Occupied(slot) => slot.into_mut(),
            Slot::Vacant(slot) => slot.insert(OpenRun::read(writing.connection, id)?),
        };
        if !run.is_held_by(epoch) {
            if !fenced.contains(&id) {
                fenced.push(id);
            }
            continue;
        }
        match entry {
            Entry::Line(line) => {
                run.last_line = run.last_line.max(line.line);
                run.has_changed = true;
                unwritten.push(line);
            }
            Entry::Heartbeat { lease_until, .. } => {
                run.lease_until = Some(lease_until);
                run.has_changed = true;
            }
            Entry::Steps(steps) => {
                run.steps = Some(steps);
                run.has_changed = true;
                writing.effects.jobs = true;
            }
            Entry::End(end) => {
                unwritten.push(end.line.clone());
                match run.end(writing, id, &end)? {
                    None => ended.push((id, end.state, end.ended_at)),
                    Some(goes_on) => {
                        let (wish, job) = (run.cancel_requested, &run.job_id);
                        if let Some(reason) = cancel::reason_to_end(writing, id, wish, job)? {
                            // Written by the store, so what came before it has to be there.
                            lines::insert(writing, &std::mem::take(&mut unwritten))?;
                            let run = read::existing(writing.connection, goes_on)?;
                            cancel::end_cancelled(writing, &run, &reason, end.ended_at)?;
                        }
                    }
                }
            }
        }
    }
    lines::insert(writing, &unwritten)?;
    for (id, run) in &runs {
        run.write(writing.connection, *id)?;
    }
    // After the closing lines: what follows may have lines of its own.
    for (id, state, at) in ended {
        chain::follow(writing, &runs[&id].job_id, id, state, at)?;
    }
    Ok(Committed { highest_log_id: writing.effects.highest_log_id, fenced })
}

/// A run of the batch, as far as its records need and change it.
struct OpenRun {
    /// The epoch of its lease while it is running.
    lease: Option<Epoch>,
    job_id: JobId,
    attempt: u32,
    attempt_started_at: Option<Timestamp>,
    cancel_requested: bool,
    last_line: i64,
    lease_until: Option<Timestamp>,
    steps: Option<Vec<StepReport>>,
    has_changed: bool,
}

impl OpenRun {
    fn read(connection: &Connection, id: RunId) -> StoreResult<Self> {
        let sql = "SELECT state, epoch, job_id, attempt, attempt_started_at, cancel_requested, last_line \
             FROM runs WHERE id = ?1";
        let found = rows::one(connection, sql, [id.0], |row| {
            let Word(state): Word<RunState> = row.get(0)?;
            let epoch = Epoch(row.get(1)?);
            Ok(Self {
                lease: (state == RunState::Running).then_some(epoch),
                job_id: JobId(row.get(2)?),
                attempt: row.get(3)?,
                attempt_started_at: row.get::<_, Option<Micros>>(4)?.map(|time| time.0),
                cancel_requested: row.get(5)?,
                last_line: row.get(6)?,
                lease_until: None,
                steps: None,
                has_changed: false,
            })
        })?;
        // A run that was deleted meanwhile is one without a lease.
        Ok(found.unwrap_or_else(|| Self {
            lease: None,
            job_id: JobId(String::new()),
            attempt: 0,
            attempt_started_at: None,
            cancel_requested: false,
            last_line: 0,
            lease_until: None,
            steps: None,
            has_changed: false,
        }))
    }

    fn is_held_by(&self, epoch: Epoch) -> bool {
        self.lease.is_some_and(|lease| lease == epoch || mutant::is(Mutant::Fence))
    }

    /// The end with its consequences, except the jobs that follow; nothing of the run is left to be written afterwards. Answers with the run that goes on
    /// where this attempt stopped: itself, or its next slice.
    fn end(&mut self, writing: &mut Writing<'_>, id: RunId, end: &AttemptEnd) -> StoreResult<Option<RunId>> {
        let AttemptEnd {
            state,
            outcome,
            error,
            ended_at,
            ready_at,
            uses_attempt,
            warnings,
            line,
            steps,
            follow_up,
            trouble,
            marker,
        } = end;
        let connection = writing.connection;
        rows::execute(
            connection,
            "UPDATE runs SET state = ?2, ended_at = ?3, ready_at = COALESCE(?4, ready_at), \
             attempts_used = attempts_used + ?5, warnings = ?6, error = ?7, steps = ?8, last_line = ?9, node = NULL, \
             lease_until = NULL WHERE id = ?1",
            params![
                id.0,
                state.as_str(),
                state.is_ended().then_some(Micros(*ended_at)),
                micros(*ready_at),
                uses_attempt,
                warnings,
                error,
                Json(steps),
                self.last_line.max(line.line),
            ],
        )?;
        rows::execute(
            connection,
            "UPDATE attempts SET ended_at = ?3, outcome = ?4, error = ?5 WHERE run_id = ?1 AND number = ?2",
            params![id.0, self.attempt, Micros(*ended_at), outcome, error],
        )?;
        let since_start = || Some(own_lines::seconds_between(self.attempt_started_at?, *ended_at));
        let ended = EndedAttempt {
            job_id: &self.job_id,
            run: id,
            state: *state,
            started_at: self.attempt_started_at,
            seconds: line.duration_seconds.or_else(since_start),
            ended_at: *ended_at,
            error: error.as_deref(),
            trouble: *trouble,
            marker: marker.as_deref().filter(|_| follow_up.is_none()),
        };
        history::remember(writing, &ended)?;
        if !state.is_ended() {
            hold::look(connection, id)?;
        }
        writing.effects.jobs = true;
        self.lease = None;
        self.has_changed = false;
        match follow_up {
            Some(next) => queue::insert(writing, next, *ended_at).map(Some),
            None => Ok((!state.is_ended()).then_some(id)),
        }
    }

    /// Writes what the records before an end changed.
    fn write(&self, connection: &Connection, id: RunId) -> StoreResult<()> {
        if !self.has_changed {
            return Ok(());
        }
        rows::execute(
            connection,
            "UPDATE runs SET last_line = ?2, lease_until = COALESCE(?3, lease_until), steps = COALESCE(?4, steps) \
             WHERE id = ?1",
            params![id.0, self.last_line, micros(self.lease_until), self.steps.as_ref().map(Json)],
        )?;
        Ok(())
    }
}
