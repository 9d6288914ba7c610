//! The simulated JTL as a whole: its database behind one lock, the worker's rounds, and stock that moves by
//! itself. The file is open elsewhere too, so every change is one short transaction.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use tokio_util::sync::CancellationToken;

use super::{intake, schema, seed, ship, stock};
use crate::calendar::jtl_date;
use crate::chance::Chance;
use crate::error::SandboxError;
use crate::options::{SandboxOptions, SandboxTime, UnknownArticles};

/// What a test set for the moment.
#[derive(Debug, Default)]
pub(crate) struct Mood {
    pub(crate) is_worker_paused: bool,
    pub(crate) shipping_method: Option<String>,
}

/// The simulated JTL-Wawi with its worker.
#[derive(Debug)]
pub(crate) struct Erp {
    connection: Mutex<Connection>,
    mood: Mutex<Mood>,
    pub(crate) time: SandboxTime,
    pub(crate) seed: u64,
    pub(crate) unknown_articles: UnknownArticles,
    pub(crate) ship_after: Duration,
    pub(crate) split_share: f64,
    worker_every: Duration,
    stock_moves_every: Option<Duration>,
}

impl Erp {
    /// Opens the file and fills it when it is new.
    pub(crate) fn open(path: &Path, options: &SandboxOptions) -> Result<Self, SandboxError> {
        let world = &options.world;
        let unknown_articles =
            if options.marketplace { world.unknown_articles } else { UnknownArticles::FreeText };
        let erp = Self {
            connection: Mutex::new(schema::open(path)?),
            mood: Mutex::new(Mood::default()),
            time: options.time.clone(),
            seed: options.seed,
            unknown_articles,
            ship_after: world.ship_after,
            split_share: world.split_share,
            worker_every: world.worker_every,
            stock_moves_every: world.stock_moves_every,
        };
        let now = jtl_date(erp.time.now_ms());
        erp.with(|connection| seed::fill(connection, erp.seed, world.initial_articles, &now))?;
        Ok(erp)
    }

    /// Short work in one transaction that holds the write lock from its start.
    pub(crate) fn with<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    pub(crate) fn mood(&self) -> MutexGuard<'_, Mood> {
        self.mood.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes all rows that wait.
    pub(crate) fn take_all(&self) -> Result<(), SandboxError> {
        while self.with(|connection| intake::take_batch(self, connection))? > 0 {}
        Ok(())
    }

    /// Ships all orders that are due.
    pub(crate) fn ship_due(&self) -> Result<(), SandboxError> {
        let method = self.mood().shipping_method.clone();
        while self.with(|connection| ship::ship_batch(self, connection, method.as_deref()))? > 0 {}
        Ok(())
    }

    fn round(&self) -> Result<(), SandboxError> {
        let is_paused = self.mood().is_worker_paused;
        if !is_paused {
            self.take_all()?;
        }
        self.ship_due()?;
        match self.stock_moves_every {
            Some(every) => self.with(|connection| self.move_stock(connection, every)),
            None => Ok(()),
        }
    }

    /// Goods arrive, or are sold over another channel, now and then down to the last piece.
    fn move_stock(&self, connection: &Connection, every: Duration) -> Result<(), SandboxError> {
        let now_ms = self.time.now_ms();
        let mean = i64::try_from(every.as_millis()).unwrap_or(i64::MAX / 4).max(1);
        let moves = number(connection, "stock moves")?.unwrap_or(0);
        let mut chance = Chance::new(self.seed, "stock move", moves.unsigned_abs());
        let due = number(connection, "next stock move")?;
        if due.is_some_and(|due| due > now_ms) {
            return Ok(());
        }
        set_number(connection, "next stock move", now_ms + chance.between(mean / 2, mean * 3 / 2))?;
        if due.is_none() {
            return Ok(());
        }
        set_number(connection, "stock moves", moves + 1)?;
        let skus: Vec<String> = connection
            .prepare_cached(
                "SELECT cArtNr FROM tArtikel WHERE cLagerAktiv = 'Y' AND kStueckliste = 0 ORDER BY kArtikel",
            )?
            .query_map([], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        if skus.is_empty() {
            return Ok(());
        }
        let index = usize::try_from(chance.below(skus.len() as u64)).unwrap_or(0);
        let Some(sku) = skus.get(index) else { return Ok(()) };
        match chance.below(10) {
            0..5 => stock::receive(connection, sku, chance.between(3, 30)),
            5..9 => stock::take(connection, stock::article(connection, sku)?, chance.between(1, 8)),
            _ => stock::take(connection, stock::article(connection, sku)?, 1_000_000),
        }
    }
}

fn number(connection: &Connection, name: &str) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT value FROM sandbox_number WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()
}

fn set_number(connection: &Connection, name: &str, value: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO sandbox_number VALUES (?1, ?2)")?
        .execute(params![name, value])?;
    Ok(())
}

/// JTL-Worker and the warehouse, until stopped. SQLite's waiting happens on tokio's blocking threads, which a
/// paused test clock waits for.
pub(crate) async fn run(erp: Arc<Erp>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = erp.time.sleep(erp.worker_every) => {}
        }
        let worker = Arc::clone(&erp);
        match tokio::task::spawn_blocking(move || worker.round()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the simulated JTL-Worker will try again"),
            Err(error) => tracing::error!(%error, "the simulated JTL-Worker's round broke off"),
        }
    }
}
