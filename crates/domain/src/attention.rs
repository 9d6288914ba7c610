//! What needs a person: the rows of the attention list.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::language::Language;

/// Why something stands on the attention list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionKind {
    /// An order that could not be translated; the others went on.
    SetAside,
    /// Handed over, and neither an order nor a waiting row is to be found in JTL.
    Unclear,
    /// Cancelled at the marketplace, already in JTL.
    CancelledAfterHandOver,
    /// Changed (address, quantities) at the marketplace, already in JTL.
    ChangedAfterHandOver,
    /// JTL shipped it with a carrier that the marketplace's list does not know.
    UnknownCarrier,
    /// The marketplace refused a shipment.
    ShipmentRefused,
    /// An article number that JTL does not know: the order waits.
    UnknownArticle,
    /// The marketplace refused a stock figure.
    StockRefused,
    /// An order in JTL has the order's number and is not this one.
    NumberTaken,
    /// The JTL-Worker does not take the rows.
    WorkerStuck,
    /// More than one order in JTL has the number.
    Duplicate,
    /// The marketplace does not accept the account's credentials (any more).
    Unauthorised,
    /// Cancelled or closed without shipment in JTL, and the marketplace still waits for it.
    ClosedInErp,
    /// Shipped at the marketplace without us, while JTL has not shipped it.
    ShippedElsewhere,
    /// A buyer's wish or a check is open at the marketplace, already in JTL.
    BuyerWish,
    /// Shipped in JTL without a tracking number, for too long.
    WithoutNumber,
    /// It must leave soon, or should have left.
    Late,
    /// It waits for longer than usual.
    Waiting,
    /// A person's decision no longer fits what happened since.
    AskedAgain,
    /// A tracking number changed in JTL after the report.
    NumberChanged,
    /// The marketplace refused a cancellation that a person decided on.
    CancellationRefused,
    /// The two sides never agreed that it is over, and nothing changes any more.
    NotAgreed,
    /// A listing lost its article in JTL and was set to 0.
    ArticleLost,
    /// So many listings lost their article at once that none was set to 0.
    ArticlesLost,
    /// No stock can be raised because an account's orders are not known.
    StockBlocked,
    /// More pieces of an article are sold than JTL has.
    Oversold,
    /// An account with orders or listings is not in the settings any more.
    AccountGone,
    /// The last run of an account's job failed, such as over a marketplace or JTL that is away.
    RunFailed,
    /// Rows wait for the JTL-Worker, and it takes none.
    WorkerStopped,
}

impl AttentionKind {
    /// All of them.
    pub const ALL: [Self; 29] = [
        Self::SetAside,
        Self::Unclear,
        Self::CancelledAfterHandOver,
        Self::ChangedAfterHandOver,
        Self::UnknownCarrier,
        Self::ShipmentRefused,
        Self::UnknownArticle,
        Self::StockRefused,
        Self::NumberTaken,
        Self::WorkerStuck,
        Self::Duplicate,
        Self::Unauthorised,
        Self::ClosedInErp,
        Self::ShippedElsewhere,
        Self::BuyerWish,
        Self::WithoutNumber,
        Self::Late,
        Self::Waiting,
        Self::AskedAgain,
        Self::NumberChanged,
        Self::CancellationRefused,
        Self::NotAgreed,
        Self::ArticleLost,
        Self::ArticlesLost,
        Self::StockBlocked,
        Self::Oversold,
        Self::AccountGone,
        Self::RunFailed,
        Self::WorkerStopped,
    ];

