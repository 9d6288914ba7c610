//! Orders of JTL that may be a wanted one under another number.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::order::Order;
use marktwerk_domain::shipment::Content;

use super::customers::same;
use super::database::{Database, List};
use super::orders::{self, Quantities};
use super::row::Row;
use super::sql;
use crate::{ErpError, Found, Search, Wanted};

const CREATED: &str = "tAuftrag.dErstellt";

const ACTION: &str = "search for orders";
/// Clocks and time zones differ: an order of JTL may look older than the purchase by this much.
const EARLIER: SignedDuration = SignedDuration::from_hours(24);

/// An order of JTL as a search reads it.
struct Seen {
    key: i64,
    erp_number: String,
    external_number: String,
}

/// By JTL's own number, and by buyer, date and basket.
pub(super) async fn search(
    database: &dyn Database,
    zone: &TimeZone,
    wanted: &[Wanted<'_>],
) -> Result<Search, ErpError> {
    let mut numbers: Vec<String> =
        wanted.iter().filter_map(|one| one.erp_number).map(str::to_owned).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut hits: Vec<(String, Seen)> = Vec::new();
    for row in read(database, &[sql::ORDERS_BY_OWN_NUMBER], List::Texts(&numbers)).await? {
        let number = row.text(0, "tAuftrag.cAuftragsNr")?;
        let of = |one: &&Wanted<'_>| one.erp_number == Some(number.as_str());
        for one in wanted.iter().filter(of) {
            hits.push((one.number.to_owned(), Seen::read(&row)?));
        }
    }
    let (by_buyer, shortcoming) = by_buyer(database, zone, wanted).await?;
    hits.extend(by_buyer);
    // One with the wanted number is the order itself, and no candidate.
    hits.retain(|(number, seen)| *number != seen.external_number);
    hits.sort_by(|one, other| (&one.0, one.1.key).cmp(&(&other.0, other.1.key)));
    hits.dedup_by(|one, other| one.0 == other.0 && one.1.key == other.1.key);
    let keys: Vec<i64> = hits.iter().map(|(_, seen)| seen.key).collect();
    let contents = contents(database, &keys).await?;
    let found = hits.into_iter().map(|(wanted, seen)| Found {
        wanted,
        contents: contents.get(&seen.key).cloned().unwrap_or_default(),
        erp_number: seen.erp_number,
        external_number: seen.external_number,
    });
    let lacks_buyer = |one: &&Wanted<'_>| one.order.is_none_or(|order| !has_buyer(order));
    let without_buyer = wanted.iter().filter(lacks_buyer).map(|one| one.number.to_owned()).collect();
    Ok(Search { found: found.collect(), shortcoming, without_buyer })
}

/// The same buyer bought at least the same, not before.
async fn by_buyer(
    database: &dyn Database,
    zone: &TimeZone,
    wanted: &[Wanted<'_>],
) -> Result<(Vec<(String, Seen)>, Option<String>), ErpError> {
    let known =
        wanted.iter().filter_map(|one| Some((one.number, one.order.filter(|order| has_buyer(order))?)));
    let known: Vec<(&str, &Order)> = known.collect();
    let mut codes: Vec<String> =
        known.iter().map(|(_, order)| order.delivery.postal_code.trim().to_owned()).collect();
    codes.sort_unstable();
    codes.dedup();
    let rows = match read(database, &[sql::ORDERS_BY_POSTAL_CODE], List::Texts(&codes)).await {
        Ok(rows) => rows,
        Err(error @ (ErpError::Permission { .. } | ErpError::Schema { .. })) => {
            let reason =
                format!("orders cannot be searched by buyer: {error}; docs/OPERATING.md lists the right");
            return Ok((Vec::new(), Some(reason)));
        }
        Err(error) => return Err(error),
    };
    let mut hits = Vec::new();
    for row in &rows {
        let code = row.text(0, "tAuftragAdresse.cPLZ")?;
        let names = [row.text(4, "tAuftragAdresse.cVorname")?, row.text(5, "tAuftragAdresse.cName")?];
        let made = orders::instant(&row.text(6, CREATED)?, CREATED, zone)?;
        for (number, order) in &known {
            let seen = Seen::read(row)?;
            // Ours may have been merged into one that is older and has a number of its own.
            let may_be_it = !seen.external_number.is_empty() || !is_earlier(made, order.ordered_at);
            if is_buyer(order, &code, &names) && may_be_it {
                hits.push(((*number).to_owned(), seen));
            }
        }
    }
    let keys: Vec<i64> = hits.iter().map(|(_, seen)| seen.key).collect();
    let contents = contents(database, &keys).await?;
    hits.retain(|(number, seen)| {
        let order = known.iter().find(|(known, _)| known == number).map(|(_, order)| *order);
        let basket = contents.get(&seen.key).map(Vec::as_slice).unwrap_or_default();
        order.is_some_and(|order| holds(basket, order))
    });
    Ok((hits, None))
}

impl Seen {
    fn read(row: &Row) -> Result<Self, ErpError> {
        Ok(Self {
            key: row.integer(1, "tAuftrag.kAuftrag")?,
            erp_number: row.text(2, "tAuftrag.cAuftragsNr")?,
            external_number: row.text(3, "tAuftrag.cExterneAuftragsnummer")?.trim().to_owned(),
        })
    }
}

fn has_buyer(order: &Order) -> bool {
    !order.delivery.last_name.trim().is_empty() && !order.delivery.postal_code.trim().is_empty()
}

fn is_buyer(order: &Order, code: &str, [first, last]: &[String; 2]) -> bool {
    let buyer = &order.delivery;
    let name = |first: &str, last: &str| same(&format!("{first} {last}"));
    same(code) == same(&buyer.postal_code) && name(first, last) == name(&buyer.first_name, &buyer.last_name)
}

fn is_earlier(made: Option<Timestamp>, ordered_at: Timestamp) -> bool {
    made.is_some_and(|made| made + EARLIER < ordered_at)
}

/// Whether the basket has at least what was ordered, as JTL's collation compares article numbers.
fn holds(basket: &[Content], order: &Order) -> bool {
    let has = |sku: &str| -> i64 {
        let sku = sku.trim_end().to_lowercase();
        let same = basket.iter().filter(|content| content.sku.trim_end().to_lowercase() == sku);
        same.map(|content| content.quantity).sum()
    };
    order.lines.iter().all(|line| {
        let same = order.lines.iter().filter(|other| other.sku.to_lowercase() == line.sku.to_lowercase());
        has(&line.sku) >= same.map(|line| line.quantity()).sum()
    })
}

async fn contents(database: &dyn Database, keys: &[i64]) -> Result<HashMap<i64, Vec<Content>>, ErpError> {
    // The list is joined: a key that stands there twice would count its positions twice.
    let mut keys = keys.to_vec();
    keys.sort_unstable();
    keys.dedup();
    let rows = read(database, &[sql::ORDERED_BY_KEY], List::Integers(&keys)).await?;
    let by_key: HashMap<i64, Quantities> = orders::quantities_by_key(&rows, "tAuftragPosition.fAnzahl")?;
    by_key.into_iter().map(|(key, quantities)| Ok((key, orders::contents(&quantities)?))).collect()
}

async fn read(
    database: &dyn Database,
    statement: &'static [&'static str; 1],
    list: List<'_>,
) -> Result<Vec<Row>, ErpError> {
    let is_empty = match list {
        List::Integers(keys) => keys.is_empty(),
        List::Texts(texts) => texts.is_empty(),
    };
    if is_empty {
        return Ok(Vec::new());
    }
    Ok(database.read(ACTION, statement, list).await?.into_iter().flatten().collect())
}
