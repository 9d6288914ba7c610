//! The one who writes the jobs file: whatever was changed meanwhile goes into one write, a large file is not written all the time, and
//! one that cannot be written is tried again until it can.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::MutexGuard;

use super::{Book, BookFile, Edits};
use crate::error::EngineError;
use crate::jobs_file::JobsFileError;
use crate::jobs_file::disk::{Stamp, Written};
use crate::jobs_file::{hash, inaccessible};
use crate::supervision::Supervision;

/// Between two tries.
const TRY_AGAIN: Duration = Duration::from_secs(2);
/// A file of more bytes whose writing takes longer than this is waited for by nobody, and each write of it is followed by a rest of four
/// times as long. About what a small file takes: a change among many jobs is to take no longer than one among few, on a fast disk too.
const LARGE: usize = 500_000;
const QUICK: Duration = Duration::from_millis(5);
const LONGEST_REST: Duration = Duration::from_secs(5);
/// A change waits this long at the most for its write.
const PATIENCE: Duration = Duration::from_secs(5);
/// An edit between the look and the write is taken over, and another one, and so on.
const TRIES: u32 = 5;

/// What stands in the file, as far as is known.
#[derive(Default)]
pub(super) struct Known {
    /// Of what was read or written last; `None` where there was no file.
    pub(super) hash: Option<String>,
    /// Of what is being written.
    pub(super) next: Option<String>,
    pub(super) stamp: Option<Stamp>,
    /// Monotonic time of the last write: a stamp is as coarse as the clock of its file system, and tells nothing of an edit that
    /// follows at once.
    pub(super) written_at: Duration,
    /// Whether it was read again since.
    pub(super) is_checked: bool,
    /// Whether the whole of a write in place is remembered.
    pub(super) is_remembered: bool,
}

/// How far the writer is.
#[derive(Debug, Clone, Default)]
pub(super) struct Progress {
    /// The generation that was tried last.
    tried: u64,
    /// Why the last try failed.
    pub(super) failure: Option<String>,
    /// Whether the file is so large that writing it takes longer than a change may wait.
    is_slow: bool,
    /// Whether the try that is under way takes longer than anybody waits.
    hangs: bool,
}

impl Book {
    /// The file is to follow; answers with the generation that it will then be of.
    pub(super) fn write_soon(&self, edits: &Edits) -> u64 {
        if let Some(file) = &self.file {
            file.due.send_replace(edits.generation);
        }
        edits.generation
    }

    /// Waits until a generation was written or could not be, so that [`Book::warning`] is true; not where writing takes long.
    pub(crate) async fn settled(&self, generation: u64) {
        let Some(file) = &self.file else { return };
        let mut progress = file.progress.subscribe();
        let is_told =
            |progress: &Progress| progress.tried >= generation || progress.is_slow || progress.hangs;
        let told = progress.wait_for(is_told);
        tokio::select! {
            biased;
            _ = told => {}
            () = self.clock.sleep(PATIENCE) => file.progress.send_modify(|progress| {
                let (path, seconds) = (file.disk.path().display(), PATIENCE.as_secs());
                progress.hangs = true;
                progress.failure.get_or_insert_with(|| {
                    format!("{path} could not be written within {seconds} s; changes are stored and in force, and it follows by itself")
                });
            }),
        }
    }

    /// Begins to write.
    pub(crate) fn keep_written(self: &Arc<Self>, supervision: &Supervision) {
        let Some(file) = &self.file else { return };
        let book = Arc::clone(self);
        let begin = move || Arc::clone(&book).write_until_closed();
        let writer = supervision.keep("writer of the jobs file", self.clock.clone(), begin);
        *file.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
    }

    async fn write_until_closed(self: Arc<Self>) {
        let Some(file) = &self.file else { return };
        let mut due = file.due.subscribe();
        due.mark_changed();
        loop {
            let has_failed = file.progress.borrow().failure.is_some();
            let is_closing = tokio::select! {
                biased;
                () = file.closing.cancelled() => true,
                _ = due.changed() => false,
                () = self.clock.sleep(TRY_AGAIN), if has_failed => false,
            };
            due.mark_unchanged();
            let began = self.clock.monotonic();
            let (tried, outcome) = self.write(file).await;
            let took = self.clock.monotonic().saturating_sub(began);
            let is_slow = took > QUICK && outcome.as_ref().is_ok_and(|bytes| *bytes > LARGE);
            self.report(file, tried, outcome.err(), is_slow);
            if is_closing {
                return;
            }
            if is_slow {
                tokio::select! {
                    () = file.closing.cancelled() => {}
                    () = self.clock.sleep((took * 4).min(LONGEST_REST)) => {}
                }
            }
        }
    }

