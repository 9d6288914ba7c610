//! Each mutant breaks its promise and no other, and only while it is set.
#![expect(clippy::unwrap_used, reason = "set-up that fails ends its test")]

use std::future::Future;
use std::sync::Arc;

use jiff::tz::TimeZone;
use marktwerk_store::SharedStore;
use marktwerk_store::conformance::{ageing, claim, journal, journal_end, limits, overlap};
use marktwerk_store::mutant::{self, Mutant};
use marktwerk_store::sqlite::SqliteStore;

/// Whether a promise is kept; its function panics where it is not.
async fn holds<F>(promise: impl FnOnce(SharedStore) -> F) -> bool
where
    F: Future<Output = ()> + Send + 'static,
{
    let store = Arc::new(SqliteStore::open_in_memory(TimeZone::UTC).unwrap());
    tokio::spawn(promise(store)).await.is_ok()
}

#[tokio::test]
async fn a_mutant_breaks_its_promise_while_it_is_set() {
    for mutant in [None, Some(Mutant::Overlap), Some(Mutant::Fence), Some(Mutant::Ageing), None] {
        mutant::set(mutant);
        let keeps = |promise: Mutant| mutant != Some(promise);
        assert_eq!(holds(claim::a_job_runs_once_at_a_time).await, keeps(Mutant::Overlap), "{mutant:?}");
        assert_eq!(holds(claim::a_lane_runs_once_at_a_time).await, keeps(Mutant::Overlap), "{mutant:?}");
        assert_eq!(holds(overlap::skip_passes_by_a_busy_job).await, keeps(Mutant::Overlap), "{mutant:?}");
        assert_eq!(holds(journal::an_outdated_epoch_has_no_effect).await, keeps(Mutant::Fence), "{mutant:?}");
        assert_eq!(holds(ageing::a_low_run_is_not_starved).await, keeps(Mutant::Ageing), "{mutant:?}");
        // Next to what is broken: limits of a type, runs that are over, and the order of priorities.
        assert!(holds(limits::a_type_has_a_limit).await, "{mutant:?}");
        assert!(holds(journal_end::a_run_ends_once).await, "{mutant:?}");
        assert!(holds(claim::the_queue_has_an_order).await, "{mutant:?}");
    }
}
