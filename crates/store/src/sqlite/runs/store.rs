//! The trait's calls, each handed to its file.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::run::{Attempt, Run, RunId};

use super::{cancel, claim, fire, prune, queue, read, rescue};
use crate::StoreResult;
use crate::runs::{Claim, Fired, Firing, NewRun, QueueLength, RANKS, Rescued, RunFilter, RunStore};
use crate::sqlite::SqliteStore;

#[async_trait]
impl RunStore for SqliteStore {
    async fn fire(&self, firings: &[Firing], now: Timestamp) -> StoreResult<Vec<Fired>> {
        let firings = firings.to_vec();
        self.write(move |writing| firings.iter().map(|firing| fire::fire(writing, firing, now)).collect())
            .await
    }

    async fn enqueue(&self, run: &NewRun, now: Timestamp) -> StoreResult<Run> {
        let run = run.clone();
        self.write(move |writing| {
            let id = queue::insert(writing, &run, now)?;
            writing.queued = Some(id);
            read::existing(writing.connection, id)
        })
        .await
    }

    async fn claim(&self, claim: &Claim) -> StoreResult<Vec<Run>> {
        let claim = claim.clone();
        self.write(move |writing| claim::claim(writing, &claim)).await
    }

    async fn next_ready(&self) -> StoreResult<Option<Timestamp>> {
        self.read(read::next_ready).await
    }

    async fn next_due(&self) -> StoreResult<Option<Timestamp>> {
        self.read(read::next_due).await
    }

    async fn rescue(&self, node: &str, void_others: bool, now: Timestamp) -> StoreResult<Vec<Rescued>> {
        let node = node.to_owned();
        let lost = {
            let node = node.clone();
            self.read(move |connection| rescue::lost(connection, &node, void_others, now)).await?
        };
        if lost.is_empty() {
            return Ok(Vec::new());
        }
        self.write(move |writing| rescue::rescue(writing, &node, void_others, now)).await
    }

    async fn cancel(&self, run: RunId, reason: &str, now: Timestamp) -> StoreResult<Run> {
        let reason = reason.to_owned();
        self.write(move |writing| cancel::cancel(writing, run, &reason, now)).await
    }

    async fn bring_forward(&self, runs: &[RunId], ready_at: Timestamp) -> StoreResult<u64> {
        let runs = runs.to_vec();
        self.write(move |writing| queue::bring_forward(writing, &runs, ready_at)).await
    }

    async fn queue_lengths(&self) -> StoreResult<[QueueLength; RANKS]> {
        self.read(read::queue_lengths).await
    }

    async fn run(&self, id: RunId) -> StoreResult<Option<Run>> {
        self.read(move |connection| read::find(connection, id)).await
    }

    async fn runs(&self, filter: &RunFilter) -> StoreResult<Vec<Run>> {
        let filter = filter.clone();
        self.read(move |connection| read::runs(connection, &filter)).await
    }

    async fn attempts(&self, id: RunId) -> StoreResult<Vec<Attempt>> {
        self.read(move |connection| read::attempts(connection, id)).await
    }

    async fn prune_runs(&self, before: Timestamp) -> StoreResult<u64> {
        prune::prune(self, before).await
    }
}
