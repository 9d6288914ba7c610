//! How long a history is: short and dense for every change of the program, or months long.

use std::time::Duration;

/// The shape of a history.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// A history ends when at least so many things have happened in it …
    pub(crate) events: usize,
    /// … and at least so much time has passed.
    pub(crate) lasts: Duration,
    /// Schedules and the script are slower by this factor, so that months are not millions of runs.
    pub(crate) stretch: u32,
}

impl Size {
    /// Things happen within seconds of each other.
    pub(crate) const DENSE: Self = Self { events: 200, lasts: Duration::ZERO, stretch: 1 };

    /// So many months of a shop's life.
    pub(crate) fn months(months: u32) -> Self {
        if months == 0 {
            return Self::DENSE;
        }
        let lasts = Duration::from_secs(u64::from(months) * 30 * 86_400);
        Self { events: 200, lasts, stretch: 120 }
    }

    /// How many months it lasts; none in a dense one.
    pub(crate) fn in_months(&self) -> u64 {
        self.lasts.as_secs() / (30 * 86_400)
    }

    /// So many seconds of a dense history, in one of this size.
    pub(crate) fn seconds(&self, seconds: u64) -> u64 {
        seconds * u64::from(self.stretch)
    }
}
