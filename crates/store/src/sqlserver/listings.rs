//! Changing listings: what a call tells, maps or patches is decided in its order upon what is stored, and the rows that differ are
//! written whole.

use std::collections::HashMap;

use jiff::Timestamp;
use marktwerk_domain::inventory::Listing;
use marktwerk_sqlserver::{Class, Connection, ToSql};
use serde::Serialize;

use super::columns::{self, micros};
use super::inventory::record;
use super::keys::{self, WITH_KEYS, key};
use super::writing::Writing;
use crate::StoreResult;
use crate::inventory::{ListingPatch, ListingRecord};

/// What a call wants of an account's listings.
#[derive(Clone, Copy)]
pub(super) enum Steps<'a> {
    /// A page of a listing read that began then.
    Told(&'a [Listing], Timestamp),
    /// The ERP's articles.
    Mapped(&'a [(String, Option<i64>)]),
    /// Patches, now.
    Patched(&'a [ListingPatch], Timestamp),
}

impl<'a> Steps<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.ids().is_empty()
    }

    fn ids(self) -> Vec<&'a str> {
        match self {
            Self::Told(listings, _) => listings.iter().map(|listing| key(&listing.id)).collect(),
            Self::Mapped(articles) => articles.iter().map(|(id, _)| key(id)).collect(),
            Self::Patched(patches, _) => patches.iter().map(|patch| key(&patch.id)).collect(),
        }
    }
}

struct Row {
    record: ListingRecord,
    /// Microseconds.
    known_at: Option<i64>,
    is_new: bool,
    is_changed: bool,
}

/// The listings that the steps name, by key, as the steps leave them.
pub(super) struct Plan<'a>(HashMap<&'a str, Row>);

impl Plan<'_> {
    /// Whether anything is to be written.
    pub(super) fn differs(&self) -> bool {
        self.0.values().any(|row| row.is_changed)
    }
}

/// Reads the listings and takes the steps, without writing.
pub(super) async fn plan<'a>(
    connection: &mut Connection,
    account: &str,
    steps: Steps<'a>,
) -> StoreResult<Plan<'a>> {
    let mut rows = read(connection, account, steps).await?;
    match steps {
        Steps::Told(listings, read_at) => {
            for listing in listings {
                match rows.get_mut(key(&listing.id)) {
                    None => {
                        rows.insert(key(&listing.id), Row::new(listing, micros(read_at)));
                    }
                    Some(row) if row.record.is_as_told(listing) => {}
                    Some(row) => row.renew(listing, micros(read_at)),
                }
            }
        }
        Steps::Mapped(articles) => {
            for (id, article) in articles {
                if let Some(row) = rows.get_mut(key(id)).filter(|row| row.record.article != *article) {
                    row.record.article = *article;
                    row.is_changed = true;
                }
            }
        }
        Steps::Patched(patches, now) => {
            for patch in patches {
                // A listing that went away meanwhile has nothing to change.
                if let Some(row) = rows.get_mut(key(&patch.id)).filter(|row| patch.changes(&row.record)) {
                    row.patch(patch, micros(now));
                }
            }
        }
    }
    Ok(Plan(rows))
}

impl Row {
    fn new(listing: &Listing, read_at: i64) -> Self {
        let known_stock = listing.stock;
        let listing = Listing { stock: Some(listing.stock.unwrap_or(0)), ..listing.clone() };
        let record = ListingRecord { listing, article: None, known_stock, target: None, error: None };
        Self { record, known_at: known_stock.map(|_| read_at), is_new: true, is_changed: true }
    }

    fn renew(&mut self, told: &Listing, read_at: i64) {
        let ListingRecord { listing, article, known_stock, target, error } = &mut self.record;
        if listing.sku != told.sku {
            (*article, *target, *error) = (None, None, None);
        }
        *known_stock = told.stock;
        *listing = Listing { stock: told.stock.or(listing.stock), ..told.clone() };
        self.known_at = told.stock.map(|_| read_at).or(self.known_at);
        self.is_changed = true;
    }

    fn patch(&mut self, patch: &ListingPatch, now: i64) {
        let ListingPatch { id: _, known_stock, target, error } = patch;
        let record = &mut self.record;
        if let Some(known) = known_stock.filter(|known| *known != record.known_stock) {
            record.known_stock = known;
            self.known_at = known.map(|_| now).or(self.known_at);
        }
        record.target = target.or(record.target);
        if let Some(error) = error {
            record.error.clone_from(error);
        }
        self.is_changed = true;
    }
}

