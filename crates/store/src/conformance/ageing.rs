//! Claiming: waiting runs rise, and priorities that have risen to the same class take turns.

use std::time::Duration;

use marktwerk_domain::job::Priority;
use marktwerk_domain::run::Run;

use super::samples::{at, claim_at, new_run};
use crate::SharedStore;
use crate::runs::{Claim, NewRun, RANKS};

/// Queues a run of a job of its own.
async fn queue(store: &SharedStore, job: &str, priority: Priority, ready: i64) {
    let run = NewRun { priority, ready_at: at(ready), ..new_run(job) };
    store.enqueue(&run, at(ready)).await.unwrap();
}

/// The jobs whose runs are claimed, in their order.
async fn claimed(store: &SharedStore, claim: Claim) -> Vec<String> {
    jobs(&store.claim(&claim).await.unwrap())
}

fn jobs(runs: &[Run]) -> Vec<String> {
    runs.iter().map(|run| run.job_id.0.clone()).collect()
}

/// One class for each ten minutes: a second before that it still goes last.
pub async fn a_run_rises_as_it_waits(store: SharedStore) {
    queue(&store, "low", Priority::Low, 0).await;
    for (job, ready) in [("m1", 500), ("m2", 501), ("m3", 502)] {
        queue(&store, job, Priority::Medium, ready).await;
    }
    queue(&store, "high", Priority::High, 590).await;
    assert_eq!(claimed(&store, Claim { limit: 2, ..claim_at(599) }).await, ["high", "m1"]);
    assert_eq!(claimed(&store, Claim { turns: [1, 2, 0], ..claim_at(600) }).await, ["low", "m2", "m3"]);
}

/// High runs wait for one risen run at the most, and risen runs for one of each higher priority.
pub async fn risen_runs_take_turns(store: SharedStore) {
    for number in 1..=3 {
        queue(&store, &format!("low-{number}"), Priority::Low, number).await;
        queue(&store, &format!("high-{number}"), Priority::High, 1_300 + number).await;
    }
    queue(&store, "medium-1", Priority::Medium, 500).await;
    let expected = ["high-1", "medium-1", "low-1", "high-2", "low-2", "high-3", "low-3"];
    assert_eq!(claimed(&store, claim_at(1_400)).await, expected);
}

/// However long it has waited, it takes its turn and no more.
pub async fn no_run_rises_above_the_first_class(store: SharedStore) {
    for number in 1..=2 {
        queue(&store, &format!("low-{number}"), Priority::Low, number).await;
        queue(&store, &format!("high-{number}"), Priority::High, 86_400).await;
    }
    let expected = ["high-1", "low-1", "high-2", "low-2"];
    assert_eq!(claimed(&store, claim_at(86_400)).await, expected);
}

/// Whose turn it is comes with the claim: what was claimed before counts.
pub async fn turns_go_on_from_claim_to_claim(store: SharedStore) {
    for number in 1..=2 {
        queue(&store, &format!("low-{number}"), Priority::Low, number).await;
        queue(&store, &format!("medium-{number}"), Priority::Medium, number).await;
        queue(&store, &format!("high-{number}"), Priority::High, number).await;
    }
    let first = Claim { turns: [7, 9, 8], limit: 4, ..claim_at(2_000) };
    assert_eq!(claimed(&store, first).await, ["high-1", "low-1", "medium-1", "high-2"]);
    assert_eq!(claimed(&store, Claim { turns: [9, 7, 8], ..claim_at(2_000) }).await, ["medium-2", "low-2"]);
}

/// A line of high runs that never ends: the low one goes next once it has risen twice, and then the high ones go on.
pub async fn a_low_run_is_not_starved(store: SharedStore) {
    queue(&store, "low", Priority::Low, 0).await;
    let mut turns = [0_u64; RANKS];
    let mut order = Vec::new();
    for minute in 0..25 {
        for number in 0..2 {
            queue(&store, &format!("high-{minute}-{number}"), Priority::High, minute * 60).await;
        }
        let claim = Claim { limit: 1, turns, ..claim_at(minute * 60) };
        for run in store.claim(&claim).await.unwrap() {
            turns[usize::try_from(run.priority.rank()).unwrap()] = turns.iter().max().unwrap() + 1;
            order.push((minute, run.priority));
        }
    }
    let expected: Vec<(i64, Priority)> =
        (0..25).map(|minute| (minute, if minute == 20 { Priority::Low } else { Priority::High })).collect();
    assert_eq!(order, expected);
}

/// A run that cannot begin does not carry a younger one of its priority upwards.
pub async fn a_blocked_run_lends_its_age_to_nobody(store: SharedStore) {
    queue(&store, "busy", Priority::High, 0).await;
    assert_eq!(claimed(&store, claim_at(0)).await, ["busy"]);
    queue(&store, "busy", Priority::Low, 0).await;
    queue(&store, "young", Priority::Low, 1_200).await;
    queue(&store, "medium", Priority::Medium, 1_200).await;
    assert_eq!(claimed(&store, claim_at(1_200)).await, ["medium", "young"]);
}

/// At once, or never.
pub async fn runs_may_rise_at_any_pace(store: SharedStore) {
    for group in ["never", "at-once"] {
        queue(&store, &format!("{group}-low"), Priority::Low, 0).await;
        for number in 1..=2 {
            queue(&store, &format!("{group}-high-{number}"), Priority::High, 10).await;
        }
        let rises_every = if group == "never" { Duration::MAX } else { Duration::ZERO };
        let expected = match group {
            "never" => ["high-1", "high-2", "low"],
            _ => ["high-1", "low", "high-2"],
        };
        let claim = Claim { rises_every, ..claim_at(100_000) };
        assert_eq!(claimed(&store, claim).await, expected.map(|name| format!("{group}-{name}")));
    }
}
