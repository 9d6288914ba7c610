//! One job at a time: added, changed, removed.

use std::collections::BTreeMap;

use marktwerk_domain::audit::AuditEntry;
use marktwerk_domain::job::{Job, JobId, JobSpec};
use marktwerk_store::StoreError;
use serde_json::{Map, Value};

use super::draft::{JobDraft, SCHEDULES};
use super::links::check_links;
use crate::commands::Commands;
use crate::dispatcher::Command;
use crate::engine::Engine;
use crate::error::EngineError;
use crate::metrics;

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

    /// Takes jobs out of the schedule; runs of them that wait become cancelled.
    pub(crate) async fn archive(&self, ids: Vec<JobId>, entries: Vec<AuditEntry>) -> Result<(), EngineError> {
        let now = self.clock.now();
        self.store.audited(entries).archive_jobs(&ids, now).await?;
        for id in &ids {
            metrics::cancelled_beside(&self.store, id, now).await;
        }
        self.tell(Command::JobsArchived(ids)).await;
        Ok(())
    }

    /// What a job would be told to do after a patch.
    pub(crate) fn patched(&self, job: &Job, patch: &Map<String, Value>) -> Result<JobSpec, EngineError> {
        if let Some(field) = ["id", "job_type"].into_iter().find(|field| patch.contains_key(*field)) {
            return Err(EngineError::invalid(field, "stays for the life of a job; add another job instead"));
        }
        Self::check_names(patch)?;
        let mut document = match serde_json::to_value(JobDraft::of(job)) {
            Ok(Value::Object(document)) => document,
            _ => return Err(EngineError::invalid("job", "cannot be written as JSON")),
        };
        // Another kind of schedule takes the place of the one that is there.
        if SCHEDULES.iter().any(|field| patch.contains_key(*field)) {
            SCHEDULES.iter().for_each(|field| drop(document.remove(*field)));
            document.remove("from");
        }
        for (name, value) in patch {
            match value {
                Value::Null => document.remove(name),
                value => document.insert(name.clone(), value.clone()),
            };
        }
        // A job whose type is not in this version can be replaced, too.
        let spec = self.planner.spec(&Self::known_fields(JobDraft::read(Value::Object(document))?)?)?;
        self.planner.check_account(&spec)?;
        Ok(spec)
    }
}

