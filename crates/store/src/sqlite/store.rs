//! The store on one SQLite file, or on a database in memory for tests and simulations.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use jiff::tz::TimeZone;
use marktwerk_domain::audit::AuditEntry;
use marktwerk_domain::finding::Finding;
use rusqlite::Connection;
use tokio::sync::watch;

use super::held::{BESIDE, HeldDatabase, with_suffix};
use super::readers::Readers;
use super::writer::{Drainer, Writer};
use super::writing::Writing;
use super::{audit, backup, connection, health, logs, looking, migrations};
use crate::audit::Carried;
use crate::changes::{ChangeFeed, Changes};
use crate::files::Watched;
use crate::{Store, StoreError, StoreResult};

/// All nouns in one SQLite database. Clones share its connections. With a file every call is carried out by a blocking job of
/// the Tokio runtime that it is made on; with a database in memory by the task that makes it.
#[derive(Clone)]
pub struct SqliteStore {
    place: String,
    zone: TimeZone,
    writer: Writer,
    readers: Readers,
    carried: Carried,
}

impl SqliteStore {
    /// The schema version that [`SqliteStore::open`] brings a file to.
    pub const KNOWN_VERSION: i64 = migrations::KNOWN_VERSION;

    /// Opens the file, makes it where it does not exist, and brings its schema up to date. `zone` is the one whose wall time
    /// `scheduler_logs` shows. Blocks; a file of a newer program is refused without being changed, and one that another process has
    /// is refused by its name.
    pub fn open(path: &Path, zone: TimeZone) -> StoreResult<Self> {
        Self::open_for("marktwerk", path, zone)
    }

    /// As [`SqliteStore::open`]. `purpose` (the program and what it does) is what other processes are told that want the same file.
    pub fn open_for(purpose: &str, path: &Path, zone: TimeZone) -> StoreResult<Self> {
        let place = path.display().to_string();
        let unusable = |error: StoreError| match error {
            StoreError::Unavailable(reason) => StoreError::Unusable { place: place.clone(), reason },
            error => error,
        };
        let held = HeldDatabase::take(path, purpose)?;
        let connection = connection::open_untouched(held.path(), &place).map_err(unusable)?;
        migrations::examine(&connection, &place).map_err(unusable)?;
        let (drainer, holder) = (Drainer::BlockingJob, Some(Arc::clone(&held)));
        let writer = Self::writer(drainer, connection, &place, &zone, holder).map_err(unusable)?;
        held.make_private();
        let readers = Readers::of_file(held.path().to_owned(), Some(held));
        Ok(Self { place, zone, writer, readers, carried: Carried::default() })
    }

    /// Opens a file that has this program's schema, beside whoever works on it: each write fails.
    pub fn open_to_read(path: &Path, zone: TimeZone) -> StoreResult<Self> {
        let place = path.display().to_string();
        let connection = connection::open_to_look(path, &place, false)?;
        connection::keep_statements(&connection)?;
        let highest_log_id = logs::highest(&connection)?;
        let changes = Changes { highest_log_id, ..Changes::default() };
        let writer = Writer::new(Drainer::BlockingJob, connection, zone.clone(), changes, None);
        let readers = Readers::of_file(path.to_owned(), None);
        Ok(Self { place, zone, writer, readers, carried: Carried::default() })
    }

    /// The schema version of the file at `path`; [`SqliteStore::KNOWN_VERSION`] where it is up to date. Writes nothing; a file of a
    /// newer program is refused.
    pub fn version(path: &Path) -> StoreResult<i64> {
        let place = path.display().to_string();
        looking::look(path, |connection| migrations::examine(connection, &place))
    }

    /// What the file at `path` tells of its own health, whatever its schema version: [`Finding::Wrong`] is damage, [`Finding::Odd`] a
    /// hint. `is_thorough` reads every index too. Writes nothing, also beside a running program.
    pub fn examine(path: &Path, is_thorough: bool) -> StoreResult<Vec<Finding>> {
        let place = path.display().to_string();
        looking::look(path, |connection| health::check(connection, &place, is_thorough))
    }

    /// Writes a consistent copy of the file at `path`, whatever its schema version, into a new file, also beside a running program.
    pub fn back_up(path: &Path, target: &Path) -> StoreResult<()> {
        backup::of_file(path, target)
    }

    /// What has to stay as it is while this store is used: the file and the lock beside it. Empty in memory.
    pub fn watched(&self) -> Vec<Watched> {
        self.readers.held().map(|held| held.watched().to_vec()).unwrap_or_default()
    }

    /// What has to stay as well: SQLite's own files beside the database. See [`SqliteStore::save_log`].
    pub fn watched_beside(&self) -> Vec<Watched> {
        let Some(held) = self.readers.held() else { return Vec::new() };
        BESIDE.iter().filter_map(|suffix| Watched::at(&with_suffix(held.path(), suffix)).ok()).collect()
    }

    /// To be called when one of SQLite's files beside the database was removed, before this process ends: what it held is written into
    /// the database, and every write from then on is refused. Blocks until the transaction under way has ended.
    pub fn save_log(&self) -> StoreResult<()> {
        self.writer.close_with_empty_log()
    }

    /// A database that is gone with the last clone.
    pub fn open_in_memory(zone: TimeZone) -> StoreResult<Self> {
        let place = "the database in memory".to_owned();
        let connection = migrations::migrated_in_memory(&place)?;
        let writer = Self::writer(Drainer::CallingTask, connection, &place, &zone, None)?;
        let readers = Readers::Writer(writer.clone());
        Ok(Self { place, zone, writer, readers, carried: Carried::default() })
    }

    fn writer(
        drainer: Drainer,
        mut connection: Connection,
        place: &str,
        zone: &TimeZone,
        held: Option<Arc<HeldDatabase>>,
    ) -> StoreResult<Writer> {
        connection::prepare_writer(&connection)?;
        migrations::migrate(&mut connection, place)?;
        let highest_log_id = logs::highest(&connection)?;
        let changes = Changes { highest_log_id, ..Changes::default() };
        Ok(Writer::new(drainer, connection, zone.clone(), changes, held))
    }

    /// The same store with entries of the audit for its next write.
    pub(super) fn carrying(&self, entries: Vec<AuditEntry>) -> Self {
        Self { carried: Carried::new(entries), ..self.clone() }
    }

    /// Where it stands, for people.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    pub(crate) async fn read<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> StoreResult<T> + Send + 'static,
    {
        self.readers.read(work).await
    }

    pub(crate) async fn write<T, F>(&self, work: F) -> StoreResult<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Writing<'_>) -> StoreResult<T> + Send + 'static,
    {
        let entries = self.carried.entries();
        if entries.is_empty() {
            return self.writer.write(work).await;
        }
        let with_entries = move |writing: &mut Writing<'_>| {
            let answer = work(writing)?;
            if !writing.changed_nothing {
                audit::insert(writing, &entries)?;
            }
            Ok((answer, writing.changed_nothing))
        };
        let (answer, changed_nothing) = self.writer.write(with_entries).await?;
        if !changed_nothing {
            self.carried.are_stored();
        }
        Ok(answer)
    }
}

impl Store for SqliteStore {}

impl ChangeFeed for SqliteStore {
    fn changes(&self) -> watch::Receiver<Changes> {
        self.writer.changes()
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SqliteStore").field("place", &self.place).finish_non_exhaustive()
    }
}
