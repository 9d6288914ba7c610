//! Edits of the jobs file by hand. At start and while running, a file that is not as it was written last was edited by hand and wins:
//! for each job of which it says something else than the program wrote there. What was changed meanwhile by other means, and is not in
//! the file yet, stays.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use marktwerk_domain::audit::Actor;
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_store::StoreError;

use super::writing::Known;
use super::{Book, BookFile, Edits, Hand};
use crate::error::EngineError;
use crate::jobs_file::disk::Found;
use crate::jobs_file::{self, JobsDocument, JobsFileError, hash};
use crate::supervision::Supervision;

const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A file system's clock does not tell two moments apart that are closer than this, by far.
const SAME_MOMENT: Duration = Duration::from_millis(200);
/// A larger file is not read on the way to a change only because it was written a moment ago: whoever writes it looks again.
const LARGE: u64 = 500_000;
/// How often a file is compared with jobs that other processes change meanwhile.
const TRIES: u32 = 5;

impl Book {
    /// At start: the file's jobs where it was edited, the database's where not. Answers with the jobs that are not archived, and how
    /// many of them were due later than they can be.
    pub(crate) async fn open(
        self: &Arc<Self>,
        supervision: &Supervision,
    ) -> Result<(Vec<Job>, usize), EngineError> {
        let mut edits = self.edits.lock().await;
        edits.revision = self.store.jobs_revision().await?;
        let mut jobs = self.store.jobs(false).await?;
        let mut document = JobsDocument::default();
        if let Some(file) = &self.file {
            let mut known = file.known.lock().await;
            if let Some(found) = file.disk.read().await? {
                let whole = self.store.fact(&file.text_fact).await?.filter(|text| !text.is_empty());
                known.is_remembered = whole.is_some();
                match self.own_text(file, &found, whole).await? {
                    Some(text) => {
                        document = JobsDocument::parse(&text, file.disk.path()).unwrap_or_default();
                        (known.hash, known.stamp) = (Some(hash(&found.bytes)), Some(found.stamp));
                    }
                    None => {
                        // The dispatcher begins with what is stored then.
                        (document, _) = self.adopt(&mut edits, file, &mut known, found).await?;
                        jobs = self.store.jobs(false).await?;
                    }
                }
            }
        }
        let (jobs, too_late) = self.realigned(jobs).await?;
        self.shelf.write().unwrap_or_else(PoisonError::into_inner).lay_out(&self.planner, &jobs, &document);
        edits.generation += 1;
        let generation = self.write_soon(&edits);
        drop(edits);
        self.keep_written(supervision);
        self.settled(generation).await;
        Ok((jobs, too_late))
    }

    /// What the program itself wrote, where that is what stands in the file: in whole, or the beginning of it, where a write in place
    /// was cut short. The database may be ahead of it.
    async fn own_text(
        &self,
        file: &BookFile,
        found: &Found,
        whole: Option<String>,
    ) -> Result<Option<String>, EngineError> {
        let remembered = self.store.fact(&file.hash_fact).await?.unwrap_or_default();
        let found_hash = hash(&found.bytes);
        if remembered.split(' ').any(|own| own == found_hash) {
            return Ok(Some(jobs_file::text(file.disk.path(), &found.bytes)?));
        }
        // After a loss of power there may be zeros in place of what was not written yet.
        let written = found.bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let whole = whole.filter(|whole| whole.as_bytes().starts_with(&found.bytes[..written]));
        if whole.is_some() {
            let path = file.disk.path().display();
            tracing::warn!("writing {path} was cut short; it is restored from the database");
        }
        Ok(whole)
    }

    /// Before a change of jobs: an edit that nobody has looked at yet comes first, and one that cannot be read must not be written
    /// over. A file that cannot be reached is no reason: it is the writer's to say.
    pub(super) async fn edited_first(&self, edits: &mut Edits) -> Result<(), EngineError> {
        let Some(file) = &self.file else { return Ok(()) };
        // Whoever is at the file looks himself.
        let Ok(mut known) = file.known.try_lock() else { return Ok(()) };
        match self.take_up(edits, file, &mut known, false).await {
            Err(EngineError::JobsFile(error @ JobsFileError::Malformed { .. })) => {
                Err(EngineError::JobsFileEdited(error))
            }
            Err(EngineError::JobsFile(JobsFileError::Inaccessible { .. })) => Ok(()),
            taken_up => taken_up.map(drop),
        }
    }

