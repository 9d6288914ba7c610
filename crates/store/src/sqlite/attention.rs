//! The attention list on SQLite. Closed rows stay, so that "since when" and "how often" can be told.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::attention::{Attention, AttentionKind};
use rusqlite::{Connection, Row, params};
use serde_json::Value;

use super::rows::{self, Columns, Json, Micros, Word};
use super::store::SqliteStore;
use super::writing::Writing;
use crate::StoreResult;
use crate::attention::{AttentionStore, NewAttention};
use crate::orders::OrderEntry;

const SELECT: &str =
    "SELECT id, account, kind, subject, message, facts, since FROM attentions WHERE closed_at IS NULL";

#[async_trait]
impl AttentionStore for SqliteStore {
    async fn attentions(&self) -> StoreResult<Vec<Attention>> {
        let sql = format!("{SELECT} ORDER BY since, id");
        self.read(move |connection| rows::all(connection, &sql, [], attention)).await
    }

    async fn raise(&self, items: &[NewAttention], now: Timestamp) -> StoreResult<()> {
        let items = items.to_vec();
        let news = self.read(move |connection| keep_news(connection, items)).await?;
        if news.is_empty() {
            return Ok(());
        }
        self.write(move |writing| raise(writing, &news, now)).await
    }

    async fn settle(&self, items: &[(String, AttentionKind, String)], now: Timestamp) -> StoreResult<()> {
        let items = items.to_vec();
        let open = self.read(move |connection| keep_open(connection, items)).await?;
        if open.is_empty() {
            return Ok(());
        }
        self.write(move |writing| {
            for (account, kind, subject) in &open {
                settle(writing, account, *kind, subject, now)?;
            }
            writing.changed_nothing = !writing.effects.attention;
            Ok(())
        })
        .await
    }
}

/// Those that are not open with this message.
fn keep_news(connection: &Connection, items: Vec<NewAttention>) -> StoreResult<Vec<NewAttention>> {
    let mut news = Vec::new();
    for item in items {
        let sql = "SELECT message, facts FROM attentions \
             WHERE account = ?1 AND kind = ?2 AND subject = ?3 AND closed_at IS NULL";
        let key = [item.account.as_str(), item.kind.as_str(), item.subject.as_str()];
        let open = rows::one(connection, sql, key, |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Json<Value>>(1)?.0))
        })?;
        let is_known =
            open.is_some_and(|(message, facts)| message == item.message && has_facts(&facts, &item.facts));
        if !is_known {
            news.push(item);
        }
    }
    Ok(news)
}

/// Without facts those that are open stay.
fn has_facts(open: &Value, told: &Value) -> bool {
    told.is_null() || open == told
}

fn keep_open(
    connection: &Connection,
    items: Vec<(String, AttentionKind, String)>,
) -> StoreResult<Vec<(String, AttentionKind, String)>> {
    let mut open = Vec::new();
    for (account, kind, subject) in items {
        if open_message(connection, &account, kind, &subject)?.is_some() {
            open.push((account, kind, subject));
        }
    }
    Ok(open)
}

fn open_message(
    connection: &Connection,
    account: &str,
    kind: AttentionKind,
    subject: &str,
) -> StoreResult<Option<String>> {
    let sql = "SELECT message FROM attentions WHERE account = ?1 AND kind = ?2 AND subject = ?3 AND closed_at IS NULL";
    rows::one(connection, sql, [account, kind.as_str(), subject], |row| row.get(0))
}

/// Puts things on the list; an open one gets the new message.
pub(super) fn raise(writing: &mut Writing<'_>, items: &[NewAttention], now: Timestamp) -> StoreResult<()> {
    let sql = "INSERT INTO attentions (account, kind, subject, message, since, facts) \
         VALUES (?1, ?2, ?3, ?4, ?5, COALESCE(?6, '{}')) \
         ON CONFLICT (account, kind, subject) WHERE closed_at IS NULL \
         DO UPDATE SET message = excluded.message, facts = COALESCE(?6, facts) \
         WHERE message <> excluded.message OR facts <> COALESCE(?6, facts)";
    for NewAttention { account, kind, subject, message, facts } in items {
        let facts = (!facts.is_null()).then_some(Json(facts));
        let params = params![account, kind.as_str(), subject, message, Micros(now), facts];
        writing.effects.attention |= rows::execute(writing.connection, sql, params)? > 0;
    }
    Ok(())
}

/// Makes these the entries of an order: others of its kinds go, and what differs is written.
pub(super) fn keep_entries(
    writing: &mut Writing<'_>,
    account: &str,
    number: &str,
    entries: &[OrderEntry],
    now: Timestamp,
) -> StoreResult<()> {
    let sql = "SELECT kind FROM attentions INDEXED BY attentions_subject \
         WHERE account = ?1 AND subject = ?2 AND closed_at IS NULL";
    let open: Vec<Word<AttentionKind>> =
        rows::all(writing.connection, sql, [account, number], |row| row.get(0))?;
    let goes =
        |kind: &AttentionKind| kind.is_of_an_order() && entries.iter().all(|entry| entry.kind != *kind);
    for kind in open.into_iter().map(|kind| kind.0).filter(goes) {
        settle(writing, account, kind, number, now)?;
    }
    let sql = "INSERT INTO attentions (account, kind, subject, message, facts, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (account, kind, subject) WHERE closed_at IS NULL \
         DO UPDATE SET message = excluded.message, facts = excluded.facts \
         WHERE message <> excluded.message OR facts <> excluded.facts";
    for OrderEntry { kind, facts, message } in entries {
        let params = params![account, kind.as_str(), number, message, Json(facts), Micros(now)];
        writing.effects.attention |= rows::execute(writing.connection, sql, params)? > 0;
    }
    Ok(())
}

/// Takes one off the list, where it is on it.
pub(super) fn settle(
    writing: &mut Writing<'_>,
    account: &str,
    kind: AttentionKind,
    subject: &str,
    now: Timestamp,
) -> StoreResult<()> {
    let sql = "UPDATE attentions SET closed_at = ?4 \
         WHERE account = ?1 AND kind = ?2 AND subject = ?3 AND closed_at IS NULL";
    let params = params![account, kind.as_str(), subject, Micros(now)];
    writing.effects.attention |= rows::execute(writing.connection, sql, params)? > 0;
    Ok(())
}

fn attention(row: &Row<'_>) -> rusqlite::Result<Attention> {
    let mut columns = Columns::of(row);
    Ok(Attention {
        id: columns.value()?,
        account: columns.value()?,
        kind: columns.word()?,
        subject: columns.value()?,
        message: columns.value()?,
        facts: columns.json()?,
        since: columns.time()?,
    })
}
