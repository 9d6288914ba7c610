//! Promise 1: nobody gets two parcels for one order unless a person decided so; and what leads to a second parcel, a hand-over of what
//! JTL has or of what is no longer to be shipped.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::judgement::Decision;

use super::{Ended, Job, Oracle};
use crate::book::Bought;
use crate::records::Snapshot;
use crate::story::{ONE_PARCEL, Violation};

/// What was read within this time before a run may still be acted on in it.
const RECENT: SignedDuration = SignedDuration::from_mins(6);
/// In so many runs of the order job an entry shows what a person did at the marketplace.
const NOTICED_IN: u32 = 2;

impl Oracle {
    /// What was handed over since the last look.
    pub(super) fn hand_overs(
        &mut self,
        snapshot: &Snapshot,
        new: &[(i64, String)],
        by_people: &[String],
        ended: Option<Ended>,
    ) -> Result<(), Violation> {
        let mut numbers: BTreeSet<&String> = snapshot.waiting.keys().collect();
        numbers.extend(new.iter().map(|(_, number)| number));
        numbers.extend(self.existing.keys());
        let numbers: Vec<String> = numbers.into_iter().cloned().collect();
        for number in numbers {
            let orders = self.book.ever_in_jtl(&number);
            let exists = orders + snapshot.rows_of(&number) as usize;
            let by_people = by_people.iter().filter(|one| **one == number).count();
            let known = self.existing.insert(number.clone(), exists).unwrap_or(0) + by_people;
            let Some(bought) = self.book.orders.get_mut(&number) else { continue };
            // What a person entered and deleted again before any run had read the order, nobody here could see. One that became
            // visible late waits for the deep read.
            let was_unread = bought.shown_at.is_some() || self.read_from[bought.account] <= bought.placed;
            if was_unread {
                let there = snapshot.with_number(&number).count() + snapshot.rows_of(&number) as usize;
                bought.gone_unseen = exists.saturating_sub(there);
            }
            if exists <= known {
                continue;
            }
            bought.due_cents = Some(bought.marketplace_cents());
            let Some(ended) = ended.filter(|ended| ended.job == Job::Orders) else { continue };
            // What was deleted there after the address changed goes there again with the new one.
            let read_from = self.read_from[bought.account];
            let read_from = if ended.is_success { read_from.max(ended.started) } else { read_from };
            bought.moved_at = bought.moved_at.filter(|moved| *moved >= read_from);
            let is_again = known > bought.gone_unseen || exists - known > 1;
            let may_again =
                bought.has_decided(Decision::HandOverAgain) || bought.has_decided(Decision::NoneOfThese);
            if is_again && !may_again {
                let what = format!("order {number} was handed over to JTL, which had it already");
                return Err(Violation::new(ONE_PARCEL, &number, what));
            }
            let is_barred = bought.barred_since.is_some_and(|since| {
                let is_decided =
                    |(one, at): &(Decision, Timestamp)| *one == Decision::ShipAllTheSame && *at >= since;
                since + RECENT < ended.started && !bought.decided.iter().any(is_decided)
            });
            if is_barred {
                let what = format!(
                    "order {number} was handed over to JTL although the marketplace has said since {} that it is not to be \
                     shipped (status {}, wish or check open: {})",
                    bought.barred_since.unwrap_or(ended.started),
                    bought.status(),
                    bought.is_held(),
                );
                return Err(Violation::new(ONE_PARCEL, &number, what));
            }
        }
        Ok(())
    }

    /// What left since the last look.
    pub(super) fn parcels(&mut self, snapshot: &Snapshot) -> Result<(), Violation> {
        let counted = self.book.counted_notes;
        for noted in snapshot.noted.iter().filter(|noted| noted.key > counted) {
            self.book.counted_notes = self.book.counted_notes.max(noted.key);
            let found = snapshot.orders.iter().find_map(|order| {
                let position = order.positions.iter().find(|position| position.key == noted.position)?;
                Some((order, position))
            });
            let Some((order, position)) = found.filter(|(_, position)| position.is_bought()) else {
                continue;
            };
            let Some(owner) = self.book.owner(position.key).map(str::to_owned) else { continue };
            let Some(bought) = self.book.orders.get_mut(&owner) else { continue };
            let numbers = order.parcels.iter().filter(|parcel| parcel.note == noted.note);
            let by_hand = bought.by_hand.as_ref().map(|(number, _)| number);
            let is_booked = numbers.into_iter().any(|parcel| Some(&parcel.tracking) == by_hand);
            if is_booked {
                continue;
            }
            *bought.sent.entry(crate::book::number_of(&position.sku)).or_default() += noted.pieces;
            one_parcel(bought)?;
        }
        Ok(())
    }
}

fn one_parcel(bought: &mut Bought) -> Result<(), Violation> {
    let by_hand = |pieces: i64| if bought.left_by_hand { pieces } else { 0 };
    let too_many = bought
        .ordered
        .iter()
        .find(|(sku, pieces)| bought.sent.get(*sku).copied().unwrap_or(0) + by_hand(**pieces) > **pieces);
    let Some((sku, pieces)) = too_many.filter(|_| !bought.is_excused && !bought.is_doubled) else {
        return Ok(());
    };
    let is_told = bought.was_told || bought.is_in_persons_hands();
    if bought.left_by_hand && (is_told || bought.runs_since_by_hand < NOTICED_IN) {
        // The person was told, or the warehouse was faster than any run.
        bought.is_excused = true;
        return Ok(());
    }
    let sent = bought.sent.get(sku).copied().unwrap_or(0);
    let what = format!(
        "the buyer of {} ordered {pieces} of {sku}; {sent} left in parcels of JTL{}",
        bought.sn,
        if bought.left_by_hand {
            ", and a parcel with everything left without JTL; no entry said so"
        } else {
            ""
        },
    );
    Err(Violation::new(ONE_PARCEL, &bought.sn, what))
}
