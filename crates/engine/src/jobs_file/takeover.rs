//! From a document of jobs to the changes that make the stored jobs equal to it: read in full first, committed then.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use marktwerk_domain::job::{Job, JobId, JobSpec};
use marktwerk_store::jobs::JobEdit;

use super::{JobsDocument, read};
use crate::dispatcher::Command;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::jobs::check_links;
use crate::planner::Planner;
use crate::registry::Registry;

/// What a document changes.
pub(super) struct Takeover {
    pub(super) edits: Vec<JobEdit>,
    pub(super) fresh: Vec<Job>,
    pub(super) gone: Vec<JobId>,
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
    Planner { registry, zone, pace: None }.wanted(path, &text, &document).map(Some)
}

impl Engine {
    /// What taking a document over would change; a fault of it is named with its place.
    pub(super) async fn takeover(
        &self,
        path: &Path,
        text: &str,
        document: &JobsDocument,
    ) -> Result<Takeover, EngineError> {
        let wanted = self.planner.wanted(path, text, document)?;
        let stored = self.store.jobs(false).await?;
        let is_wanted = |id: &JobId| wanted.iter().any(|(kept, _)| kept == id);
        let gone = stored.iter().map(|job| &job.id).filter(|id| !is_wanted(id)).cloned().collect();
        let (mut edits, mut fresh) = (Vec::new(), Vec::new());
        for (id, spec) in &wanted {
            match stored.iter().find(|job| job.id == *id) {
                Some(job) if job.spec == *spec => {}
                Some(job) => edits.push(self.edit(job, spec.clone())),
                None => fresh.push(self.fresh(id.clone(), spec.clone(), self.clock.now())),
            }
        }
        Ok(Takeover { edits, fresh, gone })
    }

    /// Carries it out. Each commit is told at once: whatever fails afterwards, no job is left that nobody schedules.
    pub(super) async fn take_over(&self, takeover: Takeover) -> Result<(), EngineError> {
        let Takeover { edits, fresh, gone } = takeover;
        let changed = self.store.edit_jobs(&edits).await?;
        self.tell(Command::JobsChanged(changed)).await;
        self.store.insert_jobs(&fresh).await?;
        self.tell(Command::JobsChanged(fresh)).await;
        self.archive(gone).await?;
        Ok(())
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
