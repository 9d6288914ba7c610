//! Planned times, found slowly: an interval is counted up, a day is gone through time by time. Written from the promises, not
//! from the program.

use std::collections::BTreeSet;

use jiff::civil::{DateTime, Time, time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan};
use marktwerk_domain::schedule::{CountedFrom, Schedule};

/// The planned times of a schedule.
pub(crate) struct Times {
    rule: Rule,
    zone: TimeZone,
}

enum Rule {
    /// From the anchor, each so many seconds.
    Each {
        seconds: i64,
        anchor: Timestamp,
    },
    /// So many seconds after the end of a run.
    AfterTheEnd,
    /// Times of certain days.
    Days(Days),
    Never,
}

struct Days {
    seconds: BTreeSet<i8>,
    minutes: BTreeSet<i8>,
    hours: BTreeSet<i8>,
    /// Monday is 1.
    weekdays: BTreeSet<i8>,
    /// Listed times are due once a day whatever clocks do; others whenever the clock shows them.
    is_listed: bool,
    /// Of `daily`: these instead.
    listed: Option<Vec<Time>>,
}

impl Times {
    pub(crate) fn of(schedule: &Schedule, zone: TimeZone, anchor: Timestamp) -> Self {
        let rule = match schedule {
            Schedule::Every { seconds, from: CountedFrom::Start } => {
                Rule::Each { seconds: i64::from(*seconds), anchor }
            }
            Schedule::Every { from: CountedFrom::Finish, .. } => Rule::AfterTheEnd,
            Schedule::Cron { expression } => Rule::Days(Days::of_cron(expression)),
            Schedule::Daily { at } => Rule::Days(Days::of_list(at)),
            _ => Rule::Never,
        };
        Self { rule, zone }
    }

    /// The planned times from `first` to `last`, both included.
    pub(crate) fn between(&self, first: Timestamp, last: Timestamp) -> Vec<Timestamp> {
        let mut times: Vec<Timestamp> = match &self.rule {
            Rule::Never => Vec::new(),
            Rule::AfterTheEnd => vec![first],
            Rule::Each { seconds, anchor } => {
                let passed = first.duration_since(*anchor).as_millis();
                let mut number = (passed / (i128::from(*seconds) * 1_000)).max(1) as i64;
                let mut times = Vec::new();
                loop {
                    let at = *anchor + SignedDuration::from_secs(number * seconds);
                    if at > last {
                        break times;
                    }
                    times.push(at);
                    number += 1;
                }
            }
            Rule::Days(days) => days.between(first, last, &self.zone),
        };
        times.retain(|at| first <= *at && *at <= last);
        times.sort();
        times.dedup();
        times
    }

    /// The first planned time after `after`, within a month.
    pub(crate) fn first_after(&self, after: Timestamp) -> Option<Timestamp> {
        if let Rule::Each { seconds, anchor } = &self.rule {
            let reach = after.max(*anchor) + SignedDuration::from_secs(*seconds);
            return self.between(after + SignedDuration::from_micros(1), reach).first().copied();
        }
        let mut from = after + SignedDuration::from_micros(1);
        for minutes in [2, 60, 6 * 60, 24 * 60, 2 * 24 * 60, 8 * 24 * 60, 16 * 24 * 60] {
            let to = from + SignedDuration::from_mins(minutes);
            if let Some(at) = self.between(from, to).first() {
                return Some(*at);
            }
            from = to;
        }
        None
    }

    /// Whether the next time waits for the end of a run.
    pub(crate) fn waits_for_the_end(&self) -> bool {
        matches!(self.rule, Rule::AfterTheEnd)
    }
}

impl Days {
    fn of_list(at: &[Time]) -> Self {
        let all = BTreeSet::new();
        Self {
            seconds: all.clone(),
            minutes: all.clone(),
            hours: all,
            weekdays: (1..=7).collect(),
            is_listed: true,
            listed: Some(at.to_vec()),
        }
    }

    /// Of a simple expression: stars, steps, lists, ranges, names of days.
    fn of_cron(expression: &str) -> Self {
        let mut fields: Vec<&str> = expression.split_whitespace().collect();
        if fields.len() == 5 {
            fields.insert(0, "0");
        }
        Self {
            seconds: values(fields[0], 0, 59),
            minutes: values(fields[1], 0, 59),
            hours: values(fields[2], 0, 23),
            weekdays: values(fields[5], 0, 7).into_iter().map(|day| if day == 0 { 7 } else { day }).collect(),
            is_listed: !fields[..3].iter().any(|field| field.contains(['*', '/'])),
            listed: None,
        }
    }

    /// Goes through what the clock shows from `first` to `last`; an hour more at both ends where it jumps nearby.
    fn between(&self, first: Timestamp, last: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
        let jump = zone.following(first - SignedDuration::from_hours(25)).next();
        let jumps = jump.is_some_and(|jump| jump.timestamp() <= last + SignedDuration::from_hours(25));
        let margin = if jumps { 61.minutes() } else { 0.minutes() };
        let from = first.to_zoned(zone.clone()).datetime() - margin;
        let to = last.to_zoned(zone.clone()).datetime() + margin;
        let mut times = Vec::new();
        let mut day = from.date();
        while day <= to.date() {
            if self.weekdays.contains(&day.weekday().to_monday_one_offset()) {
                let hours = if day == from.date() { from.hour() } else { 0 };
                let until = if day == to.date() { to.hour() } else { 23 };
                for at in self.times_of_day(hours, until) {
                    let shown = day.to_datetime(at);
                    if from <= shown && shown <= to {
                        self.instants(shown, zone, &mut times);
                    }
                }
            }
            day = day.tomorrow().unwrap();
        }
        times
    }

    /// When a time of the wall clock is due.
    fn instants(&self, shown: DateTime, zone: &TimeZone, times: &mut Vec<Timestamp>) {
        match zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => times.extend(offset.to_timestamp(shown)),
            // The clock shows it twice.
            AmbiguousOffset::Fold { before, after } => {
                times.extend(before.to_timestamp(shown));
                if !self.is_listed {
                    times.extend(after.to_timestamp(shown));
                }
            }
            // The clock never shows it: a listed time is due at the end of the gap.
            AmbiguousOffset::Gap { before, .. } if self.is_listed => {
                let within = before.to_timestamp(shown).unwrap();
                let change = zone.preceding(within + 1.second()).next();
                times.extend(change.map(|change| change.timestamp()));
            }
            AmbiguousOffset::Gap { .. } => {}
        }
    }

    fn times_of_day(&self, from: i8, until: i8) -> Vec<Time> {
        if let Some(listed) = &self.listed {
            return listed.clone();
        }
        let mut times = Vec::new();
        for hour in self.hours.range(from..=until) {
            for minute in &self.minutes {
                times.extend(self.seconds.iter().map(|second| time(*hour, *minute, *second, 0)));
            }
        }
        times
    }
}

fn values(field: &str, least: i8, most: i8) -> BTreeSet<i8> {
    let days = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    let value = |text: &str| match days.iter().position(|day| *day == text) {
        Some(day) => day as i8,
        None => text.parse().unwrap(),
    };
    let mut values = BTreeSet::new();
    for part in field.split(',') {
        let (range, step) = part.split_once('/').unwrap_or((part, "1"));
        let step: usize = step.parse().unwrap();
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (least, most),
            Some(("SAT", "SUN")) => (6, 7),
            Some((from, to)) => (value(from), value(to)),
            None => (value(range), value(range)),
        };
        values.extend((from..=to).step_by(step));
    }
    values
}
