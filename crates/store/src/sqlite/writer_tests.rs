//! The writer when things go wrong: panics, refused commits, a clock that is paused.

use std::time::Duration;

use jiff::tz::TimeZone;
use tempfile::TempDir;

use super::rows;
use super::store::SqliteStore;
use crate::meta::MetaStore;
use crate::{StoreError, StoreResult};

fn in_memory() -> SqliteStore {
    SqliteStore::open_in_memory(TimeZone::UTC).unwrap()
}

/// With a file, calls that are made at the same time share a transaction.
fn in_file() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("marktwerk.db"), TimeZone::UTC).unwrap();
    (folder, store)
}

/// A command that sets a fact and then ends as `then` says.
async fn set_and(store: &SqliteStore, name: &'static str, then: fn() -> StoreResult<()>) -> StoreResult<()> {
    store
        .write(move |writing| {
            rows::execute(writing.connection, "INSERT INTO facts VALUES (?1, 'set')", [name])?;
            then()
        })
        .await
}

fn refuse() -> StoreResult<()> {
    Err(StoreError::NotFound("a thing".to_owned()))
}

/// Lets the calls that are made after this one pile up, so that they share the next transaction.
fn hold_up(store: &SqliteStore) -> (impl Future<Output = StoreResult<()>>, impl Future<Output = ()>) {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let held = store.write(move |_| {
        let _ = released.recv();
        Ok(())
    });
    (held, async move { drop(release) })
}

#[tokio::test]
async fn a_failing_command_is_undone_alone() {
    let (_folder, store) = in_file();
    let (held, release) = hold_up(&store);
    let (_, kept, undone, also_kept, ()) = tokio::join!(
        held,
        set_and(&store, "kept", || Ok(())),
        set_and(&store, "undone", refuse),
        set_and(&store, "also kept", || Ok(())),
        release,
    );
    assert!(kept.is_ok() && also_kept.is_ok());
    assert!(matches!(undone, Err(StoreError::NotFound(_))), "{undone:?}");
    assert_eq!(store.fact("undone").await.unwrap(), None);
    assert!(store.fact("kept").await.unwrap().is_some());
    assert!(store.fact("also kept").await.unwrap().is_some());
}

#[tokio::test]
async fn a_panicking_command_is_undone_alone() {
    let (_folder, store) = in_file();
    let (held, release) = hold_up(&store);
    let (_, panicked, shared, ()) = tokio::join!(
        held,
        set_and(&store, "half done", || panic!("for the test")),
        set_and(&store, "shared", || Ok(())),
        release,
    );
    assert!(matches!(panicked, Err(StoreError::Database(_))), "{panicked:?}");
    assert!(shared.is_ok());
    set_and(&store, "next", || Ok(())).await.unwrap();
    assert_eq!(store.fact("half done").await.unwrap(), None);
    assert!(store.fact("shared").await.unwrap().is_some());
}

#[tokio::test]
async fn a_refused_commit_is_told_to_all_of_it() {
    let (_folder, store) = in_file();
    let broken = store.write(|writing| {
        let orphan = "PRAGMA defer_foreign_keys = ON; INSERT INTO order_raws VALUES (99, '{}')";
        Ok(writing.connection.execute_batch(orphan)?)
    });
    let (held, release) = hold_up(&store);
    let shared = set_and(&store, "shared", || Ok(()));
    let (_, broken, shared, ()) = tokio::join!(held, broken, shared, release);
    assert!(broken.is_err() && shared.is_err(), "{broken:?} {shared:?}");
    assert_eq!(store.fact("shared").await.unwrap(), None);
    set_and(&store, "shared", || Ok(())).await.unwrap();
}

/// The calling task carries its call out, and is not harmed by what happens in it.
#[tokio::test]
async fn in_memory_a_call_fails_alone_too() {
    let store = in_memory();
    let panicked = set_and(&store, "half done", || panic!("for the test"));
    let (kept, undone, panicked) =
        tokio::join!(set_and(&store, "kept", || Ok(())), set_and(&store, "undone", refuse), panicked);
    assert!(kept.is_ok());
    assert!(matches!(undone, Err(StoreError::NotFound(_))), "{undone:?}");
    assert!(matches!(panicked, Err(StoreError::Database(_))), "{panicked:?}");
    let broken = store.read(|_| -> StoreResult<()> { panic!("for the test") }).await;
    assert!(matches!(broken, Err(StoreError::Unavailable(_))), "{broken:?}");
    set_and(&store, "next", || Ok(())).await.unwrap();
    for (name, is_set) in [("kept", true), ("undone", false), ("half done", false), ("next", true)] {
        assert_eq!(store.fact(name).await.unwrap().is_some(), is_set, "{name}");
    }
}

/// Whoever finds the queue at work leaves his call there, and is answered when it is committed.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn in_memory_many_threads_are_all_answered() {
    let store = in_memory();
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for number in 0..100 {
                    let name = format!("{task}-{number}");
                    store.set_fact(&name, "set").await.unwrap();
                    assert_eq!(store.fact(&name).await.unwrap().as_deref(), Some("set"));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let count = store.read(|connection| {
        rows::one(connection, "SELECT COUNT(*) FROM facts", [], |row| row.get::<_, i64>(0))
    });
    assert_eq!(count.await.unwrap(), Some(800));
}

/// In memory as with a file, calls let other tasks have their turn: a task that asks in a circle starves nobody.
#[tokio::test]
async fn in_memory_calls_give_way_to_others() {
    let store = in_memory();
    let other = store.clone();
    let setting = tokio::spawn(async move { other.set_fact("cursor", "7").await.unwrap() });
    while store.fact("cursor").await.unwrap().is_none() {}
    setting.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_paused_clock_waits_for_reads_and_writes() {
    let (_folder, in_file) = in_file();
    for store in [in_file, in_memory()] {
        let started = tokio::time::Instant::now();
        for number in 0..50 {
            let set = store.set_fact("cursor", if number % 2 == 0 { "even" } else { "odd" });
            tokio::time::timeout(Duration::from_millis(1), set).await.unwrap().unwrap();
        }
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}
