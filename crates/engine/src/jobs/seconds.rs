//! A length of time in whole seconds, as people write it: `90`, `"90s"`, `"5 minutes"`, `"1h 30m"`.

use std::fmt;

use jiff::{SignedDuration, Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Whole seconds, 0 to 2³² − 1. Written as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seconds(pub u32);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.0)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl Reader {
    fn seconds<E: de::Error>(seconds: Option<u32>, found: &dyn fmt::Display) -> Result<Seconds, E> {
        let expected =
            "must be whole seconds such as 90, or a text such as \"90s\", \"5m\", \"1h 30m\" or \"2d\"";
        seconds.map(Seconds).ok_or_else(|| E::custom(format!("{expected}, not {found}")))
    }
}

impl de::Visitor<'_> for Reader {
    type Value = Seconds;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("seconds, or a text such as \"5m\"")
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Seconds, E> {
        Self::seconds(u32::try_from(value).ok(), &value)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Seconds, E> {
        Self::seconds(u32::try_from(value).ok(), &value)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Seconds, E> {
        Self::seconds(None, &value)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Seconds, E> {
        // A day here is 24 hours, whatever the clock on the wall does.
        let of_days = |span: Span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok();
        let duration = value.parse::<SignedDuration>().ok().or_else(|| of_days(value.parse().ok()?));
        let whole = duration.filter(|duration| duration.subsec_nanos() == 0);
        let seconds = whole.and_then(|duration| u32::try_from(duration.as_secs()).ok());
        Self::seconds(seconds, &format_args!("`{value}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<u32, String> {
        serde_json::from_str::<Seconds>(text).map(|seconds| seconds.0).map_err(|error| error.to_string())
    }

    #[test]
    fn people_write_times_in_many_ways() {
        for (text, seconds) in [("90", 90), ("\"90s\"", 90), ("\"5 minutes\"", 300), ("\"1h 30m\"", 5_400)] {
            assert_eq!(read(text), Ok(seconds), "{text}");
        }
        for wrong in ["-1", "1.5", "\"soon\"", "\"1.5s\"", "\"-5m\"", "5000000000", "true"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
