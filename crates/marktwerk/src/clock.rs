//! The system's clock: the only place that asks the machine for the time. Everything else gets a
//! [`SharedClock`], which a test replaces by one that it moves.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use marktwerk_domain::clock::{Clock, SharedClock, Sleep};

/// Wall-clock time of the machine, monotonic time since the clock was made, Tokio's timers.
#[derive(Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// The clock as it is handed around.
    pub fn shared() -> SharedClock {
        Arc::new(Self { origin: Instant::now() })
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system for the time")]
    fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        #[cfg(feature = "crash-points")]
        let now = now.saturating_add(offset::of_tests()).unwrap_or(now);
        now
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}

/// For tests: a file with seconds by which the wall clock is wrong, and which they change while the program runs.
#[cfg(feature = "crash-points")]
pub(crate) mod offset {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

    use jiff::SignedDuration;

    static SECONDS: AtomicI64 = AtomicI64::new(0);
    const LOOK_EVERY: Duration = Duration::from_millis(50);

    /// Follows a file from now on; one that is missing or half written changes nothing.
    #[expect(clippy::disallowed_methods, reason = "the clock's own thread waits by no other clock")]
    pub(crate) fn follow(path: PathBuf) {
        let look = move || {
            let seconds = std::fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
            if let Some(seconds) = seconds {
                SECONDS.store(seconds, Ordering::Relaxed);
            }
        };
        look();
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(LOOK_EVERY);
                look();
            }
        });
    }

    pub(super) fn of_tests() -> SignedDuration {
        SignedDuration::from_secs(SECONDS.load(Ordering::Relaxed))
    }
}
