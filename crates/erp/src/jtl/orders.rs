//! What JTL made of an order: its lines, its parcels, and whether it is done. Rows come from one snapshot
//! and are put together here; nothing is computed in SQL that SQL Server would compute differently.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use marktwerk_domain::mutant::{self, Mutant};
use marktwerk_domain::shipment::{Content, ErpOrder, Parcel};
use marktwerk_domain::tracking;
use rust_decimal::Decimal;

use super::row::{Row, unreadable};
use super::sql;
use crate::ErpError;

/// What is read for [`assemble`], in the order that it expects.
pub(super) const STATEMENTS: &[&str] =
    &[sql::ORDERS, sql::ORDERED, sql::PARCELS, sql::PARCEL_CONTENTS, sql::NOTE_CONTENTS];

/// `nKomplettAusgeliefert`: all delivered.
const DELIVERED: i64 = 1;
/// `nKomplettAusgeliefert`: closed without shipment.
const CLOSED: i64 = 2;

/// How to read what JTL wrote.
pub(super) struct Reading<'settings> {
    /// JTL's local time.
    pub(super) zone: &'settings TimeZone,
    /// Whether a tracking number is enough for a parcel to have left.
    pub(super) tracking_is_enough: bool,
}

/// Quantities by article number, in the order in which articles first occur.
pub(super) type Quantities = Vec<(String, Decimal)>;

/// One row of `tAuftrag`.
struct JtlOrder {
    key: i64,
    erp_number: String,
    is_cancelled: bool,
    delivery: i64,
}

/// One row of `tVersand`.
struct JtlParcel {
    order: i64,
    note: i64,
    has_left: bool,
    /// When it was packed, where JTL has the column.
    packed_at: Option<Timestamp>,
    parcel: Parcel,
}

/// Puts the rows of [`STATEMENTS`] together, sorted by number.
///
/// Where JTL has split an order, or holds one twice, its live parts are read as one: all their lines, all their
/// parcels; `count` tells how many there are. Cancelled ones count only where there is no other.
pub(super) fn assemble(answers: &[Vec<Row>], reading: &Reading<'_>) -> Result<Vec<ErpOrder>, ErpError> {
    let [orders, ordered, parcels, parcel_contents, note_contents] = answers else {
        return Err(ErpError::Defect {
            action: "read orders",
            reason: "five answers were asked for".to_owned(),
        });
    };
    let mut by_number: BTreeMap<String, Vec<JtlOrder>> = BTreeMap::new();
    for row in orders {
        let number = row.text(0, "tAuftrag.cExterneAuftragsnummer")?;
        let order = JtlOrder::read(row).map_err(|error| of_row(error, "order", &number))?;
        by_number.entry(number).or_default().push(order);
    }
    let ordered = quantities_by_key(ordered, "tAuftragPosition.fAnzahl")?;
    let parcel_contents = quantities_by_key(parcel_contents, "tVersandPos.fAnzahl")?;
    let note_contents = quantities_by_key(note_contents, "tLieferscheinPos.fAnzahl")?;
    let parcel = |row: &Row| {
        let key = row.text(2, "tVersand.kVersand")?;
        JtlParcel::read(row, reading).map_err(|error| of_row(error, "kVersand", &key))
    };
    let parcels: Vec<JtlParcel> = parcels.iter().map(parcel).collect::<Result<_, _>>()?;
    let shipments = Shipments::new(&parcels, &parcel_contents, &note_contents);
    by_number.into_iter().map(|(number, found)| order(number, &found, &ordered, &shipments)).collect()
}

/// Says which row could not be read, so that somebody can look at it in JTL.
fn of_row(error: ErpError, kind: &str, key: &str) -> ErpError {
    match error {
        ErpError::Unreadable { what } => ErpError::Unreadable { what: format!("{what} ({kind} {key})") },
        other => other,
    }
}

