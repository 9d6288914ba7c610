//! The store on one SQLite file, or on a database in memory for tests and simulations.

use std::fmt;
use std::path::Path;

use jiff::tz::TimeZone;
use marktwerk_domain::audit::AuditEntry;
use rusqlite::Connection;
use tokio::sync::watch;

use super::readers::Readers;
use super::writer::{Drainer, Writer};
use super::writing::Writing;
use super::{audit, connection, logs, migrations};
use crate::audit::Carried;
use crate::changes::{ChangeFeed, Changes};
use crate::{Store, StoreResult};

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
    /// `scheduler_logs` shows. Blocks; a file of a newer program is refused without being changed.
    pub fn open(path: &Path, zone: TimeZone) -> StoreResult<Self> {
        let place = path.display().to_string();
        let connection = connection::open_untouched(path)?;
        migrations::examine(&connection, &place)?;
        let writer = Self::writer(Drainer::BlockingJob, connection, &place, &zone)?;
        let readers = Readers::of_file(path.to_owned());
        Ok(Self { place, zone, writer, readers, carried: Carried::default() })
    }

    /// The schema version of the file at `path`; [`SqliteStore::KNOWN_VERSION`] where it is up to date. Writes nothing; a file of a
    /// newer program is refused.
    pub fn version(path: &Path) -> StoreResult<i64> {
        migrations::examine(&connection::open_untouched(path)?, &path.display().to_string())
    }

    /// A database that is gone with the last clone.
    pub fn open_in_memory(zone: TimeZone) -> StoreResult<Self> {
        let place = "the database in memory".to_owned();
        let writer =
            Self::writer(Drainer::CallingTask, migrations::migrated_in_memory(&place)?, &place, &zone)?;
        let readers = Readers::Writer(writer.clone());
        Ok(Self { place, zone, writer, readers, carried: Carried::default() })
    }

    fn writer(
        drainer: Drainer,
        mut connection: Connection,
        place: &str,
        zone: &TimeZone,
    ) -> StoreResult<Writer> {
        connection::prepare_writer(&connection)?;
        migrations::migrate(&mut connection, place)?;
        let highest_log_id = logs::highest(&connection)?;
        let changes = Changes { highest_log_id, ..Changes::default() };
        Ok(Writer::new(drainer, connection, zone.clone(), changes))
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
