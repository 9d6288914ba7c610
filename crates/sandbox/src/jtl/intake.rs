//! JTL-Worker's import: takes a row, makes an order of it or throws it away. It does not look for duplicates:
//! the same text twice is two orders.

use rusqlite::{Connection, OptionalExtension, params};
use rust_decimal::{Decimal, RoundingStrategy};

use super::document::{self, Document, Position, Values};
use super::erp::Erp;
use super::stock;
use crate::calendar::jtl_date;
use crate::options::UnknownArticles;

/// Rows taken in one transaction.
const BATCH: i64 = 50;

/// What the database knows about the names in a document.
struct References {
    shipping_method: i64,
    payment_method: i64,
    /// `kArtikel` per position.
    articles: Vec<Option<i64>>,
}

/// Takes the next rows; returns how many there were.
pub(crate) fn take_batch(erp: &Erp, connection: &Connection) -> rusqlite::Result<usize> {
    let rows: Vec<(i64, Option<String>, Option<i64>)> = connection
        .prepare_cached(
            "SELECT kXMLBestellImport, cText, nPlattform FROM tXMLBestellImport ORDER BY 1 LIMIT ?1",
        )?
        .query_map([BATCH], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (row, text, platform) in &rows {
        let text = text.as_deref().unwrap_or_default();
        if let Err(reason) = take(erp, connection, text, platform.unwrap_or(0))? {
            let at = jtl_date(erp.time.now_ms());
            connection
                .prepare_cached("INSERT INTO sandbox_dropped VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![row, external_of(text), reason, at])?;
        }
        connection
            .prepare_cached("DELETE FROM tXMLBestellImport WHERE kXMLBestellImport = ?1")?
            .execute([row])?;
    }
    Ok(rows.len())
}

/// The external number by mere search, for rows that are no XML.
fn external_of(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("<cExterneBestellNr>")?;
    rest.split_once("</cExterneBestellNr>").map(|(number, _)| number)
}

/// Checks everything first, so that a bad order leaves no trace.
fn take(
    erp: &Erp,
    connection: &Connection,
    text: &str,
    platform: i64,
) -> rusqlite::Result<Result<(), String>> {
    let documents = match document::read(text) {
        Ok(documents) => documents,
        Err(reason) => return Ok(Err(reason)),
    };
    let mut checked = Vec::with_capacity(documents.len());
    for document in documents {
        match references(erp, connection, &document)? {
            Ok(references) => checked.push((document, references)),
            Err(reason) => return Ok(Err(reason)),
        }
    }
    for (document, references) in &checked {
        insert(erp, connection, document, references, platform)?;
    }
    Ok(Ok(()))
}

fn value<'values>(values: &'values Values, name: &str) -> &'values str {
    values.get(name).map_or("", |value| value.trim())
}

fn references(
    erp: &Erp,
    connection: &Connection,
    document: &Document,
) -> rusqlite::Result<Result<References, String>> {
    let find = |sql: &str, name: &str| -> rusqlite::Result<Option<i64>> {
        connection.prepare_cached(sql)?.query_row([name], |row| row.get(0)).optional()
    };
    let exists = |sql: &str, number: i64| -> rusqlite::Result<bool> {
        connection.prepare_cached(sql)?.exists([number])
    };
    let method = value(&document.head, "cVersandartName");
    let Some(shipping_method) = find("SELECT kVersandArt FROM tversandart WHERE cName = ?1", method)? else {
        return Ok(Err(format!("cVersandartName {method} is unknown")));
    };
    let payment = value(&document.head, "cZahlungsartName");
    let Some(payment_method) = find("SELECT kZahlungsart FROM tZahlungsart WHERE cName = ?1", payment)?
    else {
        return Ok(Err(format!("cZahlungsartName {payment} is unknown")));
    };
    if !exists("SELECT 1 FROM tfirma WHERE kFirma = ?1", document.company)? {
        return Ok(Err(format!("kFirma {} is unknown", document.company)));
    }
    if !exists("SELECT 1 FROM tBenutzer WHERE kBenutzer = ?1", document.user)? {
        return Ok(Err(format!("kBenutzer {} is unknown", document.user)));
    }
    let own_number = value(&document.head, "cBestellNr");
    if !own_number.is_empty()
        && find("SELECT kAuftrag FROM Verkauf_tAuftrag WHERE cAuftragsNr = ?1", own_number)?.is_some()
    {
        return Ok(Err(format!("cBestellNr {own_number} is taken")));
    }
    let mut articles = Vec::with_capacity(document.positions.len());
    for position in &document.positions {
        let sku = value(&position.values, "cArtNr");
        let article = if position.is_shipping { None } else { stock::find_article(connection, sku)? };
        let is_unknown = article.is_none() && !position.is_shipping;
        if is_unknown && erp.unknown_articles == UnknownArticles::Drop {
            return Ok(Err(format!("cArtNr {sku} is unknown")));
        }
        articles.push(article);
    }
    Ok(Ok(References { shipping_method, payment_method, articles }))
}

