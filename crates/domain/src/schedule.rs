//! When a job is due. Pure arithmetic on UTC instants: who asks, and what a late time means, is the
//! engine's business.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// The longest interval that the documented interface accepts: a year, in minutes.
pub const LONGEST_INTERVAL_MINUTES: u32 = 525_600;

/// When a job runs by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum Schedule {
    /// Every `seconds`, at a fixed rate counted from the job's anchor; summer time does not touch it.
    Every {
        /// Length of the interval in seconds, at least 1.
        seconds: u32,
    },
}

/// An interval outside of what can be scheduled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("interval_minutes must be a whole number from 1 to {LONGEST_INTERVAL_MINUTES}, not {0}")]
pub struct BadInterval(pub String);

impl Schedule {
    /// Every `minutes`, 1 to [`LONGEST_INTERVAL_MINUTES`].
    pub fn every_minutes(minutes: i64) -> Result<Self, BadInterval> {
        match u32::try_from(minutes) {
            Ok(minutes @ 1..=LONGEST_INTERVAL_MINUTES) => Ok(Self::Every { seconds: minutes * 60 }),
            _ => Err(BadInterval(minutes.to_string())),
        }
    }

    /// The interval in whole minutes, rounded up: the documented interface knows no seconds.
    pub fn interval_minutes(&self) -> u32 {
        match self {
            Self::Every { seconds } => seconds.div_ceil(60),
        }
    }

    /// The first planned time after `after`; planned times are `anchor + n × interval`, n ≥ 1.
    pub fn next_after(&self, anchor: Timestamp, after: Timestamp) -> Timestamp {
        match self {
            Self::Every { seconds } => {
                let step = i64::from((*seconds).max(1));
                let elapsed = after.duration_since(anchor).as_secs().max(0);
                let times = elapsed / step + 1;
                anchor
                    .checked_add(SignedDuration::from_secs(times.saturating_mul(step)))
                    .unwrap_or(Timestamp::MAX)
            }
        }
    }

    /// The last planned time that is not after `now`, at or after `due`: what a late job stands for when all
    /// its missed times become one run.
    pub fn latest_due(&self, anchor: Timestamp, due: Timestamp, now: Timestamp) -> Timestamp {
        match self {
            Self::Every { seconds } => {
                let step = i64::from((*seconds).max(1));
                let missed = now.duration_since(due).as_secs().max(0) / step;
                let latest = due.checked_add(SignedDuration::from_secs(missed.saturating_mul(step)));
                debug_assert!(anchor <= due, "planned times follow their anchor");
                latest.unwrap_or(due)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_780_000_000 + seconds).unwrap()
    }

    #[test]
    fn times_stay_on_the_grid_of_the_anchor() {
        let every = Schedule::Every { seconds: 300 };
        assert_eq!(every.next_after(at(0), at(0)), at(300));
        assert_eq!(every.next_after(at(0), at(299)), at(300));
        assert_eq!(every.next_after(at(0), at(300)), at(600));
        assert_eq!(every.next_after(at(0), at(-50)), at(300));
    }

    #[test]
    fn missed_times_merge_into_the_latest() {
        let every = Schedule::Every { seconds: 300 };
        assert_eq!(every.latest_due(at(0), at(300), at(300)), at(300));
        assert_eq!(every.latest_due(at(0), at(300), at(1_799)), at(1_500));
    }

    #[test]
    fn intervals_have_bounds() {
        for wrong in [0, -1, 525_601, 1_000_000_000, i64::MAX] {
            assert!(Schedule::every_minutes(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Schedule::every_minutes(5).unwrap().interval_minutes(), 5);
    }
}
