//! What holds for every schedule, in every zone, from every moment.

use jiff::civil::{DateTime, Time};
use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::policy::MOST_MADE_UP;
use marktwerk_domain::schedule::{CountedFrom, Schedule};
use marktwerk_domain::timetable::{self, COUNTED_EXACTLY, MOST_PREVIEWED, Passed, Timetable};
use proptest::prelude::*;

use crate::plan::{between, cron, zone};

const ZONES: [&str; 6] =
    ["Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia", "UTC"];

/// Everything that the fields take, with five fields or six; a few of them are never due.
const EXPRESSION: &str = concat!(
    r"(|0 |30 |\*/20 |5,10-12 )",
    r"(\*|\*/[1-9]|[1-5]?[0-9]|0,15,[3-5][0-9]|[0-9]-[1-5][0-9]|10-40/[1-9]) ",
    r"(\*|\*/[1-9]|1?[0-9]|[0-9],2[0-3]|[0-9]-1[0-9]) ",
    r"(\*|\*|\*|\?|[1-9]|[12][0-9]|3[01]|L|LW|[1-9]W|15W,L|\*/[2-9]|[1-9]-2[0-9]) ",
    r"(\*|\*|\*|[1-9]|1[0-2]|JAN|feb-Apr|\*/[2-6]|2) ",
    r"(\*|\*|\*|\?|[0-7]|MON-FRI|fri#[1-5]|[0-6]L|sun|\+MON|\+[0-4]-6|2,4)",
);

fn schedule() -> impl Strategy<Value = Schedule> {
    prop_oneof![
        3 => EXPRESSION.prop_map(|text| cron(&text)),
        1 => prop::collection::vec((0..24_i8, 0..60_i8), 1..6)
            .prop_map(|times| Schedule::Daily { at: times.into_iter().map(|(hour, minute)| Time::constant(hour, minute, 0, 0)).collect() }),
        1 => (1..200_000_u32).prop_map(Schedule::every_seconds),
    ]
}

/// Moments of 1990 to 2060, not all of them whole seconds.
fn moment() -> impl Strategy<Value = Timestamp> {
    (631_152_000_000..2_840_140_800_000_i64).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap())
}

/// A schedule that is due at some time, in some zone.
fn any_timetable() -> impl Strategy<Value = Timetable> {
    (schedule(), prop::sample::select(&ZONES), moment())
        .prop_filter_map("never due", |(schedule, name, anchor)| {
            Timetable::new(&schedule, zone(name), anchor).ok()
        })
}

