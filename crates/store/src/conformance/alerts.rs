//! Alerts: reading and pruning.

use jiff::SignedDuration;
use marktwerk_domain::alert::{Alert, AlertId};
use marktwerk_domain::health::{FUSE, HealthChange, Trouble};
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{RunId, RunState};

use super::samples::{at, attempt_end, claimed, job, record};
use crate::SharedStore;
use crate::alerts::NewAlert;
use crate::journal::{AttemptEnd, Entry};

/// Four alerts: the job is degraded and recovers, twice, a minute apart.
async fn four_alerts(store: &SharedStore) {
    store.insert_jobs(&[job("a")]).await.unwrap();
    for minute in 0..4 {
        let (state, runs) = if minute % 2 == 0 { (RunState::Failed, FUSE) } else { (RunState::Succeeded, 1) };
        for _ in 0..runs {
            let run = claimed(store, "a").await;
            let end = AttemptEnd {
                trouble: (state == RunState::Failed).then_some(Trouble::Outage),
                ended_at: at(60) + SignedDuration::from_mins(minute),
                ..attempt_end(&run, state)
            };
            store.commit(&[record(&run, Entry::End(Box::new(end)))]).await.unwrap();
        }
    }
}

fn ids(alerts: &[Alert]) -> Vec<i64> {
    alerts.iter().map(|alert| alert.id.0).collect()
}

/// Oldest first from a cursor, newest first without one.
pub async fn alerts_are_read_from_a_cursor(store: SharedStore) {
    assert!(store.alerts_after(AlertId(0), 10).await.unwrap().is_empty());
    assert!(store.latest_alerts(10).await.unwrap().is_empty());
    four_alerts(&store).await;
    let all = store.alerts_after(AlertId(0), 10).await.unwrap();
    assert_eq!(all.iter().map(|alert| alert.at).collect::<Vec<_>>(), [at(60), at(120), at(180), at(240)]);
    assert!(ids(&all).is_sorted_by(|one, next| one < next), "{all:?}");
    assert_eq!(store.alerts_after(AlertId(0), 3).await.unwrap(), all[..3]);
    assert_eq!(store.alerts_after(all[1].id, 10).await.unwrap(), all[2..]);
    assert!(store.alerts_after(all[3].id, 10).await.unwrap().is_empty());
    let newest: Vec<Alert> = all.into_iter().rev().collect();
    assert_eq!(store.latest_alerts(10).await.unwrap(), newest);
    assert_eq!(store.latest_alerts(2).await.unwrap(), newest[..2]);
}

/// Such as one about the attention list.
pub async fn an_alert_is_added_without_a_change(store: SharedStore) {
    let alert = NewAlert {
        at: at(5),
        change: None,
        job_id: job("a").id,
        run: Some(RunId(3)),
        title: "Viele Artikel fehlen".to_owned(),
        message: "Bitte nachsehen.".to_owned(),
    };
    store.add_alert(&alert).await.unwrap();
    let over = NewAlert {
        at: at(6),
        change: Some(HealthChange::Recovered),
        job_id: JobId(String::new()),
        run: None,
        ..alert.clone()
    };
    store.add_alert(&over).await.unwrap();
    let [ended, stored] = <[_; 2]>::try_from(store.latest_alerts(10).await.unwrap()).unwrap();
    assert_eq!((ended.change, ended.job_id, ended.run), (over.change, over.job_id, None));
    assert_eq!((stored.at, stored.change, stored.run), (at(5), None, Some(RunId(3))));
    assert_eq!((stored.title, stored.message), (alert.title, alert.message));
}

/// The sender of alerts keeps a cursor: no number is given twice, not even when all are gone.
pub async fn old_alerts_are_deleted(store: SharedStore) {
    four_alerts(&store).await;
    let all = ids(&store.alerts_after(AlertId(0), 10).await.unwrap());
    assert_eq!(store.prune_alerts(at(120)).await.unwrap(), 1);
    assert_eq!(ids(&store.alerts_after(AlertId(0), 10).await.unwrap()), all[1..]);
    assert_eq!(store.prune_alerts(at(1_000)).await.unwrap(), 3);
    store.archive_jobs(&[job("a").id], at(300)).await.unwrap();
    four_alerts(&store).await;
    let again = ids(&store.alerts_after(AlertId(0), 10).await.unwrap());
    assert_eq!((again.len(), again[0] > all[3]), (4, true));
}
