//! What workflows, probes and the outside world do. Each attempt of each run has its own dice; moods last for a while, so that
//! failures come in rows.

use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::run::{Outcome, Run, WorkflowResult};
use marktwerk_engine::probe::ProbeResult;

use crate::dice::{Dice, named};
use crate::world::World;

/// What an attempt does.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    /// It works for so long before it answers; `None` is for ever.
    pub(crate) works: Option<Duration>,
    /// Tells progress while it works.
    pub(crate) moves: bool,
    /// Asked to stop, it goes on.
    pub(crate) is_stubborn: bool,
    /// Writes to the outside when it has worked.
    pub(crate) writes_outside: bool,
    pub(crate) answer: Answer,
}

/// What it answers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    Done,
    MoreToDo,
    Cancel,
    /// Asks to come back after so long; a time that is over where it is negative.
    Snooze(i64),
    Fail(FailureClass),
    /// The other side listens again after so long.
    Limited(i64),
    Panic,
}

/// How things are for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Fine,
    Mixed,
    /// The other side says no, whatever is asked.
    Blocked,
    /// Nobody answers.
    Outage,
}

fn mood(world: &World, of: &str, since: Duration) -> Mood {
    let block = since.as_secs() / world.size.seconds(90);
    let mut dice = Dice::of([world.seed, named(of), named("mood"), block]);
    match dice.between(0, 99) {
        0..=49 => Mood::Fine,
        50..=79 => Mood::Mixed,
        80..=89 => Mood::Blocked,
        _ => Mood::Outage,
    }
}

impl Act {
    /// What the world does once it is left in peace.
    pub(crate) const CALM: Self = Self {
        works: Some(Duration::ZERO),
        moves: true,
        is_stubborn: false,
        writes_outside: false,
        answer: Answer::Done,
    };

    /// What this attempt does; `since` is the time since the history began.
    pub(crate) fn of(world: &World, run: &Run, since: Duration) -> Self {
        let mut dice = Dice::of([
            world.seed,
            named(run.job_id.as_str()),
            run.id.0.unsigned_abs(),
            u64::from(run.attempt),
        ]);
        let answer = match mood(world, run.job_id.as_str(), since) {
            Mood::Fine => Answer::Done,
            Mood::Mixed => mixed(&mut dice),
            Mood::Blocked => Answer::Fail(dice.pick(&[FailureClass::Refused, FailureClass::Unauthorised])),
            Mood::Outage => Answer::Fail(FailureClass::Transient),
        };
        let works = match dice.between(0, 99) {
            0..=59 => Some(Duration::ZERO),
            60..=94 => Some(Duration::from_millis(dice.between(10, 40_000))),
            95..=97 => Some(Duration::from_secs(dice.between(60, 200))),
            _ => None,
        };
        Self {
            works,
            moves: dice.happens(75),
            is_stubborn: dice.happens(20),
            writes_outside: dice.happens(30),
            answer,
        }
    }
}

fn mixed(dice: &mut Dice) -> Answer {
    match dice.between(0, 11) {
        0..=2 => Answer::Done,
        3 => Answer::MoreToDo,
        4 => Answer::Cancel,
        5 => Answer::Snooze(dice.between(0, 60) as i64 - 10),
        6 => Answer::Limited(dice.between(0, 60) as i64 - 10),
        7 => Answer::Fail(FailureClass::RateLimited { until: None }),
        8 => Answer::Fail(dice.pick(&[FailureClass::Unreadable, FailureClass::Defect])),
        9 => Answer::Panic,
        _ => Answer::Fail(FailureClass::Transient),
    }
}

impl Answer {
    /// In the words of the engine; `None` is a panic.
    pub(crate) fn at(self, now: Timestamp) -> Option<WorkflowResult> {
        let later = |seconds: i64| now + jiff::SignedDuration::from_secs(seconds);
        Some(match self {
            Self::Done => Ok(Outcome::Done),
            Self::MoreToDo => Ok(Outcome::MoreToDo),
            Self::Cancel => Ok(Outcome::Cancel { why: "there is nothing to do here".to_owned() }),
            Self::Snooze(seconds) => {
                Ok(Outcome::Snooze { until: later(seconds), why: "too early".to_owned() })
            }
            Self::Limited(seconds) => {
                let class = FailureClass::RateLimited { until: Some(later(seconds)) };
                Err(Failure::new(class, "too many calls"))
            }
            Self::Fail(class) => Err(Failure::new(class, format!("no luck: {}", class.as_str()))),
            Self::Panic => return None,
        })
    }
}

/// What is asked of the outside world before a run, and how long the answer takes.
pub(crate) struct Word<T> {
    pub(crate) takes: Duration,
    pub(crate) answer: Result<T, Failure>,
}

/// The longest that the engine waits for an answer is 30 s; one in twenty takes longer.
fn takes(dice: &mut Dice) -> Duration {
    match dice.between(0, 99) {
        0..=79 => Duration::ZERO,
        80..=94 => Duration::from_millis(dice.between(5, 3_000)),
        _ => Duration::from_secs(45),
    }
}

/// What a probe sees for this job.
pub(crate) fn sight(world: &World, job: &str, since: Duration) -> Word<ProbeResult> {
    let mut dice = Dice::of([world.seed, named(job), named("sight"), since.as_millis() as u64]);
    let block = since.as_secs() / world.size.seconds(60);
    let marker = Dice::of([world.seed, named(job), named("marker"), block]).between(1, 3);
    let takes = takes(&mut dice);
    if dice.happens(10) {
        return Word { takes, answer: Err(Failure::transient("nothing to be seen")) };
    }
    let unfinished = dice.happens(20).then(|| "a parcel".to_owned());
    Word { takes, answer: Ok(ProbeResult { marker: format!("marker {marker}"), unfinished }) }
}

/// Whether an account or the ERP is well.
pub(crate) fn health(world: &World, of: &str, since: Duration) -> Word<()> {
    let mut dice = Dice::of([world.seed, named(of), named("health"), since.as_millis() as u64]);
    let takes = takes(&mut dice);
    let answer = match mood(world, of, since) {
        Mood::Blocked => Err(Failure::new(FailureClass::Unauthorised, "no entry")),
        Mood::Outage => Err(Failure::transient("no answer")),
        _ => Ok(()),
    };
    Word { takes, answer }
}
