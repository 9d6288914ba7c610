//! A JTL-Wawi database in a temporary directory, and rows for it.

use marktwerk_erp::{Jtl, JtlSettings};
use rusqlite::{Connection, Params};
use tempfile::TempDir;

const SCHEMA: &str = "
    CREATE TABLE tversion (cVersion TEXT);
    INSERT INTO tversion VALUES ('1.10.11.0');
    CREATE TABLE tfirma (kFirma INTEGER PRIMARY KEY);
    INSERT INTO tfirma VALUES (1);
    CREATE TABLE tBenutzer (kBenutzer INTEGER PRIMARY KEY, cName TEXT, nAktiv INTEGER);
    INSERT INTO tBenutzer VALUES (1, 'Import', 1), (2, 'Gegangen', 0);
    CREATE TABLE tWarenLager (kWarenLager INTEGER PRIMARY KEY, cName TEXT, nAktiv INTEGER);
    INSERT INTO tWarenLager VALUES (1, 'Standardlager', 1), (2, 'Halle', 1), (3, 'Alt', 0);
    CREATE TABLE tPlattform (nPlattform INTEGER PRIMARY KEY, cName TEXT, nTyp INTEGER);
    INSERT INTO tPlattform VALUES (1, 'Wawi', 1), (5, 'XML', 3);
    CREATE TABLE tversandart (kVersandArt INTEGER PRIMARY KEY, cName TEXT, cAktiv TEXT);
    INSERT INTO tversandart VALUES (1, 'TEMU', 'Y'), (2, 'DHL Paket', 'Y'), (3, 'Ruhend', 'N');
    CREATE TABLE tZahlungsart (kZahlungsart INTEGER PRIMARY KEY, cName TEXT, nAktiv INTEGER);
    INSERT INTO tZahlungsart VALUES (1, 'TEMU', 1);
    CREATE TABLE tXMLBestellImport (kXMLBestellImport INTEGER PRIMARY KEY AUTOINCREMENT, cText TEXT,
        nPlattform INTEGER, nRechnung INTEGER);
    CREATE TABLE Verkauf_tAuftrag (kAuftrag INTEGER PRIMARY KEY, cAuftragsNr TEXT, nType INTEGER,
        cExterneAuftragsnummer TEXT, nStorno INTEGER, nKomplettAusgeliefert INTEGER, bRowversion INTEGER);
    CREATE TABLE Verkauf_tAuftragPosition (kAuftragPosition INTEGER PRIMARY KEY, kAuftrag INTEGER,
        cArtNr TEXT, fAnzahl NUMERIC, nType INTEGER, bRowversion INTEGER);
    CREATE TABLE tLieferschein (kLieferschein INTEGER PRIMARY KEY, kBestellung INTEGER, bRowversion INTEGER);
    CREATE TABLE tLieferscheinPos (kLieferscheinPos INTEGER PRIMARY KEY, kLieferschein INTEGER,
        kBestellPos INTEGER, fAnzahl NUMERIC);
    CREATE TABLE tVersand (kVersand INTEGER PRIMARY KEY, kLieferschein INTEGER, cIdentCode TEXT, dVersendet TEXT,
        kVersandArt INTEGER, cLogistiker TEXT, bRowversion INTEGER);
    CREATE TABLE tVersandPos (kVersand INTEGER, kLieferscheinPos INTEGER, fAnzahl NUMERIC);
    CREATE TABLE tArtikel (kArtikel INTEGER PRIMARY KEY, cArtNr TEXT, nPuffer INTEGER, kStueckliste INTEGER,
        cAktiv TEXT, nDelete INTEGER, nIstVater INTEGER);
    CREATE TABLE tStueckliste (kStueckliste INTEGER, kArtikel INTEGER, fAnzahl NUMERIC);
    CREATE TABLE tlagerbestand (kArtikel INTEGER PRIMARY KEY, fVerfuegbar NUMERIC, fInAuftraegen NUMERIC,
        nLagerAktiv INTEGER, bRowversion INTEGER);
    CREATE TABLE tlagerbestandProLagerLagerartikel (kArtikel INTEGER, kWarenlager INTEGER, fBestand NUMERIC,
        fVerfuegbarGesperrt NUMERIC, bRowversion INTEGER);
    CREATE TABLE version (value INTEGER);
    INSERT INTO version VALUES (100);
";

/// What SQL Server gives a row version, with one counter for all.
const VERSIONED: [&str; 6] = [
    "Verkauf_tAuftrag",
    "Verkauf_tAuftragPosition",
    "tLieferschein",
    "tVersand",
    "tlagerbestand",
    "tlagerbestandProLagerLagerartikel",
];

/// The database and its file, which goes with it.
pub(crate) struct World {
    directory: TempDir,
    connection: Connection,
}

impl World {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let connection = Connection::open(directory.path().join("jtl.sqlite")).expect("a new file");
        connection.pragma_update(None, "journal_mode", "WAL").expect("WAL");
        connection.execute_batch(SCHEMA).expect("the schema");
        for table in VERSIONED {
            for (event, when) in [("INSERT", ""), ("UPDATE", "WHEN NEW.bRowversion IS OLD.bRowversion")] {
                let trigger = format!(
                    "CREATE TRIGGER {table}_{event} AFTER {event} ON {table} {when} BEGIN
                     UPDATE version SET value = value + 1;
                     UPDATE {table} SET bRowversion = (SELECT value FROM version) WHERE rowid = NEW.rowid; END"
                );
                connection.execute_batch(&trigger).expect("a trigger");
            }
        }
        Self { directory, connection }
    }

    pub(crate) fn settings(&self) -> JtlSettings {
        let url = format!("sqlite:{}", self.directory.path().join("jtl.sqlite").display());
        JtlSettings { url, ..JtlSettings::default() }
    }

    pub(crate) async fn open(&self) -> Jtl {
        Jtl::open(self.settings()).await.expect("it opens")
    }

    pub(crate) fn run(&self, statement: &str) {
        self.connection.execute_batch(statement).expect(statement);
    }

    pub(crate) fn insert(&self, table: &str, values: impl Params, columns: usize) {
        let marks = vec!["?"; columns].join(", ");
        // Row versions come by themselves.
        let version = if VERSIONED.contains(&table) { ", NULL" } else { "" };
        let statement = format!("INSERT INTO {table} VALUES ({marks}{version})");
        self.connection.execute(&statement, values).expect(&statement);
    }

    pub(crate) fn count(&self, query: &str) -> i64 {
        self.connection.query_row(query, [], |row| row.get(0)).expect(query)
    }

    /// An order with one position of each article, whose key is the order's key times ten plus its place.
    pub(crate) fn order(&self, key: i64, number: &str, articles: &[(&str, i64)]) {
        self.insert("Verkauf_tAuftrag", (key, format!("AU{key}"), 1, number, 0, 0), 6);
        for (place, (sku, quantity)) in (0..).zip(articles) {
            self.insert("Verkauf_tAuftragPosition", (key * 10 + place, key, sku, quantity, 1), 5);
        }
    }

    pub(crate) fn article(&self, key: i64, sku: &str, buffer: i64) {
        self.insert("tArtikel", (key, sku, buffer, 0, "Y", 0, 0), 7);
    }
}

/// Texts as the calls take them.
pub(crate) fn numbers(numbers: &[&str]) -> Vec<String> {
    numbers.iter().map(|&number| number.to_owned()).collect()
}
