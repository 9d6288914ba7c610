//! What a history tells people: that all is well, or what is wrong, with everything that led to it.

use std::fmt::Write;
use std::time::Duration;

use marktwerk_store::journal::{Entry, Record};
use marktwerk_store::runs::Fired;

use crate::oracle::Violation;
use crate::size::Size;
use crate::trace::{Event, What};
use crate::world::World;

/// How a history went.
pub(crate) struct Report {
    pub(crate) seed: u64,
    /// How much has happened in it.
    pub(crate) weight: usize,
    pub(crate) lasted: Duration,
    pub(crate) violation: Option<Violation>,
    size: Size,
    world: String,
    events: Vec<Event>,
}

impl Report {
    pub(crate) fn new(
        world: &World,
        lasted: Duration,
        weight: usize,
        events: Vec<Event>,
        violation: Option<Violation>,
    ) -> Self {
        let described = if violation.is_some() { described(world) } else { String::new() };
        Self { seed: world.seed, weight, lasted, violation, size: world.size, world: described, events }
    }

    /// The history, one line for each event.
    pub(crate) fn history(&self) -> String {
        let mut text = String::new();
        for event in &self.events {
            let _ = writeln!(text, "{}", line(event));
        }
        text
    }

    /// The command that plays this history alone, and breaks `mutant` as it did.
    pub(crate) fn command(&self, mutant: Option<&str>) -> String {
        let mutant = mutant.map(|mutant| format!(" --mutant {mutant}")).unwrap_or_default();
        let months = self.size.in_months();
        format!("cargo xtask simulate --months {months} --seeds 1 --first-seed {}{mutant}", self.seed)
    }

    /// What is wrong, for people.
    pub(crate) fn complaint(&self, mutant: Option<&str>) -> String {
        let Some(violation) = &self.violation else { return String::new() };
        let (seed, history, world) = (self.seed, self.history(), &self.world);
        let (rule, what) = (violation.rule, &violation.what);
        let command = self.command(mutant);
        format!("{world}\n{history}\nseed {seed}: broken is «{rule}»\n  {what}\nplay it again: {command}")
    }
}

fn described(world: &World) -> String {
    let options = &world.options;
    let mut text = format!(
        "world {} from {}: {} workers, rises every {:?}, time limit {:?}, {:?}\n",
        world.seed, world.begins, options.workers, options.rises_every, options.time_limit, options.limits
    );
    for job in &world.jobs {
        let _ = writeln!(text, "  {}", serde_json::to_string(job).unwrap_or_default());
    }
    text
}

pub(crate) fn line(event: &Event) -> String {
    let Event { number, at, since, process, what, fresh } = event;
    let mut text = format!("{number:>6} {:>12.3} {at:.3} p{process} {}", since.as_secs_f64(), told(what));
    for run in fresh {
        let _ = write!(
            text,
            " [+run {} of {} {} {}]",
            run.id,
            run.job_id,
            run.trigger.as_str(),
            run.state.as_str()
        );
    }
    text
}

fn told(what: &What) -> String {
    match what {
        What::Added(jobs) => jobs
            .iter()
            .map(|job| format!("added {} due {:?}", job.id, job.next_due))
            .collect::<Vec<_>>()
            .join(", "),
        What::Edited(edits) => {
            let edit = |edit: &marktwerk_store::jobs::JobEdit| {
                let is_on = if edit.spec.enabled { "on" } else { "off" };
                format!("edited {} {is_on} {:?} due {:?}", edit.id, edit.spec.schedule, edit.next_due)
            };
            edits.iter().map(edit).collect::<Vec<_>>().join(", ")
        }
        What::Fired(firings, now, answers) => {
            let firing = |(firing, answer): (&marktwerk_store::runs::Firing, &Fired)| {
                let runs: Vec<_> =
                    firing.runs.iter().map(|run| (run.planned_at.to_string(), run.merged)).collect();
                let skips: Vec<_> = firing
                    .skips
                    .iter()
                    .map(|skip| (skip.run.planned_at.to_string(), skip.run.merged, &skip.reason))
                    .collect();
                let (id, due, next) = (&firing.job_id, firing.seen_due, firing.next_due);
                format!("{id} for {due}: runs {runs:?}, skips {skips:?}, next {next:?}, {answer:?}")
            };
            let all: Vec<_> = firings.iter().zip(answers).map(firing).collect();
            format!("fired at {now}: {}", all.join("; "))
        }
        What::Queued(new, now, answer) => format!("queued at {now} run {} of {}", answer.id, new.job_id),
        What::Claimed(claim, runs) => {
            let all: Vec<_> = runs
                .iter()
                .map(|run| {
                    format!("{} of {} ({:?}, ready {})", run.id, run.job_id, run.priority, run.ready_at)
                })
                .collect();
            format!("claimed at {} up to {}: {}", claim.now, claim.limit, all.join(", "))
        }
        What::Cancelled(id, reason, _, answer) => {
            format!("cancelled {id} ({reason}): {}", answer.state.as_str())
        }
        What::Committed(records, answer) => {
            let all: Vec<_> = records.iter().map(record).collect();
            format!("committed {} (fenced {:?})", all.join(", "), answer.fenced)
        }
        other => format!("{other:?}"),
    }
}

fn record(record: &Record) -> String {
    let Record { run, epoch, entry } = record;
    let entry = match entry {
        Entry::Line(line) => format!("line {}", line.line),
        Entry::Heartbeat { lease_until, .. } => format!("heartbeat until {lease_until}"),
        Entry::Steps(_) => "steps".to_owned(),
        Entry::End(end) => {
            let (state, error) = (end.state.as_str(), &end.error);
            format!("END {state} ({}) line {} ready {:?} {error:?}", end.outcome, end.line.line, end.ready_at)
        }
    };
    format!("{run}/{}: {entry}", epoch.0)
}
