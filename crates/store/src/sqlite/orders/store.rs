//! The trait's calls, each handed to its file.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::order::OrderState;

use super::{change, counts, fetched, forget, read};
use crate::StoreResult;
use crate::orders::{
    FetchedOrder, KnownChange, OrderChange, OrderFilter, OrderRecord, OrderStatistics, OrderStore,
};
use crate::sqlite::SqliteStore;

#[async_trait]
impl OrderStore for SqliteStore {
    async fn known_changes(
        &self,
        account: &str,
        numbers: &[String],
    ) -> StoreResult<HashMap<String, KnownChange>> {
        let (account, numbers) = (account.to_owned(), numbers.to_vec());
        self.read(move |connection| read::known_changes(connection, &account, &numbers)).await
    }

    async fn save_fetched(&self, account: &str, orders: &[FetchedOrder], now: Timestamp) -> StoreResult<()> {
        let (account, orders) = (account.to_owned(), orders.to_vec());
        self.write(move |writing| {
            orders.iter().try_for_each(|order| fetched::save(writing, &account, order, now))
        })
        .await
    }

    async fn unread_orders(
        &self,
        account: &str,
        after: Option<&str>,
        limit: usize,
    ) -> StoreResult<Vec<OrderRecord>> {
        let (account, after) = (account.to_owned(), after.unwrap_or_default().to_owned());
        self.read(move |connection| read::unread(connection, &account, &after, limit)).await
    }

    async fn orders_in(&self, filter: &OrderFilter) -> StoreResult<Vec<OrderRecord>> {
        let filter = filter.clone();
        self.read(move |connection| read::orders_in(connection, &filter)).await
    }

    async fn order(&self, account: &str, number: &str) -> StoreResult<Option<OrderRecord>> {
        let (account, number) = (account.to_owned(), number.to_owned());
        self.read(move |connection| read::whole(connection, &account, &number)).await
    }

    async fn open_orders(
        &self,
        account: &str,
        after: Option<&str>,
        limit: usize,
    ) -> StoreResult<Vec<OrderRecord>> {
        let (account, after) = (account.to_owned(), after.unwrap_or_default().to_owned());
        self.read(move |connection| read::open(connection, &account, &after, limit)).await
    }

    async fn orders_with_numbers(&self, account: &str, numbers: &[String]) -> StoreResult<Vec<OrderRecord>> {
        let (account, numbers) = (account.to_owned(), numbers.to_vec());
        self.read(move |connection| read::with_numbers(connection, &account, &numbers)).await
    }

    async fn orders_to_judge(&self, now: Timestamp, limit: usize) -> StoreResult<Vec<OrderRecord>> {
        self.read(move |connection| read::to_judge(connection, now, limit)).await
    }

    async fn change_orders(
        &self,
        account: &str,
        changes: &[OrderChange],
        now: Timestamp,
    ) -> StoreResult<Vec<bool>> {
        let (account, changes) = (account.to_owned(), changes.to_vec());
        self.write(move |writing| {
            let changed = changes.iter().map(|change| change::change(writing, &account, change, now));
            let changed: Vec<bool> = changed.collect::<StoreResult<_>>()?;
            writing.changed_nothing = !changed.contains(&true);
            Ok(changed)
        })
        .await
    }

    async fn forget_buyers(&self, before: Timestamp) -> StoreResult<u64> {
        self.write(move |writing| forget::buyers(writing, before)).await
    }

    async fn open_units(&self) -> StoreResult<HashMap<String, i64>> {
        self.read(read::open_units).await
    }

    async fn order_statistics(&self, accounts: &[String]) -> StoreResult<OrderStatistics> {
        let accounts = accounts.to_vec();
        self.read(move |connection| counts::statistics(connection, &accounts)).await
    }

    async fn orders_by_state(&self, accounts: &[String]) -> StoreResult<Vec<(OrderState, u64)>> {
        let accounts = accounts.to_vec();
        self.read(move |connection| counts::by_state(connection, &accounts)).await
    }
}
