//! What people do to articles in JTL: delete, rename, deactivate, make them parents of variations, or choose a mandant that has none.

use rusqlite::{Connection, params};

use super::stock;
use crate::error::SandboxError;

/// Columns that bring an article back.
const COLUMNS: &str = "kArtikel, cArtNr, cBarcode, nPuffer, cAktiv, cLagerAktiv, kStueckliste, kVaterArtikel, nIstVater, nDelete, dMod";

/// The article is gone, with its stock.
pub(crate) fn delete(connection: &Connection, sku: &str) -> Result<(), SandboxError> {
    let article = stock::article(connection, sku)?;
    for table in ["tArtikel", "tlagerbestand", "tlagerbestandProLagerLagerartikel"] {
        connection.execute(&format!("DELETE FROM {table} WHERE kArtikel = ?1"), [article])?;
    }
    Ok(())
}

/// The article has another number.
pub(crate) fn rename(connection: &Connection, sku: &str, name: &str) -> Result<(), SandboxError> {
    let article = stock::article(connection, sku)?;
    connection.execute("UPDATE tArtikel SET cArtNr = ?2 WHERE kArtikel = ?1", params![article, name])?;
    Ok(())
}

/// The article is active, or not.
pub(crate) fn set_active(connection: &Connection, sku: &str, is_active: bool) -> Result<(), SandboxError> {
    let article = stock::article(connection, sku)?;
    let word = if is_active { "Y" } else { "N" };
    connection.execute("UPDATE tArtikel SET cAktiv = ?2 WHERE kArtikel = ?1", params![article, word])?;
    Ok(())
}

/// The article is the parent of variations, or not.
pub(crate) fn set_parent(connection: &Connection, sku: &str, is_parent: bool) -> Result<(), SandboxError> {
    let article = stock::article(connection, sku)?;
    connection
        .execute("UPDATE tArtikel SET nIstVater = ?2 WHERE kArtikel = ?1", params![article, is_parent])?;
    Ok(())
}

/// Another mandant is chosen: no article is there any more.
pub(crate) fn empty_mandant(connection: &Connection) -> Result<(), SandboxError> {
    let names: Vec<&str> = COLUMNS.split(", ").collect();
    let sql =
        format!("INSERT INTO sandbox_gone_articles SELECT json_array({}) FROM tArtikel", names.join(", "));
    connection.execute(&sql, [])?;
    connection.execute("DELETE FROM tArtikel", [])?;
    Ok(())
}

/// The right mandant is chosen again.
pub(crate) fn restore_mandant(connection: &Connection) -> Result<(), SandboxError> {
    let count = COLUMNS.split(", ").count();
    let values: Vec<String> = (0..count).map(|index| format!("row ->> '$[{index}]'")).collect();
    let sql = format!(
        "INSERT OR IGNORE INTO tArtikel({COLUMNS}) SELECT {} FROM sandbox_gone_articles",
        values.join(", ")
    );
    connection.execute(&sql, [])?;
    connection.execute("DELETE FROM sandbox_gone_articles", [])?;
    Ok(())
}
