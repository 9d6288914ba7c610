//! When a job would run: the next planned times, in its zone.

use jiff::Zoned;
use marktwerk_domain::job::{JobId, JobSpec};

use super::draft::JobDraft;
use crate::engine::Engine;
use crate::error::EngineError;

/// Times in a preview at the most.
const MOST: usize = 100;

impl Engine {
    /// The next planned times of a job, as if it were enabled.
    pub async fn preview(&self, id: &JobId, count: usize) -> Result<Vec<Zoned>, EngineError> {
        let job = self.existing(id).await?;
        self.times(&job.spec, job.anchor, count)
    }

    /// The next planned times of a job that would be added now.
    pub fn preview_draft(&self, draft: &JobDraft, count: usize) -> Result<Vec<Zoned>, EngineError> {
        self.times(&self.runnable_spec(draft)?, self.clock.now(), count)
    }

    fn times(
        &self,
        spec: &JobSpec,
        anchor: jiff::Timestamp,
        count: usize,
    ) -> Result<Vec<Zoned>, EngineError> {
        let timetable = self.planner.timetable(spec, anchor);
        let timetable = timetable.map_err(|error| EngineError::invalid(error.field, error.reason))?;
        Ok(timetable.preview(self.clock.now(), count.min(MOST)))
    }
}
