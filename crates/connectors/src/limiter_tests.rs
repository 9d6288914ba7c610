//! Virtual time: the limit is kept in every second and used to 95 %, in the order of asking.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use marktwerk_domain::clock::{Clock, ManualClock, Sleep};

use super::*;

const PATIENCE: Patience =
    Patience { of_pause: Duration::from_secs(5), of_turn: Duration::from_secs(60 * 60) };

fn clock() -> SharedClock {
    ManualClock::starting_at(Timestamp::UNIX_EPOCH)
}

fn limit(calls_per_second: u32) -> Option<Rate> {
    NonZeroU32::new(calls_per_second).map(Rate::per_second)
}

/// When each of `calls` went out, and in which order they had asked.
async fn under_load(clock: SharedClock, calls_per_second: u32, calls: usize) -> Vec<(usize, Duration)> {
    let bucket = Budgets::new(clock.clone()).bucket("key", limit(calls_per_second));
    let went_out: Arc<Mutex<Vec<(usize, Duration)>>> = Arc::default();
    let mut tasks = Vec::new();
    for number in 0..calls {
        let (bucket, clock, went_out) = (bucket.clone(), clock.clone(), went_out.clone());
        tasks.push(tokio::spawn(async move {
            bucket.take(PATIENCE).await.unwrap();
            went_out.lock().unwrap().push((number, clock.monotonic()));
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let went_out = went_out.lock().unwrap();
    went_out.clone()
}

/// The most calls within any second, both ends included.
fn most_in_a_second(calls: &[(usize, Duration)]) -> usize {
    let within = |start: Duration| {
        calls.iter().filter(|(_, at)| *at >= start && *at <= start + Duration::from_secs(1)).count()
    };
    calls.iter().map(|(_, at)| within(*at)).max().unwrap_or(0)
}

#[tokio::test(start_paused = true)]
async fn the_limit_is_kept_in_every_second_and_well_used() {
    for (rate, calls) in [(20, 1_000), (1, 50), (7, 300)] {
        let went_out = under_load(clock(), rate, calls).await;
        assert!(most_in_a_second(&went_out) <= rate as usize, "{rate} a second");
        let took = went_out.last().unwrap().1 - went_out.first().unwrap().1;
        let used = (calls - 1) as f64 / took.as_secs_f64() / f64::from(rate);
        assert!((0.95..=1.0).contains(&used), "{used} of {rate} a second");
        assert!(went_out.iter().map(|(number, _)| *number).eq(0..calls), "in the order of asking");
    }
}

/// A machine under load: each sleep ends up to 24 ms late.
#[derive(Debug)]
struct LateClock(SharedClock, AtomicU64);

impl Clock for LateClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.monotonic()
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let late = self.1.fetch_add(7, Ordering::Relaxed) % 25;
        self.0.sleep(duration + Duration::from_millis(late))
    }
}

#[tokio::test(start_paused = true)]
async fn late_timers_never_break_the_limit() {
    let late: SharedClock = Arc::new(LateClock(clock(), AtomicU64::new(0)));
    let went_out = under_load(late, 20, 400).await;
    assert!(most_in_a_second(&went_out) <= 20);
}

#[tokio::test(start_paused = true)]
async fn keys_have_their_own_buckets_and_share_the_lower_limit() {
    let clock = clock();
    let budgets = Budgets::new(clock.clone());
    let shared = budgets.bucket("a", limit(100));
    budgets.clone().bucket("a", limit(1));
    let free = budgets.bucket("b", None);
    for _ in 0..1_000 {
        free.take(PATIENCE).await.unwrap();
    }
    assert_eq!(clock.monotonic(), Duration::ZERO);
    shared.take(PATIENCE).await.unwrap();
    shared.take(PATIENCE).await.unwrap();
    assert!(clock.monotonic() >= Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_pause_holds_for_all_and_a_long_one_is_told() {
    let clock = clock();
    let bucket = Budgets::new(clock.clone()).bucket("a", None);
    bucket.pause(Duration::from_secs(2));
    bucket.pause(Duration::from_secs(1));
    bucket.take(PATIENCE).await.unwrap();
    assert!(clock.monotonic() >= Duration::from_secs(2));
    bucket.pause(Duration::from_secs(60));
    assert_eq!(bucket.take(PATIENCE).await, Err(NoTurn::Paused(Duration::from_secs(60))));
    clock.sleep(Duration::from_secs(60)).await;
    assert_eq!(bucket.take(PATIENCE).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_given_up_takes_nobodys_turn() {
    let clock = clock();
    let bucket = Budgets::new(clock.clone()).bucket("a", limit(1));
    bucket.take(PATIENCE).await.unwrap();
    let waiting = tokio::spawn({
        let bucket = bucket.clone();
        async move { bucket.take(PATIENCE).await }
    });
    tokio::task::yield_now().await;
    waiting.abort();
    bucket.take(PATIENCE).await.unwrap();
    assert!(clock.monotonic() < Duration::from_millis(1_100));
}

#[tokio::test(start_paused = true)]
async fn a_budget_tells_what_the_last_minute_left() {
    let clock = clock();
    let bucket = Budgets::new(clock.clone()).bucket("key", limit(2));
    let full = bucket.budget();
    assert_eq!((full.limit, full.remaining, full.pause), (Some(116), Some(116), Duration::ZERO));
    for _ in 0..40 {
        bucket.take(PATIENCE).await.unwrap();
    }
    // Forty calls took twenty seconds.
    assert_eq!(bucket.budget().remaining, Some(76));
    clock.sleep(Duration::from_secs(45)).await;
    let left = bucket.budget().remaining.unwrap();
    assert!(
        (80..116).contains(&left),
        "{left}: the first calls are older than a minute, the last ones are not"
    );
    clock.sleep(Duration::from_secs(600)).await;
    assert_eq!(bucket.budget(), full);
    bucket.pause(Duration::from_secs(30));
    assert_eq!(bucket.budget(), Budget { remaining: Some(0), pause: Duration::from_secs(30), ..full });
    let unlimited = Budgets::new(clock).bucket("other", None);
    unlimited.take(PATIENCE).await.unwrap();
    assert_eq!(unlimited.budget(), Budget::default());
}

/// One call in three minutes, twenty of which may be saved up: as Amazon counts its searches for orders.
fn slow() -> Option<Rate> {
    let [calls, burst] = [1, 20].map(|number| NonZeroU32::new(number).unwrap());
    Some(Rate { calls, per: Duration::from_secs(180), burst })
}

#[tokio::test(start_paused = true)]
async fn what_is_saved_up_goes_out_at_once_and_then_the_pace_holds() {
    let clock = clock();
    let bucket = Budgets::new(clock.clone()).bucket("key", slow());
    for _ in 0..20 {
        bucket.take(PATIENCE).await.unwrap();
    }
    assert_eq!(clock.monotonic(), Duration::ZERO);
    let mut taken = Vec::new();
    for _ in 0..10 {
        bucket.take(PATIENCE).await.unwrap();
        taken.push(clock.monotonic());
    }
    let used = 10.0 * 180.0 / taken[9].as_secs_f64();
    assert!((0.95..=1.0).contains(&used), "{used}");
    // A real bucket of that rate never runs below zero.
    let mut left = 20.0 - 20.0;
    let mut before = Duration::ZERO;
    for at in taken {
        left = f64::min(20.0, left + (at - before).as_secs_f64() / 180.0) - 1.0;
        assert!(left >= -1e-6, "{left} at {at:?}");
        before = at;
    }
    clock.sleep(Duration::from_secs(24 * 60 * 60)).await;
    let begin = clock.monotonic();
    for _ in 0..20 {
        bucket.take(PATIENCE).await.unwrap();
    }
    assert_eq!(clock.monotonic(), begin, "no more than the burst is saved up, and all of it");
    bucket.take(PATIENCE).await.unwrap();
    assert!(clock.monotonic() > begin + Duration::from_secs(170));
}

#[tokio::test(start_paused = true)]
async fn a_turn_beyond_the_callers_patience_is_told_at_once() {
    let clock = clock();
    let bucket = Budgets::new(clock.clone()).bucket("key", slow());
    let patience = Patience { of_turn: Duration::from_secs(60), ..PATIENCE };
    for _ in 0..20 {
        bucket.take(patience).await.unwrap();
    }
    let Err(NoTurn::Full(remaining)) = bucket.take(patience).await else { panic!("there is no turn") };
    assert!((180..200).contains(&remaining.as_secs()), "{remaining:?}");
    assert_eq!(clock.monotonic(), Duration::ZERO, "nobody waited for it");
    clock.sleep(remaining).await;
    assert_eq!(bucket.take(patience).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn who_would_have_to_let_too_many_pass_is_told_at_once() {
    let clock = clock();
    let bucket = Budgets::new(clock.clone()).bucket("key", limit(1));
    let patience = Patience { of_turn: Duration::from_secs(10), ..PATIENCE };
    let calls = (0..30).map(|_| bucket.take(patience));
    let taken = futures::future::join_all(calls).await;
    let turns = taken.iter().filter(|taken| taken.is_ok()).count();
    assert!((9..=12).contains(&turns), "{turns}");
    assert!(clock.monotonic() < Duration::from_secs(12));
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_the_marketplace_tells_is_kept() {
    let clock = clock();
    let bucket = Budgets::new(clock.clone()).bucket("key", slow());
    bucket.learn(1.0, Duration::from_secs(18));
    bucket.learn(f64::NAN, Duration::from_secs(1));
    bucket.learn(0.0, Duration::from_secs(1));
    for _ in 0..20 {
        bucket.take(PATIENCE).await.unwrap();
    }
    assert_eq!(clock.monotonic(), Duration::ZERO, "as many as before are saved up");
    bucket.take(PATIENCE).await.unwrap();
    assert!((18..20).contains(&clock.monotonic().as_secs()), "{:?}", clock.monotonic());
}

#[tokio::test(start_paused = true)]
async fn who_comes_second_at_a_slow_rate_is_told_at_once() {
    let clock = clock();
    let bucket = Budgets::new(clock.clone()).bucket("key", slow());
    let patience = Patience { of_turn: Duration::from_secs(60), ..PATIENCE };
    for _ in 0..20 {
        bucket.take(patience).await.unwrap();
    }
    clock.sleep(Duration::from_secs(140)).await;
    let begin = clock.monotonic();
    let first = bucket.take(patience);
    tokio::pin!(first);
    assert!(futures::poll!(&mut first).is_pending(), "its turn is in 45 seconds");
    let Err(NoTurn::Full(remaining)) = bucket.take(patience).await else { panic!("there is no turn") };
    assert!(remaining > Duration::from_secs(180), "{remaining:?}");
    assert_eq!(clock.monotonic(), begin, "nobody waited for it");
    assert_eq!(first.await, Ok(()));
}
