//! When a failed attempt is tried again: exponential backoff with jitter.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How often and after which delays a run is tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryPolicy {
    /// Attempts in all, the first one included; at least 1.
    pub attempts: u32,
    /// Delay before the second attempt, seconds.
    pub first_delay_seconds: u32,
    /// What each further delay is multiplied by.
    pub factor: f64,
    /// No delay is longer than this, seconds.
    pub longest_delay_seconds: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 3, first_delay_seconds: 30, factor: 2.0, longest_delay_seconds: 900 }
    }
}

impl RetryPolicy {
    /// The delay after the failed attempt number `attempt` (counted from 1), or `None` when no attempt is
    /// left. `jitter` in 0..1 spreads the delay over 80–120 % of its nominal length, so that runs that failed
    /// together do not come back together.
    pub fn delay_after(&self, attempt: u32, jitter: f64) -> Option<Duration> {
        (attempt < self.attempts).then(|| self.delay(attempt, jitter))
    }

    /// The delay for the `attempt`-th failure, whether or not an attempt is left.
    pub fn delay(&self, attempt: u32, jitter: f64) -> Duration {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let nominal = f64::from(self.first_delay_seconds) * self.factor.powi(exponent);
        let capped = nominal.min(f64::from(self.longest_delay_seconds));
        Duration::from_secs_f64(capped.max(0.0) * (0.8 + 0.4 * jitter.clamp(0.0, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_the_longest_and_end_with_the_attempts() {
        let policy = RetryPolicy { attempts: 8, ..RetryPolicy::default() };
        let delays: Vec<u64> = (1..8).map(|n| policy.delay_after(n, 0.5).unwrap().as_secs()).collect();
        assert_eq!(delays, [30, 60, 120, 240, 480, 900, 900]);
        assert_eq!(policy.delay_after(8, 0.5), None);
    }

    #[test]
    fn jitter_stays_within_a_fifth() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.delay(1, 0.0), Duration::from_secs(24));
        assert_eq!(policy.delay(1, 1.0), Duration::from_secs(36));
    }

    #[test]
    fn a_huge_attempt_number_does_not_overflow() {
        assert_eq!(RetryPolicy::default().delay(u32::MAX, 0.5), Duration::from_secs(900));
    }
}
