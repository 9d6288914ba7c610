//! Listings on SQLite. What is stored already is found by reading, so that an unchanged world is never written.

use std::collections::HashSet;

use async_trait::async_trait;
use marktwerk_domain::inventory::Listing;
use marktwerk_domain::stock::{Figures, Sent, Unread};
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params};

use super::rows::{self, Columns, Json, micros};
use super::store::SqliteStore;
use super::writing::Writing;
use crate::StoreResult;
use crate::inventory::{
    AccountListing, InventoryStatistics, InventoryStore, ListingFilter, ListingPatch, ListingRecord,
};

const SELECT: &str = "SELECT account, id, listing_group, sku, title, stock, article, known_stock, known_at, sold, returned, \
     bought_first_at, bought_last_at, sent_low, sent_high, unseen, unseen_at, unread, unread_from, unread_until, unread_earlier, target, error, lost, held FROM listings";

#[async_trait]
impl InventoryStore for SqliteStore {
    async fn change_listings(&self, account: &str, patches: &[ListingPatch]) -> StoreResult<()> {
        let (name, wanted) = (account.to_owned(), patches.to_vec());
        let changes = self.read(move |connection| would_change(connection, &name, &wanted)).await?;
        if !changes {
            return Ok(());
        }
        let (account, patches) = (account.to_owned(), patches.to_vec());
        self.write(move |writing| patches.iter().try_for_each(|patch| change(writing, &account, patch))).await
    }

    async fn retain_listings(&self, account: &str, ids: &[String]) -> StoreResult<u64> {
        let (name, kept) = (account.to_owned(), ids.iter().cloned().collect::<HashSet<_>>());
        let gone = self
            .read(move |connection| {
                let sql = "SELECT id FROM listings WHERE account = ?1";
                let mut known = rows::all(connection, sql, [name], |row| row.get::<_, String>(0))?;
                known.retain(|id| !kept.contains(id));
                Ok(known)
            })
            .await?;
        if gone.is_empty() {
            return Ok(0);
        }
        let account = account.to_owned();
        self.write(move |writing| {
            writing.effects.inventory = true;
            let sql = "DELETE FROM listings WHERE account = ?1 AND id = ?2";
            let mut removed = 0;
            for id in &gone {
                removed += rows::execute(writing.connection, sql, [&account, id])?;
            }
            Ok(removed as u64)
        })
        .await
    }

    async fn listings(&self, account: &str) -> StoreResult<Vec<ListingRecord>> {
        let account = account.to_owned();
        let sql = format!("{SELECT} WHERE account = ?1 ORDER BY id");
        let found = self.read(move |connection| rows::all(connection, &sql, [account], record)).await?;
        Ok(found.into_iter().map(|(_, record)| record).collect())
    }

    async fn find_listings(&self, filter: &ListingFilter) -> StoreResult<Vec<AccountListing>> {
        let (sql, values) = page_statement(filter)?;
        self.read(move |connection| rows::all(connection, &sql, rusqlite::params_from_iter(values), record))
            .await
    }

    async fn inventory_statistics(&self, accounts: &[String]) -> StoreResult<InventoryStatistics> {
        let accounts = accounts.to_vec();
        self.read(move |connection| statistics(connection, &accounts)).await
    }
}

/// The statement that finds what the filter asks for, and its parameters.
fn page_statement(filter: &ListingFilter) -> StoreResult<(String, Vec<Value>)> {
    let ListingFilter { account, sku, articles, has_unseen, after, limit } = filter;
    let mut conditions: Vec<&str> = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    if let Some(account) = account {
        conditions.push("account = ?");
        values.push(account.clone().into());
    }
    if let Some(sku) = sku {
        conditions.push("rtrim(sku) = rtrim(?) COLLATE NOCASE");
        values.push(sku.clone().into());
    }
    if let Some(articles) = articles {
        conditions.push("article IN (SELECT value FROM json_each(?))");
        let articles = serde_json::to_string(articles);
        values.push(articles.map_err(|error| crate::StoreError::Database(error.to_string()))?.into());
    }
    if *has_unseen {
        conditions.push("unseen > 0 AND unseen > sold");
    }
    if let Some((account, id)) = after {
        conditions.push("(account, id) > (?, ?)");
        values.extend([Value::from(account.clone()), Value::from(id.clone())]);
    }
    let clause = if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") };
    let limit = if *limit == 0 { -1 } else { i64::try_from(*limit).unwrap_or(i64::MAX) };
    values.push(limit.into());
    Ok((format!("{SELECT} WHERE {clause} ORDER BY account, id LIMIT ?"), values))
}

