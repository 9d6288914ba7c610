//! When a run whose process died is tried again: the same on every database.

use jiff::Timestamp;
use marktwerk_domain::retry::RetryPolicy;
use marktwerk_domain::run::Run;

/// So many runs that were lost together come back at different times.
const SPREAD: i64 = 16;

/// When its next attempt may begin, after a delay as after a failure: a run that takes its process with it must not do so again
/// and again without a rest. `None` where it has used its last attempt. The run counts the lost attempt already.
pub(crate) fn next_try(policy: &RetryPolicy, run: &Run, now: Timestamp) -> Option<Timestamp> {
    // Chance is not the store's: the number spreads as well.
    let part = run.id.0.rem_euclid(SPREAD) as f64 / (SPREAD - 1) as f64;
    let delay = policy.delay_after(run.attempts_used, part)?;
    Some(now.checked_add(delay).unwrap_or(Timestamp::MAX))
}