async fn read<'a>(
    connection: &mut Connection,
    account: &str,
    steps: Steps<'a>,
) -> StoreResult<HashMap<&'a str, Row>> {
    let mut ids = steps.ids();
    ids.sort_unstable();
    ids.dedup();
    let sql = format!(
        "SELECT j.position, l.known_at, l.id, l.listing_group, l.sku, l.title, l.stock, l.article, l.known_stock, \
         l.target, l.error FROM OPENJSON(@P2) {WITH_KEYS} j \
         JOIN marktwerk.listings l ON l.account = @P1 AND l.id = j.value COLLATE Latin1_General_BIN2"
    );
    let asked = keys::json(ids.iter().copied())?;
    let parameters: [&dyn ToSql; 2] = [&account, &asked];
    let rows = connection.query_in("look up listings", &sql, &parameters, Class::Batch).await?;
    let found = columns::map(&rows, |columns| {
        let (position, known_at) = (columns.integer::<usize>()?, columns.optional_integer()?);
        Ok((position, Row { known_at, record: record(columns)?, is_new: false, is_changed: false }))
    })?;
    let keyed = |(position, row)| ids.get(position).map(|id: &&'a str| (*id, row));
    Ok(found.into_iter().filter_map(keyed).collect())
}

/// A row as its columns hold it.
#[derive(Serialize)]
struct Written<'a> {
    id: &'a str,
    listing_group: &'a str,
    sku: &'a str,
    title: &'a str,
    stock: i64,
    article: Option<i64>,
    known_stock: Option<i64>,
    known_at: Option<i64>,
    target: Option<i64>,
    error: Option<&'a str>,
}

/// Reads [`Written`]; the key is longer than its column, so that a longer one is refused and not cut.
const WITH_ROWS: &str = "WITH (id nvarchar(450), listing_group nvarchar(max), sku nvarchar(max), title nvarchar(max), \
     stock bigint, article bigint, known_stock bigint, known_at bigint, target bigint, error nvarchar(max)) j";

/// Takes the steps.
pub(super) async fn write(writing: &mut Writing<'_>, account: &str, steps: Steps<'_>) -> StoreResult<()> {
    let Plan(rows) = plan(writing.connection, account, steps).await?;
    let changed = rows.values().filter(|row| row.is_changed);
    let (new, known): (Vec<&Row>, Vec<&Row>) = changed.partition(|row| row.is_new);
    if !known.is_empty() {
        let sql = format!(
            "UPDATE l SET listing_group = j.listing_group, sku = j.sku, title = j.title, stock = j.stock, \
             article = j.article, known_stock = j.known_stock, known_at = j.known_at, target = j.target, \
             error = j.error FROM marktwerk.listings l JOIN OPENJSON(@P2) {WITH_ROWS} \
             ON l.account = @P1 AND l.id = j.id COLLATE Latin1_General_BIN2"
        );
        send(writing, "renew listings", &sql, account, &known).await?;
    }
    if !new.is_empty() {
        let sql = format!(
            "INSERT INTO marktwerk.listings \
             (account, id, listing_group, sku, title, stock, article, known_stock, known_at, target, error) \
             SELECT @P1, j.id, j.listing_group, j.sku, j.title, j.stock, j.article, j.known_stock, j.known_at, \
             j.target, j.error FROM OPENJSON(@P2) {WITH_ROWS}"
        );
        send(writing, "add listings", &sql, account, &new).await?;
    }
    Ok(())
}

async fn send(
    writing: &mut Writing<'_>,
    name: &'static str,
    sql: &str,
    account: &str,
    rows: &[&Row],
) -> StoreResult<()> {
    let written = rows.iter().map(|row| {
        let ListingRecord { listing, article, known_stock, target, error } = &row.record;
        Written {
            id: &listing.id,
            listing_group: &listing.group,
            sku: &listing.sku,
            title: &listing.title,
            stock: listing.stock.unwrap_or(0),
            article: *article,
            known_stock: *known_stock,
            known_at: row.known_at,
            target: *target,
            error: error.as_deref(),
        }
    });
    let written = columns::json(&written.collect::<Vec<_>>())?;
    let parameters: [&dyn ToSql; 2] = [&account, &written];
    writing.connection.execute_in(name, sql, &parameters, Class::Batch).await?;
    writing.effects.inventory = true;
    Ok(())
}
