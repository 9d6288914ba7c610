//! Chains: which ends of a run start a run of another job.

use marktwerk_domain::job::{Job, JobId};
use marktwerk_domain::policy::{After, On};
use marktwerk_domain::run::{Run, RunState, Trigger};

use super::samples::{
    at, attempt_end, claim_at, claimed, edit_to, end, firing, job, new_run, record, runs_of, stored_job,
    stored_run,
};
use crate::SharedStore;
use crate::journal::{AttemptEnd, Entry};
use crate::runs::{NewRun, RunFilter};

/// A job that follows on others.
fn child(id: &str, after: &[(&str, On)]) -> Job {
    let mut child = job(id);
    let after = after.iter().map(|(parent, on)| After { job: JobId((*parent).to_owned()), on: *on });
    child.spec.policies.after = after.collect();
    child
}

/// A job with one that follows on its success, one on its failure and one always.
async fn family(store: &SharedStore, parent: &str) {
    let children = [("success", On::Success), ("failure", On::Failure), ("always", On::Always)];
    let children = children.map(|(word, on)| child(&format!("{parent}-{word}"), &[(parent, on)]));
    store.insert_jobs(&[job(parent)]).await.unwrap();
    store.insert_jobs(&children).await.unwrap();
}

/// Which of a family's children have runs, each with one that names the cause.
async fn started(store: &SharedStore, cause: &Run) -> Vec<&'static str> {
    let mut started = Vec::new();
    for word in ["success", "failure", "always"] {
        let runs = runs_of(store, &format!("{}-{word}", cause.job_id)).await;
        assert!(runs.len() < 2, "{runs:?}");
        for run in runs {
            assert_eq!((run.trigger, run.caused_by), (Trigger::Chain, Some(cause.id)));
            assert_eq!(run.state, RunState::Waiting);
            started.push(word);
        }
    }
    started
}

/// Success, failure and cancellation, as a worker reports them; a skipped run starts nobody.
pub async fn an_end_starts_who_follows_on_it(store: SharedStore) {
    let ends: [(RunState, &[&str]); 4] = [
        (RunState::Succeeded, &["success", "always"]),
        (RunState::Failed, &["failure", "always"]),
        (RunState::Cancelled, &["always"]),
        (RunState::Skipped, &[]),
    ];
    for (state, expected) in ends {
        family(&store, state.as_str()).await;
        let run = claimed(&store, state.as_str()).await;
        store.commit(&[end(&run, state)]).await.unwrap();
        assert_eq!(started(&store, &run).await, expected, "{state:?}");
    }
}

/// A planned time that was skipped was no end of a run.
pub async fn a_skipped_time_starts_nobody(store: SharedStore) {
    family(&store, "a").await;
    let live = claimed(&store, "a").await;
    store.fire(&[firing("a", 300)], at(300)).await.unwrap();
    assert_eq!(runs_of(&store, "a").await[1].state, RunState::Skipped);
    assert!(started(&store, &live).await.is_empty());
}

/// Nobody works on it, and it ends all the same: cancelled in the queue, or between two attempts.
pub async fn a_run_cancelled_in_the_queue_starts_who_always_follows(store: SharedStore) {
    for state in [RunState::Waiting, RunState::Retrying] {
        family(&store, state.as_str()).await;
        let run = match state {
            RunState::Waiting => store.enqueue(&new_run("waiting"), at(0)).await.unwrap(),
            _ => claimed(&store, "retrying").await,
        };
        if state == RunState::Retrying {
            store.cancel(runs_of(&store, "waiting").await[0].id, "done with", at(5)).await.unwrap();
            store.commit(&[end(&run, state)]).await.unwrap();
        }
        store.cancel(run.id, "not wanted", at(20)).await.unwrap();
        assert_eq!(started(&store, &run).await, ["always"], "{state:?}");
    }
}

/// Only when no attempt is left.
pub async fn a_lost_run_starts_who_follows_on_failure(store: SharedStore) {
    family(&store, "a").await;
    let run = claimed(&store, "a").await;
    store.rescue("node-b", true, at(5)).await.unwrap();
    assert!(started(&store, &run).await.is_empty(), "it is tried again");
    store.claim(&claim_at(41)).await.unwrap();
    store.rescue("node-b", true, at(50)).await.unwrap();
    assert_eq!(stored_run(&store, run.id).await.state, RunState::Lost);
    assert_eq!(started(&store, &run).await, ["failure", "always"]);
}

/// Another attempt, a run put back, a wish: only what ends it for good, once.
pub async fn only_the_final_end_starts_a_run(store: SharedStore) {
    family(&store, "a").await;
    let mut run = claimed(&store, "a").await;
    for state in [RunState::Retrying, RunState::Waiting] {
        store.commit(&[end(&run, state)]).await.unwrap();
        assert!(started(&store, &run).await.is_empty(), "{state:?}");
        run = store.claim(&claim_at(50)).await.unwrap().remove(0);
    }
    store.cancel(run.id, "not wanted", at(51)).await.unwrap();
    assert!(started(&store, &run).await.is_empty());
    store.commit(&[end(&run, RunState::Retrying)]).await.unwrap();
    assert_eq!(stored_run(&store, run.id).await.state, RunState::Cancelled);
    assert_eq!(started(&store, &run).await, ["always"]);
}

