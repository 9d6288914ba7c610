//! All jobs as one document, out of the program and into it: what a copy of the jobs file and a hand edit of it would do, without
//! reaching the file.

use std::path::Path;

use marktwerk_domain::job::{Job, JobId};

use super::{JobsDocument, JobsFileError};
use crate::commands::Commands;
use crate::engine::Engine;
use crate::error::EngineError;

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
}

impl Engine {
    /// The jobs file as it stands, or would stand.
    pub async fn export_jobs(&self) -> Result<String, EngineError> {
        let _one_at_a_time = self.edits.lock().await;
        self.adopt_before_change().await?;
        let document = self.jobs_file.as_ref().map_or(Ok(None), super::JobsFile::read)?;
        let document = match (&self.jobs_file, document) {
            (Some(file), Some(text)) => JobsDocument::parse(&text, file.path())?,
            _ => JobsDocument::default(),
        };
        self.rendered(&document).await
    }
}

impl Commands<'_> {
    /// Takes a document over in place of all jobs, as a hand edit of the file would be. Where it has a fault, nothing is changed,
    /// and [`EngineError::Document`] names it.
    pub async fn import_jobs(self, text: &str, is_dry_run: bool) -> Result<Import, EngineError> {
        let engine = self.engine;
        let _one_at_a_time = engine.edits.lock().await;
        engine.adopt_before_change().await?;
        let path = Path::new("import");
        let of_document = |error| match error {
            EngineError::JobsFile(error @ JobsFileError::Malformed { .. }) => EngineError::Document(error),
            other => other,
        };
        let document = JobsDocument::parse(text, path).map_err(EngineError::Document)?;
        let takeover = self.takeover(path, text, &document).await.map_err(of_document)?;
        let specs =
            takeover.edits.iter().map(|edit| &edit.spec).chain(takeover.fresh.iter().map(|job| &job.spec));
        specs.into_iter().try_for_each(|spec| engine.planner.check_account(spec))?;
        let (edits, fresh) = (takeover.edits.len(), takeover.fresh.len());
        let import = Import {
            added: takeover.fresh.iter().map(|Job { id, .. }| id.clone()).collect(),
            changed: takeover.edits.iter().map(|edit| edit.id.clone()).collect(),
            removed: takeover.gone.clone(),
            unchanged: document.entries.len().saturating_sub(edits + fresh),
        };
        if !is_dry_run {
            self.take_over(takeover).await?;
            engine.write(&document).await?;
        }
        Ok(import)
    }
}
