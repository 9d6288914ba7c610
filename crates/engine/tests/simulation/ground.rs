//! What all processes of a history stand on: the database, the clock, and those who watch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::task::{Context, Poll, Waker};

use jiff::SignedDuration;
use marktwerk_domain::clock::ManualClock;
use marktwerk_domain::run::Run;
use marktwerk_store::SharedStore;
use marktwerk_store::runs::RunFilter;
use marktwerk_store::sqlite::SqliteStore;

use crate::oracle::Oracle;
use crate::trace::{Trace, What};
use crate::world::World;

/// Events kept for people, in a long history.
const KEPT: usize = 20_000;

pub(crate) struct Ground {
    pub(crate) world: World,
    pub(crate) clock: Arc<ManualClock>,
    /// The database itself.
    pub(crate) store: SharedStore,
    pub(crate) trace: Trace,
    is_away: AtomicBool,
    is_calm: AtomicBool,
    /// Seconds that the wall clock is behind what it was at the farthest.
    behind: AtomicI64,
    newest_run: AtomicI64,
}

impl Ground {
    /// An empty database in memory. To be called on the runtime whose time is paused.
    pub(crate) fn new(world: World) -> Arc<Self> {
        let clock = ManualClock::starting_at(world.begins);
        let store: SharedStore = Arc::new(SqliteStore::open_in_memory(world.options.zone.clone()).unwrap());
        let trace = Trace::new(clock.clone(), KEPT, Oracle::new(&world));
        Arc::new(Self {
            world,
            clock,
            store,
            trace,
            is_away: AtomicBool::new(false),
            is_calm: AtomicBool::new(false),
            behind: AtomicI64::new(0),
            newest_run: AtomicI64::new(0),
        })
    }

    /// Notes something that no process did.
    pub(crate) fn note(&self, what: What) {
        self.trace.note(0, what, Vec::new());
    }

    pub(crate) fn is_away(&self) -> bool {
        self.is_away.load(Ordering::Relaxed)
    }

    pub(crate) fn set_away(&self, is_away: bool) {
        if self.is_away.swap(is_away, Ordering::Relaxed) != is_away {
            self.note(if is_away { What::DatabaseAway } else { What::DatabaseBack });
        }
    }

    /// Whether all works well from now on.
    pub(crate) fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::Relaxed)
    }

    pub(crate) fn calm_down(&self) {
        self.is_calm.store(true, Ordering::Relaxed);
        self.note(What::Peace);
    }

    /// Puts the wall clock forward or back.
    pub(crate) fn jump(&self, seconds: i64) {
        let by = SignedDuration::from_secs(seconds);
        self.behind.store((self.behind() - seconds).max(0), Ordering::Relaxed);
        self.clock.jump(by);
        self.note(What::ClockJumps(by));
    }

    /// Seconds that the wall clock must go forward so that no time of before lies ahead of it.
    pub(crate) fn behind(&self) -> i64 {
        self.behind.load(Ordering::Relaxed)
    }

    /// The runs that came since the last time, oldest first.
    pub(crate) fn fresh_runs(&self) -> Vec<Run> {
        let newest = |limit| {
            let filter = RunFilter { limit, ..RunFilter::default() };
            at_once(self.store.runs(&filter)).unwrap_or_default()
        };
        let known = self.newest_run.load(Ordering::Relaxed);
        let mut fresh = newest(1);
        let count = usize::try_from(fresh.first().map_or(0, |run| run.id.0 - known)).unwrap_or(0);
        if count > 1 {
            fresh = newest(count);
        }
        fresh.truncate(count);
        if let Some(newest) = fresh.first() {
            self.newest_run.store(newest.id.0, Ordering::Relaxed);
        }
        fresh.reverse();
        fresh
    }
}

/// What a call of the database in memory answers. It is carried out by whoever makes it, so that it needs no runtime and nothing
/// else happens meanwhile.
pub(crate) fn at_once<T>(call: impl Future<Output = T>) -> T {
    let mut call = std::pin::pin!(tokio::task::unconstrained(call));
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..100 {
        if let Poll::Ready(answer) = call.as_mut().poll(&mut context) {
            return answer;
        }
    }
    panic!("the database in memory waits for somebody");
}
