//! What is known of one listing's figure at the marketplace: the last one that was read live or confirmed, and everything that
//! may have moved it since.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::mutant::{self, Mutant};

/// The marketplace's clock and ours differ, and a listing read takes its time: within this much of each other nobody can tell
/// whether a figure has a purchase subtracted already.
pub const UNSURE: SignedDuration = SignedDuration::from_mins(5);

/// A listing's figure and what happened to it. Units are whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Figures {
    /// The last figure that was read live or that the marketplace confirmed; `None` where it never said one.
    pub live: Option<i64>,
    /// Since when.
    pub live_at: Option<Timestamp>,
    /// Units of its orders that arrived here since.
    pub sold: i64,
    /// Units that orders gave back since: cancelled, or changed.
    pub returned: i64,
    /// When the first and the last of the orders in `sold` were bought.
    pub bought: Option<(Timestamp, Timestamp)>,
    /// What we sent since without learning the outcome.
    pub sent: Option<Sent>,
    /// Units that were sold without an order of ours at that time; `sold` lowers them one for one.
    pub unseen: i64,
    /// When that was noticed last.
    pub unseen_at: Option<Timestamp>,
    /// What figures before this one may have sold without their orders having been read.
    pub unread: Unread,
}

/// What replaced figures may have sold, in two parts, so that the older one ends although figures are replaced all the time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// Units, at the most, of the figures that were replaced since `from`.
    pub units: i64,
    /// When the first of these was replaced.
    pub from: Option<Timestamp>,
    /// When the last one was.
    pub until: Option<Timestamp>,
    /// Units, at the most, of those that were replaced before `from`.
    pub earlier: i64,
}

/// How long figures are counted together. Longer than any marketplace takes to show an order, so that the part before has ended by then.
const TOGETHER: SignedDuration = SignedDuration::from_mins(90);

impl Unread {
    /// All of it.
    pub fn sum(self) -> i64 {
        self.units + self.earlier
    }

    /// With what a figure may have sold that was replaced at `at`; `None` where that is not known yet.
    fn and(self, units: i64, at: Option<Timestamp>) -> Self {
        if units <= 0 {
            return self;
        }
        let is_full = self.from.zip(at).is_some_and(|(from, at)| at.duration_since(from) >= TOGETHER);
        let begun = if is_full {
            Self { earlier: self.sum().min(ANY), units: 0, from: at, until: at }
        } else {
            Self { from: self.from.or(at), until: at.or(self.until), ..self }
        };
        Self { units: (begun.units + units).min(ANY), ..begun }
    }
}

/// Stands for a figure that was never said: it may have sold any number.
const ANY: i64 = i32::MAX as i64;

/// Figures that we sent and whose outcome is not known: each of them, or the one before, may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The lowest of them.
    pub low: i64,
    /// The highest of them.
    pub high: i64,
}

impl Figures {
    /// What the marketplace is known to hold. `None` if that cannot be said for certain: it costs one more write, and a wrong guess
    /// would cost an oversold article. Of several listings with one SKU (`has_twin`) nobody knows which one sold.
    pub fn known(&self, has_twin: bool) -> Option<i64> {
        let live = self.live?;
        match (self.sent, self.returned, self.sold, self.bought) {
            (Some(_), _, _, _) | (None, 1.., _, _) => None,
            (None, _, ..=0, _) => Some(live),
            (None, _, _, Some((first, last))) if !has_twin => {
                let at = self.live_at?;
                let (surely_before, surely_after) = (before(at), after(at));
                if first > surely_after {
                    Some((live - self.sold).max(0))
                } else if last < surely_before {
                    Some(live)
                } else {
                    None
                }
            }
            (None, _, _, _) => None,
        }
    }

    /// The lowest figure that the marketplace may hold, as far as orders that were read say. `None` if it never said one.
    pub fn at_least(&self) -> Option<i64> {
        let live = self.live?;
        let low = self.sent.map_or(live, |sent| sent.low.min(live));
        Some((low - self.sold).max(0))
    }

