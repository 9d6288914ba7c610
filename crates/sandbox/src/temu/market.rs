//! The marketplace as a whole: its database behind one lock, and what tests set for the moment (faults,
//! refusals, counters), which lives in memory only.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;

use super::{life, store};
use crate::error::SandboxError;
use crate::faults::Faults;
use crate::options::{SandboxOptions, SandboxTime, WorldOptions};

/// What a test set, and what was counted since.
#[derive(Debug, Default)]
pub(crate) struct Mood {
    pub(crate) faults: Faults,
    pub(crate) touch_after_each_page: bool,
    /// Order → code of every confirmation.
    pub(crate) refused_shipments: BTreeMap<String, i64>,
    /// SKU → code of every stock row.
    pub(crate) refused_stock: BTreeMap<String, i64>,
    /// Calls by type since the start or the last reset.
    pub(crate) calls: BTreeMap<String, u64>,
    /// All calls since the start; numbers answers and throws.
    pub(crate) requests: u64,
    /// (second, calls in it).
    pub(crate) rate: (i64, u32),
}

/// The simulated marketplace.
#[derive(Debug)]
pub(crate) struct Market {
    connection: Mutex<Connection>,
    mood: Mutex<Mood>,
    pub(crate) time: SandboxTime,
    pub(crate) seed: u64,
    pub(crate) world: WorldOptions,
}

impl Market {
    /// Opens the file and, when it is new, the shop.
    pub(crate) fn open(path: &Path, options: &SandboxOptions) -> Result<Self, SandboxError> {
        let market = Self {
            connection: Mutex::new(store::open(path)?),
            mood: Mutex::new(Mood::default()),
            time: options.time.clone(),
            seed: options.seed,
            world: options.world.clone(),
        };
        market.with(|connection| life::wake(&market, connection))?;
        Ok(market)
    }

    /// Short work in one transaction, inline: nothing is awaited under the lock.
    pub(crate) fn with<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    pub(crate) fn mood(&self) -> MutexGuard<'_, Mood> {
        self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
