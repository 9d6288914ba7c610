//! Listings on SQL Server. What is patched is compared with what is stored first, in one statement for the whole call, so that an
//! unchanged world is never written; what differs is written with one statement for the known and one for the new.

use async_trait::async_trait;
use marktwerk_sqlserver::{Class, Connection, ToSql, reading};

use super::SqlServerStore;
use super::columns;
use super::keys::{self, WITH_KEYS, key};
use super::listings::{self, SELECTED};
use super::writing::{BUSINESS, Writing, write_in};
use crate::StoreResult;
use crate::inventory::{
    AccountListing, InventoryStatistics, InventoryStore, ListingFilter, ListingPatch, ListingRecord,
};

#[async_trait]
impl InventoryStore for SqlServerStore {
    async fn change_listings(&self, account: &str, patches: &[ListingPatch]) -> StoreResult<()> {
        if patches.is_empty() {
            return Ok(());
        }
        let differs: StoreResult<bool> = reading!(self.pool, "compare listings", |connection| async {
            Ok(listings::plan(connection, account, patches).await?.differs())
        });
        if !differs? {
            return Ok(());
        }
        write_in!(self, "write listings", BUSINESS, |writing| listings::write(writing, account, patches))
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

    async fn listings(&self, account: &str) -> StoreResult<Vec<ListingRecord>> {
        let sql = format!("SELECT {SELECTED} FROM marktwerk.listings l WHERE l.account = @P1 ORDER BY l.id");
        let rows: StoreResult<_> = reading!(self.pool, "listings", |connection| async {
            Ok(connection.query_in("read listings", &sql, &[&account], Class::Batch).await?)
        });
        Ok(columns::map(&rows?, listings::record)?.into_iter().map(|(_, record)| record).collect())
    }

    async fn find_listings(&self, filter: &ListingFilter) -> StoreResult<Vec<AccountListing>> {
        reading!(self.pool, "find listings", |connection| find(connection, filter))
    }

    async fn inventory_statistics(&self, accounts: &[String]) -> StoreResult<InventoryStatistics> {
        reading!(self.pool, "inventory statistics", |connection| statistics(connection, accounts))
    }
}

async fn find(connection: &mut Connection, filter: &ListingFilter) -> StoreResult<Vec<AccountListing>> {
    let ListingFilter { account, sku, articles, has_unseen, after, limit } = filter;
    let articles = articles.as_ref().map(columns::json).transpose()?;
    let limit = if *limit == 0 { i64::MAX } else { i64::try_from(*limit).unwrap_or(i64::MAX) };
    let mut parameters: Vec<&dyn ToSql> = vec![&limit];
    let mut conditions: Vec<String> = Vec::new();
    if let Some(account) = account {
        parameters.push(account);
        conditions.push(format!("l.account = @P{}", parameters.len()));
    }
    if let Some(sku) = sku {
        parameters.push(sku);
        // This collation passes over case, and SQL Server over blanks at the end.
        conditions.push(format!("l.sku COLLATE Latin1_General_CI_AS = @P{}", parameters.len()));
    }
    if let Some(articles) = &articles {
        parameters.push(articles);
        let list = format!("SELECT CAST(value AS bigint) FROM OPENJSON(@P{})", parameters.len());
        conditions.push(format!("l.article IN ({list})"));
    }
    if *has_unseen {
        conditions.push("l.unseen > 0 AND l.unseen > l.sold".to_owned());
    }
    if let Some((account, id)) = after {
        parameters.push(account);
        parameters.push(id);
        let (account, id) = (parameters.len() - 1, parameters.len());
        conditions.push(format!("(l.account > @P{account} OR (l.account = @P{account} AND l.id > @P{id}))"));
    }
    let clause = if conditions.is_empty() { "1 = 1".to_owned() } else { conditions.join(" AND ") };
    let sql = format!(
        "SELECT TOP (@P1) {SELECTED} FROM marktwerk.listings l WHERE {clause} ORDER BY l.account, l.id"
    );
    let rows = connection.query_in("find listings", &sql, &parameters, Class::Batch).await?;
    columns::map(&rows, listings::record)
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
         SUM(CASE WHEN article IS NULL OR error IS NOT NULL OR lost IS NOT NULL THEN CAST(1 AS bigint) ELSE 0 END), \
         SUM(CASE WHEN article IS NOT NULL AND error IS NULL AND lost IS NULL AND sent_low IS NULL AND returned = 0 \
             AND CASE WHEN known_stock > sold THEN known_stock - sold WHEN known_stock IS NOT NULL THEN 0 END = target \
             THEN CAST(1 AS bigint) ELSE 0 END) \
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
