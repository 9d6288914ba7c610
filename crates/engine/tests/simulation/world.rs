//! The world of a history: when it begins, what limits there are, and its jobs. The seed alone decides.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use marktwerk_domain::job::{JobId, Parameters, Priority};
use marktwerk_domain::policy::{After, Misfire, On, Overlap};
use marktwerk_domain::retry::RetryPolicy;
use marktwerk_engine::EngineOptions;
use marktwerk_engine::jobs::{JobDraft, Seconds};
use marktwerk_engine::prune::Retention;
use marktwerk_store::runs::Limits;
use serde_json::{Value, json};

use crate::conditions;
use crate::dice::{Dice, named};
use crate::kinds::{KINDS, Kind};
use crate::schedules;
use crate::size::Size;

/// Everything that does not change in the course of a history.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) size: Size,
    pub(crate) begins: Timestamp,
    pub(crate) options: EngineOptions,
    /// A store call takes its time in so many cases of a hundred.
    pub(crate) slow_calls: u64,
    /// As they are added; each names earlier ones only.
    pub(crate) jobs: Vec<JobDraft>,
}

impl World {
    pub(crate) fn of(seed: u64, size: Size) -> Self {
        let mut dice = Dice::of([seed, named("world")]);
        let zone = dice.pick(&["Europe/Berlin", "Europe/Berlin", "UTC", "America/New_York"]);
        let options = EngineOptions {
            workers: dice.pick(&[1, 2, 2, 3, 4, 8]),
            zone: TimeZone::get(zone).unwrap(),
            limits: limits(&mut dice),
            rises_every: Duration::from_secs(size.seconds(dice.between(5, 60)).min(1_800)),
            alerts: Vec::new(),
            time_limit: Duration::from_secs(dice.pick(&[40, 60, 90, 120])),
            shutdown_grace: Duration::from_secs(dice.pick(&[1, 5, 10])),
            pace: None,
            run_at_start: dice.happens(10),
            retention: Retention { logs: 36_500, runs: 36_500, buyers: 36_500, audit: 36_500 },
            shares_store_as: None,
            lookout: None,
            jobs_file: None,
            seed: None,
        };
        let mut jobs: Vec<JobDraft> = Vec::new();
        for number in 1..=dice.between(5, 15) {
            jobs.push(job(&mut dice, size, number, &jobs));
        }
        let slow_calls = dice.pick(&[0, 1, 3, 10]);
        Self { seed, size, begins: begins(&mut dice), options, slow_calls, jobs }
    }
}

fn limits(dice: &mut Dice) -> Limits {
    let mut per_type = HashMap::new();
    if dice.happens(30) {
        per_type.insert("report".to_owned(), dice.pick(&[1, 2]));
    }
    Limits { per_type, per_account: dice.happens(30).then(|| dice.pick(&[1, 2])), ..Limits::default() }
}

/// Often a few hours before summer time begins or ends somewhere.
fn begins(dice: &mut Dice) -> Timestamp {
    let changes = [
        "2026-03-29T01:00:00Z",
        "2026-10-25T01:00:00Z",
        "2026-03-08T07:00:00Z",
        "2026-11-01T06:00:00Z",
        "2026-04-04T15:00:00Z",
        "2026-10-03T15:30:00Z",
    ];
    let second = if dice.happens(40) {
        let change: Timestamp = dice.pick(&changes).parse().unwrap();
        change.as_second() - dice.between(0, 6 * 3_600) as i64
    } else {
        // Anywhere in two years from January 2026.
        1_767_225_600 + dice.between(0, 2 * 365 * 86_400) as i64
    };
    Timestamp::from_second(second).unwrap()
}

fn job(dice: &mut Dice, size: Size, number: u64, earlier: &[JobDraft]) -> JobDraft {
    let kind = dice.pick(KINDS);
    let id = format!("j{number}");
    let seconds = |dice: &mut Dice, most| Seconds(size.seconds(dice.between(1, most)) as u32);
    let mut draft = JobDraft {
        id: Some(id.clone()),
        job_type: kind.name.to_owned(),
        enabled: dice.happens(95),
        account: account(dice, kind),
        time_zone: schedules::zone(dice),
        jitter: dice.happens(20).then(|| seconds(dice, 10)),
        misfire: Some(dice.pick(&[Misfire::Latest, Misfire::Latest, Misfire::All, Misfire::Skip])),
        grace: dice.happens(25).then(|| seconds(dice, 300)),
        overlap: Some(overlap(dice)),
        max_instances: Some(dice.pick(&[1, 1, 1, 2, 3])),
        time_limit: dice.happens(20).then(|| Seconds(dice.between(10, 90) as u32)),
        priority: dice.pick(&[Priority::High, Priority::Medium, Priority::Medium, Priority::Low]),
        retry: Some(retry(dice)),
        conditions: if dice.happens(25) { conditions::some(dice, kind, earlier) } else { Vec::new() },
        after: if dice.happens(25) { after(dice, earlier) } else { Vec::new() },
        parameters: parameters(&id, dice.happens(30).then(|| dice.between(1, 3))),
        ..JobDraft::default()
    };
    schedules::set(dice, size, &mut draft);
    draft
}

fn account(dice: &mut Dice, kind: Kind) -> String {
    // Without a name it is the first one.
    if kind.accounts.is_empty() || dice.happens(40) {
        String::new()
    } else {
        dice.pick(kind.accounts).to_owned()
    }
}

pub(crate) fn overlap(dice: &mut Dice) -> Overlap {
    dice.pick(&[Overlap::Skip, Overlap::Skip, Overlap::QueueOne, Overlap::QueueAll, Overlap::CancelRunning])
}

pub(crate) fn retry(dice: &mut Dice) -> RetryPolicy {
    RetryPolicy {
        attempts: dice.pick(&[1, 2, 3, 3, 4]),
        first_delay_seconds: dice.between(0, 20) as u32,
        factor: dice.pick(&[1.0, 2.0, 3.0]),
        longest_delay_seconds: dice.between(5, 60) as u32,
    }
}

/// Each run tells which job it is of by its parameters.
pub(crate) fn parameters(job: &str, size: Option<u64>) -> Parameters {
    let mut document = json!({ "name": job });
    if let (Some(size), Value::Object(fields)) = (size, &mut document) {
        fields.insert("size".to_owned(), json!(size));
    }
    match document {
        Value::Object(fields) => fields,
        _ => Parameters::new(),
    }
}

/// Links to earlier jobs, so that no chain goes round.
pub(crate) fn after(dice: &mut Dice, earlier: &[JobDraft]) -> Vec<After> {
    let mut links = Vec::new();
    for _ in 0..dice.between(1, 2) {
        if !earlier.is_empty() {
            let parent = earlier[dice.index(earlier.len())].id.clone().unwrap_or_default();
            let on = dice.pick(&[On::Success, On::Success, On::Failure, On::Always]);
            links.push(After { job: JobId(parent), on });
        }
    }
    links
}
