//! Claiming: what is ready begins in the order of its urgency, within the limits, and nothing starves or lies about.
//!
//! A run counts as one class higher for each `rises_every` that it has been ready. The bound that is proven here claim by claim:
//! nothing begins before a more urgent run that could begin, or before an older one of its own priority; and of runs of the
//! same class and different priorities a line is passed over twice at the most before it has its turn. So a run that is free
//! to begin waits `classes × rises_every` at the longest, then for the older ones of its priority, and twice for each of these.

use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::run::{Attempt, Epoch, Run, RunId, RunState};
use marktwerk_store::journal::Entry;
use marktwerk_store::runs::{Claim, Limits, RANKS};

use super::known::{KnownRun, micros};
use super::{Oracle, Verdict, ensure};
use crate::trace::{Event, What};

const LIMITS: &str = "never more at work than the limits allow";
const ORDER: &str = "the most urgent goes first and nothing starves";
const LIES: &str = "what can begin begins";

/// What can begin has begun within this where nothing is in the way.
const SOON: Duration = Duration::from_secs(8);

impl Oracle {
    pub(super) fn claimed(&mut self, event: &Event, claim: &Claim, runs: &[Run]) -> Verdict {
        self.limits_are_in_force(event, &claim.limits)?;
        let free = self.workers.saturating_sub(self.work_of(event.process));
        ensure(runs.len() <= claim.limit.min(free), LIMITS, || {
            format!("{} runs claimed for {free} free workers", runs.len())
        })?;
        for run in runs {
            self.is_next(event, claim, run.id)?;
            self.begins(event, claim, run)?;
        }
        let left = self.free_to_begin(claim).next();
        ensure(runs.len() == claim.limit || left.is_none(), LIES, || {
            format!("run {} was left lying with a worker free", left.unwrap_or(RunId(0)))
        })
    }

    /// The limits of the jobs are theirs, as they stand or stood a moment ago.
    fn limits_are_in_force(&self, event: &Event, limits: &Limits) -> Verdict {
        let own = &self.limits;
        let same = (&limits.per_type, &limits.per_account) == (&own.per_type, &own.per_account);
        ensure(same, LIMITS, || format!("{limits:?} instead of {own:?}"))?;
        for (id, known) in &self.jobs {
            let limit = limits.per_job.get(id.as_str()).copied().unwrap_or(1);
            let mut versions = known.versions(event.since);
            // One that was added while this claim was under way is not known to it; it has no run either.
            let is_unknown = limit == 1 && known.newest.is_none();
            ensure(
                is_unknown || versions.any(|job| job.spec.policies.max_instances == limit),
                LIMITS,
                || format!("{id} is claimed with a limit of {limit}"),
            )?;
        }
        Ok(())
    }

    fn at_work(&self) -> Vec<&KnownRun> {
        self.running.iter().filter_map(|id| self.runs.get(id)).collect()
    }

    /// What is ready and within the limits.
    fn free_to_begin(&self, claim: &Claim) -> impl Iterator<Item = RunId> {
        let at_work = self.at_work();
        let waiting = self.waiting.iter().map(|id| (*id, &self.runs[id]));
        let ready = waiting.filter(|(_, known)| known.row.ready_at <= claim.now && !self.is_held(known));
        ready.filter(move |(_, known)| is_admitted(known, &at_work, &claim.limits)).map(|(id, _)| id)
    }

    fn class(&self, row: &Run, now: Timestamp) -> i128 {
        let risen = now.duration_since(row.ready_at).as_millis() / self.rises_every.as_millis() as i128;
        (i128::from(row.priority.rank()) - risen).max(0)
    }

    /// Nothing that could begin is more urgent than this one.
    fn is_next(&mut self, event: &Event, claim: &Claim, id: RunId) -> Verdict {
        let free: Vec<RunId> = self.free_to_begin(claim).collect();
        ensure(free.contains(&id), LIMITS, || format!("run {id} began, which was not ready or at a limit"))?;
        let row = &self.runs[&id].row;
        let (class, rank) = (self.class(row, claim.now), row.priority.rank() as usize);
        let mut passed_over = [false; RANKS];
        for other in free.iter().filter(|other| **other != id).map(|other| &self.runs[other].row) {
            let other_class = self.class(other, claim.now);
            ensure(other_class >= class, ORDER, || {
                format!("run {id} (class {class}) began before run {} (class {other_class})", other.id)
            })?;
            if other.priority == row.priority {
                ensure((row.ready_at, row.id) < (other.ready_at, other.id), ORDER, || {
                    format!("run {id} began before the older run {} of its priority", other.id)
                })?;
            } else if other_class == class {
                passed_over[other.priority.rank() as usize] = true;
            }
        }
        let turns = &mut self.process(event.process).passed_over;
        turns[rank] = 0;
        for (other, _) in passed_over.iter().enumerate().filter(|(_, is_passed)| **is_passed) {
            turns[other] += 1;
            let times = turns[other];
            ensure(times < RANKS as u32, ORDER, || {
                format!(
                    "run {id} began, and a line of the same class (rank {other}) was passed over {times} times"
                )
            })?;
        }
        Ok(())
    }

