//! Everybody who knows of jobs is compared with the store: this book and the dispatcher's timer. Other processes change jobs and tell
//! nobody; and should anything else ever have been missed, a job would stand there and never fire.

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, Weak};
use std::time::Duration;

use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_store::jobs::JobStanding;
use marktwerk_store::{StoreError, StoreResult};

use super::{Book, Edits};
use crate::dispatcher::Command;
use crate::error::EngineError;

/// How often the store is asked whether what jobs are told to do has changed.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// One look of so many compares each job, whatever the store says.
const EACH_JOB_EVERY: u32 = 4;
/// Comparing takes no more than this part of the time.
const SHARE: u32 = 200;
/// Jobs that are read one by one at the most; more are read together.
const FEW: usize = 50;

/// Compares until the book is gone.
pub(crate) async fn compare(book: Weak<Book>, clock: SharedClock) {
    let mut looks = 0;
    let mut rest = LOOK_EVERY;
    loop {
        clock.sleep(rest).await;
        let Some(book) = book.upgrade() else { return };
        looks = (looks + 1) % EACH_JOB_EVERY;
        let began = clock.monotonic();
        match book.look(looks == 0).await {
            Ok(()) => {}
            // The dispatcher's to say.
            Err(EngineError::Store(StoreError::Unavailable(_))) => {}
            Err(error) => tracing::warn!("jobs are compared with the store again: {error}"),
        }
        rest = LOOK_EVERY.max(clock.monotonic().saturating_sub(began) * SHARE);
    }
}

impl Book {
    async fn look(&self, at_each_job: bool) -> Result<(), EngineError> {
        // No change is under way, and of all that were made the dispatcher has been told.
        let mut edits = self.edits.lock().await;
        let revision = self.store.jobs_revision().await?;
        if !at_each_job && revision == edits.revision {
            return Ok(());
        }
        let standings = self.store.job_standings().await?;
        self.learn(&mut edits, &standings).await?;
        edits.revision = revision;
        // A dispatcher that is gone needs to know nothing any more.
        let _ = self.dispatcher.send(Command::Compare(standings)).await;
        Ok(())
    }

    /// The store has changed a job by itself (its fuse has blown): everybody follows.
    pub(crate) async fn follow_the_store(&self, id: &JobId) -> Result<(), EngineError> {
        let mut edits = self.edits.lock().await;
        if let Some(job) = self.store.job(id).await?.filter(|job| !job.archived) {
            self.changed(&mut edits, vec![job], Vec::new()).await;
        }
        Ok(())
    }

    /// Takes over into this book what stands otherwise in the store; the dispatcher makes its own comparison.
    pub(super) async fn learn(
        &self,
        edits: &mut Edits,
        standings: &[JobStanding],
    ) -> Result<(), EngineError> {
        let (news, gone) = {
            let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
            let living: HashSet<&JobId> = standings.iter().map(|standing| &standing.id).collect();
            let gone: Vec<JobId> = shelf.ids().filter(|id| !living.contains(id)).cloned().collect();
            let is_new = |standing: &&JobStanding| shelf.version(&standing.id) != Some(standing.version);
            let news: Vec<JobId> =
                standings.iter().filter(is_new).map(|standing| standing.id.clone()).collect();
            (news, gone)
        };
        if news.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let jobs = self.jobs_of(&news).await?;
        self.changed(edits, jobs, gone).await;
        Ok(())
    }

    /// Those of these jobs that are not archived.
    pub(crate) async fn jobs_of(&self, ids: &[JobId]) -> StoreResult<Vec<Job>> {
        let mut jobs = Vec::with_capacity(ids.len());
        if ids.len() <= FEW {
            for id in ids {
                jobs.extend(self.store.job(id).await?.filter(|job| !job.archived));
            }
            return Ok(jobs);
        }
        let mut stored: HashMap<JobId, Job> =
            self.store.jobs(false).await?.into_iter().map(|job| (job.id.clone(), job)).collect();
        jobs.extend(ids.iter().filter_map(|id| stored.remove(id)));
        Ok(jobs)
    }
}
