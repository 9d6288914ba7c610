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

mod facts;
mod page;
mod rows;
mod shown;
mod situation;
mod table;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use facts::{
    Baseline, Decided, Difference, Document, ErpFacts, Hold, OrderFacts, OurFacts, Refused, Remark,
    ThereFacts,
};
pub use page::page;
pub use rows::Row;
pub use situation::{Articles, Differs, HandOver, InErp, Limits, Reporting, Situation, There};
pub use table::{Act, Line, Mark};

use crate::attention::AttentionKind;
use crate::order::OrderState;

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
    /// Why it waits or needs a person, for people; `None` where it goes its usual way.
    pub reason: Option<String>,
    /// What needs a person.
    pub entry: Option<Entry>,
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
    pub cause: Option<String>,
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
}

impl Entry {
    /// What happened, what it means and what to do, in English.
    pub fn message(&self) -> String {
        words::message(&self.facts)
    }
}

/// Judges an order. The same facts and the same time give the same result.
pub fn judge(facts: &OrderFacts, limits: &Limits, now: Timestamp) -> Judgement {
    let row_at = |time| Row::of(&Situation::at(facts, limits, time));
    let row = row_at(now);
    let line = row.line();
    let said = words::facts(row, facts);
    let entry = line.kind.map(|kind| Entry { kind, facts: said.clone() });
    let later = situation::turning_points(facts, limits).filter(|time| *time > now && row_at(*time) != row);
    Judgement {
        row,
        state: line.state,
        next_act: line.act,
        not_before: line.is_retried.then_some(facts.ours.next_try).flatten(),
        reason: words::reason(&said),
        entry,
        takes_stock: line.takes_stock,
        is_over: line.is_over,
        changes_at: later.min(),
    }
}
