//! Firing: the schedule advances by compare-and-swap, and the planned times become runs, or are skipped or merged where the
//! job is busy.
//!
//! What the firings need is read and written for all of them at once. Only where a time is skipped or merged, or others have to
//! make room, is one firing a matter of its own statements.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use marktwerk_domain::policy::Overlap;
use marktwerk_domain::run::{RunId, RunState, Trigger};
use serde::Serialize;

use super::queue::Planned;
use super::{cancel, merge, queue, skip};
use crate::StoreResult;
use crate::live_runs::{Live, in_the_way};
use crate::runs::{Fired, Firing, NewRun, Skip};
use crate::sqlserver::columns::{self, micros, optional_micros};
use crate::sqlserver::writing::Writing;

pub(super) async fn fire(
    writing: &mut Writing<'_>,
    firings: &[Firing],
    now: Timestamp,
) -> StoreResult<Vec<Fired>> {
    let mut answers: Vec<Fired> = Vec::with_capacity(firings.len());
    // A job that fires twice does so one after the other.
    let mut rest = firings;
    while !rest.is_empty() {
        let mut jobs = HashSet::new();
        let length = rest.iter().take_while(|firing| jobs.insert(&firing.job_id)).count();
        let (together, later) = rest.split_at(length);
        answers.extend(fire_together(writing, together, now).await?);
        rest = later;
    }
    Ok(answers)
}

/// Fires jobs, each once.
async fn fire_together(
    writing: &mut Writing<'_>,
    firings: &[Firing],
    now: Timestamp,
) -> StoreResult<Vec<Fired>> {
    let advanced = advance(writing, firings).await?;
    let mut answers = vec![Fired::Stale; firings.len()];
    if advanced.is_empty() {
        return Ok(answers);
    }
    writing.effects.jobs = true;
    let fired: Vec<(usize, &Firing)> =
        firings.iter().enumerate().filter(|(_, firing)| advanced.contains(firing.job_id.as_str())).collect();
    let mut times: Vec<&NewRun> = Vec::new();
    for (_, firing) in &fired {
        times.extend(&firing.runs);
        times.extend(firing.skips.iter().map(|skipped| &skipped.run));
    }
    let mut planned = queue::planned(writing, &times).await?;
    let jobs: Vec<&str> = fired.iter().map(|(_, firing)| firing.job_id.as_str()).collect();
    let live = live(writing, &jobs).await?;

    let mut free: Vec<(usize, &NewRun)> = Vec::new();
    let mut crowded = Vec::new();
    for (place, firing) in fired {
        let before = live.get(firing.job_id.as_str()).map_or(0, Vec::len);
        if is_free(firing, before, &planned) {
            answers[place] = Fired::Done { queued: Vec::new(), cancelling: Vec::new() };
            free.extend(times_without_runs(firing, &planned).map(|run| (place, run)));
        } else {
            crowded.push((place, firing));
        }
    }
    let runs: Vec<&NewRun> = free.iter().map(|(_, run)| *run).collect();
    let ids = queue::insert_as(writing, &runs, RunState::Waiting, now).await?;
    for ((place, _), id) in free.iter().zip(ids) {
        if let Fired::Done { queued, .. } = &mut answers[*place] {
            queued.push(id);
        }
    }
    for (place, firing) in crowded {
        answers[place] = fire_one(writing, firing, &mut planned, now).await?;
    }
    Ok(answers)
}

/// The planned times that have no run yet: an edit may have moved the schedule back onto one that has.
fn times_without_runs<'a>(firing: &'a Firing, planned: &Planned) -> impl Iterator<Item = &'a NewRun> {
    let mut seen = HashSet::new();
    firing.runs.iter().filter(move |run| {
        planned.run_of(run).is_none() && (run.trigger != Trigger::Schedule || seen.insert(run.planned_at))
    })
}

/// Whether each of its times becomes a run, and nothing else happens.
fn is_free(firing: &Firing, live: usize, planned: &Planned) -> bool {
    let room = usize::try_from(firing.max_instances).unwrap_or(usize::MAX);
    let runs = times_without_runs(firing, planned).count();
    firing.skips.is_empty()
        && match firing.overlap {
            Overlap::QueueAll => true,
            Overlap::Skip => runs == 0 || live < room,
            _ => live + runs <= room,
        }
}

