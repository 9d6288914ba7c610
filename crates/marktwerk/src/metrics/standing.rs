//! How things stand, asked of the store and the marketplaces' budgets at each scrape. While the database is away its figures are
//! missing: nobody knows them.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use marktwerk_connectors::Marketplace;
use marktwerk_connectors::limiter::Budget;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::concern::ConcernCode;
use marktwerk_domain::order::OrderState;
use marktwerk_store::runs::QueueLength;
use marktwerk_store::{SharedStore, StoreResult};

use super::RunningEngine;
use super::exposition::{Exposition, Family, Kind};

const BUILD: Family = gauge("marktwerk_build_info", "1, with the version of the program as its label.");
const JOBS: Family = gauge(
    "marktwerk_jobs",
    "Jobs: enabled and well, degraded (enabled, failing again and again), paused by a person, paused by the fuse.",
);
const QUEUE: Family = gauge("marktwerk_queue_runs", "Runs that wait, those for a later attempt included.");
const QUEUE_AGE: Family = gauge(
    "marktwerk_queue_oldest_age_seconds",
    "How long the oldest waiting run has been ready to start; 0 where none is.",
);
const ORDERS: Family = gauge("marktwerk_orders", "Orders in each state.");
const LISTINGS: Family = gauge(
    "marktwerk_listings",
    "Listings: synced, pending (a figure is to be sent), error (refused, or without an article in the ERP).",
);
const ATTENTION: Family = gauge("marktwerk_attention_open", "Open entries of the attention list.");
const BUDGET_LIMIT: Family = gauge(
    "marktwerk_marketplace_budget_limit",
    "Calls that the account's budget lets through in a minute. Accounts with one key share it.",
);
const BUDGET_REMAINING: Family = gauge(
    "marktwerk_marketplace_budget_remaining",
    "What the calls of the last minute left of the account's budget; 0 while its calls are paused.",
);
const PAUSE: Family = gauge(
    "marktwerk_marketplace_pause_seconds",
    "How long the account's calls are still paused because the marketplace asked for it.",
);

const HEALTH: Family = gauge(
    "marktwerk_health_reasons",
    "How many things are wrong, by code, as /api/health has them; 0 where nothing is.",
);
const DISK_FREE: Family = gauge("marktwerk_disk_free_bytes", "What is free on the disk of the data folder.");

/// All of them.
pub(super) const FAMILIES: [&Family; 12] = [
    &BUILD,
    &HEALTH,
    &DISK_FREE,
    &JOBS,
    &QUEUE,
    &QUEUE_AGE,
    &ORDERS,
    &LISTINGS,
    &ATTENTION,
    &BUDGET_LIMIT,
    &BUDGET_REMAINING,
    &PAUSE,
];

/// The queue's priorities by rank.
const PRIORITIES: [&str; 3] = ["high", "medium", "low"];

const fn gauge(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Gauge, help }
}

/// Whom to ask.
pub(super) struct Standing {
    store: SharedStore,
    clock: SharedClock,
    marketplaces: Vec<Arc<dyn Marketplace>>,
    running: RunningEngine,
}

impl Standing {
    pub(super) fn new(
        store: SharedStore,
        clock: SharedClock,
        marketplaces: Vec<Arc<dyn Marketplace>>,
        running: RunningEngine,
    ) -> Self {
        Self { store, clock, marketplaces, running }
    }

    pub(super) async fn tell(&self, page: &mut Exposition) {
        page.add(&BUILD, [([("version", env!("CARGO_PKG_VERSION").to_owned())], 1.0)]);
        self.tell_health(page);
        self.tell_budgets(page);
        let told = async {
            self.tell_jobs(page).await?;
            self.tell_queue(page).await?;
            self.tell_business(page).await
        };
        if let Err(error) = told.await {
            // The dispatcher says so where it lasts; what is missing on the page says it too.
            tracing::debug!("a scrape goes without what the database knows: {error}");
        }
    }

    fn tell_health(&self, page: &mut Exposition) {
        let Some(engine) = self.running.get().and_then(Weak::upgrade) else { return };
        let concerns = engine.concerns();
        let of = |code: ConcernCode| concerns.iter().filter(|concern| concern.code == code).count();
        let codes = ConcernCode::ALL.map(|code| ([("code", code.as_str().to_owned())], of(code) as f64));
        page.add(&HEALTH, codes);
        page.add(&DISK_FREE, engine.vitals().free_space().map(|bytes| ([], bytes as f64)));
    }

    async fn tell_jobs(&self, page: &mut Exposition) -> StoreResult<()> {
        let counts = self.store.job_counts().await?;
        let states = [
            ("enabled", counts.enabled),
            ("degraded", counts.degraded),
            ("paused", counts.paused),
            ("paused_by_fuse", counts.paused_by_fuse),
        ];
        page.add(&JOBS, states.map(|(state, jobs)| ([("state", state.to_owned())], jobs as f64)));
        Ok(())
    }

    async fn tell_queue(&self, page: &mut Exposition) -> StoreResult<()> {
        let now = self.clock.now();
        let lengths = self.store.queue_lengths().await?;
        let age = |length: &QueueLength| {
            let ready = length.oldest_ready.map(|ready| now.duration_since(ready));
            ready.and_then(|age| Duration::try_from(age).ok()).unwrap_or_default().as_secs_f64()
        };
        let series = |value: &dyn Fn(&QueueLength) -> f64| -> Vec<_> {
            let lines = PRIORITIES.into_iter().zip(&lengths);
            lines.map(|(name, length)| ([("priority", name.to_owned())], value(length))).collect()
        };
        page.add(&QUEUE, series(&|length| length.runs as f64));
        page.add(&QUEUE_AGE, series(&age));
        Ok(())
    }

    async fn tell_business(&self, page: &mut Exposition) -> StoreResult<()> {
        let counted: HashMap<OrderState, u64> = self.store.orders_by_state(&[]).await?.into_iter().collect();
        let orders = OrderState::ALL.map(|state| {
            let count = counted.get(&state).copied().unwrap_or(0);
            ([("state", state.as_str().to_owned())], count as f64)
        });
        page.add(&ORDERS, orders);
        let listings = self.store.inventory_statistics(&[]).await?;
        let states = [("synced", listings.synced), ("pending", listings.pending), ("error", listings.errors)];
        page.add(&LISTINGS, states.map(|(state, count)| ([("state", state.to_owned())], count as f64)));
        let open = self.store.attentions().await?;
        let of = |kind: AttentionKind| open.iter().filter(|item| item.kind == kind).count();
        let kinds = AttentionKind::ALL.map(|kind| ([("kind", kind.as_str().to_owned())], of(kind) as f64));
        page.add(&ATTENTION, kinds);
        Ok(())
    }

    fn tell_budgets(&self, page: &mut Exposition) {
        let budgets: Vec<(&dyn Marketplace, Budget)> =
            self.marketplaces.iter().map(|marketplace| (&**marketplace, marketplace.budget())).collect();
        let series = |value: &dyn Fn(&Budget) -> Option<f64>| -> Vec<_> {
            let known = budgets.iter().filter_map(|(marketplace, budget)| {
                let account = marketplace.account();
                let labels =
                    [("marketplace", account.marketplace.clone()), ("account", account.name.clone())];
                Some((labels, value(budget)?))
            });
            known.collect()
        };
        page.add(&BUDGET_LIMIT, series(&|budget| budget.limit.map(f64::from)));
        page.add(&BUDGET_REMAINING, series(&|budget| budget.remaining.map(f64::from)));
        page.add(&PAUSE, series(&|budget| Some(budget.pause.as_secs_f64())));
    }
}
