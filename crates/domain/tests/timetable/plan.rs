//! Short words for the tests of this folder.

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use marktwerk_domain::schedule::Schedule;
use marktwerk_domain::timetable::{self, Timetable};

/// Intervals are counted from here, where a test does not say otherwise.
pub(crate) const ANCHOR: &str = "2026-01-01T00:00:00Z";

pub(crate) fn zone(name: &str) -> TimeZone {
    timetable::zone(name).unwrap()
}

pub(crate) fn cron(expression: &str) -> Schedule {
    Schedule::Cron { expression: expression.to_owned() }
}

/// `daily` at times like `02:30`.
pub(crate) fn daily(at: &[&str]) -> Schedule {
    Schedule::Daily { at: at.iter().map(|time| time.parse::<Time>().unwrap()).collect() }
}

pub(crate) fn timetable(schedule: &Schedule, zone_name: &str) -> Timetable {
    Timetable::new(schedule, zone(zone_name), instant(ANCHOR)).unwrap()
}

pub(crate) fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The instant in which the clock of the zone shows `wall`; it must do so once.
pub(crate) fn local(wall: &str, zone_name: &str) -> Timestamp {
    let wall: DateTime = wall.parse().unwrap();
    zone(zone_name).to_ambiguous_timestamp(wall).unambiguous().unwrap()
}

/// The planned times from `from` to `until`, both included.
pub(crate) fn between(timetable: &Timetable, from: Timestamp, until: Timestamp) -> Vec<Timestamp> {
    let before = from - jiff::SignedDuration::from_nanos(1);
    let times = std::iter::successors(timetable.next_after(before), |at| timetable.next_after(*at));
    times.take_while(|at| *at <= until).collect()
}

/// `02:30+01:00`
pub(crate) fn wall_with_offset(at: &Zoned) -> String {
    at.strftime("%H:%M%:z").to_string()
}
