//! The journal on SQL Server: records in their order, each behind its attempt's fence. What they mean is worked out here; then all
//! lines are stored in one statement, all runs written in one, and so on, however many records there are.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::job::JobId;
use marktwerk_domain::log::LogLine;
use marktwerk_domain::run::{Epoch, RunId, RunState};
use marktwerk_domain::step::StepReport;

use super::columns::{self, Columns};
use super::history::{self, EndedAttempt};
use super::journal_rows::{self, ClosedAttempt, HeldRun};
use super::lease_clock;
use super::lines;
use super::runs::chain::{self, EndedRun};
use super::runs::{cancel, hold, queue, read};
use super::store::SqlServerStore;
use super::writing::{SCHEDULER, Writing, write_in};
use crate::StoreResult;
use crate::journal::{AttemptEnd, Committed, Entry, JournalStore, Record};
use crate::own_lines;
use crate::runs::NewRun;

#[async_trait]
impl JournalStore for SqlServerStore {
    async fn commit(&self, records: &[Record]) -> StoreResult<Committed> {
        if records.is_empty() {
            return Ok(Committed::default());
        }
        write_in!(self, "commit records", SCHEDULER, |writing| commit(writing, records))
    }
}

/// What the records of a commit come to.
#[derive(Default)]
struct Batch<'a> {
    runs: HashMap<RunId, OpenRun>,
    fenced: Vec<RunId>,
    lines: Vec<&'a LogLine>,
    /// Lines with a number that the run has reached already: they may have been sent before.
    doubtful: Vec<&'a LogLine>,
    ends: Vec<(RunId, &'a AttemptEnd)>,
    has_steps: bool,
}

async fn commit(writing: &mut Writing<'_>, records: &[Record]) -> StoreResult<Committed> {
    let mut batch = Batch { runs: open_runs(writing, records).await?, ..Batch::default() };
    records.iter().for_each(|record| batch.take(record));
    let Batch { runs, fenced, lines, doubtful, ends, has_steps } = batch;
    writing.effects.jobs |= has_steps || !ends.is_empty();

    store_lines(writing, lines, &doubtful).await?;
    let held = runs.iter().filter(|(_, run)| run.has_changed).map(|(id, run)| run.held(*id));
    journal_rows::hold(writing, &held.collect::<StoreResult<Vec<_>>>()?).await?;
    let closed = ends.iter().filter_map(|(id, end)| Some((*id, *end, runs.get(id)?)));
    let closed: Vec<(RunId, &AttemptEnd, &OpenRun)> = closed.collect();
    let rows = closed.iter().map(|(id, end, run)| ClosedAttempt::of(*id, run.attempt, run.last_line, end));
    journal_rows::close(writing, &rows.collect::<StoreResult<Vec<_>>>()?).await?;
    let told: Vec<EndedAttempt<'_>> = closed.iter().map(|(id, end, run)| run.told(*id, end)).collect();
    history::remember(writing, &told).await?;
    let waiting = closed.iter().filter(|(_, end, _)| !end.state.is_ended()).map(|(id, ..)| *id);
    hold::look(writing, &waiting.collect::<Vec<_>>()).await?;
    go_on(writing, &closed).await?;
    Ok(Committed { highest_log_id: writing.effects.highest_log_id, fenced })
}

/// Stores lines in their order, except those that are stored already.
async fn store_lines(
    writing: &mut Writing<'_>,
    lines: Vec<&LogLine>,
    doubtful: &[&LogLine],
) -> StoreResult<()> {
    let stored = lines::stored(writing, doubtful).await?;
    let is_new = |line: &&LogLine| !stored.contains(&(line.run.0, line.attempt, line.line));
    let new: Vec<&LogLine> = lines.into_iter().filter(is_new).collect();
    lines::insert_all(writing, &new).await
}

/// What follows on the ends: slices, the wish to cancel that came while an attempt was ending, and the jobs of chains.
async fn go_on(writing: &mut Writing<'_>, closed: &[(RunId, &AttemptEnd, &OpenRun)]) -> StoreResult<()> {
    for (id, end, run) in closed {
        let goes_on = match &end.follow_up {
            Some(next) => next_slice(writing, next, end.ended_at).await?,
            None => (!end.state.is_ended()).then_some(*id),
        };
        if let Some(goes_on) = goes_on
            && let Some(reason) =
                cancel::reason_to_end(writing, *id, run.cancel_requested, &run.job_id).await?
        {
            // What follows, the run itself or its next slice, must not begin.
            let run = read::existing(writing.connection, goes_on).await?;
            cancel::end_cancelled(writing, &run, &reason, end.ended_at).await?;
        }
    }
    // The jobs that follow wait for the end of the last slice.
    let ended = closed.iter().filter(|(_, end, _)| end.follow_up.is_none() && end.state.is_ended());
    let ended: Vec<EndedRun<'_>> = ended
        .map(|(id, end, run)| EndedRun { job: &run.job_id, run: *id, state: end.state, at: end.ended_at })
        .collect();
    chain::follow(writing, &ended).await
}

