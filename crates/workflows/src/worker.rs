//! Whether the JTL-Worker takes its rows: asked of JTL itself, each minute, because the order job may run rarely, and an order that waits is
//! an entry of its own only after half an hour.

use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::attention::{Attention, AttentionKind};
use marktwerk_domain::failure::Failure;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::stock::StockEntry;
use marktwerk_store::orders::{OrderFilter, OrderRecord};
use marktwerk_store::stock;

use crate::connections::Connections;

/// The worker is one for all accounts.
const ACCOUNT: &str = "";
const SUBJECT: &str = "JTL-Worker";
/// Orders that JTL is asked about. The oldest ones tell enough.
const ASKED: usize = 200;

/// Puts the entry on the attention list if rows have waited for longer than `patience`, and takes it off once they were taken. While orders
/// have entries of their own about the worker, those say more.
pub(crate) async fn look_after(
    connections: &Connections,
    patience: Duration,
    now: Timestamp,
) -> Result<(), Failure> {
    let open = connections.store.attentions().await?;
    let is_open = |kind| open.iter().any(|entry: &Attention| entry.kind == kind);
    let waiting = waiting(connections, patience, now).await?;
    match waiting.as_slice() {
        [] => {}
        _ if is_open(AttentionKind::WorkerStuck) => {}
        [(oldest, since), ..] => {
            let orders = waiting.iter().map(|(record, _)| record.number.clone()).collect();
            tracing::debug!(account = %oldest.account, "rows wait for the JTL-Worker");
            let entry = StockEntry::WorkerStopped { orders, since: *since };
            let entry = stock::attention(ACCOUNT, SUBJECT, &entry);
            return Ok(connections.store.raise(&[entry], now).await?);
        }
    }
    if is_open(AttentionKind::WorkerStopped) {
        let entry = (ACCOUNT.to_owned(), AttentionKind::WorkerStopped, SUBJECT.to_owned());
        connections.store.settle(&[entry], now).await?;
    }
    Ok(())
}

/// Orders whose rows have waited for longer, and since when, the oldest first.
async fn waiting(
    connections: &Connections,
    patience: Duration,
    now: Timestamp,
) -> Result<Vec<(OrderRecord, Timestamp)>, Failure> {
    let filter =
        OrderFilter { states: vec![OrderState::HandedOver], limit: usize::MAX, ..OrderFilter::default() };
    let before = now.checked_sub(patience).unwrap_or(Timestamp::MIN);
    let handed_over = connections.store.orders_in(&filter).await?;
    let old = handed_over.into_iter().filter_map(|record| {
        let at = record.handed_over_at.filter(|at| *at <= before)?;
        (record.facts().erp.orders == 0).then_some((record, at))
    });
    let mut old: Vec<(OrderRecord, Timestamp)> = old.collect();
    old.sort_by_key(|(_, at)| *at);
    old.truncate(ASKED);
    if old.is_empty() {
        return Ok(old);
    }
    let records: Vec<&OrderRecord> = old.iter().map(|(record, _)| record).collect();
    let presences = connections.presences_in_erp(&records).await?;
    let is_waiting = presences.into_iter().map(|presence| presence.waiting_rows > 0);
    Ok(old
        .into_iter()
        .zip(is_waiting)
        .filter_map(|(order, is_waiting)| is_waiting.then_some(order))
        .collect())
}
