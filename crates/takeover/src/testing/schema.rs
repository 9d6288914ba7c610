//! The old tables as docs/TAKEOVER.md's readers have them. The columns that matter are those of the system in use today; what else
//! they have does not.

/// All of them, children first.
pub(super) const TABLES: [&str; 6] = [
    "temu_inventory",
    "temu_products",
    "temu_order_items",
    "temu_xml_export",
    "temu_orders",
    "scheduler_logs",
];

pub(super) const ORDERS: &str = "CREATE TABLE dbo.temu_orders (id int IDENTITY(1,1) PRIMARY KEY, \
    bestell_id nvarchar(50) NULL UNIQUE, bestellstatus nvarchar(50) NULL, kaufdatum datetime2 NULL, \
    vorname_empfaenger nvarchar(100) NULL, nachname_empfaenger nvarchar(100) NULL, strasse nvarchar(255) NULL, \
    plz nvarchar(20) NULL, ort nvarchar(100) NULL, email nvarchar(255) NULL, telefon nvarchar(50) NULL, \
    land nvarchar(100) NULL, land_iso nvarchar(2) NULL, versandkosten decimal(10,2) NULL, status nvarchar(50) NULL, \
    xml_erstellt bit NULL DEFAULT 0, trackingnummer nvarchar(100) NULL, versanddienstleister nvarchar(100) NULL, \
    versanddatum datetime2 NULL, temu_gemeldet bit NULL DEFAULT 0, created_at datetime2 NULL, updated_at datetime2 NULL)";

pub(super) const LINES: &str = "CREATE TABLE dbo.temu_order_items (id int IDENTITY(1,1) PRIMARY KEY, order_id int NOT NULL, \
    bestell_id nvarchar(50) NULL, bestellartikel_id nvarchar(50) NULL UNIQUE, produktname nvarchar(500) NULL, \
    sku nvarchar(100) NULL, sku_id nvarchar(50) NULL, variation nvarchar(255) NULL, menge decimal(10,2) NULL, \
    netto_einzelpreis decimal(10,2) NULL, brutto_einzelpreis decimal(10,2) NULL, gesamtpreis_netto decimal(10,2) NULL, \
    gesamtpreis_brutto decimal(10,2) NULL, mwst_satz decimal(5,2) NULL, \
    CONSTRAINT fk_item_order FOREIGN KEY (order_id) REFERENCES dbo.temu_orders (id))";

pub(super) const EXPORTS: &str = "CREATE TABLE dbo.temu_xml_export (id int IDENTITY(1,1) PRIMARY KEY, bestell_id nvarchar(50) NULL, \
    xml_content nvarchar(max) NULL, status nvarchar(20) NULL, verarbeitet bit NULL DEFAULT 0, created_at datetime2 NULL, \
    processed_at datetime2 NULL)";

pub(super) const PRODUCTS: &str = "CREATE TABLE dbo.temu_products (id int IDENTITY(1,1) PRIMARY KEY, sku nvarchar(100) UNIQUE, \
    goods_id bigint NULL, sku_id bigint NULL, goods_name nvarchar(500) NULL, jtl_article_id int NULL, is_active bit NULL, \
    synced_at datetime2 NULL)";

pub(super) const INVENTORY: &str = "CREATE TABLE dbo.temu_inventory (id int IDENTITY(1,1) PRIMARY KEY, product_id int NOT NULL, \
    jtl_article_id int NULL, jtl_stock int NULL, temu_stock int NULL, needs_sync bit NULL, last_synced_to_temu datetime2 NULL, \
    CONSTRAINT fk_stock_product FOREIGN KEY (product_id) REFERENCES dbo.temu_products (id))";

/// The documented log table as the old program makes it: what it never left empty need not be there either.
pub(super) const LOGS: &str = "CREATE TABLE dbo.scheduler_logs (log_id int IDENTITY(1,1) PRIMARY KEY, job_id varchar(255) NOT NULL, \
    job_type varchar(100) NOT NULL, level varchar(20) NOT NULL, message nvarchar(max) NULL, \
    timestamp datetime2 NULL DEFAULT GETDATE(), duration_seconds float NULL, status varchar(20) NULL, \
    error_text nvarchar(max) NULL)";
