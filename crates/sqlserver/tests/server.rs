//! The pool against a real server.
#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

use async_trait::async_trait;
use jiff::civil::datetime;
use marktwerk_sqlserver::{
    Address, Column, Connection, DateTime2, Encryption, Kind, Pool, SqlError, Value, reading, testing,
    transaction,
};

async fn pool() -> Option<(Pool, testing::TestDatabase)> {
    let database = testing::database("marktwerk_pool").await?;
    let pool = Pool::new(database.address.clone());
    let clean = "IF OBJECT_ID('dbo.things', 'U') IS NOT NULL DROP TABLE dbo.things; \
        CREATE TABLE dbo.things (id int NOT NULL PRIMARY KEY, name nvarchar(40) NULL, at datetime2(6) NULL)";
    let cleaned: Result<(), SqlError> =
        reading!(pool, "clean", |connection| connection.batch("clean", clean));
    cleaned.unwrap();
    Some((pool, database))
}

/// As the store uses it: behind a trait, with futures that go from thread to thread.
#[async_trait]
trait Things: Send + Sync {
    async fn add(&self, id: i32, name: &str) -> Result<u64, SqlError>;
}

#[async_trait]
impl Things for Pool {
    async fn add(&self, id: i32, name: &str) -> Result<u64, SqlError> {
        transaction!(self, "add a thing", |transaction| insert(transaction, id, name))
    }
}

async fn insert(connection: &mut Connection, id: i32, name: &str) -> Result<u64, SqlError> {
    connection
        .execute("insert a thing", "INSERT INTO dbo.things (id, name) VALUES (@P1, @P2)", &[&id, &name])
        .await
}

async fn count(pool: &Pool) -> i64 {
    let count: Result<_, SqlError> = reading!(pool, "count", |connection| async {
        connection.one("count", "SELECT COUNT(*) FROM dbo.things", &[]).await?.unwrap().integer(0)
    });
    count.unwrap()
}

#[tokio::test]
async fn a_transaction_is_all_or_nothing() {
    let Some((pool, _database)) = pool().await else { return };
    assert_eq!(pool.add(1, "Zoë 🛒").await, Ok(1));
    let again: Result<_, SqlError> = transaction!(pool, "add two", |transaction| async {
        insert(transaction, 2, "two").await?;
        insert(transaction, 1, "one again").await
    });
    let error = again.unwrap_err();
    assert!(matches!(error, SqlError::Duplicate { .. }), "{error}");
    assert_eq!(count(&pool).await, 1);
    let refused: Result<(), SqlError> = transaction!(pool, "change one's mind", |transaction| async {
        insert(transaction, 3, "three").await?;
        Err(SqlError::Refused { statement: "a rule", reason: "no".to_owned() })
    });
    assert!(refused.is_err());
    assert_eq!(count(&pool).await, 1);
    let name: Result<_, SqlError> = reading!(pool, "read", |connection| async {
        connection.one("read", "SELECT name FROM dbo.things WHERE id = 1", &[]).await?.unwrap().text(0)
    });
    assert_eq!(name.unwrap(), "Zoë 🛒");
}

#[tokio::test]
async fn a_deadlocks_victim_is_tried_again() {
    let Some((pool, _database)) = pool().await else { return };
    for id in [1, 2] {
        pool.add(id, "free").await.unwrap();
    }
    let barrier = tokio::sync::Barrier::new(2);
    let first_time = [std::sync::atomic::AtomicBool::new(true), std::sync::atomic::AtomicBool::new(true)];
    let lock_both = async |first: i32, second: i32, which: usize| {
        let (pool, barrier, is_first) = (&pool, &barrier, &first_time[which]);
        transaction!(pool, "lock both", |transaction| async {
            let update = "UPDATE dbo.things SET name = name + N'!' WHERE id = @P1";
            transaction.execute("lock the first", update, &[&first]).await?;
            if is_first.swap(false, std::sync::atomic::Ordering::Relaxed) {
                barrier.wait().await;
            }
            transaction.execute("lock the second", update, &[&second]).await
        })
    };
    let (one, other) = tokio::join!(lock_both(1, 2, 0), lock_both(2, 1, 1));
    assert_eq!((one, other), (Ok(1), Ok(1)));
    let names: Result<_, SqlError> = reading!(pool, "read", |connection| async {
        let rows = connection.query("read", "SELECT name FROM dbo.things ORDER BY id", &[]).await?;
        rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()
    });
    assert_eq!(names.unwrap(), ["free!!", "free!!"], "each did both, and once");
}

