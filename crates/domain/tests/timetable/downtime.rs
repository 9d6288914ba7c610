//! What has passed while nobody asked, from a moment to years.

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::schedule::{CountedFrom, Schedule};
use marktwerk_domain::timetable::{COUNTED_EXACTLY, Passed};

use crate::plan::{ANCHOR, between, cron, instant, local, timetable};

const ZONE: &str = "Europe/Berlin";

#[test]
fn a_short_downtime_is_counted_with_its_ends() {
    let hourly = timetable(&cron("0 * * * *"), ZONE);
    let (due, now) = (instant("2026-06-01T06:00Z"), instant("2026-06-01T09:00Z"));
    let passed = hourly.passed(due, now, 2);
    assert_eq!(passed.count, 4);
    assert_eq!(passed.newest, [instant("2026-06-01T08:00Z"), now]);
    assert_eq!(hourly.passed(due, due, 2).newest, [due]);
    assert_eq!(hourly.passed(due, due - SignedDuration::from_nanos(1), 2), Passed::default());
    assert_eq!(hourly.passed(due, now, 0), Passed { count: 4, newest: Vec::new() });
}

#[test]
fn a_century_of_an_interval_of_a_second_is_counted_exactly() {
    let each_second = timetable(&Schedule::every_seconds(1), ZONE);
    let (due, now) = (instant("2026-01-01T00:00:01Z"), instant("2126-01-01T00:00:00.7Z"));
    let passed = each_second.passed(due, now, 3);
    assert_eq!(passed.count, 3_155_673_600);
    let last = instant("2126-01-01T00:00:00Z");
    assert_eq!(passed.newest, [2, 1, 0].map(|back| last - SignedDuration::from_secs(back)));
}

#[test]
fn a_due_time_beside_the_grid_counts_too() {
    // The schedule was changed while the old due time stood.
    let each_hour = timetable(&Schedule::every_seconds(3600), ZONE);
    let (due, now) = (instant("2026-01-01T05:20Z"), instant("2026-01-01T07:30Z"));
    let passed = each_hour.passed(due, now, 10);
    assert_eq!(passed.newest, [due, instant("2026-01-01T06:00Z"), instant("2026-01-01T07:00Z")]);
    assert_eq!(passed.count, 3);
    assert_eq!(each_hour.passed(due, now, 3).newest, passed.newest);
    assert_eq!(each_hour.passed(due, now, 2).newest, passed.newest[1..]);
    assert_eq!(each_hour.passed(due, due, 2), Passed { count: 1, newest: vec![due] });
}

#[test]
fn counted_from_the_end_of_a_run_one_time_can_pass() {
    let rests = timetable(&Schedule::Every { seconds: 600, from: CountedFrom::Finish }, ZONE);
    let (due, now) = (instant("2026-01-01T05:20Z"), instant("2026-01-03T00:00Z"));
    assert_eq!(rests.passed(due, now, 10), Passed { count: 1, newest: vec![due] });
    assert_eq!(rests.next_after(due), Some(instant("2026-01-01T05:30Z")), "not on the anchor's grid");
}

/// `passed` gives the true newest times where it has stopped counting.
fn newest_are_true(expression: &str, due: Timestamp, now: Timestamp) {
    let timetable = timetable(&cron(expression), ZONE);
    let due = timetable.next_after(due).unwrap();
    let all = between(&timetable, due, now);
    let passed = timetable.passed(due, now, 100);
    assert!(all.len() as u64 > COUNTED_EXACTLY, "{expression}: {} times prove nothing", all.len());
    assert_eq!(passed.count, COUNTED_EXACTLY, "{expression}");
    assert_eq!(passed.newest, all[all.len() - 100..], "{expression}");
}

#[test]
fn the_newest_times_are_true_after_a_long_downtime() {
    newest_are_true("* * * * *", instant(ANCHOR), instant("2026-02-01T12:34:56Z"));
    // A few more than are counted: the newest hundred begin among those that were.
    newest_are_true("* * * * *", instant(ANCHOR), instant(ANCHOR) + SignedDuration::from_mins(10_040));
    newest_are_true("*/5 8-17 * * MON-FRI", instant("2025-01-01T00:00Z"), instant("2026-06-14T03:00Z"));
    // Dense for an hour of the year, and the downtime ends long after it.
    newest_are_true("* * 0 1 1 *", instant("2020-06-01T00:00Z"), instant("2026-12-31T12:00Z"));
    // A handful in an hour, the last of them in the doubled one.
    newest_are_true("0-59 0-23 * * *", instant("2026-10-01T00:00Z"), instant("2026-10-25T01:30Z"));
    newest_are_true("*/2 * * * *", instant("2026-10-01T00:00Z"), instant("2026-10-25T01:30Z"));
}

#[test]
fn ten_years_of_seconds_end_with_the_last_hundred() {
    let each_second = timetable(&cron("* * * * * *"), ZONE);
    let now = local("2036-01-01T00:00", ZONE);
    let passed = each_second.passed(instant(ANCHOR), now, usize::MAX);
    assert_eq!(passed.newest.len(), 100);
    assert_eq!(passed.newest.last(), Some(&now));
    assert_eq!(passed.newest.first(), Some(&(now - SignedDuration::from_secs(99))));
}
