//! The rules of summer time, written a second time in the slowest way: minute by minute, asking the zone about each. Compared with
//! what the timetable says, for random simple expressions in weeks in which clocks change.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp, ToSpan};
use proptest::prelude::*;

use crate::plan::{between, cron, timetable, zone};

/// Zones and days around which their clocks change.
const CHANGES: [(&str, &str); 19] = [
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("Australia/Sydney", "2026-04-05"),
    ("Australia/Sydney", "2026-10-04"),
    ("Pacific/Auckland", "2026-04-05"),
    ("Pacific/Auckland", "2026-09-27"),
    // Half an hour.
    ("Australia/Lord_Howe", "2026-04-05"),
    ("Australia/Lord_Howe", "2026-10-04"),
    // Two hours.
    ("Antarctica/Troll", "2026-03-29"),
    ("Antarctica/Troll", "2026-10-25"),
    // At midnight.
    ("America/Sao_Paulo", "2018-02-18"),
    ("America/Sao_Paulo", "2018-11-04"),
    ("Africa/Cairo", "2024-04-26"),
    ("Africa/Cairo", "2024-10-31"),
    ("Asia/Beirut", "2024-03-31"),
    ("Asia/Beirut", "2024-10-27"),
    // A whole day is skipped; one came twice.
    ("Pacific/Apia", "2011-12-30"),
    ("Pacific/Kwajalein", "1969-09-30"),
    // Never.
    ("Asia/Kathmandu", "2026-03-29"),
];

/// One field of an expression: how it is written and what it matches.
#[derive(Debug, Clone)]
struct Field {
    text: String,
    values: BTreeSet<i8>,
    is_listed: bool,
}

impl Field {
    fn listed(text: String, values: impl IntoIterator<Item = i8>) -> Self {
        Self { text, values: values.into_iter().collect(), is_listed: true }
    }

    fn any(low: i8, high: i8) -> Self {
        Self { text: "*".to_owned(), values: (low..=high).collect(), is_listed: false }
    }
}

fn field(low: i8, high: i8) -> impl Strategy<Value = Field> {
    prop_oneof![
        Just(Field::any(low, high)),
        (low..=high).prop_map(|value| Field::listed(value.to_string(), [value])),
        prop::collection::btree_set(low..=high, 1..4).prop_map(|values| {
            let text: Vec<_> = values.iter().map(i8::to_string).collect();
            Field::listed(text.join(","), values)
        }),
        (low..=high, low..=high).prop_map(|(one, other)| {
            let (from, to) = (one.min(other), one.max(other));
            Field::listed(format!("{from}-{to}"), from..=to)
        }),
        (1..=high - low).prop_map(move |step| Field {
            text: format!("*/{step}"),
            values: (low..=high).step_by(usize::from(step.unsigned_abs())).collect(),
            is_listed: false,
        }),
    ]
}

/// Minute, hour, day of the month, day of the week.
#[derive(Debug, Clone)]
struct Simple {
    minute: Field,
    hour: Field,
    day: Field,
    weekday: Field,
}

fn simple() -> impl Strategy<Value = Simple> {
    let day = prop_oneof![4 => Just(Field::any(1, 31)), 1 => field(1, 31)];
    let weekday = prop_oneof![4 => Just(Field::any(0, 6)), 1 => field(0, 6)];
    // Hours in which clocks change are worth more.
    let hour = prop_oneof![field(0, 23), field(0, 4).prop_filter("means other hours", |hour| hour.is_listed)];
    (field(0, 59), hour, day, weekday).prop_map(|(minute, hour, day, weekday)| Simple {
        minute,
        hour,
        day,
        weekday,
    })
}

impl Simple {
    fn text(&self) -> String {
        format!("{} {} {} * {}", self.minute.text, self.hour.text, self.day.text, self.weekday.text)
    }

    fn is_fixed(&self) -> bool {
        self.minute.is_listed && self.hour.is_listed
    }