    /// The highest figure that the marketplace may hold. `None` if it never said one.
    pub fn at_most(&self, has_twin: bool) -> Option<i64> {
        let live = self.live?;
        let unsure = || self.sent.map_or(live, |sent| sent.high.max(live)) + self.returned;
        Some(self.known(has_twin).unwrap_or_else(unsure))
    }

    /// What this listing may sell from now on and may have sold already without its order having been read, at the most. `None` if the
    /// marketplace never said a figure.
    pub fn may_sell(&self, has_twin: bool) -> Option<i64> {
        let now = self.at_most(has_twin)?;
        // A write with unknown outcome may have replaced a figure that was sold out.
        let before = self.sent.and(self.live).unwrap_or(0);
        Some(self.unread.sum() + now + before)
    }

    /// Units of sales that are not seen yet: what is left of them.
    pub fn unseen_left(&self) -> i64 {
        (self.unseen - self.sold).max(0)
    }

    /// After a live read that began at `at`. A figure that fell by more than the units of the orders that arrived has sold something
    /// unseen; units that cancelled orders gave back count as if they were in the figure, as they may be, so that they hide no sale. After
    /// a write with unknown outcome only what lies below the figure that we sent counts, unless the figure is higher than
    /// any that we sent: then none of them has come into force.
    pub fn read_live(&self, told: Option<i64>, at: Timestamp) -> Self {
        let is_as_before =
            self.live == told && (self.sold, self.returned, self.sent) == (0, 0, None) && told.is_some();
        if is_as_before {
            return *self;
        }
        let before = match (self.live, self.sent) {
            (Some(live), Some(sent)) if told.is_none_or(|told| told <= sent.high) => Some(live.min(sent.low)),
            (live, _) => live,
        };
        // An order that arrived for a sale noticed earlier explains that one, and no other.
        let explained = (self.sold - self.unseen).max(0);
        let fall = |(before, told): (i64, i64)| (before + self.returned - told - explained).max(0);
        let fallen = before.zip(told).map_or(0, fall);
        let fallen = if mutant::is(Mutant::FallIgnored) { 0 } else { fallen };
        let left = self.unseen_left();
        let may_be_sold =
            self.may_sell(true).map_or(ANY, |most| most - self.unread.sum() - told.unwrap_or(0));
        Self {
            live: told,
            live_at: told.map(|_| at).or(self.live_at),
            unseen: left + fallen,
            unseen_at: if fallen > 0 { Some(at) } else { self.unseen_at.filter(|_| left > 0) },
            ..self.followed(may_be_sold - fallen, at)
        }
    }

    /// After the marketplace confirmed a figure.
    pub fn confirmed(&self, figure: i64, at: Timestamp) -> Self {
        let left = self.unseen_left();
        Self {
            live: Some(figure),
            live_at: Some(at),
            unseen: left,
            unseen_at: self.unseen_at.filter(|_| left > 0),
            ..self.followed(self.live.map_or(ANY, |live| live + self.returned), at)
        }
    }

    /// A listing that nothing is known of but what figures until `at` may have sold: this many units of the last one.
    fn followed(&self, may_be_sold: i64, at: Timestamp) -> Self {
        let mut unread = self.unread.and(may_be_sold, Some(at));
        if unread.sum() > 0 {
            // Of writes whose outcome was not known until now nobody could say when they were replaced.
            (unread.from, unread.until) = (unread.from.or(Some(at)), unread.until.or(Some(at)));
        }
        Self { unread, ..Self::default() }
    }

