//! The runs that a job has at work or in the queue, as the overlap policy looks at them on every database.

use marktwerk_domain::run::{RunId, RunState};

/// A run that may be in the way of another.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) id: RunId,
    pub(crate) state: RunState,
    pub(crate) attempt: u32,
}

impl Live {
    pub(crate) fn has_begun(&self) -> bool {
        self.attempt > 0
    }
}

/// Why there is no room; the running one says more than the others.
pub(crate) fn in_the_way(live: &[Live]) -> String {
    let running = live.iter().find(|live| live.state == RunState::Running);
    match running.or(live.first()) {
        Some(live) => format!("run {} is still {}", live.id, live.state.as_str()),
        None => "the job has no room for another run".to_owned(),
    }
}
