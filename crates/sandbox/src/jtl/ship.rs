//! The warehouse: delivery notes, parcels, tracking numbers, and cancellation in JTL. A parcel holds whole
//! positions.

use rusqlite::{Connection, params};

use super::erp::Erp;
use super::look;
use super::records::ParcelSeed;
use super::stock;
use crate::calendar::jtl_date;
use crate::chance::Chance;
use crate::error::SandboxError;

/// Orders handled in one transaction.
const BATCH: i64 = 50;
/// (method, carrier); the first is the most frequent.
const CARRIERS: [(&str, &str); 5] =
    [("DHL Paket", "DHL"), ("DPD", "DPD"), ("GLS", "GLS"), ("Hermes", "Hermes"), ("UPS", "UPS")];

/// A position with pieces that are on no delivery note yet.
struct OpenPosition {
    position: i64,
    article: Option<i64>,
    sku: String,
    pieces: f64,
}

/// A parcel to be made.
struct Parcel {
    positions: Vec<OpenPosition>,
    method: String,
    tracking: Option<String>,
    only_packed: bool,
    contents_not_recorded: bool,
}

fn open_positions(connection: &Connection, order: i64) -> rusqlite::Result<Vec<OpenPosition>> {
    let sql = "SELECT p.kAuftragPosition, p.kArtikel, p.cArtNr, p.fAnzahl - COALESCE(
                 (SELECT SUM(l.fAnzahl) FROM tLieferscheinPos l WHERE l.kBestellPos = p.kAuftragPosition), 0) AS open
               FROM Verkauf_tAuftragPosition p WHERE p.kAuftrag = ?1 AND p.nType = 1 AND open > 0
                 AND p.kAuftragPosition NOT IN (SELECT kAuftragPosition FROM sandbox_apart)
               ORDER BY p.kAuftragPosition";
    connection
        .prepare_cached(sql)?
        .query_map([order], |row| {
            Ok(OpenPosition {
                position: row.get(0)?,
                article: row.get(1)?,
                sku: row.get(2)?,
                pieces: row.get(3)?,
            })
        })?
        .collect()
}

/// Ships what is due; returns how many orders that were.
pub(crate) fn ship_batch(
    erp: &Erp,
    connection: &Connection,
    method: Option<&str>,
) -> rusqlite::Result<usize> {
    let due: Vec<(i64, i64)> = connection
        .prepare_cached(
            "SELECT kAuftrag, part FROM sandbox_plan WHERE due_ms <= ?1 ORDER BY due_ms, kAuftrag LIMIT ?2",
        )?
        .query_map([erp.time.now_ms(), BATCH], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (order, part) in &due {
        connection.prepare_cached("DELETE FROM sandbox_plan WHERE kAuftrag = ?1")?.execute([order])?;
        if !look::is_cancelled(connection, *order)? {
            ship_planned(erp, connection, *order, *part, method)?;
        }
    }
    Ok(due.len())
}

fn ship_planned(
    erp: &Erp,
    connection: &Connection,
    order: i64,
    part: i64,
    method: Option<&str>,
) -> rusqlite::Result<()> {
    let mut chance = Chance::new(erp.seed, "parcels", order.unsigned_abs());
    let mut open = open_positions(connection, order)?;
    let is_split = part == 0 && open.len() > 1 && chance.happens(erp.split_share);
    let carrier = method.unwrap_or_else(|| carrier(&mut chance)).to_owned();
    let parcel = |positions| Parcel {
        positions,
        method: carrier.clone(),
        tracking: None,
        only_packed: false,
        contents_not_recorded: false,
    };
    if !is_split {
        deliver(erp, connection, order, vec![parcel(open)])?;
        return Ok(());
    }
    let rest = open.split_off(open.len() / 2);
    if chance.happens(0.5) {
        deliver(erp, connection, order, vec![parcel(open), parcel(rest)])?;
    } else {
        deliver(erp, connection, order, vec![parcel(open)])?;
        let due = erp.time.now_ms() + i64::try_from(erp.ship_after.as_millis()).unwrap_or(i64::MAX / 4);
        connection.prepare_cached("INSERT INTO sandbox_plan VALUES (?1, ?2, 1)")?.execute([order, due])?;
    }
    Ok(())
}

fn carrier(chance: &mut Chance) -> &'static str {
    let index = if chance.happens(0.5) { 0 } else { usize::try_from(chance.below(5)).unwrap_or(0) };
    CARRIERS.get(index).map_or("DHL Paket", |(method, _)| *method)
}

/// One delivery note with its parcels. Returns the tracking numbers.
fn deliver(
    erp: &Erp,
    connection: &Connection,
    order: i64,
    parcels: Vec<Parcel>,
) -> rusqlite::Result<Vec<String>> {
    let now = jtl_date(erp.time.now_ms());
    let mut numbers = Vec::new();
    if parcels.iter().any(|parcel| !parcel.positions.is_empty()) {
        let note = add_note(connection, order, &now)?;
        for parcel in parcels {
            numbers.push(pack(erp, connection, note, parcel, &now)?);
        }
    }
    count(connection, order)?;
    Ok(numbers)
}

