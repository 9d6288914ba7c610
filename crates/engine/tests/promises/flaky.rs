//! A store that a test can take away, slow down, and make refuse a record; all else it hands on to the real one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::alert::{Alert, AlertId};
use marktwerk_domain::attention::{Attention, AttentionKind};
use marktwerk_domain::audit::AuditEntry;
use marktwerk_domain::clock::SharedClock;
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
use marktwerk_store::journal::{Committed, Entry, JournalStore, Record};
use marktwerk_store::logs::{LogFilter, LogSource, LogStatistics, LogStore};
use marktwerk_store::meta::MetaStore;
use marktwerk_store::orders::{
    FetchedOrder, KnownChange, OrderChange, OrderFilter, OrderRecord, OrderStatistics, OrderStore,
};
use marktwerk_store::runs::{Claim, Fired, Firing, NewRun, QueueLength, RANKS, Rescued, RunFilter, RunStore};
use marktwerk_store::stock::{AccountHoldings, OpenContents, OpenLine, StockStore, UnreadEntry};
use marktwerk_store::{SharedStore, Store, StoreError, StoreResult};

/// The real store behind a door. Clones share the door.
#[derive(Clone)]
pub(crate) struct Flaky {
    inner: SharedStore,
    clock: SharedClock,
    is_away: Arc<AtomicBool>,
    /// Answers to claims come this late.
    late_claims: Arc<AtomicBool>,
    /// The next heartbeat is told that its lease is lost.
    fences: Arc<AtomicBool>,
    /// A batch with a line of this text is refused.
    refused: &'static str,
    /// The next call of this name panics.
    panics: Arc<Mutex<Option<&'static str>>>,
    /// Claims that were asked for.
    pub(crate) claims: Arc<AtomicUsize>,
}

/// How late the answers to claims come.
pub(crate) const LATE: Duration = Duration::from_secs(2);

impl Flaky {
    pub(crate) fn over(inner: SharedStore, clock: SharedClock, refused: &'static str) -> Arc<Self> {
        Arc::new(Self {
            inner,
            clock,
            is_away: Arc::default(),
            late_claims: Arc::default(),
            fences: Arc::default(),
            refused,
            panics: Arc::default(),
            claims: Arc::default(),
        })
    }

    pub(crate) fn go_away(&self) {
        self.is_away.store(true, Ordering::Relaxed);
    }

    pub(crate) fn come_back(&self) {
        self.is_away.store(false, Ordering::Relaxed);
    }

    pub(crate) fn claim_late(&self) {
        self.late_claims.store(true, Ordering::Relaxed);
    }

    pub(crate) fn fence_once(&self) {
        self.fences.store(true, Ordering::Relaxed);
    }

    pub(crate) fn panic_at(&self, call: &'static str) {
        *self.panics.lock().unwrap() = Some(call);
    }

    async fn before(&self, call: &str) -> StoreResult<()> {
        let is_to_panic = self.panics.lock().unwrap().take_if(|wanted| *wanted == call).is_some();
        assert!(!is_to_panic, "{call} panics in this test");
        self.claims.fetch_add(usize::from(call == "claim"), Ordering::Relaxed);
        match self.is_away.load(Ordering::Relaxed) {
            true => Err(StoreError::Unavailable("taken away by the test".to_owned())),
            false => Ok(()),
        }
    }

    async fn after(&self, call: &str) {
        if call == "claim" && self.late_claims.load(Ordering::Relaxed) {
            self.clock.sleep(LATE).await;
        }
    }

    fn refuses(&self, records: &[Record]) -> bool {
        let is_refused = |record: &Record| match &record.entry {
            Entry::Line(line) => line.message == self.refused,
            Entry::End(end) => end.line.message == self.refused,
            _ => false,
        };
        records.iter().any(is_refused)
    }
}

#[async_trait]
impl JournalStore for Flaky {
    async fn commit(&self, records: &[Record]) -> StoreResult<Committed> {
        self.before("commit").await?;
        if let [Record { run, entry: Entry::Heartbeat { .. }, .. }] = records
            && self.fences.swap(false, Ordering::Relaxed)
        {
            return Ok(Committed { fenced: vec![*run], ..Committed::default() });
        }
        match self.refuses(records) {
            true => Err(StoreError::Database("refused by the test".to_owned())),
            false => self.inner.commit(records).await,
        }
    }
}

impl ChangeFeed for Flaky {
    fn changes(&self) -> tokio::sync::watch::Receiver<Changes> {
        self.inner.changes()
    }
}

impl Store for Flaky {}

#[async_trait]
impl AuditStore for Flaky {
    fn audited(&self, entries: Vec<AuditEntry>) -> SharedStore {
        Arc::new(Self { inner: self.inner.audited(entries), ..self.clone() })
    }

    async fn record(&self, entries: Vec<AuditEntry>) -> StoreResult<()> {
        self.before("record").await?;
        self.inner.record(entries).await
    }

    async fn audit(&self, filter: &AuditFilter) -> StoreResult<Vec<AuditEntry>> {
        self.before("audit").await?;
        self.inner.audit(filter).await
    }

    async fn prune_audit(&self, before: Timestamp) -> StoreResult<u64> {
        self.before("prune_audit").await?;
        self.inner.prune_audit(before).await
    }
}

macro_rules! hand_on {
    ($noun:ident: $($call:ident($($name:ident: $type:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl $noun for Flaky {
            $(async fn $call(&self, $($name: $type),*) -> StoreResult<$answer> {
                self.before(stringify!($call)).await?;
                let answer = self.inner.$call($($name),*).await;
                self.after(stringify!($call)).await;
                answer
            })*
        }
    };
}

hand_on! { RunStore:
    fire(firings: &[Firing], now: Timestamp) -> Vec<Fired>;
    enqueue(run: &NewRun, now: Timestamp) -> Run;
    claim(claim: &Claim) -> Vec<Run>;
    next_ready() -> Option<Timestamp>;
    next_due() -> Option<Timestamp>;
    rescue(node: &str, void_others: bool, now: Timestamp) -> Vec<Rescued>;
    cancel(run: RunId, reason: &str, now: Timestamp) -> Run;
    run(id: RunId) -> Option<Run>;
    runs(filter: &RunFilter) -> Vec<Run>;
    attempts(id: RunId) -> Vec<Attempt>;
    bring_forward(runs: &[RunId], ready_at: Timestamp) -> u64;
    queue_lengths() -> [QueueLength; RANKS];
    prune_runs(before: Timestamp) -> u64;
}

hand_on! { JobStore:
    jobs(with_archived: bool) -> Vec<Job>;
    job(id: &JobId) -> Option<Job>;
    job_counts() -> JobCounts;
    job_standings() -> Vec<JobStanding>;
    jobs_revision() -> i64;
    insert_jobs(jobs: &[Job]) -> Vec<Job>;
    edit_jobs(edits: &[JobEdit]) -> Vec<Job>;
    take_over_jobs(takeover: &JobTakeover, now: Timestamp) -> Vec<Job>;
    plan_next(id: &JobId, version: i64, next_due: Timestamp) -> bool;
    archive_jobs(ids: &[JobId], now: Timestamp) -> ();
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
