//! JTL-Worker in small: it makes orders of the waiting rows and takes them away, each in a transaction of its own, and does not look
//! for duplicates. Delivery notes and parcels come when a test asks for them.

use std::collections::BTreeSet;

use marktwerk_sqlserver::{Connection, DateTime2, Pool, SqlError, transaction};

/// What became of a waiting row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// An order with this external number.
    Order(String),
    /// Nothing: the row was no order that JTL could take.
    Dropped,
}

/// Takes all rows that wait, the oldest first (newer order model).
///
/// # Errors
/// [`SqlError`].
pub async fn take_all(pool: &Pool) -> Result<Vec<Taken>, SqlError> {
    let mut all = Vec::new();
    loop {
        let taken: Result<_, SqlError> =
            transaction!(pool, "take a waiting row", |transaction| take(transaction));
        match taken? {
            Some(taken) => all.push(taken),
            None => return Ok(all),
        }
    }
}

async fn take(transaction: &mut Connection) -> Result<Option<Taken>, SqlError> {
    const NEXT: &str =
        "SELECT TOP (1) kXMLBestellImport, cText FROM dbo.tXMLBestellImport ORDER BY kXMLBestellImport";
    let Some(row) = transaction.one("find the next row", NEXT, &[]).await? else { return Ok(None) };
    let (key, text) = (row.integer(0)?, row.optional_text(1)?.unwrap_or_default());
    let taken = match element(&text, "cExterneBestellNr") {
        Some(number) if knows_methods(transaction, &text).await? => {
            insert(transaction, &number, &text).await?;
            Taken::Order(number)
        }
        _ => Taken::Dropped,
    };
    const DELETE: &str = "DELETE FROM dbo.tXMLBestellImport WHERE kXMLBestellImport = @P1";
    transaction.execute("take the row away", DELETE, &[&key]).await?;
    Ok(Some(taken))
}

async fn knows_methods(transaction: &mut Connection, text: &str) -> Result<bool, SqlError> {
    const COUNT: &str = "SELECT (SELECT COUNT(*) FROM dbo.tversandart WHERE cName = @P1), \
        (SELECT COUNT(*) FROM dbo.tZahlungsart WHERE cName = @P2)";
    let name = |name| element(text, name).unwrap_or_default();
    let (shipping, payment) = (name("cVersandartName"), name("cZahlungsartName"));
    let row = transaction.one("look for the methods", COUNT, &[&shipping, &payment]).await?;
    row.map_or(Ok(false), |row| Ok(row.integer(0)? > 0 && row.integer(1)? > 0))
}

async fn insert(transaction: &mut Connection, number: &str, text: &str) -> Result<(), SqlError> {
    const NEXT: &str = "SELECT (SELECT COALESCE(MAX(kAuftrag), 0) + 1 FROM Verkauf.tAuftrag), \
        (SELECT COALESCE(MAX(kAuftragPosition), 0) + 1 FROM Verkauf.tAuftragPosition)";
    const ORDER: &str = "INSERT INTO Verkauf.tAuftrag (kAuftrag, cAuftragsNr, nType, cExterneAuftragsnummer, nStorno, \
        nKomplettAusgeliefert) VALUES (@P1, @P2, 1, @P3, 0, 0)";
    const POSITION: &str = "INSERT INTO Verkauf.tAuftragPosition (kAuftragPosition, kAuftrag, cArtNr, fAnzahl, nType) \
        VALUES (@P1, @P2, @P3, CAST(@P4 AS decimal(25,13)), @P5)";
    let Some(row) = transaction.one("find free keys", NEXT, &[]).await? else { return Ok(()) };
    let (order, first) = (row.integer(0)?, row.integer(1)?);
    let name = format!("AU-{order:07}");
    transaction.execute("insert an order", ORDER, &[&order, &name, &number]).await?;
    for (key, position) in (first..).zip(text.split("<twarenkorbpos>").skip(1)) {
        let value = |name| element(position, name).unwrap_or_default();
        let (sku, quantity) = (value("cArtNr"), value("fAnzahl"));
        let kind = if value("cPosTyp") == "versandkosten" { 2_i64 } else { 1 };
        transaction.execute("insert a position", POSITION, &[&key, &order, &sku, &quantity, &kind]).await?;
    }
    Ok(())
}

/// One delivery note and one parcel with everything, by `DHL Paket`, gone now, for each order that has none; answers with how many
/// (newer order model). Their tracking numbers are `JJD` and the order's key.
///
/// # Errors
/// [`SqlError`].
pub async fn ship(pool: &Pool, at: jiff::civil::DateTime) -> Result<u64, SqlError> {
    transaction!(pool, "ship orders", |transaction| ship_open(transaction, at))
}

async fn ship_open(transaction: &mut Connection, at: jiff::civil::DateTime) -> Result<u64, SqlError> {
    const OPEN: &str = "SELECT a.kAuftrag FROM Verkauf.tAuftrag a WHERE a.nType = 1 AND a.nStorno = 0 AND NOT EXISTS \
        (SELECT 1 FROM dbo.tLieferschein l WHERE l.kBestellung = a.kAuftrag)";
    // Notes and parcels have their order's key, and a note's position has its position's.
    const STEPS: [&str; 5] = [
        "INSERT INTO dbo.tLieferschein (kLieferschein, kBestellung) SELECT l.value, l.value FROM #list l",
        "INSERT INTO dbo.tLieferscheinPos (kLieferscheinPos, kLieferschein, kBestellPos, fAnzahl) \
            SELECT p.kAuftragPosition, p.kAuftrag, p.kAuftragPosition, p.fAnzahl \
            FROM #list l JOIN Verkauf.tAuftragPosition p ON p.kAuftrag = l.value WHERE p.nType = 1",
        "INSERT INTO dbo.tVersand (kVersand, kLieferschein, cIdentCode, dVersendet, kVersandArt, cLogistiker) \
            SELECT l.value, l.value, N'JJD' + CAST(l.value AS nvarchar(20)), @P1, 2, N'' FROM #list l",
        "INSERT INTO dbo.tVersandPos (kVersand, kLieferscheinPos, fAnzahl) SELECT d.kLieferschein, d.kLieferscheinPos, d.fAnzahl \
            FROM #list l JOIN dbo.tLieferscheinPos d ON d.kLieferschein = l.value",
        "UPDATE Verkauf.tAuftrag SET nKomplettAusgeliefert = 1 WHERE kAuftrag IN (SELECT l.value FROM #list l)",
    ];
    let rows = transaction.query("find open orders", OPEN, &[]).await?;
    let keys: BTreeSet<i64> = rows.iter().map(|row| row.integer(0)).collect::<Result<_, _>>()?;
    let keys: Vec<i64> = keys.into_iter().collect();
    transaction.load_integers("load open orders", &keys).await?;
    let at = DateTime2(Some(at));
    for step in STEPS {
        if step.contains("@P1") {
            transaction.execute("ship", step, &[&at]).await?;
        } else {
            transaction.execute("ship", step, &[]).await?;
        }
    }
    Ok(u64::try_from(keys.len()).unwrap_or(u64::MAX))
}

/// The text of the first element of this name.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inner, _) = rest.split_once(&format!("</{name}>"))?;
    quick_xml::escape::unescape(inner).ok().map(|inner| inner.into_owned())
}
