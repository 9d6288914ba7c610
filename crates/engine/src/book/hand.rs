//! Changes of jobs by somebody: each is checked against what stands, stored together with its entry of the audit, and then known to
//! everybody. Nothing between the store's answer and that can fail.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::PoisonError;

use marktwerk_domain::audit::{Actor, AuditEntry};
use marktwerk_domain::job::{Job, JobId, JobSpec};
use marktwerk_store::StoreError;
use marktwerk_store::jobs::JobTakeover;
use serde_json::{Map, Value};

use super::{Book, Edits, Unwritten};
use crate::error::EngineError;
use crate::jobs::{JobDraft, Links, check_links, check_links_of, check_new_id};
use crate::jobs_file::{JobsDocument, JobsFileError};
use crate::metrics;

/// Jobs that are read one by one at the most; more are read together.
const FEW: usize = 50;
/// How often something is tried again that another process, or the dispatcher, was quicker with.
const TRIES: u32 = 5;

/// Somebody at work in the book.
pub(crate) struct Hand<'a> {
    pub(crate) book: &'a Book,
    pub(crate) actor: Actor,
}

/// What an import changed, or would change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Import {
    /// Jobs that are new, or come back from the archive.
    pub added: Vec<JobId>,
    /// Jobs that are told to do something else.
    pub changed: Vec<JobId>,
    /// Jobs that the document does not have: archived, their history stays.
    pub removed: Vec<JobId>,
    /// How many stay as they are.
    pub unchanged: usize,
    /// Names in the document that are almost fields of a job, each with its place.
    pub slips: Vec<String>,
}