fn order(
    number: String,
    found: &[JtlOrder],
    ordered: &HashMap<i64, Quantities>,
    shipments: &Shipments<'_>,
) -> Result<ErpOrder, ErpError> {
    let is_cancelled = found.iter().all(|order| order.is_cancelled);
    let live: Vec<&JtlOrder> = found.iter().filter(|order| is_cancelled || !order.is_cancelled).collect();
    let mut wanted = Quantities::new();
    let mut shipped = Quantities::new();
    let mut parcels = Vec::new();
    for order in &live {
        add_all(&mut wanted, ordered.get(&order.key));
        shipments.add_shipped(order.key, &mut shipped);
        parcels.extend(shipments.parcels_that_left(order.key)?);
    }
    parcels.sort_by_key(|parcel| parcel.id);
    let parcels = with_one_number_once(parcels);
    let is_all_shipped = wanted.iter().all(|(sku, quantity)| quantity_of(&shipped, sku) >= *quantity);
    Ok(ErpOrder {
        number,
        erp_number: live.first().map(|order| order.erp_number.clone()).unwrap_or_default(),
        count: match mutant::is(Mutant::SeveralLookLikeOne) {
            true => 1,
            false => u32::try_from(live.len()).unwrap_or(u32::MAX),
        },
        is_cancelled,
        is_complete: is_all_shipped && live.iter().all(|order| order.delivery == DELIVERED),
        is_closed_unshipped: live.iter().any(|order| order.delivery == CLOSED),
        ordered: contents(&wanted)?,
        parcels,
    })
}

impl JtlOrder {
    fn read(row: &Row) -> Result<Self, ErpError> {
        Ok(Self {
            key: row.integer(1, "tAuftrag.kAuftrag")?,
            erp_number: row.text(2, "tAuftrag.cAuftragsNr")?,
            is_cancelled: row.optional_integer(3, "tAuftrag.nStorno")?.unwrap_or_default() != 0
                && !mutant::is(Mutant::CancelledInErpUnseen),
            delivery: row.optional_integer(4, "tAuftrag.nKomplettAusgeliefert")?.unwrap_or_default(),
        })
    }
}

impl JtlParcel {
    fn read(row: &Row, reading: &Reading<'_>) -> Result<Self, ErpError> {
        let (mut numbers, words) = match tracking::read(&row.text(3, "tVersand.cIdentCode")?) {
            tracking::Field::Empty => (Vec::new(), None),
            tracking::Field::Numbers(numbers) => (numbers, None),
            tracking::Field::Words(words) => (Vec::new(), Some(words)),
        };
        let more_tracking = if numbers.is_empty() { Vec::new() } else { numbers.split_off(1) };
        let tracking = numbers.pop().unwrap_or_default();
        let at = |column, name| instant(&row.text(column, name)?, name, reading.zone);
        let shipped_at = at(4, "tVersand.dVersendet")?;
        let logistician = row.text(5, "tVersand.cLogistiker")?.trim().to_owned();
        let method = row.text(6, "tversandart.cName")?.trim().to_owned();
        let codes =
            [row.text(7, "tversandart.cAmazonCarrierCode")?, row.text(8, "tversandart.cEbayCarrierCode")?];
        let codes = codes.into_iter().map(|code| code.trim().to_owned()).filter(|code| !code.is_empty());
        let (carrier, method) = match logistician.is_empty() {
            true => (method, String::new()),
            false => (logistician, method),
        };
        Ok(Self {
            order: row.integer(0, "tLieferschein.kBestellung")?,
            note: row.integer(1, "tLieferschein.kLieferschein")?,
            has_left: shipped_at.is_some() || (reading.tracking_is_enough && !tracking.is_empty()),
            packed_at: at(9, "tVersand.dErstellt")?,
            parcel: Parcel {
                id: row.integer(2, "tVersand.kVersand")?,
                tracking,
                method: if method == carrier { String::new() } else { method },
                carrier,
                shipped_at,
                contents: Vec::new(),
                more_tracking,
                words,
                carrier_codes: codes.collect(),
            },
        })
    }
}

/// Parcels with what is in them.
struct Shipments<'rows> {
    by_order: HashMap<i64, Vec<&'rows JtlParcel>>,
    by_note: HashMap<i64, Vec<&'rows JtlParcel>>,
    /// Parcels that left under another label than the one that their contents were recorded for: the first label by the used one.
    first_labels: HashMap<i64, i64>,
    parcel_contents: &'rows HashMap<i64, Quantities>,
    note_contents: &'rows HashMap<i64, Quantities>,
}

