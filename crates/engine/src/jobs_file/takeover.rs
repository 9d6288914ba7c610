//! From a document of jobs to the changes that make the stored jobs equal to it: read in full first, committed then.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use marktwerk_domain::audit::AuditEntry;
use marktwerk_domain::job::{Job, JobId, JobSpec};
use marktwerk_store::jobs::JobEdit;

use super::{JobsDocument, read};
use crate::commands::Commands;
use crate::dispatcher::Command;
use crate::error::EngineError;
use crate::jobs::check_links;
use crate::planner::Planner;
use crate::registry::Registry;

/// What a document changes, each with the entries of the audit that are stored with it.
pub(super) struct Takeover {
    pub(super) edits: Vec<JobEdit>,
    pub(super) fresh: Vec<Job>,
    pub(super) gone: Vec<JobId>,
    edited: Vec<AuditEntry>,
    added: Vec<AuditEntry>,
    removed: Vec<AuditEntry>,
}

/// The jobs that a start would take from the file at `path`, `None` where there is no file: for a look, nothing is written.
///
/// # Errors
/// With the place of whatever would end the start.
pub fn examine(
    path: &Path,
    registry: Arc<Registry>,
    zone: TimeZone,
) -> Result<Option<Vec<(JobId, JobSpec)>>, EngineError> {
    let Some(text) = read(path)? else { return Ok(None) };
    let document = JobsDocument::parse(&text, path)?;
    let planner = Planner { registry, zone, pace: None };
    let jobs = planner.wanted(path, &text, &document)?;
    for ((_, spec), (_, offset)) in jobs.iter().zip(&document.entries) {
        if let Err(EngineError::Invalid { field, reason }) = planner.check_account(spec) {
            return Err(JobsDocument::fault(&text, path, *offset, &field, &reason).into());
        }
    }
    Ok(Some(jobs))
}

impl Commands<'_> {
    /// What taking a document over would change; a fault of it is named with its place.
    pub(super) async fn takeover(
        &self,
        path: &Path,
        text: &str,
        document: &JobsDocument,
    ) -> Result<Takeover, EngineError> {
        let engine = self.engine;
        let wanted = engine.planner.wanted(path, text, document)?;
        let stored = engine.store.jobs(false).await?;
        let is_wanted = |id: &JobId| wanted.iter().any(|(kept, _)| kept == id);
        let unwanted = stored.iter().filter(|job| !is_wanted(&job.id));
        let (gone, removed) = unwanted.map(|job| (job.id.clone(), self.removed(job))).unzip();
        let (mut edits, mut edited) = (Vec::new(), Vec::new());
        let (mut fresh, mut added) = (Vec::new(), Vec::new());
        for (id, spec) in &wanted {
            match stored.iter().find(|job| job.id == *id) {
                Some(job) if job.spec == *spec => {}
                Some(job) => {
                    edits.push(engine.edit(job, spec.clone()));
                    edited.push(self.changed(job, spec));
                }
                None => {
                    let job = engine.fresh(id.clone(), spec.clone(), engine.clock.now());
                    added.push(self.added(&job));
                    fresh.push(job);
                }
            }
        }
        Ok(Takeover { edits, fresh, gone, edited, added, removed })
    }

    /// Carries it out. Each commit is told at once: whatever fails afterwards, no job is left that nobody schedules.
    pub(super) async fn take_over(&self, takeover: Takeover) -> Result<(), EngineError> {
        let engine = self.engine;
        let Takeover { edits, fresh, gone, edited, added, removed } = takeover;
        let changed = engine.store.audited(edited).edit_jobs(&edits).await?;
        engine.tell(Command::JobsChanged(changed)).await;
        engine.store.audited(added).insert_jobs(&fresh).await?;
        engine.tell(Command::JobsChanged(fresh)).await;
        engine.archive(gone, removed).await
    }
}

impl Planner {
    /// The jobs that a document asks for; a fault is named with its place.
    fn wanted(
        &self,
        path: &Path,
        text: &str,
        document: &JobsDocument,
    ) -> Result<Vec<(JobId, JobSpec)>, EngineError> {
        let mut seen = HashSet::new();
        let mut specs = Vec::new();
        for (entry, offset) in &document.entries {
            let fault = |field: &str, reason: &str| JobsDocument::fault(text, path, *offset, field, reason);
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
        let wanted: Vec<(JobId, JobSpec)> = self.ids(document).into_iter().map(JobId).zip(specs).collect();
        let all: BTreeMap<&JobId, &JobSpec> = wanted.iter().map(|(id, spec)| (id, spec)).collect();
        check_links(&all).map_err(|link| {
            let entries = wanted.iter().zip(&document.entries);
            let entry = entries.into_iter().find(|((id, _), _)| *id == link.job);
            let offset = entry.map_or(0, |(_, (_, offset))| *offset);
            JobsDocument::fault(text, path, offset, link.field, &link.reason)
        })?;
        Ok(wanted)
    }

    /// The id of each entry: its own, or the next free one of its type.
    pub(super) fn ids(&self, document: &JobsDocument) -> Vec<String> {
        let mut taken: HashSet<String> =
            document.entries.iter().filter_map(|(entry, _)| entry.id.clone()).collect();
        let mut ids = Vec::new();
        for (entry, _) in &document.entries {
            let id = entry.id.clone().unwrap_or_else(|| {
                let resolved = self.registry.resolve(&entry.job_type).map(|(job_type, _)| job_type);
                let job_type = resolved.unwrap_or_else(|_| entry.job_type.clone());
                JobId::first_free(&job_type, |name| taken.contains(name)).0
            });
            taken.insert(id.clone());
            ids.push(id);
        }
        ids
    }
}
