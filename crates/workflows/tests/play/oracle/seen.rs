//! Promise 2: no order waits longer than its limit unseen. Which waits there are follows from both sides' own records; only time in which
//! the order job ended well counts, because nobody can know more than was asked.

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::attention::Attention;
use marktwerk_domain::judgement::{Decision, Limits};

use super::{Ended, Job, Oracle, due, is_about};
use crate::book::{Book, Bought, Wait};
use crate::ground::Ground;
use crate::records::{JtlOrder, Snapshot};
use crate::story::{SEEN, Violation};

/// In so many runs of the order job it is seen.
const SEEN_IN: u32 = 2;
/// Clocks of whole seconds, and a run's own time.
const SLACK: SignedDuration = SignedDuration::from_mins(15);
/// Orders that became visible late are found by the daily deep read.
const DEEP_READ: SignedDuration = SignedDuration::from_hours(26);
/// The marketplace wants an order shipped within this long.
const SHIP_WITHIN: SignedDuration = SignedDuration::from_hours(48);
/// An order is forgotten this long after it was reported or cancelled.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(24 * 20);
/// A cancellation that a person decided on takes this long at the most.
const CANCELLING: SignedDuration = SignedDuration::from_hours(30);

impl Oracle {
    /// When our report arrived at the marketplace.
    pub(super) fn note_reports(&mut self, snapshot: &Snapshot) {
        for bought in self.book.orders.values_mut() {
            let is_ours = bought.by_hand.is_none() && matches!(bought.there.status, 4 | 5);
            if is_ours && bought.reported.is_none() {
                bought.reported =
                    Some(numbers(snapshot.with_number(&bought.sn).filter(|order| !order.is_cancelled)));
            }
        }
    }

    /// Every order of the account of a run that ended well.
    pub(super) fn seen(
        &mut self,
        ground: &Ground,
        snapshot: &Snapshot,
        list: &[Attention],
        ended: Ended,
    ) -> Result<(), Violation> {
        let now = ground.now();
        let numbers: Vec<String> =
            self.book.live(Some(ended.account)).map(|order| order.sn.clone()).collect();
        for sn in numbers {
            let account = ground.accounts[ended.account].name;
            let is_shown = list.iter().any(|entry| is_about(entry, account, &sn));
            let waits = waits(self.book.get(&sn), &self.book, snapshot, &ground.limits, now);
            let bought = self.book.change(&sn);
            bought.was_told |= is_shown && bought.by_hand.is_some();
            let is_order_run = ended.job == Job::Orders && ended.is_success;
            if is_order_run && bought.by_hand.as_ref().is_some_and(|(_, at)| *at < ended.started) {
                bought.runs_since_by_hand += 1;
            }
            bought.waits.retain(|name, _| waits.iter().any(|(other, _)| other == name));
            for (name, limit) in waits {
                // Before a run that ended well nobody could know.
                if !is_order_run && !bought.waits.contains_key(name) {
                    continue;
                }
                let fresh = Wait { since: now, unseen_runs: 0 };
                let wait = bought.waits.entry(name).or_insert(fresh);
                if bought.touched > wait.since {
                    *wait = Wait { since: bought.touched, unseen_runs: 0 };
                }
                if is_shown {
                    wait.unseen_runs = 0;
                    continue;
                }
                if is_order_run && ended.started >= due(wait.since, limit + SLACK) {
                    wait.unseen_runs += 1;
                }
                if wait.unseen_runs >= SEEN_IN {
                    let what = format!(
                        "order {sn} {name} since {}, the limit is {limit:#}, and no entry of {account} says so",
                        wait.since
                    );
                    return Err(Violation::new(SEEN, &sn, what));
                }
            }
            let is_ended = matches!(bought.there.status, 3..=5) && bought.waits.is_empty();
            bought.is_over = is_ended && now > due(bought.touched, FORGOTTEN_AFTER);
        }
        Ok(())
    }
}