impl Hand<'_> {
    /// Adds a job under its own id, or the next free one of its type.
    pub(crate) async fn add(&self, draft: JobDraft) -> Result<Job, EngineError> {
        let book = self.book;
        let mut edits = book.edits.lock().await;
        book.edited_first(&mut edits).await?;
        let spec = book.planner.runnable_spec(&draft)?;
        let mut tries = 1;
        let job = loop {
            let id = self.free_id(&draft, &spec)?;
            book.check_with(&[(&id, &spec)])?;
            if !self.was_there(&id).await? {
                check_new_id(id.as_str())?;
            }
            let job = book.fresh(id, spec.clone(), book.clock.now());
            let store = book.store.audited(vec![self.added(&job)]);
            match store.insert_jobs(std::slice::from_ref(&job)).await {
                // As it stands in the store: one that was archived has a history.
                Ok(mut added) => break added.pop().unwrap_or(job),
                // This book does not know it yet.
                Err(StoreError::Exists(_)) if draft.id.is_none() && tries < TRIES => {
                    tries += 1;
                    book.catch_up(&mut edits).await?;
                }
                Err(error) => return Err(error.into()),
            }
        };
        let generation = book.changed(&mut edits, vec![job.clone()], Vec::new()).await;
        drop(edits);
        book.settled(generation).await;
        Ok(job)
    }

    fn free_id(&self, draft: &JobDraft, spec: &JobSpec) -> Result<JobId, EngineError> {
        let shelf = self.book.shelf.read().unwrap_or_else(PoisonError::into_inner);
        match &draft.id {
            Some(id) if shelf.contains(id) => Err(StoreError::Exists(format!("job {id}")).into()),
            Some(id) => Ok(JobId(id.clone())),
            None => Ok(JobId::first_free(&spec.job_type, |name| shelf.contains(name))),
        }
    }

    /// Whether a job of this id was there before, and has a history.
    async fn was_there(&self, id: &JobId) -> Result<bool, EngineError> {
        Ok(check_new_id(id.as_str()).is_err() && self.book.store.job(id).await?.is_some())
    }

    /// Changes jobs, all or none; see [`crate::Commands::change_job`].
    pub(crate) async fn change(
        &self,
        ids: &[JobId],
        patch: &Map<String, Value>,
        expected_version: Option<i64>,
    ) -> Result<Vec<Job>, EngineError> {
        let book = self.book;
        let mut edits = book.edits.lock().await;
        // Pausing works whatever is wrong with the file, the job or its account.
        let only_pauses = patch.len() == 1 && patch.get("enabled") == Some(&Value::Bool(false));
        book.edited_first(&mut edits).await.or_else(|error| only_pauses.then_some(()).ok_or(error))?;
        let mut tries = 0;
        let (mut jobs, changed) = loop {
            let jobs = book.living(ids).await?;
            let (mut changes, mut entries, mut specs) = (Vec::new(), Vec::new(), Vec::new());
            for job in &jobs {
                expect_version(job, expected_version)?;
                let spec = match only_pauses {
                    true => JobSpec { enabled: false, ..job.spec.clone() },
                    false => book.planner.patched(job, patch)?,
                };
                if spec != job.spec {
                    entries.push(self.changed(job, &spec));
                    specs.push((&job.id, spec.clone()));
                    changes.push(book.edit(job, spec));
                }
            }
            if changes.is_empty() {
                return Ok(jobs);
            }
            if !only_pauses {
                let specs: Vec<(&JobId, &JobSpec)> = specs.iter().map(|(id, spec)| (*id, spec)).collect();
                book.check_with(&specs)?;
            }
            match book.store.audited(entries).edit_jobs(&changes).await {
                Ok(changed) => break (jobs, changed),
                // Nobody named a version: the dispatcher, or another process, has changed it since it was read.
                Err(StoreError::VersionConflict { .. }) if expected_version.is_none() && tries < TRIES => {
                    tries += 1
                }
                Err(error) => return Err(error.into()),
            }
        };
        let mut by_id: HashMap<JobId, Job> =
            changed.iter().map(|job| (job.id.clone(), job.clone())).collect();
        let generation = book.changed(&mut edits, changed, Vec::new()).await;
        drop(edits);
        book.settled(generation).await;
        for job in &mut jobs {
            if let Some(changed) = by_id.remove(&job.id) {
                *job = changed;
            }
        }
        Ok(jobs)
    }

    /// Takes jobs out of the schedule and the jobs file, all or none; their history stays.
    pub(crate) async fn remove(
        &self,
        ids: &[JobId],
        expected_version: Option<i64>,
    ) -> Result<(), EngineError> {
        let book = self.book;
        let mut edits = book.edits.lock().await;
        // It works whatever is wrong with the file.
        book.edited_first(&mut edits).await.or_else(|error| match error {
            EngineError::JobsFileEdited(_) => Ok(()),
            error => Err(error),
        })?;
        let jobs = book.living(ids).await?;
        let mut entries = Vec::with_capacity(jobs.len());
        for job in &jobs {
            expect_version(job, expected_version)?;
            entries.push(self.removed(job));
        }
        book.refuse_where_named(ids)?;
        let now = book.clock.now();
        book.store.audited(entries).archive_jobs(ids, now).await?;
        let generation = book.changed(&mut edits, Vec::new(), ids.to_vec()).await;
        drop(edits);
        for id in ids {
            metrics::cancelled_beside(&book.store, id, now).await;
        }
        book.settled(generation).await;
        Ok(())
    }

    /// Takes a document over in place of all jobs; see [`crate::Commands::import_jobs`].
    pub(crate) async fn import(&self, text: &str, is_dry_run: bool) -> Result<Import, EngineError> {
        let book = self.book;
        let mut edits = book.edits.lock().await;
        book.edited_first(&mut edits).await?;
        let path = Path::new("import");
        let of_document = |error| match error {
            EngineError::JobsFile(error @ JobsFileError::Malformed { .. }) => EngineError::Document(error),
            other => other,
        };
        let document = JobsDocument::parse(text, path).map_err(EngineError::Document)?;
        let takeover = self.takeover(path, text, &document, None).await.map_err(of_document)?;
        let edited = takeover.jobs.edits.iter().map(|edit| &edit.spec);
        let specs = edited.chain(takeover.jobs.added.iter().map(|job| &job.spec));
        specs.into_iter().try_for_each(|spec| book.planner.check_account(spec))?;
        let (changed, added) = (takeover.jobs.edits.len(), takeover.jobs.added.len());
        let import = Import {
            added: takeover.jobs.added.iter().map(|job| job.id.clone()).collect(),
            changed: takeover.jobs.edits.iter().map(|edit| edit.id.clone()).collect(),
            removed: takeover.jobs.archived.clone(),
            unchanged: document.entries.len().saturating_sub(changed + added),
            slips: document.slips(text, path),
        };
        if is_dry_run {
            return Ok(import);
        }
        let all = takeover.all.clone();
        let (jobs, gone) = self.carry_out(takeover).await?;
        let all = all.into_iter().filter(|job| !jobs.iter().any(|changed| changed.id == job.id));
        let all: Vec<Job> = all.filter(|job| !gone.contains(&job.id)).chain(jobs.clone()).collect();
        let generation = book.changed(&mut edits, jobs, gone).await;
        book.shelf.write().unwrap_or_else(PoisonError::into_inner).lay_out(&book.planner, &all, &document);
        drop(edits);
        book.settled(generation).await;
        Ok(import)
    }

    /// What taking a document over would change; a fault of it is named with its place. Of jobs that were changed since the file was
    /// written, the document says something only where it says something else than the file did.
    pub(super) async fn takeover(
        &self,
        path: &Path,
        text: &str,
        document: &JobsDocument,
        unwritten: Option<&Unwritten>,
    ) -> Result<Takeover, EngineError> {
        let book = self.book;
        let wanted = book.planner.wanted(path, text, document)?;
        let stored = book.store.jobs(false).await?;
        let stays = |id: &JobId, wanted: Option<&JobSpec>| {
            let in_file = unwritten.and_then(|unwritten| unwritten.get(id)?.first());
            in_file.is_some_and(|(_, text)| book.spec_of(text.as_deref()).as_ref() == wanted)
        };
        let by_id: HashMap<&JobId, &Job> = stored.iter().map(|job| (&job.id, job)).collect();
        let names: HashSet<&JobId> = wanted.iter().map(|(id, _)| id).collect();
        let (mut jobs, mut entries) = (JobTakeover::default(), Vec::new());
        let mut standing: HashMap<&JobId, &JobSpec> = HashMap::new();
        for job in &stored {
            if names.contains(&job.id) {
                continue;
            }
            match stays(&job.id, None) {
                true => drop(standing.insert(&job.id, &job.spec)),
                false => {
                    entries.push(self.removed(job));
                    jobs.archived.push(job.id.clone());
                }
            }
        }
        for ((id, spec), (_, offset)) in wanted.iter().zip(&document.entries) {
            let job = by_id.get(id);
            let stays = job.is_none_or(|job| job.spec != *spec) && stays(id, Some(spec));
            match job {
                Some(job) if stays || job.spec == *spec => drop(standing.insert(id, &job.spec)),
                None if stays => {}
                Some(job) => {
                    standing.insert(id, spec);
                    entries.push(self.changed(job, spec));
                    jobs.edits.push(book.edit(job, spec.clone()));
                }
                None => {
                    if !self.was_there(id).await? {
                        check_new_id(id.as_str()).map_err(|error| match error {
                            EngineError::Invalid { field, reason } => {
                                JobsDocument::fault(text, path, *offset, &field, &reason).into()
                            }
                            other => other,
                        })?;
                    }
                    standing.insert(id, spec);
                    let job = book.fresh(id.clone(), spec.clone(), book.clock.now());
                    entries.push(self.added(&job));
                    jobs.added.push(job);
                }
            }
        }
        // The document alone fits together; with what stays beside it, it may not.
        if let Err(link) = check_links(standing.iter().map(|(id, spec)| (*id, *spec))) {
            let entry = wanted.iter().zip(&document.entries).find(|((id, _), _)| *id == link.job);
            let offset = entry.map_or(0, |(_, (_, offset))| *offset);
            return Err(JobsDocument::fault(text, path, offset, link.field, &link.reason).into());
        }
        drop((standing, names, by_id));
        Ok(Takeover { jobs, entries, all: stored })
    }

    /// Stores it, all or nothing. Answers with what was changed and what is gone, which everybody else is still to be told.
    pub(super) async fn carry_out(&self, takeover: Takeover) -> Result<(Vec<Job>, Vec<JobId>), EngineError> {
        let Takeover { jobs, entries, all: _ } = takeover;
        if jobs == JobTakeover::default() {
            return Ok((Vec::new(), Vec::new()));
        }
        let (book, now) = (self.book, self.book.clock.now());
        let changed = book.store.audited(entries).take_over_jobs(&jobs, now).await?;
        for id in &jobs.archived {
            metrics::cancelled_beside(&book.store, id, now).await;
        }
        Ok((changed, jobs.archived))
    }
}

