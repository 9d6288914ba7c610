//! Old history makes room: once an hour, what is older than its retention goes.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::clock::SharedClock;
use marktwerk_store::logs::LogFilter;
use marktwerk_store::{SharedStore, StoreResult};

const EVERY: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// The fact that remembers when the clock was believed last.
const TRUSTED: &str = "retention.trusted_at";
/// A program that was off for so long is none.
const FAR: SignedDuration = SignedDuration::from_hours(48);
const BELIEVED_AFTER: Duration = DAY;

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
    let mut trust = None;
    loop {
        if trust.is_none() {
            // Where the database is away, an hour later will do.
            trust = Trust::of(&store, &clock).await.ok();
        }
        clock.sleep(EVERY).await;
        let Some(trust) = &mut trust else { continue };
        let pruned = match trust.looks_right(&store, &clock).await {
            Ok(true) => prune(&store, &clock, retention).await,
            other => other.map(drop),
        };
        if let Err(error) = pruned {
            tracing::warn!("old history could not be deleted, trying again in an hour: {error}");
        }
    }
}

/// The latest time at which nothing spoke against the clock. What is deleted does not come back: a clock that stands far past that
/// is not believed before it has done so for a day.
struct Trust {
    at: Timestamp,
    /// Since when, by the clock that only goes on, the other one has stood far past it.
    far_since: Option<Duration>,
}

impl Trust {
    /// As it was put down; in a database that has none yet, the time of its newest line.
    async fn of(store: &SharedStore, clock: &SharedClock) -> StoreResult<Self> {
        let stored = store.fact(TRUSTED).await?.and_then(|text| text.parse().ok());
        let at = match stored {
            Some(at) => at,
            None => newest_line(store).await?.unwrap_or_else(|| clock.now()),
        };
        Ok(Self { at, far_since: None })
    }

    async fn looks_right(&mut self, store: &SharedStore, clock: &SharedClock) -> StoreResult<bool> {
        let (now, passed) = (clock.now(), clock.monotonic());
        let ahead = now.duration_since(self.at);
        if ahead > FAR {
            let is_new = self.far_since.is_none();
            let since = *self.far_since.get_or_insert(passed);
            if is_new {
                tracing::warn!(
                    "the clock shows {} days more than when history was looked at last; no history is deleted before it has done \
                     so for a day",
                    ahead.as_hours() / 24
                );
            }
            if passed.saturating_sub(since) < BELIEVED_AFTER {
                return Ok(false);
            }
        }
        (self.at, self.far_since) = (now, None);
        store.set_fact(TRUSTED, &now.to_string()).await?;
        Ok(true)
    }
}

async fn newest_line(store: &SharedStore) -> StoreResult<Option<Timestamp>> {
    let newest = store.logs(&LogFilter { limit: 1, ..LogFilter::default() }).await?;
    Ok(newest.first().and_then(|line| line.timestamp.parse().ok()))
}

async fn prune(store: &SharedStore, clock: &SharedClock, retention: Retention) -> StoreResult<()> {
    let before = |days: u32| clock.now().checked_sub(DAY * days).unwrap_or(Timestamp::MIN);
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
