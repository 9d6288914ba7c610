//! A merchant's shop before the switch-over: the old program's tables and log in `toci`, what it did in JTL and at the marketplace,
//! and Marktwerk's folder beside its `.env`.

use std::collections::BTreeMap;
use std::process::Command;

use jiff::civil::date;
use jiff::{ToSpan, Zoned};
use marktwerk::clock::SystemClock;
use marktwerk::config::{Environment, Settings, Sources, load};
use marktwerk_connectors::{Budgets, HttpClient, Marketplace, Temu, WriteAnswer};
use marktwerk_domain::order::Hints;
use marktwerk_domain::shipment::{ReportedParcel, ShipmentReport};
use marktwerk_erp::testing as jtl;
use marktwerk_erp::testing::{Eazybusiness, Schema};
use marktwerk_sandbox::{Control, LineSeed, OrderSeed, Sandbox};
use marktwerk_sqlserver::{Address, Row, SqlError, reading};
use marktwerk_takeover::testing::{OldRow, OldTables};

use crate::installation::write_settings;
use crate::shop::{account, clean, marketplace, stock_up};
use crate::worker::work_in;

const ARTICLES: usize = 5;

pub(crate) struct OldShop {
    pub(crate) old: OldTables,
    pub(crate) jtl: Eazybusiness,
    pub(crate) world: Control,
    folder: tempfile::TempDir,
    sandbox: Sandbox,
}

/// What a command said, and whether it went well.
pub(crate) struct Said {
    pub(crate) is_well: bool,
    pub(crate) text: String,
}

impl OldShop {
    /// With empty old tables; `None` without a server.
    pub(crate) async fn open() -> Option<Self> {
        let old = OldTables::open("marktwerk_switch").await?;
        clean(&old.address()).await;
        let old = old.with_logs().await;
        let jtl = Eazybusiness::new("marktwerk_switch_jtl", Schema::Newer).await?;
        stock_up(&jtl.pool, ARTICLES).await;
        let folder = tempfile::tempdir().unwrap();
        let sandbox = marketplace(folder.path(), ARTICLES).await;
        let shop = Self { world: sandbox.control(), old, jtl, folder, sandbox };
        shop.write_settings();
        Some(shop)
    }

