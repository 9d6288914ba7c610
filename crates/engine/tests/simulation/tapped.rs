//! The store as a process sees it: the real one, behind the door that a crash, a suspension or an outage shuts, and before the
//! eyes of the oracle.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::audit::AuditEntry;
use marktwerk_domain::clock::Clock;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::run::{Attempt, Run, RunId};
use marktwerk_store::audit::{AuditFilter, AuditStore};
use marktwerk_store::changes::{ChangeFeed, Changes};
use marktwerk_store::jobs::{JobCounts, JobEdit, JobStanding, JobStore, JobTakeover};
use marktwerk_store::journal::{Committed, JournalStore, Record};
use marktwerk_store::runs::{Claim, Fired, Firing, NewRun, QueueLength, RANKS, Rescued, RunFilter, RunStore};
use marktwerk_store::{SharedStore, Store, StoreError, StoreResult};

use crate::ground::{Ground, at_once};
use crate::process::{Life, Passing, Process};
use crate::trace::What;

#[derive(Clone)]
pub(crate) struct Tapped {
    pub(crate) ground: Arc<Ground>,
    pub(crate) process: Arc<Process>,
}

impl Tapped {
    /// Carries out a call of the store, and notes what `tell` makes of its answer.
    pub(crate) async fn call<T>(
        &self,
        name: &'static str,
        call: impl Future<Output = StoreResult<T>>,
        tell: impl FnOnce(&T) -> Option<What>,
    ) -> StoreResult<T> {
        let (ground, process) = (&self.ground, &self.process);
        if ground.trace.has_failed() {
            // The history ends here.
            process.become_so(Life::Dead);
            std::future::pending::<()>().await;
        }
        let who = if name == "commit" { Passing::Worker } else { Passing::Other };
        let [before, after] = process.next_call_takes();
        self.take(before).await;
        process.pass(who).await;
        let is_last = process.is_last_call();
        if is_last == Some(false) {
            self.die(who).await;
        }
        if ground.is_away() {
            return Err(StoreError::Unavailable("taken away by the simulation".to_owned()));
        }
        let answer = at_once(call);
        match &answer {
            Ok(answer) => {
                if let Some(what) = tell(answer) {
                    ground.trace.note(process.number, what, ground.fresh_runs());
                }
            }
            Err(error) => {
                let what = What::Refused(name, Arc::new(again(error)));
                ground.trace.note(process.number, what, Vec::new());
            }
        }
        if is_last == Some(true) {
            self.die(who).await;
        }
        self.take(after).await;
        process.pass(who).await;
        answer
    }

    /// A call takes its time; others have their turn meanwhile in any case.
    async fn take(&self, takes: Option<Duration>) {
        match takes {
            Some(takes) => self.ground.clock.sleep(takes).await,
            None => tokio::task::yield_now().await,
        }
    }

    /// The process dies here and now.
    async fn die(&self, who: Passing) {
        if !self.process.is(Life::Dead) {
            self.process.become_so(Life::Dead);
            self.ground.trace.note(self.process.number, What::Dies, Vec::new());
        }
        self.process.pass(who).await;
    }
}

/// An error to be noted.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::VersionConflict { what, expected, found } => {
            StoreError::VersionConflict { what: what.clone(), expected: *expected, found: *found }
        }
        StoreError::Exists(what) => StoreError::Exists(what.clone()),
        other => StoreError::Database(other.to_string()),
    }
}

impl Store for Tapped {}

#[async_trait]
impl AuditStore for Tapped {
    /// Nobody reads the audit of a history: its entries are left out.
    fn audited(&self, _: Vec<AuditEntry>) -> SharedStore {
        Arc::new(self.clone())
    }

    async fn record(&self, entries: Vec<AuditEntry>) -> StoreResult<()> {
        self.call("record", self.ground.store.record(entries), |()| None).await
    }

    async fn audit(&self, filter: &AuditFilter) -> StoreResult<Vec<AuditEntry>> {
        self.call("audit", self.ground.store.audit(filter), |_| None).await
    }

    async fn prune_audit(&self, before: Timestamp) -> StoreResult<u64> {
        self.call("prune_audit", self.ground.store.prune_audit(before), |_| None).await
    }
}

impl ChangeFeed for Tapped {
    fn changes(&self) -> tokio::sync::watch::Receiver<Changes> {
        self.ground.store.changes()
    }
}

#[async_trait]
impl JournalStore for Tapped {
    async fn commit(&self, records: &[Record]) -> StoreResult<Committed> {
        let tell = |answer: &Committed| Some(What::Committed(records.to_vec(), answer.clone()));
        self.call("commit", self.ground.store.commit(records), tell).await
    }
}

#[async_trait]
impl RunStore for Tapped {
    async fn fire(&self, firings: &[Firing], now: Timestamp) -> StoreResult<Vec<Fired>> {
        let tell = |answer: &Vec<Fired>| Some(What::Fired(firings.to_vec(), now, answer.clone()));
        self.call("fire", self.ground.store.fire(firings, now), tell).await
    }

