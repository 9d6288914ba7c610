//! Planned times that have come while nobody asked: cheap however long that was.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use crate::policy::MOST_MADE_UP;

/// Up to this many times by the wall clock are counted one by one; a greater count is a lower bound.
pub const COUNTED_EXACTLY: u64 = 10_000;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Planned times that have come.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passed {
    /// How many. Of times by the wall clock (cron, daily) at most [`COUNTED_EXACTLY`], which then is a lower bound.
    pub count: u64,
    /// The newest of them, oldest first, as many as were asked for. Exact, whatever was counted.
    pub newest: Vec<Timestamp>,
}

/// The times from `due` to `now`, found by asking for the next one.
pub(super) fn by_asking(
    due: Timestamp,
    now: Timestamp,
    keep: usize,
    next_after: impl Fn(Timestamp) -> Option<Timestamp>,
) -> Passed {
    let keep = keep.min(MOST_MADE_UP);
    let mut newest = VecDeque::with_capacity(keep + 1);
    let mut count = 0;
    let mut next = Some(due);
    while let Some(at) = next.filter(|at| *at <= now) {
        if count == COUNTED_EXACTLY {
            return Passed { count, newest: newest_before(due, now, keep, next_after) };
        }
        count += 1;
        newest.push_back(at);
        if newest.len() > keep {
            newest.pop_front();
        }
        next = next_after(at);
    }
    Passed { count, newest: newest.into() }
}

/// The `keep` newest planned times up to `now`, searched backwards; `first` is a planned time at which the search ends.
fn newest_before(
    first: Timestamp,
    now: Timestamp,
    keep: usize,
    next_after: impl Fn(Timestamp) -> Option<Timestamp>,
) -> Vec<Timestamp> {
    let mut found = VecDeque::with_capacity(keep);
    let mut until = now;
    while found.len() < keep {
        let newest = newest_between(first, until, &next_after);
        found.push_front(newest);
        if newest <= first {
            break;
        }
        until = newest - SECOND;
    }
    found.into()
}

/// The newest planned time from `first` (one itself) to `until`: looks back further and further until there is one, then halves
/// the rest.
fn newest_between(
    first: Timestamp,
    until: Timestamp,
    next_after: impl Fn(Timestamp) -> Option<Timestamp>,
) -> Timestamp {
    let next = |after| next_after(after).filter(|at| *at <= until);
    let mut nothing_after = until;
    let mut reach = SECOND;
    let mut newest = loop {
        let after = until.saturating_sub(reach).map_or(first, |after| after.max(first));
        match next(after) {
            Some(at) => break at,
            None if after == first => return first,
            None => nothing_after = after,
        }
        reach = reach.saturating_add(reach);
    };
    while let Some(later) = next(newest) {
        newest = later;
        let middle = newest + nothing_after.duration_since(newest) / 2;
        match next(middle) {
            Some(at) => newest = at,
            None => nothing_after = middle,
        }
    }
    newest
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_long_downtime_takes_few_questions() {
        let questions = Cell::new(0_u32);
        let each_minute = |after: Timestamp| {
            questions.set(questions.get() + 1);
            Timestamp::from_second((after.as_second() / 60 + 1) * 60).ok()
        };
        let (due, now) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(2_000_000_000).unwrap());
        let passed = by_asking(due, now, 100, each_minute);
        assert_eq!(passed.newest.last(), Timestamp::from_second(1_999_999_980).ok().as_ref());
        assert_eq!(passed.newest.len(), 100);
        assert!(questions.get() < 13_000, "{} questions", questions.get());
    }
}
