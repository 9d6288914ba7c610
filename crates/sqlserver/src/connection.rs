//! A connection out of the pool: statements with a name and a time limit. Whatever leaves it in doubt (a lost answer, a time
//! limit, a caller that went away) closes it: it never goes back into the pool.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tiberius::error::Error as Tiberius;
use tiberius::{ToSql, TokenRow};

use crate::connect::Tds;
use crate::error::{SqlError, ends_in_order};
use crate::row::Row;

/// How long a statement may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Looks at a key or changes a few rows: 15 s.
    Short,
    /// Reads or writes a batch: 60 s.
    Batch,
    /// Goes through whole tables, or changes a schema: 15 min.
    Long,
}

impl Class {
    fn limit(self) -> Duration {
        Duration::from_secs(match self {
            Self::Short => 15,
            Self::Batch => 60,
            Self::Long => 900,
        })
    }
}

/// A connection. Within [`crate::transaction!`] it is the transaction.
pub struct Connection {
    client: Tds,
    statements: Arc<AtomicU64>,
    counter: metrics::Counter,
    /// A statement is under way, or its end is not known.
    is_in_doubt: bool,
    pub(crate) is_in_transaction: bool,
    /// What the last statement that failed died of, for whoever decides whether to try again.
    pub(crate) failure: Option<SqlError>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_in_doubt, is_in_transaction, .. } = self;
        write!(formatter, "Connection(in doubt: {is_in_doubt}, in a transaction: {is_in_transaction})")
    }
}

impl Connection {
    pub(crate) fn new(client: Tds, statements: Arc<AtomicU64>, counter: metrics::Counter) -> Self {
        Self { client, statements, counter, is_in_doubt: false, is_in_transaction: false, failure: None }
    }

    /// Whether somebody else may use it.
    pub(crate) fn is_clean(&self) -> bool {
        !self.is_in_doubt && !self.is_in_transaction
    }

    /// The rows of the statement's first answer. Parameters are `@P1`, `@P2`, …; at most 2,100, so that lists of any length are
    /// loaded instead ([`Connection::load`]).
    ///
    /// # Errors
    /// [`SqlError`].
    pub async fn query(
        &mut self,
        name: &'static str,
        sql: &str,
        parameters: &[&dyn ToSql],
    ) -> Result<Vec<Row>, SqlError> {
        self.query_in(name, sql, parameters, Class::Short).await
    }

    /// The same with another time limit.
    ///
    /// # Errors
    /// [`SqlError`].
    pub async fn query_in(
        &mut self,
        name: &'static str,
        sql: &str,
        parameters: &[&dyn ToSql],
        class: Class,
    ) -> Result<Vec<Row>, SqlError> {
        let rows = self
            .run(name, class, async |client: &mut Tds| {
                client.query(sql, parameters).await?.into_first_result().await
            })
            .await?;
        Ok(rows.into_iter().map(|row| Row::new(name, row)).collect())
    }

    /// The first row of the statement's first answer.
    ///
    /// # Errors
    /// [`SqlError`].
    pub async fn one(
        &mut self,
        name: &'static str,
        sql: &str,
        parameters: &[&dyn ToSql],
    ) -> Result<Option<Row>, SqlError> {
        Ok(self.query(name, sql, parameters).await?.into_iter().next())
    }

    /// Runs a statement; answers with the number of rows that it changed.
    ///
    /// # Errors
    /// [`SqlError`].
    pub async fn execute(
        &mut self,
        name: &'static str,
        sql: &str,
        parameters: &[&dyn ToSql],
    ) -> Result<u64, SqlError> {
        self.execute_in(name, sql, parameters, Class::Short).await
    }

    /// The same with another time limit.
    ///
    /// # Errors
    /// [`SqlError`].
    pub async fn execute_in(
        &mut self,
        name: &'static str,
        sql: &str,
        parameters: &[&dyn ToSql],
        class: Class,
    ) -> Result<u64, SqlError> {
        self.run(name, class, async |client: &mut Tds| Ok(client.execute(sql, parameters).await?.total()))
            .await
    }

    /// Runs statements without parameters and without interest in their answers.
    ///
    /// # Errors
    /// [`SqlError`].
    pub async fn batch(&mut self, name: &'static str, sql: &str) -> Result<(), SqlError> {
        self.batch_in(name, sql, Class::Long).await
    }

    pub(crate) async fn batch_in(
        &mut self,
        name: &'static str,
        sql: &str,
        class: Class,
    ) -> Result<(), SqlError> {
        self.run(name, class, async |client: &mut Tds| {
            client.simple_query(sql).await?.into_results().await.map(drop)
        })
        .await
    }

    /// Waits for the application's lock `resource` (at most 255 characters), which the transaction holds to its end.
    ///
    /// # Errors
    /// [`SqlError::Busy`] where somebody else holds it for more than 10 s.
    pub async fn lock(&mut self, resource: &str) -> Result<(), SqlError> {
        const LOCK: &str = "DECLARE @answer int; EXEC @answer = sp_getapplock @Resource = @P1, @LockMode = 'Exclusive', \
            @LockOwner = 'Transaction', @LockTimeout = 10000; SELECT @answer";
        let name = "take an application lock";
        let row = self.one(name, LOCK, &[&resource]).await?;
        match row.map(|row| row.integer(0)).transpose()? {
            Some(0..) => Ok(()),
            answer => {
                let why = if answer == Some(-3) {
                    "it was chosen to end a deadlock"
                } else {
                    "another program holds it for more than 10 s"
                };
                let error = SqlError::Busy { statement: name, reason: format!("{resource}: {why}") };
                self.failure = Some(error.clone());
                Err(error)
            }
        }
    }

    pub(crate) async fn bulk<'a>(
        &mut self,
        name: &'static str,
        table: &'static str,
        columns: &[&str],
        rows: Vec<TokenRow<'a>>,
        class: Class,
    ) -> Result<(), SqlError> {
        self.run(name, class, async |client: &mut Tds| {
            let mut request = client.bulk_insert_columns(table, columns).await?;
            for row in rows {
                request.send(row).await?;
            }
            request.finalize().await.map(drop)
        })
        .await
    }

    /// The one way a statement goes: counted, limited in time, told in the log, and in doubt until its end is known.
    async fn run<T>(
        &mut self,
        name: &'static str,
        class: Class,
        work: impl AsyncFnOnce(&mut Tds) -> Result<T, Tiberius>,
    ) -> Result<T, SqlError> {
        if self.is_in_doubt {
            let reason = "an earlier statement of this connection was cut off".to_owned();
            return Err(SqlError::Lost { statement: name, reason });
        }
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.counter.increment(1);
        self.is_in_doubt = true;
        let answer = match tokio::time::timeout(class.limit(), Box::pin(work(&mut self.client))).await {
            // The connection stays in doubt and is closed: the server stops what it still does.
            Err(_) => Err(SqlError::TimedOut { statement: name, seconds: class.limit().as_secs() }),
            Ok(Ok(answer)) => {
                self.is_in_doubt = false;
                Ok(answer)
            }
            Ok(Err(error)) => {
                self.is_in_doubt = !ends_in_order(&error);
                Err(SqlError::of_statement(error, name))
            }
        };
        match &answer {
            Ok(_) => tracing::trace!(statement = name, "done"),
            Err(error) => {
                tracing::debug!(statement = name, "{error}");
                self.failure = Some(error.clone());
            }
        }
        answer
    }
}