/// What a person has to see of an order, and how long it may take.
fn waits(
    bought: &Bought,
    book: &Book,
    snapshot: &Snapshot,
    limits: &Limits,
    now: Timestamp,
) -> Vec<(&'static str, SignedDuration)> {
    let mut waits = Vec::new();
    if bought.is_excused || bought.is_hidden || bought.put_off.is_some_and(|until| until > now) {
        return waits;
    }
    // It became visible late: the daily deep read finds it.
    if bought.shown_at.is_some_and(|at| now < due(at, DEEP_READ)) {
        return waits;
    }
    let at_once = SignedDuration::ZERO;
    let orders: Vec<&JtlOrder> = snapshot.with_number(&bought.sn).collect();
    let live: Vec<&JtlOrder> = orders.iter().copied().filter(|order| !order.is_cancelled).collect();
    let rows = snapshot.rows_of(&bought.sn);
    let state = State::of(&live);
    let is_in_jtl = rows > 0 || !live.is_empty();
    if bought.is_in_persons_hands() {
        // Asked again where something changes: a cancellation is always a change.
        let decided = bought.last_decision().map(|(_, at)| at);
        let is_later = bought.barred_since.zip(decided).is_some_and(|(barred, decided)| barred > decided);
        if bought.status() == 3 && is_later && state.has_open {
            waits.push(("was cancelled there after a person's decision, and JTL still has it open", at_once));
        }
        return waits;
    }
    let is_cancelling = bought.last_decision().is_some_and(|(decision, at)| {
        matches!(decision, Decision::CancelThere | Decision::AcceptCancellation) && now < due(at, CANCELLING)
    });
    if is_cancelling && bought.status() != 3 {
        return waits;
    }
    let goes_all_the_same = bought.has_decided(Decision::ShipAllTheSame);
    match bought.status() {
        2 => {
            let is_late = now >= due(bought.placed, SHIP_WITHIN - limits.before_deadline);
            if is_late {
                waits.push(("has to leave within twelve hours and is not reported", at_once));
            }
            if bought.is_held() && !goes_all_the_same {
                match is_in_jtl {
                    true => waits.push(("has an open wish or check, and JTL has it", at_once)),
                    false => waits.push(("has an open wish or check", limits.hold)),
                }
                return waits;
            }
            match (rows, orders.is_empty(), bought.was_in_jtl) {
                (0, true, true) => waits.push(("was in JTL, and is not there any more", limits.hand_over)),
                (0, true, false) => waits.push(("is not in JTL", limits.own_step)),
                (0, false, _) if live.is_empty() => waits.push(("is cancelled in JTL", at_once)),
                // A person was faster: it becomes a second order once the JTL-Worker takes the row.
                (1.., false, _) if !live.is_empty() => {
                    waits.push(("is in JTL, and our row waits beside it", limits.hand_over));
                }
                (1.., _, _) => waits.push(("waits for the JTL-Worker", limits.hand_over)),
                _ => {}
            }
            let in_jtl: i64 = live
                .iter()
                .flat_map(|order| &order.positions)
                .filter(|one| one.is_bought())
                .map(|one| one.pieces)
                .sum();
            let foreign = book
                .positions_of(snapshot, &bought.sn)
                .filter(|(order, _)| !order.is_cancelled)
                .map(|(_, one)| one.pieces)
                .sum::<i64>();
            if live.len() > 1 && in_jtl.min(foreign) > bought.ordered.values().sum() {
                waits.push(("is in JTL twice", at_once));
            }
            if state.is_all_gone && state.has_numbers {
                waits.push(("has left and is not reported", limits.own_step));
            }
            if bought.moved_at.is_some() && is_in_jtl && !goes_all_the_same {
                waits.push(("goes to another address since it is in JTL", at_once));
            }
        }
        3 if is_in_jtl && (rows > 0 || state.has_open || state.has_left) => {
            waits.push(("was cancelled there, and JTL still has it", at_once));
        }
        4 | 5 => match (&bought.by_hand, &bought.reported) {
            (Some((number, _)), _) => {
                let shows = numbers(live.iter().copied());
                if !state.is_all_gone {
                    waits.push(("was shipped at the marketplace without us, and JTL does not know", at_once));
                } else if state.has_numbers && !shows.contains(number) && !bought.are_numbers_settled {
                    waits.push(("was shipped on both sides with other numbers", at_once));
                }
            }
            (None, Some(reported)) => {
                let shows = numbers(live.iter().copied());
                if !shows.is_empty() && shows != *reported && !bought.are_numbers_settled {
                    waits.push((
                        "has another tracking number in JTL than was reported",
                        SignedDuration::from_hours(1),
                    ));
                }
            }
            (None, None) => {}
        },
        _ => {}
    }
    waits
}

/// What JTL shows of the goods of an order's live parts.
struct State {
    has_open: bool,
    has_left: bool,
    is_all_gone: bool,
    has_numbers: bool,
}

impl State {
    fn of(live: &[&JtlOrder]) -> Self {
        let goods: Vec<_> =
            live.iter().flat_map(|order| &order.positions).filter(|one| one.is_bought()).collect();
        let has_open = goods.iter().any(|position| position.noted < position.pieces);
        let parcels: Vec<_> =
            live.iter().flat_map(|order| &order.parcels).filter(|parcel| parcel.has_left).collect();
        Self {
            has_open,
            has_left: !parcels.is_empty(),
            is_all_gone: !goods.is_empty() && !has_open,
            has_numbers: !parcels.is_empty() && parcels.iter().all(|parcel| !parcel.tracking.is_empty()),
        }
    }
}

/// The tracking numbers of parcels that left, sorted.
fn numbers<'a>(orders: impl Iterator<Item = &'a JtlOrder>) -> Vec<String> {
    let parcels = orders.flat_map(|order| &order.parcels).filter(|parcel| parcel.has_left);
    let mut numbers: Vec<String> = parcels.map(|parcel| parcel.tracking.clone()).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}