    /// While a write is under way, and as long as its outcome is not known.
    pub fn sending(&self, figure: i64) -> Self {
        let sent = self.sent.map_or(Sent { low: figure, high: figure }, |sent| Sent {
            low: sent.low.min(figure),
            high: sent.high.max(figure),
        });
        let Some(before) = self.sent else { return Self { sent: Some(sent), ..*self } };
        // Whether the one before came into force, and sold, is not known, nor until when.
        let unread = Unread { until: None, ..self.unread.and(before.high, None) };
        Self { sent: Some(sent), unread, ..*self }
    }

    /// Without sales that are not seen yet and without what earlier figures may have sold, where the account's orders were read up to
    /// `read_until` and an order becomes visible within `visible_within` of its purchase.
    pub fn without_what_was_read(
        &self,
        read_until: Option<Timestamp>,
        visible_within: SignedDuration,
    ) -> Self {
        let is_read = |at: Option<Timestamp>| {
            let end = at.and_then(|at| at.checked_add(visible_within).ok());
            end.zip(read_until).is_some_and(|(end, read_until)| read_until >= end)
        };
        let mut left = *self;
        if self.unseen_left() == 0 || is_read(self.unseen_at) {
            // What arrived explains these, and nothing that is sold later.
            (left.unseen, left.unseen_at) = (self.unseen.min(self.sold), None);
        }
        if is_read(self.unread.until) {
            left.unread = Unread::default();
        } else if is_read(self.unread.from) {
            left.unread.earlier = 0;
        }
        left
    }
}

fn before(time: Timestamp) -> Timestamp {
    time.checked_sub(UNSURE).unwrap_or(Timestamp::MIN)
}