fn add_note(connection: &Connection, order: i64, now: &str) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("INSERT INTO tLieferschein(kBestellung, dErstellt, dGedruckt) VALUES (?1, ?2, ?2)")?
        .execute(params![order, now])?;
    let note = connection.last_insert_rowid();
    connection
        .prepare_cached("UPDATE tLieferschein SET cLieferscheinNr = ?2 WHERE kLieferschein = ?1")?
        .execute(params![note, format!("LS-{note:07}")])?;
    Ok(note)
}

/// Puts a position on a delivery note; its pieces leave the warehouse. Returns the note's line.
fn note_position(connection: &Connection, note: i64, position: &OpenPosition) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO tLieferscheinPos(kLieferschein, kBestellPos, fAnzahl) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![note, position.position, position.pieces])?;
    let line = connection.last_insert_rowid();
    if let Some(article) = position.article {
        stock::reserve(connection, article, -position.pieces)?;
        stock::take_pieces(connection, article, position.pieces)?;
    }
    Ok(line)
}

/// What JTL counts of an order's parcels.
pub(super) fn count(connection: &Connection, order: i64) -> rusqlite::Result<()> {
    let is_complete = open_positions(connection, order)?.is_empty();
    connection
        .prepare_cached("UPDATE Verkauf_tAuftrag SET nKomplettAusgeliefert = ?2 WHERE kAuftrag = ?1")?
        .execute(params![order, is_complete])?;
    let sql = "UPDATE Verkauf_tAuftragEckdaten SET
                 nAnzahlPakete = parcels.made, nAnzahlVersendetePakete = parcels.sent, dLetzterVersand = parcels.last
               FROM (SELECT COUNT(*) AS made, COUNT(v.dVersendet) AS sent, MAX(v.dVersendet) AS last
                     FROM tVersand v JOIN tLieferschein l ON l.kLieferschein = v.kLieferschein
                     WHERE l.kBestellung = ?1) AS parcels
               WHERE kAuftrag = ?1";
    connection.prepare_cached(sql)?.execute([order])?;
    Ok(())
}

fn pack(
    erp: &Erp,
    connection: &Connection,
    note: i64,
    parcel: Parcel,
    now: &str,
) -> rusqlite::Result<String> {
    let method = method_number(connection, &parcel.method)?;
    let carrier = CARRIERS.iter().find(|(name, _)| *name == parcel.method).map(|(_, carrier)| *carrier);
    let sent = (!parcel.only_packed).then_some(now);
    let sql = "INSERT INTO tVersand(kLieferschein, dErstellt, dVersendet, kVersandArt, cLogistiker, fGewicht, nStatus)
               VALUES (?1, ?2, ?3, ?4, ?5, 1.5, ?6)";
    connection.prepare_cached(sql)?.execute(params![
        note,
        now,
        sent,
        method,
        carrier,
        i64::from(sent.is_some())
    ])?;
    let shipment = connection.last_insert_rowid();
    let tracking = parcel.tracking.unwrap_or_else(|| tracking_number(erp.seed, carrier, shipment));
    connection
        .prepare_cached("UPDATE tVersand SET cIdentCode = ?2 WHERE kVersand = ?1")?
        .execute(params![shipment, tracking])?;
    for position in parcel.positions {
        let inside = note_position(connection, note, &position)?;
        if !parcel.contents_not_recorded {
            connection
                .prepare_cached(
                    "INSERT INTO tVersandPos(kVersand, kLieferscheinPos, fAnzahl) VALUES (?1, ?2, ?3)",
                )?
                .execute(params![shipment, inside, position.pieces])?;
        }
    }
    Ok(tracking)
}

/// The shipping method's number; a name that JTL does not have yet is added.
fn method_number(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO tversandart(cName, cAktiv) SELECT ?1, 'Y'
             WHERE NOT EXISTS (SELECT 1 FROM tversandart WHERE cName = ?1)",
        )?
        .execute([name])?;
    connection
        .prepare_cached("SELECT kVersandArt FROM tversandart WHERE cName = ?1")?
        .query_row([name], |row| row.get(0))
}

/// Looks like the carrier's numbers; unique, and apart from another seed's world.
fn tracking_number(seed: u64, carrier: Option<&str>, shipment: i64) -> String {
    let world = seed % 10_000;
    match carrier {
        Some("DHL") => format!("00340434{world:04}{shipment:08}"),
        Some("DPD") => format!("0150{world:04}{shipment:06}"),
        Some("GLS") => format!("7{world:04}{shipment:06}"),
        Some("Hermes") => format!("3{world:04}{shipment:09}"),
        Some("UPS") => format!("1ZSB{world:04}{shipment:010}"),
        _ => format!("SP{world:04}{shipment:08}"),
    }
}

