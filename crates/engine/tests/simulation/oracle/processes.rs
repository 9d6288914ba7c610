//! Processes, and who is at work in them.

use std::collections::BTreeMap;
use std::time::Duration;

use marktwerk_domain::run::{RunId, RunState};
use marktwerk_store::StoreError;
use marktwerk_store::runs::RANKS;

use super::{Oracle, Verdict, ensure, violation};
use crate::trace::{Event, Said, What, Who};

const ONE: &str = "an attempt is worked on once";

/// The store's lease and what of it must be left before an outside write, in the words of the promises.
const LEASE: Duration = Duration::from_secs(60);
const NEEDED: Duration = Duration::from_secs(20);

/// A process.
#[derive(Default)]
pub(super) struct KnownProcess {
    pub(super) is_up: bool,
    pub(super) shuts_down: bool,
    /// It stands still, stood still, or is dead: others have taken over.
    pub(super) is_out: bool,
    /// Attempts at work since when.
    pub(super) at_work: BTreeMap<Who, Duration>,
    /// What those said that are done, until their ends are stored; `None` was cut off.
    pub(super) said: BTreeMap<Who, Option<Said>>,
    /// How often each priority was passed over since it had its turn.
    pub(super) passed_over: [u32; RANKS],
}

impl Oracle {
    pub(super) fn process(&mut self, number: u32) -> &mut KnownProcess {
        self.processes.entry(number).or_default()
    }

    /// The number of the newest process.
    pub(super) fn current_process(&self) -> u32 {
        self.processes.keys().next_back().copied().unwrap_or(0)
    }

    /// How many are at work in a process.
    pub(super) fn work_of(&self, process: u32) -> usize {
        self.processes.get(&process).map_or(0, |process| process.at_work.len())
    }

    /// Attempts that a process has claimed and whose work is not seen, or is over and not stored.
    pub(super) fn claimed_and_not_begun(&self, process: u32) -> usize {
        let is_at_work =
            |who: &Who| self.processes.get(&process).is_some_and(|known| known.at_work.contains_key(who));
        let claimed = self.running.iter().filter_map(|id| self.runs.get(id));
        let claimed = claimed.filter(|known| known.process == process);
        claimed.filter(|known| !is_at_work(&(known.row.id, known.row.epoch))).count()
    }

    pub(super) fn lives(&mut self, event: &Event, what: &What) -> Verdict {
        let since = event.since;
        match what {
            What::Begins => *self.process(event.process) = KnownProcess::default(),
            What::IsUp => self.process(event.process).is_up = true,
            What::ShutsDown => self.process(event.process).shuts_down = true,
            What::Suspended | What::Dies => self.process(event.process).is_out = true,
            What::DatabaseAway => self.is_away = true,
            What::DatabaseBack => self.is_away = false,
            What::ClockJumps(by) => {
                self.jumped_at = since;
                self.jumped_by = *by;
                self.has_been_put_back |= by.is_negative();
            }
            What::Peace => {}
            What::WorkBegan(who) => self.work_began(event, *who)?,
            What::WorkEnded(who, said) => {
                let process = self.process(event.process);
                process.at_work.remove(who);
                process.said.insert(*who, said.clone());
            }
            What::WroteOutside(who) => self.wrote_outside(event, *who)?,
            _ => {}
        }
        if matches!(what, What::WorkBegan(_) | What::WorkEnded(..) | What::WroteOutside(_) | What::Peace) {
            return Ok(());
        }
        let current = self.current_process();
        let process = self.process(current);
        let works = process.is_up && !process.is_out && !process.shuts_down;
        self.undisturbed_since = (works && !self.is_away).then_some(since);
        Ok(())
    }

    fn work_began(&mut self, event: &Event, who: Who) -> Verdict {
        let (id, epoch) = who;
        let known = self.run(id)?;
        let is_held = known.row.state == RunState::Running && known.row.epoch == epoch;
        let process = &self.processes[&event.process];
        ensure(is_held || process.is_out, ONE, || format!("work on run {id} began without a lease"))?;
        ensure(!process.at_work.contains_key(&who), ONE, || format!("run {id} is worked on twice"))?;
        ensure(process.at_work.len() < self.workers, "never more at work than there are workers", || {
            format!("run {id} is one too many")
        })?;
        self.process(event.process).at_work.insert(who, event.since);
        self.not_beside_too_many(event, id)
    }

    /// Seen live: those at work with a lease, in processes that nobody has taken over from.
    fn not_beside_too_many(&self, event: &Event, id: RunId) -> Verdict {
        let job = self.job(&self.run(id)?.row.job_id)?;
        let is_held = |who: &Who| {
            let known = self.runs.get(&who.0);
            known.is_some_and(|known| known.row.epoch == who.1 && known.row.job_id == job.job.id)
        };
        let processes = self.processes.values().filter(|process| !process.is_out);
        let at_work = processes.flat_map(|process| process.at_work.keys()).filter(|who| is_held(who)).count();
        let most =
            job.versions(event.since).map(|job| job.spec.policies.max_instances as usize).max().unwrap_or(1);
        ensure(at_work <= most, "never more at work than the limits allow", || {
            format!("{at_work} attempts of {} are at work, {most} at the most", job.job.id)
        })
    }

    /// Who writes to the outside has so much left of his lease that nobody else can have taken over.
    fn wrote_outside(&mut self, event: &Event, (id, epoch): Who) -> Verdict {
        let known = self.run(id)?;
        let is_held = known.row.state == RunState::Running && known.row.epoch == epoch;
        let process = &self.processes[&event.process];
        // A process that stood still may have been followed by another at once: the lock file is what keeps that from happening.
        ensure(is_held || process.is_out, "nobody writes to the outside without a lease", || {
            format!("run {id} did, in its epoch {}", epoch.0)
        })?;
        let age = event.since.saturating_sub(known.renewed_at);
        let allowed = LEASE - NEEDED;
        ensure(!is_held || age <= allowed, "nobody writes to the outside without a lease", || {
            format!("run {id} did {age:?} after its lease was renewed")
        })
    }

    /// The store refused: only where somebody else was quicker, or by a rule that people are told of.
    pub(super) fn refused(&self, call: &str, error: &StoreError) -> Verdict {
        match (call, error) {
            ("edit_jobs", StoreError::VersionConflict { .. }) | ("insert_jobs", StoreError::Exists(_)) => {
                Ok(())
            }
            _ => Err(violation("the store carries out what it is told", format!("{call}: {error}"))),
        }
    }
}
