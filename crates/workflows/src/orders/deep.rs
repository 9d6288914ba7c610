//! Once a day, after everything else: the orders of the last days are listed again, so that one that became visible late, or changed
//! without a new time of change, is found.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use marktwerk_connectors::{Marketplace, OrderWindow};
use marktwerk_domain::failure::Failure;
use marktwerk_domain::mutant::{self, Mutant};
use marktwerk_engine::Step;
use serde_json::json;

use super::Orders;
use crate::connections::Connections;

/// Time from one deep read to the next.
const EVERY: SignedDuration = SignedDuration::from_hours(24);
/// It takes one call of this many that the budget lets through.
const SHARE: u64 = 4;

/// The fact that holds when an account was read deep last.
fn deep_read_name(account: &str) -> String {
    format!("orders.deep_read.{account}")
}

/// Whether the account's deep read is due, although nothing shows that there is something new.
pub(super) async fn is_due(
    connections: &Connections,
    account: &str,
    now: Timestamp,
) -> Result<bool, Failure> {
    let last = connections.store.fact(&deep_read_name(account)).await?;
    let last: Option<Timestamp> = last.and_then(|last| last.parse().ok());
    Ok(last.is_some_and(|last| last + EVERY <= now))
}

impl Orders<'_> {
    /// Reads deep if the last time is a day ago. An account that was never read completely is left to the first read.
    pub(super) async fn read_deep(&self, step: &Step) -> Result<(), Failure> {
        if !self.parameters.is_scheduled() || mutant::is(Mutant::NoDeepRead) {
            return Ok(());
        }
        let store = &self.connections.store;
        if super::fetch::cursor(self.connections, self.account()).await?.is_none() {
            return Ok(());
        }
        let first_read = self.first_read().await?;
        let unread = self.unread_numbers().await?;
        let name = deep_read_name(self.account());
        let now = self.now();
        let last: Option<Timestamp> = store.fact(&name).await?.and_then(|last| last.parse().ok());
        let Some(last) = last else {
            // The first read reached back further than this one would.
            return Ok(store.set_fact(&name, &now.to_string()).await?);
        };
        if last + EVERY > now && last <= now {
            return Ok(());
        }
        let window = OrderWindow {
            changed_from: now - self.marketplace.rules().deep_read,
            changed_until: now,
            status: None,
        };
        let mut reader = self.marketplace.read_orders(window);
        let mut is_first = true;
        let mut found: Vec<String> = Vec::new();
        let mut failure: Option<Failure> = None;
        while !reader.is_complete() {
            if self.context.should_stop() {
                return Ok(());
            }
            if !is_first {
                self.context.clock().sleep(self.pause()).await;
            }
            is_first = false;
            let turn = self.connections.turns.of(self.account()).await;
            let batch = reader.next().await?;
            let numbers: Vec<String> = batch.entries.iter().map(|entry| entry.number.clone()).collect();
            let known = store.known_changes(self.account(), &numbers).await?;
            let is_news = |number: &&String| !known.contains_key(*number);
            found.extend(numbers.iter().filter(is_news).cloned());
            // One order that cannot be had must not hide the pages behind it.
            let incomplete = self.keep(step, &batch, first_read, &unread).await?;
            failure = failure.or(incomplete);
            drop(turn);
        }
        failure = failure.or(self.keep_late(step, first_read, &unread).await?);
        if !found.is_empty() {
            let message = format!(
                "the daily deep read found {} orders that the list had not shown before; they go on with the next run",
                found.len()
            );
            step.warning(message, json!({ "orders": found })).await;
        }
        store.set_fact(&name, &now.to_string()).await?;
        failure.map_or(Ok(()), Err)
    }

    /// So long that this reading takes its share of the budget at the most.
    fn pause(&self) -> Duration {
        let limit = self.marketplace.budget().limit.map_or(u64::MAX, u64::from).max(1);
        Duration::from_secs(60 * SHARE) / u32::try_from(limit).unwrap_or(u32::MAX)
    }
}
