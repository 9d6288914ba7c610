//! Changing listings: patches are decided in their order upon what is stored, and the rows that differ are written whole.

use std::collections::HashMap;

use marktwerk_domain::inventory::Listing;
use marktwerk_domain::stock::{Figures, Sent, Unread};
use marktwerk_sqlserver::{Class, Column, Connection, Kind, ToSql, Value};

use super::columns::{self, Columns, optional_micros};
use super::keys::{self, WITH_KEYS, key};
use super::writing::Writing;
use crate::StoreResult;
use crate::inventory::{AccountListing, ListingPatch, ListingRecord};

/// The columns of [`record`], of the table as `l`.
pub(super) const SELECTED: &str = "l.account, l.id, l.listing_group, l.sku, l.title, l.stock, l.article, l.known_stock, \
     l.known_at, l.sold, l.returned, l.bought_first_at, l.bought_last_at, l.sent_low, l.sent_high, l.unseen, l.unseen_at, \
     l.unread, l.unread_from, l.unread_until, l.unread_earlier, l.target, l.error, l.lost, l.held";

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
        unread: Unread {
            units: columns.integer()?,
            from: columns.optional_time()?,
            until: columns.optional_time()?,
            earlier: columns.integer()?,
        },
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

/// What is loaded of a listing. Texts are loaded and not sent as JSON: not every server that speaks T-SQL reads texts out of it as they
/// are.
const COLUMNS: [Column; 24] = [
    Column::new("id", Kind::Text(450)),
    Column::new("listing_group", Kind::LongText),
    Column::new("sku", Kind::LongText),
    Column::new("title", Kind::LongText),
    Column::new("stock", Kind::Integer),
    Column::new("article", Kind::Integer),
    Column::new("known_stock", Kind::Integer),
    Column::new("known_at", Kind::Integer),
    Column::new("sold", Kind::Integer),
    Column::new("returned", Kind::Integer),
    Column::new("bought_first_at", Kind::Integer),
    Column::new("bought_last_at", Kind::Integer),
    Column::new("sent_low", Kind::Integer),
    Column::new("sent_high", Kind::Integer),
    Column::new("unseen", Kind::Integer),
    Column::new("unseen_at", Kind::Integer),
    Column::new("unread", Kind::Integer),
    Column::new("unread_from", Kind::Integer),
    Column::new("unread_until", Kind::Integer),
    Column::new("unread_earlier", Kind::Integer),
    Column::new("target", Kind::Integer),
    Column::new("error", Kind::LongText),
    Column::new("lost", Kind::LongText),
    Column::new("held", Kind::LongText),
];

/// Takes the patches.
pub(super) async fn write(
    writing: &mut Writing<'_>,
    account: &str,
    patches: &[ListingPatch],
) -> StoreResult<()> {
    let Plan(rows) = plan(writing.connection, account, patches).await?;
    let changed = rows.values().filter(|row| row.stored != row.becomes);
    let (known, new): (Vec<&Row>, Vec<&Row>) = changed.partition(|row| row.stored.is_some());
    let columns = |prefix: &str| COLUMNS.map(|column| format!("{prefix}{}", column.name())).join(", ");
    if !known.is_empty() {
        let values = COLUMNS.iter().skip(1).map(|column| format!("{0} = c.{0}", column.name()));
        let sql = format!(
            "UPDATE l SET {} FROM marktwerk.listings l JOIN #listings c \
             ON l.account = @P1 AND l.id = c.id COLLATE Latin1_General_BIN2",
            values.collect::<Vec<_>>().join(", ")
        );
        send(writing, "renew listings", &sql, account, &known).await?;
    }
    if !new.is_empty() {
        let (names, values) = (columns(""), columns("c."));
        let sql = format!(
            "INSERT INTO marktwerk.listings (account, {names}) SELECT @P1, {values} FROM #listings c"
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
    let records: Vec<&ListingRecord> = rows.iter().filter_map(|row| row.becomes.as_ref()).collect();
    let texts: StoreResult<Vec<Texts>> = records.iter().map(|record| Texts::of(record)).collect();
    let texts = texts?;
    let rows = records.iter().zip(&texts).map(|(record, texts)| written(record, texts)).collect();
    writing.connection.load("load listings", "#listings", &COLUMNS, rows).await?;
    writing.connection.execute_in(name, sql, &[&account], Class::Batch).await?;
    writing.effects.inventory = true;
    Ok(())
}

/// What columns hold as JSON.
struct Texts {
    lost: Option<String>,
    held: Option<String>,
}

impl Texts {
    fn of(record: &ListingRecord) -> StoreResult<Self> {
        let lost = record.lost.as_ref().map(columns::json).transpose()?;
        let held = record.held.as_ref().map(columns::json).transpose()?;
        Ok(Self { lost, held })
    }
}

/// A row, in the order of [`COLUMNS`].
fn written<'a>(record: &'a ListingRecord, texts: &'a Texts) -> Vec<Value<'a>> {
    let ListingRecord { listing, article, figures, target, error, lost: _, held: _ } = record;
    let Figures { live, live_at, sold, returned, bought, sent, unseen, unseen_at, unread } = *figures;
    let numbers = [
        Some(listing.stock.unwrap_or(0)),
        *article,
        live,
        optional_micros(live_at),
        Some(sold),
        Some(returned),
        optional_micros(bought.map(|(first, _)| first)),
        optional_micros(bought.map(|(_, last)| last)),
        sent.map(|sent| sent.low),
        sent.map(|sent| sent.high),
        Some(unseen),
        optional_micros(unseen_at),
        Some(unread.units),
        optional_micros(unread.from),
        optional_micros(unread.until),
        Some(unread.earlier),
        *target,
    ];
    let mut row: Vec<Value<'a>> =
        [&listing.id, &listing.group, &listing.sku, &listing.title].map(|text| text.as_str().into()).to_vec();
    row.extend(numbers.map(Value::Integer));
    row.extend([error, &texts.lost, &texts.held].map(|text| Value::Text(text.as_deref())));
    row
}