async fn next_slice(writing: &mut Writing<'_>, next: &NewRun, at: Timestamp) -> StoreResult<Option<RunId>> {
    Ok(queue::insert(writing, &[next], at).await?.first().copied())
}

impl<'a> Batch<'a> {
    fn take(&mut self, record: &'a Record) {
        let Record { run: id, epoch, entry } = record;
        // A run that was deleted meanwhile is one without a lease.
        let held = self.runs.get_mut(id).filter(|run| run.lease == Some(*epoch));
        let Some(run) = held else {
            if !self.fenced.contains(id) {
                self.fenced.push(*id);
            }
            return;
        };
        match entry {
            Entry::Line(line) => {
                if line.line <= run.stored_line {
                    self.doubtful.push(line);
                }
                run.last_line = run.last_line.max(line.line);
                run.has_changed = true;
                self.lines.push(line);
            }
            Entry::Heartbeat { at, lease_until } => {
                run.renewal = Some((*at, *lease_until));
                run.has_changed = true;
            }
            Entry::Steps(steps) => {
                run.steps = Some(steps.clone());
                run.has_changed = true;
                self.has_steps = true;
            }
            Entry::End(end) => {
                run.last_line = run.last_line.max(end.line.line);
                run.lease = None;
                run.has_changed = false;
                self.lines.push(&end.line);
                self.ends.push((*id, end));
            }
        }
    }
}

/// A run of the batch, as far as its records need and change it.
struct OpenRun {
    /// The epoch of its lease while it is running.
    lease: Option<Epoch>,
    job_id: JobId,
    attempt: u32,
    attempt_started_at: Option<Timestamp>,
    cancel_requested: bool,
    /// The number of its last line before this batch.
    stored_line: i64,
    last_line: i64,
    /// When its lease was renewed last, and until when.
    renewal: Option<(Timestamp, Timestamp)>,
    steps: Option<Vec<StepReport>>,
    has_changed: bool,
}

async fn open_runs(writing: &mut Writing<'_>, records: &[Record]) -> StoreResult<HashMap<RunId, OpenRun>> {
    let ids: BTreeSet<i64> = records.iter().map(|record| record.run.0).collect();
    let sql = "\
        SELECT id, state, epoch, job_id, attempt, attempt_started_at, cancel_requested, last_line FROM marktwerk.runs \
        WHERE id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@P1))";
    let rows = writing.connection.query("read the runs of records", sql, &[&columns::json(&ids)?]).await?;
    Ok(columns::map(&rows, open_run)?.into_iter().collect())
}

fn open_run(columns: &mut Columns<'_>) -> StoreResult<(RunId, OpenRun)> {
    let id = RunId(columns.integer()?);
    let (state, epoch): (RunState, _) = (columns.word()?, Epoch(columns.integer()?));
    let job_id = JobId(columns.text()?);
    let attempt = columns.integer()?;
    let attempt_started_at = columns.optional_time()?;
    let cancel_requested = columns.truth()?;
    let last_line = columns.integer()?;
    let run = OpenRun {
        lease: (state == RunState::Running).then_some(epoch),
        job_id,
        attempt,
        attempt_started_at,
        cancel_requested,
        stored_line: last_line,
        last_line,
        renewal: None,
        steps: None,
        has_changed: false,
    };
    Ok((id, run))
}

impl OpenRun {
    /// What the records before an end changed.
    fn held(&self, id: RunId) -> StoreResult<HeldRun> {
        Ok(HeldRun {
            id: id.0,
            last_line: self.last_line,
            renewed_at: self.renewal.map(|(at, _)| columns::micros(at)),
            lease: self.renewal.map(|(at, until)| lease_clock::length(at, until)),
            steps: self.steps.as_ref().map(columns::json).transpose()?,
        })
    }

    /// What its job remembers of the end.
    fn told<'a>(&'a self, id: RunId, end: &'a AttemptEnd) -> EndedAttempt<'a> {
        let since_start = || Some(own_lines::seconds_between(self.attempt_started_at?, end.ended_at));
        EndedAttempt {
            job_id: &self.job_id,
            run: id,
            state: end.state,
            started_at: self.attempt_started_at,
            seconds: end.line.duration_seconds.or_else(since_start),
            ended_at: end.ended_at,
            error: end.error.as_deref(),
            trouble: end.trouble,
            marker: end.marker.as_deref().filter(|_| end.follow_up.is_none()),
        }
    }
}