/// What a document changes, with the entries of the audit that are stored with it.
pub(super) struct Takeover {
    pub(super) jobs: JobTakeover,
    entries: Vec<AuditEntry>,
    /// The jobs before.
    all: Vec<Job>,
}

fn expect_version(job: &Job, expected_version: Option<i64>) -> Result<(), EngineError> {
    match expected_version.filter(|expected| *expected != job.version) {
        None => Ok(()),
        Some(expected) => {
            let what = format!("job {}", job.id);
            Err(StoreError::VersionConflict { what, expected, found: job.version }.into())
        }
    }
}

impl Book {
    /// The jobs of these ids, none of them archived.
    async fn living(&self, ids: &[JobId]) -> Result<Vec<Job>, EngineError> {
        let unknown = |id: &JobId| EngineError::UnknownJob(id.to_string());
        let mut jobs = Vec::with_capacity(ids.len());
        if ids.len() <= FEW {
            for id in ids {
                let job = self.store.job(id).await?.filter(|job| !job.archived);
                jobs.push(job.ok_or_else(|| unknown(id))?);
            }
            return Ok(jobs);
        }
        let stored = self.store.jobs(false).await?;
        let mut by_id: HashMap<JobId, Job> = stored.into_iter().map(|job| (job.id.clone(), job)).collect();
        for id in ids {
            jobs.push(by_id.remove(id).ok_or_else(|| unknown(id))?);
        }
        Ok(jobs)
    }

