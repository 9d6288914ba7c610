//! Once a minute the orders whose time has come are judged again, whatever their jobs do: paused, refused or removed.

use std::time::Duration;

use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::judgement::Limits;
use marktwerk_engine::Supervision;
use marktwerk_store::{SharedStore, judging};
use tokio::task::JoinHandle;

/// The pause between two rounds.
const EVERY: Duration = Duration::from_secs(60);

/// The task that judges. It ends with its value.
pub(crate) struct Judging(JoinHandle<()>);

impl Judging {
    /// Begins a minute from now, so that the runs of the start can look at both sides first.
    pub(crate) fn start(
        supervision: &Supervision,
        store: SharedStore,
        clock: SharedClock,
        limits: Limits,
    ) -> Self {
        let time = clock.clone();
        Self(supervision.keep("judging", clock, move || judge(store.clone(), time.clone(), limits)))
    }
}

impl Drop for Judging {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn judge(store: SharedStore, clock: SharedClock, limits: Limits) {
    loop {
        clock.sleep(EVERY).await;
        match judging::judge_due(&*store, &limits, clock.now()).await {
            Ok(0) => {}
            Ok(orders) => tracing::debug!(orders, "orders judged again because of the time"),
            Err(error) => tracing::warn!(%error, "orders could not be judged; the next try is in a minute"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;
    use marktwerk_domain::attention::AttentionKind;
    use marktwerk_domain::clock::{Clock, ManualClock};
    use marktwerk_domain::history::Author;
    use marktwerk_domain::judgement::Document;
    use marktwerk_domain::order::{MarketplaceStatus, OrderState};
    use marktwerk_store::judging::Occasion;
    use marktwerk_store::orders::{FetchedOrder, OrderPatch, OrderRecord};
    use marktwerk_store::sqlite::SqliteStore;

    use super::*;

    /// No engine, no job: the time alone.
    #[tokio::test(start_paused = true)]
    async fn a_wait_becomes_an_entry_without_any_job() {
        let clock = ManualClock::starting_at("2026-11-02T09:00:00Z".parse().unwrap());
        let store: SharedStore = Arc::new(SqliteStore::open_in_memory(TimeZone::UTC).unwrap());
        let order = FetchedOrder {
            number: "PO-1".to_owned(),
            changed_at: clock.now(),
            ordered_at: clock.now(),
            status: MarketplaceStatus::Ready,
            raw: serde_json::json!({}),
            is_complete: true,
            contents: Vec::new(),
            cancelled: Vec::new(),
            was_over: false,
            fingerprint: String::new(),
        };
        store.save_fetched("shop", std::slice::from_ref(&order), clock.now()).await.unwrap();
        let record = OrderRecord::new("shop", &order, clock.now());
        let mut facts = record.facts();
        facts.there.document = Document::Translated;
        facts.ours.handed_over_at = Some(clock.now());
        facts.erp = facts.erp.without_order(1, clock.now());
        let patch = OrderPatch { kept: Some(facts), is_unread: Some(false), ..OrderPatch::default() };
        let change = judging::judged(
            &record,
            patch,
            &Occasion { now: clock.now(), by: Author::Time, limits: Limits::default() },
        );
        assert_eq!(store.change_orders("shop", &[change], clock.now()).await.unwrap(), [true]);

        let judging =
            Judging::start(&Supervision::default(), store.clone(), clock.clone(), Limits::default());
        clock.sleep(Duration::from_secs(29 * 60 + 30)).await;
        assert!(store.attentions().await.unwrap().is_empty());
        clock.sleep(Duration::from_secs(120)).await;
        let [entry] = <[_; 1]>::try_from(store.attentions().await.unwrap()).unwrap();
        assert_eq!((entry.kind, entry.subject.as_str()), (AttentionKind::WorkerStuck, "PO-1"));
        let record = store.order("shop", "PO-1").await.unwrap().unwrap();
        assert_eq!(record.state, OrderState::HandedOver);
        assert!(record.next_judged_at.is_some_and(|at| at > clock.now()), "when watching ends");
        let before = *store.changes().borrow();
        clock.sleep(Duration::from_secs(3_600)).await;
        assert_eq!(*store.changes().borrow(), before, "nothing is written again");
        drop(judging);
    }
}
