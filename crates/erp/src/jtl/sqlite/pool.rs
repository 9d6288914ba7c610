//! A few connections to one file. Work runs in tokio's blocking tasks, never on threads of our own: a paused
//! test clock stands still while such a task is under way.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::fault::Fault;
use crate::ErpError;

/// Readers do not wait for each other; more than these only wait for the disk.
const CONNECTIONS: usize = 4;
/// The sandbox's worker writes in short transactions; longer waits are a failure to be tried again.
const BUSY: Duration = Duration::from_secs(5);

/// The sandbox's JTL-Wawi.
#[derive(Debug)]
pub(in crate::jtl) struct SqliteDatabase {
    path: Arc<PathBuf>,
    idle: Arc<Mutex<Vec<Connection>>>,
    turns: Arc<Semaphore>,
}

impl SqliteDatabase {
    /// Opens the file, which must be there: an empty new one would look like a JTL without orders.
    pub(in crate::jtl) async fn open(path: &str) -> Result<Self, ErpError> {
        let database = Self {
            path: Arc::new(PathBuf::from(path)),
            idle: Arc::default(),
            turns: Arc::new(Semaphore::new(CONNECTIONS)),
        };
        database.run("open it", |_| Ok(())).await?;
        Ok(database)
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Does `work` on a connection, in a blocking task. It ends even if the caller goes away.
    pub(super) async fn run<T, W>(&self, action: &'static str, work: W) -> Result<T, ErpError>
    where
        T: Send + 'static,
        W: FnOnce(&mut Connection) -> Result<T, Fault> + Send + 'static,
    {
        let defect = |reason: String| ErpError::Defect { action, reason };
        let turn =
            Arc::clone(&self.turns).acquire_owned().await.map_err(|error| defect(error.to_string()))?;
        let path = Arc::clone(&self.path);
        let idle = Arc::clone(&self.idle);
        let task = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let free = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut connection = match free {
                Some(connection) => connection,
                None => connect(&path).map_err(|error| Fault::from(error).during(action))?,
            };
            if is_away(&connection) {
                let reason = "the simulated JTL is away".to_owned();
                return Err(ErpError::Unreachable { action, reason });
            }
            let result = work(&mut connection).map_err(|fault| fault.during(action))?;
            // After an error the connection is closed instead: whatever state it is in goes with it.
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
            Ok(result)
        });
        task.await.map_err(|error| defect(error.to_string()))?
    }
}

/// Whether the sandbox has taken JTL away. If the file cannot be asked, the work itself fails and says why.
fn is_away(connection: &Connection) -> bool {
    let asked = connection.prepare_cached("SELECT 1 FROM sandbox_away LIMIT 1");
    asked.and_then(|mut statement| statement.exists([])).unwrap_or(false)
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A row that was reported as handed over survives a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}
