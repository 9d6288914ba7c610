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
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.origin.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}