    fn begins(&mut self, event: &Event, claim: &Claim, answer: &Run) -> Verdict {
        let versions = self.job(&answer.job_id)?.versions(event.since).cloned().collect();
        self.waiting.remove(&answer.id);
        self.running.insert(answer.id);
        let known = self.run_mut(answer.id)?;
        known.versions = versions;
        known.process = event.process;
        known.node = Some(claim.node.clone());
        known.lease_until = Some(claim.lease_until);
        known.renewed_at = event.since;
        known.claimed_at = event.since;
        known.free_since = None;
        let row = &mut known.row;
        row.state = RunState::Running;
        row.epoch = Epoch(row.epoch.0 + 1);
        row.attempt += 1;
        row.started_at = row.started_at.or(Some(claim.now));
        row.attempt_started_at = Some(claim.now);
        (row.warnings, row.error, row.steps) = (0, None, Vec::new());
        known.attempts.push(Attempt {
            number: row.attempt,
            epoch: row.epoch,
            node: claim.node.clone(),
            started_at: claim.now,
            ended_at: None,
            outcome: "running".to_owned(),
            error: None,
        });
        let row = &known.row;
        ensure(answer == row, "a claimed run is as it stands", || format!("{answer:?}\n  instead of {row:?}"))
    }

    /// What could begin begins soon: a process is up, the database is there, a worker is free.
    pub(super) fn nothing_lies_about(&mut self, event: &Event) -> Verdict {
        if !changes_the_queue(&event.what) {
            return Ok(());
        }
        self.nothing_is_overdue(event)?;
        let process = self.current_process();
        let has_worker = self.work_of(process) + self.claimed_and_not_begun(process) < self.workers;
        let undisturbed = self.undisturbed_since.filter(|_| has_worker);
        let limits = self.limits_of_the_jobs();
        let at_work = self.at_work();
        let is_free = |known: &KnownRun| {
            undisturbed.is_some()
                && known.row.ready_at <= event.at
                && !self.is_held(known)
                && is_admitted(known, &at_work, &limits)
        };
        let waiting: Vec<(RunId, bool)> =
            self.waiting.iter().map(|id| (*id, is_free(&self.runs[id]))).collect();
        for (id, is_free) in waiting {
            let known = self.run_mut(id)?;
            known.free_since = is_free.then(|| known.free_since.unwrap_or(event.since));
            let since = known.free_since.max(undisturbed).unwrap_or(event.since);
            ensure(!is_free || event.since.saturating_sub(since) <= SOON, LIES, || {
                format!("run {id} could begin for {:?} and has not begun", event.since.saturating_sub(since))
            })?;
        }
        Ok(())
    }

    /// A wait that was counted on a clock that stood ahead is over; no other is.
    pub(super) fn brought_forward(&mut self, ids: &[RunId], ready_at: Timestamp) -> Verdict {
        let may_be = self.has_been_put_back;
        ensure(may_be, ORDER, || format!("{ids:?} were brought forward, and the clock was never put back"))?;
        for id in ids {
            let is_waiting = self.waiting.contains(id);
            let row = &mut self.run_mut(*id)?.row;
            if is_waiting && row.ready_at > ready_at {
                row.ready_at = micros(ready_at);
            }
        }
        Ok(())
    }

    fn limits_of_the_jobs(&self) -> Limits {
        let per_job =
            self.jobs.iter().map(|(id, known)| (id.0.clone(), known.job.spec.policies.max_instances));
        Limits { per_job: per_job.collect(), ..self.limits.clone() }
    }
}

/// Whether what keeps a run waiting may have changed.
fn changes_the_queue(what: &What) -> bool {
    match what {
        What::Committed(records, _) => records.iter().any(|record| matches!(record.entry, Entry::End(_))),
        What::WorkBegan(_)
        | What::WroteOutside(_)
        | What::Probed(..)
        | What::Examined(..)
        | What::Asked(_) => false,
        _ => true,
    }
}

/// Whether another run beside those at work would be within the limits.
fn is_admitted(known: &KnownRun, at_work: &[&KnownRun], limits: &Limits) -> bool {
    let row = &known.row;
    let (mut of_job, mut of_lane, mut of_type, mut of_account) = (0, 0, 0, 0);
    for other in at_work {
        of_job += u32::from(other.row.job_id == row.job_id);
        of_lane += u32::from(known.lane.is_some() && other.lane == known.lane);
        of_type += u32::from(other.row.job_type == row.job_type);
        of_account += u32::from(other.row.account == row.account);
    }
    of_job < limits.per_job.get(row.job_id.as_str()).copied().unwrap_or(1)
        && of_lane == 0
        && limits.per_type.get(&row.job_type).is_none_or(|limit| of_type < *limit)
        && (row.account.is_empty() || limits.per_account.is_none_or(|limit| of_account < limit))
}