/// Ships an order now, parcel by parcel; no parcel = one with everything.
pub(crate) fn now(
    erp: &Erp,
    connection: &Connection,
    external: &str,
    seeds: &[ParcelSeed],
    method: Option<&str>,
) -> Result<Vec<String>, SandboxError> {
    let order = look::order_to_ship(connection, external)?;
    let all = [ParcelSeed::default()];
    let seeds = if seeds.is_empty() { &all } else { seeds };
    let mut open = open_positions(connection, order)?;
    if open.is_empty() {
        return Err(SandboxError::Refused(format!("{external} is shipped already")));
    }
    let mut chance = Chance::new(erp.seed, "ship now", order.unsigned_abs());
    let mut parcels = Vec::new();
    for seed in seeds {
        let is_inside =
            |open: &mut OpenPosition| seed.skus.as_ref().is_none_or(|skus| skus.contains(&open.sku));
        let inside: Vec<OpenPosition> = open.extract_if(.., is_inside).collect();
        let method = seed.method.as_deref().or(method).unwrap_or_else(|| carrier(&mut chance));
        parcels.push(Parcel {
            positions: inside,
            method: method.to_owned(),
            tracking: seed.tracking.clone(),
            only_packed: seed.only_packed,
            contents_not_recorded: seed.contents_not_recorded,
        });
    }
    if open.is_empty() {
        connection.execute("DELETE FROM sandbox_plan WHERE kAuftrag = ?1", [order])?;
    }
    Ok(deliver(erp, connection, order, parcels)?)
}

/// The buyer collects everything: a delivery note without a parcel.
pub(crate) fn collect(erp: &Erp, connection: &Connection, external: &str) -> Result<(), SandboxError> {
    let order = look::order(connection, external)?;
    let open = open_positions(connection, order)?;
    if open.is_empty() {
        return Err(SandboxError::Refused(format!("{external} is shipped already")));
    }
    let note = add_note(connection, order, &jtl_date(erp.time.now_ms()))?;
    for position in &open {
        note_position(connection, note, position)?;
    }
    connection.execute("DELETE FROM sandbox_plan WHERE kAuftrag = ?1", [order])?;
    Ok(count(connection, order)?)
}

/// Prints another label for the order's last parcel, which is never used. Returns its tracking number.
pub(crate) fn print_label_again(
    erp: &Erp,
    connection: &Connection,
    external: &str,
) -> Result<String, SandboxError> {
    let order = look::order(connection, external)?;
    let sql = "INSERT INTO tVersand(kLieferschein, dErstellt, kVersandArt, cLogistiker, fGewicht, nStatus)
               SELECT v.kLieferschein, ?2, v.kVersandArt, v.cLogistiker, v.fGewicht, 0
               FROM tVersand v JOIN tLieferschein l ON l.kLieferschein = v.kLieferschein
               WHERE l.kBestellung = ?1 ORDER BY v.kVersand DESC LIMIT 1";
    if connection.execute(sql, params![order, jtl_date(erp.time.now_ms())])? == 0 {
        return Err(SandboxError::Refused(format!("{external} has no parcel")));
    }
    let label = connection.last_insert_rowid();
    let tracking = tracking_number(erp.seed, None, label);
    connection
        .execute("UPDATE tVersand SET cIdentCode = ?2 WHERE kVersand = ?1", params![label, tracking])?;
    count(connection, order)?;
    Ok(tracking)
}

/// Cancels an order in JTL; what was reserved is free again.
pub(crate) fn cancel(erp: &Erp, connection: &Connection, external: &str) -> Result<(), SandboxError> {
    let order = look::order(connection, external)?;
    if look::is_cancelled(connection, order)? {
        return Err(SandboxError::Refused(format!("{external} is cancelled already")));
    }
    free(connection, order)?;
    connection.execute("UPDATE Verkauf_tAuftrag SET nStorno = 1 WHERE kAuftrag = ?1", [order])?;
    connection.execute(
        "INSERT INTO Verkauf_tAuftragStorno VALUES (?1, 1, 1, ?2, 'Sandkasten')",
        params![order, jtl_date(erp.time.now_ms())],
    )?;
    connection.execute("DELETE FROM sandbox_plan WHERE kAuftrag = ?1", [order])?;
    Ok(())
}

/// Deletes an order of which nothing has left, with everything that belongs to it.
pub(crate) fn delete(connection: &Connection, external: &str) -> Result<(), SandboxError> {
    let order = look::order(connection, external)?;
    let sql = "SELECT COUNT(*) FROM tLieferschein WHERE kBestellung = ?1";
    if connection.query_row(sql, [order], |row| row.get::<_, i64>(0))? > 0 {
        return Err(SandboxError::Refused(format!("{external} has a delivery note")));
    }
    if !look::is_cancelled(connection, order)? {
        free(connection, order)?;
    }
    for table in [
        "sandbox_plan",
        "Verkauf_tAuftragStorno",
        "Verkauf_tAuftragEckdaten",
        "Verkauf_tAuftragAdresse",
        "Verkauf_tAuftragPosition",
        "Verkauf_tAuftrag",
    ] {
        connection.execute(&format!("DELETE FROM {table} WHERE kAuftrag = ?1"), [order])?;
    }
    Ok(())
}

/// What was reserved for an order is for sale again.
fn free(connection: &Connection, order: i64) -> Result<(), SandboxError> {
    for open in open_positions(connection, order)? {
        if let Some(article) = open.article {
            stock::reserve(connection, article, -open.pieces)?;
        }
    }
    Ok(())
}
