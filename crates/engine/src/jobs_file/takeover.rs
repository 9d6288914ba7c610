//! The jobs that a document asks for: read in full, with the place of whatever is wrong.

use std::collections::HashSet;
use std::path::Path;

use marktwerk_domain::job::{JobId, JobSpec};

use super::JobsDocument;
use crate::error::EngineError;
use crate::jobs::check_links;
use crate::planner::Planner;

impl Planner {
    /// The jobs that a document asks for; a fault is named with its place.
    pub(crate) fn wanted(
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
        check_links(wanted.iter().map(|(id, spec)| (id, spec))).map_err(|link| {
            let entries = wanted.iter().zip(&document.entries);
            let entry = entries.into_iter().find(|((id, _), _)| *id == link.job);
            let offset = entry.map_or(0, |(_, (_, offset))| *offset);
            JobsDocument::fault(text, path, offset, link.field, &link.reason)
        })?;
        Ok(wanted)
    }

    /// The id of each entry: its own, or the next free one of its type.
    pub(crate) fn ids(&self, document: &JobsDocument) -> Vec<String> {
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