    /// Takes an edit over, where there is one; answers whether there was. `is_thorough`: a file that looks as it did when it was
    /// written a moment ago is read again.
    pub(super) async fn take_up(
        &self,
        edits: &mut Edits,
        file: &BookFile,
        known: &mut Known,
        is_thorough: bool,
    ) -> Result<bool, EngineError> {
        let Some(stamp) = file.disk.stamp().await? else {
            // A file that was taken away is not an edit: it comes back.
            known.stamp = None;
            return Ok(false);
        };
        if known.stamp == Some(stamp) && (known.is_checked || (stamp.is_larger_than(LARGE) && !is_thorough)) {
            return Ok(false);
        }
        let Some(found) = file.disk.read().await? else { return Ok(false) };
        let found_hash = hash(&found.bytes);
        if known.hash.as_ref() == Some(&found_hash) || known.next.as_ref() == Some(&found_hash) {
            known.is_checked = self.clock.monotonic() >= known.written_at + SAME_MOMENT;
            (known.hash, known.stamp) = (Some(found_hash), Some(found.stamp));
            return Ok(false);
        }
        let (document, (changed, gone)) = self.adopt(edits, file, known, found).await?;
        self.tell(changed, gone).await;
        let jobs = self.store.jobs(false).await?;
        self.shelf.write().unwrap_or_else(PoisonError::into_inner).lay_out(&self.planner, &jobs, &document);
        edits.generation += 1;
        self.write_soon(edits);
        tracing::info!("the jobs file was edited by hand and taken over");
        Ok(true)
    }

    /// Takes over what somebody wrote. The shelf, and telling of what was changed and what is gone, is the caller's.
    async fn adopt(
        &self,
        edits: &mut Edits,
        file: &BookFile,
        known: &mut Known,
        found: Found,
    ) -> Result<(JobsDocument, (Vec<Job>, Vec<JobId>)), EngineError> {
        let path = file.disk.path();
        let text = jobs_file::text(path, &found.bytes)?;
        let document = JobsDocument::parse(&text, path)?;
        let hand = Hand { book: self, actor: Actor::jobs_file() };
        let mut tries = 1;
        let done = loop {
            let takeover = hand.takeover(path, &text, &document, Some(&edits.unwritten)).await?;
            match hand.carry_out(takeover).await {
                // Another process was faster, as when two begin at once on an empty store: what is left to do is asked again.
                Err(EngineError::Store(StoreError::Exists(_) | StoreError::VersionConflict { .. }))
                    if tries < TRIES =>
                {
                    tries += 1;
                }
                Err(error) => return Err(error),
                Ok((jobs, gone)) => {
                    // Of these the file says what is stored.
                    let named = jobs.iter().map(|job| &job.id).chain(&gone);
                    named.for_each(|id| drop(edits.unwritten.remove(id)));
                    break (jobs, gone);
                }
            }
        };
        let found_hash = hash(&found.bytes);
        self.store.set_fact(&file.hash_fact, &found_hash).await?;
        (known.hash, known.stamp, known.is_checked) = (Some(found_hash), Some(found.stamp), false);
        known.written_at = self.clock.monotonic();
        // Once for each edit: one that cannot be taken over is looked at again and again.
        for slip in document.slips(&text, path) {
            tracing::warn!("{slip}");
        }
        Ok((document, done))
    }
}

/// Looks at the file until the book is gone. An edit takes effect within seconds; a broken one leaves the old state and a warning.
pub(crate) async fn watch(book: Weak<Book>, clock: SharedClock) {
    let (mut said, mut was_missing) = (None, false);
    loop {
        clock.sleep(LOOK_EVERY).await;
        let Some(book) = book.upgrade() else { return };
        let Some(file) = &book.file else { return };
        let looked = {
            let mut known = file.known.lock().await;
            let mut edits = book.edits.lock().await;
            let looked = book.take_up(&mut edits, file, &mut known, true).await;
            let is_missing = looked.is_ok() && known.stamp.is_none();
            if is_missing && was_missing {
                edits.generation += 1;
                book.write_soon(&edits);
            }
            was_missing = is_missing;
            looked
        };
        let refused = match looked {
            Ok(_) => None,
            Err(EngineError::JobsFile(error)) => Some(error.to_string()),
            Err(error) => {
                // Of a database that is away the dispatcher tells.
                if !matches!(error, EngineError::Store(StoreError::Unavailable(_))) {
                    tracing::warn!("the jobs file is looked at again: {error}");
                }
                continue;
            }
        };
        if refused != said {
            if let Some(refused) = &refused {
                tracing::warn!("the jobs file was not taken over, the old state stays: {refused}");
            }
            said.clone_from(&refused);
        }
        *file.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }
}
