//! Steps of the wall clock. Somebody sets it, a time server corrects it, a machine sleeps: it is noticed by the clock that only
//! goes on, said once, and what was counted on the wrong time is counted anew.

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::job::Job;
use marktwerk_domain::run::{Run, RunState};

/// Less than this is a clock that is kept right.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(2);
/// What lies less than this ahead of its time is left alone.
pub(crate) const SLACK: SignedDuration = SignedDuration::from_secs(60);
/// The longest that a run waits because the other side asked for it.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);

/// Watches the wall clock.
pub(crate) struct ClockWatch {
    /// What it shows less what has passed by the other one.
    distance: SignedDuration,
}

impl ClockWatch {
    pub(crate) fn new(clock: &SharedClock) -> Self {
        Self { distance: distance(clock) }
    }

    /// The step since the last look, where there was one: forward, or back where it is negative.
    pub(crate) fn step(&mut self, clock: &SharedClock) -> Option<SignedDuration> {
        let distance = distance(clock);
        let step = distance.saturating_sub(std::mem::replace(&mut self.distance, distance));
        (step.abs() >= TOLERANCE).then_some(step)
    }
}

fn distance(clock: &SharedClock) -> SignedDuration {
    let passed = SignedDuration::try_from(clock.monotonic()).unwrap_or(SignedDuration::MAX);
    clock.now().duration_since(Timestamp::UNIX_EPOCH).saturating_sub(passed)
}

/// Whether a waiting run waits for a time that was counted on a clock that stood ahead: it was made or begun later than now, or
/// waits longer than its job can make it wait.
pub(crate) fn is_ahead(run: &Run, job: Option<&Job>, now: Timestamp) -> bool {
    let soon = later(now, SLACK);
    let was_made_later = run.created_at.max(run.attempt_started_at.unwrap_or(run.created_at)) > soon;
    let longest_retry = job.map_or(0, |job| job.spec.retry.longest_delay_seconds);
    // A delay is spread by a fifth.
    let longest_retry = SignedDuration::from_secs(i64::from(longest_retry) * 6 / 5);
    let latest = later(soon, longest_retry.max(LONGEST_WAIT));
    run.ready_at > soon && (was_made_later || (run.state == RunState::Retrying && run.ready_at > latest))
}

/// `now` and so much more.
pub(crate) fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}
