//! When a job runs by itself, as it is written down. What follows from it — the planned times in a zone — is the business of
//! [`crate::timetable`].

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

/// The longest interval that the documented interface accepts: a year, in minutes.
pub const LONGEST_INTERVAL_MINUTES: u32 = 525_600;

/// When a job runs by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
#[non_exhaustive]
pub enum Schedule {
    /// Every `seconds`; summer time does not touch it.
    Every {
        /// Length of the interval in seconds, at least 1.
        seconds: u32,
        /// Where the interval is counted from.
        #[serde(default)]
        from: CountedFrom,
    },
    /// At the times of a cron expression of five fields (minute first) or six (second first), in the job's zone.
    Cron {
        /// As a person wrote it.
        expression: String,
    },
    /// Each day at these times of the wall clock, in the job's zone.
    Daily {
        /// At least one; sorted and without doubles.
        at: Vec<Time>,
    },
    /// Never by itself: by hand or after other jobs.
    Manual,
}

/// Where an interval is counted from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountedFrom {
    /// A fixed rate: planned times are the job's anchor plus n intervals, however long its runs take.
    #[default]
    Start,
    /// A fixed pause: the next planned time is an interval after the end of the last run.
    Finish,
}

/// A schedule that cannot be. Reads after the field's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct BadSchedule {
    /// Which field of a job: `interval_minutes`, `every`, `cron`, `daily`, `time_zone`.
    pub field: &'static str,
    /// Why, and what would be accepted.
    pub reason: String,
}

impl BadSchedule {
    /// A fault of `field`.
    pub fn new(field: &'static str, reason: impl Into<String>) -> Self {
        Self { field, reason: reason.into() }
    }
}

impl Schedule {
    /// Every `seconds` at a fixed rate.
    pub fn every_seconds(seconds: u32) -> Self {
        Self::Every { seconds, from: CountedFrom::Start }
    }

    /// Every `minutes` at a fixed rate, 1 to [`LONGEST_INTERVAL_MINUTES`].
    pub fn every_minutes(minutes: i64) -> Result<Self, BadSchedule> {
        match u32::try_from(minutes) {
            Ok(minutes @ 1..=LONGEST_INTERVAL_MINUTES) => Ok(Self::every_seconds(minutes * 60)),
            _ => Err(BadSchedule::new(
                "interval_minutes",
                format!("must be a whole number from 1 to {LONGEST_INTERVAL_MINUTES}, not {minutes}"),
            )),
        }
    }

    /// The interval in whole minutes, rounded up: the documented interface knows no seconds. `None` where there is no interval.
    pub fn interval_minutes(&self) -> Option<u32> {
        match self {
            Self::Every { seconds, .. } => Some(seconds.div_ceil(60)),
            Self::Cron { .. } | Self::Daily { .. } | Self::Manual => None,
        }
    }

    /// Whether planned times are counted from the job's anchor.
    pub fn has_a_grid(&self) -> bool {
        matches!(self, Self::Every { from: CountedFrom::Start, .. })
    }

    /// Whether the next planned time depends on the end of the last run.
    pub fn waits_for_the_end(&self) -> bool {
        matches!(self, Self::Every { from: CountedFrom::Finish, .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_have_bounds() {
        for wrong in [0, -1, 525_601, 1_000_000_000, i64::MAX] {
            assert!(Schedule::every_minutes(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Schedule::every_minutes(5).unwrap().interval_minutes(), Some(5));
    }

    #[test]
    fn an_interval_stored_before_there_was_a_choice_is_a_fixed_rate() {
        let stored: Schedule = serde_json::from_str(r#"{"kind": "every", "seconds": 300}"#).unwrap();
        assert_eq!(stored, Schedule::every_seconds(300));
    }
}
