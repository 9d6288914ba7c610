//! What becomes of planned times that have come: which of them run, and which are too late. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::policy::{MOST_MADE_UP, Misfire, Policies};
use crate::timetable::Timetable;

/// With [`Misfire::Skip`] and no grace of its own a time counts as missed after this long: every time is a little late.
const ON_TIME: SignedDuration = SignedDuration::from_secs(60);

/// What becomes of the planned times that have come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatchUp {
    /// Times that do not become runs, oldest first.
    pub missed: Vec<Missed>,
    /// Times that do, oldest first.
    pub runs: Vec<Planned>,
}

/// Times that do not become runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// The latest of them.
    pub planned_at: Timestamp,
    /// Earlier ones.
    pub merged: u32,
    /// Why, for people.
    pub reason: String,
}

/// A time that becomes a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The time that the run stands for.
    pub planned_at: Timestamp,
    /// Earlier times that it stands for, too.
    pub merged: u32,
}

/// Decides over the planned times from `due` (one of them) to `now`.
pub fn catch_up(timetable: &Timetable, due: Timestamp, now: Timestamp, policies: &Policies) -> CatchUp {
    let mut result = CatchUp::default();
    let cutoff =
        grace(policies).map_or(Timestamp::MIN, |grace| now.checked_sub(grace).unwrap_or(Timestamp::MIN));
    let first = match due >= cutoff {
        true => Some(due),
        // No other comes before the next run has ended.
        false if timetable.waits_for_the_end() => None,
        false => timetable.next_after(before(cutoff)),
    };
    result.missed.extend(missed(timetable, due, before(cutoff), || too_late_because(policies)));
    let Some(first) = first else { return result };
    let in_time = timetable.passed(first, now, MOST_MADE_UP);
    let (Some(oldest), Some(latest)) = (in_time.newest.first(), in_time.newest.last()) else { return result };
    match policies.misfire {
        Misfire::Latest | Misfire::Skip => {
            result.runs.push(Planned { planned_at: *latest, merged: count(in_time.count - 1) });
        }
        Misfire::All => {
            let too_many =
                || format!("of the times that were missed only the newest {MOST_MADE_UP} are made up for");
            result.missed.extend(missed(timetable, first, before(*oldest), too_many));
            result.runs = in_time.newest.iter().map(|at| Planned { planned_at: *at, merged: 0 }).collect();
        }
    }
    result
}

fn grace(policies: &Policies) -> Option<SignedDuration> {
    let own = policies.grace_seconds.map(|seconds| SignedDuration::from_secs(i64::from(seconds)));
    own.or((policies.misfire == Misfire::Skip).then_some(ON_TIME))
}

/// The planned times from `due` to `last` as missed ones, where there are any.
fn missed(
    timetable: &Timetable,
    due: Timestamp,
    last: Timestamp,
    why: impl Fn() -> String,
) -> Option<Missed> {
    let passed = timetable.passed(due, last, 1);
    let planned_at = *passed.newest.last()?;
    Some(Missed { planned_at, merged: count(passed.count.saturating_sub(1)), reason: why() })
}

fn too_late_because(policies: &Policies) -> String {
    match policies.grace_seconds {
        Some(seconds) => format!("too late: its grace of {seconds} s was over"),
        None => "missed: the job skips missed times".to_owned(),
    }
}

fn before(at: Timestamp) -> Timestamp {
    at.checked_sub(SignedDuration::from_micros(1)).unwrap_or(Timestamp::MIN)
}

fn count(times: u64) -> u32 {
    u32::try_from(times).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::schedule::{CountedFrom, Schedule};

    /// Planned times in seconds, each with what it stands for besides.
    type Times = Vec<(i64, u32)>;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + seconds).unwrap()
    }

    /// Every minute, due at 60, now at `now`.
    fn minutely(now: i64, policies: &Policies) -> (Times, Times) {
        let timetable = Timetable::new(&Schedule::every_seconds(60), TimeZone::UTC, at(0)).unwrap();
        let CatchUp { missed, runs } = catch_up(&timetable, at(60), at(now), policies);
        let seconds = |time: Timestamp| time.as_second() - 1_780_000_000;
        (
            missed.iter().map(|missed| (seconds(missed.planned_at), missed.merged)).collect(),
            runs.iter().map(|run| (seconds(run.planned_at), run.merged)).collect(),
        )
    }

    #[test]
    fn the_latest_stands_for_all() {
        assert_eq!(minutely(61, &Policies::default()), (vec![], vec![(60, 0)]));
        assert_eq!(minutely(3_599, &Policies::default()), (vec![], vec![(3_540, 58)]));
    }

    #[test]
    fn each_is_made_up_for_up_to_a_hundred() {
        let all = Policies { misfire: Misfire::All, ..Policies::default() };
        assert_eq!(minutely(180, &all), (vec![], vec![(60, 0), (120, 0), (180, 0)]));
        let (missed, runs) = minutely(60 * 250, &all);
        assert_eq!((missed, runs.len(), runs[0]), (vec![(60 * 150, 149)], 100, (60 * 151, 0)));
    }

    #[test]
    fn skipping_leaves_what_is_on_time() {
        let skip = Policies { misfire: Misfire::Skip, ..Policies::default() };
        assert_eq!(minutely(65, &skip), (vec![], vec![(60, 0)]));
        assert_eq!(minutely(60 * 10 + 30, &skip), (vec![(60 * 9, 8)], vec![(60 * 10, 0)]));
    }

    #[test]
    fn a_late_time_that_is_counted_from_an_end_is_the_only_one() {
        let schedule = Schedule::Every { seconds: 60, from: CountedFrom::Finish };
        let timetable = Timetable::new(&schedule, TimeZone::UTC, at(0)).unwrap();
        let policies = Policies { grace_seconds: Some(600), ..Policies::default() };
        let CatchUp { missed, runs } = catch_up(&timetable, at(60), at(3_600), &policies);
        assert_eq!((missed.len(), missed[0].planned_at, runs), (1, at(60), vec![]));
    }

    #[test]
    fn what_is_beyond_its_grace_is_too_late() {
        let policies = Policies { grace_seconds: Some(20), ..Policies::default() };
        assert_eq!(minutely(60 * 10 + 30, &policies), (vec![(600, 9)], vec![]));
        assert_eq!(minutely(60 * 10 + 20, &policies), (vec![(540, 8)], vec![(600, 0)]));
        let policies = Policies { misfire: Misfire::All, grace_seconds: Some(150), ..Policies::default() };
        assert_eq!(minutely(60 * 10 + 30, &policies), (vec![(420, 6)], vec![(480, 0), (540, 0), (600, 0)]));
    }
}
