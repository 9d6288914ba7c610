//! What is tried again and what is not: connections that break, and what the server says.

use std::time::Duration;

use marktwerk_sqlserver::{Connection, Pool, SqlError, reading, transaction};

use crate::server::{Answer, Event, Server, pass};

/// So often a call is tried (`pool.rs`).
const TRIES: usize = 6;
/// Connections of one pool (`pool.rs`).
const SIZE: usize = 10;

async fn change(connection: &mut Connection) -> Result<u64, SqlError> {
    connection.execute("change", "UPDATE the things", &[]).await
}

async fn change_outside(pool: &Pool) -> Result<u64, SqlError> {
    reading!(pool, "change", |connection| change(connection))
}

async fn change_within(pool: &Pool) -> Result<u64, SqlError> {
    transaction!(pool, "change", |connection| change(connection))
}

/// The first statement that begins with this word gets this answer, all others are done.
fn first(word: &'static str, answer: Answer) -> impl FnMut(usize, &str) -> Answer + Send + 'static {
    let mut first = Some(answer);
    move |_, statement| {
        if statement.starts_with(word) { first.take().unwrap_or(Answer::Done) } else { Answer::Done }
    }
}

/// Connection and first word of each statement.
fn words(server: &Server) -> Vec<(usize, String)> {
    let first_word = |text: String| text.split(' ').next().unwrap_or_default().to_owned();
    server.log().into_iter().map(|(connection, text)| (connection, first_word(text))).collect()
}

fn expected(words: &[(usize, &str)]) -> Vec<(usize, String)> {
    words.iter().map(|(connection, word)| (*connection, (*word).to_owned())).collect()
}

#[tokio::test]
async fn a_connection_that_is_cut_in_a_statement_is_replaced_once() {
    for cut in [Answer::Cut, Answer::CutInside, Answer::CutBetween] {
        let server = Server::start(first("UPDATE", cut)).await;
        assert_eq!(change_outside(&server.pool()).await, Ok(0), "{cut:?}");
        assert_eq!(words(&server), expected(&[(1, "UPDATE"), (2, "UPDATE")]), "{cut:?}");
    }
}

#[tokio::test]
async fn a_transaction_whose_connection_is_cut_begins_again() {
    for cut in [Answer::Cut, Answer::CutInside, Answer::CutBetween] {
        let server = Server::start(first("UPDATE", cut)).await;
        assert_eq!(change_within(&server.pool()).await, Ok(0), "{cut:?}");
        let all = [(1, "BEGIN"), (1, "UPDATE"), (2, "BEGIN"), (2, "UPDATE"), (2, "COMMIT")];
        assert_eq!(words(&server), expected(&all), "{cut:?}");
    }
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_never_tried_again() {
    for cut in [Answer::Cut, Answer::CutInside, Answer::CutBetween] {
        let mut server = Server::start(first("COMMIT", cut)).await;
        let pool = server.pool();
        let error = change_within(&pool).await.unwrap_err();
        assert!(matches!(error, SqlError::Unknown { statement: "change", .. }), "{cut:?}: {error:?}");
        assert_eq!(words(&server), expected(&[(1, "BEGIN"), (1, "UPDATE"), (1, "COMMIT")]), "{cut:?}");
        server.until(Event::Closed(1)).await;
        assert_eq!(change_within(&pool).await, Ok(0), "the next one has a new connection");
        assert_eq!(server.opened(), 2);
    }
}

#[tokio::test]
async fn a_connection_that_was_cut_in_the_pool_is_replaced() {
    let mut server = Server::start(|_, _| Answer::Done).await;
    let pool = server.pool();
    assert_eq!(change_outside(&pool).await, Ok(0));
    server.cut_all();
    server.until(Event::Closed(1)).await;
    assert_eq!(change_outside(&pool).await, Ok(0));
    assert_eq!(server.opened(), 2);
}

/// As after a restart of the server: there are more dead connections than tries.
#[tokio::test]
async fn a_pool_full_of_dead_connections_is_emptied_at_once() {
    for call in [false, true] {
        let mut server = Server::start(|_, _| Answer::Done).await;
        let pool = server.pool();
        let mut guards = Vec::new();
        for _ in 0..SIZE {
            guards.push(pool.tries("open").connection().await.unwrap());
        }
        drop(guards);
        server.cut_all();
        for _ in 0..SIZE {
            // They end in no order.
            server.until_any_closed().await;
        }
        let answer = if call { change_within(&pool).await } else { change_outside(&pool).await };
        assert_eq!(answer, Ok(0));
        assert_eq!(server.opened(), SIZE + 1);
    }
}

#[tokio::test]
async fn a_deadlocks_victim_begins_again() {
    let server = Server::start(first("UPDATE", Answer::Error(1205, "deadlocked"))).await;
    assert_eq!(change_within(&server.pool()).await, Ok(0));
    let updates = words(&server).into_iter().filter(|(_, word)| word == "UPDATE").count();
    assert_eq!(updates, 2);
    assert_eq!(words(&server).last(), Some(&(2, "COMMIT".to_owned())));
}

#[tokio::test]
async fn whoever_always_loses_is_told_after_the_last_try() {
    let script = |_, statement: &str| {
        if statement.starts_with("UPDATE") { Answer::Error(1205, "deadlocked") } else { Answer::Done }
    };
    let mut server = Server::start(script).await;
    let pool = server.pool();
    let (answer, ()) = tokio::join!(change_within(&pool), async {
        for connection in 1..TRIES {
            // The caller waits now, and for nothing else.
            server.until(Event::Closed(connection)).await;
            pass(Duration::from_secs(60)).await;
        }
    });
    let error = answer.unwrap_err();
    assert!(matches!(error, SqlError::Busy { .. }), "{error:?}");
    let all = words(&server);
    assert_eq!(all.iter().filter(|(_, word)| word == "UPDATE").count(), TRIES);
    assert!(!all.iter().any(|(_, word)| word == "COMMIT"), "{all:?}");
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    type Is = fn(&SqlError) -> bool;
    let duplicate = "Violation of UNIQUE KEY constraint 'one_order'. Cannot insert duplicate key in object 'dbo.orders'. \
        The duplicate key value is (PO-1).";
    let cases: [(u32, &'static str, Is); 4] = [
        (2627, duplicate, |error| matches!(error, SqlError::Duplicate { .. })),
        (229, "The UPDATE permission was denied.", |error| matches!(error, SqlError::Permission { .. })),
        (208, "Invalid object name 'dbo.things'.", |error| matches!(error, SqlError::Schema { .. })),
        (54_321, "Something new.", |error| matches!(error, SqlError::Refused { .. })),
    ];
    for (number, words_of_server, is_right) in cases {
        for within in [false, true] {
            let server = Server::start(first("UPDATE", Answer::Error(number, words_of_server))).await;
            let pool = server.pool();
            let answer = if within { change_within(&pool).await } else { change_outside(&pool).await };
            let error = answer.unwrap_err();
            assert!(is_right(&error), "{number}: {error:?}");
            assert!(!error.to_string().contains("PO-1"), "a value: {error}");
            let all = words(&server);
            assert_eq!(all.iter().filter(|(_, word)| word == "UPDATE").count(), 1, "{number}: {all:?}");
            assert!(!all.iter().any(|(_, word)| word == "COMMIT"), "{number}: {all:?}");
        }
    }
}
