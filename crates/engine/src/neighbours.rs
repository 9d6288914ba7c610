//! Other processes on the same store add, change and take away jobs, and tell nobody: this one looks.

use std::collections::HashMap;
use std::sync::Weak;
use std::time::Duration;

use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::job::JobId;
use marktwerk_store::StoreError;

use crate::engine::Engine;
use crate::error::EngineError;

const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Follows the store until the engine is gone. `known` are the living jobs and their versions at the start.
pub(crate) async fn follow(engine: Weak<Engine>, clock: SharedClock, mut known: HashMap<JobId, i64>) {
    loop {
        clock.sleep(LOOK_EVERY).await;
        let Some(engine) = engine.upgrade() else { return };
        match engine.follow_neighbours(&known).await {
            Ok(now) => known = now,
            // The dispatcher's to say.
            Err(EngineError::Store(StoreError::Unavailable(_))) => {}
            Err(error) => tracing::warn!("changes of other processes are looked for again: {error}"),
        }
    }
}
