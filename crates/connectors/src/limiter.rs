//! How often a marketplace may be called: one bucket per budget key, shared by all who use the key.
//!
//! Calls go out one by one at an even pace, in the order in which they asked. Not for backing off after a
//! failure of a single call; but an answer "too many calls" pauses the whole bucket, for all of them.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use marktwerk_domain::clock::SharedClock;

/// Share of the permitted rate that is used. The rest keeps requests that the network delivers a little
/// closer together (up to 30 ms) from exceeding the limit in any second.
const USED_SHARE: f64 = 0.97;

/// How much of a late wake-up the next call may catch up: without it each timer's lateness would lower the
/// rate for good. Must stay below the 30 ms above.
const CATCH_UP: Duration = Duration::from_millis(10);

/// All buckets of the process.
#[derive(Debug, Clone)]
pub struct Budgets {
    clock: SharedClock,
    buckets: Arc<Mutex<HashMap<String, Arc<Bucket>>>>,
}

impl Budgets {
    /// No buckets yet; they measure time by `clock`.
    pub fn new(clock: SharedClock) -> Self {
        Self { clock, buckets: Arc::default() }
    }

    /// The bucket of `key`, made at the first call. `None` calls per second: no limit. Where two users of
    /// one key name different limits, the lower one holds.
    pub fn bucket(&self, key: &str, calls_per_second: Option<NonZeroU32>) -> Arc<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket =
            buckets.entry(key.to_owned()).or_insert_with(|| Arc::new(Bucket::new(self.clock.clone())));
        bucket.slow_down_to(calls_per_second);
        bucket.clone()
    }
}

/// All calls of a bucket are paused for longer than the caller wants to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paused {
    /// How long the pause still lasts.
    pub remaining: Duration,
}

/// How a bucket stands, for those who watch it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Calls that it lets through in a minute; `None` where there is no limit.
    pub limit: Option<u32>,
    /// What the calls of the last minute left of the limit. Nothing while calls are paused.
    pub remaining: Option<u32>,
    /// How long a pause that the marketplace asked for still lasts.
    pub pause: Duration,
}

/// The calls of one budget key.
#[derive(Debug)]
pub struct Bucket {
    clock: SharedClock,
    /// Whoever holds it is next; Tokio hands it on in the order of asking.
    turn: tokio::sync::Mutex<()>,
    pace: Mutex<Pace>,
}

/// Instants are durations of the clock's monotonic time.
#[derive(Debug, Default)]
struct Pace {
    interval: Duration,
    next: Duration,
    paused_until: Duration,
    taken: LastMinute,
}

impl Bucket {
    fn new(clock: SharedClock) -> Self {
        Self { clock, turn: tokio::sync::Mutex::new(()), pace: Mutex::default() }
    }

    fn slow_down_to(&self, calls_per_second: Option<NonZeroU32>) {
        if let Some(limit) = calls_per_second {
            let interval = Duration::from_secs_f64(1.0 / (f64::from(limit.get()) * USED_SHARE));
            let mut pace = self.pace();
            pace.interval = pace.interval.max(interval);
        }
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a call may be made, and counts it. Where all calls are paused for longer than `patience`,
    /// it says so at once instead: then the run should wait, not the call.
    pub async fn take(&self, patience: Duration) -> Result<(), Paused> {
        let _turn = self.turn.lock().await;
        while let Some(wait) = self.time_to_wait() {
            let remaining = self.pace().paused_until.saturating_sub(self.clock.monotonic());
            if remaining > patience {
                return Err(Paused { remaining });
            }
            self.clock.sleep(wait).await;
        }
        Ok(())
    }

    /// What is left to wait; with nothing left the call is counted.
    fn time_to_wait(&self) -> Option<Duration> {
        let now = self.clock.monotonic();
        let mut pace = self.pace();
        let ready = pace.next.max(pace.paused_until);
        if ready > now {
            return Some(ready - now);
        }
        pace.next = pace.next.max(now.saturating_sub(CATCH_UP)) + pace.interval;
        pace.taken.count(now);
        None
    }

    /// How it stands now.
    pub fn budget(&self) -> Budget {
        let now = self.clock.monotonic();
        let mut pace = self.pace();
        let pause = pace.paused_until.saturating_sub(now);
        let limit = (!pace.interval.is_zero()).then(|| (60.0 / pace.interval.as_secs_f64()) as u32);
        let taken = pace.taken.sum(now);
        let remaining = limit.map(|limit| if pause.is_zero() { limit.saturating_sub(taken) } else { 0 });
        Budget { limit, remaining, pause }
    }

    /// Lets nobody call for `duration`; a longer pause that holds already stays.
    pub fn pause(&self, duration: Duration) {
        let until = self.clock.monotonic() + duration;
        let mut pace = self.pace();
        pace.paused_until = pace.paused_until.max(until);
    }
}

/// Calls of the last minute, second by second.
#[derive(Debug)]
struct LastMinute {
    counts: [u32; 60],
    /// The second that was counted in last, since the clock's beginning.
    newest: u64,
}

impl Default for LastMinute {
    fn default() -> Self {
        Self { counts: [0; 60], newest: 0 }
    }
}

impl LastMinute {
    fn count(&mut self, now: Duration) {
        self.forget(now);
        self.counts[(now.as_secs() % 60) as usize] += 1;
    }

    fn sum(&mut self, now: Duration) -> u32 {
        self.forget(now);
        self.counts.iter().sum()
    }

    /// Empties the seconds that have become old.
    fn forget(&mut self, now: Duration) {
        let now = now.as_secs();
        for second in (self.newest + 1..=now).rev().take(self.counts.len()) {
            self.counts[(second % 60) as usize] = 0;
        }
        self.newest = self.newest.max(now);
    }
}

#[cfg(test)]
#[path = "limiter_tests.rs"]
mod tests;
