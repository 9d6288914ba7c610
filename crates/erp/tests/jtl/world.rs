//! A JTL-Wawi database, and rows for it: a SQLite file in a temporary directory, or a database on a real SQL Server.

use marktwerk_erp::testing::Schema;
use marktwerk_erp::{Jtl, JtlSettings};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::server::Server;

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
    CREATE TABLE tVersand (kVersand INTEGER PRIMARY KEY, kLieferschein INTEGER, cIdentCode TEXT, dErstellt TEXT,
        dVersendet TEXT, kVersandArt INTEGER, cLogistiker TEXT, bRowversion INTEGER);
    CREATE TABLE tVersandPos (kVersand INTEGER, kLieferscheinPos INTEGER, fAnzahl NUMERIC);
    CREATE TABLE tArtikel (kArtikel INTEGER PRIMARY KEY, cArtNr TEXT, nPuffer INTEGER, kStueckliste INTEGER,
        cAktiv TEXT, nDelete INTEGER, nIstVater INTEGER);
    CREATE TABLE tStueckliste (kStueckliste INTEGER, kArtikel INTEGER, fAnzahl NUMERIC);
    CREATE TABLE tlagerbestand (kArtikel INTEGER PRIMARY KEY, fVerfuegbar NUMERIC, fInAuftraegen NUMERIC,
        nLagerAktiv INTEGER, bRowversion INTEGER);
    CREATE TABLE tlagerbestandProLagerLagerartikel (kArtikel INTEGER, kWarenlager INTEGER, fBestand NUMERIC,
        fVerfuegbarGesperrt NUMERIC, bRowversion INTEGER);
    CREATE TABLE Kunde_lvKunde (kKunde INTEGER PRIMARY KEY, cKundenNr TEXT, cVorname TEXT, cName TEXT, cPLZ TEXT, cEMail TEXT);
    CREATE TABLE version (value INTEGER);
    INSERT INTO version VALUES (100);
";

/// What SQL Server gives a row version, with one counter for all, and the other columns.
const VERSIONED: [(&str, &str); 6] = [
    (
        "Verkauf_tAuftrag",
        "kAuftrag, cAuftragsNr, nType, cExterneAuftragsnummer, nStorno, nKomplettAusgeliefert",
    ),
    ("Verkauf_tAuftragPosition", "kAuftragPosition, kAuftrag, cArtNr, fAnzahl, nType"),
    ("tLieferschein", "kLieferschein, kBestellung"),
    ("tVersand", "kVersand, kLieferschein, cIdentCode, dVersendet, kVersandArt, cLogistiker"),
    ("tlagerbestand", "kArtikel, fVerfuegbar, fInAuftraegen, nLagerAktiv"),
    ("tlagerbestandProLagerLagerartikel", "kArtikel, kWarenlager, fBestand, fVerfuegbarGesperrt"),
];

/// One of both.
pub(crate) enum World {
    /// The database and its file, which goes with it.
    Sqlite { directory: TempDir, connection: Connection },
    /// A database that the test has for itself.
    Server(Server),
}

/// A value for a row.
pub(crate) enum Cell {
    Null,
    Number(String),
    Text(String),
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number.to_string())
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Option<&str>> for Cell {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Null, Self::from)
    }
}

/// Values of different types in a row.
macro_rules! cells {
    ($($value:expr),* $(,)?) => { [$($crate::world::Cell::from($value)),*] };
}
pub(crate) use cells;

/// Runs each of the tests on both databases. Each is an `async fn(World)`.
macro_rules! on_both {
    ($($test:ident),* $(,)?) => {
        $(mod $test {
            #[tokio::test]
            async fn on_sqlite() {
                Box::pin(super::$test($crate::world::World::new())).await;
            }
            #[tokio::test]
            async fn on_sql_server() {
                let Some(world) = $crate::world::World::on_sql_server().await else { return };
                Box::pin(super::$test(world)).await;
            }
        })*
    };
}
pub(crate) use on_both;

