//! Times as answers carry them: RFC 3339, to the millisecond, with the offset of the configured zone.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// The text of a time.
pub(crate) fn text(time: Timestamp, zone: &TimeZone) -> String {
    time.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// `days` before `now`; the beginning of time where there is nothing so early.
pub(crate) fn days_before(now: Timestamp, days: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MIN)
}

/// The wall time of a text written by [`text`], for people: `03.02. 14:05:09`.
pub(crate) fn for_people(text: &str) -> String {
    let (Some(month), Some(day), Some(clock)) = (text.get(5..7), text.get(8..10), text.get(11..19)) else {
        return text.to_owned();
    };
    format!("{day}.{month}. {clock}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_carries_the_offset_of_its_zone() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let summer: Timestamp = "2026-07-01T10:00:00.1234Z".parse().unwrap();
        assert_eq!(text(summer, &zone), "2026-07-01T12:00:00.123+02:00");
        assert_eq!(for_people(&text(summer, &zone)), "01.07. 12:00:00");
    }
}
