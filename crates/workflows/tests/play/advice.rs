//! The advice that needs a look at both sides before it is followed: orders that are unclear, wished away, closed, or shipped elsewhere.

use marktwerk_domain::attention::Attention;
use marktwerk_domain::judgement::Decision;
use marktwerk_sandbox::ParcelSeed;

use crate::play::Play;
use crate::records::{JtlOrder, Snapshot};

impl Play {
    /// JTL does not have it any more, or never had it.
    pub(crate) async fn follow_unclear(
        &mut self,
        entry: &Attention,
        snapshot: &Snapshot,
        offers: &[Decision],
    ) -> Option<&'static str> {
        let sn = entry.subject.clone();
        let elsewhere =
            self.oracle.book.positions_of(snapshot, &sn).map(|(order, _)| order.number.clone()).next();
        match elsewhere {
            Some(other) if other != sn => {
                self.ground.jtl().renumber_in_jtl(&other, &sn).ok()?;
                self.tell(format!("A person finds {sn} in JTL under {other} and gives it its number back."));
                Some("gave the order its number back in JTL")
            }
            Some(_) => None,
            None if offers.contains(&Decision::NoneOfThese) => {
                self.decide(entry, Decision::NoneOfThese).await.then_some("chose “None of these”")
            }
            None if offers.contains(&Decision::HandOverAgain) && self.dice.happens(70) => {
                // The search may show orders of others first.
                self.decide(entry, Decision::HandOverAgain).await;
                None
            }
            None if offers.contains(&Decision::CancelThere) => self
                .decide(entry, Decision::CancelThere)
                .await
                .then_some("had it cancelled at the marketplace"),
            None => None,
        }
    }

    /// A wish or a check is open, and JTL has the order.
    pub(crate) async fn follow_wish(
        &mut self,
        entry: &Attention,
        offers: &[Decision],
    ) -> Option<&'static str> {
        let sn = entry.subject.clone();
        let can_accept = offers.contains(&Decision::AcceptCancellation);
        let has_left = self.oracle.book.get(&sn).sent.values().sum::<i64>() > 0;
        if can_accept && !has_left && self.dice.happens(60) {
            let is_decided = self.decide(entry, Decision::AcceptCancellation).await;
            if is_decided && self.ground.jtl().cancel_in_jtl(&sn).is_ok() {
                self.tell(format!("A person cancels {sn} in JTL too."));
                return Some("accepted the cancellation and cancelled the order in JTL");
            }
            return None;
        }
        if offers.contains(&Decision::ShipAllTheSame) {
            return self
                .decide(entry, Decision::ShipAllTheSame)
                .await
                .then_some("chose to ship all the same");
        }
        None
    }

    /// Cancelled in JTL, and the marketplace waits for it.
    pub(crate) async fn follow_closed(
        &mut self,
        entry: &Attention,
        offers: &[Decision],
    ) -> Option<&'static str> {
        let sn = entry.subject.clone();
        if !offers.contains(&Decision::CancelThere) {
            return None;
        }
        if self.dice.happens(50) {
            return self
                .decide(entry, Decision::CancelThere)
                .await
                .then_some("had it cancelled at the marketplace");
        }
        let account = self.oracle.book.get(&sn).account;
        self.ground.accounts[account].market.cancel(&sn).ok()?;
        self.tell(format!("A person cancels {sn} at the marketplace."));
        Some("cancelled the order at the marketplace")
    }

    /// Shipped at the marketplace without us.
    pub(crate) async fn follow_shipped(
        &mut self,
        entry: &Attention,
        live: &[&JtlOrder],
        offers: &[Decision],
    ) -> Option<&'static str> {
        let sn = entry.subject.clone();
        let (number, _) = self.oracle.book.get(&sn).by_hand.clone()?;
        let has_left = live.iter().flat_map(|order| &order.parcels).any(|parcel| parcel.has_left);
        let goods = || live.iter().flat_map(|order| &order.positions).filter(|one| one.is_bought());
        if has_left {
            let is_all_gone = goods().all(|position| position.noted >= position.pieces);
            if is_all_gone && live.len() == 1 && self.dice.happens(50) {
                self.ground.jtl().renumber_parcels(&sn, &number).ok()?;
                self.tell(format!(
                    "A person enters the marketplace's number {number} at the parcel of {sn} in JTL."
                ));
                return Some("entered the marketplace's number in JTL");
            }
            let can = offers.contains(&Decision::DoneByHand);
            return (can && self.decide(entry, Decision::DoneByHand).await).then_some("chose “Done by hand”");
        }
        let waits = self.oracle.snapshot().rows_of(&sn) > 0;
        let is_entered = match live.len() {
            0 => !waits && self.enters(&sn, false),
            1 => true,
            _ => false,
        };
        if !is_entered {
            return None;
        }
        let parcel = ParcelSeed {
            tracking: Some(number.clone()),
            method: Some("DHL Paket".to_owned()),
            ..ParcelSeed::default()
        };
        self.ground.jtl().ship_now(&sn, &[parcel]).ok()?;
        self.tell(format!("A person books {sn} as shipped in JTL, with the marketplace's number {number}."));
        Some("booked the order in JTL as shipped")
    }

    /// The marketplace does not take the report.
    pub(crate) async fn follow_refused(
        &mut self,
        entry: &Attention,
        live: &[&JtlOrder],
    ) -> Option<&'static str> {
        let sn = entry.subject.clone();
        let parcel = live.iter().flat_map(|order| &order.parcels).find(|parcel| parcel.has_left);
        let number = parcel.map(|parcel| parcel.tracking.clone()).filter(|number| !number.is_empty());
        match number {
            Some(number) if self.dice.happens(60) => {
                self.reports_by_hand(&sn, &number, false);
                Some("reported the shipment at the marketplace by hand")
            }
            _ => self.decide(entry, Decision::DoneByHand).await.then_some("chose “Done by hand”"),
        }
    }
}
