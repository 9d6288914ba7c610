//! The tables of the system in use today, made new in a database of the test's own, and its rows.

use marktwerk_sqlserver::testing::TestDatabase;
use marktwerk_sqlserver::{Address, Pool, SqlError, reading, testing};
use marktwerk_store::orders::OrderRecord;

const DROP: &str = "IF OBJECT_ID('dbo.temu_inventory') IS NOT NULL DROP TABLE dbo.temu_inventory; \
    IF OBJECT_ID('dbo.temu_products') IS NOT NULL DROP TABLE dbo.temu_products; \
    IF OBJECT_ID('dbo.temu_order_items') IS NOT NULL DROP TABLE dbo.temu_order_items; \
    IF OBJECT_ID('dbo.temu_xml_export') IS NOT NULL DROP TABLE dbo.temu_xml_export; \
    IF OBJECT_ID('dbo.temu_orders') IS NOT NULL DROP TABLE dbo.temu_orders";

const CREATE: [&str; 5] = [
    "CREATE TABLE dbo.temu_orders (id int IDENTITY(1,1) PRIMARY KEY, bestell_id nvarchar(50) NULL UNIQUE, \
        bestellstatus nvarchar(50) NULL, kaufdatum datetime2 NULL, vorname_empfaenger nvarchar(100) NULL, \
        nachname_empfaenger nvarchar(100) NULL, strasse nvarchar(255) NULL, plz nvarchar(20) NULL, ort nvarchar(100) NULL, \
        email nvarchar(255) NULL, telefon nvarchar(50) NULL, land nvarchar(100) NULL, land_iso nvarchar(2) NULL, \
        versandkosten decimal(10,2) NULL, status nvarchar(50) NULL, xml_erstellt bit NULL DEFAULT 0, \
        trackingnummer nvarchar(100) NULL, versanddienstleister nvarchar(100) NULL, versanddatum datetime2 NULL, \
        temu_gemeldet bit NULL DEFAULT 0, created_at datetime2 NULL, updated_at datetime2 NULL)",
    "CREATE TABLE dbo.temu_order_items (id int IDENTITY(1,1) PRIMARY KEY, order_id int NOT NULL, bestell_id nvarchar(50) NULL, \
        bestellartikel_id nvarchar(50) NULL UNIQUE, produktname nvarchar(500) NULL, sku nvarchar(100) NULL, \
        sku_id nvarchar(50) NULL, variation nvarchar(255) NULL, menge nvarchar(20) NULL, netto_einzelpreis decimal(10,2) NULL, \
        brutto_einzelpreis decimal(10,2) NULL, gesamtpreis_netto decimal(10,2) NULL, gesamtpreis_brutto decimal(10,2) NULL, \
        mwst_satz decimal(5,2) NULL, CONSTRAINT fk_item_order FOREIGN KEY (order_id) REFERENCES dbo.temu_orders (id))",
    "CREATE TABLE dbo.temu_xml_export (id int IDENTITY(1,1) PRIMARY KEY, bestell_id nvarchar(50) NULL, \
        xml_content nvarchar(max) NULL, status nvarchar(20) NULL, verarbeitet bit NULL DEFAULT 0, created_at datetime2 NULL, \
        processed_at datetime2 NULL)",
    "CREATE TABLE dbo.temu_products (id int IDENTITY(1,1) PRIMARY KEY, sku nvarchar(100) UNIQUE, goods_id bigint NULL, \
        sku_id bigint NULL, goods_name nvarchar(500) NULL, jtl_article_id int NULL, is_active bit NULL, synced_at datetime2 NULL)",
    "CREATE TABLE dbo.temu_inventory (id int IDENTITY(1,1) PRIMARY KEY, product_id int NOT NULL, jtl_article_id int NULL, \
        jtl_stock int NULL, temu_stock int NULL, needs_sync bit NULL, last_synced_to_temu datetime2 NULL, \
        CONSTRAINT fk_stock_product FOREIGN KEY (product_id) REFERENCES dbo.temu_products (id))",
];

const TABLES: [&str; 5] =
    ["temu_orders", "temu_order_items", "temu_xml_export", "temu_products", "temu_inventory"];

/// The old database. Real time passes while it is talked to.
pub(crate) struct OldTables {
    pool: Pool,
    _database: TestDatabase,
}

/// A row of `temu_orders` as the old program left it.
#[derive(Debug, Clone)]
pub(crate) struct OldRow<'a> {
    pub(crate) number: &'a str,
    pub(crate) told: &'a str,
    pub(crate) status: &'a str,
    pub(crate) bought_at: &'a str,
    pub(crate) is_exported: bool,
    pub(crate) tracking: &'a str,
    pub(crate) is_reported: bool,
}

impl<'a> OldRow<'a> {
    pub(crate) fn new(number: &'a str) -> Self {
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

    pub(crate) fn exported(self) -> Self {
        Self { is_exported: true, status: "xml_erstellt", ..self }
    }

    pub(crate) fn reported(self, tracking: &'a str) -> Self {
        Self { is_reported: true, status: "versendet", tracking, ..self }
    }
}

impl OldTables {
    pub(crate) async fn open() -> Option<Self> {
        let database = testing::database("marktwerk_old").await?;
        let tables = Self { pool: Pool::new(database.address.clone()), _database: database };
        tables.batch(DROP).await;
        for table in CREATE {
            tables.batch(table).await;
        }
        Some(tables)
    }

    pub(crate) fn address(&self) -> Address {
        self.pool.address().clone()
    }

    pub(crate) async fn batch(&self, sql: &str) {
        let done: Result<(), SqlError> =
            reading!(self.pool, "test", |connection| connection.batch("test", sql));
        done.unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// As the old program inserts: its columns and no others.
    pub(crate) async fn insert(&self, row: &OldRow<'_>, order: Option<&OrderRecord>) {
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

    pub(crate) async fn line(&self, number: &str, line: &str, sku: &str, quantity: &str) {
        self.batch(&format!(
            "INSERT INTO dbo.temu_order_items (order_id, bestell_id, bestellartikel_id, produktname, sku, menge, \
             brutto_einzelpreis, mwst_satz) SELECT id, bestell_id, N'{line}', N'Ware', N'{sku}', N'{quantity}', 12.90, 19.00 \
             FROM dbo.temu_orders WHERE bestell_id = N'{number}'"
        ))
        .await;
    }

    /// Every value of every row.
    pub(crate) async fn content(&self) -> Vec<String> {
        let mut content = Vec::new();
        for table in TABLES {
            let sql = format!(
                "SELECT CONVERT(nvarchar(max), (SELECT * FROM dbo.{table} ORDER BY id FOR JSON PATH, INCLUDE_NULL_VALUES))"
            );
            let rows: Result<_, SqlError> =
                reading!(self.pool, "test", |connection| connection.query("test", &sql, &[]));
            content.push(rows.unwrap()[0].optional_text(0).unwrap().unwrap_or_default());
        }
        content
    }
}
