//! Jobs, runs, lines, orders as the suite's functions need them.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::health::JobHealth;
use marktwerk_domain::inventory::Listing;
use marktwerk_domain::job::{Job, JobHistory, JobId, JobSpec, Parameters, Priority, RunTarget};
use marktwerk_domain::log::{ClosingStatus, Level, LogLine};
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_domain::policy::{Overlap, Policies};
use marktwerk_domain::retry::RetryPolicy;
use marktwerk_domain::run::{Run, RunId, RunState, Trigger};
use marktwerk_domain::schedule::Schedule;
use marktwerk_domain::shipment::Content;
use serde_json::{Value, json};

use crate::SharedStore;
use crate::inventory::ListingPatch;
use crate::jobs::{JobEdit, NextDue};
use crate::journal::{AttemptEnd, Entry, Record};
use crate::logs::LogFilter;
use crate::orders::{FetchedOrder, OrderChange, OrderPatch};
use crate::runs::{Claim, Firing, NewRun, RANKS, RunFilter};

pub(super) const ACCOUNT: &str = "temu";
pub(super) const NODE: &str = "node-a";

/// Seconds after the suite's morning.
pub(super) fn at(seconds: i64) -> Timestamp {
    let morning: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
    morning + SignedDuration::from_secs(seconds)
}

/// A job that is due each five minutes, first at 300.
pub(super) fn job(id: &str) -> Job {
    Job {
        id: JobId(id.to_owned()),
        spec: JobSpec {
            job_type: "order_workflow".to_owned(),
            written_type: "sync_orders".to_owned(),
            account: ACCOUNT.to_owned(),
            schedule: Schedule::every_seconds(300),
            enabled: true,
            description: "Bestellungen".to_owned(),
            parameters: parameters(),
            priority: Priority::Medium,
            retry: RetryPolicy { attempts: 2, ..RetryPolicy::default() },
            policies: Policies::default(),
        },
        target: RunTarget { account: ACCOUNT.to_owned(), lane: None, accepts: Vec::new() },
        version: 1,
        anchor: at(0),
        next_due: Some(at(300)),
        created_at: at(0),
        archived: false,
        history: JobHistory::default(),
        health: JobHealth::default(),
    }
}

pub(super) fn parameters() -> Parameters {
    let mut parameters = Parameters::new();
    parameters.insert("days_back".to_owned(), json!(7));
    parameters
}

pub(super) fn new_run(job: &str) -> NewRun {
    NewRun {
        job_id: JobId(job.to_owned()),
        job_type: "order_workflow".to_owned(),
        account: ACCOUNT.to_owned(),
        lane: None,
        trigger: Trigger::Manual,
        caused_by: None,
        planned_at: at(0),
        ready_at: at(0),
        priority: Priority::Medium,
        parameters: parameters(),
        from_step: None,
        marker: None,
        merged: 0,
    }
}

/// The run of a job for its planned time `due`.
pub(super) fn planned_run(job: &str, due: i64) -> NewRun {
    NewRun { trigger: Trigger::Schedule, planned_at: at(due), ready_at: at(due), ..new_run(job) }
}

/// The firing of [`job`] that was due at `due`.
pub(super) fn firing(job: &str, due: i64) -> Firing {
    Firing {
        job_id: JobId(job.to_owned()),
        seen_due: at(due),
        next_due: Some(at(due + 300)),
        skips: Vec::new(),
        runs: vec![planned_run(job, due)],
        overlap: Overlap::Skip,
        max_instances: 1,
    }
}

/// A claim of up to 100 runs without limits of its own; runs rise each ten minutes.
pub(super) fn claim_at(seconds: i64) -> Claim {
    Claim {
        node: NODE.to_owned(),
        now: at(seconds),
        lease_until: at(seconds + 60),
        limit: 100,
        limits: Arc::default(),
        rises_every: Duration::from_secs(600),
        turns: [0; RANKS],
    }
}

/// What brings a job to another specification and leaves its next time alone.
pub(super) fn edit_to(job: &Job, spec: JobSpec) -> JobEdit {
    JobEdit {
        id: job.id.clone(),
        expected_version: None,
        spec,
        target: job.target.clone(),
        anchor: job.anchor,
        next_due: NextDue::Stays,
    }
}

/// A job by its name.
pub(super) async fn stored_job(store: &SharedStore, id: &str) -> Job {
    store.job(&JobId(id.to_owned())).await.unwrap().unwrap()
}

/// A run by its number.
pub(super) async fn stored_run(store: &SharedStore, id: RunId) -> Run {
    store.run(id).await.unwrap().unwrap()
}

/// All runs of a job, oldest first.
pub(super) async fn runs_of(store: &SharedStore, id: &str) -> Vec<Run> {
    let filter = RunFilter { job: Some(JobId(id.to_owned())), limit: 100_000, ..RunFilter::default() };
    let mut runs = store.runs(&filter).await.unwrap();
    runs.reverse();
    runs
}

/// A run of a new job that has just been claimed, at 1.
pub(super) async fn running(store: &SharedStore, id: &str) -> Run {
    store.insert_jobs(&[job(id)]).await.unwrap();
    claimed(store, id).await
}

