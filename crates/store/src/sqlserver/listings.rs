//! Changing listings: patches are decided in their order upon what is stored, and the rows that differ are written whole.

use std::collections::HashMap;

use marktwerk_domain::inventory::Listing;
use marktwerk_domain::stock::{Figures, Sent};
use marktwerk_sqlserver::{Class, Connection, ToSql};
use serde::Serialize;

use super::columns::{self, Columns, optional_micros};
use super::keys::{self, WITH_KEYS, key};
use super::writing::Writing;
use crate::StoreResult;
use crate::inventory::{AccountListing, ListingPatch, ListingRecord};

/// The columns of [`record`], of the table as `l`.
pub(super) const SELECTED: &str = "l.account, l.id, l.listing_group, l.sku, l.title, l.stock, l.article, l.known_stock, \
     l.known_at, l.sold, l.returned, l.bought_first_at, l.bought_last_at, l.sent_low, l.sent_high, l.unseen, l.unseen_at, \
     l.target, l.error, l.lost, l.held";

/// A listing and its account, from [`SELECTED`].
pub(super) fn record(columns: &mut Columns<'_>) -> StoreResult<AccountListing> {
    let account = columns.text()?;
    let listing = Listing {
        id: columns.text()?,
        group: columns.text()?,
        sku: columns.text()?,
        title: columns.text()?,
        stock: columns.optional_integer()?,
    };
    let article = columns.optional_integer()?;
    let (live, live_at) = (columns.optional_integer()?, columns.optional_time()?);
    let (sold, returned) = (columns.integer()?, columns.integer()?);
    let bought = (columns.optional_time()?, columns.optional_time()?);
    let sent = (columns.optional_integer()?, columns.optional_integer()?);
    let figures = Figures {
        live,
        live_at,
        sold,
        returned,
        bought: bought.0.zip(bought.1),
        sent: sent.0.zip(sent.1).map(|(low, high)| Sent { low, high }),
        unseen: columns.integer()?,
        unseen_at: columns.optional_time()?,
    };
    let record = ListingRecord {
        listing,
        article,
        figures,
        target: columns.optional_integer()?,
        error: columns.optional_text()?,
        lost: columns.optional_json()?,
        held: columns.optional_json()?,
    };
    Ok((account, record))
}

/// A listing that a patch names.
#[derive(Default)]
struct Row {
    stored: Option<ListingRecord>,
    becomes: Option<ListingRecord>,
}

/// The listings that the patches name, by key, as the patches leave them.
pub(super) struct Plan<'a>(HashMap<&'a str, Row>);

impl Plan<'_> {
    /// Whether anything is to be written.
    pub(super) fn differs(&self) -> bool {
        self.0.values().any(|row| row.stored != row.becomes)
    }
}

/// Reads the listings and takes the patches, without writing.
pub(super) async fn plan<'a>(
    connection: &mut Connection,
    account: &str,
    patches: &'a [ListingPatch],
) -> StoreResult<Plan<'a>> {
    let mut rows = read(connection, account, patches).await?;
    for patch in patches {
        let row = rows.entry(key(&patch.id)).or_default();
        row.becomes = patch.applied(row.becomes.take());
    }
    Ok(Plan(rows))
}

async fn read<'a>(
    connection: &mut Connection,
    account: &str,
    patches: &'a [ListingPatch],
) -> StoreResult<HashMap<&'a str, Row>> {
    let mut ids: Vec<&str> = patches.iter().map(|patch| key(&patch.id)).collect();
    ids.sort_unstable();
    ids.dedup();
    let sql = format!(
        "SELECT j.position, {SELECTED} FROM OPENJSON(@P2) {WITH_KEYS} j \
         JOIN marktwerk.listings l ON l.account = @P1 AND l.id = j.value COLLATE Latin1_General_BIN2"
    );
    let asked = keys::json(ids.iter().copied())?;
    let parameters: [&dyn ToSql; 2] = [&account, &asked];
    let rows = connection.query_in("look up listings", &sql, &parameters, Class::Batch).await?;
    let found = columns::map(&rows, |columns| Ok((columns.integer::<usize>()?, record(columns)?.1)))?;
    let keyed = |(position, stored): (usize, ListingRecord)| {
        let becomes = Some(stored.clone());
        ids.get(position).map(|id: &&'a str| (*id, Row { stored: Some(stored), becomes }))
    };
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
    sold: i64,
    returned: i64,
    bought_first_at: Option<i64>,
    bought_last_at: Option<i64>,
    sent_low: Option<i64>,
    sent_high: Option<i64>,
    unseen: i64,
    unseen_at: Option<i64>,
    target: Option<i64>,
    error: Option<&'a str>,
    lost: Option<String>,
    held: Option<String>,
}

