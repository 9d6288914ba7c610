//! JTL's tables as SQLite: schema `dbo` is dropped, another schema is joined with an underscore. Columns keep
//! JTL's names; only those are here that a client has a use for. Tables named `sandbox_*` are the sandbox's
//! own memory and nothing that JTL has.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::error::SandboxError;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS tversion(cVersion TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tfirma(kFirma INTEGER PRIMARY KEY, cName TEXT);
CREATE TABLE IF NOT EXISTS tBenutzer(kBenutzer INTEGER PRIMARY KEY, cName TEXT, nAktiv INTEGER);
CREATE TABLE IF NOT EXISTS tPlattform(nPlattform INTEGER PRIMARY KEY, cName TEXT, cID TEXT, nTyp INTEGER);
CREATE TABLE IF NOT EXISTS tWarenLager(
  kWarenLager INTEGER PRIMARY KEY, cName TEXT, cKuerzel TEXT, cLagerTyp TEXT, nFulfillment INTEGER,
  nAktiv INTEGER, kFirma INTEGER);
CREATE TABLE IF NOT EXISTS tversandart(
  kVersandArt INTEGER PRIMARY KEY, cName TEXT, cAktiv TEXT, cTrackingUrlTemplate TEXT, cAmazonCarrierCode TEXT,
  cEbayCarrierCode TEXT, kShippingServiceProviderType INTEGER, cMarktplatzLieferservice TEXT);
CREATE TABLE IF NOT EXISTS tZahlungsart(
  kZahlungsart INTEGER PRIMARY KEY, cName TEXT, nAktiv INTEGER, nAusliefernVorZahlung INTEGER);
CREATE TABLE IF NOT EXISTS tArtikel(
  kArtikel INTEGER PRIMARY KEY, cArtNr TEXT NOT NULL UNIQUE, cBarcode TEXT, cHAN TEXT, cASIN TEXT, cUPC TEXT,
  nPuffer INTEGER NOT NULL DEFAULT 0, cAktiv TEXT DEFAULT 'Y', cLagerAktiv TEXT DEFAULT 'Y',
  cLagerKleinerNull TEXT DEFAULT 'N', cTeilbar TEXT DEFAULT 'N', kStueckliste INTEGER DEFAULT 0,
  kVaterArtikel INTEGER DEFAULT 0, nIstVater INTEGER DEFAULT 0, nDelete INTEGER DEFAULT 0, dMod TEXT,
  bRowversion INTEGER);