    /// Checks the links of jobs as all would stand with these.
    fn check_with(&self, changed: &[(&JobId, &JobSpec)]) -> Result<(), EngineError> {
        let links: HashMap<&JobId, Links> = changed.iter().map(|(id, spec)| (*id, Links::of(spec))).collect();
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        let known = |id: &JobId| links.get(id).or_else(|| shelf.links(id));
        Ok(check_links_of(changed.iter().map(|(id, _)| *id), &known)?)
    }

    /// Refuses to take jobs away while others name them.
    fn refuse_where_named(&self, ids: &[JobId]) -> Result<(), EngineError> {
        let going: HashSet<&JobId> = ids.iter().collect();
        let shelf = self.shelf.read().unwrap_or_else(PoisonError::into_inner);
        for id in ids {
            if let Some(other) = shelf.named_by(id).find(|other| !going.contains(other)) {
                let follows =
                    shelf.links(other).is_some_and(|links| links.after.iter().any(|after| after.job == *id));
                let field = if follows { "after" } else { "conditions" };
                let reason = format!("job `{other}` still names it; change that one first");
                return Err(EngineError::invalid(field, reason));
            }
        }
        Ok(())
    }

    /// What a text of the file tells a job to do.
    fn spec_of(&self, text: Option<&str>) -> Option<JobSpec> {
        let draft = JobDraft::read(serde_json::from_str(text?).ok()?).ok()?;
        self.planner.spec(&draft).ok()
    }

    /// Learns what other processes did to jobs.
    async fn catch_up(&self, edits: &mut Edits) -> Result<(), EngineError> {
        let standings = self.store.job_standings().await?;
        self.learn(edits, &standings).await
    }
}
