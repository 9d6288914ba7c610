//! The attention list.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::attention::{Attention, AttentionKind};
use serde_json::Value;

use crate::StoreResult;

/// Something to be put on the list; while (account, kind, subject) is open it only renews message and facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAttention {
    /// The account that it belongs to.
    pub account: String,
    /// Why.
    pub kind: AttentionKind,
    /// An order number or an article number.
    pub subject: String,
    /// What happened and what to do.
    pub message: String,
    /// The same as facts, a JSON object; null where there is only the text.
    pub facts: Value,
}

/// The attention list.
#[async_trait]
pub trait AttentionStore: Send + Sync {
    /// What is open, oldest first.
    async fn attentions(&self) -> StoreResult<Vec<Attention>>;

    /// Puts things on the list. An equal open row is not written again.
    async fn raise(&self, items: &[NewAttention], now: Timestamp) -> StoreResult<()>;

    /// Takes things off the list because their cause is gone: (account, kind, subject). What is not open is passed over
    /// without a write.
    async fn settle(&self, items: &[(String, AttentionKind, String)], now: Timestamp) -> StoreResult<()>;
}