    async fn enqueue(&self, run: &NewRun, now: Timestamp) -> StoreResult<Run> {
        let tell = |answer: &Run| Some(What::Queued(Box::new(run.clone()), now, Box::new(answer.clone())));
        self.call("enqueue", self.ground.store.enqueue(run, now), tell).await
    }

    async fn claim(&self, claim: &Claim) -> StoreResult<Vec<Run>> {
        let tell = |answer: &Vec<Run>| Some(What::Claimed(claim.clone(), answer.clone()));
        self.call("claim", self.ground.store.claim(claim), tell).await
    }

    async fn rescue(&self, node: &str, void_others: bool, now: Timestamp) -> StoreResult<Vec<Rescued>> {
        let tell = |answer: &Vec<Rescued>| {
            let rescued = answer.clone();
            Some(What::Rescued { node: node.to_owned(), void_others, now, rescued })
        };
        self.call("rescue", self.ground.store.rescue(node, void_others, now), tell).await
    }

    async fn cancel(&self, run: RunId, reason: &str, now: Timestamp) -> StoreResult<Run> {
        let tell =
            |answer: &Run| Some(What::Cancelled(run, reason.to_owned(), now, Box::new(answer.clone())));
        self.call("cancel", self.ground.store.cancel(run, reason, now), tell).await
    }

    async fn bring_forward(&self, runs: &[RunId], ready_at: Timestamp) -> StoreResult<u64> {
        let tell = |_: &u64| Some(What::BroughtForward(runs.to_vec(), ready_at));
        self.call("bring_forward", self.ground.store.bring_forward(runs, ready_at), tell).await
    }

    async fn next_ready(&self) -> StoreResult<Option<Timestamp>> {
        self.call("next_ready", self.ground.store.next_ready(), |_| None).await
    }

    async fn next_due(&self) -> StoreResult<Option<Timestamp>> {
        self.call("next_due", self.ground.store.next_due(), |_| None).await
    }

    async fn queue_lengths(&self) -> StoreResult<[QueueLength; RANKS]> {
        self.call("queue_lengths", self.ground.store.queue_lengths(), |_| None).await
    }

    async fn run(&self, id: RunId) -> StoreResult<Option<Run>> {
        self.call("run", self.ground.store.run(id), |_| None).await
    }

    async fn runs(&self, filter: &RunFilter) -> StoreResult<Vec<Run>> {
        self.call("runs", self.ground.store.runs(filter), |_| None).await
    }

    async fn attempts(&self, id: RunId) -> StoreResult<Vec<Attempt>> {
        self.call("attempts", self.ground.store.attempts(id), |_| None).await
    }

    async fn prune_runs(&self, before: Timestamp) -> StoreResult<u64> {
        self.call("prune_runs", self.ground.store.prune_runs(before), |_| None).await
    }
}

#[async_trait]
impl JobStore for Tapped {
    async fn jobs(&self, with_archived: bool) -> StoreResult<Vec<Job>> {
        self.call("jobs", self.ground.store.jobs(with_archived), |_| None).await
    }

    async fn job(&self, id: &JobId) -> StoreResult<Option<Job>> {
        self.call("job", self.ground.store.job(id), |_| None).await
    }

    async fn job_counts(&self) -> StoreResult<JobCounts> {
        self.call("job_counts", self.ground.store.job_counts(), |_| None).await
    }

    async fn job_standings(&self) -> StoreResult<Vec<JobStanding>> {
        self.call("job_standings", self.ground.store.job_standings(), |_| None).await
    }

    async fn jobs_revision(&self) -> StoreResult<i64> {
        self.call("jobs_revision", self.ground.store.jobs_revision(), |_| None).await
    }

    async fn insert_jobs(&self, jobs: &[Job]) -> StoreResult<Vec<Job>> {
        let tell = |_: &Vec<Job>| Some(What::Added(jobs.to_vec()));
        self.call("insert_jobs", self.ground.store.insert_jobs(jobs), tell).await
    }

    async fn edit_jobs(&self, edits: &[JobEdit]) -> StoreResult<Vec<Job>> {
        let tell = |_: &Vec<Job>| Some(What::Edited(edits.to_vec()));
        self.call("edit_jobs", self.ground.store.edit_jobs(edits), tell).await
    }

    async fn take_over_jobs(&self, takeover: &JobTakeover, now: Timestamp) -> StoreResult<Vec<Job>> {
        // Nobody has a jobs file here, nor imports one.
        self.call("take_over_jobs", self.ground.store.take_over_jobs(takeover, now), |_| None).await
    }

    async fn plan_next(&self, id: &JobId, version: i64, next_due: Timestamp) -> StoreResult<bool> {
        let tell = |is_planned: &bool| is_planned.then(|| What::Planned(id.clone(), next_due));
        self.call("plan_next", self.ground.store.plan_next(id, version, next_due), tell).await
    }

    async fn archive_jobs(&self, ids: &[JobId], now: Timestamp) -> StoreResult<()> {
        let tell = |(): &()| Some(What::Archived(ids.to_vec(), now));
        self.call("archive_jobs", self.ground.store.archive_jobs(ids, now), tell).await
    }
}