    /// The word stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SetAside => "set_aside",
            Self::Unclear => "unclear",
            Self::CancelledAfterHandOver => "cancelled_after_hand_over",
            Self::ChangedAfterHandOver => "changed_after_hand_over",
            Self::UnknownCarrier => "unknown_carrier",
            Self::ShipmentRefused => "shipment_refused",
            Self::UnknownArticle => "unknown_article",
            Self::StockRefused => "stock_refused",
            Self::NumberTaken => "number_taken",
            Self::WorkerStuck => "worker_stuck",
            Self::Duplicate => "duplicate",
            Self::Unauthorised => "unauthorised",
            Self::ClosedInErp => "closed_in_erp",
            Self::ShippedElsewhere => "shipped_elsewhere",
            Self::BuyerWish => "buyer_wish",
            Self::WithoutNumber => "without_number",
            Self::Late => "late",
            Self::Waiting => "waiting",
            Self::AskedAgain => "asked_again",
            Self::NumberChanged => "number_changed",
            Self::CancellationRefused => "cancellation_refused",
            Self::NotAgreed => "not_agreed",
            Self::ArticleLost => "article_lost",
            Self::ArticlesLost => "articles_lost",
            Self::StockBlocked => "stock_blocked",
            Self::Oversold => "oversold",
            Self::AccountGone => "account_gone",
            Self::RunFailed => "run_failed",
            Self::WorkerStopped => "worker_stopped",
        }
    }

    /// The kind of a word.
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// The same for people.
    pub fn words(self, language: Language) -> &'static str {
        language.of(match self {
            Self::SetAside => ["set aside", "beiseitegelegt"],
            Self::Unclear => ["unclear", "unklar"],
            Self::CancelledAfterHandOver => ["cancelled after hand-over", "storniert nach Übergabe"],
            Self::ChangedAfterHandOver => ["changed after hand-over", "geändert nach Übergabe"],
            Self::UnknownCarrier => ["unknown carrier", "unbekannter Versanddienstleister"],
            Self::ShipmentRefused => ["shipment refused", "Versandmeldung abgelehnt"],
            Self::UnknownArticle => ["unknown article", "unbekannter Artikel"],
            Self::StockRefused => ["stock refused", "Bestand abgelehnt"],
            Self::NumberTaken => ["number taken in JTL", "Nummer in JTL vergeben"],
            Self::WorkerStuck => ["JTL-Worker stuck", "JTL-Worker steht"],
            Self::Duplicate => ["twice in JTL", "doppelt in JTL"],
            Self::Unauthorised => ["not authorised", "Zugang abgelehnt"],
            Self::ClosedInErp => ["closed in JTL", "in JTL beendet"],
            Self::ShippedElsewhere => ["shipped without us", "ohne uns versandt"],
            Self::BuyerWish => ["wish or check open", "Wunsch oder Prüfung offen"],
            Self::WithoutNumber => ["tracking number missing", "Sendungsnummer fehlt"],
            Self::Late => ["shipping deadline", "Versandfrist"],
            Self::Waiting => ["waits too long", "wartet zu lange"],
            Self::AskedAgain => ["decision outdated", "Entscheidung überholt"],
            Self::NumberChanged => ["tracking number changed", "Sendungsnummer geändert"],
            Self::CancellationRefused => ["cancellation refused", "Stornierung abgelehnt"],
            Self::NotAgreed => ["never finished", "nicht abgeschlossen"],
            Self::ArticleLost => ["article gone", "Artikel fehlt"],
            Self::ArticlesLost => ["many articles gone", "viele Artikel fehlen"],
            Self::StockBlocked => ["stock blocked", "Bestand blockiert"],
            Self::Oversold => ["oversold", "überverkauft"],
            Self::AccountGone => ["account gone", "Konto fehlt"],
            Self::RunFailed => ["run failed", "Lauf gescheitert"],
            Self::WorkerStopped => ["JTL-Worker stands still", "JTL-Worker arbeitet nicht"],
        })
    }

    /// Whether its subject is an order, so that the order's judgement alone puts it on the list and takes it off.
    pub fn is_of_an_order(self) -> bool {
        match self {
            Self::StockRefused
            | Self::Unauthorised
            | Self::ArticleLost
            | Self::ArticlesLost
            | Self::StockBlocked
            | Self::Oversold
            | Self::AccountGone
            | Self::RunFailed
            | Self::WorkerStopped => false,
            Self::SetAside
            | Self::Unclear
            | Self::CancelledAfterHandOver
            | Self::ChangedAfterHandOver
            | Self::UnknownCarrier
            | Self::ShipmentRefused
            | Self::UnknownArticle
            | Self::NumberTaken
            | Self::WorkerStuck
            | Self::Duplicate
            | Self::ClosedInErp
            | Self::ShippedElsewhere
            | Self::BuyerWish
            | Self::WithoutNumber
            | Self::Late
            | Self::Waiting
            | Self::AskedAgain
            | Self::NumberChanged
            | Self::CancellationRefused
            | Self::NotAgreed => true,
        }
    }
}

/// One thing that needs a person. (account, kind, subject) is unique while it is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// Its number; 0 before it is stored.
    pub id: i64,
    /// The account that it belongs to.
    pub account: String,
    /// Why it is here.
    pub kind: AttentionKind,
    /// What it is about: an order number, an article number, an account, or a job.
    pub subject: String,
    /// What happened and what to do.
    pub message: String,
    /// The same as facts, a JSON object; empty where there is only the text.
    pub facts: Value,
    /// Since when.
    pub since: Timestamp,
}
