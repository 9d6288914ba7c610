//! A person in the office: reads the attention list now and then, looks at both sides, and follows the advice of some entries. What was
//! followed, the oracle is told, so that it can say whether the entry ends.

use marktwerk_domain::attention::{Attention, AttentionKind};
use marktwerk_domain::history::Author;
use marktwerk_domain::judgement::{Choice, Decision};
use marktwerk_store::judging::{self, Occasion};

use crate::book::number_of;
use crate::oracle::{Followed, Job};
use crate::play::Play;
use crate::records::{Article, JtlOrder, Snapshot};
use crate::story::Violation;

/// The name under which decisions are made.
const OFFICE: &str = "office";

impl Play {
    pub(crate) async fn person_looks(&mut self) -> Result<(), Violation> {
        let list = self.ground.store.attentions().await.unwrap();
        self.taken_up.retain(|id| list.iter().any(|entry| entry.id == *id));
        let mut left = self.dice.between(1, 6);
        for entry in list {
            if left == 0 {
                break;
            }
            if self.taken_up.contains(&entry.id) || !self.dice.happens(60) {
                continue;
            }
            left -= 1;
            let snapshot = self.look()?;
            // One decision may have ended others of the same cause.
            let is_open =
                self.ground.store.attentions().await.unwrap().iter().any(|other| other.id == entry.id);
            if is_open && let Some(deed) = self.follow(&entry, &snapshot).await {
                self.taken_up.insert(entry.id);
                self.notes_followed(&entry, deed);
            }
        }
        Ok(())
    }

    fn notes_followed(&mut self, entry: &Attention, deed: &'static str) {
        let now = self.ground.now();
        if let Some(bought) = self.oracle.book.orders.get_mut(&entry.subject) {
            bought.touch(now);
        }
        let account = self.ground.accounts.iter().position(|account| account.name == entry.account);
        let job = if entry.kind.is_of_an_order() { Job::Orders } else { Job::Stock };
        self.followed += 1;
        self.oracle.followed.push(Followed {
            entry: entry.id,
            kind: entry.kind,
            account: account.unwrap_or(0),
            subject: entry.subject.clone(),
            at: now,
            job,
            deed,
            runs: 0,
        });
    }

    /// What a person can decide about the entry now, as the screen offers it.
    async fn offers(&self, entry: &Attention) -> Vec<Decision> {
        let record = self.ground.store.order(&entry.account, &entry.subject).await.unwrap();
        record
            .map(|record| record.judgement(&self.ground.limits, self.ground.now()).offers)
            .unwrap_or_default()
    }

    /// Decides about the entry and all with the same cause. Returns whether this order was decided.
    pub(crate) async fn decide(&mut self, entry: &Attention, decision: Decision) -> bool {
        let now = self.ground.now();
        let until = now + self.minutes(180, 24 * 60);
        let choice = Choice {
            decision,
            by: OFFICE.to_owned(),
            carrier: (decision == Decision::ChooseCarrier).then(|| "DHL".to_owned()),
            until: (decision == Decision::RemindMe).then_some(until),
        };
        let by = Author::Person(OFFICE.to_owned());
        let occasion = Occasion { now, by, limits: self.ground.limits };
        let outcomes = judging::decide_entry(&*self.ground.store, entry.id, &choice, None, &occasion).await;
        let Ok(outcomes) = outcomes else { return false };
        let mut is_decided = false;
        for outcome in outcomes.iter().filter(|outcome| outcome.result.is_ok()) {
            is_decided |= outcome.number == entry.subject;
            if let Some(bought) = self.oracle.book.orders.get_mut(&outcome.number) {
                bought.touch(now);
                match decision {
                    Decision::RemindMe => bought.put_off = Some(until),
                    // What was changed there is changed in JTL.
                    Decision::DoneByHand if entry.kind == AttentionKind::ChangedAfterHandOver => {
                        bought.moved_at = None
                    }
                    Decision::DoneByHand if entry.kind == AttentionKind::NumberChanged => {
                        bought.are_numbers_settled = true;
                    }
                    Decision::GoOn | Decision::TakeBack => bought.decided.clear(),
                    _ => bought.decided.push((decision, now)),
                }
            }
            self.story.tell(
                now,
                format!(
                    "A person decides about {} ({}): {}.",
                    outcome.number,
                    entry.kind.as_str(),
                    decision.as_str()
                ),
            );
        }
        is_decided
    }

