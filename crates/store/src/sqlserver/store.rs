//! The store on a SQL Server database.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use marktwerk_domain::audit::AuditEntry;
use marktwerk_domain::finding::Finding;
use marktwerk_sqlserver::{Address, Pool, SqlError, reading};
use tokio::sync::watch;

use super::lease_clock::LeaseClock;
use super::{examination, meta, migrations};
use crate::audit::Carried;
use crate::changes::{ChangeFeed, Changes};
use crate::effects::Effects;
use crate::{Store, StoreError, StoreResult};

/// All nouns in one database of SQL Server. Clones share its connections.
#[derive(Clone)]
pub struct SqlServerStore {
    pub(crate) pool: Pool,
    /// The zone of the server's wall time, to read rows of another program.
    pub(crate) zone: TimeZone,
    /// Whose clock leases end by.
    pub(crate) leases: LeaseClock,
    changes: Arc<watch::Sender<Changes>>,
    pub(crate) carried: Carried,
}

impl SqlServerStore {
    /// Connects, and brings the schema up to date. `zone` is the server's own: the wall time of rows that another program has
    /// written in `scheduler_logs` is read in it. A database of a newer program is refused without being changed.
    ///
    /// # Errors
    /// [`crate::StoreError`]; [`crate::StoreError::Unavailable`] where the server cannot be reached or used.
    pub async fn open(address: Address, zone: TimeZone) -> StoreResult<Self> {
        let pool = Pool::new(address);
        examination::insist_on_level(&pool).await?;
        migrations::migrate(&pool).await?;
        let sql = "SELECT ISNULL(MAX(log_id), 0) FROM dbo.scheduler_logs";
        let highest: Result<_, SqlError> =
            reading!(pool, "find the newest line", |connection| connection.one("newest line", sql, &[]));
        let highest_log_id = super::columns::only(highest?, "newest line")?;
        let changes = Arc::new(watch::Sender::new(Changes { highest_log_id, ..Changes::default() }));
        Ok(Self { pool, zone, leases: LeaseClock::Database, changes, carried: Carried::default() })
    }

    /// Whether the database has its tables, as this program knows them; writes nothing.
    ///
    /// # Errors
    /// As [`SqlServerStore::open`].
    pub async fn is_up_to_date(address: &Address) -> StoreResult<bool> {
        let (pool, place) = (Pool::new(address.clone()), address.to_string());
        let version: StoreResult<i64> =
            reading!(pool, "read the schema's version", |connection| migrations::examine(connection, &place));
        Ok(version? == migrations::KNOWN_VERSION)
    }

    /// What the database tells of its own health, whatever its schema version; writes nothing.
    ///
    /// # Errors
    /// As [`SqlServerStore::open`].
    pub async fn look(address: &Address) -> StoreResult<Vec<Finding>> {
        let (pool, place) = (Pool::new(address.clone()), address.to_string());
        reading!(pool, "check the database", |connection| meta::check(connection, &place))
    }

    /// Why there is no backup of the database at `address` in the file `target`.
    pub fn not_backed_up(address: &Address, target: &Path) -> StoreError {
        StoreError::Unusable {
            place: target.display().to_string(),
            reason: format!(
                "{address} is backed up by SQL Server itself: let its plan include this database, or run BACKUP DATABASE there"
            ),
        }
    }

    /// The same store with leases that end by another clock.
    #[must_use]
    pub fn with_leases_by(self, leases: LeaseClock) -> Self {
        Self { leases, ..self }
    }

    /// The same store with entries of the audit for its next write.
    pub(super) fn carrying(&self, entries: Vec<AuditEntry>) -> Self {
        Self { carried: Carried::new(entries), ..self.clone() }
    }

    /// The connections, for who asks how many statements were sent.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// What was committed is told to those who watch.
    pub(crate) fn tell(&self, effects: &Effects) {
        self.changes.send_if_modified(|changes| effects.apply(changes));
    }
}

impl ChangeFeed for SqlServerStore {
    fn changes(&self) -> watch::Receiver<Changes> {
        self.changes.subscribe()
    }
}

impl Store for SqlServerStore {}

impl fmt::Debug for SqlServerStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SqlServerStore({})", self.pool.address())
    }
}
