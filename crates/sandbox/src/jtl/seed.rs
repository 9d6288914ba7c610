//! What the simulated JTL holds at its first start: master data and the catalogue's articles with their stock.

use rusqlite::{Connection, params};

use super::stock;
use crate::catalogue::{CatalogueArticle, catalogue};
use crate::error::SandboxError;

const MASTER_DATA: &str = "
INSERT INTO tversion VALUES ('1.10.11.0-sandbox');
INSERT INTO tfirma VALUES (1, 'Sandkasten Handel');
INSERT INTO tBenutzer VALUES (1, 'Sandkasten', 1);
INSERT INTO tPlattform VALUES (1, 'JTL-Wawi', 'WAWI', 1), (5, 'XMLIMPORT', 'XMLIMPORT', 3);
INSERT INTO tWarenLager VALUES (1, 'Hauptlager', 'HL', 'Standard', 0, 1, 1), (2, 'Außenlager', 'AL', 'Standard', 0, 1, 1);
INSERT INTO tversandart(kVersandArt, cName, cAktiv, cTrackingUrlTemplate, kShippingServiceProviderType) VALUES
  (1, 'TEMU', 'Y', NULL, 0), (2, 'Paket Standard', 'Y', NULL, 0),
  (3, 'DHL Paket', 'Y', 'https://track.sandbox.invalid/dhl/#IdentCode#', 1),
  (4, 'DPD', 'Y', 'https://track.sandbox.invalid/dpd/#IdentCode#', 2),
  (5, 'GLS', 'Y', 'https://track.sandbox.invalid/gls/#IdentCode#', 3),
  (6, 'Hermes', 'Y', 'https://track.sandbox.invalid/hermes/#IdentCode#', 4),
  (7, 'UPS', 'Y', 'https://track.sandbox.invalid/ups/#IdentCode#', 5);
INSERT INTO tZahlungsart VALUES (1, 'TEMU', 1, 0), (2, 'Rechnung', 1, 1);
";

/// Fills an empty database; leaves any other as it is.
pub(crate) fn fill(connection: &Connection, seed: u64, articles: u32, now: &str) -> Result<(), SandboxError> {
    let is_filled: bool =
        connection.query_row("SELECT EXISTS(SELECT 1 FROM tversion)", [], |row| row.get(0))?;
    if is_filled {
        return Ok(());
    }
    connection.execute_batch(MASTER_DATA)?;
    let articles = catalogue(seed, articles);
    for article in articles.iter().filter(|article| article.in_erp) {
        add_article(connection, article, now)?;
    }
    for article in articles.iter().filter(|article| article.in_erp) {
        stock::refresh(connection, article.number)?;
    }
    Ok(())
}

fn add_article(connection: &Connection, article: &CatalogueArticle, now: &str) -> Result<(), SandboxError> {
    let is_bundle = !article.components.is_empty();
    let list = if is_bundle { article.number } else { 0 };
    let kept = if article.stock_kept { "Y" } else { "N" };
    connection.execute(
        "INSERT INTO tArtikel(kArtikel, cArtNr, cBarcode, nPuffer, cLagerAktiv, kStueckliste, dMod)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            article.number,
            article.sku,
            format!("20{:011}", article.number),
            article.buffer,
            kept,
            list,
            now
        ],
    )?;
    connection.execute(
        "INSERT INTO tlagerbestand(kArtikel, nLagerAktiv, nArtikelTyp) VALUES (?1, ?2, ?3)",
        params![article.number, article.stock_kept, is_bundle],
    )?;
    for (component, pieces) in &article.components {
        connection
            .execute("INSERT INTO tStueckliste VALUES (?1, ?2, ?3)", params![list, component, pieces])?;
    }
    if is_bundle {
        return Ok(());
    }
    for (warehouse, pieces) in (1_i64..).zip(article.stock) {
        connection.execute(
            "INSERT INTO tlagerbestandProLagerLagerartikel(kArtikel, kWarenlager, fBestand) VALUES (?1, ?2, ?3)",
            params![article.number, warehouse, pieces],
        )?;
    }
    Ok(())
}
