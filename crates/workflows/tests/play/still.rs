//! A store on a SQL Server, for the manual clock: while a call is under way, time stands still. Tokio moves a paused clock on as soon as
//! everybody waits, and would take an answer of the server that is on its way for a reason to let hours pass.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::alert::{Alert, AlertId};
use marktwerk_domain::attention::{Attention, AttentionKind};
use marktwerk_domain::audit::AuditEntry;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::log::LogRow;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::{Attempt, Run, RunId};
use marktwerk_store::alerts::{AlertStore, NewAlert};
use marktwerk_store::attention::{AttentionStore, NewAttention};
use marktwerk_store::audit::{AuditFilter, AuditStore};
use marktwerk_store::changes::{ChangeFeed, Changes};
use marktwerk_store::inventory::{
    AccountListing, InventoryStatistics, InventoryStore, ListingFilter, ListingPatch, ListingRecord,
};
use marktwerk_store::jobs::{JobCounts, JobEdit, JobStanding, JobStore, JobTakeover};
use marktwerk_store::journal::{Committed, JournalStore, Record};
use marktwerk_store::logs::{LogFilter, LogSource, LogStatistics, LogStore};
use marktwerk_store::meta::{LeaderLease, MetaStore};
use marktwerk_store::orders::{
    FetchedOrder, KnownChange, OrderChange, OrderFilter, OrderRecord, OrderStatistics, OrderStore,
};
use marktwerk_store::runs::{Claim, Fired, Firing, NewRun, QueueLength, RANKS, Rescued, RunFilter, RunStore};
use marktwerk_store::stock::{AccountHoldings, OpenContents, OpenLine, StockStore, UnreadEntry};
use marktwerk_store::{SharedStore, Store, StoreResult};

/// The store, and what has to live as long.
#[derive(Clone)]
pub(crate) struct Still<K> {
    pub(crate) store: SharedStore,
    pub(crate) kept: Arc<K>,
}

/// Lets `work` end before any time passes.
pub(crate) async fn hold<T>(work: impl Future<Output = T>) -> T {
    let (done, waits) = mpsc::channel::<()>();
    // A paused clock does not move while a blocking task is under way.
    let holder = tokio::task::spawn_blocking(move || waits.recv());
    let answer = work.await;
    drop(done);
    drop(holder.await);
    answer
}

/// Each method of a trait, with time standing still.
macro_rules! still {
    ($store:ident { $(fn $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)* }) => {
        #[async_trait]
        impl<K: Send + Sync + 'static> $store for Still<K> {
            $(async fn $name(&self, $($argument: $kind),*) -> StoreResult<$answer> {
                hold(self.store.$name($($argument),*)).await
            })*
        }
    };
}

impl<K: Send + Sync + 'static> Store for Still<K> {}

impl<K: Send + Sync + 'static> ChangeFeed for Still<K> {
    fn changes(&self) -> tokio::sync::watch::Receiver<Changes> {
        self.store.changes()
    }
}

#[async_trait]
impl<K: Send + Sync + 'static> AuditStore for Still<K> {
    fn audited(&self, entries: Vec<AuditEntry>) -> SharedStore {
        Arc::new(Self { store: self.store.audited(entries), kept: Arc::clone(&self.kept) })
    }

    async fn record(&self, entries: Vec<AuditEntry>) -> StoreResult<()> {
        hold(self.store.record(entries)).await
    }

    async fn audit(&self, filter: &AuditFilter) -> StoreResult<Vec<AuditEntry>> {
        hold(self.store.audit(filter)).await
    }

    async fn prune_audit(&self, before: Timestamp) -> StoreResult<u64> {
        hold(self.store.prune_audit(before)).await
    }
}

still! {
    AlertStore {
        fn alerts_after(after: AlertId, limit: usize) -> Vec<Alert>;
        fn latest_alerts(limit: usize) -> Vec<Alert>;
        fn add_alert(alert: &NewAlert) -> ();
        fn prune_alerts(before: Timestamp) -> u64;
    }
}

still! {
    AttentionStore {
        fn attentions() -> Vec<Attention>;
        fn raise(items: &[NewAttention], now: Timestamp) -> ();
        fn settle(items: &[(String, AttentionKind, String)], now: Timestamp) -> ();
    }
}

still! {
    InventoryStore {
        fn change_listings(account: &str, patches: &[ListingPatch]) -> ();
        fn retain_listings(account: &str, ids: &[String]) -> u64;
        fn listings(account: &str) -> Vec<ListingRecord>;
        fn find_listings(filter: &ListingFilter) -> Vec<AccountListing>;
        fn inventory_statistics(accounts: &[String]) -> InventoryStatistics;
    }
}

