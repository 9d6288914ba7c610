//! What people do to orders in JTL by hand: give them another number, put two together, take one apart, correct a tracking number.

use rusqlite::{Connection, params};

use super::{look, ship, stock};
use crate::error::SandboxError;

/// Gives the order another external number; an empty one takes it away.
pub(crate) fn renumber(connection: &Connection, external: &str, number: &str) -> Result<(), SandboxError> {
    let order = look::order(connection, external)?;
    let sql = "UPDATE Verkauf_tAuftrag SET cExterneAuftragsnummer = ?2 WHERE kAuftrag = ?1";
    connection.execute(sql, params![order, number])?;
    Ok(())
}

/// Puts the second order's positions into the first, and deletes the second.
pub(crate) fn merge(connection: &Connection, external: &str, other: &str) -> Result<(), SandboxError> {
    let (into, from) = (look::order(connection, external)?, look::order(connection, other)?);
    let has_left = "SELECT COUNT(*) FROM tLieferschein WHERE kBestellung IN (?1, ?2)";
    if connection.query_row(has_left, [into, from], |row| row.get::<_, i64>(0))? > 0 {
        return Err(SandboxError::Refused(format!("{external} or {other} has a delivery note")));
    }
    connection
        .execute("UPDATE Verkauf_tAuftragPosition SET kAuftrag = ?1 WHERE kAuftrag = ?2", [into, from])?;
    for table in ["sandbox_plan", "Verkauf_tAuftragEckdaten", "Verkauf_tAuftragAdresse", "Verkauf_tAuftrag"] {
        connection.execute(&format!("DELETE FROM {table} WHERE kAuftrag = ?1"), [from])?;
    }
    Ok(())
}

/// Somebody enters an order by hand, with this external number.
pub(crate) fn enter(
    connection: &Connection,
    now: &str,
    external: &str,
    lines: &[(String, i64)],
) -> Result<(), SandboxError> {
    let order = "INSERT INTO Verkauf_tAuftrag(cAuftragsNr, nType, dErstellt, kFirma, kBenutzer, cWaehrung, cExterneAuftragsnummer)
                 VALUES ('HAND-' || (SELECT COUNT(*) + 1 FROM Verkauf_tAuftrag), 1, ?1, 1, 1, 'EUR', ?2)";
    connection.execute(order, params![now, external])?;
    let order = connection.last_insert_rowid();
    let position = "INSERT INTO Verkauf_tAuftragPosition(kAuftrag, kArtikel, cArtNr, cName, fAnzahl, fVkNetto, fRabatt, fMwSt, nType)
                    VALUES (?1, ?2, ?3, ?3, ?4, '0', '0', '19', 1)";
    connection.execute("INSERT INTO Verkauf_tAuftragEckdaten(kAuftrag) VALUES (?1)", [order])?;
    for (sku, pieces) in lines {
        let article = stock::article(connection, sku)?;
        connection.execute(position, params![order, article, sku, pieces])?;
        #[expect(clippy::cast_precision_loss, reason = "a person enters a few pieces")]
        stock::reserve(connection, article, *pieces as f64)?;
    }
    Ok(())
}

/// Puts one piece of another article on the order, which the buyer did not order.
pub(crate) fn add_gift(connection: &Connection, external: &str, sku: &str) -> Result<(), SandboxError> {
    let order = look::order(connection, external)?;
    let article = stock::article(connection, sku)?;
    let sql = "INSERT INTO Verkauf_tAuftragPosition(kAuftrag, kArtikel, cArtNr, cName, fAnzahl, fVkNetto, fRabatt, fMwSt, nType)
               VALUES (?1, ?2, ?3, 'Geschenk', 1, '0', '0', '19', 1)";
    connection.execute(sql, params![order, article, sku])?;
    stock::reserve(connection, article, 1.0)?;
    Ok(())
}

/// Puts a carton on the order: a position of packaging (`nType` 15) with an article number.
pub(crate) fn add_packaging(connection: &Connection, external: &str, sku: &str) -> Result<(), SandboxError> {
    let order = look::order(connection, external)?;
    let sql = "INSERT INTO Verkauf_tAuftragPosition(kAuftrag, cArtNr, cName, fAnzahl, fVkNetto, fRabatt, fMwSt, nType)
               VALUES (?1, ?2, 'Karton', 1, '0', '0', '19', 15)";
    connection.execute(sql, params![order, sku])?;
    Ok(())
}

