//! What is observed, in the order in which it happened, and shown to the oracle at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::clock::{Clock, ManualClock};
use marktwerk_domain::failure::Failure;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::run::{Epoch, Run, RunId, WorkflowResult};
use marktwerk_engine::probe::ProbeResult;
use marktwerk_store::StoreError;
use marktwerk_store::jobs::JobEdit;
use marktwerk_store::journal::{Committed, Record};
use marktwerk_store::runs::{Claim, Fired, Firing, NewRun, Rescued};

use crate::oracle::{Oracle, Violation, violation};

/// More than this does not happen without time passing.
const AT_ONE_MOMENT: u32 = 20_000;

/// Something that happened.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// Counted from 1.
    pub(crate) number: u64,
    /// By the wall clock, which jumps.
    pub(crate) at: Timestamp,
    /// Since the history began, which does not.
    pub(crate) since: Duration,
    /// In which process; 0 is outside of all.
    pub(crate) process: u32,
    pub(crate) what: What,
    /// Runs that were not there before.
    pub(crate) fresh: Vec<Run>,
}

/// An attempt of a run.
pub(crate) type Who = (RunId, Epoch);

/// What happened.
#[derive(Debug, Clone)]
pub(crate) enum What {
    /// A process begins; it is up when it answers.
    Begins,
    IsUp,
    Suspended,
    Haunts,
    Dies,
    /// Its end was asked for; what comes after its time is cut off.
    ShutsDown,
    HasShutDown,
    DatabaseAway,
    DatabaseBack,
    ClockJumps(SignedDuration),
    /// Nobody does anything any more, and all works well.
    Peace,
    /// A person or program asked for something; in words, with the answer.
    Asked(String),
    WorkBegan(Who),
    /// With the answer; `None` is none, for it was cut off.
    WorkEnded(Who, Option<Said>),
    WroteOutside(Who),
    /// A job's probe was asked. `None` where it does not answer in time.
    Probed(String, Option<Result<ProbeResult, Failure>>),
    /// An account or the ERP was asked how it is.
    Examined(String, bool),

    // What the store was told to do, and did.
    Added(Vec<Job>),
    Edited(Vec<JobEdit>),
    Archived(Vec<JobId>, Timestamp),
    Fired(Vec<Firing>, Timestamp, Vec<Fired>),
    Queued(Box<NewRun>, Timestamp, Box<Run>),
    Claimed(Claim, Vec<Run>),
    Planned(JobId, Timestamp),
    Cancelled(RunId, String, Timestamp, Box<Run>),
    BroughtForward(Vec<RunId>, Timestamp),
    Rescued {
        node: String,
        void_others: bool,
        now: Timestamp,
        rescued: Vec<Rescued>,
    },
    Committed(Vec<Record>, Committed),
    /// It did not.
    Refused(&'static str, Arc<StoreError>),
}

/// What a workflow said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    Result(WorkflowResult),
    Panicked,
}

impl What {
    /// For how many of the events that a history must have it counts.
    fn weight(&self) -> usize {
        use marktwerk_store::journal::Entry;
        match self {
            Self::Begins
            | Self::Suspended
            | Self::Dies
            | Self::HasShutDown
            | Self::DatabaseAway
            | Self::ClockJumps(_)
            | Self::Queued(..)
            | Self::Cancelled(..) => 1,
            Self::Added(jobs) => jobs.len(),
            Self::Edited(edits) => edits.len(),
            Self::Archived(ids, _) => ids.len(),
            Self::Fired(_, _, answers) => {
                answers.iter().filter(|answer| matches!(answer, Fired::Done { .. })).count()
            }
            Self::Claimed(_, runs) => runs.len(),
            Self::Rescued { rescued, .. } => rescued.len(),
            Self::Committed(records, _) => {
                records.iter().filter(|record| matches!(record.entry, Entry::End(_))).count()
            }
            _ => 0,
        }
    }
}

/// The history so far.
pub(crate) struct Trace {
    clock: Arc<ManualClock>,
    /// So many events are kept for people.
    keep: usize,
    inner: Mutex<Inner>,
}

struct Inner {
    events: VecDeque<Event>,
    number: u64,
    weight: usize,
    /// How much has happened at the latest moment.
    moment: (Duration, u32),
    oracle: Oracle,
    violation: Option<Violation>,
    is_closed: bool,
}

impl Trace {
    pub(crate) fn new(clock: Arc<ManualClock>, keep: usize, oracle: Oracle) -> Self {
        let inner = Inner {
            events: VecDeque::new(),
            number: 0,
            weight: 0,
            moment: (Duration::ZERO, 0),
            oracle,
            violation: None,
            is_closed: false,
        };
        Self { clock, keep, inner: Mutex::new(inner) }
    }

    /// Notes what happened in a process, and asks the oracle.
    pub(crate) fn note(&self, process: u32, what: What, fresh: Vec<Run>) {
        let mut inner = self.inner.lock().unwrap();
        if inner.is_closed || inner.violation.is_some() {
            return;
        }
        inner.number += 1;
        inner.weight += what.weight();
        let (at, since) = (self.clock.now(), self.clock.monotonic());
        if inner.moment.0 != since {
            inner.moment = (since, 0);
        }
        inner.moment.1 += 1;
        let event = Event { number: inner.number, at, since, process, what, fresh };
        inner.violation = match inner.moment.1 > AT_ONE_MOMENT {
            true => Some(violation("it comes to rest", format!("{AT_ONE_MOMENT} events at one moment"))),
            false => inner.oracle.judge(&event).err(),
        };
        if inner.events.len() == self.keep {
            inner.events.pop_front();
        }
        inner.events.push_back(event);
    }

    /// Time since the history began.
    pub(crate) fn since(&self) -> Duration {
        self.clock.monotonic()
    }

    /// Something is wrong that is no event.
    pub(crate) fn fail(&self, violation: Violation) {
        self.inner.lock().unwrap().violation.get_or_insert(violation);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.inner.lock().unwrap().violation.is_some()
    }

    /// How much has happened.
    pub(crate) fn weight(&self) -> usize {
        self.inner.lock().unwrap().weight
    }

    /// The oracle, for what is not an event.
    pub(crate) fn ask<T>(&self, question: impl FnOnce(&mut Oracle) -> T) -> T {
        question(&mut self.inner.lock().unwrap().oracle)
    }

    /// Nothing counts any more; hands out what was kept and what is wrong.
    pub(crate) fn close(&self) -> (Vec<Event>, usize, Option<Violation>) {
        let mut inner = self.inner.lock().unwrap();
        inner.is_closed = true;
        (std::mem::take(&mut inner.events).into(), inner.weight, inner.violation.take())
    }
}
