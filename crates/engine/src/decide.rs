//! What the end of an attempt means for its run. Pure: no store, no clock.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::health::Trouble;
use marktwerk_domain::log::{ClosingStatus, Level};
use marktwerk_domain::retry::RetryPolicy;
use marktwerk_domain::run::{Outcome, Run, RunState, WorkflowResult};

/// Without a word from the other side, a rate-limited run comes back after this long.
const PATIENCE: Duration = Duration::from_secs(60);
/// Whatever time the other side names, a rate-limited run comes back within these bounds: it uses no attempt, so a time in the
/// past would make it a hot loop, and one in decades would block its job for as long.
const SHORTEST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// A run that was sent away for so long uses attempts from then on: it must not stand between people and an outage that
/// nobody has told them of.
const SENT_AWAY_AT_MOST: SignedDuration = SignedDuration::from_hours(1);

/// Why a run was stopped from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// A person asked for it.
    Cancelled,
    /// A later planned time takes its place.
    Superseded,
    /// The program shuts down.
    ShuttingDown,
    /// Nothing moved for too long.
    TimedOut,
    /// It took longer than its job may in all.
    TookTooLong,
    /// Another attempt has the run.
    LeaseLost,
}

/// How an attempt came to its end.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The workflow answered.
    Answered(WorkflowResult),
    /// The workflow, or the program around it, panicked: how, in words.
    Panicked(String),
    /// It was stopped from outside.
    Stopped(StopReason),
    /// Its job's conditions did not hold, for this reason; it never began.
    NotStarted(String),
}

/// What follows.
#[derive(Debug, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) state: RunState,
    pub(crate) outcome: &'static str,
    pub(crate) error: Option<String>,
    pub(crate) ready_at: Option<Timestamp>,
    pub(crate) uses_attempt: bool,
    pub(crate) level: Level,
    /// Set where the run ends.
    pub(crate) status: Option<ClosingStatus>,
    pub(crate) has_more_to_do: bool,
    /// Set where the run failed.
    pub(crate) trouble: Option<Trouble>,
}

impl Verdict {
    fn ended(
        state: RunState,
        outcome: &'static str,
        level: Level,
        status: ClosingStatus,
        error: Option<String>,
    ) -> Self {
        Self {
            state,
            outcome,
            error,
            ready_at: None,
            uses_attempt: true,
            level,
            status: Some(status),
            has_more_to_do: false,
            trouble: None,
        }
    }

    fn later(
        state: RunState,
        outcome: &'static str,
        level: Level,
        ready_at: Timestamp,
        error: Option<String>,
    ) -> Self {
        Self {
            state,
            outcome,
            error,
            ready_at: Some(ready_at),
            uses_attempt: false,
            level,
            status: None,
            has_more_to_do: false,
            trouble: None,
        }
    }
}

/// Decides. `jitter` in 0..1.
pub(crate) fn decide(ended: Ended, run: &Run, retry: &RetryPolicy, now: Timestamp, jitter: f64) -> Verdict {
    match ended {
        Ended::Answered(Ok(outcome)) => answered(outcome, now),
        Ended::Answered(Err(failure)) => failed(failure, "failed", run, retry, now, jitter),
        Ended::Panicked(message) => {
            let failure = Failure::new(FailureClass::Defect, message);
            failed(failure, "failed", run, retry, now, jitter)
        }
        Ended::Stopped(reason @ (StopReason::TimedOut | StopReason::TookTooLong)) => {
            let message = match reason {
                StopReason::TimedOut => "nothing moved for too long: the run was stopped",
                _ => "the run took longer than its job's time_limit: it was stopped",
            };
            failed(Failure::new(FailureClass::TimedOut, message), "timed_out", run, retry, now, jitter)
        }
        Ended::Stopped(reason @ (StopReason::Cancelled | StopReason::Superseded)) => {
            let reason = match reason {
                StopReason::Cancelled => "cancelled on request",
                _ => "a later planned time takes its place",
            };
            let reason = Some(reason.to_owned());
            Verdict::ended(RunState::Cancelled, "cancelled", Level::Info, ClosingStatus::Cancelled, reason)
        }
        Ended::NotStarted(reason) => {
            Verdict::ended(RunState::Skipped, "skipped", Level::Info, ClosingStatus::Cancelled, Some(reason))
        }
        Ended::Stopped(StopReason::ShuttingDown | StopReason::LeaseLost) => {
            Verdict::later(RunState::Waiting, "put_back", Level::Info, now, None)
        }
    }
}

fn answered(outcome: Outcome, now: Timestamp) -> Verdict {
    let done = Verdict::ended(RunState::Succeeded, "succeeded", Level::Info, ClosingStatus::Success, None);
    match outcome {
        Outcome::Done => done,
        Outcome::MoreToDo => Verdict { has_more_to_do: true, ..done },
        Outcome::Cancel { why } => {
            Verdict::ended(RunState::Cancelled, "cancelled", Level::Info, ClosingStatus::Cancelled, Some(why))
        }
        Outcome::Snooze { until, why } => {
            // A time that is over must not make a loop that never rests.
            let ready_at = until.max(later(now, SHORTEST_WAIT));
            Verdict::later(RunState::Waiting, "snoozed", Level::Info, ready_at, Some(why))
        }
    }
}

fn failed(
    failure: Failure,
    outcome: &'static str,
    run: &Run,
    retry: &RetryPolicy,
    now: Timestamp,
    jitter: f64,
) -> Verdict {
    let trouble = Some(Trouble::of(failure.class));
    let error = Some(failure.message);
    if let FailureClass::RateLimited { until: Some(until) } = failure.class {
        let ready_at = until.clamp(later(now, SHORTEST_WAIT), later(now, LONGEST_WAIT));
        let since_start = run.started_at.map_or(SignedDuration::ZERO, |start| now.duration_since(start));
        let uses_attempt = since_start >= SENT_AWAY_AT_MOST;
        if !uses_attempt || run.attempts_used + 1 < retry.attempts {
            let moved = Verdict::later(RunState::Retrying, "rate_limited", Level::Warning, ready_at, error);
            return Verdict { uses_attempt, ..moved };
        }
        return Verdict {
            trouble,
            ..Verdict::ended(RunState::Failed, "rate_limited", Level::Error, ClosingStatus::Failed, error)
        };
    }
    let used = run.attempts_used + 1;
    let delay = match failure.class {
        class if !class.is_worth_retrying() => None,
        FailureClass::RateLimited { .. } => retry.delay_after(used, jitter).map(|delay| delay.max(PATIENCE)),
        _ => retry.delay_after(used, jitter),
    };
    match delay {
        Some(delay) => Verdict {
            uses_attempt: true,
            ..Verdict::later(RunState::Retrying, outcome, Level::Warning, later(now, delay), error)
        },
        None => Verdict {
            trouble,
            ..Verdict::ended(RunState::Failed, outcome, Level::Error, ClosingStatus::Failed, error)
        },
    }
}

fn later(now: Timestamp, by: Duration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}
