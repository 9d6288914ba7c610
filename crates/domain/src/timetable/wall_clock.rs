//! From the wall clock to instants, through the changes of summer time.
//!
//! A zone is a row of stretches in which the clock goes evenly; between two of them it jumps. A fixed time is due in the first
//! moment in which the clock shows it *or a later time*: after a jump forward that is the end of the gap, and what the clock
//! shows again after a jump back has been due already. All other times are due whenever the clock shows them.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::cron::Cron;
use super::daily::Daily;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Planned times on the wall clock, without a zone. All are whole seconds.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Cron(Box<Cron>),
    Daily(Daily),
}

impl Pattern {
    fn is_fixed(&self) -> bool {
        match self {
            Self::Cron(cron) => cron.is_fixed(),
            Self::Daily(_) => true,
        }
    }

    fn first_from(&self, from: DateTime) -> Option<DateTime> {
        match self {
            Self::Cron(cron) => cron.first_from(from),
            Self::Daily(daily) => daily.first_from(from),
        }
    }
}

/// A pattern on the wall clock of a zone.
#[derive(Debug)]
pub(super) struct WallClock<'a> {
    pattern: &'a Pattern,
    zone: &'a TimeZone,
}

impl<'a> WallClock<'a> {
    pub(super) fn new(pattern: &'a Pattern, zone: &'a TimeZone) -> Self {
        Self { pattern, zone }
    }

    /// The first planned instant after `after`.
    pub(super) fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let is_fixed = self.pattern.is_fixed();
        let mut offset = self.zone.to_offset(after);
        let mut begin = after;
        let mut from = whole_second_after(offset.to_datetime(after))?;
        if is_fixed && let Some(shown) = self.shown_before_the_last_jump(after) {
            from = from.max(shown);
        }
        loop {
            let at = instant(self.pattern.first_from(from)?, offset).map(|at| at.max(begin));
            let Some(jump) = self.zone.following(begin).next() else { return at };
            if let Some(at) = at.filter(|at| *at < jump.timestamp()) {
                return Some(at);
            }
            begin = jump.timestamp();
            let shown = offset.to_datetime(begin);
            offset = jump.offset();
            from = if is_fixed { from.max(shown) } else { offset.to_datetime(begin) };
        }
    }

    /// What the clock was about to show when it last jumped: every time before that has been due. A jump at `now` counts; one within
    /// the second after it may, since all times are whole seconds.
    fn shown_before_the_last_jump(&self, now: Timestamp) -> Option<DateTime> {
        let jump = self.zone.preceding(now.checked_add(SECOND).ok()?).next()?.timestamp();
        Some(self.zone.to_offset(jump.checked_sub(SECOND).ok()?).to_datetime(jump))
    }
}

fn whole_second_after(wall: DateTime) -> Option<DateTime> {
    let fraction = SignedDuration::from_nanos(wall.subsec_nanosecond().into());
    wall.checked_sub(fraction).ok()?.checked_add(SECOND).ok()
}

/// When a clock of that offset shows `wall`; `None` beyond the end of the calendar.
fn instant(wall: DateTime, offset: Offset) -> Option<Timestamp> {
    offset.to_timestamp(wall).ok()
}
