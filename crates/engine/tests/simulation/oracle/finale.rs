//! At the end of a history: what the database holds is what the oracle knows, row by row, and line by line.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use marktwerk_domain::alert::AlertId;
use marktwerk_domain::job::{Job, JobHistory};
use marktwerk_domain::log::LogRow;
use marktwerk_domain::run::{Attempt, Run, RunId};
use marktwerk_store::logs::LogFilter;
use marktwerk_store::runs::RunFilter;

use super::{Oracle, Verdict, ensure};
use crate::ground::{Ground, at_once};

const STANDS: &str = "the database holds what has happened";
const LINES: &str = "every run has its lines once, and one closing line";
const BESIDE: &str = "never more at work than the limits allow";

/// The two waits of a slow call are shorter together.
const A_CALL: SignedDuration = SignedDuration::from_millis(400);

/// Compares.
pub(crate) fn compare(ground: &Ground) -> Verdict {
    let store = &ground.store;
    let jobs = at_once(store.jobs(true)).unwrap_or_default();
    let all = RunFilter { limit: usize::MAX >> 1, ..RunFilter::default() };
    let runs = at_once(store.runs(&all)).unwrap_or_default();
    let attempts: Vec<(RunId, Vec<Attempt>)> =
        runs.iter().map(|run| (run.id, at_once(store.attempts(run.id)).unwrap_or_default())).collect();
    let filter = LogFilter { after: Some(0), limit: usize::MAX >> 1, ..LogFilter::default() };
    let lines = at_once(store.logs(&filter)).unwrap_or_default();
    let alerts = at_once(store.alerts_after(AlertId(0), 1_000_000)).unwrap_or_default();
    let alerts: Vec<_> = alerts.into_iter().map(|alert| (alert.change, alert.job_id, alert.run)).collect();
    ground.trace.ask(|oracle| {
        jobs.iter().try_for_each(|job| oracle.job_stands(job))?;
        ensure(runs.len() == oracle.runs.len(), STANDS, || {
            format!("{} runs of {}", runs.len(), oracle.runs.len())
        })?;
        runs.iter().try_for_each(|run| oracle.run_stands(run))?;
        attempts.iter().try_for_each(|(id, attempts)| oracle.attempts_stand(*id, attempts))?;
        oracle.never_beside(&runs, &attempts)?;
        lines_are_whole(&runs, &lines)?;
        let known: Vec<_> =
            oracle.alerts.iter().map(|(change, job, run)| (Some(*change), job.clone(), Some(*run))).collect();
        ensure(alerts == known, "each change of a job's health is told once", || {
            format!("{alerts:?}\n{known:?}")
        })
    })
}

impl Oracle {
    fn job_stands(&self, job: &Job) -> Verdict {
        let known = &self.job(&job.id)?.job;
        // How long a run took is a matter of fractions.
        let rounded = |job: &Job| {
            let history = JobHistory { last_duration: None, ..job.history.clone() };
            Job { history, ..job.clone() }
        };
        ensure(rounded(job) == rounded(known), STANDS, || format!("{job:?}\n  instead of {known:?}"))
    }

    fn run_stands(&self, run: &Run) -> Verdict {
        let known = &self.run(run.id)?.row;
        ensure(run.state.is_ended(), "every run ends", || format!("run {} is {:?}", run.id, run.state))?;
        ensure(run == known, STANDS, || format!("{run:?}\n  instead of {known:?}"))
    }

    fn attempts_stand(&self, id: RunId, attempts: &[Attempt]) -> Verdict {
        let known = &self.run(id)?.attempts;
        ensure(attempts == known, STANDS, || format!("run {id}: {attempts:?}\n  instead of {known:?}"))
    }

    /// By the history alone: no more attempts of a job at the same time than it ever allowed, but for the moment of a claim: its time
    /// is read before the store is called, and what the job still had at work may end while the call waits.
    fn never_beside(&self, runs: &[Run], attempts: &[(RunId, Vec<Attempt>)]) -> Verdict {
        let mut of_jobs: BTreeMap<&str, Vec<(&Attempt, RunId)>> = BTreeMap::new();
        for (run, (id, attempts)) in runs.iter().zip(attempts) {
            of_jobs
                .entry(run.job_id.as_str())
                .or_default()
                .extend(attempts.iter().map(|attempt| (attempt, *id)));
        }
        if self.has_been_put_back {
            return Ok(());
        }
        for (job, attempts) in of_jobs {
            let most = self.most_instances.get(job).copied().unwrap_or(1) as usize;
            let mut moments: Vec<_> = attempts
                .iter()
                .map(|(attempt, _)| (attempt.started_at + A_CALL, attempt.ended_at))
                .filter(|(began, ended_at)| *ended_at > Some(*began))
                .flat_map(|(began, ended_at)| ended_at.map(|end| [(end, 0), (began, 1)]))
                .flatten()
                .collect();
            // What ends at a moment ends before the next begins.
            moments.sort();
            let mut at_work = 0_usize;
            for (at, begins) in moments {
                at_work = if begins == 1 { at_work + 1 } else { at_work.saturating_sub(1) };
                ensure(at_work <= most, BESIDE, || {
                    format!("{at_work} attempts of {job} at {at}, {most} at the most")
                })?;
            }
        }
        Ok(())
    }
}

/// Lines 1 to the last of each run, each once, and with the last one its end.
fn lines_are_whole(runs: &[Run], rows: &[LogRow]) -> Verdict {
    let mut lines: BTreeMap<i64, Vec<&LogRow>> = BTreeMap::new();
    for row in rows {
        lines.entry(row.run.unwrap_or(0)).or_default().push(row);
    }
    for run in runs {
        let of_run = lines.remove(&run.id.0).unwrap_or_default();
        let numbers: Vec<i64> = of_run.iter().filter_map(|row| row.line).collect();
        let id = run.id;
        ensure(numbers == (1..=run.last_line).collect::<Vec<_>>(), LINES, || {
            format!("run {id} has lines {numbers:?}")
        })?;
        let closing: Vec<i64> =
            of_run.iter().filter(|row| row.status.is_some()).filter_map(|row| row.line).collect();
        ensure(closing == [run.last_line], LINES, || format!("run {id} closes with lines {closing:?}"))?;
        let attempts: Vec<i64> = of_run.iter().filter_map(|row| row.attempt).collect();
        ensure(attempts.is_sorted(), LINES, || format!("run {id} has lines of attempts {attempts:?}"))?;
    }
    ensure(lines.is_empty(), LINES, || format!("lines of no run: {lines:?}"))
}
