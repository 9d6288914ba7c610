//! Old history makes room: once an hour, what is older than its retention goes.

use std::time::Duration;

use marktwerk_domain::clock::SharedClock;
use marktwerk_store::{SharedStore, StoreResult};

const EVERY: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);

/// How long history stays, in days.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Lines of `scheduler_logs`.
    pub logs: u32,
    /// Ended runs.
    pub runs: u32,
    /// Who bought, counted from an order's end.
    pub buyers: u32,
    /// Entries of the audit.
    pub audit: u32,
}

impl Default for Retention {
    fn default() -> Self {
        Self { logs: 90, runs: 90, buyers: 90, audit: 365 }
    }
}

/// Prunes until it is aborted.
pub(crate) async fn run(store: SharedStore, clock: SharedClock, retention: Retention) {
    loop {
        clock.sleep(EVERY).await;
        if let Err(error) = prune(&store, &clock, retention).await {
            tracing::warn!("old history could not be deleted, trying again in an hour: {error}");
        }
    }
}

async fn prune(store: &SharedStore, clock: &SharedClock, retention: Retention) -> StoreResult<()> {
    let before = |days: u32| clock.now().checked_sub(DAY * days).unwrap_or(jiff::Timestamp::MIN);
    let lines = store.delete_logs(before(retention.logs)).await?;
    let runs = store.prune_runs(before(retention.runs)).await?;
    store.prune_alerts(before(retention.runs)).await?;
    let buyers = store.forget_buyers(before(retention.buyers)).await?;
    let entries = store.prune_audit(before(retention.audit)).await?;
    if lines + runs + buyers + entries > 0 {
        tracing::info!(lines, runs, buyers, entries, "old history deleted");
    }
    Ok(())
}
