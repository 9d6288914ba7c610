//! Overlap: what becomes of a planned time while as many runs of the job are live as may be.

use std::collections::HashMap;
use std::sync::Arc;

use marktwerk_domain::job::Parameters;
use marktwerk_domain::policy::Overlap;
use marktwerk_domain::run::{Run, RunId, RunState};

use super::samples::{
    at, claim_at, claimed, end, firing, job, new_run, planned_run, runs_of, stored_run, story, told,
};
use crate::SharedStore;
use crate::runs::{Claim, Fired, Firing, Limits};

const LIVE: [RunState; 3] = [RunState::Retrying, RunState::Running, RunState::Waiting];
const MAKES_ROOM: &str = "a later planned time takes its place";

/// A new job, named after the state that a run of it, started by hand, is in.
async fn busy_job(store: &SharedStore, state: RunState) -> (&'static str, Run) {
    let id = state.as_str();
    store.insert_jobs(&[job(id)]).await.unwrap();
    let run = if state == RunState::Waiting {
        store.enqueue(&new_run(id), at(0)).await.unwrap()
    } else {
        claimed(store, id).await
    };
    if state == RunState::Retrying {
        store.commit(&[end(&run, state)]).await.unwrap();
    }
    (id, run)
}

/// Fires a job at its due time, and tells which runs it queued and which it asked to end.
async fn fire(
    store: &SharedStore,
    id: &str,
    due: i64,
    overlap: Overlap,
    max_instances: u32,
) -> (Vec<RunId>, Vec<RunId>) {
    let firing = Firing { overlap, max_instances, ..firing(id, due) };
    match store.fire(&[firing], at(due)).await.unwrap().remove(0) {
        Fired::Done { queued, cancelling } => (queued, cancelling),
        Fired::Stale => panic!("{id} is not due at {due}"),
    }
}

/// A run's state and its merged times.
type Seen = (RunState, u32);

/// A job's runs after the first `known`.
async fn others(store: &SharedStore, id: &str, known: usize) -> Vec<Seen> {
    runs_of(store, id).await.iter().skip(known).map(|run| (run.state, run.merged)).collect()
}

/// Two runs of job `a` at work.
async fn two_running(store: &SharedStore) -> [Run; 2] {
    store.insert_jobs(&[job("a")]).await.unwrap();
    for _ in 0..2 {
        store.enqueue(&new_run("a"), at(0)).await.unwrap();
    }
    let per_job = HashMap::from([("a".to_owned(), 2)]);
    let limits = Arc::new(Limits { per_job, ..Limits::default() });
    store.claim(&Claim { limits, ..claim_at(1) }).await.unwrap().try_into().unwrap()
}

/// Below its instances nobody is in the way, whatever the policy.
pub async fn a_job_with_room_is_not_busy(store: SharedStore) {
    let policies = [Overlap::Skip, Overlap::QueueOne, Overlap::QueueAll, Overlap::CancelRunning];
    for state in LIVE {
        let (id, live) = busy_job(&store, state).await;
        for (count, overlap) in (1_u32..).zip(policies) {
            let (queued, cancelling) = fire(&store, id, i64::from(count) * 300, overlap, count + 1).await;
            assert_eq!((queued.len(), cancelling.len()), (1, 0), "{state:?} {overlap:?}");
        }
        assert_eq!(others(&store, id, 1).await, [(RunState::Waiting, 0); 4]);
        assert_eq!(stored_run(&store, live.id).await.state, state);
    }
}

/// Whoever is live is in the way, and is named.
pub async fn skip_passes_by_a_busy_job(store: SharedStore) {
    for state in LIVE {
        let (id, live) = busy_job(&store, state).await;
        assert_eq!(fire(&store, id, 300, Overlap::Skip, 1).await, (vec![], vec![]));
        let skipped = runs_of(&store, id).await.remove(1);
        let reason = format!("run {} is still {}", live.id, state.as_str());
        assert_eq!((skipped.state, skipped.error), (RunState::Skipped, Some(reason)));
        assert_eq!(fire(&store, id, 600, Overlap::Skip, 2).await.0.len(), 1);
        assert_eq!(fire(&store, id, 900, Overlap::Skip, 2).await, (vec![], vec![]));
    }
}

