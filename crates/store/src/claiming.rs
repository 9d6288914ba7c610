//! The order in which waiting runs begin, and what keeps them waiting: the part of a claim that is the same on every database.
//!
//! Each priority is a line of its own, oldest first. Its head counts as one class higher for each `rises_every` that it has
//! been ready; the highest class goes first, and heads of the same class take turns by priority. So nothing starves: a run that
//! has risen waits for its turn and not for the end of a line that never ends.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::mutant::{self, Mutant};
use crate::runs::{Claim, Limits, RANKS};

/// A run as far as a claim looks at it.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) id: i64,
    pub(crate) ready_at: Timestamp,
    pub(crate) job: String,
    pub(crate) lane: Option<String>,
    pub(crate) account: String,
    pub(crate) job_type: String,
}

/// When a run of each priority was claimed last, as a rising number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turns([u64; RANKS]);

impl Turns {
    pub(crate) fn of(claim: &Claim) -> Self {
        Self(claim.turns)
    }

    /// Where the head of a line stands against those of the others; the smallest goes first.
    pub(crate) fn order(&self, rank: usize, ready_at: Timestamp, claim: &Claim) -> (i64, u64) {
        (class(rank, ready_at, claim), self.0[rank])
    }

    /// A run of this rank was taken.
    pub(crate) fn take(&mut self, rank: usize) {
        self.0[rank] = self.0.iter().max().map_or(1, |latest| latest + 1);
    }
}

/// The class that a run of this rank has risen to; 0 is the highest.
fn class(rank: usize, ready_at: Timestamp, claim: &Claim) -> i64 {
    let rank = i64::try_from(rank).unwrap_or(i64::MAX);
    if mutant::is(Mutant::Ageing) {
        return rank;
    }
    let waited = claim.now.duration_since(ready_at).as_millis();
    let every = i128::try_from(claim.rises_every.as_millis()).unwrap_or(i128::MAX).max(1);
    let risen = i64::try_from(waited / every).unwrap_or(i64::MAX);
    rank.saturating_sub(risen).max(0)
}

/// What is at work, by everything that is limited.
pub(crate) struct Busy<'a> {
    limits: &'a Limits,
    lanes: HashSet<String>,
    jobs: HashMap<String, u32>,
    accounts: HashMap<String, u32>,
    types: HashMap<String, u32>,
}

/// The names of what has no room for another run.
#[derive(Debug)]
pub(crate) struct AtTheirLimit<'a> {
    pub(crate) jobs: Vec<&'a str>,
    pub(crate) lanes: Vec<&'a str>,
    pub(crate) types: Vec<&'a str>,
    pub(crate) accounts: Vec<&'a str>,
}

impl<'a> Busy<'a> {
    /// With these runs at work.
    pub(crate) fn with(limits: &'a Limits, running: Vec<Candidate>) -> Self {
        let mut busy = Self {
            limits,
            lanes: HashSet::new(),
            jobs: HashMap::new(),
            accounts: HashMap::new(),
            types: HashMap::new(),
        };
        running.into_iter().for_each(|run| busy.take(run));
        busy
    }

    /// Whether another run of this job, lane, account and type may begin.
    pub(crate) fn admits(&self, job: &str, lane: Option<&str>, account: &str, job_type: &str) -> bool {
        let is_alone = self.has_room_for_job(job, self.jobs.get(job).copied().unwrap_or(0))
            && lane.is_none_or(|lane| !self.lanes.contains(lane));
        (is_alone || mutant::is(Mutant::Overlap))
            && self.has_room_for_type(job_type, self.types.get(job_type).copied().unwrap_or(0))
            && self.has_room_for_account(account, self.accounts.get(account).copied().unwrap_or(0))
    }

    /// What need not be read from the queue.
    pub(crate) fn at_their_limit(&self) -> AtTheirLimit<'_> {
        fn full(counts: &HashMap<String, u32>, has_room: impl Fn(&str, u32) -> bool) -> Vec<&str> {
            let full = counts.iter().filter(|(name, count)| !has_room(name, **count));
            full.map(|(name, _)| name.as_str()).collect()
        }
        AtTheirLimit {
            jobs: full(&self.jobs, |job, count| self.has_room_for_job(job, count)),
            lanes: self.lanes.iter().map(String::as_str).collect(),
            types: full(&self.types, |job_type, count| self.has_room_for_type(job_type, count)),
            accounts: full(&self.accounts, |account, count| self.has_room_for_account(account, count)),
        }
    }

    /// One more is at work.
    pub(crate) fn take(&mut self, run: Candidate) {
        let Candidate { id: _, ready_at: _, job, lane, account, job_type } = run;
        *self.jobs.entry(job).or_default() += 1;
        self.lanes.extend(lane);
        *self.accounts.entry(account).or_default() += 1;
        *self.types.entry(job_type).or_default() += 1;
    }

    fn has_room_for_job(&self, job: &str, count: u32) -> bool {
        count < self.limits.per_job.get(job).copied().unwrap_or(1)
    }

    fn has_room_for_type(&self, job_type: &str, count: u32) -> bool {
        self.limits.per_type.get(job_type).is_none_or(|limit| count < *limit)
    }

    fn has_room_for_account(&self, account: &str, count: u32) -> bool {
        account.is_empty() || self.limits.per_account.is_none_or(|limit| count < limit)
    }
}
