//! The connections of one database, and the two ways to use one: reading, and a transaction. Both are tried again where the
//! server asks for it: a deadlock's victim, a connection that was found dead. What was committed is never done again.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use deadpool::managed::{self, Metrics, Object, PoolError, QueueMode, RecycleError, RecycleResult};
use rand::RngExt;

use crate::address::Address;
use crate::connect::connect;
use crate::connection::{Class, Connection};
use crate::error::SqlError;

/// Connections of one process to one database.
const SIZE: usize = 10;
/// So often a call is tried; each wait is up to twice the last one.
const TRIES: u32 = 6;
const FIRST_WAIT: Duration = Duration::from_millis(20);
/// A connection that was idle for this long is checked before use.
const IDLE: Duration = Duration::from_secs(30);

/// Sent so far, by database.
const STATEMENTS: &str = "marktwerk_sqlserver_statements_total";

/// A database.
#[derive(Clone)]
pub struct Pool {
    address: Arc<Address>,
    connections: managed::Pool<Manager>,
    statements: Arc<AtomicU64>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Pool({})", self.address)
    }
}

/// Opens and examines connections.
pub struct Manager {
    address: Arc<Address>,
    /// Connections so far.
    opened: AtomicU32,
    statements: Arc<AtomicU64>,
}

impl fmt::Debug for Manager {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Manager({})", self.address)
    }
}

impl managed::Manager for Manager {
    type Type = Connection;
    type Error = SqlError;

    async fn create(&self) -> Result<Connection, SqlError> {
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        // Boxed, for the driver's futures of a login are too large for a thread's stack.
        let client = Box::pin(connect(&self.address, number)).await?;
        let counter = metrics::counter!(STATEMENTS, "database" => self.address.database.clone());
        Ok(Connection::new(client, Arc::clone(&self.statements), counter))
    }

    async fn recycle(&self, connection: &mut Connection, metrics: &Metrics) -> RecycleResult<SqlError> {
        if !connection.is_clean() {
            return Err(RecycleError::message("it was left in the middle of something"));
        }
        connection.failure = None;
        if metrics.last_used() > IDLE {
            connection.batch_in("ask whether the connection lives", "SELECT 1", Class::Short).await?;
        }
        Ok(())
    }
}

impl Pool {
    /// Connections are opened when they are needed: this asks nobody.
    pub fn new(address: Address) -> Self {
        metrics::describe_counter!(STATEMENTS, "Statements sent to SQL Server, by database.");
        let (address, statements) = (Arc::new(address), Arc::<AtomicU64>::default());
        let manager = Manager {
            address: Arc::clone(&address),
            opened: AtomicU32::default(),
            statements: Arc::clone(&statements),
        };
        // The connection that was used last knows its statements best.
        let builder = managed::Pool::builder(manager).max_size(SIZE).queue_mode(QueueMode::Lifo);
        // Without time limits of its own the builder cannot fail; connecting has its limits in `connect`.
        let connections =
            builder.build().unwrap_or_else(|error| unreachable!("a pool without time limits: {error}"));
        Self { address, connections, statements }
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// How many statements were sent so far, over all connections.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// What [`crate::reading`] and [`crate::transaction`] are made of.
    pub fn tries(&self, name: &'static str) -> Tries<'_> {
        Tries { pool: self, name, so_far: 0 }
    }

    async fn connection(&self) -> Result<Guard, SqlError> {
        let connection = self.connections.get().await.map_err(|error| match error {
            PoolError::Backend(error) => error,
            other => SqlError::Unreachable { place: self.address.to_string(), reason: other.to_string() },
        })?;
        Ok(Guard { connection, _closing: Closing(self.connections.clone()) })
    }

    /// Closes what lies idle. Where one connection is found dead the others are, too, after a restart of the server; one by one they
    /// would use up all tries.
    fn close_idle(&self) {
        self.connections.retain(|_, _| false);
    }
}

/// Reads on one connection, outside of a transaction: `reading!(pool, "name", |connection| future)`. The future may be asked for more
/// than once. Answers with its `Result`, whose error is made from [`SqlError`].
#[macro_export]
macro_rules! reading {
    ($pool:expr, $name:expr, |$connection:ident| $work:expr) => {
        $crate::tried!($pool, $name, connection, |$connection| $work)
    };
}

/// Does the work in one transaction, all of it or nothing: `transaction!(pool, "name", |connection| future)`. It is committed where the
/// future answers `Ok`. The future may be asked for more than once, and has no effects but on the connection.
///
/// [`SqlError::Unknown`] where the connection broke while it was committed: then nobody tries again but the caller.
#[macro_export]
macro_rules! transaction {
    ($pool:expr, $name:expr, |$connection:ident| $work:expr) => {
        $crate::tried!($pool, $name, begin, |$connection| $work)
    };
}

/// A macro and no function, for a closure's future that borrows is not known to be `Send` (rust-lang/rust#110338).
#[doc(hidden)]
#[macro_export]
macro_rules! tried {
    ($pool:expr, $name:expr, $begin:ident, |$connection:ident| $work:expr) => {{
        let pool: &$crate::Pool = &$pool;
        let mut tries = pool.tries($name);
        loop {
            let mut guard = match tries.$begin().await {
                Ok(guard) => guard,
                Err(error) => break Err(::core::convert::From::from(error)),
            };
            let $connection: &mut $crate::Connection = &mut guard;
            let outcome = $work.await;
            match tries.end(guard, outcome).await {
                Ok(Some(answer)) => break Ok(answer),
                Ok(None) => {}
                Err(error) => break Err(error),
            }
        }
    }};
}

/// A connection out of the pool, until it is dropped. One that was left in the middle of something is closed then: the pool itself
/// would only do so when somebody next asks for it, and the server would keep its transaction and its locks until then.
#[derive(Debug)]
pub struct Guard {
    connection: Object<Manager>,
    /// Dropped after the connection, which is back in the pool by then.
    _closing: Closing,
}

impl Deref for Guard {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Guard {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

/// Closes what nobody else may use.
struct Closing(managed::Pool<Manager>);

impl fmt::Debug for Closing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Closing")
    }
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.0.retain(|connection, _| connection.is_clean());
    }
}

/// The tries of one piece of work.
#[derive(Debug)]
pub struct Tries<'pool> {
    pool: &'pool Pool,
    name: &'static str,
    so_far: u32,
}