fn after(time: Timestamp) -> Timestamp {
    time.checked_add(UNSURE).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes)
    }

    fn live(figure: i64) -> Figures {
        Figures { live: Some(figure), live_at: Some(at(60)), ..Figures::default() }
    }

    #[test]
    fn what_a_cancelled_order_gave_back_hides_no_sale() {
        let returned = Figures { returned: 2, ..live(5) };
        let read = |told| returned.read_live(Some(told), at(90)).unseen;
        assert_eq!([read(7), read(6), read(5), read(4)], [0, 1, 2, 3]);
        let sold_too = Figures { sold: 1, ..returned };
        assert_eq!(sold_too.read_live(Some(5), at(90)).unseen, 1, "another one explains one piece");
    }

    #[test]
    fn a_purchase_counts_where_its_time_leaves_no_doubt() {
        let sold = |first, last| Figures { sold: 2, bought: Some((at(first), at(last))), ..live(5) };
        assert_eq!(sold(70, 80).known(false), Some(3));
        assert_eq!(sold(10, 20).known(false), Some(5), "the figure had it subtracted already");
        for (first, last) in [(58, 58), (64, 64), (10, 80)] {
            assert_eq!(sold(first, last).known(false), None, "{first} {last}");
            assert_eq!((sold(first, last).at_least(), sold(first, last).at_most(false)), (Some(3), Some(5)));
        }
        assert_eq!(sold(70, 80).known(true), None, "of twins nobody knows which one sold");
        assert_eq!(Figures { returned: 1, ..live(5) }.known(false), None);
        assert_eq!(Figures { returned: 1, ..live(5) }.at_most(false), Some(6));
    }

    #[test]
    fn a_fall_that_orders_do_not_explain_is_a_sale_not_yet_seen() {
        let read = live(5).read_live(Some(0), at(70));
        assert_eq!((read.live, read.unseen_left(), read.unseen_at), (Some(0), 5, Some(at(70))));
        let explained = Figures { sold: 3, ..live(5) }.read_live(Some(0), at(70));
        assert_eq!(explained.unseen_left(), 2);
        let arriving = Figures { sold: 1, ..explained };
        assert_eq!((arriving.unseen_left(), arriving.known(false)), (1, None));
        assert_eq!(arriving.confirmed(0, at(80)).unseen_left(), 1, "a write forgets nothing");
        assert_eq!(live(5).read_live(Some(7), at(70)).unseen_left(), 0);
    }

    #[test]
    fn an_order_explains_one_fall_only() {
        let first = live(6).read_live(Some(5), at(70));
        let arrived = Figures { sold: 1, bought: Some((at(65), at(65))), ..first };
        assert_eq!((first.unseen_left(), arrived.unseen_left()), (1, 0));
        assert_eq!(arrived.read_live(Some(4), at(90)).unseen_left(), 1, "another one was sold since");
        let both = Figures { sold: 2, ..arrived };
        assert_eq!(both.read_live(Some(4), at(90)).unseen_left(), 0);
    }

    #[test]
    fn after_a_write_with_unknown_outcome_only_what_lies_below_it_counts() {
        assert_eq!(live(5).sending(3).read_live(Some(3), at(70)).unseen_left(), 0);
        assert_eq!(live(5).sending(3).read_live(Some(1), at(70)).unseen_left(), 2);
        assert_eq!(live(5).sending(9).read_live(Some(5), at(70)).unseen_left(), 0);
        assert_eq!(live(9).sending(0).read_live(Some(5), at(70)).unseen_left(), 4, "it is not in force");
        let twice = live(5).sending(9).sending(2);
        assert_eq!((twice.at_least(), twice.at_most(false), twice.known(false)), (Some(2), Some(9), None));
    }

    #[test]
    fn it_ends_when_the_list_was_read_past_it() {
        let hour = SignedDuration::from_hours(1);
        let sale = live(5).read_live(Some(0), at(70));
        assert_eq!(sale.without_what_was_read(Some(at(129)), hour), sale);
        assert_eq!(sale.without_what_was_read(None, hour), sale);
        assert_eq!(sale.without_what_was_read(Some(at(130)), hour).unseen_left(), 0);
        let arrived = Figures { sold: 5, bought: Some((at(69), at(69))), ..sale };
        assert_eq!(arrived.without_what_was_read(None, hour).unseen_at, None);
    }

    #[test]
    fn an_order_that_explained_a_fall_explains_no_later_one() {
        let hour = SignedDuration::from_hours(1);
        let first = live(12).read_live(Some(10), at(70));
        let arrived = Figures { sold: 2, bought: Some((at(65), at(65))), ..first };
        for read_until in [None, Some(at(130))] {
            let settled = arrived.without_what_was_read(read_until, hour);
            assert_eq!((settled.unseen_left(), settled.unseen_at), (0, None));
            assert_eq!(settled.read_live(Some(7), at(200)).unseen_left(), 3, "three were sold since");
        }
        // A part of it was explained before the list was read past it.
        let in_part = Figures { sold: 1, ..arrived }.without_what_was_read(Some(at(130)), hour);
        assert_eq!(in_part.read_live(Some(7), at(200)).unseen_left(), 3);
    }

    /// A listing that is written every half hour: what it may have sold does not grow for ever.
    #[test]
    fn what_earlier_figures_may_have_sold_ends_although_they_are_replaced_all_the_time() {
        let hour = SignedDuration::from_hours(1);
        let mut figures = Figures { live: Some(100), live_at: Some(at(0)), ..Figures::default() };
        for run in 1..100 {
            let now = 30 * run;
            figures = figures.without_what_was_read(Some(at(now - 5)), hour).confirmed(100, at(now));
            assert!(figures.may_sell(false).unwrap() <= 8 * 100, "{run}: {figures:?}");
            assert!(
                figures.may_sell(false).unwrap() >= 3 * 100 || run < 3,
                "the last hour's: {run}: {figures:?}"
            );
        }
        let end = 30 * 99 + 60;
        assert_eq!(figures.without_what_was_read(Some(at(end)), hour).may_sell(false), Some(100));
    }

    #[test]
    fn an_unchanged_figure_changes_nothing() {
        assert_eq!(live(5).read_live(Some(5), at(99)), live(5));
        assert_eq!(live(5).read_live(None, at(99)).known(false), None);
    }
}
