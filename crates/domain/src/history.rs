//! What happened to an order, step by step: its timeline.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attention::AttentionKind;
use crate::judgement::Decision;
use crate::language::Language;
use crate::order::{MarketplaceStatus, OrderState};

/// Who made something happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// A run, by its number.
    Run(i64),
    /// A person, by name.
    Person(String),
    /// Time alone.
    Time,
    /// The take-over from the system used before.
    TakeOver,
    /// An earlier version of the program.
    EarlierVersion,
}

/// One thing that happened. No buyer's data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderEvent {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Author,
    /// What.
    pub what: Happened,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// Its document was read; the marketplace's status in it.
    Read(MarketplaceStatus),
    /// It reached this state.
    State(OrderState),
    /// Its entry came onto the attention list.
    NeedsPerson(AttentionKind),
    /// Its entry went.
    NeedsNobody(AttentionKind),
    /// The ERP showed this many parcels that have left.
    Parcels(usize),
    /// A person decided.
    Decided(Decision),
    /// The act that was decided began.
    DecisionUsed(Decision),
    /// The facts changed that a decision rested on.
    DecisionLapsed(Decision),
    /// An entry was closed by an earlier version.
    Closed(AttentionKind),
}

impl Happened {
    /// The same as a sentence.
    pub fn words(&self, language: Language) -> String {
        match self {
            Self::Read(status) => {
                let status = status.as_str().replace('_', " ");
                language.of([
                    format!("read at the marketplace: {status}"),
                    format!("am Marktplatz gelesen: {status}"),
                ])
            }
            Self::State(state) => {
                let state = state.as_str().replace('_', " ");
                language.of([format!("state: {state}"), format!("Zustand: {state}")])
            }
            Self::NeedsPerson(kind) => language.of([
                format!("needs a person: {}", kind.as_str()),
                format!("braucht einen Menschen: {}", kind.as_str()),
            ]),
            Self::NeedsNobody(kind) => language.of([
                format!("no longer needs a person: {}", kind.as_str()),
                format!("braucht keinen Menschen mehr: {}", kind.as_str()),
            ]),
            Self::Parcels(count) => language.of([
                format!("JTL shows {count} parcels that have left"),
                format!("JTL zeigt {count} Pakete, die unterwegs sind"),
            ]),
            Self::Decided(decision) => language.of([
                format!("decided: {}", decision.label(language)),
                format!("entschieden: {}", decision.label(language)),
            ]),
            Self::DecisionUsed(decision) => language.of([
                format!("carried out: {}", decision.label(language)),
                format!("ausgeführt: {}", decision.label(language)),
            ]),
            Self::DecisionLapsed(decision) => language.of([
                format!("no longer holds, because something changed: {}", decision.label(language)),
                format!("gilt nicht mehr, weil sich etwas geändert hat: {}", decision.label(language)),
            ]),
            Self::Closed(kind) => language.of([
                format!("entry closed before this version: {}", kind.as_str()),
                format!("Eintrag vor dieser Version geschlossen: {}", kind.as_str()),
            ]),
        }
    }
}