    /// Follows the advice of an entry; what was done where it should end the entry.
    async fn follow(&mut self, entry: &Attention, snapshot: &Snapshot) -> Option<&'static str> {
        if !entry.kind.is_of_an_order() {
            return self.follow_stock(entry).await;
        }
        let offers = self.offers(entry).await;
        let can = |decision| offers.contains(&decision);
        let sn = entry.subject.clone();
        if !self.oracle.book.orders.contains_key(&sn) {
            return None;
        }
        if can(Decision::RemindMe) && self.dice.happens(8) {
            self.decide(entry, Decision::RemindMe).await;
            return None;
        }
        // The levers work on the newest order with a number; of a cancelled one nothing is packed or booked.
        if snapshot.with_number(&sn).last().is_some_and(|newest| newest.is_cancelled)
            && snapshot.with_number(&sn).count() > 1
        {
            return None;
        }
        let live: Vec<&JtlOrder> = snapshot.with_number(&sn).filter(|order| !order.is_cancelled).collect();
        let has_open = live
            .iter()
            .flat_map(|order| &order.positions)
            .any(|one| one.is_bought() && one.noted < one.pieces);
        let jtl = self.ground.jtl().clone();
        match entry.kind {
            AttentionKind::SetAside if can(Decision::CancelThere) && self.dice.happens(30) => self
                .decide(entry, Decision::CancelThere)
                .await
                .then_some("had it cancelled at the marketplace"),
            AttentionKind::SetAside if live.is_empty() && self.dice.happens(60) => {
                self.enters(&sn, true).then_some("entered the order in JTL by hand")
            }
            AttentionKind::SetAside if can(Decision::LeaveOut) => {
                self.decide(entry, Decision::LeaveOut).await.then_some("left the order out")
            }
            AttentionKind::WorkerStuck if self.weather.is_worker_paused => {
                jtl.resume_worker();
                self.weather.is_worker_paused = false;
                self.tell("A person starts the JTL-Worker.");
                Some("started the JTL-Worker")
            }
            AttentionKind::Unclear => self.follow_unclear(entry, snapshot, &offers).await,
            AttentionKind::CancelledAfterHandOver
                if has_open && live.iter().all(|order| order.parcels.is_empty()) =>
            {
                jtl.cancel_in_jtl(&sn).ok()?;
                self.tell(format!("A person cancels {sn} in JTL, as advised."));
                (live.len() == 1).then_some("cancelled the order in JTL")
            }
            AttentionKind::CancelledAfterHandOver
                if !has_open && !live.is_empty() && can(Decision::DoneByHand) =>
            {
                self.decide(entry, Decision::DoneByHand)
                    .await
                    .then_some("expected the parcel back and chose “Done by hand”")
            }
            AttentionKind::ChangedAfterHandOver => {
                // What has left as it was before is reported as it was.
                let has_left = live.iter().any(|order| !order.parcels.is_empty());
                let is_changed_there = !has_left && self.dice.happens(50);
                let decision = if is_changed_there { Decision::DoneByHand } else { Decision::ShipAllTheSame };
                let decision = if can(decision) { decision } else { Decision::ShipAllTheSame };
                self.decide(entry, decision).await.then_some("decided about the change")
            }
            AttentionKind::BuyerWish => self.follow_wish(entry, &offers).await,
            AttentionKind::ClosedInErp => self.follow_closed(entry, &offers).await,
            AttentionKind::Duplicate
                if live.len() > 1
                    && live
                        .iter()
                        .max_by_key(|order| order.key)
                        .is_some_and(|newest| newest.parcels.is_empty()) =>
            {
                jtl.cancel_in_jtl(&sn).ok()?;
                self.tell(format!("A person cancels the newest of the orders {sn} in JTL."));
                // A row that waits becomes another one.
                (live.len() == 2
                    && snapshot.rows_of(&sn) == 0
                    && live.iter().all(|order| order.parcels.is_empty()))
                .then_some("cancelled all but one in JTL")
            }
            AttentionKind::ShippedElsewhere => self.follow_shipped(entry, &live, &offers).await,
            AttentionKind::WithoutNumber if !live.is_empty() => {
                let number = format!("0034043477{:010}", self.dice.between(0, 9_999_999_999));
                jtl.renumber_parcels(&sn, &number).ok()?;
                self.tell(format!("A person enters the number {number} at the parcel of {sn} in JTL."));
                Some("entered the tracking number in JTL")
            }
            AttentionKind::UnknownCarrier if can(Decision::ChooseCarrier) => {
                self.decide(entry, Decision::ChooseCarrier).await.then_some("chose the carrier")
            }
            AttentionKind::NumberChanged | AttentionKind::CancellationRefused | AttentionKind::NotAgreed
                if can(Decision::DoneByHand) =>
            {
                self.decide(entry, Decision::DoneByHand).await.then_some("chose “Done by hand”")
            }
            AttentionKind::ShipmentRefused if can(Decision::DoneByHand) => {
                self.follow_refused(entry, &live).await
            }
            AttentionKind::Late | AttentionKind::Waiting
                if can(Decision::DoneByHand) && self.dice.happens(25) =>
            {
                self.decide(entry, Decision::DoneByHand).await.then_some("chose “Done by hand”")
            }
            AttentionKind::UnknownArticle if !self.weather.is_mandant_gone => {
                self.adds_articles(&sn).then_some("saw to it that JTL has the articles")
            }
            AttentionKind::Late | AttentionKind::Waiting
                if live.len() == 1 && has_open && !self.oracle.book.get(&sn).is_held() =>
            {
                let numbers = jtl.ship_now(&sn, &[]).ok()?;
                self.tell(format!("The warehouse ships {sn}, as a person asks: {}.", numbers.join(", ")));
                None
            }
            AttentionKind::AskedAgain if can(Decision::DoneByHand) => {
                self.decide(entry, Decision::DoneByHand).await.then_some("chose “Done by hand” again")
            }
            _ => None,
        }
    }

    /// Each article of the order is one that JTL has and sells.
    fn adds_articles(&mut self, sn: &str) -> bool {
        for (sku, _) in self.oracle.book.get(sn).lines() {
            let is_there = |snapshot: &Snapshot| {
                let is_it = |article: &Article| article.is_sold && number_of(&article.sku) == number_of(&sku);
                snapshot.articles.iter().any(is_it)
            };
            if is_there(&self.oracle.snapshot()) {
                continue;
            }
            self.brings_back(&sku, &format!("{sku}-ALT"));
            let is_active = self.ground.jtl().set_article_active(&sku, true).is_ok();
            if !is_active || !is_there(&self.oracle.snapshot()) {
                return false;
            }
            self.tell(format!("A person sees to it that JTL has {sku} and sells it."));
        }
        true
    }

    async fn follow_stock(&mut self, entry: &Attention) -> Option<&'static str> {
        match entry.kind {
            AttentionKind::ArticlesLost if self.weather.is_mandant_gone => {
                self.ground.jtl().restore_mandant().unwrap();
                self.weather.is_mandant_gone = false;
                self.tell("A person chooses the right mandant in JTL.");
                Some("chose the right mandant")
            }
            AttentionKind::ArticleLost if !self.weather.is_mandant_gone => {
                let sku = entry.subject.clone();
                self.brings_back(&sku, &format!("{sku}-ALT"));
                if self.ground.jtl().set_article_active(&sku, true).is_ok() {
                    self.tell(format!("A person makes {sku} an article of JTL again."));
                    return Some("made it an article again");
                }
                None
            }
            AttentionKind::Oversold if entry.subject.starts_with("MW-0") => {
                self.ground.jtl().receive(&entry.subject, 25).ok()?;
                self.tell(format!(
                    "A person orders 25 pieces of {} from the supplier, and they arrive.",
                    entry.subject
                ));
                Some("had more pieces delivered")
            }
            _ => None,
        }
    }
}
