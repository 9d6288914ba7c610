//! Changes of the clock that are not an hour at two in the morning. Each test reads like the table of `docs/SCHEDULES.md`.

use marktwerk_domain::schedule::Schedule;

use crate::plan::{between, cron, daily, instant, local, timetable, zone};

/// The planned times between two times of the wall clock, as date, time and offset.
fn planned(schedule: &Schedule, zone_name: &str, from: &str, until: &str) -> Vec<String> {
    let times = between(&timetable(schedule, zone_name), local(from, zone_name), local(until, zone_name));
    times.into_iter().map(|at| at.to_zoned(zone(zone_name)).strftime("%d. %H:%M%:z").to_string()).collect()
}

#[test]
fn half_an_hour_is_skipped_and_doubled_on_lord_howe() {
    let spring = |schedule| planned(&schedule, "Australia/Lord_Howe", "2026-10-04T01:30", "2026-10-04T03:00");
    assert_eq!(spring(daily(&["02:15"])), ["04. 02:30+11:00"]);
    assert_eq!(
        spring(cron("*/15 * * * *")),
        ["04. 01:30+10:30", "04. 01:45+10:30", "04. 02:30+11:00", "04. 02:45+11:00", "04. 03:00+11:00"]
    );
    let autumn = |schedule| planned(&schedule, "Australia/Lord_Howe", "2026-04-05T01:15", "2026-04-05T02:00");
    assert_eq!(autumn(daily(&["01:45"])), ["05. 01:45+11:00"]);
    assert_eq!(
        autumn(cron("*/15 * * * *")),
        [
            "05. 01:15+11:00",
            "05. 01:30+11:00",
            "05. 01:45+11:00",
            "05. 01:30+10:30",
            "05. 01:45+10:30",
            "05. 02:00+10:30"
        ]
    );
}

#[test]
fn midnight_is_skipped_in_sao_paulo() {
    let night = |schedule| planned(&schedule, "America/Sao_Paulo", "2018-11-03T23:00", "2018-11-04T02:00");
    assert_eq!(night(daily(&["00:00"])), ["04. 01:00-02:00"]);
    assert_eq!(night(cron("@daily")), ["04. 01:00-02:00"]);
    assert_eq!(night(cron("15,45 0 4 11 *")), ["04. 01:00-02:00"], "the day is the one that was listed");
    assert_eq!(night(cron("0 */12 * * *")), [""; 0], "the clock never shows midnight");
}

#[test]
fn the_last_hour_of_the_day_comes_twice_in_sao_paulo_and_beirut() {
    let sao_paulo =
        |schedule| planned(&schedule, "America/Sao_Paulo", "2018-02-17T22:00", "2018-02-18T00:30");
    assert_eq!(sao_paulo(daily(&["23:30"])), ["17. 23:30-02:00"]);
    assert_eq!(sao_paulo(daily(&["00:00"])), ["18. 00:00-03:00"]);
    assert_eq!(sao_paulo(cron("*/60 23 17 2 *")), ["17. 23:00-02:00", "17. 23:00-03:00"]);
    let beirut = |schedule| planned(&schedule, "Asia/Beirut", "2024-10-26T22:00", "2024-10-27T00:30");
    assert_eq!(beirut(cron("30 23,0 * * *")), ["26. 23:30+03:00", "27. 00:30+02:00"]);
}

#[test]
fn midnight_is_skipped_in_cairo() {
    let night = |schedule| planned(&schedule, "Africa/Cairo", "2024-04-25T23:00", "2024-04-26T02:00");
    assert_eq!(night(daily(&["00:00", "00:30", "01:00"])), ["26. 01:00+03:00"]);
    assert_eq!(night(cron("0 23,0-1 * * *")), ["25. 23:00+02:00", "26. 01:00+03:00"]);
}

#[test]
fn a_whole_day_is_skipped_on_samoa() {
    let days = |schedule| planned(&schedule, "Pacific/Apia", "2011-12-29T00:00", "2011-12-31T12:00");
    assert_eq!(days(daily(&["09:00"])), ["29. 09:00-10:00", "31. 00:00+14:00", "31. 09:00+14:00"]);
    assert_eq!(
        days(daily(&["00:00", "12:00"])),
        ["29. 00:00-10:00", "29. 12:00-10:00", "31. 00:00+14:00", "31. 12:00+14:00"]
    );
    assert_eq!(days(cron("0 9 30 12 *")), ["31. 00:00+14:00"]);
    assert_eq!(days(cron("0 */9 30 12 *")), [""; 0]);
}

#[test]
fn two_hours_are_skipped_and_doubled_at_troll() {
    let spring = |schedule| planned(&schedule, "Antarctica/Troll", "2026-03-29T00:00", "2026-03-29T04:00");
    assert_eq!(spring(cron("0 0-4 * * *")), ["29. 00:00+00:00", "29. 03:00+02:00", "29. 04:00+02:00"]);
    let autumn = |schedule| planned(&schedule, "Antarctica/Troll", "2026-10-25T00:00", "2026-10-25T04:00");
    assert_eq!(autumn(cron("0 0-3 * * *")).len(), 4);
    assert_eq!(autumn(cron("0 * * * *")).len(), 7);
}

#[test]
fn in_the_second_pass_of_the_hour_fixed_times_are_over() {
    // The first moment of the pass, one within a second of it, and one in its midst.
    for second_pass in ["2026-10-25T01:00Z", "2026-10-25T01:00:00.5Z", "2026-10-25T01:10Z"] {
        let next = |schedule| timetable(&schedule, "Europe/Berlin").next_after(instant(second_pass)).unwrap();
        assert_eq!(next(daily(&["02:30"])), local("2026-10-26T02:30", "Europe/Berlin"), "{second_pass}");
        assert_eq!(
            next(cron("0-59 0-23 * * *")),
            local("2026-10-25T03:00", "Europe/Berlin"),
            "{second_pass}"
        );
        assert_eq!(next(cron("*/30 * * * *")), instant("2026-10-25T01:30Z"), "{second_pass}");
    }
    let moment_before =
        timetable(&cron("0-59 0-23 * * *"), "Europe/Berlin").next_after(instant("2026-10-25T00:59:59.5Z"));
    assert_eq!(moment_before, Some(local("2026-10-25T03:00", "Europe/Berlin")));
}

#[test]
fn a_listed_second_makes_six_fields_fixed_and_a_star_does_not() {
    let night =
        |expression| planned(&cron(expression), "Europe/Berlin", "2026-10-25T01:00", "2026-10-25T04:00");
    assert_eq!(night("30 30 2 * * *"), ["25. 02:30+02:00"]);
    assert_eq!(night("*/30 30 2 * * *").len(), 4);
}
