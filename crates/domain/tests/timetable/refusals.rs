//! What cannot be, and how a person is told: the field, what is wrong with it, what it would take.

use jiff::tz::TimeZone;
use marktwerk_domain::schedule::{BadSchedule, CountedFrom, Schedule};
use marktwerk_domain::timetable::{self, Timetable};

use crate::plan::{ANCHOR, cron, daily, instant};

fn refusal(schedule: &Schedule) -> BadSchedule {
    Timetable::new(schedule, TimeZone::UTC, instant(ANCHOR)).expect_err(&format!("{schedule:?}"))
}

#[test]
fn a_refused_expression_names_the_field_and_what_it_takes() {
    let told = |expression: &str| {
        let BadSchedule { field, reason } = refusal(&cron(expression));
        assert_eq!(field, "cron");
        reason
    };
    for (expression, told_in_part) in [
        ("", "is empty; it takes five"),
        ("   ", "is empty"),
        ("daily", "has one field"),
        ("0 0 L,15,LW * *", "day of the month `L,15,LW`: takes `L` or `LW`, not both"),
        ("0 2 * *", "has 4 fields"),
        ("0 0 2 * * * 2026", "has 7 fields"),
        ("61 * * * *", "minute `61`: takes `*` or 0 to 59"),
        ("* 24 * * *", "hour `24`: takes `*` or 0 to 23"),
        ("0 0 0 * *", "day of the month `0`: takes `*` or 1 to 31"),
        ("0 0 * 13 *", "month `13`: takes `*` or 1 to 12 or JAN to DEC"),
        ("0 0 * * 8", "day of the week `8`: takes `*` or 0 to 7"),
        ("60 0 0 * * *", "second `60`: takes `*` or 0 to 59"),
        ("*/0 * * * *", "minute `*/0`: a step is from 1 to 60"),
        ("*/90 * * * *", "minute `*/90`: a step is from 1 to 60; a longer rhythm is an interval"),
        ("*/99999999999 * * * *", "a step is from 1 to 60"),
        ("5/15 * * * *", "a step follows `*` or a range"),
        ("0 22-2 * * *", "hour `22-2`: takes `*` or 0 to 23"),
        ("0 22-2 * * *", "ranges go upwards"),
        ("0 8,,12 * * *", "hour `8,,12`: the list has an empty place"),
        (", * * * *", "minute `,`: the list has an empty place"),
        ("* * * * MONDAY", "day of the week `MONDAY`"),
        ("JAN * * * *", "minute `JAN`"),
        ("0 0 * MON *", "month `MON`"),
        ("0 0 1MAY * *", "day of the month `1MAY`"),
        ("0 0 15W3 * *", "day of the month `15W3`"),
        ("0 0 1 * L", "day of the week `L`"),
        ("0 0 * * MON#6", "day of the week `MON#6`"),
        ("0 0 ++1 * *", "day of the month `++1`"),
        ("0 0 31 2 *", "`0 0 31 2 *` is never due: no such day exists"),
        ("0 0 31 2,4,6,9,11 *", "is never due"),
        ("0 0 30W 2 ?", "is never due"),
        ("@reboot", "`@reboot` is not known; known are @yearly"),
        ("every five minutes", "has 3 fields"),
        ("run it each day at 8", "second `run`: takes `*` or 0 to 59"),
        ("täglich um 8 Uhr", "has characters that no cron expression has"),
        ("0 8 * * *\u{1b}[31m", "has characters that no cron expression has"),
    ] {
        let reason = told(expression);
        assert!(reason.contains(told_in_part), "`{expression}` is refused with: {reason}");
    }
    assert_eq!(told(&"1,".repeat(1 << 19)), "is longer than 200 characters");
}

#[test]
fn a_refusal_reads_after_the_name_of_its_field() {
    assert_eq!(
        refusal(&cron("0 25 * * *")).to_string(),
        "cron: hour `25`: takes `*` or 0 to 23, as `8`, `8,12`, `8-18`, `*/2` or `8-18/2`; ranges go upwards, a step follows `*` or \
         a range"
    );
}

#[test]
fn rare_days_are_accepted() {
    for expression in
        ["0 0 29 2 *", "0 0 29 2 1", "0 0 29 2 +MON", "0 0 31 1-12/2 *", "0 0 13 * +FRI", "0 0 LW 2 ?"]
    {
        let timetable = Timetable::new(&cron(expression), TimeZone::UTC, instant(ANCHOR)).unwrap();
        assert!(timetable.next_after(instant(ANCHOR)).is_some(), "{expression}");
    }
    let leap_monday = Timetable::new(&cron("0 0 29 2 +MON"), TimeZone::UTC, instant(ANCHOR)).unwrap();
    let next = leap_monday.preview(instant(ANCHOR), 3).into_iter().map(|at| at.date().to_string());
    // 2100 is no leap year.
    assert_eq!(next.collect::<Vec<_>>(), ["2044-02-29", "2072-02-29", "2112-02-29"]);
}

#[test]
fn intervals_and_times_of_day_have_bounds() {
    for seconds in [0, 525_600 * 60 + 1, u32::MAX] {
        let refused = refusal(&Schedule::Every { seconds, from: CountedFrom::Start });
        assert_eq!(refused.field, "every");
        assert!(refused.reason.contains("from 1 to 31536000 seconds"), "{refused}");
    }
    assert_eq!(
        refusal(&daily(&[])),
        BadSchedule::new("daily", "needs at least one time of day, for example 08:00")
    );
    assert_eq!(refusal(&daily(&["08:00:00.5"])).field, "daily");
    assert_eq!(refusal(&daily(&["08:00"; 101])).field, "daily");
}

#[test]
fn a_zone_that_does_not_exist_is_told_with_one_that_does() {
    for (name, told_in_part) in [
        ("Europe/Berln", "there is no `Europe/Berln`; did you mean Europe/Berlin?"),
        ("berlin", "did you mean Europe/Berlin?"),
        ("Europe/Münster", "names look like Europe/Berlin"),
        ("Mars/Olympus_Mons", "use a name of the IANA list"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "names look like Europe/Berlin"),
        ("EST5EDT4", "there is no `EST5EDT4`"),
        ("+01:00", "names look like Europe/Berlin"),
        ("../../../etc/passwd", "names look like Europe/Berlin"),
        ("posix/Europe/Berlin", "did you mean Europe/Berlin?"),
        ("localtime", "there is no `localtime`"),
        ("Etc/Unknown", "there is no `Etc/Unknown`"),
        ("", "is empty"),
    ] {
        let refused = timetable::zone(name).unwrap_err();
        assert_eq!(refused.field, "time_zone");
        assert!(refused.reason.contains(told_in_part), "`{name}` is refused with: {refused}");
    }
    assert!(timetable::zone(&"x".repeat(1 << 20)).unwrap_err().reason.len() < 100);
    assert_eq!(
        Timetable::new(&Schedule::Manual, TimeZone::unknown(), instant(ANCHOR)).unwrap_err().field,
        "time_zone"
    );
}

#[test]
fn a_zone_is_found_however_it_is_capitalised_and_keeps_its_name() {
    for written in ["Europe/Berlin", "europe/berlin", "EUROPE/BERLIN"] {
        assert_eq!(timetable::zone(written).unwrap().iana_name(), Some("Europe/Berlin"));
    }
    for known in ["UTC", "Etc/GMT+5", "America/Argentina/Buenos_Aires", "Asia/Calcutta"] {
        assert_eq!(timetable::zone(known).unwrap().iana_name(), Some(known));
    }
}
