//! Local wall time as `scheduler_logs.timestamp` holds it (a text on SQLite, a `datetime2` on SQL Server), and the way back with
//! its offset.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// How far wall time may stand back after a clock change: what a search by wall time has to look around.
const WALL_CLOCK_SLACK_MICROS: i64 = 3 * 3_600 * 1_000_000;

/// `YYYY-MM-DD HH:MM:SS.ffffff`, as GETDATE() would give it in `zone`.
pub(crate) fn wall_time(zone: &TimeZone, at: Timestamp) -> String {
    text(zone.to_datetime(at))
}

/// A wall time as a text, to the microsecond.
pub(crate) fn text(local: DateTime) -> String {
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}",
        local.year(),
        local.month(),
        local.day(),
        local.hour(),
        local.minute(),
        local.second(),
        local.subsec_nanosecond() / 1_000
    )
}

/// A wall time that no line at or after `at` lies before, however the clocks were changed.
pub(crate) fn wall_time_floor(zone: &TimeZone, at: Timestamp) -> DateTime {
    shifted(zone, at, -WALL_CLOCK_SLACK_MICROS)
}

/// A wall time that no line before `at` lies after.
pub(crate) fn wall_time_ceiling(zone: &TimeZone, at: Timestamp) -> DateTime {
    shifted(zone, at, WALL_CLOCK_SLACK_MICROS)
}

fn shifted(zone: &TimeZone, at: Timestamp, micros: i64) -> DateTime {
    let moved = Timestamp::from_microsecond(at.as_microsecond().saturating_add(micros)).unwrap_or(at);
    zone.to_datetime(moved)
}

/// RFC 3339 with the zone's offset: from the instant where it is stored, else from the wall time (a row of another
/// program); what cannot be read as a time is given as it is.
pub(crate) fn with_offset(zone: &TimeZone, at: Option<Timestamp>, wall_time: &str) -> String {
    let instant = at.or_else(|| {
        let local: DateTime = wall_time.parse().ok()?;
        zone.to_ambiguous_timestamp(local).compatible().ok()
    });
    match instant {
        Some(instant) => instant.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string(),
        None => wall_time.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> TimeZone {
        TimeZone::get("Europe/Berlin").unwrap()
    }

    #[test]
    fn both_hours_of_the_night_in_october_keep_their_offset() {
        for (at, answer) in [
            ("2026-10-25T00:30:00Z", "2026-10-25T02:30:00.000000+02:00"),
            ("2026-10-25T01:30:00Z", "2026-10-25T02:30:00.000000+01:00"),
        ] {
            let at: Timestamp = at.parse().unwrap();
            let wall = wall_time(&berlin(), at);
            assert_eq!(wall, "2026-10-25 02:30:00.000000");
            assert_eq!(with_offset(&berlin(), Some(at), &wall), answer);
        }
    }

    #[test]
    fn rows_of_another_program_get_the_offset_of_their_wall_time() {
        assert_eq!(
            with_offset(&berlin(), None, "2026-02-03 09:05:01.123"),
            "2026-02-03T09:05:01.123000+01:00"
        );
        assert_eq!(with_offset(&berlin(), None, "yesterday"), "yesterday");
    }
}