fn find(connection: &Connection, account: &str, id: &str) -> StoreResult<Option<ListingRecord>> {
    let sql = format!("{SELECT} WHERE account = ?1 AND id = ?2");
    Ok(rows::one(connection, &sql, [account, id], record)?.map(|(_, record)| record))
}

/// Whether at least one of the patches changes something.
fn would_change(connection: &Connection, account: &str, patches: &[ListingPatch]) -> StoreResult<bool> {
    for patch in patches {
        let stored = find(connection, account, &patch.id)?;
        if patch.applied(stored.clone()) != stored {
            return Ok(true);
        }
    }
    Ok(false)
}

fn change(writing: &mut Writing<'_>, account: &str, patch: &ListingPatch) -> StoreResult<()> {
    let stored = find(writing.connection, account, &patch.id)?;
    let Some(record) = patch.applied(stored.clone()) else { return Ok(()) };
    if stored.as_ref() == Some(&record) {
        return Ok(());
    }
    writing.effects.inventory = true;
    let ListingRecord { listing, article, figures, target, error, lost, held } = &record;
    let Listing { id, group, sku, title, stock } = listing;
    let Figures { live, live_at, sold, returned, bought, sent, unseen, unseen_at, unread } = figures;
    rows::execute(
        writing.connection,
        "INSERT OR REPLACE INTO listings (account, id, listing_group, sku, title, stock, article, known_stock, known_at, \
         sold, returned, bought_first_at, bought_last_at, sent_low, sent_high, unseen, unseen_at, unread, unread_from, unread_until, unread_earlier, target, error, lost, held) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25)",
        params![
            account,
            id,
            group,
            sku,
            title,
            stock.unwrap_or(0),
            article,
            live,
            micros(*live_at),
            sold,
            returned,
            micros(bought.map(|(first, _)| first)),
            micros(bought.map(|(_, last)| last)),
            sent.map(|sent| sent.low),
            sent.map(|sent| sent.high),
            unseen,
            micros(*unseen_at),
            unread.units,
            micros(unread.from),
            micros(unread.until),
            unread.earlier,
            target,
            error,
            lost.as_ref().map(Json),
            held.as_ref().map(Json),
        ],
    )?;
    Ok(())
}

fn statistics(connection: &Connection, accounts: &[String]) -> StoreResult<InventoryStatistics> {
    let sql = "SELECT account, COUNT(*), SUM(article IS NULL OR error IS NOT NULL OR lost IS NOT NULL), \
         SUM(article IS NOT NULL AND error IS NULL AND lost IS NULL AND sent_low IS NULL AND returned = 0 \
             AND known_stock IS NOT NULL AND MAX(known_stock - sold, 0) IS target) \
         FROM listings GROUP BY account";
    let counts = rows::all(connection, sql, [], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?, row.get::<_, i64>(3)?))
    })?;
    let mut sum = InventoryStatistics::default();
    for (account, total, errors, synced) in counts {
        if accounts.is_empty() || accounts.contains(&account) {
            sum.total_skus += total as u64;
            sum.errors += errors as u64;
            sum.synced += synced as u64;
            sum.pending += (total - errors - synced) as u64;
        }
    }
    Ok(sum)
}

fn record(row: &Row<'_>) -> rusqlite::Result<AccountListing> {
    let mut columns = Columns::of(row);
    let account = columns.value()?;
    let listing = Listing {
        id: columns.value()?,
        group: columns.value()?,
        sku: columns.value()?,
        title: columns.value()?,
        stock: columns.value()?,
    };
    let article = columns.value()?;
    let figures = figures(&mut columns)?;
    let record = ListingRecord {
        listing,
        article,
        figures,
        target: columns.value()?,
        error: columns.value()?,
        lost: columns.optional_json()?,
        held: columns.optional_json()?,
    };
    Ok((account, record))
}

fn figures(columns: &mut Columns<'_, '_>) -> rusqlite::Result<Figures> {
    let (live, live_at, sold, returned) =
        (columns.value()?, columns.optional_time()?, columns.value()?, columns.value()?);
    let bought = (columns.optional_time()?, columns.optional_time()?);
    let sent: (Option<i64>, Option<i64>) = (columns.value()?, columns.value()?);
    Ok(Figures {
        live,
        live_at,
        sold,
        returned,
        bought: bought.0.zip(bought.1),
        sent: sent.0.zip(sent.1).map(|(low, high)| Sent { low, high }),
        unseen: columns.value()?,
        unseen_at: columns.optional_time()?,
        unread: Unread {
            units: columns.value()?,
            from: columns.optional_time()?,
            until: columns.optional_time()?,
            earlier: columns.value()?,
        },
    })
}
