//! What a write call works with: the transaction, under the application lock of its half of the store, and the note of what it moved.

use marktwerk_domain::run::RunId;
use marktwerk_sqlserver::Connection;

use super::lease_clock::LeaseClock;
use crate::effects::Effects;

/// The lock of whoever writes jobs, runs, their lines and alerts.
pub(crate) const SCHEDULER: &str = "marktwerk scheduler";
/// The lock of whoever writes orders, listings and the attention list.
pub(crate) const BUSINESS: &str = "marktwerk business";

/// One call inside its transaction.
pub(crate) struct Writing<'a> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) effects: Effects,
    pub(crate) leases: LeaseClock,
    /// The run that this call queues: an entry of the audit that is stored with it is about that run.
    pub(crate) queued: Option<RunId>,
    /// Nothing was as the caller expected it, and nothing was changed: entries of the audit that the call carries are not stored.
    pub(crate) changed_nothing: bool,
}

/// Writes in one transaction under a lock: `write!(store, "name", LOCK, |writing| future)`. The future answers a `StoreResult` and may be
/// asked for more than once. Entries of the audit that the store carries are stored with it. Those who watch are told when it is committed.
macro_rules! write_in {
    ($store:expr, $name:expr, $lock:expr, |$writing:ident| $work:expr) => {{
        let store: &$crate::sqlserver::SqlServerStore = $store;
        let carried = store.carried.entries();
        let done: $crate::StoreResult<_> =
            marktwerk_sqlserver::transaction!(store.pool, $name, |connection| async {
                connection.lock($lock).await?;
                let mut writing = $crate::sqlserver::writing::Writing {
                    connection,
                    effects: $crate::effects::Effects::default(),
                    leases: store.leases,
                    queued: None,
                    changed_nothing: false,
                };
                let $writing = &mut writing;
                let answer = $work.await?;
                if !writing.changed_nothing {
                    $crate::sqlserver::audit::insert(&mut writing, &carried).await?;
                }
                Ok::<_, $crate::StoreError>((answer, writing.effects, writing.changed_nothing))
            });
        done.map(|(answer, effects, changed_nothing)| {
            if !changed_nothing {
                store.carried.are_stored();
            }
            store.tell(&effects);
            answer
        })
    }};
}
pub(crate) use write_in;