impl Commands<'_> {
    /// Adds a job under its own id, or the next free one of its type.
    pub async fn add_job(self, draft: JobDraft) -> Result<Job, EngineError> {
        let engine = self.engine;
        let _one_at_a_time = engine.edits.lock().await;
        engine.adopt_before_change().await?;
        let spec = engine.runnable_spec(&draft)?;
        let jobs = engine.store.jobs(false).await?;
        let is_taken = |name: &str| jobs.iter().any(|job| job.id.as_str() == name);
        let id = match &draft.id {
            Some(id) if is_taken(id) => return Err(StoreError::Exists(format!("job {id}")).into()),
            Some(id) => JobId(id.clone()),
            None => JobId::first_free(&spec.job_type, is_taken),
        };
        check_with(&jobs, &[(&id, &spec)])?;
        let job = engine.fresh(id, spec, engine.clock.now());
        engine.store.audited(vec![self.added(&job)]).insert_jobs(std::slice::from_ref(&job)).await?;
        // As it stands in the store: one that was archived has a history.
        let job = engine.existing(&job.id).await?;
        engine.tell(Command::JobsChanged(vec![job.clone()])).await;
        engine.write_back().await?;
        Ok(job)
    }

    /// Changes the fields of a job that `patch` names, as they are written in a draft (`null` takes one back to its default).
    /// With another version than `expected_version` it is a conflict. Nothing happens where it stands so already.
    pub async fn change_job(
        self,
        id: &JobId,
        patch: &Map<String, Value>,
        expected_version: Option<i64>,
    ) -> Result<Job, EngineError> {
        let mut jobs = self.change_jobs(std::slice::from_ref(id), patch, expected_version).await?;
        jobs.pop().ok_or_else(|| EngineError::UnknownJob(id.to_string()))
    }

    /// The same change of several jobs, all or none.
    pub async fn change_jobs(
        self,
        ids: &[JobId],
        patch: &Map<String, Value>,
        expected_version: Option<i64>,
    ) -> Result<Vec<Job>, EngineError> {
        let engine = self.engine;
        let _one_at_a_time = engine.edits.lock().await;
        // Pausing works whatever is wrong with the file, the job or its account.
        let only_pauses = patch.len() == 1 && patch.get("enabled") == Some(&Value::Bool(false));
        let is_readable = match engine.adopt_before_change().await {
            Err(error @ (EngineError::JobsFile(_) | EngineError::JobsFileEdited(_))) if only_pauses => {
                tracing::warn!("the pause holds, and the jobs file does not say so yet: {error}");
                false
            }
            adopted => adopted.map(|()| true)?,
        };
        let jobs = engine.store.jobs(false).await?;
        let (mut edits, mut entries) = (Vec::new(), Vec::new());
        for id in ids {
            let job = jobs.iter().find(|job| job.id == *id);
            let job = job.ok_or_else(|| EngineError::UnknownJob(id.to_string()))?;
            if let Some(expected) = expected_version.filter(|expected| *expected != job.version) {
                let what = format!("job {id}");
                return Err(StoreError::VersionConflict { what, expected, found: job.version }.into());
            }
            let spec = match only_pauses {
                true => JobSpec { enabled: false, ..job.spec.clone() },
                false => engine.patched(job, patch)?,
            };
            if spec != job.spec {
                entries.push(self.changed(job, &spec));
                edits.push(engine.edit(job, spec));
            }
        }
        let specs: Vec<(&JobId, &JobSpec)> = edits.iter().map(|edit| (&edit.id, &edit.spec)).collect();
        if !only_pauses {
            check_with(&jobs, &specs)?;
        }
        if !edits.is_empty() {
            let changed = engine.store.audited(entries).edit_jobs(&edits).await?;
            engine.tell(Command::JobsChanged(changed)).await;
            if is_readable && let Err(error) = engine.write_back().await {
                if !only_pauses {
                    return Err(error);
                }
                tracing::warn!("the pause holds, and the jobs file does not say so yet: {error}");
            }
        }
        let mut changed = Vec::with_capacity(ids.len());
        for id in ids {
            changed.push(engine.existing(id).await?);
        }
        Ok(changed)
    }

    /// Takes a job out of the schedule and the jobs file; its history stays. Refused while others follow on it.
    pub async fn remove_job(self, id: &JobId, expected_version: Option<i64>) -> Result<(), EngineError> {
        self.remove_jobs(std::slice::from_ref(id), expected_version).await
    }

    /// The same of several jobs, all or none.
    pub async fn remove_jobs(self, ids: &[JobId], expected_version: Option<i64>) -> Result<(), EngineError> {
        let engine = self.engine;
        let _one_at_a_time = engine.edits.lock().await;
        engine.adopt_before_change().await?;
        let jobs = engine.store.jobs(false).await?;
        let mut entries = Vec::new();
        for id in ids {
            let job = jobs.iter().find(|job| job.id == *id);
            let job = job.ok_or_else(|| EngineError::UnknownJob(id.to_string()))?;
            if let Some(expected) = expected_version.filter(|expected| *expected != job.version) {
                let what = format!("job {id}");
                return Err(StoreError::VersionConflict { what, expected, found: job.version }.into());
            }
            entries.push(self.removed(job));
        }
        let rest: BTreeMap<&JobId, &JobSpec> =
            jobs.iter().filter(|job| !ids.contains(&job.id)).map(|job| (&job.id, &job.spec)).collect();
        check_links(&rest).map_err(|link| {
            let reason = format!("job `{}` still names it; change that one first", link.job);
            EngineError::invalid(link.field, reason)
        })?;
        engine.archive(ids.to_vec(), entries).await?;
        engine.write_back().await
    }
}

/// Checks the links of all jobs as they would stand with these.
fn check_with(jobs: &[Job], changed: &[(&JobId, &JobSpec)]) -> Result<(), EngineError> {
    let mut all: BTreeMap<&JobId, &JobSpec> = jobs.iter().map(|job| (&job.id, &job.spec)).collect();
    all.extend(changed.iter().copied());
    Ok(check_links(&all)?)
}
