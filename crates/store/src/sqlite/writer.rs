//! The one writer. Calls queue up; while there are any, one blocking job takes all that wait, carries
//! them out in one transaction, commits once and answers: a commit costs a disk flush, and a hundred
//! callers share it.
//!
//! It is a blocking job and not a thread of its own, because Tokio's paused clock stands still only
//! while a blocking job is in flight; so tests see every write done before time moves on. A database in
//! memory never waits for a disk: the task that makes a call carries it out, with what others queued meanwhile.

use std::collections::VecDeque;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::tz::TimeZone;
use rusqlite::Connection;
use rusqlite::ffi::{Error, SQLITE_BUSY};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

use super::held::HeldDatabase;
use super::writing::Writing;
use crate::changes::Changes;
use crate::effects::Effects;
use crate::{StoreError, StoreResult};

/// Calls that may wait at a time; who comes later waits outside of the queue.
const QUEUE: usize = 4_096;

/// The writer; clones share it.
#[derive(Clone)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
}

/// What empties the queue.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drainer {
    /// A blocking job: a commit waits for the disk.
    BlockingJob,
    /// The calling task: nothing waits.
    CallingTask,
}

struct Shared {
    drainer: Drainer,
    connection: Mutex<Connection>,
    /// Set under the connection's lock: the log beside the database is gone.
    is_closed: AtomicBool,
    zone: TimeZone,
    queue: Mutex<Queue>,
    room: Arc<Semaphore>,
    changes: watch::Sender<Changes>,
    /// None where there is no file, or it is only looked at. Given back after the connection.
    _held: Option<Arc<HeldDatabase>>,
}

#[derive(Default)]
struct Queue {
    commands: VecDeque<Box<dyn Command>>,
    is_draining: bool,
}

impl Writer {
    pub(crate) fn new(
        drainer: Drainer,
        connection: Connection,
        zone: TimeZone,
        changes: Changes,
        held: Option<Arc<HeldDatabase>>,
    ) -> Self {
        let shared = Shared {
            drainer,
            connection: Mutex::new(connection),
            is_closed: AtomicBool::new(false),
            zone,
            queue: Mutex::default(),
            room: Arc::new(Semaphore::new(QUEUE)),
            changes: watch::Sender::new(changes),
            _held: held,
        };
        Self { shared: Arc::new(shared) }
    }

    pub(crate) fn changes(&self) -> watch::Receiver<Changes> {
        self.shared.changes.subscribe()
    }

    /// Waits for the transaction under way, and writes the log's content into the database itself. From then on nothing is written any
    /// more: it would be in the log alone. Blocks.
    pub(crate) fn close_with_empty_log(&self) -> StoreResult<()> {
        let connection = lock(&self.shared.connection);
        self.shared.is_closed.store(true, Ordering::Relaxed);
        connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |row| match row.get::<_, i64>(0)? {
            0 => Ok(()),
            _ => Err(rusqlite::Error::SqliteFailure(Error::new(SQLITE_BUSY), None)),
        })?;
        Ok(())
    }

    /// Carries out `work` in the next transaction; answers when it is committed. If `work` fails, what it did is undone and
    /// the others of the transaction are not touched.
    pub(crate) async fn write<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Writing<'_>) -> StoreResult<T> + Send + 'static,
    {
        if self.shared.drainer == Drainer::CallingTask {
            give_way().await;
        }
        let permit = Arc::clone(&self.shared.room).acquire_owned().await.map_err(|_| given_up())?;
        let (answer, answered) = oneshot::channel();
        let call = Call { work: Some(work), result: None, answer, _permit: permit };
        let starts_draining = {
            let mut queue = lock(&self.shared.queue);
            queue.commands.push_back(Box::new(call));
            !mem::replace(&mut queue.is_draining, true)
        };
        if starts_draining {
            let drain = Drain { shared: Arc::clone(&self.shared), is_finished: false };
            match self.shared.drainer {
                Drainer::BlockingJob => drop(tokio::task::spawn_blocking(move || drain.run())),
                Drainer::CallingTask => drain.run(),
            }
        }
        answered.await.map_err(|_| given_up())?
    }

    /// Reads over the writing connection, between two transactions: the only way into a database in memory.
    pub(crate) async fn read<T>(&self, work: impl FnOnce(&Connection) -> StoreResult<T>) -> StoreResult<T> {
        give_way().await;
        let read = || work(&lock(&self.shared.connection));
        catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(cut_off()))
    }
}

/// The right to empty the queue. Given back when it is empty, and also when the runtime ends before the job began: those who
/// wait then get an error instead of waiting for ever.
struct Drain {
    shared: Arc<Shared>,
    is_finished: bool,
}

impl Drain {
    fn run(mut self) {
        while let Some(batch) = self.next_batch() {
            self.shared.carry_out(batch);
        }
    }

