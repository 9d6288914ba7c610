//! The book of jobs: who adds, changes or takes away a job does it here, one after the other. Each change is carried out to its end
//! whatever becomes of whoever asked, in this order: the database, the memory (this book's and the dispatcher's), the jobs file. The
//! file is written by a task of its own, which puts together what waits; and what was missed on the way is found by comparing.

mod compare;
mod edited;
mod hand;
mod reading;
mod shelf;
mod writing;

use std::collections::HashMap;
use std::panic;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::job::{Job, JobId};
use marktwerk_store::SharedStore;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::dispatcher::Command;
use crate::error::EngineError;
use crate::jobs_file::disk::Disk;
use crate::planner::Planner;

pub(crate) use compare::compare;
pub(crate) use edited::watch;
pub(crate) use hand::Hand;
pub use hand::Import;
use shelf::Shelf;
use writing::{Known, Progress};

/// The facts that remember what was written last, and the whole of what is being written in place. Processes that share a store have
/// a file each, and facts for each.
const HASH: &str = "jobs_file.hash";
const TEXT: &str = "jobs_file.text";
/// At the end, changes that are under way and the last write of the file have this long, each.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// See the module.
pub(crate) struct Book {
    pub(crate) store: SharedStore,
    pub(crate) clock: SharedClock,
    pub(crate) planner: Planner,
    dispatcher: mpsc::Sender<Command>,
    draining: CancellationToken,
    /// One change at a time.
    edits: tokio::sync::Mutex<Edits>,
    /// Held for moments only.
    shelf: RwLock<Shelf>,
    file: Option<BookFile>,
    /// Changes that are under way.
    changes: TaskTracker,
}

/// The jobs file as the book keeps it.
struct BookFile {
    disk: Disk,
    hash_fact: String,
    text_fact: String,
    /// What stands there. Whoever has it may touch the file.
    known: tokio::sync::Mutex<Known>,
    /// The generation that is to be written.
    due: watch::Sender<u64>,
    progress: watch::Sender<Progress>,
    /// Why an edit by hand was not taken over.
    refused: Mutex<Option<String>>,
    closing: CancellationToken,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// What the file says of jobs that were changed since.
type Unwritten = HashMap<JobId, Vec<(u64, Option<Box<str>>)>>;

/// What belongs to the lock on edits.
#[derive(Default)]
pub(crate) struct Edits {
    /// Counts the changes of what the file is to say.
    generation: u64,
    /// What the file says of jobs that were changed since it was written, oldest change first: the generation of the change, and the
    /// text before it.
    unwritten: Unwritten,
    /// The store's, when it was compared last.
    revision: i64,
}

impl Book {
    /// An empty book; [`Book::open`] reads it. `process` is the name of this process, where others share the store.
    pub(crate) fn new(
        (store, clock, planner): (SharedStore, SharedClock, Planner),
        dispatcher: mpsc::Sender<Command>,
        draining: CancellationToken,
        file: Option<PathBuf>,
        process: Option<&str>,
    ) -> Arc<Self> {
        let shelf = RwLock::new(Shelf::new(file.is_some()));
        let fact =
            |name: &str| process.map_or_else(|| name.to_owned(), |process| format!("{name}.{process}"));
        let file = file.map(|path| BookFile {
            disk: Disk::new(path),
            hash_fact: fact(HASH),
            text_fact: fact(TEXT),
            known: tokio::sync::Mutex::default(),
            due: watch::Sender::new(0),
            progress: watch::Sender::default(),
            refused: Mutex::default(),
            closing: CancellationToken::new(),
            writer: Mutex::default(),
        });
        let (edits, changes) = (tokio::sync::Mutex::default(), TaskTracker::new());
        Arc::new(Self { store, clock, planner, dispatcher, draining, edits, shelf, file, changes })
    }

    /// Carries a change out to its end, also where nobody waits for it any more.
    pub(crate) async fn whole<T: Send + 'static>(
        &self,
        change: impl Future<Output = Result<T, EngineError>> + Send + 'static,
    ) -> Result<T, EngineError> {
        if self.draining.is_cancelled() {
            return Err(EngineError::ShuttingDown);
        }
        match self.changes.spawn(change).await {
            Ok(done) => done,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => panic::resume_unwind(panic),
                // The runtime is going.
                Err(_) => Err(EngineError::ShuttingDown),
            },
        }
    }

    /// Carries work out beside its caller. The shutdown waits a few seconds for it.
    pub(crate) fn carry_out(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.changes.spawn(work);
    }

    /// What is stored becomes known to everybody else: this book, the dispatcher, the file's writer. Nothing of it can fail. Answers
    /// with the generation that the file will then be of.
    async fn changed(&self, edits: &mut Edits, jobs: Vec<Job>, gone: Vec<JobId>) -> u64 {
        edits.generation += 1;
        {
            let mut shelf = self.shelf.write().unwrap_or_else(PoisonError::into_inner);
            if self.file.is_some() {
                for id in jobs.iter().map(|job| &job.id).chain(&gone) {
                    let before = shelf.text(id).map(Box::from);
                    edits.unwritten.entry(id.clone()).or_default().push((edits.generation, before));
                }
            }
            jobs.iter().for_each(|job| shelf.put(&self.planner, job));
            gone.iter().for_each(|id| shelf.take_out(id));
        }
        self.tell(jobs, gone).await;
        self.write_soon(edits)
    }

    /// Tells the dispatcher; one that is gone needs to know nothing any more.
    async fn tell(&self, jobs: Vec<Job>, gone: Vec<JobId>) {
        if !jobs.is_empty() {
            let _ = self.dispatcher.send(Command::JobsChanged(jobs)).await;
        }
        if !gone.is_empty() {
            let _ = self.dispatcher.send(Command::JobsArchived(gone)).await;
        }
    }

    /// What stands against the jobs file: an edit that was not taken over, or that it cannot be written.
    pub(crate) fn warning(&self) -> Option<String> {
        let file = self.file.as_ref()?;
        let refused = file.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        refused.or_else(|| file.progress.borrow().failure.clone())
    }

    /// Waits for what is under way, and for the file.
    pub(crate) async fn close(&self) {
        self.changes.close();
        let limit = || self.clock.sleep(LAST_WAIT);
        tokio::select! {
            biased;
            () = self.changes.wait() => {}
            () = limit() => tracing::error!("{} changes of jobs did not come to their end", self.changes.len()),
        }
        let Some(file) = &self.file else { return };
        file.closing.cancel();
        let writer = file.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            tokio::select! {
                biased;
                _ = writer => {}
                () = limit() => tracing::error!("the jobs file was not written any more; the next start writes it"),
            }
        }
    }
}