/// Another run of a job, claimed at 1.
pub(super) async fn claimed(store: &SharedStore, id: &str) -> Run {
    let queued = store.enqueue(&new_run(id), at(0)).await.unwrap();
    let claimed = store.claim(&claim_at(1)).await.unwrap();
    claimed.into_iter().find(|run| run.id == queued.id).unwrap()
}

pub(super) fn line(run: &Run, number: i64, message: &str) -> LogLine {
    LogLine {
        execution: run.execution_id(),
        job_type: run.job_type.clone(),
        level: Level::Info,
        message: message.to_owned(),
        at: at(number),
        duration_seconds: None,
        status: None,
        error_text: None,
        run: run.id,
        attempt: run.attempt,
        step: None,
        line: number,
        fields: Value::Null,
    }
}

pub(super) fn record(run: &Run, entry: Entry) -> Record {
    Record { run: run.id, epoch: run.epoch, entry }
}

pub(super) fn line_record(run: &Run, number: i64, message: &str) -> Record {
    record(run, Entry::Line(line(run, number, message)))
}

/// The end of a run's attempt at 10, with its last line, number 9.
pub(super) fn attempt_end(run: &Run, state: RunState) -> AttemptEnd {
    let (outcome, error, status) = match state {
        RunState::Succeeded => ("succeeded", None, Some(ClosingStatus::Success)),
        RunState::Cancelled => ("cancelled", Some("not wanted"), Some(ClosingStatus::Cancelled)),
        RunState::Failed => ("failed", Some("no answer"), Some(ClosingStatus::Failed)),
        RunState::Skipped => ("skipped", Some("nothing new"), Some(ClosingStatus::Cancelled)),
        RunState::Waiting => ("put_back", None, None),
        _ => ("failed", Some("no answer"), None),
    };
    let error = error.map(str::to_owned);
    let line = LogLine {
        status,
        at: at(10),
        duration_seconds: status.map(|_| 9.0),
        error_text: error.clone(),
        ..line(run, 9, "the end")
    };
    AttemptEnd {
        state,
        outcome,
        error,
        ended_at: at(10),
        ready_at: (!state.is_ended()).then(|| at(40)),
        uses_attempt: state != RunState::Waiting,
        warnings: 0,
        line,
        steps: Vec::new(),
        follow_up: None,
        trouble: None,
        marker: None,
    }
}

pub(super) fn end(run: &Run, state: RunState) -> Record {
    record(run, Entry::End(Box::new(attempt_end(run, state))))
}

/// All lines, as (execution, level, message, status), oldest first.
pub(super) async fn story(store: &SharedStore) -> Vec<(String, String, String, Option<String>)> {
    let filter = LogFilter { after: Some(0), limit: 1_000, ..LogFilter::default() };
    let rows = store.logs(&filter).await.unwrap();
    rows.into_iter().map(|row| (row.job_id, row.level, row.message, row.status)).collect()
}

/// A line of a [`story`].
pub(super) fn told(
    execution: &str,
    level: &str,
    message: &str,
    status: Option<&str>,
) -> (String, String, String, Option<String>) {
    (execution.to_owned(), level.to_owned(), message.to_owned(), status.map(str::to_owned))
}

pub(super) fn content(sku: &str, quantity: i64) -> Content {
    Content { sku: sku.to_owned(), quantity }
}

/// An order that was bought and changed at `changed`, two of article A.
pub(super) fn fetched(number: &str, changed: i64) -> FetchedOrder {
    FetchedOrder {
        number: number.to_owned(),
        changed_at: at(changed),
        ordered_at: at(changed),
        status: MarketplaceStatus::Ready,
        raw: json!({"number": number, "changed": changed}),
        is_complete: true,
        contents: vec![content("A", 2)],
        cancelled: Vec::new(),
        was_over: false,
        fingerprint: "f".to_owned(),
    }
}

pub(super) async fn save(store: &SharedStore, orders: &[FetchedOrder]) {
    store.save_fetched(ACCOUNT, orders, at(1_000)).await.unwrap();
}

/// A change without guards.
pub(super) fn change(number: &str, patch: OrderPatch) -> OrderChange {
    OrderChange::new(number, patch)
}

/// Moves an order to a state.
pub(super) async fn move_to(store: &SharedStore, number: &str, state: OrderState) {
    let patch = OrderPatch { state: Some(state), ..OrderPatch::default() };
    assert_eq!(store.change_orders(ACCOUNT, &[change(number, patch)], at(2_000)).await.unwrap(), [true]);
}

/// What a listing read of the account tells.
pub(super) async fn tell(store: &SharedStore, account: &str, listings: &[Listing]) {
    let told =
        |listing: &Listing| ListingPatch { told: Some(listing.clone()), ..ListingPatch::of(&listing.id) };
    let patches: Vec<ListingPatch> = listings.iter().map(told).collect();
    store.change_listings(account, &patches).await.unwrap();
}

pub(super) fn listing(id: &str, sku: &str, stock: i64) -> Listing {
    Listing {
        id: id.to_owned(),
        group: "goods".to_owned(),
        sku: sku.to_owned(),
        title: "Stuhl".to_owned(),
        stock: Some(stock),
    }
}