/// A slice that leaves something over is not the end of the work.
pub async fn only_the_last_slice_starts_a_run(store: SharedStore) {
    family(&store, "a").await;
    let first = claimed(&store, "a").await;
    let follow_up = NewRun { trigger: Trigger::MoreToDo, caused_by: Some(first.id), ..new_run("a") };
    let more = AttemptEnd { follow_up: Some(follow_up), ..attempt_end(&first, RunState::Succeeded) };
    store.commit(&[record(&first, Entry::End(Box::new(more)))]).await.unwrap();
    assert!(started(&store, &first).await.is_empty());
    let last = store.claim(&claim_at(11)).await.unwrap().remove(0);
    store.commit(&[end(&last, RunState::Succeeded)]).await.unwrap();
    assert_eq!(started(&store, &last).await, ["success", "always"]);
}

/// The end and what it causes are one transaction: an end without effect causes nothing.
pub async fn a_fenced_end_starts_nobody(store: SharedStore) {
    family(&store, "a").await;
    let old = claimed(&store, "a").await;
    store.rescue("node-b", true, at(5)).await.unwrap();
    let new = store.claim(&claim_at(41)).await.unwrap().remove(0);
    assert_eq!(store.commit(&[end(&old, RunState::Succeeded)]).await.unwrap().fenced, [old.id]);
    assert!(started(&store, &old).await.is_empty());
    let twice = [end(&new, RunState::Succeeded), end(&new, RunState::Failed)];
    store.commit(&twice).await.unwrap();
    assert_eq!(started(&store, &new).await, ["success", "always"]);
}

/// An end starts a run whose end starts a run.
pub async fn chains_have_any_length(store: SharedStore) {
    let chain = [job("a"), child("b", &[("a", On::Success)]), child("c", &[("b", On::Failure)])];
    store.insert_jobs(&chain).await.unwrap();
    let a = claimed(&store, "a").await;
    store.commit(&[end(&a, RunState::Succeeded)]).await.unwrap();
    let b = store.claim(&claim_at(11)).await.unwrap().remove(0);
    store.commit(&[end(&b, RunState::Failed)]).await.unwrap();
    let c = store.claim(&claim_at(12)).await.unwrap().remove(0);
    assert_eq!((b.job_id.as_str(), b.caused_by), ("b", Some(a.id)));
    assert_eq!((c.job_id.as_str(), c.caused_by), ("c", Some(b.id)));
    assert_eq!((c.planned_at, c.ready_at, c.created_at), (at(10), at(10), at(10)));
}

/// Any one of several parents suffices; who is named twice is one.
pub async fn any_parent_starts_a_run(store: SharedStore) {
    let after = [("a", On::Success), ("a", On::Always), ("a", On::Always), ("b", On::Failure)];
    store.insert_jobs(&[job("a"), job("b"), child("c", &after)]).await.unwrap();
    let a = claimed(&store, "a").await;
    store.commit(&[end(&a, RunState::Succeeded)]).await.unwrap();
    let caused = |runs: Vec<Run>| runs.into_iter().map(|run| (run.caused_by, run.merged)).collect::<Vec<_>>();
    assert_eq!(caused(runs_of(&store, "c").await), [(Some(a.id), 0)]);
    let c = store.claim(&claim_at(11)).await.unwrap().remove(0);
    let b = claimed(&store, "b").await;
    store.commit(&[end(&b, RunState::Failed), end(&c, RunState::Succeeded)]).await.unwrap();
    assert_eq!(caused(runs_of(&store, "c").await), [(Some(a.id), 0), (Some(b.id), 0)]);
}

/// An edit, an archived child and one that comes back: the jobs decide, as they stand at the end.
pub async fn a_job_follows_as_it_stands(store: SharedStore) {
    let parents = ["a", "b"].map(job);
    store.insert_jobs(&parents).await.unwrap();
    store.insert_jobs(&[child("c", &[("a", On::Success)])]).await.unwrap();
    let finish = async |parent: &str| {
        let run = claimed(&store, parent).await;
        store.commit(&[end(&run, RunState::Succeeded)]).await.unwrap();
        let waiting = RunFilter { states: vec![RunState::Waiting], limit: 10, ..RunFilter::default() };
        let waiting = store.runs(&waiting).await.unwrap();
        for run in &waiting {
            store.cancel(run.id, "seen", at(20)).await.unwrap();
        }
        waiting.len()
    };
    assert_eq!((finish("a").await, finish("b").await), (1, 0));
    let edited = child("c", &[("b", On::Success)]).spec;
    store.edit_jobs(&[edit_to(&stored_job(&store, "c").await, edited)]).await.unwrap();
    assert_eq!((finish("a").await, finish("b").await), (0, 1));
    store.archive_jobs(&[JobId("c".to_owned())], at(21)).await.unwrap();
    assert_eq!((finish("a").await, finish("b").await), (0, 0));
    assert_eq!(runs_of(&store, "c").await.len(), 2, "not even a skipped one was added");
    store.insert_jobs(&[child("c", &[("a", On::Always)])]).await.unwrap();
    assert_eq!((finish("a").await, finish("b").await), (1, 0));
    store.edit_jobs(&[edit_to(&stored_job(&store, "c").await, job("c").spec)]).await.unwrap();
    assert_eq!((finish("a").await, finish("b").await), (0, 0));
}
