//! Times of each day.

use jiff::civil::{DateTime, Time};

use crate::schedule::BadSchedule;

/// More times than this are written as a cron expression.
const MOST_TIMES: usize = 100;

/// The same times each day; at least one, ascending, whole seconds.
#[derive(Debug, Clone)]
pub(super) struct Daily(Box<[Time]>);

impl Daily {
    pub(super) fn new(at: &[Time]) -> Result<Self, BadSchedule> {
        let reason = match at {
            [] => "needs at least one time of day, for example 08:00".to_owned(),
            _ if at.len() > MOST_TIMES => {
                format!("takes at most {MOST_TIMES} times, not {}; a cron expression can say more", at.len())
            }
            _ => match at.iter().find(|time| time.subsec_nanosecond() != 0) {
                Some(time) => format!("takes hours, minutes and whole seconds, not {time}"),
                None => {
                    let mut times = at.to_vec();
                    times.sort_unstable();
                    return Ok(Self(times.into_boxed_slice()));
                }
            },
        };
        Err(BadSchedule::new("daily", reason))
    }

    /// The first planned time of the wall clock that is not before `from`.
    pub(super) fn first_from(&self, from: DateTime) -> Option<DateTime> {
        let later = self.0.partition_point(|time| *time < from.time());
        match self.0.get(later) {
            Some(time) => Some(from.date().to_datetime(*time)),
            None => Some(from.date().tomorrow().ok()?.to_datetime(*self.0.first()?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_sorted_and_each_is_there_once() {
        let daily = Daily::new(&["18:00", "08:00", "18:00"].map(|time| time.parse().unwrap())).unwrap();
        let next = |from: &str| daily.first_from(from.parse().unwrap()).unwrap().to_string();
        assert_eq!(next("2026-03-01T07:00:00"), "2026-03-01T08:00:00");
        assert_eq!(next("2026-03-01T08:00:00"), "2026-03-01T08:00:00");
        assert_eq!(next("2026-03-01T08:00:01"), "2026-03-01T18:00:00");
        assert_eq!(next("2026-03-01T18:00:01"), "2026-03-02T08:00:00");
    }
}