impl Tries<'_> {
    /// A connection.
    ///
    /// # Errors
    /// Where none can be had.
    pub async fn connection(&mut self) -> Result<Guard, SqlError> {
        self.pool.connection().await
    }

    /// A connection with a transaction.
    ///
    /// # Errors
    /// Where none can be had.
    pub async fn begin(&mut self) -> Result<Guard, SqlError> {
        loop {
            let mut guard = self.pool.connection().await?;
            match guard.batch_in("begin a transaction", "BEGIN TRANSACTION", Class::Short).await {
                Ok(()) => {
                    guard.is_in_transaction = true;
                    return Ok(guard);
                }
                // The connection was dead; another one is opened. So it is after silence: nothing waits for this statement.
                Err(error) => {
                    if let SqlError::TimedOut { statement, .. } = error {
                        guard.failure = Some(SqlError::Lost { statement, reason: error.to_string() });
                    }
                    self.wait(guard, error).await?;
                }
            }
        }
    }

    /// Ends a try: commits where it went well. `None` where it is to be tried again.
    ///
    /// # Errors
    /// What the work answered, where another try would not help.
    pub async fn end<T, E: From<SqlError>>(
        &mut self,
        mut guard: Guard,
        outcome: Result<T, E>,
    ) -> Result<Option<T>, E> {
        match outcome {
            Ok(answer) => {
                if guard.is_in_transaction {
                    commit(&mut guard, self.name).await?;
                }
                Ok(Some(answer))
            }
            Err(error) => {
                if guard.is_in_transaction {
                    roll_back(&mut guard).await;
                }
                self.wait(guard, error).await.map(|()| None)
            }
        }
    }

    /// Waits before the next try, or gives the error back where another one would not help. What the work itself refused is final.
    async fn wait<E>(&mut self, mut guard: Guard, error: E) -> Result<(), E> {
        self.so_far += 1;
        let failure = guard.failure.take();
        // Nobody waits with a connection in hand that others may want, or with its transaction.
        drop(guard);
        if matches!(failure, Some(SqlError::Lost { .. } | SqlError::TimedOut { .. })) {
            self.pool.close_idle();
        }
        let may_pass = matches!(failure, Some(SqlError::Busy { .. } | SqlError::Lost { .. }));
        if !may_pass || self.so_far >= TRIES {
            return Err(error);
        }
        let longest = FIRST_WAIT * 2_u32.pow(self.so_far);
        let wait = longest.mul_f64(rand::rng().random_range(0.5..1.0));
        tracing::info!(statement = self.name, tries = self.so_far, "tried again in {} ms", wait.as_millis());
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

async fn commit(connection: &mut Connection, name: &'static str) -> Result<(), SqlError> {
    match connection.batch_in(name, "COMMIT TRANSACTION", Class::Batch).await {
        Ok(()) => {
            connection.is_in_transaction = false;
            Ok(())
        }
        Err(SqlError::Lost { reason, .. } | SqlError::Busy { reason, .. }) => {
            Err(SqlError::Unknown { statement: name, reason })
        }
        Err(error @ SqlError::TimedOut { .. }) => {
            Err(SqlError::Unknown { statement: name, reason: error.to_string() })
        }
        Err(error) => Err(error),
    }
}

/// Where the error has ended the transaction already (XACT_ABORT), there is nothing to roll back.
async fn roll_back(connection: &mut Connection) {
    let died_of = connection.failure.take();
    if connection.batch_in("roll back", "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION", Class::Batch).await.is_ok()
    {
        connection.is_in_transaction = false;
    }
    connection.failure = died_of;
}