/// The columns of [`Written`] without the key.
const COLUMNS: [&str; 19] = [
    "listing_group",
    "sku",
    "title",
    "stock",
    "article",
    "known_stock",
    "known_at",
    "sold",
    "returned",
    "bought_first_at",
    "bought_last_at",
    "sent_low",
    "sent_high",
    "unseen",
    "unseen_at",
    "target",
    "error",
    "lost",
    "held",
];

/// Reads [`Written`]; the key is longer than its column, so that a longer one is refused and not cut.
const WITH_ROWS: &str = "WITH (id nvarchar(450), listing_group nvarchar(max), sku nvarchar(max), title nvarchar(max), \
     stock bigint, article bigint, known_stock bigint, known_at bigint, sold bigint, returned bigint, bought_first_at bigint, \
     bought_last_at bigint, sent_low bigint, sent_high bigint, unseen bigint, unseen_at bigint, target bigint, \
     error nvarchar(max), lost nvarchar(max), held nvarchar(max)) j";

/// Takes the patches.
pub(super) async fn write(
    writing: &mut Writing<'_>,
    account: &str,
    patches: &[ListingPatch],
) -> StoreResult<()> {
    let Plan(rows) = plan(writing.connection, account, patches).await?;
    let changed = rows.values().filter(|row| row.stored != row.becomes);
    let (known, new): (Vec<&Row>, Vec<&Row>) = changed.partition(|row| row.stored.is_some());
    let columns = |prefix: &str| COLUMNS.map(|column| format!("{prefix}{column}")).join(", ");
    if !known.is_empty() {
        let values = COLUMNS.map(|column| format!("{column} = j.{column}")).join(", ");
        let sql = format!(
            "UPDATE l SET {values} FROM marktwerk.listings l JOIN OPENJSON(@P2) {WITH_ROWS} \
             ON l.account = @P1 AND l.id = j.id COLLATE Latin1_General_BIN2"
        );
        send(writing, "renew listings", &sql, account, &known).await?;
    }
    if !new.is_empty() {
        let (names, values) = (columns(""), columns("j."));
        let sql = format!(
            "INSERT INTO marktwerk.listings (account, id, {names}) SELECT @P1, j.id, {values} FROM OPENJSON(@P2) {WITH_ROWS}"
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
    let written: StoreResult<Vec<Written<'_>>> =
        rows.iter().filter_map(|row| row.becomes.as_ref()).map(written).collect();
    let written = columns::json(&written?)?;
    let parameters: [&dyn ToSql; 2] = [&account, &written];
    writing.connection.execute_in(name, sql, &parameters, Class::Batch).await?;
    writing.effects.inventory = true;
    Ok(())
}

fn written(record: &ListingRecord) -> StoreResult<Written<'_>> {
    let ListingRecord { listing, article, figures, target, error, lost, held } = record;
    let Figures { live, live_at, sold, returned, bought, sent, unseen, unseen_at } = *figures;
    Ok(Written {
        id: &listing.id,
        listing_group: &listing.group,
        sku: &listing.sku,
        title: &listing.title,
        stock: listing.stock.unwrap_or(0),
        article: *article,
        known_stock: live,
        known_at: optional_micros(live_at),
        sold,
        returned,
        bought_first_at: optional_micros(bought.map(|(first, _)| first)),
        bought_last_at: optional_micros(bought.map(|(_, last)| last)),
        sent_low: sent.map(|sent| sent.low),
        sent_high: sent.map(|sent| sent.high),
        unseen,
        unseen_at: optional_micros(unseen_at),
        target: *target,
        error: error.as_deref(),
        lost: lost.as_ref().map(columns::json).transpose()?,
        held: held.as_ref().map(columns::json).transpose()?,
    })
}