    /// docs/TAKEOVER.md, step 1.
    fn write_settings(&self) {
        let (old, jtl) = (self.old.address(), Address::parse(&self.jtl.url()).unwrap());
        let account = account(&self.sandbox);
        let folder = self.folder.path();
        write_settings(folder, &account, &old, &jtl);
        // The documented file; the test starts what it wants.
        let jobs = r#"{"jobs": [
            {"job_type": "order_workflow", "interval_minutes": 5, "enabled": false, "description": "TEMU Bestellungen"},
            {"job_type": "inventory_workflow", "interval_minutes": 5, "enabled": false, "description": "TEMU Bestand"}]}"#;
        std::fs::create_dir(folder.join("data")).unwrap();
        std::fs::write(folder.join("data/workers_config.json"), jobs).unwrap();
    }

    /// What the program reads there.
    pub(crate) fn settings(&self) -> Settings {
        let directory = self.folder.path().to_owned();
        let environment = Environment::of_process(&directory);
        load(&Sources { directory, environment, ..Sources::default() }).unwrap()
    }

    /// A command of the real program, there.
    pub(crate) fn say(&self, arguments: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
        command.current_dir(self.folder.path()).env_clear().args(arguments);
        let output = tokio::task::block_in_place(|| command.output()).unwrap();
        let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        Said { is_well: output.status.success(), text }
    }

    /// A buyer orders.
    pub(crate) fn place(&self) -> String {
        let lines = vec![LineSeed::new("MW-0003", 1), LineSeed::new("MW-0004", 2)];
        self.world.add_order(OrderSeed { lines, ..OrderSeed::default() }).unwrap()
    }

    /// The old program's row of an order that was bought two days ago, and its lines.
    pub(crate) async fn insert(&self, row: &OldRow<'_>) {
        let bought_at = days_ago(2);
        self.old.insert(&OldRow { bought_at: &bought_at, ..row.clone() }, None).await;
        let order = self.world.order(row.number.trim()).unwrap();
        for line in &order.lines {
            self.old.line(row.number, &line.order_sn, &line.sku, &line.quantity().to_string()).await;
        }
    }

    /// The old program hands orders over: a row each for the JTL-Worker.
    pub(crate) async fn hand_over(&self, numbers: &[&str]) {
        const INSERT: &str =
            "INSERT INTO dbo.tXMLBestellImport (cText, nPlattform, nRechnung) VALUES (@P1, 5, 0)";
        for number in numbers {
            let position = |line: &marktwerk_sandbox::MarketLine| {
                format!(
                    "<twarenkorbpos><cName>Ware</cName><cArtNr>{}</cArtNr><cPosTyp>standard</cPosTyp><fAnzahl>{}</fAnzahl></twarenkorbpos>",
                    line.sku,
                    line.quantity()
                )
            };
            let positions: String = self.world.order(number).unwrap().lines.iter().map(position).collect();
            let text = format!(
                "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><tBestellungen><tBestellung kFirma=\"1\" kBenutzer=\"1\">\
                 <cExterneBestellNr>{number}</cExterneBestellNr><cVersandartName>TEMU</cVersandartName>\
                 <cZahlungsartName>TEMU</cZahlungsartName>{positions}</tBestellung></tBestellungen>"
            );
            let done: Result<u64, SqlError> = reading!(self.jtl.pool, "hand over", |connection| connection
                .execute("hand over", INSERT, &[&text]));
            assert_eq!(done.unwrap(), 1);
        }
    }

    /// The JTL-Worker takes what waits.
    pub(crate) async fn work(&self) -> Vec<String> {
        work_in(&self.jtl).await
    }

    /// Everything that JTL has leaves the house.
    pub(crate) async fn ship(&self) {
        jtl::ship(&self.jtl.pool, date(2026, 11, 24).at(10, 0, 0, 0)).await.unwrap();
    }

    /// The tracking number that JTL has for an order.
    pub(crate) async fn tracking(&self, number: &str) -> String {
        const SQL: &str = "SELECT v.cIdentCode FROM Verkauf.tAuftrag a JOIN dbo.tLieferschein l ON l.kBestellung = a.kAuftrag \
            JOIN dbo.tVersand v ON v.kLieferschein = l.kLieferschein WHERE a.cExterneAuftragsnummer = @P1";
        let row: Result<Option<Row>, SqlError> =
            reading!(self.jtl.pool, "tracking", |connection| connection.one("tracking", SQL, &[&number]));
        row.unwrap().unwrap().text(0).unwrap()
    }

    /// The old program tells the marketplace of a shipment, and is believed.
    pub(crate) async fn tell(&self, number: &str) {
        let clock = SystemClock::shared();
        let budgets = Budgets::new(clock.clone());
        let temu = Temu::new(account(&self.sandbox), clock, &budgets, HttpClient::new().unwrap());
        let order = self.world.order(number).unwrap();
        let hints = Some(Hints::new(order.region_id.to_string()));
        let carrier_code = temu.carrier_code(hints.as_ref(), "DHL Paket").await.unwrap().unwrap();
        let lines = order.lines.iter().map(|line| (line.order_sn.clone(), line.quantity())).collect();
        let parcel = ReportedParcel {
            id: 1,
            tracking: self.tracking(number).await,
            carrier_code,
            lines,
            ..ReportedParcel::default()
        };
        let report = ShipmentReport {
            number: number.to_owned(),
            hints,
            parcels: vec![parcel],
            ..ShipmentReport::default()
        };
        let answer = temu.confirm_shipment(&report).await.unwrap();
        assert!(matches!(answer, WriteAnswer::Done { .. }), "{answer:?}");
    }

    /// How many confirmations of the order the marketplace got: accepted and refused.
    pub(crate) fn told(&self, number: &str) -> (u32, u32) {
        let shipments = self.world.shipments().unwrap();
        let of_order = shipments.iter().find(|shipment| shipment.parent_order_sn == number);
        of_order.map_or((0, 0), |shipment| (shipment.accepted, shipment.rejected))
    }

    /// JTL's orders, and how often it has each.
    pub(crate) async fn orders_in_jtl(&self) -> BTreeMap<String, u32> {
        let sql = "SELECT cExterneAuftragsnummer FROM Verkauf.tAuftrag WHERE nType = 1";
        let rows: Result<Vec<Row>, SqlError> =
            reading!(self.jtl.pool, "count", |connection| connection.query("count", sql, &[]));
        let mut counts = BTreeMap::new();
        for row in rows.unwrap() {
            *counts.entry(row.text(0).unwrap()).or_default() += 1;
        }
        counts
    }

    /// What still waits for the worker.
    pub(crate) async fn waiting_rows(&self) -> i64 {
        let sql = "SELECT COUNT(*) FROM dbo.tXMLBestellImport";
        let row: Result<Option<Row>, SqlError> =
            reading!(self.jtl.pool, "count", |connection| connection.one("count", sql, &[]));
        row.unwrap().unwrap().integer(0).unwrap()
    }

    /// The name of JTL's database.
    pub(crate) fn jtl_database(&self) -> String {
        Address::parse(&self.jtl.url()).unwrap().database
    }
}

/// A wall time as the old program writes it.
pub(crate) fn days_ago(days: i64) -> String {
    let time = Zoned::new(SystemClock::shared().now(), jiff::tz::TimeZone::UTC);
    time.saturating_sub(days.days()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}
