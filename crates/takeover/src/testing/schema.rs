//! The old tables as docs/TAKEOVER.md's readers have them: types, defaults, keys and what may be empty are those of the system in use
//! today.

/// All of them, children first.
pub(super) const TABLES: [&str; 6] = [
    "temu_inventory",
    "temu_products",
    "temu_order_items",
    "temu_xml_export",
    "temu_orders",
    "scheduler_logs",
];

/// The same table where everything may be empty, as nobody's should be.
pub(super) fn loose(table: &str) -> String {
    table.replace(" NOT NULL", " NULL")
}

pub(super) const ORDERS: &str = "CREATE TABLE dbo.temu_orders (id int IDENTITY(1,1) PRIMARY KEY, \
    bestell_id nvarchar(50) NOT NULL UNIQUE, bestellstatus nvarchar(50), kaufdatum datetime, name_empfaenger nvarchar(200), \
    vorname_empfaenger nvarchar(100), nachname_empfaenger nvarchar(100), telefon_empfaenger nvarchar(50), email nvarchar(255), \
    strasse nvarchar(200), adresszusatz nvarchar(200), plz nvarchar(20), ort nvarchar(100), bundesland nvarchar(100), \
    land nvarchar(50), land_iso nvarchar(2), versandkosten decimal(10,2), versanddienstleister nvarchar(100), \
    trackingnummer nvarchar(100), versanddatum datetime, status nvarchar(50) DEFAULT 'importiert', xml_erstellt bit DEFAULT 0, \
    temu_gemeldet bit DEFAULT 0, created_at datetime DEFAULT GETDATE(), updated_at datetime DEFAULT GETDATE())";

pub(super) const LINES: &str = "CREATE TABLE dbo.temu_order_items (id int IDENTITY(1,1) PRIMARY KEY, order_id int NOT NULL, \
    bestell_id nvarchar(50) NOT NULL, bestellartikel_id nvarchar(50) NOT NULL UNIQUE, produktname nvarchar(500), \
    sku nvarchar(100), sku_id nvarchar(100), variation nvarchar(200), menge decimal(10,2), netto_einzelpreis decimal(10,2), \
    brutto_einzelpreis decimal(10,2), gesamtpreis_netto decimal(10,2), gesamtpreis_brutto decimal(10,2), \
    mwst_satz decimal(5,2) DEFAULT 19.00, created_at datetime DEFAULT GETDATE(), \
    CONSTRAINT fk_item_order FOREIGN KEY (order_id) REFERENCES dbo.temu_orders (id) ON DELETE CASCADE)";

pub(super) const EXPORTS: &str = "CREATE TABLE dbo.temu_xml_export (id int IDENTITY(1,1) PRIMARY KEY, \
    bestell_id nvarchar(50) NOT NULL, xml_content nvarchar(max) NOT NULL, status nvarchar(50) DEFAULT 'pending', \
    verarbeitet bit DEFAULT 0, created_at datetime DEFAULT GETDATE(), processed_at datetime)";

pub(super) const PRODUCTS: &str = "CREATE TABLE dbo.temu_products (id int IDENTITY(1,1) PRIMARY KEY, \
    sku nvarchar(100) NOT NULL UNIQUE, goods_id bigint NOT NULL, sku_id bigint, goods_name nvarchar(500), jtl_article_id int, \
    is_active bit DEFAULT 1, synced_at datetime, created_at datetime DEFAULT GETDATE(), updated_at datetime DEFAULT GETDATE())";

pub(super) const INVENTORY: &str = "CREATE TABLE dbo.temu_inventory (id int IDENTITY(1,1) PRIMARY KEY, product_id int NOT NULL, \
    jtl_article_id int, jtl_stock int NOT NULL DEFAULT 0, temu_stock int NOT NULL DEFAULT 0, needs_sync bit NOT NULL DEFAULT 0, \
    last_synced_to_temu datetime, created_at datetime DEFAULT GETDATE(), updated_at datetime DEFAULT GETDATE(), \
    CONSTRAINT fk_stock_product FOREIGN KEY (product_id) REFERENCES dbo.temu_products (id) ON DELETE CASCADE)";

/// Its indexes have names that ours must not meet.
pub(super) const LOGS: &str = "CREATE TABLE dbo.scheduler_logs (log_id int PRIMARY KEY IDENTITY(1,1), job_id varchar(255) NOT NULL, \
    job_type varchar(100) NOT NULL, level varchar(20) NOT NULL, message nvarchar(max) NOT NULL, \
    timestamp datetime2 NOT NULL DEFAULT GETDATE(), duration_seconds float, status varchar(20), error_text nvarchar(max)); \
    CREATE INDEX idx_job_id ON dbo.scheduler_logs (job_id); CREATE INDEX idx_timestamp ON dbo.scheduler_logs (timestamp); \
    CREATE INDEX idx_level ON dbo.scheduler_logs (level)";
