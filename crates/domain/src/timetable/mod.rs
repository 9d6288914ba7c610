//! The planned times of a schedule in a zone. Pure arithmetic on UTC instants: who asks, and what a late time means, is the
//! engine's business.
//!
//! A schedule is compiled once and asked often; a compiled one is small, so that each of many jobs can hold its own.
//! What a person writes, and what follows from it around summer time, is told in `docs/SCHEDULES.md`.

mod cron;
mod daily;
mod expression;
mod interval;
mod passed;
mod wall_clock;
mod zone;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

pub use passed::{COUNTED_EXACTLY, Passed};
pub use zone::zone;

use crate::schedule::{BadSchedule, Schedule};
use cron::Cron;
use daily::Daily;
use interval::Interval;
use wall_clock::{Pattern, WallClock};

/// The most times that [`Timetable::preview`] lists.
pub const MOST_PREVIEWED: usize = 100;

/// A schedule, ready to be asked.
#[derive(Debug, Clone)]
pub struct Timetable {
    rule: Rule,
    zone: TimeZone,
}

#[derive(Debug, Clone)]
enum Rule {
    Interval(Interval),
    WallClock(Pattern),
    Manual,
}

impl Timetable {
    /// The timetable of `schedule` in `zone`. Intervals are counted from `anchor`; the other kinds do not know it.
    ///
    /// # Errors
    /// Of field `every`, `cron`, `daily` or `time_zone`: a schedule that cannot be, or that would never be due.
    pub fn new(schedule: &Schedule, zone: TimeZone, anchor: Timestamp) -> Result<Self, BadSchedule> {
        if zone.is_unknown() {
            return Err(BadSchedule::new(
                "time_zone",
                "is not known; use a name of the IANA list, for example Europe/Berlin",
            ));
        }
        let rule = match schedule {
            Schedule::Every { seconds, from } => Rule::Interval(Interval::new(*seconds, *from, anchor)?),
            Schedule::Cron { expression } => Rule::WallClock(Pattern::Cron(Box::new(Cron::new(expression)?))),
            Schedule::Daily { at } => Rule::WallClock(Pattern::Daily(Daily::new(at)?)),
            Schedule::Manual => Rule::Manual,
        };
        Ok(Self { rule, zone })
    }

    /// The first planned time after `after`; `None` for a schedule that has none. Counted from the end of a run, where the
    /// schedule is (then `after` is that end).
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match &self.rule {
            Rule::Interval(interval) => interval.next_after(after),
            Rule::WallClock(pattern) => WallClock::new(pattern, &self.zone).next_after(after),
            Rule::Manual => None,
        }
    }

    /// Whether an interval is counted from the end of a run: then a planned time is followed by none before that.
    pub fn waits_for_the_end(&self) -> bool {
        matches!(&self.rule, Rule::Interval(interval) if interval.waits_for_the_end())
    }

    /// The planned times from `due` (itself one of them) to `now`, both included; of many, the `keep` newest, at most
    /// [`MOST_MADE_UP`](crate::policy::MOST_MADE_UP) of them. Where an interval is counted from the end of a run, only `due` itself
    /// can have passed: what would follow is planned when that run has ended.
    pub fn passed(&self, due: Timestamp, now: Timestamp, keep: usize) -> Passed {
        match &self.rule {
            Rule::Interval(interval) => interval.passed(due, now, keep),
            Rule::WallClock(_) | Rule::Manual => {
                passed::by_asking(due, now, keep, |after| self.next_after(after))
            }
        }
    }

    /// The first `count` planned times after `after` (at most [`MOST_PREVIEWED`]), on the wall clock of the zone. Where an interval
    /// is counted from the end of a run, as if runs took no time.
    pub fn preview(&self, after: Timestamp, count: usize) -> Vec<Zoned> {
        let times = std::iter::successors(self.next_after(after), |at| self.next_after(*at));
        times.take(count.min(MOST_PREVIEWED)).map(|at| at.to_zoned(self.zone.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timetable_can_be_handed_around() {
        fn is_handed_around<T: Send + Sync + Clone + 'static>() {}
        is_handed_around::<Timetable>();
    }

    #[test]
    fn a_manual_schedule_has_no_times() {
        let manual = Timetable::new(&Schedule::Manual, TimeZone::UTC, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(manual.next_after(Timestamp::UNIX_EPOCH), None);
        assert!(manual.preview(Timestamp::UNIX_EPOCH, 10).is_empty());
    }
}
