//! Stock as JTL keeps it: physical by warehouse, reserved and available by article, bundles by their scarcest
//! component. Every change ends in [`refresh`], which makes the derived numbers true again.

use rusqlite::{Connection, OptionalExtension, params};

use super::records::JtlStock;
use crate::error::SandboxError;

/// `kArtikel` of a SKU.
pub(crate) fn article(connection: &Connection, sku: &str) -> Result<i64, SandboxError> {
    find_article(connection, sku)?
        .ok_or_else(|| SandboxError::Unknown { what: "article in JTL", name: sku.to_owned() })
}

/// As JTL's collation compares numbers: neither case nor blanks at the end count.
pub(crate) fn find_article(connection: &Connection, sku: &str) -> rusqlite::Result<Option<i64>> {
    let sql = "SELECT kArtikel FROM tArtikel WHERE rtrim(cArtNr) COLLATE NOCASE = rtrim(?1) AND nDelete = 0";
    connection.prepare_cached(sql)?.query_row([sku], |row| row.get(0)).optional()
}

/// An article that JTL did not have, with this many pieces in warehouse 1.
pub(crate) fn create(connection: &Connection, sku: &str, pieces: i64) -> Result<(), SandboxError> {
    if find_article(connection, sku)?.is_some() {
        return Err(SandboxError::Refused(format!("JTL has the article {sku} already")));
    }
    connection.execute("INSERT INTO tArtikel(cArtNr) VALUES (?1)", [sku])?;
    let article = connection.last_insert_rowid();
    connection.execute("INSERT INTO tlagerbestand(kArtikel) VALUES (?1)", [article])?;
    set(connection, sku, 1, pieces)
}