still! {
    JobStore {
        fn jobs(with_archived: bool) -> Vec<Job>;
        fn job(id: &JobId) -> Option<Job>;
        fn job_counts() -> JobCounts;
        fn job_standings() -> Vec<JobStanding>;
        fn jobs_revision() -> i64;
        fn insert_jobs(jobs: &[Job]) -> Vec<Job>;
        fn edit_jobs(edits: &[JobEdit]) -> Vec<Job>;
        fn take_over_jobs(takeover: &JobTakeover, now: Timestamp) -> Vec<Job>;
        fn plan_next(id: &JobId, version: i64, next_due: Timestamp) -> bool;
        fn archive_jobs(ids: &[JobId], now: Timestamp) -> ();
    }
}

still! {
    JournalStore {
        fn commit(records: &[Record]) -> Committed;
    }
}

still! {
    LogStore {
        fn logs(filter: &LogFilter) -> Vec<LogRow>;
        fn highest_log_id() -> i64;
        fn count_logs(after: i64, until: i64) -> u64;
        fn log_statistics(source: Option<&LogSource>, since: Timestamp) -> LogStatistics;
        fn delete_logs(before: Timestamp) -> u64;
    }
}

still! {
    MetaStore {
        fn fact(name: &str) -> Option<String>;
        fn set_fact(name: &str, value: &str) -> ();
        fn acquire(lease: &LeaderLease) -> bool;
        fn check() -> Vec<marktwerk_domain::finding::Finding>;
        fn backup(target: &Path) -> ();
    }
}

still! {
    OrderStore {
        fn known_changes(account: &str, numbers: &[String]) -> HashMap<String, KnownChange>;
        fn orders_with_numbers(account: &str, numbers: &[String]) -> Vec<OrderRecord>;
        fn save_fetched(account: &str, orders: &[FetchedOrder], now: Timestamp) -> ();
        fn unread_orders(account: &str, after: Option<&str>, limit: usize) -> Vec<OrderRecord>;
        fn orders_in(filter: &OrderFilter) -> Vec<OrderRecord>;
        fn order(account: &str, number: &str) -> Option<OrderRecord>;
        fn open_orders(account: &str, after: Option<&str>, limit: usize) -> Vec<OrderRecord>;
        fn orders_to_judge(now: Timestamp, limit: usize) -> Vec<OrderRecord>;
        fn change_orders(account: &str, changes: &[OrderChange], now: Timestamp) -> Vec<bool>;
        fn forget_buyers(before: Timestamp) -> u64;
        fn open_units() -> HashMap<String, i64>;
        fn order_statistics(accounts: &[String]) -> OrderStatistics;
        fn orders_by_state(accounts: &[String]) -> Vec<(OrderState, u64)>;
    }
}

still! {
    RunStore {
        fn fire(firings: &[Firing], now: Timestamp) -> Vec<Fired>;
        fn enqueue(run: &NewRun, now: Timestamp) -> Run;
        fn claim(claim: &Claim) -> Vec<Run>;
        fn next_ready() -> Option<Timestamp>;
        fn next_due() -> Option<Timestamp>;
        fn rescue(node: &str, void_others: bool, now: Timestamp) -> Vec<Rescued>;
        fn cancel(run: RunId, reason: &str, now: Timestamp) -> Run;
        fn bring_forward(runs: &[RunId], ready_at: Timestamp) -> u64;
        fn queue_lengths() -> [QueueLength; RANKS];
        fn run(id: RunId) -> Option<Run>;
        fn runs(filter: &RunFilter) -> Vec<Run>;
        fn attempts(id: RunId) -> Vec<Attempt>;
        fn prune_runs(before: Timestamp) -> u64;
    }
}

still! {
    StockStore {
        fn open_contents(since: Option<i64>) -> OpenContents;
        fn open_lines_of(skus: &[String], states: &[OrderState]) -> Vec<OpenLine>;
        fn unread_entries(account: &str) -> Vec<UnreadEntry>;
        fn change_unread_entries(account: &str, added: &[UnreadEntry], read: &[String]) -> ();
        fn leave_out_unread_entries(account: &str, now: Timestamp) -> u64;
        fn account_holdings() -> Vec<AccountHoldings>;
        fn move_account(from: &str, to: &str) -> u64;
        fn release_account(account: &str, now: Timestamp) -> u64;
    }
}
