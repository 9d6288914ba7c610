//! How often a marketplace may be called: one bucket per budget key, shared by all who use the key. Marketplaces that count each operation
//! by itself have a key for each.
//!
//! Calls go out at an even pace, in the order in which they asked; those that the marketplace lets save up go out at once. Not for
//! backing off after a failure of a single call; but an answer "too many calls" pauses the whole bucket, for all of them.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use marktwerk_domain::clock::SharedClock;

/// Share of the permitted rate that is used. The rest keeps requests that the network delivers a little
/// closer together (up to 30 ms) from exceeding the limit in any second.
const USED_SHARE: f64 = 0.97;

/// How much of a late wake-up the next call may catch up: without it each timer's lateness would lower the
/// rate for good. Must stay below the 30 ms above.
const CATCH_UP: Duration = Duration::from_millis(10);

/// The slowest rate that a marketplace may tell: from one call to the next.
const SLOWEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The most calls that count as saved up at a rate that was told.
const MOST_SAVED_UP: f64 = 29.0;

/// What the clock's beginning counts as: longer than any marketplace lets save up.
const ORIGIN: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How often calls may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// So many calls,
    pub calls: NonZeroU32,
    /// in each period of this length.
    pub per: Duration,
    /// Calls that may follow each other at once, after a time without any; 1: none is saved up.
    pub burst: NonZeroU32,
}

impl Rate {
    /// At an even pace.
    pub const fn per_second(calls: NonZeroU32) -> Self {
        Self { calls, per: Duration::from_secs(1), burst: NonZeroU32::MIN }
    }

    /// One call in each period, of which `burst` may be saved up.
    pub const fn one_in(per: Duration, burst: NonZeroU32) -> Self {
        Self { calls: NonZeroU32::MIN, per, burst }
    }

    /// From one call to the next.
    fn interval(&self) -> Duration {
        self.per.div_f64(f64::from(self.calls.get()) * USED_SHARE)
    }
}

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

    /// The bucket of `key`, made at the first call. `None`: no limit. Where two users of one key name different rates, the lower one holds.
    pub fn bucket(&self, key: &str, rate: Option<Rate>) -> Arc<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket =
            buckets.entry(key.to_owned()).or_insert_with(|| Arc::new(Bucket::new(self.clock.clone())));
        bucket.slow_down_to(rate);
        bucket.clone()
    }
}

/// How long a caller waits for its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// While all calls are paused.
    pub of_pause: Duration,
    /// Until those who asked before have had their turn.
    pub of_turn: Duration,
}

/// The next turn is further away than the caller's patience: the run should wait, not the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoTurn {
    /// The marketplace asked for a pause, which still lasts this long.
    Paused(Duration),
    /// The limit lets the call through in this time.
    Full(Duration),
}

impl NoTurn {
    /// How long it is until the next turn.
    pub fn remaining(self) -> Duration {
        match self {
            Self::Paused(remaining) | Self::Full(remaining) => remaining,
        }
    }
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
    /// Calls that wait for their turn.
    waiting: AtomicU32,
    pace: Mutex<Pace>,
}

/// Instants are durations of the clock's monotonic time.
#[derive(Debug, Default)]
struct Pace {
    interval: Duration,
    /// Calls that are saved up, as the time that they would have taken.
    saved_up: Duration,
    next: Duration,
    paused_until: Duration,
    taken: LastMinute,
}

impl Bucket {
    fn new(clock: SharedClock) -> Self {
        Self { clock, turn: tokio::sync::Mutex::new(()), waiting: AtomicU32::new(0), pace: Mutex::default() }
    }

    fn slow_down_to(&self, rate: Option<Rate>) {
        if let Some(rate) = rate {
            let mut pace = self.pace();
            let is_first = pace.interval.is_zero();
            let saved_up = rate.interval() * (rate.burst.get() - 1);
            pace.interval = pace.interval.max(rate.interval());
            pace.saved_up = if is_first { saved_up } else { pace.saved_up.min(saved_up) };
        }
    }

