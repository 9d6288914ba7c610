//! Listings on SQLite. What is stored already is found by reading, so that an unchanged world is never
//! written.

use std::collections::HashSet;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::inventory::Listing;
use rusqlite::{Connection, Row, params};

use super::rows::{self, Columns, Micros};
use super::store::SqliteStore;
use super::writing::Writing;
use crate::StoreResult;
use crate::inventory::{InventoryStatistics, InventoryStore, ListingPatch, ListingRecord};

const SELECT: &str =
    "SELECT id, listing_group, sku, title, stock, article, known_stock, target, error FROM listings";

#[async_trait]
impl InventoryStore for SqliteStore {
    async fn save_listings(
        &self,
        account: &str,
        listings: &[Listing],
        read_at: Timestamp,
    ) -> StoreResult<()> {
        let (name, page) = (account.to_owned(), listings.to_vec());
        let news = self.read(move |connection| keep_news(connection, &name, page)).await?;
        let account = account.to_owned();
        if news.is_empty() {
            return Ok(());
        }
        self.write(move |writing| news.iter().try_for_each(|new| save(writing, &account, new, read_at))).await
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

    async fn map_listings(&self, account: &str, articles: &[(String, Option<i64>)]) -> StoreResult<()> {
        let (account, articles) = (account.to_owned(), articles.to_vec());
        self.write(move |writing| {
            let sql = "UPDATE listings SET article = ?3 WHERE account = ?1 AND id = ?2 AND article IS NOT ?3";
            for (id, article) in &articles {
                let changed = rows::execute(writing.connection, sql, params![account, id, article])?;
                writing.effects.inventory |= changed > 0;
            }
            Ok(())
        })
        .await
    }

    async fn listings(&self, account: &str) -> StoreResult<Vec<ListingRecord>> {
        let account = account.to_owned();
        let sql = format!("{SELECT} WHERE account = ?1 ORDER BY id");
        self.read(move |connection| rows::all(connection, &sql, [account], record)).await
    }

    async fn change_listings(
        &self,
        account: &str,
        patches: &[ListingPatch],
        now: Timestamp,
    ) -> StoreResult<()> {
        let (name, wanted) = (account.to_owned(), patches.to_vec());
        let news = self.read(move |connection| keep_effective(connection, &name, wanted)).await?;
        if news.is_empty() {
            return Ok(());
        }
        let account = account.to_owned();
        self.write(move |writing| news.iter().try_for_each(|patch| change(writing, &account, patch, now)))
            .await
    }

    async fn inventory_statistics(&self, accounts: &[String]) -> StoreResult<InventoryStatistics> {
        let accounts = accounts.to_vec();
        self.read(move |connection| statistics(connection, &accounts)).await
    }
}

fn find(connection: &Connection, account: &str, id: &str) -> StoreResult<Option<ListingRecord>> {
    rows::one(connection, &format!("{SELECT} WHERE account = ?1 AND id = ?2"), [account, id], record)
}

/// Those that differ from what is stored.
fn keep_news(connection: &Connection, account: &str, page: Vec<Listing>) -> StoreResult<Vec<Listing>> {
    let mut news = Vec::new();
    for listing in page {
        let stored = find(connection, account, &listing.id)?;
        let is_known = stored.is_some_and(|stored| stored.is_as_told(&listing));
        if !is_known {
            news.push(listing);
        }
    }
    Ok(news)
}

fn save(writing: &mut Writing<'_>, account: &str, listing: &Listing, read_at: Timestamp) -> StoreResult<()> {
    let Listing { id, group, sku, title, stock } = listing;
    writing.effects.inventory = true;
    rows::execute(
        writing.connection,
        "INSERT INTO listings (account, id, listing_group, sku, title, stock, known_stock, known_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, COALESCE(?6, 0), ?6, CASE WHEN ?6 IS NOT NULL THEN ?7 END) \
         ON CONFLICT DO UPDATE SET listing_group = excluded.listing_group, title = excluded.title, \
         stock = COALESCE(?6, stock), known_stock = ?6, known_at = COALESCE(excluded.known_at, known_at), \
         article = CASE WHEN sku = excluded.sku THEN article END, \
         target = CASE WHEN sku = excluded.sku THEN target END, \
         error = CASE WHEN sku = excluded.sku THEN error END, sku = excluded.sku",
        params![account, id, group, sku, title, stock, Micros(read_at)],
    )?;
    Ok(())
}

/// Those that would change something.
fn keep_effective(
    connection: &Connection,
    account: &str,
    patches: Vec<ListingPatch>,
) -> StoreResult<Vec<ListingPatch>> {
    let mut effective = Vec::new();
    for patch in patches {
        // A listing that went away meanwhile has nothing to change.
        let Some(stored) = find(connection, account, &patch.id)? else { continue };
        if patch.changes(&stored) {
            effective.push(patch);
        }
    }
    Ok(effective)
}

fn change(writing: &mut Writing<'_>, account: &str, patch: &ListingPatch, now: Timestamp) -> StoreResult<()> {
    let ListingPatch { id, known_stock, target, error } = patch;
    writing.effects.inventory = true;
    if let Some(known) = known_stock {
        let sql = "UPDATE listings SET known_stock = ?3, known_at = CASE WHEN ?3 IS NULL THEN known_at ELSE ?4 END \
             WHERE account = ?1 AND id = ?2 AND known_stock IS NOT ?3";
        rows::execute(writing.connection, sql, params![account, id, known, Micros(now)])?;
    }
    if let Some(target) = target {
        let sql = "UPDATE listings SET target = ?3 WHERE account = ?1 AND id = ?2 AND target IS NOT ?3";
        rows::execute(writing.connection, sql, params![account, id, target])?;
    }
    if let Some(error) = error {
        let sql = "UPDATE listings SET error = ?3 WHERE account = ?1 AND id = ?2 AND error IS NOT ?3";
        rows::execute(writing.connection, sql, params![account, id, error])?;
    }
    Ok(())
}

fn statistics(connection: &Connection, accounts: &[String]) -> StoreResult<InventoryStatistics> {
    let sql = "SELECT account, COUNT(*), SUM(article IS NULL OR error IS NOT NULL), \
         SUM(article IS NOT NULL AND error IS NULL AND known_stock IS NOT NULL AND known_stock IS target) \
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

fn record(row: &Row<'_>) -> rusqlite::Result<ListingRecord> {
    let mut columns = Columns::of(row);
    Ok(ListingRecord {
        listing: Listing {
            id: columns.value()?,
            group: columns.value()?,
            sku: columns.value()?,
            title: columns.value()?,
            stock: columns.value()?,
        },
        article: columns.value()?,
        known_stock: columns.value()?,
        target: columns.value()?,
        error: columns.value()?,
    })
}
