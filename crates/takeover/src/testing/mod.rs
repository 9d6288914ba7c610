//! The tables of the system in use today for tests on a real SQL Server (feature `testing`), made new in a database of the test's
//! own, and the rows as the old program writes them.

mod schema;

use marktwerk_sqlserver::testing::TestDatabase;
use marktwerk_sqlserver::{Address, Pool, Row, SqlError, reading, testing};
use marktwerk_store::orders::OrderRecord;

/// The columns of `scheduler_logs` that are documented.
pub const LOG_COLUMNS: &str =
    "log_id, job_id, job_type, level, message, timestamp, duration_seconds, status, error_text";

/// The old database. Real time passes while it is talked to.
#[derive(Debug)]
pub struct OldTables {
    pool: Pool,
    _database: TestDatabase,
}

/// A row of `temu_orders` as the old program left it.
#[derive(Debug, Clone)]
pub struct OldRow<'a> {
    /// `bestell_id`.
    pub number: &'a str,
    /// `bestellstatus`.
    pub told: &'a str,
    /// `status`.
    pub status: &'a str,
    /// `kaufdatum`.
    pub bought_at: &'a str,
    /// `xml_erstellt`.
    pub is_exported: bool,
    /// `trackingnummer`; empty for none.
    pub tracking: &'a str,
    /// `temu_gemeldet`.
    pub is_reported: bool,
}

impl<'a> OldRow<'a> {
    /// Imported, and nothing else.
    pub fn new(number: &'a str) -> Self {
        Self {
            number,
            told: "processing",
            status: "importiert",
            bought_at: "2026-11-02 10:00:00",
            is_exported: false,
            tracking: "",
            is_reported: false,
        }
    }

    /// Marked as exported.
    pub fn exported(self) -> Self {
        Self { is_exported: true, status: "xml_erstellt", ..self }
    }

    /// Marked as reported with a tracking number.
    pub fn reported(self, tracking: &'a str) -> Self {
        Self { is_reported: true, status: "versendet", tracking, ..self }
    }
}

impl OldTables {
    /// The five tables of orders and stock, empty; `None` where no server is at hand, which is told.
    pub async fn open(purpose: &str) -> Option<Self> {
        Self::made(purpose, str::to_owned).await
    }

    /// The same, and every column may be empty.
    pub async fn open_loose(purpose: &str) -> Option<Self> {
        Self::made(purpose, schema::loose).await
    }

    async fn made(purpose: &str, as_needed: impl Fn(&str) -> String) -> Option<Self> {
        let database = testing::database(purpose).await?;
        let tables = Self { pool: Pool::new(database.address.clone()), _database: database };
        for table in schema::TABLES {
            tables
                .batch(&format!("IF OBJECT_ID('dbo.{table}', 'U') IS NOT NULL DROP TABLE dbo.{table}"))
                .await;
        }
        let made = [schema::ORDERS, schema::LINES, schema::EXPORTS, schema::PRODUCTS, schema::INVENTORY];
        for table in made {
            tables.batch(&as_needed(table)).await;
        }
        Some(tables)
    }

    /// Adds `scheduler_logs` in the old shape.
    pub async fn with_logs(self) -> Self {
        self.batch(schema::LOGS).await;
        self
    }

    /// Where they are.
    pub fn address(&self) -> Address {
        self.pool.address().clone()
    }

