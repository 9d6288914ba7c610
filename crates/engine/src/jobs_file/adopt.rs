//! Who wins: at start and while running, a file that differs from what was written last was edited by hand and wins; else
//! the database does.

use std::collections::{BTreeMap, HashSet};

use marktwerk_domain::job::{Job, JobId, JobSpec};
use marktwerk_store::jobs::JobEdit;

use super::{HASH, JobsDocument, JobsFile};
use crate::dispatcher::Command;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::jobs::{JobDraft, check_links};

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
        if self.store.fact(HASH).await?.as_deref() == Some(hash(&text).as_str()) {
            return Ok(());
        }
        match self.adopt_if_edited(file, &text).await {
            Err(EngineError::JobsFile(error)) => Err(EngineError::JobsFileEdited(error)),
            other => other.map(drop),
        }
    }

    /// Takes a hand-edited text over; answers whether it was one.
    pub(crate) async fn adopt_if_edited(&self, file: &JobsFile, text: &str) -> Result<bool, EngineError> {
        let written = self.store.fact(HASH).await?;
        if written.as_deref() == Some(hash(text).as_str()) {
            // The database may be ahead of the file: a crash between the commit and the rename.
            self.write_back().await?;
            return Ok(false);
        }
        let document = JobsDocument::parse(text, file.path())?;
        let wanted = self.wanted(file, text, &document)?;
        let stored = self.store.jobs(false).await?;
        let (mut edits, mut fresh) = (Vec::<JobEdit>::new(), Vec::<Job>::new());
        for (id, spec) in &wanted {
            match stored.iter().find(|job| job.id == *id) {
                Some(job) if job.spec == *spec => {}
                Some(job) => edits.push(self.edit(job, spec.clone())),
                None => fresh.push(self.fresh(id.clone(), spec.clone(), self.clock.now())),
            }
        }
        let gone: Vec<JobId> = stored
            .iter()
            .map(|job| job.id.clone())
            .filter(|id| !wanted.iter().any(|(kept, _)| kept == id))
            .collect();
        // Each commit is told at once: whatever fails afterwards, no job is left that nobody schedules.
        let changed = self.store.edit_jobs(&edits).await?;
        self.tell(Command::JobsChanged(changed)).await;
        self.store.insert_jobs(&fresh).await?;
        self.tell(Command::JobsChanged(fresh)).await;
        self.store.archive_jobs(&gone, self.clock.now()).await?;
        self.tell(Command::JobsArchived(gone)).await;
        self.write_back().await?;
        Ok(true)
    }

    /// Commits are done: the file follows, then its hash is remembered. A file that says so already is left alone.
    pub(crate) async fn write_back(&self) -> Result<(), EngineError> {
        let Some(file) = &self.jobs_file else { return Ok(()) };
        let text = file.read()?;
        let document = match &text {
            Some(text) => JobsDocument::parse(text, file.path()).unwrap_or_default(),
            None => JobsDocument::default(),
        };
        let jobs = self.store.jobs(false).await?;
        let ids = ids(&document, |written| self.registry.resolve(written).ok().map(|(job_type, _)| job_type));
        let mut entries = Vec::with_capacity(jobs.len());
        // The order of the file stays; new jobs follow.
        for ((old, _), id) in document.entries.iter().zip(&ids) {
            if let Some(job) = jobs.iter().find(|job| job.id.as_str() == id) {
                entries.push(self.entry(job, Some(old)));
            }
        }
        entries.extend(jobs.iter().filter(|job| !ids.contains(&job.id.0)).map(|job| self.entry(job, None)));
        let rendered = JobsDocument::render(entries, &document.unknown);
        if text.as_deref() != Some(rendered.as_str()) {
            file.write(&rendered)?;
        }
        self.store.set_fact(HASH, &hash(&rendered)).await?;
        Ok(())
    }

    /// The jobs that a document asks for.
    fn wanted(
        &self,
        file: &JobsFile,
        text: &str,
        document: &JobsDocument,
    ) -> Result<Vec<(JobId, JobSpec)>, EngineError> {
        let mut seen = HashSet::new();
        let mut specs = Vec::new();
        for (entry, offset) in &document.entries {
            let fault =
                |field: &str, reason: &str| JobsDocument::fault(text, file.path(), *offset, field, reason);
            if let Some(id) = &entry.id
                && !seen.insert(id.clone())
            {
                return Err(fault("id", &format!("`{id}` is given twice; ids are unique")).into());
            }
            let spec = self.spec(entry).map_err(|error| match error {
                EngineError::Invalid { field, reason } => fault(&field, &reason).into(),
                other => other,
            })?;
            specs.push(spec);
        }
        let ids = ids(document, |written| self.registry.resolve(written).ok().map(|(job_type, _)| job_type));
        let wanted: Vec<(JobId, JobSpec)> = ids.into_iter().map(JobId).zip(specs).collect();
        let all: BTreeMap<&JobId, &JobSpec> = wanted.iter().map(|(id, spec)| (id, spec)).collect();
        check_links(&all).map_err(|link| {
            let entries = wanted.iter().zip(&document.entries);
            let entry = entries.into_iter().find(|((id, _), _)| *id == link.job);
            let offset = entry.map_or(0, |(_, (_, offset))| *offset);
            JobsDocument::fault(text, file.path(), offset, link.field, &link.reason)
        })?;
        Ok(wanted)
    }

    /// A job as the file says it: in the words that stand there where they still mean the same, and with what others wrote.
    fn entry(&self, job: &Job, old: Option<&JobDraft>) -> JobDraft {
        let Some(old) = old else { return JobDraft::of(job) };
        if self.spec(old).is_ok_and(|spec| spec == job.spec) {
            return old.clone();
        }
        let fresh = JobDraft::of(job);
        JobDraft { id: old.id.clone().or_else(|| fresh.id.clone()), unknown: old.unknown.clone(), ..fresh }
    }
}

/// The id of each entry: its own, or the next free one of its type.
fn ids(document: &JobsDocument, resolve: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut taken: HashSet<String> =
        document.entries.iter().filter_map(|(entry, _)| entry.id.clone()).collect();
    let mut ids = Vec::new();
    for (entry, _) in &document.entries {
        let id = entry.id.clone().unwrap_or_else(|| {
            let job_type = resolve(&entry.job_type).unwrap_or_else(|| entry.job_type.clone());
            JobId::first_free(&job_type, |name| taken.contains(name)).0
        });
        taken.insert(id.clone());
        ids.push(id);
    }
    ids
}

pub(super) fn hash(text: &str) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
