//! Planned times that do not become runs: rows of the history, with counts instead of floods.

use marktwerk_domain::run::{Run, RunState};

use super::samples::{
    at, attempt_end, claimed, firing, job, planned_run, record, running, runs_of, stored_job, story, told,
};
use crate::SharedStore;
use crate::journal::{AttemptEnd, Entry};
use crate::runs::{Fired, Firing, NewRun, Skip};

fn nothing_queued() -> Fired {
    Fired::Done { queued: Vec::new(), cancelling: Vec::new() }
}

/// A firing of job `a` that becomes no run.
fn skipping(due: i64, merged: u32, reason: &str) -> Firing {
    let run = NewRun { merged, ..planned_run("a", due) };
    Firing { skips: vec![Skip { run, reason: reason.to_owned() }], runs: Vec::new(), ..firing("a", due) }
}

/// The skipped runs of job `a`, as (number of times, reason).
async fn skipped(store: &SharedStore) -> Vec<(u32, String)> {
    let runs = runs_of(store, "a").await.into_iter().filter(|run| run.state == RunState::Skipped);
    runs.map(|run| (run.merged + 1, run.error.unwrap_or_default())).collect()
}

/// The skip is a run of its own with a closing line that names what is in the way; the job's history does not know of it.
pub async fn an_overlap_is_recorded_as_skipped(store: SharedStore) {
    let live = running(&store, "a").await;
    assert_eq!(store.fire(&[firing("a", 300)], at(301)).await.unwrap(), [nothing_queued()]);
    let run = runs_of(&store, "a").await.remove(1);
    let reason = format!("run {} is still running", live.id);
    assert_eq!((run.state, run.ended_at, run.merged), (RunState::Skipped, Some(at(301)), 0));
    assert_eq!((run.error.as_deref(), run.last_line), (Some(reason.as_str()), 1));
    let message = format!("a: skipped, {reason}");
    assert_eq!(story(&store).await, [told(&run.execution_id(), "INFO", &message, Some("CANCELLED"))]);
    let job = stored_job(&store, "a").await;
    assert_eq!(
        (job.next_due, job.history, job.health),
        (Some(at(600)), Default::default(), Default::default())
    );
}

/// A history is read by people: a flood of equal skips is one row with a count, and one closing line.
pub async fn a_streak_of_skips_is_one_run(store: SharedStore) {
    let live = running(&store, "a").await;
    let mut late = firing("a", 900);
    late.runs[0].merged = 3;
    for (firing, now) in [(firing("a", 300), 300), (firing("a", 600), 600), (late, 900)] {
        assert_eq!(store.fire(&[firing], at(now)).await.unwrap(), [nothing_queued()]);
    }
    let run: Run = runs_of(&store, "a").await.remove(1);
    assert_eq!((run.merged, run.planned_at, run.ended_at), (5, at(300), Some(at(900))));
    assert_eq!(skipped(&store).await, [(6, format!("run {} is still running", live.id))]);
    assert_eq!(story(&store).await.len(), 1);
}

/// Times that were too late come before those that are made up for, and count all that they stand for.
pub async fn missed_times_are_recorded_before_the_runs(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let late = Firing {
        next_due: Some(at(1_500)),
        runs: vec![planned_run("a", 1_200)],
        ..Firing { seen_due: at(300), ..skipping(900, 2, "too late") }
    };
    let fired = store.fire(&[late], at(1_201)).await.unwrap();
    let [missed, made_up] = runs_of(&store, "a").await.try_into().unwrap();
    assert_eq!(fired, [Fired::Done { queued: vec![made_up.id], cancelling: Vec::new() }]);
    assert_eq!((missed.state, missed.planned_at, missed.merged), (RunState::Skipped, at(900), 2));
    assert_eq!((missed.error.as_deref(), missed.ended_at), (Some("too late"), Some(at(1_201))));
    assert_eq!((made_up.state, made_up.planned_at), (RunState::Waiting, at(1_200)));
    let expected = told(&missed.execution_id(), "INFO", "a: skipped, too late", Some("CANCELLED"));
    assert_eq!(story(&store).await, [expected]);
}

/// Another reason, or a run in between, begins another row.
pub async fn a_streak_ends_with_another_reason_or_a_run(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    let fire = async |firing: Firing| {
        let now = firing.seen_due;
        store.fire(&[firing], now).await.unwrap();
    };
    fire(skipping(300, 0, "nothing new")).await;
    fire(skipping(600, 0, "nothing new")).await;
    fire(skipping(900, 0, "the window is closed")).await;
    fire(skipping(1_200, 0, "nothing new")).await;
    let run = claimed(&store, "a").await;
    let end = AttemptEnd { error: Some("nothing new".to_owned()), ..attempt_end(&run, RunState::Cancelled) };
    store.commit(&[record(&run, Entry::End(Box::new(end)))]).await.unwrap();
    fire(skipping(1_500, 4, "nothing new")).await;
    let expected = [(2, "nothing new"), (1, "the window is closed"), (1, "nothing new"), (5, "nothing new")];
    assert_eq!(skipped(&store).await, expected.map(|(times, reason)| (times, reason.to_owned())));
    assert_eq!(story(&store).await.len(), 5);
}

/// A time that had its run is not skipped afterwards.
pub async fn a_time_that_had_its_run_is_not_skipped(store: SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    store.fire(&[firing("a", 300)], at(300)).await.unwrap();
    let back = Firing { seen_due: at(600), ..skipping(300, 0, "too late") };
    assert_eq!(store.fire(&[back], at(600)).await.unwrap(), [nothing_queued()]);
    assert_eq!(skipped(&store).await, []);
}
