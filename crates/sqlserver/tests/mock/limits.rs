//! Connections that must not be used again: after a time limit, after a caller that went away, after most errors.

use std::time::Duration;

use futures::FutureExt;
use marktwerk_sqlserver::{Class, Connection, Pool, SqlError, reading, transaction};

use crate::server::{Answer, Event, Server, pass};

const SHORT: Duration = Duration::from_secs(15);
const BATCH: Duration = Duration::from_secs(60);

async fn look(pool: &Pool) -> Result<i64, SqlError> {
    reading!(pool, "look", |connection| async {
        connection.one("look", "SELECT the number", &[]).await?.unwrap().integer(0)
    })
}

async fn change(connection: &mut Connection, class: Class) -> Result<u64, SqlError> {
    connection.execute_in("change", "UPDATE the things", &[], class).await
}

/// The first statement that begins with `UPDATE` gets this answer, each `SELECT` a seven.
fn first(answer: Answer) -> impl FnMut(usize, &str) -> Answer + Send + 'static {
    let mut first = Some(answer);
    move |_, statement| match statement {
        text if text.starts_with("UPDATE") => first.take().unwrap_or(Answer::Done),
        text if text.starts_with("SELECT the number") => Answer::Number(7),
        _ => Answer::Done,
    }
}

#[tokio::test]
async fn a_connection_is_used_again_after_a_statement_that_ended_well() {
    let server = Server::start(first(Answer::Done)).await;
    let pool = server.pool();
    for _ in 0..5 {
        assert_eq!(look(&pool).await, Ok(7));
    }
    assert_eq!((server.opened(), server.log().len()), (1, 5));
}

#[tokio::test]
async fn a_statement_without_an_answer_is_given_up_within_its_limit() {
    for (class, limit) in [(Class::Short, SHORT), (Class::Batch, BATCH)] {
        let mut server = Server::start(first(Answer::Silence)).await;
        let pool = server.pool();
        let mut guard = pool.tries("change").connection().await.unwrap();
        let mut statement = Box::pin(change(&mut guard, class));
        tokio::select! {
            answer = &mut statement => panic!("{answer:?}"),
            () = server.until(Event::Silent) => {}
        }
        pass(limit - Duration::from_secs(2)).await;
        assert_eq!((&mut statement).now_or_never(), None, "it has two seconds left");
        pass(Duration::from_secs(2)).await;
        let error = statement.await.unwrap_err();
        assert!(matches!(error, SqlError::TimedOut { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("within {} s", limit.as_secs())), "{error}");
        let again = change(&mut guard, class).await.unwrap_err();
        assert!(matches!(again, SqlError::Lost { .. }), "{again:?}");
        drop(guard);
        server.until(Event::Closed(1)).await;
        assert_eq!(look(&pool).await, Ok(7));
        let statements = server.log();
        assert_eq!(statements[1..], [(2, "SELECT the number".to_owned())], "{statements:?}");
    }
}

#[tokio::test]
async fn what_was_given_up_is_not_tried_again() {
    let mut server = Server::start(first(Answer::Silence)).await;
    let pool = server.pool();
    let (answer, ()) = tokio::join!(
        async {
            reading!(pool, "change", |connection| change(connection, Class::Short)) as Result<u64, SqlError>
        },
        async {
            server.until(Event::Silent).await;
            pass(SHORT).await;
        }
    );
    let error = answer.unwrap_err();
    assert!(matches!(error, SqlError::TimedOut { .. }) && error.may_pass(), "{error:?}");
    assert_eq!(server.log().len(), 1);
}

#[tokio::test]
async fn the_begin_of_a_transaction_is_a_short_statement() {
    let mut is_first = true;
    let script = move |_, statement: &str| {
        let is_begin = statement.starts_with("BEGIN");
        if is_begin && std::mem::take(&mut is_first) { Answer::Silence } else { Answer::Done }
    };
    let mut server = Server::start(script).await;
    let pool = server.pool();
    let work = async { transaction!(pool, "change", |connection| change(connection, Class::Short)) };
    let (answer, ()): (Result<u64, SqlError>, ()) = tokio::join!(work, async {
        server.until(Event::Silent).await;
        pass(SHORT).await;
        server.until(Event::Closed(1)).await;
    });
    assert_eq!(answer, Ok(0));
    assert_eq!(server.opened(), 2);
}

#[tokio::test]
async fn a_caller_that_goes_away_in_the_middle_closes_its_connection() {
    let mut server = Server::start(first(Answer::Silence)).await;
    let pool = server.pool();
    {
        let work = async { transaction!(pool, "change", |connection| change(connection, Class::Long)) };
        let work = std::pin::pin!(work);
        tokio::select! {
            answer = work => { let answer: Result<u64, SqlError> = answer; panic!("{answer:?}") }
            () = server.until(Event::Silent) => {}
        }
    }
    // Nobody asks for a connection, and the server must not keep the transaction's locks until somebody does.
    server.until(Event::Closed(1)).await;
    assert_eq!(look(&pool).await, Ok(7));
    assert_eq!(server.opened(), 2);
}

#[tokio::test]
async fn a_caller_that_goes_away_between_two_statements_closes_its_transaction() {
    let mut server = Server::start(first(Answer::Done)).await;
    let pool = server.pool();
    let guard = pool.tries("change").begin().await.unwrap();
    drop(guard);
    server.until(Event::Closed(1)).await;
    assert_eq!(look(&pool).await, Ok(7));
    assert_eq!(server.opened(), 2);
}

#[tokio::test]
async fn what_ends_in_good_order_leaves_the_connection_as_it_was() {
    for number in [2627, 229, 208, 102, 54_321] {
        let server = Server::start(first(Answer::Error(number, "no"))).await;
        let pool = server.pool();
        let refused: Result<u64, SqlError> =
            reading!(pool, "change", |connection| change(connection, Class::Short));
        assert!(refused.is_err(), "{number}");
        assert_eq!(look(&pool).await, Ok(7));
        assert_eq!(server.opened(), 1, "{number}");
    }
}

#[tokio::test]
async fn after_any_other_error_the_connection_is_closed() {
    // A lock of somebody else, a server that goes down, and one that Babelfish gives to whatever PostgreSQL says.
    for number in [1222, 6005, 33_557_097] {
        let mut server = Server::start(first(Answer::Error(number, "no"))).await;
        let pool = server.pool();
        let mut guard = pool.tries("change").connection().await.unwrap();
        assert!(change(&mut guard, Class::Short).await.is_err(), "{number}");
        drop(guard);
        server.until(Event::Closed(1)).await;
        assert_eq!(look(&pool).await, Ok(7));
        assert_eq!(server.opened(), 2, "{number}");
    }
}
