//! The nouns of the store that the scheduler needs no watching at: handed on.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::alert::{Alert, AlertId};
use marktwerk_domain::attention::{Attention, AttentionKind};
use marktwerk_domain::log::LogRow;
use marktwerk_domain::order::OrderState;
use marktwerk_store::StoreResult;
use marktwerk_store::alerts::{AlertStore, NewAlert};
use marktwerk_store::attention::{AttentionStore, NewAttention};
use marktwerk_store::inventory::{
    AccountListing, InventoryStatistics, InventoryStore, ListingFilter, ListingPatch, ListingRecord,
};
use marktwerk_store::logs::{LogFilter, LogSource, LogStatistics, LogStore};
use marktwerk_store::meta::MetaStore;
use marktwerk_store::orders::{
    FetchedOrder, KnownChange, OrderChange, OrderFilter, OrderRecord, OrderStatistics, OrderStore,
};
use marktwerk_store::stock::{AccountHoldings, OpenContents, OpenLine, StockStore, UnreadEntry};

use crate::tapped::Tapped;

macro_rules! hand_on {
    ($noun:ident: $($call:ident($($name:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl $noun for Tapped {
            $(async fn $call(&self, $($name: $type),*) -> StoreResult<$answer> {
                self.call(stringify!($call), self.ground.store.$call($($name),*), |_| None).await
            })*
        }
    };
}

hand_on! { LogStore:
    logs(filter: &LogFilter) -> Vec<LogRow>;
    highest_log_id() -> i64;
    count_logs(after: i64, until: i64) -> u64;
    log_statistics(source: Option<&LogSource>, since: Timestamp) -> LogStatistics;
    delete_logs(before: Timestamp) -> u64;
}

hand_on! { AlertStore:
    alerts_after(after: AlertId, limit: usize) -> Vec<Alert>;
    latest_alerts(limit: usize) -> Vec<Alert>;
    add_alert(alert: &NewAlert) -> ();
    prune_alerts(before: Timestamp) -> u64;
}

hand_on! { MetaStore:
    fact(name: &str) -> Option<String>;
    set_fact(name: &str, value: &str) -> ();
    acquire(lease: &marktwerk_store::meta::LeaderLease) -> bool;
    check() -> Vec<marktwerk_domain::finding::Finding>;
    backup(target: &std::path::Path) -> ();
}

hand_on! { AttentionStore:
    attentions() -> Vec<Attention>;
    raise(items: &[NewAttention], now: Timestamp) -> ();
    settle(items: &[(String, AttentionKind, String)], now: Timestamp) -> ();
}

hand_on! { InventoryStore:
    change_listings(account: &str, patches: &[ListingPatch]) -> ();
    retain_listings(account: &str, ids: &[String]) -> u64;
    listings(account: &str) -> Vec<ListingRecord>;
    find_listings(filter: &ListingFilter) -> Vec<AccountListing>;
    inventory_statistics(accounts: &[String]) -> InventoryStatistics;
}

hand_on! { StockStore:
    open_contents(since: Option<i64>) -> OpenContents;
    open_lines_of(skus: &[String], states: &[OrderState]) -> Vec<OpenLine>;
    unread_entries(account: &str) -> Vec<UnreadEntry>;
    change_unread_entries(account: &str, added: &[UnreadEntry], read: &[String]) -> ();
    leave_out_unread_entries(account: &str, now: Timestamp) -> u64;
    account_holdings() -> Vec<AccountHoldings>;
    move_account(from: &str, to: &str) -> u64;
    release_account(account: &str, now: Timestamp) -> u64;
}

hand_on! { OrderStore:
    known_changes(account: &str, numbers: &[String]) -> HashMap<String, KnownChange>;
    orders_with_numbers(account: &str, numbers: &[String]) -> Vec<OrderRecord>;
    save_fetched(account: &str, orders: &[FetchedOrder], now: Timestamp) -> ();
    unread_orders(account: &str, after: Option<&str>, limit: usize) -> Vec<OrderRecord>;
    orders_in(filter: &OrderFilter) -> Vec<OrderRecord>;
    order(account: &str, number: &str) -> Option<OrderRecord>;
    open_orders(account: &str, after: Option<&str>, limit: usize) -> Vec<OrderRecord>;
    orders_to_judge(now: Timestamp, limit: usize) -> Vec<OrderRecord>;
    change_orders(account: &str, changes: &[OrderChange], now: Timestamp) -> Vec<bool>;
    forget_buyers(before: Timestamp) -> u64;
    open_units() -> HashMap<String, i64>;
    order_statistics(accounts: &[String]) -> OrderStatistics;
    orders_by_state(accounts: &[String]) -> Vec<(OrderState, u64)>;
}