/// (component, pieces per bundle); empty for an ordinary article.
fn components(connection: &Connection, article: i64) -> rusqlite::Result<Vec<(i64, f64)>> {
    let sql =
        "SELECT s.kArtikel, s.fAnzahl FROM tArtikel a JOIN tStueckliste s ON s.kStueckliste = a.kStueckliste
               WHERE a.kArtikel = ?1 AND a.kStueckliste > 0";
    connection.prepare_cached(sql)?.query_map([article], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

/// Makes `fLagerbestand` and `fVerfuegbar` of the article, and of bundles it is part of, true again.
pub(crate) fn refresh(connection: &Connection, article: i64) -> rusqlite::Result<()> {
    let own = "UPDATE tlagerbestand SET fLagerbestand = stock.pieces, fLagerbestandEigen = stock.pieces,
                 fVerfuegbarGesperrt = stock.blocked,
                 fVerfuegbar = CASE WHEN nLagerAktiv = 1 THEN stock.pieces - stock.blocked - fInAuftraegen ELSE 0 END
               FROM (SELECT COALESCE(SUM(fBestand), 0) AS pieces, COALESCE(SUM(fVerfuegbarGesperrt), 0) AS blocked
                     FROM tlagerbestandProLagerLagerartikel WHERE kArtikel = ?1) AS stock
               WHERE kArtikel = ?1 AND NOT EXISTS
                 (SELECT 1 FROM tArtikel a WHERE a.kArtikel = ?1 AND a.kStueckliste > 0)";
    connection.prepare_cached(own)?.execute([article])?;
    // JTL subtracts each component's buffer inside the bundle's available number.
    let bundles = "UPDATE tlagerbestand SET fVerfuegbar = bundle.available, fLagerbestand = bundle.pieces,
                     fLagerbestandEigen = bundle.pieces
                   FROM (SELECT a.kArtikel AS kBundle,
                           MIN(CAST(MAX(0, l.fVerfuegbar - c.nPuffer) / s.fAnzahl AS INTEGER)) AS available,
                           MIN(CAST(l.fLagerbestand / s.fAnzahl AS INTEGER)) AS pieces
                         FROM tArtikel a JOIN tStueckliste s ON s.kStueckliste = a.kStueckliste
                         JOIN tlagerbestand l ON l.kArtikel = s.kArtikel JOIN tArtikel c ON c.kArtikel = s.kArtikel
                         WHERE a.kStueckliste > 0 AND (a.kArtikel = ?1 OR a.kStueckliste IN
                           (SELECT kStueckliste FROM tStueckliste WHERE kArtikel = ?1))
                         GROUP BY a.kArtikel) AS bundle
                   WHERE kArtikel = bundle.kBundle";
    connection.prepare_cached(bundles)?.execute([article])?;
    Ok(())
}

/// Reserves pieces for an order, or, with less than nothing, ends a reservation.
pub(crate) fn reserve(connection: &Connection, article: i64, pieces: f64) -> rusqlite::Result<()> {
    for (component, per_bundle) in components(connection, article)? {
        reserve(connection, component, pieces * per_bundle)?;
    }
    connection
        .prepare_cached(
            "UPDATE tlagerbestand SET fInAuftraegen = MAX(0, fInAuftraegen + ?2) WHERE kArtikel = ?1",
        )?
        .execute(params![article, pieces])?;
    refresh(connection, article)
}

/// Pieces leave, first from the fuller warehouse. What is not there cannot leave: stock ends at nothing.
pub(crate) fn take(connection: &Connection, article: i64, pieces: i64) -> Result<(), SandboxError> {
    #[expect(clippy::cast_precision_loss, reason = "a count of pieces")]
    Ok(take_pieces(connection, article, pieces as f64)?)
}

pub(crate) fn take_pieces(connection: &Connection, article: i64, pieces: f64) -> rusqlite::Result<()> {
    for (component, per_bundle) in components(connection, article)? {
        take_pieces(connection, component, pieces * per_bundle)?;
    }
    let sql = "SELECT kWarenlager, fBestand FROM tlagerbestandProLagerLagerartikel
               WHERE kArtikel = ?1 ORDER BY fBestand DESC, kWarenlager";
    let warehouses: Vec<(i64, f64)> = connection
        .prepare_cached(sql)?
        .query_map([article], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut missing = pieces;
    for (warehouse, there) in warehouses {
        let taken = missing.min(there);
        missing -= taken;
        add_to_warehouse(connection, article, warehouse, -taken)?;
    }
    refresh(connection, article)
}

fn add_to_warehouse(
    connection: &Connection,
    article: i64,
    warehouse: i64,
    pieces: f64,
) -> rusqlite::Result<()> {
    let sql = "UPDATE tlagerbestandProLagerLagerartikel SET fBestand = MAX(0, fBestand + ?3)
               WHERE kArtikel = ?1 AND kWarenlager = ?2";
    connection.prepare_cached(sql)?.execute(params![article, warehouse, pieces])?;
    Ok(())
}

/// Goods arrive in warehouse 1.
pub(crate) fn receive(connection: &Connection, sku: &str, pieces: i64) -> Result<(), SandboxError> {
    let article = article(connection, sku)?;
    #[expect(clippy::cast_precision_loss, reason = "a count of pieces")]
    add_to_warehouse(connection, article, 1, pieces as f64)?;
    Ok(refresh(connection, article)?)
}

pub(crate) fn set(
    connection: &Connection,
    sku: &str,
    warehouse: i64,
    pieces: i64,
) -> Result<(), SandboxError> {
    let article = article(connection, sku)?;
    let sql =
        "INSERT INTO tlagerbestandProLagerLagerartikel(kArtikel, kWarenlager, fBestand) VALUES (?1, ?2, ?3)
               ON CONFLICT(kArtikel, kWarenlager) DO UPDATE SET fBestand = excluded.fBestand";
    connection.prepare_cached(sql)?.execute([article, warehouse, pieces.max(0)])?;
    Ok(refresh(connection, article)?)
}

pub(crate) fn set_buffer(connection: &Connection, sku: &str, pieces: i64) -> Result<(), SandboxError> {
    let article = article(connection, sku)?;
    connection.execute("UPDATE tArtikel SET nPuffer = ?2 WHERE kArtikel = ?1", [article, pieces])?;
    Ok(refresh(connection, article)?)
}

pub(crate) fn read(connection: &Connection, sku: &str) -> Result<JtlStock, SandboxError> {
    let article = article(connection, sku)?;
    let sql = "SELECT l.fVerfuegbar, l.fInAuftraegen, a.nPuffer,
                 COALESCE((SELECT fBestand FROM vLagerbestandProLager WHERE kArtikel = ?1 AND kWarenlager = 1), 0),
                 COALESCE((SELECT fBestand FROM vLagerbestandProLager WHERE kArtikel = ?1 AND kWarenlager = 2), 0)
               FROM tlagerbestand l JOIN tArtikel a ON a.kArtikel = l.kArtikel WHERE l.kArtikel = ?1";
    Ok(connection.prepare_cached(sql)?.query_row([article], |row| {
        Ok(JtlStock {
            available: row.get(0)?,
            in_orders: row.get(1)?,
            buffer: row.get(2)?,
            by_warehouse: [row.get(3)?, row.get(4)?],
        })
    })?)
}
