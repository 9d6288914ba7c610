//! Listings on SQL Server. What is told, mapped or patched is compared with what is stored first, in one statement for the whole
//! call, so that an unchanged world is never written; what differs is written with one statement for the known and one for the new.

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::inventory::Listing;
use marktwerk_sqlserver::{Class, Connection, ToSql, reading};

use super::SqlServerStore;
use super::columns::{self, Columns};
use super::keys::{self, WITH_KEYS, key};
use super::listings::{self, Steps};
use super::writing::{BUSINESS, Writing, write_in};
use crate::StoreResult;
use crate::inventory::{InventoryStatistics, InventoryStore, ListingPatch, ListingRecord};

#[async_trait]
impl InventoryStore for SqlServerStore {
    async fn save_listings(
        &self,
        account: &str,
        listings: &[Listing],
        read_at: Timestamp,
    ) -> StoreResult<()> {
        self.change_listings_by(account, Steps::Told(listings, read_at)).await
    }

    async fn retain_listings(&self, account: &str, ids: &[String]) -> StoreResult<u64> {
        let gone: StoreResult<Vec<String>> =
            reading!(self.pool, "unlisted", |connection| unlisted(connection, account, ids));
        let gone = gone?;
        if gone.is_empty() {
            return Ok(0);
        }
        let gone = keys::json(gone.iter().map(String::as_str))?;
        write_in!(self, "remove listings", BUSINESS, |writing| remove(writing, account, &gone))
    }

    async fn map_listings(&self, account: &str, articles: &[(String, Option<i64>)]) -> StoreResult<()> {
        self.change_listings_by(account, Steps::Mapped(articles)).await
    }

    async fn listings(&self, account: &str) -> StoreResult<Vec<ListingRecord>> {
        let sql = "SELECT l.id, l.listing_group, l.sku, l.title, l.stock, l.article, l.known_stock, l.target, l.error \
             FROM marktwerk.listings l WHERE l.account = @P1 ORDER BY l.id";
        let rows: StoreResult<_> = reading!(self.pool, "listings", |connection| async {
            Ok(connection.query_in("read listings", sql, &[&account], Class::Batch).await?)
        });
        columns::map(&rows?, record)
    }

    async fn change_listings(
        &self,
        account: &str,
        patches: &[ListingPatch],
        now: Timestamp,
    ) -> StoreResult<()> {
        self.change_listings_by(account, Steps::Patched(patches, now)).await
    }

    async fn inventory_statistics(&self, accounts: &[String]) -> StoreResult<InventoryStatistics> {
        reading!(self.pool, "inventory statistics", |connection| statistics(connection, accounts))
    }
}

impl SqlServerStore {
    /// An unchanged world is read, and nothing else.
    async fn change_listings_by(&self, account: &str, steps: Steps<'_>) -> StoreResult<()> {
        if steps.is_empty() {
            return Ok(());
        }
        let differs: StoreResult<bool> = reading!(self.pool, "compare listings", |connection| async {
            Ok(listings::plan(connection, account, steps).await?.differs())
        });
        if !differs? {
            return Ok(());
        }
        write_in!(self, "write listings", BUSINESS, |writing| listings::write(writing, account, steps))
    }
}

/// Those that are not among the ids.
async fn unlisted(connection: &mut Connection, account: &str, ids: &[String]) -> StoreResult<Vec<String>> {
    let sql = "SELECT id FROM marktwerk.listings WHERE account = @P1";
    let rows = connection.query_in("read the keys of listings", sql, &[&account], Class::Batch).await?;
    let mut known = columns::map(&rows, |columns| columns.text())?;
    let kept: std::collections::HashSet<&str> = ids.iter().map(|id| key(id)).collect();
    known.retain(|id| !kept.contains(key(id)));
    Ok(known)
}

async fn remove(writing: &mut Writing<'_>, account: &str, gone: &str) -> StoreResult<u64> {
    let sql = format!(
        "DELETE FROM marktwerk.listings WHERE account = @P1 AND id IN \
         (SELECT j.value COLLATE Latin1_General_BIN2 FROM OPENJSON(@P2) {WITH_KEYS} j)"
    );
    let parameters: [&dyn ToSql; 2] = [&account, &gone];
    let removed = writing.connection.execute_in("remove listings", &sql, &parameters, Class::Batch).await?;
    writing.effects.inventory |= removed > 0;
    Ok(removed)
}

async fn statistics(connection: &mut Connection, accounts: &[String]) -> StoreResult<InventoryStatistics> {
    let sql = "SELECT account, COUNT_BIG(*), \
         SUM(CASE WHEN article IS NULL OR error IS NOT NULL THEN CAST(1 AS bigint) ELSE 0 END), \
         SUM(CASE WHEN article IS NOT NULL AND error IS NULL AND known_stock = target THEN CAST(1 AS bigint) ELSE 0 END) \
         FROM marktwerk.listings GROUP BY account";
    let rows = connection.query_in("count listings", sql, &[], Class::Batch).await?;
    let counts = columns::map(&rows, |columns| {
        Ok((columns.text()?, columns.integer::<u64>()?, columns.integer::<u64>()?, columns.integer::<u64>()?))
    })?;
    let mut sum = InventoryStatistics::default();
    for (account, total, errors, synced) in counts {
        if accounts.is_empty() || accounts.contains(&account) {
            sum.total_skus += total;
            sum.errors += errors;
            sum.synced += synced;
            sum.pending += total - errors - synced;
        }
    }
    Ok(sum)
}

/// A listing, from the columns id, group, SKU, title, stock, article, known stock, target, error.
pub(super) fn record(columns: &mut Columns<'_>) -> StoreResult<ListingRecord> {
    Ok(ListingRecord {
        listing: Listing {
            id: columns.text()?,
            group: columns.text()?,
            sku: columns.text()?,
            title: columns.text()?,
            stock: columns.optional_integer()?,
        },
        article: columns.optional_integer()?,
        known_stock: columns.optional_integer()?,
        target: columns.optional_integer()?,
        error: columns.optional_text()?,
    })
}
