//! The system's time, for a benchmark: real seconds are what it is about.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use marktwerk_domain::clock::{Clock, SharedClock, Sleep};

#[derive(Debug)]
struct RealTime(Instant);

pub(crate) fn clock() -> SharedClock {
    Arc::new(RealTime(Instant::now()))
}

impl Clock for RealTime {
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(duration))
    }
}
