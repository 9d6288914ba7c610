//! Intervals: arithmetic on instants, which summer time does not touch.

use jiff::{SignedDuration, Timestamp};

use super::Passed;
use crate::policy::MOST_MADE_UP;
use crate::schedule::{BadSchedule, CountedFrom, LONGEST_INTERVAL_MINUTES};

const LONGEST_SECONDS: u32 = LONGEST_INTERVAL_MINUTES * 60;

/// A fixed number of seconds apart.
#[derive(Debug, Clone)]
pub(super) struct Interval {
    seconds: i64,
    from: CountedFrom,
    anchor: Timestamp,
}

impl Interval {
    pub(super) fn new(seconds: u32, from: CountedFrom, anchor: Timestamp) -> Result<Self, BadSchedule> {
        if !(1..=LONGEST_SECONDS).contains(&seconds) {
            return Err(BadSchedule::new(
                "every",
                format!("must be from 1 to {LONGEST_SECONDS} seconds (a year), not {seconds}"),
            ));
        }
        Ok(Self { seconds: seconds.into(), from, anchor })
    }

    pub(super) fn waits_for_the_end(&self) -> bool {
        self.from == CountedFrom::Finish
    }

    pub(super) fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match self.from {
            CountedFrom::Start => self.number(self.count_until(after) + 1),
            CountedFrom::Finish => after.checked_add(SignedDuration::from_secs(self.seconds)).ok(),
        }
    }

    pub(super) fn passed(&self, due: Timestamp, now: Timestamp, keep: usize) -> Passed {
        if now < due {
            return Passed::default();
        }
        let before = self.count_until(due);
        let last = match self.from {
            CountedFrom::Start => self.count_until(now),
            CountedFrom::Finish => before,
        };
        let keep = i64::try_from(keep.min(MOST_MADE_UP)).unwrap_or(i64::MAX);
        let first = (before + 1).max(last - keep + 1);
        let has_room_for_due = last - before < keep;
        let newest = has_room_for_due.then_some(due).into_iter();
        Passed {
            count: u64::try_from(1 + last - before).unwrap_or(1),
            newest: newest.chain((first..=last).filter_map(|number| self.number(number))).collect(),
        }
    }

    /// The planned time of that number; the first is an interval after the anchor.
    fn number(&self, number: i64) -> Option<Timestamp> {
        self.anchor.checked_add(SignedDuration::from_secs(number.checked_mul(self.seconds)?)).ok()
    }

    /// How many planned times there are up to `until`.
    fn count_until(&self, until: Timestamp) -> i64 {
        until.duration_since(self.anchor).as_secs().max(0) / self.seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + second).unwrap()
    }

    #[test]
    fn the_first_time_is_an_interval_after_the_anchor() {
        let interval = Interval::new(60, CountedFrom::Start, at(7)).unwrap();
        for (after, next) in [(-1_000, 67), (7, 67), (66, 67), (67, 127), (130, 187)] {
            assert_eq!(interval.next_after(at(after)), Some(at(next)), "after {after}");
        }
    }

    #[test]
    fn counted_from_the_end_the_anchor_does_not_matter() {
        let interval = Interval::new(60, CountedFrom::Finish, at(7)).unwrap();
        assert_eq!(interval.next_after(at(100)), Some(at(160)));
        assert_eq!(interval.next_after(Timestamp::MAX), None);
    }
}
