//! Its database, set up as its documentation says, but durable: its own `setup` turns synchronous off, on one connection
//! of the pool, so the migrations are run without it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use apalis::prelude::*;
use apalis_sqlite::callback::HookCallbackListener;
use apalis_sqlite::{Config, SqliteConnectOptions, SqlitePool, SqliteStorage};
use futures::StreamExt;
use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};

/// The only worker's name. SQLite's statistics know it.
pub(crate) const WORKER: &str = "worker";
/// Tasks that are fetched at once: more per transaction, more per second; above this nothing is gained.
pub(crate) const BATCH: usize = 1_000;
/// How often it looks without having been told. Its documentation says half a second; that doubles the median from push to
/// start, as SQLite tells it of a row before the row is committed.
pub(crate) const POLL: Duration = Duration::from_millis(5);

/// Opens the database, makes its tables, and proves that it is durable.
pub(crate) async fn open(path: &Path) -> Result<(SqlitePool, HookCallbackListener)> {
    let url = format!("sqlite://{}", path.display());
    let (pool, listener) = SqliteStorage::connect_with_callback(&url).context("no pool")?;
    // The other settings are those of its `setup`.
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", "64000")
        .pragma("journal_size_limit", "67108864");
    pool.set_connect_options(options);
    SqliteStorage::migrations().run(&pool).await.context("the tables cannot be made")?;
    let journal: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&pool).await?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&pool).await?;
    ensure!(
        (journal.as_str(), synchronous) == ("wal", 2),
        "SQLite did not take the settings, the figures would be worth nothing: {journal}, {synchronous}"
    );
    Ok((pool, listener))
}

/// Its store in the settings that are measured; `lock_tasks` is off as in its example of real-time work: a task is the
/// worker's own from the moment it is fetched.
pub(crate) fn storage(pool: &SqlitePool) -> SqliteStorage<u32> {
    let config = Config::default().queue("tasks").batch_size(BATCH).lock_tasks(false);
    SqliteStorage::new(pool).with_config(config)
}

/// When it looks for work: SQLite tells it of every new row, and it looks now and then.
pub(crate) fn strategy(listener: HookCallbackListener) -> Strategy {
    Strategy::new().stream(listener.ready_chunks(BATCH)).interval(POLL)
}

/// Lets SQLite learn what the table looks like, which it does not by itself: a thousand tasks are run, then analysed.
/// Without, ending a task reads all that the worker ever had.
pub(crate) async fn teach(path: &Path) -> Result<()> {
    let (pool, listener) = open(path).await?;
    let mut storage = storage(&pool);
    let backend = storage.clone().poll_with_strategy(strategy(listener));
    let worker = tokio::spawn(WorkerBuilder::new(WORKER).backend(backend).build(no_work).run());
    storage.push_bulk((0..1_000).collect()).await?;
    while ended(&pool).await? < 1_000 {
        ensure!(!worker.is_finished(), "the worker has given up: {:?}", worker.await);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    worker.abort();
    sqlx::query("ANALYZE").execute(&pool).await?;
    // A name is free again when its worker has been silent for half a minute. This saves the wait.
    sqlx::query("UPDATE Workers SET last_seen = 0").execute(&pool).await?;
    pool.close().await;
    Ok(())
}

async fn no_work(_number: u32) -> Result<(), BoxDynError> {
    Ok(())
}

/// Tasks that have ended, and that the database knows to have.
pub(crate) async fn ended(pool: &SqlitePool) -> Result<i64> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM Jobs WHERE status = 'Done'").fetch_one(pool).await?)
}
