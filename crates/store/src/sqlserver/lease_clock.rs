//! Whose clock leases end by. Several processes judge each other's leases, and the clocks of their machines differ: the one that
//! all of them see is the database's.

use jiff::Timestamp;

use super::columns::micros;

/// A clock, as statements ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseClock {
    /// The database's: what callers say counts for the length of a lease and for nothing else.
    Database,
    /// The callers': for tests that move the time.
    Callers,
}

impl LeaseClock {
    /// Now in microseconds UTC, as SQL; `callers` is what holds the caller's time.
    pub(super) fn now(self, callers: &str) -> String {
        match self {
            Self::Database => {
                "DATEDIFF_BIG(MICROSECOND, CAST('19700101' AS datetime2), SYSUTCDATETIME())".to_owned()
            }
            Self::Callers => callers.to_owned(),
        }
    }
}

/// Microseconds from `now` to the end of a lease.
pub(super) fn length(now: Timestamp, lease_until: Timestamp) -> i64 {
    micros(lease_until) - micros(now)
}
