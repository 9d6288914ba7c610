//! Who wins: at start and while running, a file that differs from what was written last was edited by hand and wins; else
//! the database does.

use marktwerk_domain::audit::Actor;
use marktwerk_domain::job::Job;
use marktwerk_store::StoreError;

use super::{JobsDocument, JobsFile};
use crate::engine::Engine;
use crate::error::EngineError;
use crate::jobs::JobDraft;

/// How often a file is compared with jobs that other processes change meanwhile.
const TRIES: u32 = 5;

impl Engine {
    /// At start: the file's jobs where it was edited, the database's where not, the defaults where there is neither.
    pub(crate) async fn adopt_jobs_file(&self) -> Result<(), EngineError> {
        let Some(file) = &self.jobs_file else { return Ok(()) };
        let _one_at_a_time = self.edits.lock().await;
        match file.read()? {
            Some(text) => self.adopt_if_edited(file, &text).await.map(drop),
            None => self.write_back().await,
        }
    }

    /// Before a change of jobs: a hand edit that nobody has looked at yet comes first, and one that cannot be read must not be
    /// written over. Called with the lock on edits.
    pub(crate) async fn adopt_before_change(&self) -> Result<(), EngineError> {
        let Some(file) = &self.jobs_file else { return Ok(()) };
        let text = file.read().map_err(EngineError::JobsFileEdited)?;
        let Some(text) = text else { return Ok(()) };
        if self.store.fact(file.hash_fact()).await?.as_deref() == Some(hash(&text).as_str()) {
            return Ok(());
        }
        match self.adopt_if_edited(file, &text).await {
            Err(EngineError::JobsFile(error)) => Err(EngineError::JobsFileEdited(error)),
            other => other.map(drop),
        }
    }

    /// Takes a hand-edited text over; answers whether it was one.
    pub(crate) async fn adopt_if_edited(&self, file: &JobsFile, text: &str) -> Result<bool, EngineError> {
        let written = self.store.fact(file.hash_fact()).await?;
        if written.as_deref() == Some(hash(text).as_str()) {
            // The database may be ahead of the file: a crash between the commit and the rename.
            self.write_back().await?;
            return Ok(false);
        }
        let document = JobsDocument::parse(text, file.path())?;
        let by_hand = self.on_behalf_of(Actor::jobs_file());
        let mut tries = 1;
        loop {
            let takeover = by_hand.takeover(file.path(), text, &document).await?;
            match by_hand.take_over(takeover).await {
                // Another process was faster, as when two begin at once on an empty store: what is left to do is asked again.
                Err(EngineError::Store(StoreError::Exists(_) | StoreError::VersionConflict { .. }))
                    if tries < TRIES =>
                {
                    tries += 1;
                }
                taken_over => break taken_over?,
            }
        }
        self.write_back().await?;
        Ok(true)
    }

    /// Commits are done: the file follows, then its hash is remembered.
    pub(crate) async fn write_back(&self) -> Result<(), EngineError> {
        let Some(file) = &self.jobs_file else { return Ok(()) };
        let text = file.read()?;
        let parsed = text.as_deref().map(|text| JobsDocument::parse(text, file.path()).unwrap_or_default());
        self.write(&parsed.unwrap_or_default()).await
    }

    /// Writes the jobs in the words of `document`. A file that says so already is left alone.
    pub(super) async fn write(&self, document: &JobsDocument) -> Result<(), EngineError> {
        let Some(file) = &self.jobs_file else { return Ok(()) };
        let rendered = self.rendered(document).await?;
        if file.read()?.as_deref() != Some(rendered.as_str()) {
            file.write(&rendered)?;
        }
        self.store.set_fact(file.hash_fact(), &hash(&rendered)).await?;
        Ok(())
    }

    /// The jobs as a document, in the order and the words of another.
    pub(super) async fn rendered(&self, document: &JobsDocument) -> Result<String, EngineError> {
        let jobs = self.store.jobs(false).await?;
        let ids = self.planner.ids(document);
        let mut entries = Vec::with_capacity(jobs.len());
        for ((old, _), id) in document.entries.iter().zip(&ids) {
            if let Some(job) = jobs.iter().find(|job| job.id.as_str() == id) {
                entries.push(self.entry(job, Some(old)));
            }
        }
        // New jobs follow.
        entries.extend(jobs.iter().filter(|job| !ids.contains(&job.id.0)).map(|job| self.entry(job, None)));
        Ok(JobsDocument::render(entries, &document.unknown))
    }

    /// A job as the file says it: in the words that stand there where they still mean the same, and with what others wrote.
    fn entry(&self, job: &Job, old: Option<&JobDraft>) -> JobDraft {
        let Some(old) = old else { return JobDraft::of(job) };
        if self.planner.spec(old).is_ok_and(|spec| spec == job.spec) {
            return old.clone();
        }
        let fresh = JobDraft::of(job);
        JobDraft { id: old.id.clone().or_else(|| fresh.id.clone()), unknown: old.unknown.clone(), ..fresh }
    }
}

pub(super) fn hash(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
