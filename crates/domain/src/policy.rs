//! What a job wants done when things do not go by the clock: late times, overlaps, conditions, limits, chains. Field names are
//! those of the jobs file.

use jiff::civil::{Time, Weekday};
use serde::{Deserialize, Serialize};

use crate::job::JobId;

/// Made up for at the most, where each missed time is.
pub const MOST_MADE_UP: usize = 100;

/// What happens with planned times that were missed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Misfire {
    /// All of them become one run, which stands for the latest.
    #[default]
    Latest,
    /// Each becomes a run, the newest [`MOST_MADE_UP`] at the most.
    All,
    /// None becomes a run.
    Skip,
}

/// What happens with a planned time while `max_instances` runs of the job are live (waiting, running or retrying).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It is skipped. Missed times that are made up for together do not exclude each other: they run one after the other.
    #[default]
    Skip,
    /// One run waits for the end of the live ones; later times are merged into it.
    QueueOne,
    /// Every run waits for its turn.
    QueueAll,
    /// The live runs that have begun are cancelled, and the new one takes their place.
    CancelRunning,
}

/// What must hold, so that a run may start by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Condition {
    /// There is something to do: the workflow's probe sees something else than before the last success.
    NewData,
    /// The marketplace accepts the account's credentials.
    AccountHealthy,
    /// The ERP answers.
    ErpReachable,
    /// The wall clock of the job's zone is within these hours of one of these days.
    Window(Window),
    /// Another job succeeded lately.
    SucceededWithin {
        /// Which job.
        job: JobId,
        /// How lately, in minutes, at least 1.
        minutes: u32,
    },
}

/// Hours of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Empty means every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "weekdays")]
    pub days: Vec<Weekday>,
    /// The first moment within.
    #[serde(serialize_with = "clock_time")]
    pub from: Time,
    /// The first moment after it; before `from` means on the next day.
    #[serde(serialize_with = "clock_time")]
    pub to: Time,
}

/// A time as people write it: seconds only where there are any.
pub fn written_time(time: Time) -> String {
    let form = if time.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    time.strftime(form).to_string()
}

fn clock_time<S: serde::Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&written_time(*time))
}

/// When a job follows on another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    /// The job that it follows on.
    pub job: JobId,
    /// On which ends of it.
    #[serde(default)]
    pub on: On,
}

/// Ends of a run that make others follow. Only the final end counts, after all retries; a skipped run makes none follow.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum On {
    /// Succeeded.
    #[default]
    Success,
    /// Failed or lost.
    Failure,
    /// Succeeded, failed, lost or cancelled.
    Always,
}

impl On {
    /// The word stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Always => "always",
        }
    }
}

/// What a job wants done when things do not go by the clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policies {
    /// The zone that its schedule and windows go by; `None` is the program's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// A scheduled run becomes ready at random up to this many seconds after its planned time.
    #[serde(skip_serializing_if = "is_zero")]
    pub jitter_seconds: u32,
    /// What happens with missed times.
    #[serde(skip_serializing_if = "is_default")]
    pub misfire: Misfire,
    /// A planned time that is more than this many seconds late is missed; `None`: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grace_seconds: Option<u32>,
    /// What happens with a planned time while the job is busy.
    #[serde(skip_serializing_if = "is_default")]
    pub overlap: Overlap,
    /// Live runs of the job at the same time, at least 1.
    #[serde(skip_serializing_if = "is_one")]
    pub max_instances: u32,
    /// A run that takes longer in all is stopped; `None` leaves it to the limit without progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_limit_seconds: Option<u32>,
    /// All of them must hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// Jobs that it follows on; any one of them suffices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<After>,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            time_zone: None,
            jitter_seconds: 0,
            misfire: Misfire::default(),
            grace_seconds: None,
            overlap: Overlap::default(),
            max_instances: 1,
            time_limit_seconds: None,
            conditions: Vec::new(),
            after: Vec::new(),
        }
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_one(number: &u32) -> bool {
    *number == 1
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Days as `mon` … `sun`.
mod weekdays {
    use jiff::civil::Weekday;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    const WORDS: [(&str, Weekday); 7] = [
        ("mon", Weekday::Monday),
        ("tue", Weekday::Tuesday),
        ("wed", Weekday::Wednesday),
        ("thu", Weekday::Thursday),
        ("fri", Weekday::Friday),
        ("sat", Weekday::Saturday),
        ("sun", Weekday::Sunday),
    ];

    pub(super) fn serialize<S: Serializer>(days: &[Weekday], serializer: S) -> Result<S::Ok, S::Error> {
        let word = |day: &Weekday| WORDS.iter().find(|(_, known)| known == day).map(|(word, _)| *word);
        days.iter().filter_map(word).collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Weekday>, D::Error> {
        let words = Vec::<String>::deserialize(deserializer)?;
        let day = |word: String| {
            let known = WORDS.iter().find(|(known, _)| *known == word).map(|(_, day)| *day);
            known.ok_or_else(|| {
                de::Error::custom(format!(
                    "`{word}` is not a day; days are mon, tue, wed, thu, fri, sat, sun"
                ))
            })
        };
        words.into_iter().map(day).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_read_as_they_are_written() {
        let text = r#"{"conditions": ["new_data", {"window": {"days": ["mon", "sun"], "from": "08:00", "to": "18:30"}},
            {"succeeded_within": {"job": "order_workflow", "minutes": 60}}], "after": [{"job": "a", "on": "failure"}]}"#;
        let read: Policies = serde_json::from_str(text).unwrap();
        assert_eq!(read.conditions.len(), 3);
        assert_eq!(read.after[0].on, On::Failure);
        assert!(serde_json::to_string(&read).unwrap().contains(r#""from":"08:00","to":"18:30""#));
        let again: Policies = serde_json::from_str(&serde_json::to_string(&read).unwrap()).unwrap();
        assert_eq!(again, read);
    }

    #[test]
    fn usual_policies_leave_nothing_to_be_written() {
        assert_eq!(serde_json::to_string(&Policies::default()).unwrap(), "{}");
    }
}
