//! The trait's calls, each handed to its file.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::run::{Attempt, Run, RunId};
use marktwerk_sqlserver::reading;

use super::{cancel, claim, fire, prune, queue, read, rescue};
use crate::StoreResult;
use crate::runs::{Claim, Fired, Firing, NewRun, QueueLength, RANKS, Rescued, RunFilter, RunStore};
use crate::sqlserver::SqlServerStore;
use crate::sqlserver::writing::{SCHEDULER, write_in};

#[async_trait]
impl RunStore for SqlServerStore {
    async fn fire(&self, firings: &[Firing], now: Timestamp) -> StoreResult<Vec<Fired>> {
        if firings.is_empty() {
            return Ok(Vec::new());
        }
        write_in!(self, "fire", SCHEDULER, |writing| fire::fire(writing, firings, now))
    }

    async fn enqueue(&self, run: &NewRun, now: Timestamp) -> StoreResult<Run> {
        write_in!(self, "queue a run", SCHEDULER, |writing| queue::enqueue(writing, run, now))
    }

    async fn claim(&self, claim: &Claim) -> StoreResult<Vec<Run>> {
        write_in!(self, "claim runs", SCHEDULER, |writing| claim::claim(writing, claim))
    }

    async fn next_ready(&self) -> StoreResult<Option<Timestamp>> {
        reading!(self.pool, "ask when a run is ready", |connection| read::next_ready(connection))
    }

    async fn next_due(&self) -> StoreResult<Option<Timestamp>> {
        reading!(self.pool, "ask when a job is due", |connection| read::next_due(connection))
    }

    async fn rescue(&self, node: &str, void_others: bool, now: Timestamp) -> StoreResult<Vec<Rescued>> {
        // Usually nothing is lost, and to find that out needs no lock.
        let lost: StoreResult<Vec<Run>> = reading!(self.pool, "look for lost runs", |connection| {
            rescue::lost(connection, self.leases, node, void_others, now)
        });
        if lost?.is_empty() {
            return Ok(Vec::new());
        }
        write_in!(self, "rescue runs", SCHEDULER, |writing| rescue::rescue(writing, node, void_others, now))
    }

    async fn cancel(&self, run: RunId, reason: &str, now: Timestamp) -> StoreResult<Run> {
        write_in!(self, "cancel a run", SCHEDULER, |writing| cancel::cancel(writing, run, reason, now))
    }

    async fn bring_forward(&self, runs: &[RunId], ready_at: Timestamp) -> StoreResult<u64> {
        write_in!(self, "bring runs forward", SCHEDULER, |writing| {
            queue::bring_forward(writing, runs, ready_at)
        })
    }

    async fn queue_lengths(&self) -> StoreResult<[QueueLength; RANKS]> {
        reading!(self.pool, "count the queue", |connection| read::queue_lengths(connection))
    }

    async fn run(&self, id: RunId) -> StoreResult<Option<Run>> {
        reading!(self.pool, "read a run", |connection| read::find(connection, id))
    }

    async fn runs(&self, filter: &RunFilter) -> StoreResult<Vec<Run>> {
        reading!(self.pool, "read runs", |connection| read::runs(connection, filter))
    }

    async fn attempts(&self, id: RunId) -> StoreResult<Vec<Attempt>> {
        reading!(self.pool, "read attempts", |connection| read::attempts(connection, id))
    }

    async fn prune_runs(&self, before: Timestamp) -> StoreResult<u64> {
        prune::prune(self, before).await
    }
}
