//! One command after the other for many: in a task of its own, so that neither a caller who goes away nor the limit of time of an
//! answer leaves half of it undone.

use std::fmt::Display;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures::FutureExt;
use marktwerk_domain::run::Run;
use marktwerk_engine::EngineError;
use marktwerk_store::StoreError;
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use crate::state::AppState;

/// The answer is sent after this long, whether the work is done or not.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of the commands so far.
pub(super) struct BulkOutcome<T> {
    pub(super) runs: Vec<Run>,
    pub(super) refused: Vec<Refused<T>>,
    /// How many are still to be told.
    pub(super) under_way: usize,
}

/// One that refused.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Refused<T> {
    id: T,
    /// Why.
    reason: String,
}

impl<T> Refused<T> {
    /// The same under another name.
    pub(super) fn map<U>(self, name: impl FnOnce(T) -> U) -> Refused<U> {
        Refused { id: name(self.id), reason: self.reason }
    }
}

/// Tells each.
pub(super) async fn carry_out<T, F, W>(state: &AppState, ids: Vec<T>, tell: F) -> BulkOutcome<T>
where
    T: Clone + Display + Send + 'static,
    F: Fn(T) -> W + Send + 'static,
    W: Future<Output = Result<Run, EngineError>> + Send,
{
    let mut told = BulkOutcome { runs: Vec::new(), refused: Vec::new(), under_way: ids.len() };
    let (answers, mut receiver) = mpsc::unbounded_channel();
    state.engine.carry_out(async move {
        for id in ids {
            // One that panics is refused like any other, and the rest has its turn.
            let answer = AssertUnwindSafe(tell(id.clone())).catch_unwind().await;
            let answer = answer.unwrap_or_else(|_| {
                Err(EngineError::Store(StoreError::Database("the command panicked".to_owned())))
            });
            let is_over = matches!(answer, Err(EngineError::ShuttingDown));
            if let Err(unheard) = answers.send((id, answer))
                && let (id, Err(error)) = unheard.0
            {
                tracing::warn!("a command for many was answered before it came to {id}: {error}");
            }
            if is_over {
                // Each of the others would be refused, too.
                return;
            }
        }
    });
    let collected = async {
        while let Some((id, answer)) = receiver.recv().await {
            told.under_way -= 1;
            match answer {
                Ok(run) => told.runs.push(run),
                Err(error) => told.refused.push(Refused { id, reason: error.to_string() }),
            }
        }
    };
    tokio::select! {
        biased;
        () = collected => {}
        () = state.engine.clock().sleep(PATIENCE) => {}
    }
    told
}