/// It ends by itself, soon.
pub async fn a_run_asked_to_cancel_is_in_nobodys_way(store: SharedStore) {
    for overlap in [Overlap::Skip, Overlap::QueueOne, Overlap::CancelRunning] {
        let id = format!("{overlap:?}");
        store.insert_jobs(&[job(&id)]).await.unwrap();
        let run = claimed(&store, &id).await;
        store.cancel(run.id, "not wanted", at(2)).await.unwrap();
        let (queued, cancelling) = fire(&store, &id, 300, overlap, 1).await;
        assert_eq!((queued.len(), cancelling.len()), (1, 0), "{overlap:?}");
    }
}

/// One waits for the end of what is at work, later times are merged into it.
pub async fn queue_one_lets_one_wait(store: SharedStore) {
    for state in [RunState::Retrying, RunState::Running] {
        let (id, live) = busy_job(&store, state).await;
        assert_eq!(fire(&store, id, 300, Overlap::QueueOne, 1).await.0.len(), 1);
        assert_eq!(fire(&store, id, 600, Overlap::QueueOne, 1).await, (vec![], vec![]));
        let mut late = Firing { overlap: Overlap::QueueOne, ..firing(id, 900) };
        late.runs[0].merged = 2;
        store.fire(&[late], at(900)).await.unwrap();
        assert_eq!(others(&store, id, 1).await, [(RunState::Waiting, 4)]);
        assert_eq!(stored_run(&store, live.id).await.state, state);
    }
    assert_eq!(story(&store).await.len(), 1, "only the attempt that is tried again had a line");
}

/// The runs that may be live at the same time are not the one that waits.
pub async fn queue_one_waits_behind_all_instances(store: SharedStore) {
    two_running(&store).await;
    assert_eq!(fire(&store, "a", 300, Overlap::QueueOne, 2).await.0.len(), 1);
    assert_eq!(fire(&store, "a", 600, Overlap::QueueOne, 2).await, (vec![], vec![]));
    assert_eq!(others(&store, "a", 2).await, [(RunState::Waiting, 1)]);
}

/// A person's run, one with other parameters, and one that was put back do not do the work of a planned time.
pub async fn a_time_is_merged_only_into_its_like(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let begun = fire(&store, "a", 300, Overlap::QueueOne, 1).await.0[0];
    let begun = store.claim(&claim_at(300)).await.unwrap().into_iter().find(|run| run.id == begun).unwrap();
    store.commit(&[end(&begun, RunState::Waiting)]).await.unwrap();
    store.enqueue(&new_run("a"), at(300)).await.unwrap();
    assert_eq!(fire(&store, "a", 600, Overlap::QueueOne, 1).await.0.len(), 1);
    let mut other = Firing { overlap: Overlap::QueueOne, ..firing("a", 900) };
    other.runs[0].parameters = Parameters::new();
    store.fire(&[other], at(900)).await.unwrap();
    assert_eq!(others(&store, "a", 0).await, [(RunState::Waiting, 0); 4]);
    assert_eq!(fire(&store, "a", 1_200, Overlap::QueueOne, 1).await, (vec![], vec![]));
    let merged: Vec<u32> = runs_of(&store, "a").await.iter().map(|run| run.merged).collect();
    assert_eq!(merged, [0, 0, 1, 0]);
}

/// With *skip* they do not exclude each other: what was live before them decides over all. With the others they are as if each had
/// come by itself.
pub async fn times_made_up_for_together_run_one_after_the_other(store: SharedStore) {
    use RunState::{Skipped, Waiting};
    let policies: [(Overlap, [&[Seen]; 2]); 4] = [
        (Overlap::Skip, [&[(Waiting, 0); 3], &[(Skipped, 2)]]),
        (Overlap::QueueOne, [&[(Waiting, 2)], &[(Waiting, 2)]]),
        (Overlap::CancelRunning, [&[(Waiting, 2)], &[(Waiting, 2)]]),
        (Overlap::QueueAll, [&[(Waiting, 0); 3], &[(Waiting, 0); 3]]),
    ];
    for (overlap, expected) in policies {
        for (live, expected) in expected.into_iter().enumerate() {
            let id = format!("{overlap:?}-{live}");
            store.insert_jobs(&[job(&id)]).await.unwrap();
            for _ in 0..live {
                store.enqueue(&new_run(&id), at(0)).await.unwrap();
            }
            let runs = [300, 600, 900].map(|due| planned_run(&id, due)).into();
            let late = Firing { runs, overlap, next_due: Some(at(1_200)), ..firing(&id, 300) };
            store.fire(&[late], at(1_000)).await.unwrap();
            assert_eq!(others(&store, &id, live).await, expected, "{id}");
        }
    }
}