/// Takes the bundles of an order apart: their components become positions, and its delivery notes name these alone.
pub(crate) fn take_bundles_apart(connection: &Connection, external: &str) -> Result<(), SandboxError> {
    let order = look::order(connection, external)?;
    let bundles =
        "FROM Verkauf_tAuftragPosition p JOIN tArtikel b ON b.kArtikel = p.kArtikel AND b.kStueckliste > 0";
    let open = "WHERE p.kAuftrag = ?1 AND p.nType = 1
                AND p.kAuftragPosition NOT IN (SELECT kBestellPos FROM tLieferscheinPos)
                AND p.kAuftragPosition NOT IN (SELECT kAuftragPosition FROM sandbox_apart)";
    let components = format!(
        "INSERT INTO Verkauf_tAuftragPosition(kAuftrag, kArtikel, cArtNr, cName, fAnzahl, fVkNetto, fRabatt, fMwSt, nType)
         SELECT p.kAuftrag, c.kArtikel, c.cArtNr, c.cArtNr, p.fAnzahl * s.fAnzahl, '0', '0', p.fMwSt, 1 {bundles}
         JOIN tStueckliste s ON s.kStueckliste = b.kStueckliste JOIN tArtikel c ON c.kArtikel = s.kArtikel {open}"
    );
    if connection.execute(&components, [order])? == 0 {
        return Err(SandboxError::Refused(format!("{external} has no open bundle")));
    }
    let apart = format!("INSERT INTO sandbox_apart SELECT p.kAuftragPosition {bundles} {open}");
    connection.execute(&apart, [order])?;
    Ok(())
}

/// Deletes the positions of an article of which nothing is on a delivery note.
pub(crate) fn delete_position(
    connection: &Connection,
    external: &str,
    sku: &str,
) -> Result<(), SandboxError> {
    let order = look::order(connection, external)?;
    let open = "FROM Verkauf_tAuftragPosition WHERE kAuftrag = ?1 AND cArtNr = ?2 AND kAuftragPosition NOT IN
                  (SELECT kBestellPos FROM tLieferscheinPos)";
    let reserved: f64 = connection.query_row(
        &format!("SELECT TOTAL(fAnzahl) {open} AND nType = 1"),
        params![order, sku],
        |row| row.get(0),
    )?;
    if connection.execute(&format!("DELETE {open}"), params![order, sku])? == 0 {
        return Err(SandboxError::Refused(format!("{external} has no open position of {sku}")));
    }
    if reserved > 0.0 {
        stock::reserve(connection, stock::article(connection, sku)?, -reserved)?;
    }
    let notes = "SELECT COUNT(*) FROM tLieferschein WHERE kBestellung = ?1";
    if connection.query_row(notes, [order], |row| row.get::<_, i64>(0))? > 0 {
        ship::count(connection, order)?;
    }
    Ok(())
}

/// Takes the order's last position into an order of its own with the same external number.
pub(crate) fn split(connection: &Connection, external: &str) -> Result<(), SandboxError> {
    let order = look::order(connection, external)?;
    let positions = "SELECT COUNT(*) FROM Verkauf_tAuftragPosition WHERE kAuftrag = ?1 AND nType <> 2";
    if connection.query_row(positions, [order], |row| row.get::<_, i64>(0))? < 2 {
        return Err(SandboxError::Refused(format!("{external} has only one position")));
    }
    let copy = "INSERT INTO Verkauf_tAuftrag(cAuftragsNr, nType, dErstellt, kKunde, cKundenNr, kFirma, kBenutzer, cWaehrung,
                  kPlattform, cExterneAuftragsnummer, kVersandArt, kZahlungsart, kWarenlager)
                SELECT cAuftragsNr || '-2', nType, dErstellt, kKunde, cKundenNr, kFirma, kBenutzer, cWaehrung,
                  kPlattform, cExterneAuftragsnummer, kVersandArt, kZahlungsart, kWarenlager
                FROM Verkauf_tAuftrag WHERE kAuftrag = ?1";
    connection.execute(copy, [order])?;
    let half = connection.last_insert_rowid();
    let moved = "UPDATE Verkauf_tAuftragPosition SET kAuftrag = ?2 WHERE kAuftragPosition =
                   (SELECT MAX(kAuftragPosition) FROM Verkauf_tAuftragPosition WHERE kAuftrag = ?1 AND nType <> 2)";
    connection.execute(moved, [order, half])?;
    connection.execute("INSERT INTO Verkauf_tAuftragEckdaten(kAuftrag) VALUES (?1)", [half])?;
    Ok(())
}

/// Corrects the tracking number of all parcels of an order.
pub(crate) fn renumber_parcels(
    connection: &Connection,
    external: &str,
    tracking: &str,
) -> Result<(), SandboxError> {
    let order = look::order(connection, external)?;
    let sql = "UPDATE tVersand SET cIdentCode = ?2
               WHERE kLieferschein IN (SELECT kLieferschein FROM tLieferschein WHERE kBestellung = ?1)";
    if connection.execute(sql, params![order, tracking])? == 0 {
        return Err(SandboxError::Refused(format!("{external} has no parcel")));
    }
    Ok(())
}