    /// Any statements.
    pub async fn batch(&self, sql: &str) {
        let done: Result<(), SqlError> =
            reading!(self.pool, "test", |connection| connection.batch("test", sql));
        done.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// Any question.
    pub async fn ask(&self, sql: &str) -> Vec<Row> {
        let rows: Result<_, SqlError> =
            reading!(self.pool, "test", |connection| connection.query("test", sql, &[]));
        rows.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// The first column of the answer, which is a text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let text = |row: &Row| row.optional_text(0).map(Option::unwrap_or_default);
        let texts: Result<Vec<String>, SqlError> = self.ask(sql).await.iter().map(text).collect();
        texts.unwrap_or_else(|error| panic!("{error}: {sql}"))
    }

    /// As the old program inserts: its columns and no others; with the lines of an order, where there is one.
    pub async fn insert(&self, row: &OldRow<'_>, order: Option<&OrderRecord>) {
        let OldRow { number, told, status, bought_at, is_exported, tracking, is_reported } = row;
        let tracking = if tracking.is_empty() { "NULL".to_owned() } else { format!("N'{tracking}'") };
        let (is_exported, is_reported) = (i32::from(*is_exported), i32::from(*is_reported));
        self.batch(&format!(
            "INSERT INTO dbo.temu_orders (bestell_id, bestellstatus, kaufdatum, vorname_empfaenger, nachname_empfaenger, land_iso, \
             versandkosten, status, xml_erstellt, trackingnummer, temu_gemeldet, created_at, updated_at) VALUES (N'{number}', \
             N'{told}', '{bought_at}', N'Vorname', N'Nachname', N'DE', 4.12, N'{status}', {is_exported}, {tracking}, \
             {is_reported}, '2026-11-02 10:05:00', '2026-11-02 10:05:00')"
        ))
        .await;
        let lines = order.and_then(|order| order.order.as_ref()).map(|order| order.lines.clone());
        for line in lines.unwrap_or_default() {
            self.line(number, &line.number, &line.sku, &line.quantity().to_string()).await;
        }
    }

    /// A row of `temu_order_items`.
    pub async fn line(&self, number: &str, line: &str, sku: &str, quantity: &str) {
        self.batch(&format!(
            "INSERT INTO dbo.temu_order_items (order_id, bestell_id, bestellartikel_id, produktname, sku, menge, \
             brutto_einzelpreis, mwst_satz) SELECT id, bestell_id, N'{line}', N'Ware', N'{sku}', {quantity}, 12.90, 19.00 \
             FROM dbo.temu_orders WHERE bestell_id = N'{number}'"
        ))
        .await;
    }

    /// A row of `temu_xml_export`.
    pub async fn export(&self, number: &str, is_processed: bool) {
        let (status, done) = if is_processed { ("processed", 1) } else { ("pending", 0) };
        self.batch(&format!(
            "INSERT INTO dbo.temu_xml_export (bestell_id, xml_content, status, verarbeitet) VALUES (N'{number}', N'<x/>', \
             N'{status}', {done})"
        ))
        .await;
    }

    /// A line of the log as the old program writes it, this many minutes ago: the documented columns and no others.
    pub async fn log(&self, execution: &str, job_type: &str, message: &str, minutes_ago: u32) {
        self.batch(&format!(
            "INSERT INTO scheduler_logs (job_id, job_type, level, message, timestamp, duration_seconds, status, error_text) \
             VALUES ('{execution}', '{job_type}', 'INFO', N'{message}', DATEADD(minute, -{minutes_ago}, GETDATE()), NULL, NULL, \
             NULL)"
        ))
        .await;
    }

    /// Every value of every row of the five tables.
    pub async fn content(&self) -> Vec<String> {
        let mut content = Vec::new();
        for table in schema::TABLES.into_iter().filter(|table| *table != "scheduler_logs") {
            let rows = format!("SELECT * FROM dbo.{table} ORDER BY id FOR JSON PATH, INCLUDE_NULL_VALUES");
            content.extend(self.texts(&format!("SELECT CONVERT(nvarchar(max), ({rows}))")).await);
        }
        content
    }

    /// Every value that the documented columns of `scheduler_logs` have up to a line.
    pub async fn log_content(&self, until: i64) -> Vec<String> {
        let rows = format!(
            "SELECT {LOG_COLUMNS} FROM dbo.scheduler_logs WHERE log_id <= {until} ORDER BY log_id FOR JSON PATH, INCLUDE_NULL_VALUES"
        );
        self.texts(&format!("SELECT CONVERT(nvarchar(max), ({rows}))")).await
    }

    /// The columns of a table: name, type and whether it may be empty.
    pub async fn columns(&self, table: &str) -> Vec<String> {
        self.texts(&format!(
            "SELECT CONCAT(COLUMN_NAME, ' ', DATA_TYPE, ' ', CHARACTER_MAXIMUM_LENGTH, ' ', IS_NULLABLE) \
             FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = 'dbo' AND TABLE_NAME = '{table}' ORDER BY ORDINAL_POSITION"
        ))
        .await
    }
}
