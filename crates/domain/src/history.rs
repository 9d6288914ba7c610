//! What happened to an order, step by step: its timeline.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::attention::AttentionKind;
use crate::judgement::Decision;
use crate::language::Language;
use crate::order::{MarketplaceStatus, OrderState};

/// The author of an event.
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
    /// A parcel with this tracking number was reported by itself.
    ParcelReported(String),
    /// A person decided.
    Decided(Decision),
    /// The act that was decided began.
    DecisionUsed(Decision),
    /// The facts changed that a decision rested on.
    DecisionLapsed(Decision),
    /// An entry ended while an earlier version ran: a person had closed it, or its cause was gone.
    Closed(AttentionKind),
}

impl Happened {
    /// The same as a sentence.
    pub fn words(&self, language: Language) -> String {
        match self {
            Self::Read(status) => {
                let status = status.words(language);
                language.of([
                    format!("read at the marketplace: {status}"),
                    format!("am Marktplatz gelesen: {status}"),
                ])
            }
            Self::State(state) => {
                let state = state.words(language);
                language.of([format!("state: {state}"), format!("Zustand: {state}")])
            }
            Self::NeedsPerson(kind) => {
                let kind = kind.words(language);
                language.of([format!("needs a person: {kind}"), format!("braucht einen Menschen: {kind}")])
            }
            Self::NeedsNobody(kind) => {
                let kind = kind.words(language);
                language.of([
                    format!("no longer needs a person: {kind}"),
                    format!("braucht keinen Menschen mehr: {kind}"),
                ])
            }
            Self::Parcels(count) => language.of([
                format!("parcels that have left, as JTL shows them: {count}"),
                format!("Pakete unterwegs, wie JTL sie zeigt: {count}"),
            ]),
            Self::ParcelReported(number) => {
                language.of([format!("parcel reported: {number}"), format!("Paket gemeldet: {number}")])
            }
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
            Self::Closed(kind) => {
                let kind = kind.words(language);
                language.of([
                    format!("entry ended before this version: {kind}"),
                    format!("Eintrag vor dieser Version beendet: {kind}"),
                ])
            }
        }
    }
}