impl<'rows> Shipments<'rows> {
    fn new(
        parcels: &'rows [JtlParcel],
        parcel_contents: &'rows HashMap<i64, Quantities>,
        note_contents: &'rows HashMap<i64, Quantities>,
    ) -> Self {
        let mut by_order: HashMap<i64, Vec<&JtlParcel>> = HashMap::new();
        let mut by_note: HashMap<i64, Vec<&JtlParcel>> = HashMap::new();
        for parcel in parcels {
            by_order.entry(parcel.order).or_default().push(parcel);
            by_note.entry(parcel.note).or_default().push(parcel);
        }
        let is_recorded = |parcel: &JtlParcel| parcel_contents.contains_key(&parcel.parcel.id);
        for of_note in by_note.values_mut() {
            let unrecorded = of_note.iter().filter(|parcel| !is_recorded(parcel));
            let first_left = unrecorded.filter_map(|parcel| parcel.parcel.shipped_at).min();
            let is_after = |packed_at: Timestamp| first_left.is_some_and(|left| packed_at > left);
            // Where nobody records what is in a parcel, everything of a note is packed before the first of its parcels leaves: a label
            // that was made later was printed again, and is no parcel unless it leaves, too.
            of_note.retain(|parcel| {
                parcel.has_left || is_recorded(parcel) || !parcel.packed_at.is_some_and(is_after)
            });
        }
        let mut first_labels = HashMap::new();
        for (note, of_note) in &mut by_note {
            let all = note_contents.get(note).map(Vec::as_slice).unwrap_or_default();
            if let Some((first, used)) = replaced(of_note, all, parcel_contents) {
                of_note.retain(|parcel| parcel.parcel.id != first);
                first_labels.insert(used, first);
            }
        }
        Self { by_order, by_note, first_labels, parcel_contents, note_contents }
    }

    fn of(&self, order: i64) -> &[&'rows JtlParcel] {
        self.by_order.get(&order).map(Vec::as_slice).unwrap_or_default()
    }

    fn of_note(&self, note: i64) -> &[&'rows JtlParcel] {
        self.by_note.get(&note).map(Vec::as_slice).unwrap_or_default()
    }

    fn parcels_that_left(&self, order: i64) -> Result<Vec<Parcel>, ErpError> {
        let left = self.of(order).iter().filter(|parcel| parcel.has_left);
        left.map(|parcel| {
            let contents = self.contents(parcel).map(contents).transpose()?.unwrap_or_default();
            Ok(Parcel { contents, ..parcel.parcel.clone() })
        })
        .collect()
    }

    /// What is in the parcel. Not every packing table records it; then it is known only where the delivery note has
    /// no other parcel.
    fn contents(&self, parcel: &JtlParcel) -> Option<&'rows Quantities> {
        let recorded_for = self.first_labels.get(&parcel.parcel.id).unwrap_or(&parcel.parcel.id);
        let recorded = self.parcel_contents.get(recorded_for);
        let is_alone = self.of_note(parcel.note).len() == 1;
        recorded.or_else(|| if is_alone { self.note_contents.get(&parcel.note) } else { None })
    }

    /// Adds what of the order has left: a delivery note as a whole once all its parcels have, else what was recorded
    /// of those that have.
    fn add_shipped(&self, order: i64, shipped: &mut Quantities) {
        let mut notes: Vec<i64> = self.of(order).iter().map(|parcel| parcel.note).collect();
        notes.sort_unstable();
        notes.dedup();
        for note in notes {
            let parcels = self.of_note(note);
            if parcels.iter().all(|parcel| parcel.has_left) {
                add_all(shipped, self.note_contents.get(&note));
                continue;
            }
            for parcel in parcels.iter().filter(|parcel| parcel.has_left) {
                add_all(shipped, self.contents(parcel));
            }
        }
    }
}