fn moderately(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(moderately(256))]

    #[test]
    fn planned_times_rise(timetable in any_timetable(), after in moment()) {
        let mut last = after;
        for _ in 0..30 {
            let next = timetable.next_after(last).unwrap();
            prop_assert!(next > last, "{next} after {last}");
            prop_assert_eq!(timetable.next_after(next - SignedDuration::from_nanos(1)), Some(next));
            last = next;
        }
    }

    #[test]
    fn a_preview_is_what_comes_next(timetable in any_timetable(), after in moment(), count in 0..20_usize) {
        let mut last = after;
        let preview = timetable.preview(after, count);
        prop_assert_eq!(preview.len(), count);
        for shown in preview {
            last = timetable.next_after(last).unwrap();
            prop_assert_eq!(shown.timestamp(), last);
        }
    }

    #[test]
    fn what_has_passed_is_what_came_next(timetable in any_timetable(), start in moment(), days in 0..30_i64, keep in 0..120_usize) {
        let due = timetable.next_after(start).unwrap();
        let now = due + SignedDuration::from_hours(days * 24) + SignedDuration::from_millis(1);
        let all = between(&timetable, due, now);
        let count = timetable.passed(due, now, keep).count;
        prop_assert!(count == all.len() as u64 || (count == COUNTED_EXACTLY && all.len() as u64 > count));
        let kept = &all[all.len().saturating_sub(keep.min(MOST_MADE_UP))..];
        prop_assert_eq!(timetable.passed(due, now, keep).newest, kept);
    }

    #[test]
    fn before_it_is_due_nothing_has_passed(timetable in any_timetable(), due in moment(), earlier in 1..1_000_000_000_i64) {
        let now = due - SignedDuration::from_millis(earlier);
        prop_assert_eq!(timetable.passed(due, now, 10), Passed::default());
    }

    /// The bits say of every wall clock what croner says of it.
    #[test]
    fn without_summer_time_it_is_croner(expression in EXPRESSION, after in moment()) {
        let after = Timestamp::from_second(after.as_second()).unwrap();
        let utc = zone("UTC");
        if let Ok(timetable) = Timetable::new(&cron(&expression), utc.clone(), after) {
            let croner: croner::Cron = expression.parse().unwrap();
            let mut wall: DateTime = utc.to_datetime(after);
            let mut at = after;
            for _ in 0..5 {
                wall = croner.find_next_occurrence(&wall, false).unwrap();
                at = timetable.next_after(at).unwrap();
                prop_assert_eq!(utc.to_datetime(at), wall, "{}", expression);
            }
        }
    }

    /// A time that follows the wall clock is never one that the clock does not show.
    #[test]
    fn what_follows_the_wall_clock_is_shown_by_it(expression in EXPRESSION, name in prop::sample::select(&ZONES), after in moment()) {
        let zone = zone(name);
        let is_listed = !expression.split(' ').rev().skip(3).any(|field| field.contains(['*', '/']));
        if !is_listed && let Ok(timetable) = Timetable::new(&cron(&expression), zone.clone(), after) {
            let croner: croner::Cron = expression.parse().unwrap();
            for at in timetable.preview(after, 50) {
                prop_assert!(croner.is_time_matching(&at.datetime()).unwrap(), "{} at {}", expression, at);
            }
        }
    }
}

proptest! {
    #![proptest_config(moderately(2_000))]

    #[test]
    fn no_text_makes_it_panic(text in any::<String>(), zone_name in any::<String>()) {
        let _ = timetable::zone(&zone_name);
        if let Ok(timetable) = Timetable::new(&cron(&text), zone("UTC"), Timestamp::UNIX_EPOCH) {
            prop_assert!(timetable.next_after(Timestamp::UNIX_EPOCH).is_some());
        }
    }

    /// What is nearly an expression is refused, or it is due some time.
    #[test]
    fn no_expression_makes_it_panic(text in r"([0-9LW#/,*?+-]{1,5}|MON|JAN|[0-9]{1,2}|\*)( ([0-9LW#/,*?+-]{1,4}|SUN|feb|[0-9]{1,2}|\*)){3,6}") {
        if let Ok(timetable) = Timetable::new(&cron(&text), zone("Europe/Berlin"), Timestamp::UNIX_EPOCH) {
            prop_assert!(timetable.next_after(Timestamp::UNIX_EPOCH).is_some(), "{}", text);
        }
    }

    #[test]
    fn no_number_makes_it_panic(
        seconds in any::<u32>(),
        is_counted_from_the_end in any::<bool>(),
        moments in prop::array::uniform3(-377_705_023_201..=253_402_207_200_i64),
        keep in any::<usize>(),
    ) {
        let from = if is_counted_from_the_end { CountedFrom::Finish } else { CountedFrom::Start };
        let [anchor, due, now] = moments.map(|second| Timestamp::from_second(second).unwrap());
        if let Ok(timetable) = Timetable::new(&Schedule::Every { seconds, from }, zone("Europe/Berlin"), anchor) {
            let _ = timetable.next_after(due);
            let passed = timetable.passed(due, now, keep);
            prop_assert!(passed.newest.is_sorted() && passed.newest.len() <= MOST_MADE_UP);
        }
    }

    #[test]
    fn no_moment_makes_it_panic(
        timetable in any_timetable(),
        second in prop_oneof![-377_705_023_201..-377_700_000_000_i64, 253_402_000_000..=253_402_207_200_i64],
    ) {
        let moment = Timestamp::from_second(second).unwrap();
        prop_assert!(timetable.next_after(moment).is_none_or(|next| next > moment));
        prop_assert!(timetable.preview(moment, usize::MAX).len() <= MOST_PREVIEWED);
    }
}