    /// The marketplace has told its rate; how much it lets save up stays.
    pub fn learn(&self, calls: f64, per: Duration) {
        let interval = Duration::try_from_secs_f64(per.as_secs_f64() / (calls * USED_SHARE));
        // What is no rate, or less than a call a day, is a mistake of whoever told it.
        let Some(interval) = interval.ok().filter(|interval| !interval.is_zero() && *interval <= SLOWEST)
        else {
            return;
        };
        let now = self.now();
        let mut pace = self.pace();
        let before = pace.interval.max(Duration::from_nanos(1));
        let burst = pace.saved_up.div_duration_f64(before).min(MOST_SAVED_UP);
        // What is saved up now, or how many calls wait, stays the same number of calls.
        let saved = now.saturating_sub(pace.next).div_duration_f64(before).min(burst);
        let waiting = pace.next.saturating_sub(now).div_duration_f64(before);
        pace.interval = interval;
        pace.saved_up = interval.mul_f64(burst);
        pace.next = (now + interval.mul_f64(waiting)).saturating_sub(interval.mul_f64(saved));
    }

    /// Monotonic, and later than anything that can be saved up.
    fn now(&self) -> Duration {
        ORIGIN + self.clock.monotonic()
    }

    fn pace(&self) -> std::sync::MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a call may be made, and counts it; where that lies beyond the caller's patience, says so at once.
    pub async fn take(&self, patience: Patience) -> Result<(), NoTurn> {
        let waiting = Waiting::begin(&self.waiting);
        let (before, pace) = (waiting.before, self.pace().interval);
        self.check(patience, pace.saturating_mul(before))?;
        let _turn = self.turn.lock().await;
        while let Some(wait) = self.time_to_wait() {
            self.check(patience, Duration::ZERO)?;
            self.clock.sleep(wait).await;
        }
        drop(waiting);
        Ok(())
    }

    /// Whether a call that has to let others pass for so long is within the caller's patience.
    fn check(&self, patience: Patience, others: Duration) -> Result<(), NoTurn> {
        let (now, pace) = (self.now(), self.pace());
        let pause = pace.paused_until.saturating_sub(now);
        if pause > patience.of_pause {
            return Err(NoTurn::Paused(pause));
        }
        let turn = pace.next.saturating_sub(now).saturating_add(others);
        if turn > patience.of_turn {
            return Err(NoTurn::Full(turn));
        }
        Ok(())
    }

    /// What is left to wait; with nothing left the call is counted.
    fn time_to_wait(&self) -> Option<Duration> {
        let now = self.now();
        let mut pace = self.pace();
        let ready = pace.next.max(pace.paused_until);
        if ready > now {
            return Some(ready - now);
        }
        let earliest = now.saturating_sub(CATCH_UP.max(pace.saved_up));
        pace.next = pace.next.max(earliest) + pace.interval;
        pace.taken.count(now);
        None
    }

    /// How it stands now.
    pub fn budget(&self) -> Budget {
        let now = self.now();
        let mut pace = self.pace();
        let pause = pace.paused_until.saturating_sub(now);
        let limit = (!pace.interval.is_zero()).then(|| (60.0 / pace.interval.as_secs_f64()) as u32);
        let taken = pace.taken.sum(now);
        let remaining = limit.map(|limit| if pause.is_zero() { limit.saturating_sub(taken) } else { 0 });
        Budget { limit, remaining, pause }
    }

    /// From one call to the next; nothing where there is no limit.
    pub fn interval(&self) -> Duration {
        self.pace().interval
    }

    /// Lets nobody call for `duration`; a longer pause that holds already stays.
    pub fn pause(&self, duration: Duration) {
        let until = self.now() + duration;
        let mut pace = self.pace();
        pace.paused_until = pace.paused_until.max(until);
    }
}

/// A call that waits for its turn; it does no more when this goes.
struct Waiting<'a> {
    count: &'a AtomicU32,
    /// Those that asked before and still wait.
    before: u32,
}

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicU32) -> Self {
        Self { count, before: count.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
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