/// An unused label and the one that its parcel left with, by their keys. The whole note is recorded; one label has contents and has not
/// left, and another has left and has no contents.
fn replaced(
    of_note: &[&JtlParcel],
    all: &[(String, Decimal)],
    recorded: &HashMap<i64, Quantities>,
) -> Option<(i64, i64)> {
    let contents = |parcel: &&&JtlParcel| recorded.get(&parcel.parcel.id);
    let mut sum = Quantities::new();
    of_note.iter().for_each(|parcel| add_all(&mut sum, contents(&parcel)));
    let is_all_recorded =
        !all.is_empty() && all.iter().all(|(sku, quantity)| quantity_of(&sum, sku) >= *quantity);
    let mut unused = of_note.iter().filter(|parcel| !parcel.has_left && contents(parcel).is_some());
    let mut used = of_note.iter().filter(|parcel| parcel.has_left && contents(parcel).is_none());
    match (unused.next(), unused.next(), used.next(), used.next()) {
        (Some(unused), None, Some(used), None) if is_all_recorded => Some((unused.parcel.id, used.parcel.id)),
        _ => None,
    }
}

/// Rows with one tracking number are one parcel: a label that was printed for two notes, or for two parts of one order.
fn with_one_number_once(rows: Vec<Parcel>) -> Vec<Parcel> {
    let mut parcels: Vec<Parcel> = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(parcel) = parcels.iter_mut().find(|parcel| shares_a_number(parcel, &row)) else {
            parcels.push(row);
            continue;
        };
        let more = row.all_tracking().filter(|number| !has_number(parcel, number));
        let more: Vec<String> = more.map(str::to_owned).collect();
        parcel.more_tracking.extend(more);
        match parcel.contents.is_empty() || row.contents.is_empty() {
            // What of the two is not known is not known of the one.
            true => parcel.contents.clear(),
            false => parcel.contents.extend(row.contents),
        }
    }
    parcels
}

fn shares_a_number(one: &Parcel, other: &Parcel) -> bool {
    other.all_tracking().any(|number| has_number(one, number))
}

fn has_number(parcel: &Parcel, number: &str) -> bool {
    parcel.all_tracking().any(|known| tracking::bare(known) == tracking::bare(number))
}

/// Rows of key, article number and quantity, summed by key and article.
pub(super) fn quantities_by_key(rows: &[Row], what: &str) -> Result<HashMap<i64, Quantities>, ErpError> {
    let mut by_key: HashMap<i64, Quantities> = HashMap::new();
    for row in rows {
        let sku = row.text(1, "tAuftragPosition.cArtNr")?;
        add(by_key.entry(row.integer(0, what)?).or_default(), &sku, row.decimal(2, what)?);
    }
    Ok(by_key)
}

fn add(quantities: &mut Quantities, sku: &str, quantity: Decimal) {
    match quantities.iter_mut().find(|(known, _)| known == sku) {
        Some((_, sum)) => *sum += quantity,
        None => quantities.push((sku.to_owned(), quantity)),
    }
}

fn add_all(quantities: &mut Quantities, more: Option<&Quantities>) {
    for (sku, quantity) in more.into_iter().flatten() {
        add(quantities, sku, *quantity);
    }
}

fn quantity_of(quantities: &Quantities, sku: &str) -> Decimal {
    quantities.iter().find(|(known, _)| known == sku).map(|(_, quantity)| *quantity).unwrap_or_default()
}

/// Marketplaces count whole units; a fraction is read as what is whole of it.
pub(super) fn contents(quantities: &Quantities) -> Result<Vec<Content>, ErpError> {
    let content = |(sku, quantity): &(String, Decimal)| {
        let quantity =
            i64::try_from(quantity.floor()).map_err(|_| unreadable("a quantity", "a whole number"))?;
        Ok(Content { sku: sku.clone(), quantity })
    };
    quantities.iter().map(content).collect()
}

/// A local time of JTL's server (`datetime` has no zone) as an instant; `None` if the column is empty.
pub(super) fn instant(local: &str, column: &str, zone: &TimeZone) -> Result<Option<Timestamp>, ErpError> {
    if local.trim().is_empty() {
        return Ok(None);
    }
    let expected = || unreadable(column, "a date and time");
    let local: DateTime = local.trim().parse().map_err(|_| expected())?;
    let zoned = local.to_zoned(zone.clone()).map_err(|_| expected())?;
    Ok(Some(zoned.timestamp()))
}
