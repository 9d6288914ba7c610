//! The message `jobs_update`: built once per change for all sockets, four times a second at the most, and not at all while
//! nobody listens.

use std::time::Duration;

use axum::extract::ws::Utf8Bytes;
use marktwerk_store::StoreResult;
use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Source;
use crate::documented::job_items;

/// Between two rebuilds.
const THROTTLE: Duration = Duration::from_millis(250);
/// After a rebuild that failed.
const PATIENCE: Duration = Duration::from_secs(2);

/// The job list as the latest message about it.
#[derive(Debug, Clone)]
pub(crate) struct Board {
    latest: watch::Sender<Utf8Bytes>,
}

impl Board {
    pub(crate) fn new() -> Self {
        Self { latest: watch::Sender::new(Utf8Bytes::from_static("")) }
    }

    /// Follows the messages from now on.
    pub(crate) fn follow(&self) -> watch::Receiver<Utf8Bytes> {
        self.latest.subscribe()
    }

    /// Keeps the message up to date until `closing`.
    pub(crate) async fn keep(self, source: Source, closing: CancellationToken) {
        tokio::select! {
            () = closing.cancelled() => {}
            () = self.rebuild(source) => {}
        }
    }

    async fn rebuild(&self, source: Source) {
        let mut changes = source.store().changes();
        let mut seen = None;
        while changes.changed().await.is_ok() {
            let now = *changes.borrow_and_update();
            // A stored line changes the list too: it shows each job's latest ones.
            if self.latest.receiver_count() == 0 || seen == Some((now.jobs, now.highest_log_id)) {
                continue;
            }
            let pause = match message(&source).await {
                Ok(message) => {
                    seen = Some((now.jobs, now.highest_log_id));
                    self.latest.send_replace(message);
                    THROTTLE
                }
                Err(error) => {
                    tracing::warn!("the live job list could not be read: {error}");
                    changes.mark_changed();
                    PATIENCE
                }
            };
            source.engine().clock().sleep(pause).await;
        }
    }
}

/// The message as things stand now.
pub(super) async fn message(source: &Source) -> StoreResult<Utf8Bytes> {
    let jobs = job_items(source).await?;
    Ok(json!({ "type": "jobs_update", "data": jobs }).to_string().into())
}
