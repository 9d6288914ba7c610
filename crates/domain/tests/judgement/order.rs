//! An order's facts, written as its history.

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::judgement::{
    Choice, Decision, Difference, Document, ErpFacts, Judgement, Limits, OrderFacts, Refused, ReportUnit,
    Row, decide, judge,
};
use marktwerk_domain::language::Reader;
use marktwerk_domain::order::MarketplaceStatus;
use marktwerk_domain::reason::Reason;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Minutes after the test's morning.
pub(crate) fn at(minutes: i64) -> Timestamp {
    let morning: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
    morning + SignedDuration::from_mins(minutes)
}

/// An order, and the time.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) facts: OrderFacts,
    pub(crate) now: Timestamp,
}

impl Story {
    /// Ready at the marketplace, translated, not handed over.
    pub(crate) fn ready() -> Self {
        let mut facts = OrderFacts::default();
        facts.there.status = MarketplaceStatus::Ready;
        facts.there.document = Document::Translated;
        Self { facts, now: at(0) }
    }

    /// As [`Story::ready`], and it cannot be translated.
    pub(crate) fn unusable() -> Self {
        let mut story = Self::ready();
        story.facts.there.document = Document::Untranslatable { reason: Reason::quoted("VAT 0.5 %") };
        story
    }

    /// Handed over at minute 0, and the row waits.
    pub(crate) fn handed_over() -> Self {
        let mut story = Self::ready();
        story.facts.ours.handed_over_at = Some(at(0));
        story.erp(ErpFacts { waiting_rows: 1, ..ErpFacts::default() })
    }

    /// Handed over, and an order in the ERP.
    pub(crate) fn in_erp() -> Self {
        Self::handed_over().erp(one_order())
    }

    /// All of it has left, with `numbered` of `parcels` tracking numbers.
    pub(crate) fn left(parcels: u32, without_number: u32) -> Self {
        let mut story = Self::in_erp();
        story.facts.erp.is_complete = true;
        story.facts.erp.has_all_left = parcels > 0;
        story.parcels(parcels, without_number)
    }

    pub(crate) fn at(mut self, minutes: i64) -> Self {
        self.now = at(minutes);
        self
    }

    pub(crate) fn erp(mut self, erp: ErpFacts) -> Self {
        self.facts.erp = ErpFacts { since: Some(self.now), ..erp };
        self
    }

    pub(crate) fn status(mut self, status: MarketplaceStatus) -> Self {
        self.facts.there.status = status;
        self
    }

    pub(crate) fn differs(mut self, difference: Option<Difference>) -> Self {
        self.facts.there.difference = difference;
        self
    }

    pub(crate) fn parcels(mut self, parcels: u32, without_number: u32) -> Self {
        self.facts.erp.parcels = parcels;
        self.facts.erp.parcels_without_number = without_number;
        let is_late = self.facts.erp.is_complete && (parcels == 0 || without_number > 0);
        self.facts.erp.without_number_since = is_late.then_some(self.now);
        self
    }

    /// The marketplace takes each parcel by itself; `unreported` of those that have left were not told.
    pub(crate) fn by_parcel(mut self, unreported: u32) -> Self {
        self.facts.there.report_unit = ReportUnit::EachParcel;
        self.facts.erp.unreported = unreported;
        self
    }

    pub(crate) fn refused(mut self, kind: AttentionKind) -> Self {
        self.facts.ours.refused = Some(Refused { kind, message: "no".to_owned(), cause: None });
        self
    }

    /// A person decides, as far as the situation offers it.
    pub(crate) fn decided(mut self, decision: Decision) -> Self {
        let carrier = Some("DHL".to_owned());
        let choice = Choice { decision, by: "office".to_owned(), carrier, until: Some(self.now + HOUR) };
        self.facts = decide(&self.facts, &Limits::default(), &choice, self.now).unwrap().facts;
        self
    }

    /// Time passes, and what a decision rested on may be gone.
    pub(crate) fn settled(mut self) -> Self {
        self.facts.settle_decision();
        self
    }

    pub(crate) fn with(mut self, change: impl FnOnce(&mut OrderFacts)) -> Self {
        change(&mut self.facts);
        self
    }

    pub(crate) fn judged(&self) -> Judgement {
        judge(&self.facts, &Limits::default(), self.now)
    }

    pub(crate) fn row(&self) -> Row {
        self.judged().row
    }

    pub(crate) fn kind(&self) -> Option<AttentionKind> {
        self.judged().entry.map(|entry| entry.kind)
    }

    /// Why it waits.
    pub(crate) fn reason(&self) -> String {
        self.judged().reason(&Reader::of_the_store()).unwrap_or_default()
    }

    /// The entry's text.
    pub(crate) fn message(&self) -> String {
        self.judged().entry.map(|entry| entry.message(&Reader::of_the_store())).unwrap_or_default()
    }
}

/// One order in the ERP, of which nothing has left.
pub(crate) fn one_order() -> ErpFacts {
    ErpFacts { orders: 1, was_seen: true, ..ErpFacts::default() }
}
