//! How long an attempt may still write to the outside world, measured by its own monotonic clock.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use marktwerk_domain::clock::SharedClock;

/// A lease is granted for this long.
pub(crate) const LEASE: Duration = Duration::from_secs(60);
/// It is renewed this often.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);
/// So much of it must be left before an outside write.
pub(crate) const NEEDED: Duration = Duration::from_secs(20);

/// The lease of one attempt.
#[derive(Debug)]
pub(crate) struct Lease {
    clock: SharedClock,
    /// Monotonic milliseconds at which it ends.
    ends_at: AtomicU64,
    is_lost: AtomicBool,
}

impl Lease {
    /// A lease granted at `granted_at` (monotonic): the moment before it was asked for, never after.
    pub(crate) fn granted(clock: SharedClock, granted_at: Duration) -> Self {
        let lease = Self { clock, ends_at: AtomicU64::new(0), is_lost: AtomicBool::new(false) };
        lease.renewed(granted_at);
        lease
    }

    /// The store has confirmed a heartbeat that was sent at `sent_at`.
    pub(crate) fn renewed(&self, sent_at: Duration) {
        let ends_at = (sent_at + LEASE).as_millis().try_into().unwrap_or(u64::MAX);
        self.ends_at.fetch_max(ends_at, Ordering::Relaxed);
    }

    /// The store says that somebody else has the run.
    pub(crate) fn lose(&self) {
        self.is_lost.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    /// What is left of it.
    pub(crate) fn remaining(&self) -> Duration {
        if self.is_lost() {
            return Duration::ZERO;
        }
        Duration::from_millis(self.ends_at.load(Ordering::Relaxed)).saturating_sub(self.clock.monotonic())
    }
}
