//! The nights in which the clock changes, as a table that a person can read. It stands in `docs/SCHEDULES.md`, where each line is
//! explained; this proves that it is what the program computes.

use std::fmt::Write;

use marktwerk_domain::schedule::Schedule;

use crate::plan::{between, cron, daily, local, timetable, wall_with_offset, zone};

const PAGE: &str = include_str!("../../../../docs/SCHEDULES.md");

/// Zone, date and what happens.
const NIGHTS: [(&str, &str, &str); 4] = [
    ("Europe/Berlin", "2026-03-29", "02:00 becomes 03:00"),
    ("Europe/Berlin", "2026-10-25", "03:00 becomes 02:00"),
    ("Australia/Sydney", "2026-10-04", "02:00 becomes 03:00"),
    ("Australia/Sydney", "2026-04-05", "03:00 becomes 02:00"),
];

fn schedules() -> [(&'static str, Schedule); 9] {
    [
        ("daily 02:00", daily(&["02:00"])),
        ("daily 02:30", daily(&["02:30"])),
        ("daily 03:00", daily(&["03:00"])),
        ("daily 02:30, 03:00", daily(&["02:30", "03:00"])),
        ("30 2,14 * * *", cron("30 2,14 * * *")),
        ("0 1-4 * * *", cron("0 1-4 * * *")),
        ("0 * * * *", cron("0 * * * *")),
        ("*/30 * * * *", cron("*/30 * * * *")),
        ("every 45 minutes", Schedule::every_seconds(45 * 60)),
    ]
}

fn night(zone_name: &str, date: &str, change: &str) -> String {
    let from = local(&format!("{date}T01:00"), zone_name);
    let until = local(&format!("{date}T04:00"), zone_name);
    let mut table = format!("{zone_name}, {date}: {change}\n");
    for (name, schedule) in schedules() {
        let planned = between(&timetable(&schedule, zone_name), from, until).into_iter();
        let planned = planned.map(|at| wall_with_offset(&at.to_zoned(zone(zone_name))));
        writeln!(table, "{name:<18}  {}", planned.collect::<Vec<_>>().join(" ")).unwrap();
    }
    table
}

/// What stands in the page's blocks of plain text.
fn tables_of_the_page() -> String {
    let blocks = PAGE.split("```text\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_page_shows_what_is_computed() {
    let computed = NIGHTS.map(|(zone_name, date, change)| night(zone_name, date, change)).join("\n");
    assert_eq!(tables_of_the_page(), computed, "the tables should be:\n{computed}");
}