    fn next_batch(&mut self) -> Option<VecDeque<Box<dyn Command>>> {
        let mut queue = lock(&self.shared.queue);
        if queue.commands.is_empty() {
            // Under the same lock as the look: a call that comes now starts the next job.
            queue.is_draining = false;
            self.is_finished = true;
            return None;
        }
        Some(mem::take(&mut queue.commands))
    }
}

impl Drop for Drain {
    fn drop(&mut self) {
        if !self.is_finished {
            let mut queue = lock(&self.shared.queue);
            queue.is_draining = false;
            queue.commands.clear();
        }
    }
}

impl Shared {
    fn carry_out(&self, mut batch: VecDeque<Box<dyn Command>>) {
        let connection = lock(&self.connection);
        let committed = match self.is_closed.load(Ordering::Relaxed) {
            true => Err("its log is gone, and this process ends".to_owned()),
            false => self.in_one_transaction(&connection, &mut batch).map_err(reason_of),
        };
        drop(connection);
        match committed {
            Ok(effects) => {
                // Before the answers, so that who has an answer sees its change.
                self.changes.send_if_modified(|changes| effects.apply(changes));
                batch.into_iter().for_each(|command| command.answer(None));
            }
            Err(reason) => {
                batch.into_iter().for_each(|command| command.answer(Some(&reason)));
            }
        }
    }

    fn in_one_transaction(
        &self,
        connection: &Connection,
        batch: &mut VecDeque<Box<dyn Command>>,
    ) -> rusqlite::Result<Effects> {
        let run = |sql: &str| connection.prepare_cached(sql)?.execute([]);
        if !connection.is_autocommit() {
            // The last one could be neither committed nor rolled back.
            run("ROLLBACK")?;
        }
        run("BEGIN IMMEDIATE")?;
        let mut effects = Effects::default();
        let mut work = || {
            for command in batch.iter_mut() {
                run("SAVEPOINT command")?;
                let mut writing = Writing::new(connection, &self.zone);
                if command.carry_out(&mut writing) {
                    effects.add(&writing.effects);
                } else {
                    run("ROLLBACK TO command")?;
                }
                run("RELEASE command")?;
            }
            run("COMMIT")
        };
        let result = work();
        if result.is_err() && !connection.is_autocommit() {
            run("ROLLBACK")?;
        }
        result.map(|_| effects)
    }
}

/// A queued call, whatever it answers with.
trait Command: Send {
    /// Does the work; whether it is to be kept.
    fn carry_out(&mut self, writing: &mut Writing<'_>) -> bool;

    /// Answers: with the result, or with the reason why the transaction as a whole failed.
    fn answer(self: Box<Self>, failed: Option<&str>);
}

struct Call<T, F> {
    work: Option<F>,
    result: Option<StoreResult<T>>,
    answer: oneshot::Sender<StoreResult<T>>,
    _permit: OwnedSemaphorePermit,
}

impl<T, F> Command for Call<T, F>
where
    T: Send,
    F: FnOnce(&mut Writing<'_>) -> StoreResult<T> + Send,
{
    fn carry_out(&mut self, writing: &mut Writing<'_>) -> bool {
        // What a panicking call leaves half-done is rolled back like that of a failing one, so nothing broken is seen after it.
        let result = self
            .work
            .take()
            .map(|work| catch_unwind(AssertUnwindSafe(|| work(writing))).unwrap_or_else(|_| Err(panicked())));
        let is_kept = matches!(result, Some(Ok(_)));
        self.result = result;
        is_kept
    }

    fn answer(self: Box<Self>, failed: Option<&str>) {
        let result = match (failed, self.result) {
            // A command that failed by itself keeps its own error.
            (_, Some(Err(error))) => Err(error),
            (Some(reason), _) => Err(StoreError::Unavailable(reason.to_owned())),
            (None, Some(result)) => result,
            (None, None) => Err(given_up()),
        };
        // Nobody may be waiting any more; what was done stays done.
        let _ = self.answer.send(result);
    }
}

/// Why a transaction failed, with what a person can do about it.
fn reason_of(error: rusqlite::Error) -> String {
    match StoreError::from(error) {
        StoreError::Unavailable(reason) => reason,
        other => other.to_string(),
    }
}

fn panicked() -> StoreError {
    StoreError::Database("a write panicked and was undone; see the process's own output".to_owned())
}

/// Before a call in memory: so that the calls of several tasks interleave as they do with a file, and a task that asks in a circle
/// starves nobody. Nothing is queued yet, so that a caller who gives up here has done nothing.
async fn give_way() {
    tokio::task::yield_now().await;
}

/// What a read that panicked answers with.
pub(crate) fn cut_off() -> StoreError {
    StoreError::Unavailable("the read was cut off".to_owned())
}

fn given_up() -> StoreError {
    StoreError::Unavailable("the writer ended before it came to this call".to_owned())
}

/// A panic while a lock was held leaves nothing half-done behind it that the next holder would not put right.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
