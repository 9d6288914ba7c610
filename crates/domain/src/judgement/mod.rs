//! One judgement of an order: a pure function of its facts and the time. State, next act, attention entry, advice and the units
//! that it keeps from stock all follow from the one [`Row`] that its situation has. `docs/ORDERS.md` shows the table.
//!
//! Not for acting: workflows act, store the new facts, and judge again.

/// Makes an enum without fields, and the list of its variants.
macro_rules! answers {
    ($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $variant:ident),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$of])* $variant),+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];
        }
    };
}

mod decision;
mod facts;
mod fingerprint;
mod grouping;
mod holds;
mod limits;
mod page;
mod row_at;
mod rows;
mod shown;
mod situation;
mod table;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use decision::{Choice, Chosen, Decided, Decision, NotPossible, Reminder, decide};
pub use facts::{
    Baseline, Cancellation, CancellationsTaken, Candidate, Candidates, Difference, Document, ErpFacts,
    GivenNumber, OrderFacts, OurFacts, RefusalCause, Refused, Remark, ReportUnit, Taken, TakenBecause,
    ThereFacts, tracking_numbers,
};
pub use grouping::{Group, groups};
pub use holds::{Hold, Notice};
pub use limits::Limits;
pub use page::{attention_page, decision_page, page};
pub use rows::Row;
pub use situation::{Articles, Differs, HandOver, InErp, Parcels, Reporting, Situation, There};
pub use table::{Act, Line, Mark, Wait};

use crate::attention::AttentionKind;
use crate::language::Reader;
use crate::order::OrderState;
use crate::reason::Reason;

/// What an order's facts come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// The row of the table.
    pub row: Row,
    /// The order's state.
    pub state: OrderState,
    /// What is to be done next.
    pub next_act: Act,
    /// The next act is not to be done before this.
    pub not_before: Option<Timestamp>,
    /// What its facts have to say about it. The text is made from this ([`Judgement::reason`]).
    pub said: EntryFacts,
    /// What needs a person, unless a person put it off.
    pub entry: Option<Entry>,
    /// A person wants to be reminded then, so that its entry is not shown.
    pub put_off_until: Option<Timestamp>,
    /// What a person can decide now.
    pub offers: Vec<Decision>,
    /// Whether its units stay subtracted from the ERP's stock figures.
    pub takes_stock: bool,
    /// Nothing is left to do, and neither side is asked about it.
    pub is_over: bool,
    /// The first time at which the same facts have another row.
    pub changes_at: Option<Timestamp>,
}

/// An entry of the attention list, as facts. Its text is made from them ([`Entry::message`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Why it is there.
    pub kind: AttentionKind,
    /// What it says.
    pub facts: EntryFacts,
}

/// What an entry says. What does not matter for its row is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryFacts {
    /// The row that needs a person.
    pub row: Row,
    /// What the marketplace, the ERP or we said about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Reason>,
    /// Why it cannot be reported, where that is one of our own reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<RefusalCause>,
    /// What differs between the ERP and the marketplace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
    /// What is open at the marketplace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<Hold>,
    /// Article numbers that the ERP does not know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub articles: Vec<String>,
    /// Orders in the ERP with the number, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orders: Option<u32>,
    /// Parcels that have left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parcels: Option<u32>,
    /// What the ERP's field of the tracking number holds if that is not a tracking number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// Orders in the ERP that may be this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// Which order in the ERP has its number, and why that is not this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Taken>,
    /// What was decided and no longer fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lapsed: Option<Decision>,
    /// It must leave by then, and that is soon or has passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// It has waited since then, which is too long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_since: Option<Timestamp>,
}

impl Entry {
    /// Shows whether it says something else, whatever time has passed.
    fn fingerprint(&self) -> u64 {
        let said = EntryFacts { waits_since: None, ..self.facts.clone() };
        let mut fingerprint = fingerprint::Fingerprint::new();
        fingerprint.add(self.kind.as_str());
        fingerprint.add(&serde_json::to_string(&said).unwrap_or_default());
        fingerprint.0
    }

    /// What happened, what it means and what to do.
    pub fn message(&self, reader: &Reader) -> String {
        words::message(&self.facts, reader)
    }
}

impl EntryFacts {
    /// What happened, what it means and what to do.
    pub fn message(&self, reader: &Reader) -> String {
        words::message(self, reader)
    }
}

impl Judgement {
    /// Why it waits or needs a person, for people; `None` where it goes its usual way.
    pub fn reason(&self, reader: &Reader) -> Option<String> {
        words::reason(&self.said, reader)
    }
}

/// Judges an order. The same facts and the same time give the same result.
pub fn judge(facts: &OrderFacts, limits: &Limits, now: Timestamp) -> Judgement {
    let row_at::Shown { row, said, entry, put_off_until } = row_at::shown(facts, limits, now);
    let line = row.line();
    Judgement {
        row,
        state: line.state,
        next_act: line.act,
        not_before: line.is_retried.then_some(facts.ours.next_try).flatten(),
        offers: offers(row, facts, entry.is_some(), now),
        said,
        entry,
        put_off_until,
        takes_stock: line.takes_stock,
        is_over: line.is_over,
        changes_at: row_at::changes_at(facts, limits, now),
    }
}

fn offers(row: Row, facts: &OrderFacts, has_entry: bool, now: Timestamp) -> Vec<Decision> {
    let mut offers: Vec<Decision> = row.offers().to_vec();
    let takes = facts.there.takes;
    let wants_to_cancel = facts.there.holds.contains(&Hold::Cancellation);
    let taken = facts.erp.taken.as_ref();
    let lacks_goods = taken.is_some_and(|taken| matches!(taken.because, TakenBecause::Lacks(_)));
    offers.retain(|decision| match decision {
        Decision::AcceptCancellation => takes.accepted && wants_to_cancel,
        Decision::CancelThere => takes.own,
        // What another account sold stays its order.
        Decision::ThisIsIt => lacks_goods,
        _ => true,
    });
    offers.retain(|decision| *decision != Decision::RemindMe || has_entry);
    // What the take-over remarked is an entry of its own, whatever the row is.
    if !facts.remarks.is_empty() && !offers.contains(&Decision::DoneByHand) {
        offers.push(Decision::DoneByHand);
    }
    let is_decided = facts.decided.as_ref().is_some_and(|decided| decided.is_in_force(facts));
    let is_put_off = facts.remind.as_ref().is_some_and(|remind| remind.until > now);
    if (is_decided && !row.line().is_over) || is_put_off {
        offers.push(Decision::TakeBack);
    }
    offers
}
