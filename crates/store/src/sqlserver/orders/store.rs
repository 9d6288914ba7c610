//! The trait's calls, each handed to its file.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::order::OrderState;
use marktwerk_sqlserver::{reading, transaction};

use super::{change, counts, fetched, forget, read};
use crate::orders::{
    FetchedOrder, KnownChange, OrderChange, OrderFilter, OrderRecord, OrderStatistics, OrderStore,
};
use crate::sqlserver::SqlServerStore;
use crate::sqlserver::writing::{BUSINESS, write_in};
use crate::{StoreError, StoreResult};

#[async_trait]
impl OrderStore for SqlServerStore {
    async fn known_changes(
        &self,
        account: &str,
        numbers: &[String],
    ) -> StoreResult<HashMap<String, KnownChange>> {
        reading!(self.pool, "known changes", |connection| read::known_changes(connection, account, numbers))
    }

    async fn save_fetched(&self, account: &str, orders: &[FetchedOrder], now: Timestamp) -> StoreResult<()> {
        if orders.is_empty() {
            return Ok(());
        }
        write_in!(self, "save fetched orders", BUSINESS, |writing| fetched::save(
            writing, account, orders, now
        ))
    }

    async fn unread_orders(
        &self,
        account: &str,
        after: Option<&str>,
        limit: usize,
    ) -> StoreResult<Vec<OrderRecord>> {
        let after = after.unwrap_or_default();
        reading!(self.pool, "unread orders", |connection| read::unread(connection, account, after, limit))
    }

    async fn orders_in(&self, filter: &OrderFilter) -> StoreResult<Vec<OrderRecord>> {
        reading!(self.pool, "orders", |connection| read::orders_in(connection, filter))
    }

    async fn order(&self, account: &str, number: &str) -> StoreResult<Option<OrderRecord>> {
        reading!(self.pool, "one order", |connection| read::whole(connection, account, number))
    }

    async fn open_orders(
        &self,
        account: &str,
        after: Option<&str>,
        limit: usize,
    ) -> StoreResult<Vec<OrderRecord>> {
        let after = after.unwrap_or_default();
        reading!(self.pool, "open orders", |connection| read::open(connection, account, after, limit))
    }

    async fn orders_with_numbers(&self, account: &str, numbers: &[String]) -> StoreResult<Vec<OrderRecord>> {
        reading!(self.pool, "orders by number", |connection| read::with_numbers(connection, account, numbers))
    }

    async fn orders_to_judge(&self, now: Timestamp, limit: usize) -> StoreResult<Vec<OrderRecord>> {
        reading!(self.pool, "orders to be judged", |connection| read::to_judge(connection, now, limit))
    }

    async fn change_orders(
        &self,
        account: &str,
        changes: &[OrderChange],
        now: Timestamp,
    ) -> StoreResult<Vec<bool>> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        write_in!(self, "change orders", BUSINESS, |writing| async {
            let changed = change::change(writing, account, changes, now).await?;
            writing.changed_nothing = !changed.contains(&true);
            Ok::<_, StoreError>(changed)
        })
    }

    async fn forget_buyers(&self, before: Timestamp) -> StoreResult<u64> {
        forget::buyers(self, before).await
    }

    async fn open_units(&self) -> StoreResult<HashMap<String, i64>> {
        // Without row versions a reader passes a state before an order comes into it, and waits for the next one until it has left that
        // one: it would be counted in neither, and sold twice. Nobody writes meanwhile.
        transaction!(self.pool, "open units", |connection| async {
            connection.lock(BUSINESS).await?;
            read::open_units(connection).await
        })
    }

    async fn order_statistics(&self, accounts: &[String]) -> StoreResult<OrderStatistics> {
        reading!(self.pool, "order statistics", |connection| counts::statistics(connection, accounts))
    }

    async fn orders_by_state(&self, accounts: &[String]) -> StoreResult<Vec<(OrderState, u64)>> {
        reading!(self.pool, "orders by state", |connection| counts::by_state(connection, accounts))
    }
}
