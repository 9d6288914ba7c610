//! What an attempt's end has to be: what the workflow said, and why it was stopped where it was.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::failure::FailureClass;
use marktwerk_domain::job::Job;
use marktwerk_domain::run::{Outcome, RunState, Trigger};
use marktwerk_store::journal::AttemptEnd;

use super::known::KnownRun;
use super::{Oracle, Verdict, Violation, ensure, violation};
use crate::trace::{Event, Said, Who};

const MEANS: &str = "an end is what the answer means";

/// An end, as far as it is decided.
#[derive(Debug, Clone, Copy)]
struct Meaning {
    state: RunState,
    uses_attempt: bool,
    /// Seconds from the end until it may be claimed again, at the least and at the most.
    comes_back: Option<(f64, f64)>,
    class: Option<FailureClass>,
    more_to_do: bool,
}

impl Meaning {
    fn over(state: RunState) -> Self {
        Self { state, uses_attempt: true, comes_back: None, class: None, more_to_do: false }
    }

    fn later(state: RunState, least: f64, most: f64) -> Self {
        Self { state, uses_attempt: false, comes_back: Some((least, most)), class: None, more_to_do: false }
    }

    fn fits(&self, end: &AttemptEnd) -> bool {
        // A nominal delay is a number with a fraction.
        const CLOSE: f64 = 0.001;
        let wait = end.ready_at.map(|at| at.duration_since(end.ended_at).as_secs_f64());
        let comes_back = match (self.comes_back, wait) {
            (None, None) => true,
            (Some((least, most)), Some(wait)) => least - CLOSE <= wait && wait <= most + CLOSE,
            _ => false,
        };
        let is = (end.state, end.uses_attempt, end.follow_up.is_some());
        comes_back && is == (self.state, self.uses_attempt, self.more_to_do)
    }
}

impl Oracle {
    /// Refuses an end that does not follow from what was said; answers with the class of a run that failed.
    pub(super) fn means(
        &mut self,
        event: &Event,
        who: Who,
        end: &AttemptEnd,
    ) -> Result<Option<FailureClass>, Violation> {
        let said = self.processes.values_mut().find_map(|process| process.said.remove(&who));
        let known = self.run(who.0)?;
        let Some(said) = said else { return self.never_began(event, known, end).map(|()| None) };
        let mut meanings: Vec<Meaning> = Vec::new();
        for job in &known.versions {
            meanings.extend(said.as_ref().map(|said| meaning(said, known, job, end.ended_at)));
        }
        // Who was asked to stop need not answer, and only what is done is done.
        let is_final = matches!(&said, Some(Said::Result(Ok(outcome))) if *outcome != Outcome::MoreToDo);
        if !is_final && said != Some(Said::Panicked) {
            self.stopped(event, known, &mut meanings);
        }
        // What was stopped may have failed at the same time, with an end that looks alike; the outcome tells which of them counts.
        let was_stopped = end.outcome == "timed_out";
        let mut fitting = meanings.iter().filter(|meaning| meaning.fits(end));
        match if was_stopped { fitting.next_back() } else { fitting.next() } {
            Some(meaning) => Ok(meaning.class),
            None => {
                let (state, outcome, ready_at) = (end.state, end.outcome, end.ready_at);
                let what = format!(
                    "run {} said {said:?} and became {state:?} ({outcome}), ready {ready_at:?}",
                    who.0
                );
                Err(violation(MEANS, format!("{what}; it could be {meanings:?}")))
            }
        }
    }

