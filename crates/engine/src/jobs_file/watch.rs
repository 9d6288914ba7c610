//! Hand edits while the program runs: taken over within seconds; a broken one leaves the old state and a warning.

use std::sync::{PoisonError, Weak};
use std::time::Duration;

use marktwerk_domain::clock::SharedClock;

use super::adopt::hash;
use crate::engine::Engine;
use crate::error::EngineError;

const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Looks at the file until the engine is gone.
pub(crate) async fn watch(engine: Weak<Engine>, clock: SharedClock) {
    let mut seen = None;
    loop {
        clock.sleep(LOOK_EVERY).await;
        let Some(engine) = engine.upgrade() else { return };
        let Some(file) = &engine.jobs_file else { return };
        let stamp = std::fs::metadata(file.path()).ok().map(|data| (data.modified().ok(), data.len()));
        if stamp == seen {
            continue;
        }
        let warning = match look(&engine).await {
            Ok(()) => None,
            Err(error @ EngineError::Store(_)) => {
                tracing::warn!("the jobs file is looked at again: {error}");
                continue;
            }
            Err(error) => {
                tracing::warn!("the jobs file was not taken over, the old state stays: {error}");
                Some(error.to_string())
            }
        };
        seen = stamp;
        *engine.file_warning.lock().unwrap_or_else(PoisonError::into_inner) = warning;
    }
}

async fn look(engine: &Engine) -> Result<(), EngineError> {
    let Some(file) = &engine.jobs_file else { return Ok(()) };
    let _one_at_a_time = engine.edits.lock().await;
    // A file that was taken away is not an edit: it comes back with the next change.
    let Some(text) = file.read()? else { return Ok(()) };
    if engine.store.fact(file.hash_fact()).await?.as_deref() == Some(hash(&text).as_str()) {
        return Ok(());
    }
    if engine.adopt_if_edited(file, &text).await? {
        tracing::info!("the jobs file was edited by hand and taken over");
    }
    Ok(())
}