#[tokio::test]
async fn a_bulk_load_has_no_limit_of_parameters() {
    let Some((pool, _database)) = pool().await else { return };
    let names: Vec<String> = (0..5_000).map(|number| format!("Nº {number}")).collect();
    let at = datetime(2026, 11, 23, 20, 15, 0, 123_456_000);
    let inserted: Result<_, SqlError> = transaction!(pool, "load", |transaction| async {
        let columns = [
            Column::new("id", Kind::Integer),
            Column::new("name", Kind::Text(40)),
            Column::new("at", Kind::DateTime),
        ];
        let row = |(id, name): (usize, &'_ String)| (id as i64, name.clone());
        let owned: Vec<(i64, String)> = names.iter().enumerate().map(row).collect();
        let rows = owned
            .iter()
            .map(|(id, name)| vec![Value::from(*id), Value::from(name.as_str()), Value::DateTime(Some(at))]);
        transaction.load("load things", "#things", &columns, rows.collect()).await?;
        transaction
            .execute("insert them", "INSERT INTO dbo.things SELECT id, name, at FROM #things", &[])
            .await
    });
    assert_eq!(inserted, Ok(5_000));
    let found: Result<_, SqlError> = reading!(pool, "join", |connection| async {
        connection.load_texts("names", &names).await?;
        let sql =
            "SELECT COUNT(*), MAX(t.at) FROM dbo.things t JOIN #list l ON l.value = t.name WHERE t.at = @P1";
        let row = connection.one("join", sql, &[&DateTime2(Some(at))]).await?.unwrap();
        Ok::<_, SqlError>((row.integer(0)?, row.optional_date_time(1)?))
    });
    assert_eq!(found.unwrap(), (5_000, Some(at)));
}

/// Its last token is split between two packets in some of these.
#[tokio::test]
async fn a_bulk_load_may_be_of_any_length() {
    let Some((pool, _database)) = pool().await else { return };
    for length in 3_850..4_100 {
        let text = "x".repeat(length);
        let stored: Result<_, SqlError> = transaction!(pool, "load", |transaction| async {
            let columns = [Column::new("document", Kind::LongText)];
            transaction
                .load("load a document", "#it", &columns, vec![vec![Value::from(text.as_str())]])
                .await?;
            let row =
                transaction.one("measure it", "SELECT COUNT(*), SUM(LEN(document)) FROM #it", &[]).await?;
            let row = row.unwrap();
            Ok::<_, SqlError>((row.integer(0)?, row.integer(1)?))
        });
        assert_eq!(stored, Ok((1, length as i64)));
    }
}

/// The driver takes 65,535 bytes for a text of a bulk load.
#[tokio::test]
async fn a_text_of_a_bulk_load_may_be_of_any_length() {
    let Some((pool, _database)) = pool().await else { return };
    let texts = [10, 32_767, 32_768, 200_000].map(|length| "ä".repeat(length));
    let stored: Result<_, SqlError> = transaction!(pool, "load", |transaction| async {
        let columns = [Column::new("id", Kind::Integer), Column::new("document", Kind::LongText)];
        let rows = (0_i64..).zip(&texts).map(|(id, text)| vec![Value::from(id), Value::from(text.as_str())]);
        transaction.load("load documents", "#it", &columns, rows.collect()).await?;
        transaction.query("read them", "SELECT document FROM #it ORDER BY id", &[]).await
    });
    let stored = stored.unwrap();
    let stored: Vec<String> = stored.iter().map(|row| row.text(0).unwrap()).collect();
    assert!(stored == texts, "{:?}", stored.iter().map(String::len).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_application_lock_is_one_transactions() {
    let Some((pool, _database)) = pool().await else { return };
    pool.add(1, "0").await.unwrap();
    let read_and_write = async || {
        transaction!(pool, "count up", |transaction| async {
            transaction.lock("the counter").await?;
            let row =
                transaction.one("read", "SELECT name FROM dbo.things WHERE id = 1", &[]).await?.unwrap();
            let next = row.text(0)?.parse::<i64>().unwrap() + 1;
            transaction
                .execute("write", "UPDATE dbo.things SET name = @P1 WHERE id = 1", &[&next.to_string()])
                .await
        })
    };
    let all = futures::future::join_all((0..8).map(|_| read_and_write())).await;
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    let name: Result<_, SqlError> = reading!(pool, "read", |connection| async {
        connection.one("read", "SELECT name FROM dbo.things", &[]).await?.unwrap().text(0)
    });
    assert_eq!(name.unwrap(), "8");
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_nothing_behind() {
    let Some((pool, _database)) = pool().await else { return };
    let work = async {
        transaction!(pool, "never ends", |transaction| async {
            insert(transaction, 1, "one").await?;
            std::future::pending::<Result<(), SqlError>>().await
        })
    };
    let cut_off = tokio::time::timeout(std::time::Duration::from_millis(300), work).await;
    assert!(cut_off.is_err());
    assert_eq!(count(&pool).await, 0, "the transaction ended with its connection");
}

#[tokio::test]
async fn what_keeps_one_out_is_told_apart() {
    let Some(server) = testing::server() else { return };
    let failure = async |address: Address| {
        let pool = Pool::new(address);
        let answer: Result<(), SqlError> =
            reading!(pool, "look", |connection| connection.batch("look", "SELECT 1"));
        answer.unwrap_err()
    };
    let wrong = Address { password: "wrong".to_owned().into(), ..server.clone() };
    let error = failure(wrong).await;
    assert!(matches!(error, SqlError::Login { .. }), "{error}");
    let error = failure(server.with_database("no_such_database")).await;
    assert!(matches!(error, SqlError::NoDatabase { .. }), "{error}");
    let closed = Address { port: Some(9), ..server.clone() };
    let error = failure(closed).await;
    assert!(error.to_string().contains("TCP/IP is enabled"), "{error}");
    let unproven = Address { encryption: Encryption::Required, ..server };
    let error = failure(unproven).await;
    assert!(matches!(error, SqlError::Encryption { .. }), "{error}");
}