    /// What follows where it was stopped from outside, for each reason that there may have been.
    fn stopped(&self, event: &Event, known: &KnownRun, meanings: &mut Vec<Meaning>) {
        let process = &self.processes[&event.process];
        if known.row.cancel_requested {
            meanings.push(Meaning::over(RunState::Cancelled));
        }
        if process.shuts_down {
            meanings.push(Meaning::later(RunState::Waiting, 0.0, 0.0));
        }
        for job in &known.versions {
            let in_all =
                job.spec.policies.time_limit_seconds.map(|seconds| Duration::from_secs(seconds.into()));
            let limit = in_all.unwrap_or(self.time_limit).min(self.time_limit);
            if event.since.saturating_sub(known.claimed_at) >= limit {
                meanings.push(failed(FailureClass::TimedOut, known, job));
            }
        }
    }

    /// Only what follows on another job is asked again whether it may begin.
    fn never_began(&self, event: &Event, known: &KnownRun, end: &AttemptEnd) -> Verdict {
        let run = known.row.id;
        let may_not = known.row.trigger == Trigger::Chain && known.row.attempt == 1;
        ensure(may_not && end.state == RunState::Skipped, MEANS, || {
            format!("run {run} never began and is {:?} ({})", end.state, end.outcome)
        })?;
        let mut answer = Ok(());
        for job in &known.versions {
            answer = self.may_start(event, job, end.error.as_deref(), None);
            if answer.is_ok() {
                break;
            }
        }
        answer
    }
}

fn meaning(said: &Said, known: &KnownRun, job: &Job, ended_at: Timestamp) -> Meaning {
    let wait = |until: &Timestamp| until.duration_since(ended_at).as_secs_f64();
    match said {
        Said::Panicked => failed(FailureClass::Defect, known, job),
        Said::Result(Ok(Outcome::Done)) => Meaning::over(RunState::Succeeded),
        Said::Result(Ok(Outcome::MoreToDo)) => {
            Meaning { more_to_do: true, ..Meaning::over(RunState::Succeeded) }
        }
        Said::Result(Ok(Outcome::Cancel { .. })) => Meaning::over(RunState::Cancelled),
        Said::Result(Ok(Outcome::Snooze { until, .. })) => {
            let wait = wait(until).max(5.0);
            Meaning::later(RunState::Waiting, wait, wait)
        }
        Said::Result(Err(failure)) => match failure.class {
            FailureClass::RateLimited { until: Some(until) } => {
                sent_away(wait(&until).clamp(5.0, 3_600.0), known, job, ended_at, failure.class)
            }
            class => failed(class, known, job),
        },
    }
}

/// A wait that the other side asked for uses no attempt, unless the run has been sent away for an hour.
fn sent_away(wait: f64, known: &KnownRun, job: &Job, ended_at: Timestamp, class: FailureClass) -> Meaning {
    let began = known.row.started_at.unwrap_or(ended_at);
    let uses_attempt = ended_at.duration_since(began) >= SignedDuration::from_hours(1);
    if uses_attempt && known.row.attempts_used + 1 >= job.spec.retry.attempts {
        return Meaning { class: Some(class), ..Meaning::over(RunState::Failed) };
    }
    Meaning { uses_attempt, ..Meaning::later(RunState::Retrying, wait, wait) }
}

/// An attempt that counts has failed: there is another, after a delay that grows, or the run has failed.
fn failed(class: FailureClass, known: &KnownRun, job: &Job) -> Meaning {
    let retry = &job.spec.retry;
    let used = known.row.attempts_used + 1;
    let is_over =
        matches!(class, FailureClass::Refused | FailureClass::Unauthorised) || used >= retry.attempts;
    if is_over {
        return Meaning { class: Some(class), ..Meaning::over(RunState::Failed) };
    }
    let mut delay = f64::from(retry.first_delay_seconds);
    for _ in 1..used {
        delay *= retry.factor;
    }
    delay = delay.min(f64::from(retry.longest_delay_seconds));
    let patience = if matches!(class, FailureClass::RateLimited { .. }) { 60.0 } else { 0.0 };
    let (least, most) = ((delay * 0.8).max(patience), (delay * 1.2).max(patience));
    Meaning { uses_attempt: true, ..Meaning::later(RunState::Retrying, least, most) }
}