    fn report(&self, file: &BookFile, tried: u64, failure: Option<EngineError>, is_slow: bool) {
        let path = file.disk.path().display();
        // Of an edit that cannot be taken over whoever looks for edits tells.
        let is_edited = matches!(&failure, Some(EngineError::JobsFile(JobsFileError::Malformed { .. })));
        let failure = failure.map(|error| match error {
            EngineError::JobsFile(error @ JobsFileError::Malformed { .. }) => error.to_string(),
            error => format!(
                "{error}; changes are stored and in force, and the jobs file follows by itself as soon as it can be written"
            ),
        });
        let before = file.progress.borrow().failure.clone();
        match (&before, &failure) {
            (None, Some(failure)) if !is_edited => tracing::error!("{failure}"),
            (Some(_), None) => tracing::info!("{path} is written again"),
            _ => {}
        }
        file.progress.send_modify(|progress| {
            progress.tried = progress.tried.max(tried);
            progress.failure = failure;
            (progress.is_slow, progress.hangs) = (is_slow, false);
        });
    }

    /// Writes what is to stand there now. Answers with the generation that this was, and its bytes.
    async fn write(&self, file: &BookFile) -> (u64, Result<usize, EngineError>) {
        let mut known = file.known.lock().await;
        let mut tries = 0;
        loop {
            let (generation, content) = {
                let mut edits = self.edits.lock().await;
                let generation = edits.generation;
                // What somebody else wrote comes first; what cannot be read is not written over.
                if let Err(error) = self.take_up(&mut edits, file, &mut known, true).await {
                    return (generation, Err(error));
                }
                let content = self.shelf.read().unwrap_or_else(PoisonError::into_inner).file();
                (edits.generation, content)
            };
            let bytes = content.len();
            match self.bring(file, &mut known, content).await {
                Ok(true) => {
                    let mut edits = self.edits.lock().await;
                    edits.unwritten.retain(|_, changes| {
                        changes.retain(|(since, _)| *since > generation);
                        !changes.is_empty()
                    });
                    return (generation, Ok(bytes));
                }
                Ok(false) if tries < TRIES => tries += 1,
                Ok(false) => {
                    let reason = std::io::Error::other("somebody else wrote it at each try");
                    return (generation, Err(inaccessible(file.disk.path(), "written", reason).into()));
                }
                Err(error) => return (generation, Err(error)),
            }
        }
    }

    /// Brings a content into the file; false where somebody was faster, whose edit is to be taken up first. What is remembered names the
    /// old and the new content as long as both may stand there.
    async fn bring(
        &self,
        file: &BookFile,
        known: &mut MutexGuard<'_, Known>,
        content: String,
    ) -> Result<bool, EngineError> {
        let content: Arc<[u8]> = content.into_bytes().into();
        let new = match content.len() > LARGE {
            true => {
                let content = Arc::clone(&content);
                let hashed = tokio::task::spawn_blocking(move || hash(&content)).await;
                // The runtime is going.
                hashed.map_err(|_| EngineError::ShuttingDown)?
            }
            false => hash(&content),
        };
        if known.stamp.is_some() && known.hash.as_ref() == Some(&new) {
            self.store.set_fact(&file.hash_fact, &new).await?;
            return Ok(true);
        }
        let both = match &known.hash {
            Some(old) => format!("{old} {new}"),
            None => new.clone(),
        };
        self.store.set_fact(&file.hash_fact, &both).await?;
        known.next = Some(new.clone());
        let expected = known.hash.clone();
        let mut written = file.disk.replace(Arc::clone(&content), expected.clone()).await?;
        if matches!(written, Written::OnlyInPlace) {
            // A beginning of it can then be told from what somebody else wrote.
            self.store.set_fact(&file.text_fact, &String::from_utf8_lossy(&content)).await?;
            known.is_remembered = true;
            written = file.disk.write_in_place(content, expected).await?;
        }
        known.next = None;
        let Written::Done(stamp) = written else {
            // Whatever stands there is not what was remembered.
            (known.stamp, known.is_checked) = (None, false);
            return Ok(false);
        };
        (known.hash, known.stamp) = (Some(new.clone()), Some(stamp));
        (known.written_at, known.is_checked) = (self.clock.monotonic(), false);
        self.store.set_fact(&file.hash_fact, &new).await?;
        if known.is_remembered {
            self.store.set_fact(&file.text_fact, "").await?;
            known.is_remembered = false;
        }
        Ok(true)
    }
}
