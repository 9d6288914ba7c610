//! What is asked of jobs without changing them.

use std::sync::PoisonError;

use jiff::{Timestamp, Zoned};
use marktwerk_domain::job::{Job, JobId, JobSpec};
use marktwerk_domain::policy::On;
use marktwerk_store::StoreResult;

use super::shelf::Shelf;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::jobs::JobDraft;
use crate::jobs_file::JobsDocument;

/// Times in a preview at the most.
const MOST: usize = 100;

impl Engine {
    /// All jobs by id.
    pub async fn jobs(&self) -> Result<Vec<Job>, EngineError> {
        Ok(self.store.jobs(false).await?)
    }

    /// One job that is not archived.
    pub async fn existing(&self, id: &JobId) -> Result<Job, EngineError> {
        let job = self.store.job(id).await?.filter(|job| !job.archived);
        job.ok_or_else(|| EngineError::UnknownJob(id.to_string()))
    }

    /// Those of these jobs that are there and not archived.
    pub async fn jobs_of(&self, ids: &[JobId]) -> StoreResult<Vec<Job>> {
        self.book.jobs_of(ids).await
    }

    /// The jobs that follow on a job, and on which of its ends. Asks nobody.
    pub fn followers(&self, id: &JobId) -> Vec<(JobId, On)> {
        self.book.shelf.read().unwrap_or_else(PoisonError::into_inner).followers(id)
    }

    /// The next planned times of a job, as if it were enabled.
    pub async fn preview(&self, id: &JobId, count: usize) -> Result<Vec<Zoned>, EngineError> {
        let job = self.existing(id).await?;
        self.times(&job.spec, job.anchor, count)
    }

    /// The next planned times of a job that would be added now.
    pub fn preview_draft(&self, draft: &JobDraft, count: usize) -> Result<Vec<Zoned>, EngineError> {
        self.times(&self.planner.runnable_spec(draft)?, self.clock.now(), count)
    }

    fn times(&self, spec: &JobSpec, anchor: Timestamp, count: usize) -> Result<Vec<Zoned>, EngineError> {
        let timetable = self.planner.timetable(spec, anchor);
        let timetable = timetable.map_err(|error| EngineError::invalid(error.field, error.reason))?;
        Ok(timetable.preview(self.clock.now(), count.min(MOST)))
    }

    /// The jobs file as it stands, or would stand.
    pub async fn export_jobs(&self) -> Result<String, EngineError> {
        let book = &self.book;
        let mut edits = book.edits.lock().await;
        match book.edited_first(&mut edits).await {
            // What is in force can be had all the same, and is what mends the file.
            Ok(()) | Err(EngineError::JobsFileEdited(_)) => {}
            Err(error) => return Err(error),
        }
        if book.file.is_some() {
            return Ok(book.shelf.read().unwrap_or_else(PoisonError::into_inner).file());
        }
        let mut shelf = Shelf::new(true);
        shelf.lay_out(&book.planner, &self.store.jobs(false).await?, &JobsDocument::default());
        Ok(shelf.file())
    }

    /// What stands against the jobs file, where something does: an edit by hand that was not taken over, or that it cannot be written.
    /// After a change it tells whether the file has it.
    pub fn jobs_file_warning(&self) -> Option<String> {
        self.book.warning()
    }
}
