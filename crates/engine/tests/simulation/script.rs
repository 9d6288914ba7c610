//! What people, machines and fate do in the course of a history: a row of deeds that the seed alone decides. What a deed is
//! done to is a number, which is resolved when it is done.

use std::time::Duration;

use crate::dice::{Dice, named};
use crate::size::Size;

/// Something that is done from outside.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deed {
    /// A person starts a job.
    RunNow(u64),
    /// A person repeats an ended run.
    RunAgain(u64),
    /// A person cancels a live run.
    Cancel(u64),
    Pause(u64),
    Resume(u64),
    /// All jobs that stand still go on.
    ResumeAll,
    /// Another schedule or zone.
    Reschedule(u64),
    /// Other policies, retries, priority or parameters.
    Repolicy(u64),
    Remove(u64),
    Add(u64),
    /// The database is away for so long.
    Outage(Duration),
    /// The process dies, and the next begins after so long.
    Crash(Duration),
    /// It dies in a call of the store: the one after so many, before or after that is carried out.
    CrashAtCall {
        calls: u64,
        is_carried_out: bool,
        down: Duration,
    },
    /// It ends in order, and the next begins after so long.
    ShutDown(Duration),
    /// It stands still; the next begins after so long, and a while later its workers go on.
    Suspend {
        down: Duration,
        stands_still: Duration,
    },
    /// The wall clock is put forward, or back, by so many seconds.
    Jump(i64),
}

/// A deed and how long nothing is done before it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) after: Duration,
    pub(crate) deed: Deed,
}

/// The row of deeds, without end.
pub(crate) struct Script {
    dice: Dice,
    size: Size,
}

impl Script {
    pub(crate) fn of(seed: u64, size: Size) -> Self {
        Self { dice: Dice::of([seed, named("script")]), size }
    }

    pub(crate) fn next(&mut self) -> Step {
        let (dice, size) = (&mut self.dice, self.size);
        let after = Duration::from_millis(size.seconds(dice.between(0, 12_000)));
        let which = dice.number();
        let deed = match dice.between(0, 99) {
            0..=24 => Deed::RunNow(which),
            25..=28 => Deed::RunAgain(which),
            29..=37 => Deed::Cancel(which),
            38..=42 => Deed::Pause(which),
            43..=50 => Deed::Resume(which),
            51..=53 => Deed::ResumeAll,
            54..=58 => Deed::Reschedule(which),
            59..=64 => Deed::Repolicy(which),
            65 => Deed::Remove(which),
            66..=67 => Deed::Add(which),
            68..=71 => Deed::Outage(outage(dice)),
            72..=78 => Deed::Crash(down(dice)),
            79..=85 => Deed::CrashAtCall {
                calls: dice.between(0, 40),
                is_carried_out: dice.happens(50),
                down: down(dice),
            },
            86..=90 => Deed::ShutDown(down(dice)),
            91..=95 => {
                let down = Duration::from_secs(dice.between(0, 90));
                Deed::Suspend { down, stands_still: down + Duration::from_secs(dice.between(1, 60)) }
            }
            _ => Deed::Jump(jump(dice)),
        };
        Step { after, deed }
    }
}

/// Short or longer than a lease.
fn outage(dice: &mut Dice) -> Duration {
    Duration::from_millis(match dice.between(0, 2) {
        0 => dice.between(100, 3_000),
        1 => dice.between(3_000, 30_000),
        _ => dice.between(60_000, 150_000),
    })
}

/// Often none at all, sometimes days.
fn down(dice: &mut Dice) -> Duration {
    Duration::from_secs(match dice.between(0, 9) {
        0..=2 => 0,
        3..=5 => dice.between(1, 100),
        6..=7 => dice.between(100, 3_600),
        8 => dice.between(3_600, 86_400),
        _ => dice.between(86_400, 2 * 86_400),
    })
}

fn jump(dice: &mut Dice) -> i64 {
    let seconds = match dice.between(0, 3) {
        0 => dice.between(1, 5),
        1 => dice.between(5, 90),
        2 => dice.between(90, 3_600),
        _ => dice.between(3_600, 30 * 3_600),
    };
    let seconds = i64::try_from(seconds).unwrap_or(0);
    if dice.happens(50) { seconds } else { -(seconds.min(3_600)) }
}
