//! Schedules as people write them, drawn at random.

use jiff::civil::{Time, time};
use marktwerk_domain::schedule::CountedFrom;
use marktwerk_engine::jobs::{JobDraft, Seconds};

use crate::dice::Dice;
use crate::size::Size;

/// A zone, or the program's own.
pub(crate) fn zone(dice: &mut Dice) -> Option<String> {
    let zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"];
    dice.happens(40).then(|| dice.pick(&zones).to_owned())
}

/// Gives a draft a schedule.
pub(crate) fn set(dice: &mut Dice, size: Size, draft: &mut JobDraft) {
    match dice.between(0, 99) {
        0..=49 => {
            draft.every = Some(Seconds(size.seconds(dice.between(4, 60)) as u32));
            draft.from = dice.happens(25).then_some(CountedFrom::Finish);
        }
        50..=64 => draft.cron = Some(often(dice, size)),
        65..=74 => draft.cron = Some(at_fixed_times(dice)),
        75..=84 => draft.daily = Some((0..dice.between(1, 4)).map(|_| time_of_day(dice)).collect()),
        _ => draft.manual = Some(true),
    }
}

/// Follows the wall clock.
fn often(dice: &mut Dice, size: Size) -> String {
    let dense = ["*/20 * * * * *", "*/45 * * * * *", "* * * * *", "*/2 * * * *", "30 * * * * *"];
    let sparse = ["*/30 * * * *", "15 * * * *", "0 */4 * * *", "*/10 8-18 * * MON-FRI", "0,40 * * * *"];
    dice.pick(if size.stretch == 1 { &dense } else { &sparse }).to_owned()
}

/// Listed times, each of which comes once a day, summer time or not.
fn at_fixed_times(dice: &mut Dice) -> String {
    let minute = dice.between(0, 59);
    let hour = dice.between(0, 22);
    match dice.between(0, 3) {
        0 => format!("{minute} {hour} * * *"),
        1 => format!("{minute},{} 1-4 * * *", (minute + 20) % 60),
        2 => format!("{minute} {hour},{} * * MON,WED,FRI,SUN", hour + 1),
        _ => format!("0,30 {hour} * * SAT-SUN"),
    }
}

fn time_of_day(dice: &mut Dice) -> Time {
    // Half of them where clocks are put forward and back.
    let hour = if dice.happens(50) { dice.between(1, 3) } else { dice.between(0, 23) };
    time(hour as i8, dice.between(0, 59) as i8, 0, 0)
}
