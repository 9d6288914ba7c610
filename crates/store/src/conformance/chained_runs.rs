//! Chains: what a run is given that another one causes, and what becomes of it where one waits or the job is paused.

use marktwerk_domain::job::{Job, JobId, Parameters, Priority, RunTarget};
use marktwerk_domain::policy::{After, On};
use marktwerk_domain::run::{Run, RunState, Trigger};
use serde_json::json;

use super::samples::{at, claim_at, end, job, new_run, runs_of, story, told};
use crate::SharedStore;
use crate::runs::NewRun;

/// A job that follows on the success of `a` and takes over `days_back` and `status` from it.
fn child() -> Job {
    let mut child = job("child");
    child.spec.policies.after = vec![After { job: JobId("a".to_owned()), on: On::Success }];
    child.spec.job_type = "inventory_workflow".to_owned();
    child.spec.priority = Priority::Low;
    child.spec.parameters = parameters(&[("mode", "quick")]);
    let accepts = ["days_back", "mode", "status"].map(str::to_owned).into();
    child.target = RunTarget { account: "otto".to_owned(), lane: Some("otto".to_owned()), accepts };
    child
}

fn parameters(pairs: &[(&str, &str)]) -> Parameters {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}

/// A run of `a`, ended with success.
async fn cause(store: &SharedStore, parameters: Parameters, priority: Priority) -> Run {
    let run = NewRun { parameters, priority, from_step: Some("import".to_owned()), ..new_run("a") };
    let queued = store.enqueue(&run, at(0)).await.unwrap();
    let claimed = store.claim(&claim_at(1)).await.unwrap();
    let run = claimed.into_iter().find(|run| run.id == queued.id).unwrap();
    store.commit(&[end(&run, RunState::Succeeded)]).await.unwrap();
    run
}

/// Priority and parameters come from the cause: those that the workflow knows, where the job does not say otherwise; account and
/// lane come from the job.
pub async fn a_chained_run_is_given_what_its_cause_had(store: SharedStore) {
    store.insert_jobs(&[job("a"), child()]).await.unwrap();
    let given = parameters(&[("days_back", "90"), ("mode", "full"), ("secret", "x")]);
    let cause = cause(&store, given, Priority::High).await;
    let run = runs_of(&store, "child").await.remove(0);
    assert_eq!((run.trigger, run.caused_by, run.state), (Trigger::Chain, Some(cause.id), RunState::Waiting));
    assert_eq!(run.parameters, parameters(&[("days_back", "90"), ("mode", "quick")]));
    assert_eq!((run.priority, run.job_type.as_str()), (Priority::High, "inventory_workflow"));
    assert_eq!((run.account.as_str(), run.from_step, run.marker), ("otto", None, None));
    assert_eq!((run.planned_at, run.ready_at, run.created_at), (at(10), at(10), at(10)));

    let in_its_lane = NewRun { lane: Some("otto".to_owned()), priority: Priority::High, ..new_run("b") };
    store.enqueue(&in_its_lane, at(0)).await.unwrap();
    let claimed = store.claim(&claim_at(11)).await.unwrap();
    assert_eq!(claimed.len(), 1, "both of one lane were claimed: {claimed:?}");
}

/// Until it begins; it goes by the higher priority.
pub async fn a_second_cause_is_merged_into_the_run_that_waits(store: SharedStore) {
    store.insert_jobs(&[job("a"), child()]).await.unwrap();
    // Not ready, so that no claim of this test takes it, and in nobody's place.
    let by_hand = NewRun { ready_at: at(9_000), ..new_run("child") };
    store.enqueue(&by_hand, at(0)).await.unwrap();
    let first = cause(&store, Parameters::new(), Priority::Low).await;
    let waiting = runs_of(&store, "child").await.remove(1);
    let lane = NewRun { lane: Some("otto".to_owned()), priority: Priority::High, ..new_run("b") };
    store.enqueue(&lane, at(0)).await.unwrap();
    cause(&store, Parameters::new(), Priority::High).await;
    cause(&store, Parameters::new(), Priority::Medium).await;
    let runs = runs_of(&store, "child").await;
    assert_eq!(runs.len(), 2);
    let expected = Run { merged: 2, priority: Priority::High, ..waiting };
    assert_eq!((&runs[1], runs[1].caused_by), (&expected, Some(first.id)));
    assert_eq!((runs[0].merged, runs[0].trigger), (0, Trigger::Manual));
}

/// Nothing that a cause hands on is lost, and a run that has begun is past it.
pub async fn a_cause_with_other_parameters_queues_another_run(store: SharedStore) {
    store.insert_jobs(&[job("a"), child()]).await.unwrap();
    let lane = NewRun { lane: Some("otto".to_owned()), priority: Priority::High, ..new_run("b") };
    store.enqueue(&lane, at(0)).await.unwrap();
    for days in ["7", "90", "7"] {
        cause(&store, parameters(&[("days_back", days)]), Priority::Medium).await;
    }
    let seen = async || {
        let runs = runs_of(&store, "child").await.into_iter();
        runs.map(|run| (run.state, run.parameters["days_back"].clone(), run.merged)).collect::<Vec<_>>()
    };
    let waiting = RunState::Waiting;
    assert_eq!(seen().await, [(waiting, json!("7"), 1), (waiting, json!("90"), 0)]);
    store.rescue("node-b", true, at(11)).await.unwrap();
    store.cancel(runs_of(&store, "b").await[0].id, "out of the way", at(11)).await.unwrap();
    let begun = store.claim(&claim_at(12)).await.unwrap().remove(0);
    store.commit(&[end(&begun, RunState::Waiting)]).await.unwrap();
    store.enqueue(&lane, at(0)).await.unwrap();
    store.claim(&claim_at(1)).await.unwrap();
    cause(&store, parameters(&[("days_back", "7")]), Priority::Medium).await;
    let expected = [(waiting, json!("7"), 1), (waiting, json!("90"), 0), (waiting, json!("7"), 0)];
    assert_eq!(seen().await, expected);
}

/// What would have started it stands in the history: one row for a streak.
pub async fn a_paused_job_is_skipped(store: SharedStore) {
    let mut paused = child();
    paused.spec.enabled = false;
    store.insert_jobs(&[job("a"), paused]).await.unwrap();
    let first = cause(&store, Parameters::new(), Priority::Medium).await;
    let run = runs_of(&store, "child").await.remove(0);
    let reason = "the job is paused; a run of a would have started it";
    assert_eq!((run.state, run.error.as_deref()), (RunState::Skipped, Some(reason)));
    assert_eq!((run.trigger, run.caused_by, run.ended_at), (Trigger::Chain, Some(first.id), Some(at(10))));
    let closing = told(&run.execution_id(), "INFO", &format!("child: skipped, {reason}"), Some("CANCELLED"));
    assert_eq!(story(&store).await.last(), Some(&closing));
    for _ in 0..3 {
        cause(&store, Parameters::new(), Priority::Medium).await;
    }
    let expected = Run { merged: 3, ..run };
    assert_eq!(runs_of(&store, "child").await, [expected]);
    assert!(store.claim(&claim_at(20)).await.unwrap().is_empty());
}
