//! The writer when things go wrong: panics, refused commits, a clock that is paused.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::rows;
use super::store::SqliteStore;
use crate::meta::MetaStore;
use crate::{StoreError, StoreResult};

fn store() -> SqliteStore {
    SqliteStore::open_in_memory(TimeZone::UTC).unwrap()
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
    let store = store();
    let refuse = || Err(StoreError::NotFound("a thing".to_owned()));
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
    let store = store();
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
    let store = store();
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

#[tokio::test(start_paused = true)]
async fn a_paused_clock_waits_for_reads_and_writes() {
    let store = store();
    let started = tokio::time::Instant::now();
    for number in 0..50 {
        let set = store.set_fact("cursor", if number % 2 == 0 { "even" } else { "odd" });
        tokio::time::timeout(Duration::from_millis(1), set).await.unwrap().unwrap();
    }
    assert_eq!(started.elapsed(), Duration::ZERO);
}