/// Nobody is asked, nothing is merged.
pub async fn queue_all_lets_all_wait(store: SharedStore) {
    for state in LIVE {
        let (id, live) = busy_job(&store, state).await;
        for due in [300, 600, 900] {
            let (queued, cancelling) = fire(&store, id, due, Overlap::QueueAll, 1).await;
            assert_eq!((queued.len(), cancelling.len()), (1, 0));
        }
        assert_eq!(others(&store, id, 1).await, [(RunState::Waiting, 0); 3]);
        assert_eq!(stored_run(&store, live.id).await.state, state);
    }
}

/// The running one is asked to end, its place is taken, and the time after that is merged into the one that took it.
pub async fn cancel_running_takes_the_place(store: SharedStore) {
    let (id, live) = busy_job(&store, RunState::Running).await;
    let (queued, cancelling) = fire(&store, id, 300, Overlap::CancelRunning, 1).await;
    assert_eq!((queued.len(), cancelling), (1, vec![live.id]));
    let asked = stored_run(&store, live.id).await;
    assert_eq!((asked.state, asked.cancel_requested), (RunState::Running, true));
    assert_eq!(fire(&store, id, 600, Overlap::CancelRunning, 1).await, (vec![], vec![]));
    assert_eq!(others(&store, id, 1).await, [(RunState::Waiting, 1)]);

    store.commit(&[end(&live, RunState::Cancelled)]).await.unwrap();
    let next = store.claim(&claim_at(600)).await.unwrap().remove(0);
    assert_eq!(next.id, queued[0]);
    let (_, cancelling) = fire(&store, id, 900, Overlap::CancelRunning, 1).await;
    assert_eq!(cancelling, [next.id]);
}

/// Between two attempts there is nobody to ask.
pub async fn cancel_running_ends_one_that_waits_for_its_next_attempt(store: SharedStore) {
    let (id, live) = busy_job(&store, RunState::Retrying).await;
    let (queued, cancelling) = fire(&store, id, 300, Overlap::CancelRunning, 1).await;
    assert_eq!((queued.len(), cancelling.len()), (1, 0));
    let cancelled = stored_run(&store, live.id).await;
    assert_eq!((cancelled.state, cancelled.error.as_deref()), (RunState::Cancelled, Some(MAKES_ROOM)));
    let message = format!("{id}: cancelled, {MAKES_ROOM}");
    let closing = told(&live.execution_id(), "INFO", &message, Some("CANCELLED"));
    assert_eq!(story(&store).await.last(), Some(&closing));
}

/// As many as it takes, the oldest first.
pub async fn cancel_running_makes_room_for_one(store: SharedStore) {
    let [first, second] = two_running(&store).await;
    let (queued, cancelling) = fire(&store, "a", 300, Overlap::CancelRunning, 2).await;
    assert_eq!((queued.len(), cancelling), (1, vec![first.id]));
    assert!(!stored_run(&store, second.id).await.cancel_requested);
    let mut other = Firing { overlap: Overlap::CancelRunning, ..firing("a", 600) };
    other.runs[0].parameters = Parameters::new();
    let fired = store.fire(&[other], at(600)).await.unwrap();
    let queued = vec![runs_of(&store, "a").await[3].id];
    assert_eq!(fired, [Fired::Done { queued, cancelling: vec![second.id] }]);
}

/// It was not the schedule that wanted it.
pub async fn cancel_running_leaves_what_has_not_begun(store: SharedStore) {
    let (id, live) = busy_job(&store, RunState::Running).await;
    let by_hand = store.enqueue(&new_run(id), at(2)).await.unwrap();
    let (queued, cancelling) = fire(&store, id, 300, Overlap::CancelRunning, 1).await;
    assert_eq!((queued.len(), cancelling), (1, vec![live.id]));
    assert_eq!(stored_run(&store, by_hand.id).await, by_hand);
}
