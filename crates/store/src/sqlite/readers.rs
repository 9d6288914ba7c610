//! The readers: a few connections to the file, each used by one blocking job at a time. A slow read
//! keeps one of them busy and nobody else; it never waits for the writer, nor the writer for it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::connection;
use super::held::HeldDatabase;
use super::writer::{Writer, cut_off};
use crate::{StoreError, StoreResult};

/// Reads at the same time; opened when first needed.
const CONNECTIONS: usize = 4;

/// Where reads go; clones share it.
#[derive(Clone)]
pub(crate) enum Readers {
    /// Connections of their own to a file.
    Pool(Arc<Pool>),
    /// A database in memory has one connection, the writer's.
    Writer(Writer),
}

pub(crate) struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    /// None where the file is only looked at. Given back after the connections.
    held: Option<Arc<HeldDatabase>>,
}

impl Readers {
    pub(crate) fn of_file(path: PathBuf, held: Option<Arc<HeldDatabase>>) -> Self {
        let permits = Arc::new(Semaphore::new(CONNECTIONS));
        Self::Pool(Arc::new(Pool { path, idle: Mutex::default(), permits, held }))
    }

    /// The file that is read, where it is this process's.
    pub(crate) fn held(&self) -> Option<&HeldDatabase> {
        match self {
            Self::Pool(pool) => pool.held.as_deref(),
            Self::Writer(_) => None,
        }
    }

    /// Carries out `work` on one unchanging view of the database.
    pub(crate) async fn read<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        match self {
            // Nobody writes meanwhile, so the view does not change.
            Self::Writer(writer) => writer.read(work).await,
            Self::Pool(pool) => {
                let permit = Arc::clone(&pool.permits).acquire_owned().await;
                let permit =
                    permit.map_err(|_| StoreError::Unavailable("the readers are closed".to_owned()))?;
                let pool = Arc::clone(pool);
                let job = move || {
                    let result = pool.with_connection(|connection| snapshot(connection, work));
                    drop(permit);
                    result
                };
                tokio::task::spawn_blocking(job).await.map_err(|_| cut_off())?
            }
        }
    }
}

impl Pool {
    fn with_connection<T>(&self, work: impl FnOnce(&Connection) -> StoreResult<T>) -> StoreResult<T> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = idle().pop();
        let connection = match waiting {
            Some(connection) => connection,
            None => connection::open_reader(&self.path, self.held.is_some())?,
        };
        let result = work(&connection);
        idle().push(connection);
        result
    }
}

/// Several statements of one read see the same state.
pub(crate) fn snapshot<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> StoreResult<T>,
) -> StoreResult<T> {
    let transaction = connection.unchecked_transaction()?;
    work(&transaction)
}