    fn matches(&self, wall: DateTime) -> bool {
        let day = self.day.values.contains(&wall.day());
        let weekday = self.weekday.values.contains(&wall.weekday().to_sunday_zero_offset());
        let is_day = match (self.day.text.as_str(), self.weekday.text.as_str()) {
            ("*", _) => weekday,
            (_, "*") => day,
            _ => day || weekday,
        };
        is_day && self.hour.values.contains(&wall.hour()) && self.minute.values.contains(&wall.minute())
    }

    /// The planned times from `from` to `until`.
    fn planned(&self, zone: &TimeZone, from: Timestamp, until: Timestamp) -> BTreeSet<Timestamp> {
        if self.is_fixed() {
            // A day more on each side: a skipped day moves times by as much.
            let walls = minutes_of_wall(zone.to_datetime(from) - 2.days(), zone.to_datetime(until));
            let times = walls.filter(|wall| self.matches(*wall)).map(|wall| once(zone, wall));
            times.filter(|at| (from..=until).contains(at)).collect()
        } else {
            let minutes = (0..).map(|minute: i64| from + minute.minutes()).take_while(|at| *at <= until);
            minutes.filter(|at| self.matches(zone.to_datetime(*at))).collect()
        }
    }
}

fn minutes_of_wall(from: DateTime, until: DateTime) -> impl Iterator<Item = DateTime> {
    from.series(Span::new().minutes(1)).take_while(move |wall| *wall <= until)
}

/// The one instant of a fixed time: the first of two, or the end of the gap.
fn once(zone: &TimeZone, mut wall: DateTime) -> Timestamp {
    loop {
        let instants = zone.to_ambiguous_timestamp(wall);
        match instants.offset() {
            AmbiguousOffset::Gap { .. } => wall += 1.minute(),
            _ => return instants.earlier().unwrap(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn planned_times_are_those_of_the_oracle(
        simple in simple(),
        (zone_name, day) in prop::sample::select(&CHANGES),
        seconds in prop::collection::vec(0..6 * 24 * 3600_i64, 20),
    ) {
        let zone = zone(zone_name);
        let noon = day.parse::<Date>().unwrap().at(12, 0, 0, 0);
        let at_noon = |days: i64| zone.to_zoned(noon + days.days()).unwrap().timestamp();
        let (from, until) = (at_noon(-3), at_noon(3));
        let expected = simple.planned(&zone, from, until);
        let timetable = timetable(&cron(&simple.text()), zone_name);
        let found: BTreeSet<_> = between(&timetable, from, until).into_iter().collect();
        prop_assert_eq!(&found, &expected, "{} in {}", simple.text(), zone_name);

        // Asked at any moment, also between planned times and in the second pass of a doubled hour.
        for seconds in seconds {
            let after = from + seconds.seconds();
            let next = timetable.next_after(after).filter(|at| *at <= until);
            let first = expected.iter().copied().find(|at| *at > after);
            prop_assert_eq!(next, first, "{} in {} after {}", simple.text(), zone_name, after);
        }
    }
}

#[test]
fn the_oracle_knows_both_rules() {
    let berlin = zone("Europe/Berlin");
    let (from, until) = ("2026-10-25T00:00Z".parse().unwrap(), "2026-10-25T01:59Z".parse().unwrap());
    let at_half_past_two = |minute| Simple {
        minute,
        hour: Field::listed("2".to_owned(), [2]),
        day: Field::any(1, 31),
        weekday: Field::any(0, 6),
    };
    let fixed = at_half_past_two(Field::listed("30".to_owned(), [30]));
    let followed = at_half_past_two(Field { is_listed: false, ..Field::listed("*/60".to_owned(), [0]) });
    assert_eq!(fixed.planned(&berlin, from, until).len(), 1);
    assert_eq!(followed.planned(&berlin, from, until).len(), 2);
    assert_eq!(between(&timetable(&cron("*/60 2 * * *"), "Europe/Berlin"), from, until).len(), 2);
}
