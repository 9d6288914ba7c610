//! What stock figures rest on: the contents of orders that take stock, entries of order lists whose articles are not known, and
//! what belongs to each account. Sets of rows without rules; those stand in [`marktwerk_domain::stock`].

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::language::Reader;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::stock::StockEntry;
use marktwerk_domain::stock::lost::LostArticle;

use crate::attention::NewAttention;
use crate::inventory::ListingPatch;
use crate::{Store, StoreError, StoreResult};

/// Units of an article number on an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct OpenLine {
    /// The account that the order came through.
    pub account: String,
    /// The marketplace's order number.
    pub number: String,
    /// The article number as the marketplace writes it.
    pub sku: String,
    /// Units.
    pub quantity: i64,
}

/// What orders take from stock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OpenContents {
    /// How often orders have stopped taking stock so far; rises.
    pub mark: i64,
    /// By account, number and place on the order.
    pub lines: Vec<OpenLine>,
}

/// An entry of an account's order list whose articles are not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadEntry {
    /// The marketplace's order number, or what stands for it where that cannot be read.
    pub number: String,
    /// Why, for people.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// When a person left it out: then it keeps nothing back.
    pub left_out_at: Option<Timestamp>,
}

/// What belongs to an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountHoldings {
    /// The account.
    pub account: String,
    /// Its open orders.
    pub open_orders: u64,
    /// Units of its orders that take stock.
    pub units: i64,
    /// Its listings.
    pub listings: u64,
}

/// Stock.
#[async_trait]
pub trait StockStore: Send + Sync {
    /// The contents of all orders that take stock, of all accounts; with `since`, also of those that stopped taking it after that
    /// mark. One state of the database: no order is missing because it moves meanwhile.
    async fn open_contents(&self, since: Option<i64>) -> StoreResult<OpenContents>;

    /// The lines of open orders in these states that have one of these article numbers, of all accounts.
    async fn open_lines_of(&self, skus: &[String], states: &[OrderState]) -> StoreResult<Vec<OpenLine>>;

    /// Entries whose articles are not known, by number.
    async fn unread_entries(&self, account: &str) -> StoreResult<Vec<UnreadEntry>>;

    /// Adds entries (those that are there stay as they are) and removes the numbers that were read.
    async fn change_unread_entries(
        &self,
        account: &str,
        added: &[UnreadEntry],
        read: &[String],
    ) -> StoreResult<()>;

    /// Leaves all entries of an account out. Returns how many.
    async fn leave_out_unread_entries(&self, account: &str, now: Timestamp) -> StoreResult<u64>;

    /// What belongs to each account that has open orders or listings, by account.
    async fn account_holdings(&self) -> StoreResult<Vec<AccountHoldings>>;

    /// Moves orders, listings and entries of the attention list from one account to another. What that one has already stays as it
    /// is there; the same order of the first one stays behind, closed, and its listings are removed. Returns the number of orders moved.
    async fn move_account(&self, from: &str, to: &str) -> StoreResult<u64>;

    /// Closes all orders of an account, so that they take no stock, and removes its listings and entries. Returns the number of
    /// orders closed.
    async fn release_account(&self, account: &str, now: Timestamp) -> StoreResult<u64>;
}

/// What a person decided about an entry of stock or accounts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StockDecision {
    /// The listings that lost their article are set to 0.
    SetToZero,
    /// They stay as they are, and nothing is published for them.
    LeaveAsTheyAre,
    /// The orders whose articles are not known keep nothing back.
    LeaveOut,
    /// The account has this name now.
    MoveTo(String),
}

impl StockDecision {
    /// The word of each.
    pub fn word(&self) -> &'static str {
        match self {
            Self::SetToZero => "set_to_zero",
            Self::LeaveAsTheyAre => "leave_as_they_are",
            Self::LeaveOut => "leave_out",
            Self::MoveTo(_) => "move_to",
        }
    }

    /// The words that an entry has.
    pub fn words_of(entry: &StockEntry) -> &'static [&'static str] {
        match entry {
            StockEntry::ArticlesLost { .. } => &["set_to_zero", "leave_as_they_are"],
            StockEntry::Blocked { orders, .. } if !orders.is_empty() => &["leave_out"],
            StockEntry::AccountGone { .. } => &["move_to", "leave_out"],
            StockEntry::ArticleLost { .. }
            | StockEntry::Blocked { .. }
            | StockEntry::Oversold { .. }
            | StockEntry::Refused { .. }
            | StockEntry::Unauthorised { .. }
            | StockEntry::WorkerStopped { .. }
            | StockEntry::RunFailed { .. } => &[],
        }
    }
}

/// The fact that holds a decision about listings that lost their article at once: the word and the set's fingerprint.
pub fn lost_decision_name(account: &str) -> String {
    format!("stock.articles_lost.{account}")
}

/// Carries out what a person decided about an open entry, and takes it off the list where that ends its cause at once.
///
/// # Errors
/// [`StoreError::NotFound`] if the entry is not open, [`StoreError::Exists`] if it has no such decision.
pub async fn decide(
    store: &dyn Store,
    id: i64,
    decision: &StockDecision,
    now: Timestamp,
) -> StoreResult<StockEntry> {
    let open = store.attentions().await?;
    let item = open.into_iter().find(|item| item.id == id);
    let item = item.ok_or_else(|| StoreError::NotFound(format!("an open attention {id}")))?;
    let entry = StockEntry::from_facts(&item.facts).filter(|entry| entry.kind() == item.kind);
    let entry = entry.ok_or_else(|| StoreError::NotFound(format!("a decision about the entry {id}")))?;
    if !StockDecision::words_of(&entry).contains(&decision.word()) {
        return Err(StoreError::NotFound(format!("the decision {} of this entry", decision.word())));
    }
    match (&entry, decision) {
        (StockEntry::ArticlesLost { fingerprint, .. }, _) => {
            // The next run applies it, if it still finds the same listings without an article.
            let fact = format!("{} {fingerprint}", decision.word());
            store.set_fact(&lost_decision_name(&item.account), &fact).await?;
        }
        (StockEntry::Blocked { account, .. }, _) => {
            store.leave_out_unread_entries(account, now).await?;
            store.settle(&[(item.account.clone(), item.kind, item.subject.clone())], now).await?;
        }
        (StockEntry::AccountGone { account, .. }, StockDecision::MoveTo(to)) => {
            store.move_account(account, to).await?;
            store.settle(&[(account.clone(), item.kind, item.subject.clone())], now).await?;
            store.settle(&[(to.clone(), item.kind, item.subject.clone())], now).await?;
        }
        (StockEntry::AccountGone { account, .. }, _) => {
            store.release_account(account, now).await?;
            store.settle(&[(account.clone(), item.kind, item.subject.clone())], now).await?;
        }
        (
            StockEntry::ArticleLost { .. }
            | StockEntry::Oversold { .. }
            | StockEntry::Refused { .. }
            | StockEntry::Unauthorised { .. }
            | StockEntry::WorkerStopped { .. }
            | StockEntry::RunFailed { .. },
            _,
        ) => {}
    }
    Ok(entry)
}

/// An entry of stock as the attention list takes it.
pub fn attention(account: &str, subject: &str, entry: &StockEntry) -> NewAttention {
    NewAttention {
        account: account.to_owned(),
        kind: entry.kind(),
        subject: subject.to_owned(),
        message: entry.english(&Reader::of_the_store()),
        facts: entry.facts(),
    }
}

/// The patch that notes a loss.
pub fn lost(id: &str, lost: LostArticle) -> ListingPatch {
    ListingPatch { lost: Some(Some(lost)), ..ListingPatch::of(id) }
}