/// Advances the schedules that stand where the caller saw them; answers with their jobs.
async fn advance(writing: &mut Writing<'_>, firings: &[Firing]) -> StoreResult<HashSet<String>> {
    #[derive(Serialize)]
    struct Step<'a> {
        job: &'a str,
        seen_due: i64,
        next_due: Option<i64>,
    }
    let steps: Vec<Step<'_>> = firings
        .iter()
        .map(|firing| Step {
            job: firing.job_id.as_str(),
            seen_due: micros(firing.seen_due),
            next_due: optional_micros(firing.next_due),
        })
        .collect();
    // Under the scheduler's lock what was read is still so when it is written.
    let read = "\
        SELECT job.id \
        FROM OPENJSON(@P1) WITH (job nvarchar(200), seen_due bigint) AS step \
        JOIN marktwerk.jobs AS job ON job.id = step.job COLLATE Latin1_General_BIN2 \
        WHERE job.next_due = step.seen_due AND job.enabled = 1 AND job.archived = 0";
    let rows = writing.connection.query("look which jobs are due", read, &[&columns::json(&steps)?]).await?;
    let due: HashSet<String> = columns::map(&rows, |columns| columns.text())?.into_iter().collect();
    if due.is_empty() {
        return Ok(due);
    }
    let steps: Vec<&Step<'_>> = steps.iter().filter(|step| due.contains(step.job)).collect();
    let write = "\
        UPDATE job SET next_due = step.next_due \
        FROM marktwerk.jobs AS job \
        JOIN OPENJSON(@P1) WITH (job nvarchar(200), next_due bigint) AS step \
            ON job.id = step.job COLLATE Latin1_General_BIN2";
    writing.connection.execute("advance schedules", write, &[&columns::json(&steps)?]).await?;
    Ok(due)
}

/// Jobs' running and waiting runs, except those that somebody asked to end; oldest first.
async fn live(writing: &mut Writing<'_>, jobs: &[&str]) -> StoreResult<HashMap<String, Vec<Live>>> {
    let sql = "\
        SELECT job_id, id, state, attempt FROM marktwerk.runs \
        WHERE job_id IN (SELECT CAST(value AS nvarchar(200)) COLLATE Latin1_General_BIN2 FROM OPENJSON(@P1)) \
            AND state IN ('waiting', 'running', 'retrying') AND cancel_requested = 0 \
        ORDER BY id";
    let rows = writing.connection.query("read live runs", sql, &[&columns::json(jobs)?]).await?;
    let mut live: HashMap<String, Vec<Live>> = HashMap::new();
    columns::map(&rows, |columns| {
        let job = columns.text()?;
        let run = Live { id: RunId(columns.integer()?), state: columns.word()?, attempt: columns.integer()? };
        live.entry(job).or_default().push(run);
        Ok(())
    })?;
    Ok(live)
}

/// What an advanced schedule brings where not all of it goes straight into the queue.
async fn fire_one(
    writing: &mut Writing<'_>,
    firing: &Firing,
    planned: &mut Planned,
    now: Timestamp,
) -> StoreResult<Fired> {
    for skipped in &firing.skips {
        if planned.run_of(&skipped.run).is_none() {
            skip::record(writing, skipped, now).await?;
        }
    }
    if !firing.skips.is_empty() {
        // A time that was skipped just now has its row.
        let times: Vec<&NewRun> = firing.runs.iter().collect();
        planned.add_all(queue::planned(writing, &times).await?);
    }
    let (mut queued, mut cancelling) = (Vec::new(), Vec::new());
    for run in &firing.runs {
        if planned.run_of(run).is_none()
            && is_let_in(writing, firing, run, &queued, &mut cancelling, now).await?
        {
            for id in queue::insert_as(writing, &[run], RunState::Waiting, now).await? {
                planned.add(run, id);
                queued.push(id);
            }
        }
    }
    Ok(Fired::Done { queued, cancelling })
}

/// Whether a planned time becomes a run of its own, after `queued` of the same firing. Where it does not, it was skipped or
/// merged; where others have to make room, they were asked to.
async fn is_let_in(
    writing: &mut Writing<'_>,
    firing: &Firing,
    run: &NewRun,
    queued: &[RunId],
    cancelling: &mut Vec<RunId>,
    now: Timestamp,
) -> StoreResult<bool> {
    if firing.overlap == Overlap::QueueAll {
        return Ok(true);
    }
    let mut live = live(writing, &[firing.job_id.as_str()]).await?;
    let mut live = live.remove(firing.job_id.as_str()).unwrap_or_default();
    if firing.overlap == Overlap::Skip {
        // Missed times that are made up for together do not exclude each other: they run one after the other.
        live.retain(|live| !queued.contains(&live.id));
    }
    let room = usize::try_from(firing.max_instances).unwrap_or(usize::MAX);
    if live.len() < room {
        return Ok(true);
    }
    if firing.overlap == Overlap::Skip {
        let reason = in_the_way(&live);
        skip::record(writing, &Skip { run: run.clone(), reason }, now).await?;
        return Ok(false);
    }
    if let Some(waiting) = merge::waiting_alike(writing, run).await? {
        merge::merge(writing, waiting, run).await?;
        return Ok(false);
    }
    if firing.overlap == Overlap::CancelRunning {
        let too_many = live.len() + 1 - room;
        for old in live.iter().filter(|live| live.has_begun()).take(too_many) {
            cancel::cancel(writing, old.id, "a later planned time takes its place", now).await?;
            cancelling.extend((old.state == RunState::Running).then_some(old.id));
        }
    }
    Ok(true)
}