impl World {
    pub(crate) fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let connection = Connection::open(directory.path().join("jtl.sqlite")).expect("a new file");
        connection.pragma_update(None, "journal_mode", "WAL").expect("WAL");
        connection.execute_batch(SCHEMA).expect("the schema");
        for (table, _) in VERSIONED {
            for (event, when) in [("INSERT", ""), ("UPDATE", "WHEN NEW.bRowversion IS OLD.bRowversion")] {
                let trigger = format!(
                    "CREATE TRIGGER {table}_{event} AFTER {event} ON {table} {when} BEGIN
                     UPDATE version SET value = value + 1;
                     UPDATE {table} SET bRowversion = (SELECT value FROM version) WHERE rowid = NEW.rowid; END"
                );
                connection.execute_batch(&trigger).expect("a trigger");
            }
        }
        // As on SQL Server: rows have been imported before.
        let before = "INSERT INTO tXMLBestellImport (cText) VALUES (''); DELETE FROM tXMLBestellImport";
        connection.execute_batch(before).expect("a row and its end");
        Self::Sqlite { directory, connection }
    }

    /// `None` where there is none, which is told.
    pub(crate) async fn on_sql_server() -> Option<Self> {
        Server::new(Schema::Newer).await.map(Self::Server)
    }

    /// A JTL of 2021.
    pub(crate) async fn on_sql_server_before() -> Option<Self> {
        Server::new(Schema::Older).await.map(Self::Server)
    }

    pub(crate) fn settings(&self) -> JtlSettings {
        let url = match self {
            Self::Sqlite { directory, .. } => {
                format!("sqlite:{}", directory.path().join("jtl.sqlite").display())
            }
            Self::Server(server) => server.url(),
        };
        JtlSettings { url, ..JtlSettings::default() }
    }

    pub(crate) async fn open(&self) -> Jtl {
        Jtl::open(self.settings()).await.expect("it opens")
    }

    /// With a login that sees the identity value, which Babelfish shows to the table's owner only.
    pub(crate) async fn open_as_owner(&self) -> Jtl {
        let settings = match self {
            Self::Sqlite { .. } => self.settings(),
            Self::Server(server) => JtlSettings { url: server.url_of_an_administrator(), ..self.settings() },
        };
        Jtl::open(settings).await.expect("it opens")
    }

    /// A statement that both databases know, in SQLite's names.
    pub(crate) fn run(&self, statement: &str) {
        match self {
            Self::Sqlite { connection, .. } => connection.execute_batch(statement).expect(statement),
            Self::Server(server) => {
                server.run(&statement.replace("Verkauf_", "Verkauf.").replace("Kunde_", "Kunde."))
            }
        }
    }

    pub(crate) fn insert<const COLUMNS: usize>(&self, table: &str, values: [Cell; COLUMNS]) {
        let national = if matches!(self, Self::Server(_)) { "N" } else { "" };
        let written: Vec<String> = values
            .into_iter()
            .map(|cell| match cell {
                Cell::Null => "NULL".to_owned(),
                Cell::Number(number) => number,
                Cell::Text(text) => format!("{national}'{}'", text.replace('\'', "''")),
            })
            .collect();
        // Row versions come by themselves.
        let columns = VERSIONED.iter().find(|(name, _)| *name == table);
        let columns = columns.map(|(_, columns)| format!(" ({columns})")).unwrap_or_default();
        self.run(&format!("INSERT INTO {table}{columns} VALUES ({})", written.join(", ")));
    }

    pub(crate) fn count(&self, query: &str) -> i64 {
        match self {
            Self::Sqlite { connection, .. } => {
                connection.query_row(query, [], |row| row.get(0)).expect(query)
            }
            Self::Server(server) => {
                server.count(&query.replace("Verkauf_", "Verkauf.").replace("Kunde_", "Kunde."))
            }
        }
    }

    /// An order with one position of each article, whose key is the order's key times ten plus its place.
    pub(crate) fn order(&self, key: i64, number: &str, articles: &[(&str, i64)]) {
        let name = format!("AU{key}");
        self.insert("Verkauf_tAuftrag", cells![key, name.as_str(), 1, number, 0, 0]);
        for (place, &(sku, quantity)) in (0..).zip(articles) {
            self.insert("Verkauf_tAuftragPosition", cells![key * 10 + place, key, sku, quantity, 1]);
        }
    }

    pub(crate) fn article(&self, key: i64, sku: &str, buffer: i64) {
        self.insert("tArtikel", cells![key, sku, buffer, 0, "Y", 0, 0]);
    }
}

/// Texts as the calls take them.
pub(crate) fn numbers(numbers: &[&str]) -> Vec<String> {
    numbers.iter().map(|&number| number.to_owned()).collect()
}
