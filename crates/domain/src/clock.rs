//! Time as a parameter. Everything that asks for the time or waits for it does so through [`Clock`];
//! the system's clock lives in the program, and a test brings one that it can move.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

/// A future that ends when the clock has reached a point.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send + 'static>>;

/// The clock as it is handed around.
pub type SharedClock = Arc<dyn Clock>;

/// Wall-clock time, monotonic time, and waiting.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The wall-clock time, UTC.
    fn now(&self) -> Timestamp;

    /// Time since the clock was made; never goes back. Leases are measured by it.
    fn monotonic(&self) -> Duration;

    /// Waits for `duration`.
    fn sleep(&self, duration: Duration) -> Sleep;
}

#[cfg(feature = "testing")]
pub use testing::ManualClock;

#[cfg(feature = "testing")]
mod testing {
    use std::sync::atomic::{AtomicI64, Ordering};

    use jiff::SignedDuration;

    use super::*;

    /// A clock on Tokio's paused time: it stands still while anything is in flight (a ready task, a
    /// blocking task, bytes on a socket) and moves on to the next timer when nothing is.
    ///
    /// Needs a current-thread runtime started paused: `#[tokio::test(start_paused = true)]`. A test moves
    /// it by sleeping on it.
    #[derive(Debug)]
    pub struct ManualClock {
        epoch: Timestamp,
        origin: tokio::time::Instant,
        /// Microseconds by which the wall clock was put forward so far.
        jumped: AtomicI64,
    }

    impl ManualClock {
        /// A clock that shows `epoch` now.
        pub fn starting_at(epoch: Timestamp) -> Arc<Self> {
            Arc::new(Self { epoch, origin: tokio::time::Instant::now(), jumped: AtomicI64::new(0) })
        }

        /// Puts the wall clock forward, or back where `by` is negative. What is measured by [`Clock::monotonic`] and who sleeps
        /// already does not notice.
        pub fn jump(&self, by: SignedDuration) {
            let by = i64::try_from(by.as_micros()).unwrap_or(0);
            self.jumped.fetch_add(by, Ordering::Relaxed);
        }
    }

    impl Clock for ManualClock {
        fn now(&self) -> Timestamp {
            let jumped = SignedDuration::from_micros(self.jumped.load(Ordering::Relaxed));
            let shown = self.epoch.checked_add(self.monotonic()).and_then(|now| now.checked_add(jumped));
            shown.unwrap_or(Timestamp::MAX)
        }

        fn monotonic(&self) -> Duration {
            self.origin.elapsed()
        }

        fn sleep(&self, duration: Duration) -> Sleep {
            Box::pin(tokio::time::sleep(duration))
        }
    }
}