CREATE INDEX IF NOT EXISTS sandbox_articles ON tArtikel(rtrim(cArtNr) COLLATE NOCASE);
CREATE TABLE IF NOT EXISTS sandbox_gone_articles(row TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sandbox_apart(kAuftragPosition INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS sandbox_away(since_ms INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tStueckliste(
  kStueckliste INTEGER NOT NULL, kArtikel INTEGER NOT NULL, fAnzahl NUMERIC NOT NULL,
  PRIMARY KEY(kStueckliste, kArtikel));
CREATE TABLE IF NOT EXISTS tlagerbestand(
  kArtikel INTEGER PRIMARY KEY, fLagerbestand NUMERIC DEFAULT 0, fLagerbestandEigen NUMERIC DEFAULT 0,
  fVerfuegbar NUMERIC DEFAULT 0, fVerfuegbarGesperrt NUMERIC DEFAULT 0,
  fInAuftraegen NUMERIC DEFAULT 0 CHECK(fInAuftraegen >= 0), fZulauf NUMERIC DEFAULT 0,
  fAufEinkaufsliste NUMERIC DEFAULT 0, dLieferdatum TEXT, nLagerAktiv INTEGER DEFAULT 1,
  nArtikelTyp INTEGER DEFAULT 0, nTeilbar INTEGER DEFAULT 0, nLagerKleinerNull INTEGER DEFAULT 0,
  fAuslieferungGesperrt NUMERIC DEFAULT 0, fProduktionGesperrt NUMERIC DEFAULT 0, bRowversion INTEGER);
CREATE TABLE IF NOT EXISTS tlagerbestandProLagerLagerartikel(
  kArtikel INTEGER NOT NULL, kWarenlager INTEGER NOT NULL, fBestand NUMERIC DEFAULT 0 CHECK(fBestand >= 0),
  fVerfuegbarGesperrt NUMERIC DEFAULT 0 CHECK(fVerfuegbarGesperrt >= 0),
  fAuslieferungGesperrt NUMERIC DEFAULT 0 CHECK(fAuslieferungGesperrt >= 0), bRowversion INTEGER,
  PRIMARY KEY(kArtikel, kWarenlager));
CREATE VIEW IF NOT EXISTS vLagerbestandProLager AS
  SELECT kArtikel, kWarenlager, fBestand FROM tlagerbestandProLagerLagerartikel
  UNION ALL
  SELECT a.kArtikel, w.kWarenLager AS kWarenlager,
         MIN(CAST(COALESCE(b.fBestand, 0) / s.fAnzahl AS INTEGER)) AS fBestand
  FROM tArtikel a JOIN tStueckliste s ON s.kStueckliste = a.kStueckliste CROSS JOIN tWarenLager w
  LEFT JOIN tlagerbestandProLagerLagerartikel b ON b.kArtikel = s.kArtikel AND b.kWarenlager = w.kWarenLager
  WHERE a.kStueckliste > 0 GROUP BY a.kArtikel, w.kWarenLager;
CREATE TABLE IF NOT EXISTS tXMLBestellImport(
  kXMLBestellImport INTEGER PRIMARY KEY AUTOINCREMENT, cText TEXT, nPlattform INTEGER, nRechnung INTEGER,
  bRowversion INTEGER);
CREATE TABLE IF NOT EXISTS Verkauf_tAuftrag(
  kAuftrag INTEGER PRIMARY KEY AUTOINCREMENT, cAuftragsNr TEXT NOT NULL, nType INTEGER NOT NULL, dErstellt TEXT,
  kKunde INTEGER, cKundenNr TEXT, kFirma INTEGER, kBenutzer INTEGER, cWaehrung TEXT, kPlattform INTEGER,
  kShop INTEGER, cExterneAuftragsnummer TEXT, cKundenAuftragsnummer TEXT, nSteuereinstellung INTEGER DEFAULT 0,
  kVersandArt INTEGER, kZahlungsart INTEGER, kWarenlager INTEGER, nStorno INTEGER NOT NULL DEFAULT 0,
  nKomplettAusgeliefert INTEGER NOT NULL DEFAULT 0, nAuftragStatus INTEGER DEFAULT 0, dExternesErstelldatum TEXT,
  dErstelltWawi TEXT, nPending INTEGER DEFAULT 0, bRowversion INTEGER, UNIQUE(cAuftragsNr, nType));
CREATE INDEX IF NOT EXISTS IX_Verkauf_tAuftrag_cExterneAuftragsnummer
  ON Verkauf_tAuftrag(cExterneAuftragsnummer);
CREATE TABLE IF NOT EXISTS Verkauf_tAuftragPosition(
  kAuftragPosition INTEGER PRIMARY KEY AUTOINCREMENT, kAuftrag INTEGER NOT NULL, kArtikel INTEGER, cArtNr TEXT,
  cName TEXT, cEinheit TEXT, fAnzahl NUMERIC NOT NULL, fVkNetto TEXT NOT NULL, fRabatt TEXT NOT NULL,
  fMwSt TEXT NOT NULL, nType INTEGER NOT NULL, bRowversion INTEGER);
CREATE INDEX IF NOT EXISTS IX_tAuftragPosition_kAuftrag ON Verkauf_tAuftragPosition(kAuftrag);
CREATE TABLE IF NOT EXISTS Verkauf_tAuftragAdresse(
  kAuftrag INTEGER NOT NULL, nTyp INTEGER NOT NULL, cAnrede TEXT, cTitel TEXT, cVorname TEXT, cName TEXT,
  cFirma TEXT, cStrasse TEXT, cAdressZusatz TEXT, cPLZ TEXT, cOrt TEXT, cBundesland TEXT, cLand TEXT, cTel TEXT,
  cMobil TEXT, cFax TEXT, cMail TEXT, PRIMARY KEY(kAuftrag, nTyp));
CREATE TABLE IF NOT EXISTS Verkauf_tAuftragEckdaten(
  kAuftrag INTEGER PRIMARY KEY, fWertNetto TEXT, fWertBrutto TEXT, dBezahlt TEXT, nRechnungStatus INTEGER DEFAULT 0,
  nZahlungStatus INTEGER DEFAULT 0, nAnzahlPakete INTEGER DEFAULT 0, nAnzahlVersendetePakete INTEGER DEFAULT 0,
  dLetzterVersand TEXT, cRechnungsnummern TEXT, bRowversion INTEGER);
CREATE TABLE IF NOT EXISTS Verkauf_tAuftragStorno(
  kAuftrag INTEGER PRIMARY KEY, kBenutzer INTEGER, kAuftragStornogrund INTEGER, dStorniert TEXT, cKommentar TEXT);
CREATE TABLE IF NOT EXISTS tLieferschein(
  kLieferschein INTEGER PRIMARY KEY AUTOINCREMENT, kBestellung INTEGER NOT NULL, cLieferscheinNr TEXT,
  dErstellt TEXT, dGedruckt TEXT, nFulfillment INTEGER DEFAULT 0, kLieferantenBestellung INTEGER,
  bRowversion INTEGER);
CREATE INDEX IF NOT EXISTS IX_tLieferschein_kBestellung ON tLieferschein(kBestellung);
CREATE TABLE IF NOT EXISTS tLieferscheinPos(
  kLieferscheinPos INTEGER PRIMARY KEY AUTOINCREMENT, kLieferschein INTEGER NOT NULL, kBestellPos INTEGER NOT NULL,
  fAnzahl NUMERIC NOT NULL);
CREATE INDEX IF NOT EXISTS IX_tLieferscheinPos_kLieferschein ON tLieferscheinPos(kLieferschein);
CREATE INDEX IF NOT EXISTS IX_tLieferscheinPos_kBestellPos ON tLieferscheinPos(kBestellPos);
CREATE TABLE IF NOT EXISTS tVersand(
  kVersand INTEGER PRIMARY KEY AUTOINCREMENT, kLieferschein INTEGER NOT NULL, cIdentCode TEXT, dErstellt TEXT,
  dVersendet TEXT, kVersandArt INTEGER, cLogistiker TEXT, fGewicht NUMERIC, nStatus INTEGER, cShipmentId TEXT,
  cReference TEXT, cShipmentOrderId TEXT, cEnclosedReturnIdentCode TEXT, kReturnVersandart INTEGER,
  dAnkunftszeit TEXT, bRowversion INTEGER);
CREATE INDEX IF NOT EXISTS IX_tVersand_kLieferschein ON tVersand(kLieferschein);
CREATE INDEX IF NOT EXISTS IX_tVersand_cIdentCode ON tVersand(cIdentCode);
CREATE INDEX IF NOT EXISTS IX_tVersand_dVersendet ON tVersand(dVersendet);
CREATE TABLE IF NOT EXISTS tVersandPos(
  kVersandPos INTEGER PRIMARY KEY AUTOINCREMENT, kVersand INTEGER NOT NULL, kLieferscheinPos INTEGER NOT NULL,
  fAnzahl NUMERIC NOT NULL);
CREATE INDEX IF NOT EXISTS IX_tVersandPos_kVersand ON tVersandPos(kVersand);
CREATE TABLE IF NOT EXISTS sandbox_rowversion(value INTEGER NOT NULL);
INSERT INTO sandbox_rowversion SELECT 2000 WHERE NOT EXISTS (SELECT 1 FROM sandbox_rowversion);
CREATE TABLE IF NOT EXISTS sandbox_dropped(
  kXMLBestellImport INTEGER PRIMARY KEY, external TEXT, reason TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sandbox_plan(kAuftrag INTEGER PRIMARY KEY, due_ms INTEGER NOT NULL, part INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS sandbox_plan_due ON sandbox_plan(due_ms);
CREATE TABLE IF NOT EXISTS sandbox_number(name TEXT PRIMARY KEY, value INTEGER NOT NULL);
";

/// Tables with a row version: one counter serves them all, as in SQL Server.
const VERSIONED: [&str; 9] = [
    "tArtikel",
    "tlagerbestand",
    "tlagerbestandProLagerLagerartikel",
    "tXMLBestellImport",
    "Verkauf_tAuftrag",
    "Verkauf_tAuftragPosition",
    "Verkauf_tAuftragEckdaten",
    "tLieferschein",
    "tVersand",
];

/// Opens the file, which other programs have open at the same time, and makes what is missing.
pub(crate) fn open(path: &Path) -> Result<Connection, SandboxError> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")?;
    let mut batch = format!("BEGIN IMMEDIATE; {TABLES}");
    for table in VERSIONED {
        batch.push_str(&version_triggers(table));
    }
    batch.push_str("COMMIT;");
    connection.execute_batch(&batch)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

fn version_triggers(table: &str) -> String {
    let body = format!(
        "BEGIN UPDATE sandbox_rowversion SET value = value + 1;
         UPDATE {table} SET bRowversion = (SELECT value FROM sandbox_rowversion) WHERE rowid = NEW.rowid; END;"
    );
    // The second trigger must not answer to the first one's own UPDATE.
    format!(
        "CREATE TRIGGER IF NOT EXISTS sandbox_inserted_{table} AFTER INSERT ON {table} {body}
         CREATE TRIGGER IF NOT EXISTS sandbox_updated_{table} AFTER UPDATE ON {table}
         WHEN NEW.bRowversion IS OLD.bRowversion {body}"
    )
}