fn insert(
    erp: &Erp,
    connection: &Connection,
    document: &Document,
    references: &References,
    platform: i64,
) -> rusqlite::Result<()> {
    let now_ms = erp.time.now_ms();
    let now = jtl_date(now_ms);
    let head = |name: &str| value(&document.head, name);
    let created = Some(head("dErstellt")).filter(|date| !date.is_empty()).unwrap_or(&now);
    let next: i64 = connection
        .prepare_cached("SELECT COALESCE(MAX(kAuftrag), 0) + 1 FROM Verkauf_tAuftrag")?
        .query_row([], |row| row.get(0))?;
    let number = match head("cBestellNr") {
        "" => format!("AU-{next:07}"),
        own => own.to_owned(),
    };
    let customer = match value(&document.customer, "cKundenNr") {
        "" => format!("K-{next:07}"),
        known => known.to_owned(),
    };
    let sql =
        "INSERT INTO Verkauf_tAuftrag(cAuftragsNr, nType, dErstellt, kKunde, cKundenNr, kFirma, kBenutzer,
                 cWaehrung, kPlattform, kShop, cExterneAuftragsnummer, kVersandArt, kZahlungsart, kWarenlager,
                 nAuftragStatus, dExternesErstelldatum, dErstelltWawi)
               VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?9, ?10, ?11, 1, 1, ?2, ?12)";
    connection.prepare_cached(sql)?.execute(params![
        number,
        created,
        next,
        customer,
        document.company,
        document.user,
        head("cWaehrung"),
        platform,
        head("cExterneBestellNr"),
        references.shipping_method,
        references.payment_method,
        now
    ])?;
    let order = connection.last_insert_rowid();
    for (position, article) in document.positions.iter().zip(&references.articles) {
        insert_position(connection, order, position, *article)?;
    }
    insert_addresses(connection, order, document)?;
    insert_totals(connection, order, document)?;
    let due = now_ms + i64::try_from(erp.ship_after.as_millis()).unwrap_or(i64::MAX / 4);
    connection.prepare_cached("INSERT INTO sandbox_plan VALUES (?1, ?2, 0)")?.execute([order, due])?;
    Ok(())
}

fn insert_position(
    connection: &Connection,
    order: i64,
    position: &Position,
    article: Option<i64>,
) -> rusqlite::Result<()> {
    let sql =
        "INSERT INTO Verkauf_tAuftragPosition(kAuftrag, kArtikel, cArtNr, cName, cEinheit, fAnzahl, fVkNetto,
                 fRabatt, fMwSt, nType) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    connection.prepare_cached(sql)?.execute(params![
        order,
        article,
        value(&position.values, "cArtNr"),
        value(&position.values, "cName"),
        value(&position.values, "cEinheit"),
        position.pieces(),
        position.net.to_string(),
        position.discount.to_string(),
        position.rate.to_string(),
        if position.is_shipping { 2 } else { 1 }
    ])?;
    match article {
        Some(article) => stock::reserve(connection, article, position.pieces()),
        None => Ok(()),
    }
}

/// Delivery (`nTyp` 0) and invoice (1) address; without a delivery address the customer's serves for both.
fn insert_addresses(connection: &Connection, order: i64, document: &Document) -> rusqlite::Result<()> {
    let delivery = document.delivery.as_ref().unwrap_or(&document.customer);
    let sql = "INSERT INTO Verkauf_tAuftragAdresse(kAuftrag, nTyp, cAnrede, cTitel, cVorname, cName, cFirma, cStrasse,
                 cAdressZusatz, cPLZ, cOrt, cBundesland, cLand, cTel, cMobil, cFax, cMail)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";
    for (kind, address) in [(0, delivery), (1, &document.customer)] {
        let of = |name: &str| value(address, name);
        connection.prepare_cached(sql)?.execute(params![
            order,
            kind,
            of("cAnrede"),
            of("cTitel"),
            of("cVorname"),
            of("cNachname"),
            of("cFirma"),
            of("cStrasse"),
            of("cAdressZusatz"),
            of("cPLZ"),
            of("cOrt"),
            of("cBundesland"),
            of("cLand"),
            of("cTel"),
            of("cMobil"),
            of("cFax"),
            of("cMail")
        ])?;
    }
    Ok(())
}

fn insert_totals(connection: &Connection, order: i64, document: &Document) -> rusqlite::Result<()> {
    let total = |unit: fn(&Position) -> Decimal| -> String {
        let sum: Decimal = document.positions.iter().map(|position| position.total(unit(position))).sum();
        format!("{:.2}", sum.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero))
    };
    let paid = Some(value(&document.head, "dBezahltDatum")).filter(|date| !date.is_empty());
    connection
        .prepare_cached(
            "INSERT INTO Verkauf_tAuftragEckdaten(kAuftrag, fWertNetto, fWertBrutto, dBezahlt, nZahlungStatus)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            order,
            total(|position| position.net),
            total(|position| position.gross),
            paid,
            if paid.is_some() { 2 } else { 0 }
        ])?;
    Ok(())
}
