//! The oracle: goes through a history event by event, knows how each job and run must stand, and says where a promise was broken.
//! Written from what the scheduler promises, slowly and simply; it uses nothing of the engine's planning or deciding.

mod chains;
mod claiming;
mod conditions;
mod ending;
pub(crate) mod finale;
mod firing;
mod fuse;
mod known;
mod overlap;
mod people;
mod processes;
mod rescue;
mod times;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use marktwerk_domain::health::HealthChange;
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::RunId;
use marktwerk_store::runs::Limits;

use crate::trace::{Event, What};
use crate::world::World;
use known::{KnownJob, KnownRun};
use processes::KnownProcess;

/// A promise that was broken.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    /// Which one.
    pub(crate) rule: &'static str,
    /// How.
    pub(crate) what: String,
}

pub(crate) type Verdict = Result<(), Violation>;

pub(crate) fn violation(rule: &'static str, what: impl Into<String>) -> Violation {
    Violation { rule, what: what.into() }
}

/// Refuses where `holds` is false.
pub(crate) fn ensure(holds: bool, rule: &'static str, what: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(violation(rule, what())) }
}

/// See the module.
pub(crate) struct Oracle {
    jobs: BTreeMap<JobId, KnownJob>,
    runs: BTreeMap<RunId, KnownRun>,
    /// Live runs: those in the queue, and those at work.
    waiting: BTreeSet<RunId>,
    running: BTreeSet<RunId>,
    alerts: Vec<(HealthChange, JobId, RunId)>,
    processes: BTreeMap<u32, KnownProcess>,
    /// Whether accounts and the ERP were well when they were asked lately, and when.
    examined: BTreeMap<String, Vec<(Duration, bool)>>,
    /// Everything has been as it should be since: a process is up, the database is there, the clock has not jumped.
    undisturbed_since: Option<Duration>,
    jumped_at: Duration,
    jumped_by: SignedDuration,
    is_away: bool,
    /// The wall clock was put back at some time.
    has_been_put_back: bool,
    /// As many runs at the same time as a job ever allowed.
    most_instances: BTreeMap<String, u32>,
    workers: usize,
    limits: Limits,
    rises_every: Duration,
    time_limit: Duration,
    zone: TimeZone,
}

impl Oracle {
    pub(crate) fn new(world: &World) -> Self {
        Self {
            jobs: BTreeMap::new(),
            runs: BTreeMap::new(),
            waiting: BTreeSet::new(),
            running: BTreeSet::new(),
            alerts: Vec::new(),
            processes: BTreeMap::new(),
            examined: BTreeMap::new(),
            undisturbed_since: None,
            jumped_at: Duration::ZERO,
            jumped_by: SignedDuration::ZERO,
            is_away: false,
            has_been_put_back: false,
            most_instances: BTreeMap::new(),
            workers: world.options.workers,
            limits: world.options.limits.clone(),
            rises_every: world.options.rises_every,
            time_limit: world.options.time_limit,
            zone: world.options.zone.clone(),
        }
    }

    /// Takes note of an event, and says what is wrong about it.
    pub(crate) fn judge(&mut self, event: &Event) -> Verdict {
        let mut fresh = event.fresh.clone();
        match &event.what {
            What::Added(jobs) => self.added(event, jobs)?,
            What::Edited(edits) => self.edited(event, edits)?,
            What::Archived(ids, now) => self.archived(event, ids, *now, &mut fresh)?,
            What::Fired(firings, now, answers) => {
                for (firing, answer) in firings.iter().zip(answers) {
                    self.fired(event, firing, *now, answer, &mut fresh)?;
                }
            }
            What::Queued(new, now, answer) => self.queued(new, *now, answer, &mut fresh)?,
            What::Claimed(claim, runs) => self.claimed(event, claim, runs)?,
            What::Planned(id, next_due) => self.planned_after_the_end(event, id, *next_due)?,
            What::Cancelled(id, reason, now, answer) => {
                self.cancelled(*id, reason, *now, answer, &mut fresh)?
            }
            What::BroughtForward(ids, ready_at) => self.brought_forward(ids, *ready_at)?,
            What::Rescued { node, void_others, now, rescued } => {
                self.rescued(event, node, *void_others, *now, rescued, &mut fresh)?;
            }
            What::Committed(records, committed) => self.committed(event, records, committed, &mut fresh)?,
            What::Refused(call, error) => self.refused(call, error)?,
            What::Probed(job, sight) => self.probed(event, job, sight.as_ref()),
            What::Examined(what, is_well) => {
                let answers = self.examined.entry(what.clone()).or_default();
                answers.retain(|(since, _)| event.since < *since + conditions::LATELY);
                answers.push((event.since, *is_well));
            }
            // For who reads the history.
            What::Asked(wish) => debug_assert!(!wish.is_empty(), "a wish has words"),
            outside => self.lives(event, outside)?,
        }
        self.nothing_else(&fresh)?;
        self.nothing_lies_about(event)
    }
}
