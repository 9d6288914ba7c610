//! What only a real SQL Server shows: the older order model, rights that are missing, and the whole way with a worker.

use jiff::Timestamp;
use jiff::civil::datetime;
use marktwerk_domain::failure::FailureClass;
use marktwerk_erp::testing::{Taken, ship, take_all};
use marktwerk_erp::{Erp, ErpError, HandOver, HandedOver, Jtl, JtlSettings, ReceiptTable};
use marktwerk_sqlserver::testing::{TestDatabase, database};
use marktwerk_sqlserver::{Pool, SqlError, reading};

use crate::sample::{line, order};
use crate::server::Server;
use crate::world::{World, numbers};

fn document(jtl: &Jtl, number: &str) -> HandOver {
    let lines = vec![line("A", 2, 100, 19), line("B", 1, 250, 7)];
    let rendered = jtl.render(&order(number, lines), number, "temu", None).expect("it renders");
    HandOver {
        account: "temu".to_owned(),
        number: number.to_owned(),
        also: Vec::new(),
        document: rendered.document,
        receipt: None,
    }
}

fn server(world: &World) -> &Server {
    match world {
        World::Server(server) => server,
        World::Sqlite { .. } => unreachable!("it was made on SQL Server"),
    }
}

/// Settings about which there is nothing to advise.
fn chosen(world: &World) -> JtlSettings {
    JtlSettings { warehouses: vec![1], ..world.settings() }
}

#[tokio::test]
async fn from_the_hand_over_to_the_parcel() {
    let Some(world) = World::on_sql_server().await else { return };
    let jtl = world.open().await;
    // Shown or not to a login with least rights, it stops nothing.
    jtl.identity().await.unwrap();
    let asked = numbers(&["PO-1", "Łódź & Söhne", "PO-3"]);
    let documents: Vec<HandOver> = asked.iter().map(|number| document(&jtl, number)).collect();
    jtl.hand_over(&documents).await.unwrap();
    world.run("INSERT INTO dbo.tXMLBestellImport (cText) VALUES (N'no order')");
    let pool = &server(&world).eazybusiness.pool;
    let mut expected: Vec<Taken> = asked.iter().map(|number| Taken::Order(number.clone())).collect();
    expected.push(Taken::Dropped);
    assert_eq!(take_all(pool).await.unwrap(), expected);
    let again = jtl.hand_over(&documents).await.unwrap();
    assert!(
        again.iter().all(|answer| matches!(answer, HandedOver::AlreadyThere(there) if there.orders == 1))
    );
    assert_eq!(ship(pool, datetime(2026, 12, 1, 9, 30, 0, 0)).await.unwrap(), 3);
    let orders = jtl.orders(&asked).await.unwrap();
    assert_eq!(orders.len(), 3);
    for order in orders {
        assert!(order.is_complete, "{order:?}");
        assert_eq!((order.parcels.len(), order.parcels[0].contents.len()), (1, 2));
        assert_eq!(order.parcels[0].carrier, "DHL Paket");
        // Berlin's winter is an hour ahead.
        assert_eq!(order.parcels[0].shipped_at.unwrap().to_string(), "2026-12-01T08:30:00Z");
    }
}

#[tokio::test]
async fn the_older_order_model_is_found_and_read() {
    let Some(world) = World::on_sql_server_before().await else { return };
    let jtl = world.open().await;
    let findings = jtl.check().await.unwrap();
    assert!(matches!(&findings[..], [one] if one.contains("no row versions")), "{findings:?}");
    assert!(jtl.describe().contains("dbo.tBestellung"), "{}", jtl.describe());
    world.run(
        "INSERT INTO dbo.tBestellung VALUES (1, 'AU1', 'B', 'PO-1', 0, 1), (2, 'AN2', 'A', 'PO-2', 0, 0), (3, 'AU3', 'B', 'PO-3', 1, 0)",
    );
    world.run("INSERT INTO dbo.tbestellpos VALUES (10, 1, 'A', 2, 1), (11, 1, '', 1, 2)");
    world.run("INSERT INTO dbo.tLieferschein (kLieferschein, kBestellung) VALUES (5, 1)");
    world.run("INSERT INTO dbo.tLieferscheinPos VALUES (50, 5, 10, 2)");
    world.run(
        "INSERT INTO dbo.tVersand (kVersand, kLieferschein, cIdentCode, dVersendet, kVersandArt, cLogistiker)
         VALUES (7, 5, 'T-7', '20260701 12:00:00', 2, '')",
    );
    let asked = numbers(&["PO-1", "PO-2", "PO-3"]);
    let orders = jtl.orders(&asked).await.unwrap();
    assert_eq!(orders.len(), 2, "an offer is no order");
    assert!(orders[0].is_complete && orders[0].erp_number == "AU1" && orders[0].parcels[0].tracking == "T-7");
    assert!(orders[1].is_cancelled);
    let documents: Vec<HandOver> = asked.iter().map(|number| document(&jtl, number)).collect();
    let answers = jtl.hand_over(&documents).await.unwrap();
    let inserted: Vec<bool> =
        answers.iter().map(|answer| matches!(answer, HandedOver::Inserted(_))).collect();
    assert_eq!(inserted, [false, true, false]);
    // Without row versions nobody knows whether something is new.
    assert_ne!(jtl.orders_marker(&asked).await.unwrap(), jtl.orders_marker(&asked).await.unwrap());
}

#[tokio::test]
async fn a_right_that_is_missing_is_named_and_its_grant_needs_no_restart() {
    let Some(world) = World::on_sql_server().await else { return };
    let jtl = world.open().await;
    assert!(jtl.check().await.unwrap().is_empty());
    let documents = [document(&jtl, "PO-1")];
    for (right, table) in [("INSERT", "dbo.tXMLBestellImport"), ("SELECT", "Verkauf.tAuftrag")] {
        server(&world).tell(&format!("REVOKE {right} ON {table} FROM marktwerk_jtl"));
        let error = jtl.hand_over(&documents).await.unwrap_err();
        assert!(matches!(error, ErpError::Permission { .. }), "{error}");
        assert_eq!(error.failure().class, FailureClass::Transient);
        let findings = jtl.check().await.unwrap();
        let name = table.split_once('.').unwrap().1.to_lowercase();
        assert!(
            findings.iter().any(|finding| finding.to_lowercase().contains(&name)),
            "{table}: {findings:?}"
        );
        server(&world).tell(&format!("GRANT {right} ON {table} TO marktwerk_jtl"));
    }
    assert!(matches!(jtl.hand_over(&documents).await.unwrap()[..], [HandedOver::Inserted(_)]));
    assert!(jtl.check().await.unwrap().is_empty());
}

/// Our own database on the same server, with the table for receipts.
struct Receipts {
    database: TestDatabase,
    pool: Pool,
}

impl Receipts {
    async fn open() -> Option<Self> {
        let database = database("marktwerk_erp_receipts").await?;
        let receipts = Self { pool: Pool::new(database.address.clone()), database };
        receipts
            .tell(
                "IF OBJECT_ID('dbo.receipts', 'U') IS NOT NULL DROP TABLE dbo.receipts; CREATE TABLE dbo.receipts \
                 (number nvarchar(200) COLLATE Latin1_General_BIN2 NOT NULL PRIMARY KEY, intended_at bigint NOT NULL)",
            )
            .await;
        Some(receipts)
    }

    async fn tell(&self, sql: &str) {
        let told: Result<(), SqlError> =
            reading!(self.pool, "receipts", |connection| connection.batch("receipts", sql));
        told.unwrap();
    }

    async fn jtl(&self, world: &World) -> Jtl {
        let table = ReceiptTable { address: self.database.address.clone(), name: "dbo.receipts" };
        Jtl::open_beside(chosen(world), Some(table)).await.unwrap()
    }
}

#[tokio::test]
async fn a_receipt_is_there_if_and_only_if_the_row_was_committed() {
    let Some(world) = World::on_sql_server().await else { return };
    let Some(ours) = Receipts::open().await else { return };
    let login = "marktwerk_erp_test";
    // Without a user there the login cannot keep any: the hand-over goes the other way, and people are told.
    ours.tell(&format!("IF DATABASE_PRINCIPAL_ID('{login}') IS NOT NULL DROP USER {login}")).await;
    let jtl = ours.jtl(&world).await;
    assert_eq!(jtl.receipts(&[]).await.unwrap(), None);
    let advice = jtl.advice().await.unwrap();
    assert!(advice.iter().any(|sentence| sentence.contains("cannot keep receipts")), "{advice:?}");
    ours.tell(&format!("CREATE USER {login} FOR LOGIN {login}")).await;
    ours.tell(&format!("GRANT SELECT, INSERT, DELETE ON dbo.receipts TO {login}")).await;

    let jtl = ours.jtl(&world).await;
    assert_eq!(jtl.advice().await.unwrap(), Vec::<String>::new());
    let asked = numbers(&["PO-1", "PO-2"]);
    assert_eq!(jtl.receipts(&asked).await.unwrap(), Some([].into()));
    let [first, second]: [Timestamp; 2] =
        ["2026-12-01T08:30:00.000001Z", "2026-12-01T09:30:00Z"].map(|time| time.parse().unwrap());
    let with = |number: &str, receipt| HandOver { receipt: Some(receipt), ..document(&jtl, number) };
    jtl.hand_over(&[with("PO-1", first)]).await.unwrap();
    // What is there already was not inserted by this hand-over.
    jtl.hand_over(&[with("PO-1", second), with("PO-2", second)]).await.unwrap();
    let kept = jtl.receipts(&asked).await.unwrap().unwrap();
    assert_eq!((kept[&asked[0]], kept[&asked[1]], kept.len()), (first, second, 2));
    // JTL's row is refused, after another of the same batch was inserted: there is no receipt of either.
    world.run("DELETE FROM dbo.tXMLBestellImport");
    world.run("ALTER TABLE dbo.tXMLBestellImport ADD CONSTRAINT none_of_it CHECK (cText NOT LIKE '%PO-4%')");
    let error = jtl.hand_over(&[with("PO-3", second), with("PO-4", second)]).await.unwrap_err();
    assert!(matches!(error, ErpError::Schema { .. }), "{error}");
    assert_eq!(jtl.receipts(&numbers(&["PO-3", "PO-4"])).await.unwrap(), Some([].into()));
    world.run("ALTER TABLE dbo.tXMLBestellImport DROP CONSTRAINT none_of_it");
    // The receipt cannot be kept: nor is the row there.
    ours.tell(&format!("REVOKE INSERT ON dbo.receipts FROM {login}")).await;
    let error = jtl.hand_over(&[with("PO-3", second)]).await.unwrap_err();
    assert!(matches!(error, ErpError::Permission { .. }), "{error}");
    assert_eq!(world.count("SELECT COUNT(*) FROM dbo.tXMLBestellImport"), 0);
    // Found out anew after such an error.
    assert_eq!(jtl.receipts(&[]).await.unwrap(), None);
    let error = jtl.hand_over(&[with("PO-5", second)]).await;
    assert!(error.is_err(), "a receipt that was promised and cannot be kept");
}

#[tokio::test]
async fn only_what_has_row_versions_can_tell_of_news() {
    let Some(world) = World::on_sql_server().await else { return };
    world.run("ALTER TABLE Verkauf.tAuftragPosition DROP COLUMN bRowversion");
    let jtl = world.open().await;
    let asked = numbers(&["PO-1"]);
    assert_ne!(jtl.orders_marker(&asked).await.unwrap(), jtl.orders_marker(&asked).await.unwrap());
    assert_eq!(jtl.stock_marker(&[1]).await.unwrap(), jtl.stock_marker(&[1]).await.unwrap());
}

#[tokio::test]
async fn a_missing_column_is_named_with_what_needs_it() {
    let Some(world) = World::on_sql_server().await else { return };
    world.run("ALTER TABLE dbo.tVersand DROP COLUMN cLogistiker");
    world.run("ALTER TABLE dbo.tlagerbestand DROP COLUMN bRowversion");
    let findings = world.open().await.check().await.unwrap();
    assert!(
        findings.iter().any(|finding| finding.starts_with("dbo.tVersand has no column cLogistiker")
            && finding.contains("tracking")),
        "{findings:?}"
    );
    assert!(
        findings.iter().any(|finding| finding.contains("no row versions (bRowversion) in dbo.tlagerbestand")),
        "{findings:?}"
    );
    assert_eq!(findings.len(), 2, "{findings:?}");
}

#[tokio::test]
async fn an_administrators_login_is_warned_of_and_a_wrong_one_is_told() {
    let Some(world) = World::on_sql_server().await else { return };
    let open = async |url: String| Jtl::open(JtlSettings { url, ..chosen(&world) }).await.unwrap();
    let administrator = open(server(&world).url_of_an_administrator()).await;
    assert_eq!(administrator.check().await.unwrap(), Vec::<String>::new());
    let advice = administrator.advice().await.unwrap();
    assert!(matches!(&advice[..], [one] if one.contains("sysadmin")), "{advice:?}");
    let ordinary = Jtl::open(chosen(&world)).await.unwrap();
    let advice = ordinary.advice().await.unwrap();
    assert!(!advice.iter().any(|sentence| sentence.contains("sysadmin")), "{advice:?}");
    let wrong = open(server(&world).eazybusiness.url_as("marktwerk_erp_test", "not-the-password")).await;
    let error = wrong.identity().await.unwrap_err();
    assert!(matches!(error, ErpError::Login { .. }), "{error}");
    assert_eq!(error.failure().class, FailureClass::Unauthorised);
    assert!(!error.to_string().contains("not-the-password"));
    let foreign = open(world.settings().url.replace("marktwerk_erp_", "marktwerk_no_such_")).await;
    assert!(foreign.identity().await.is_err());
}

/// Prints what it took: `cargo test -p marktwerk-erp --test jtl -- --ignored --nocapture a_hundred_thousand`.
#[tokio::test]
#[ignore = "a measurement, not a test"]
#[expect(clippy::print_stdout, reason = "a measurement")]
async fn a_hundred_thousand_articles_and_a_thousand_orders() {
    let Some(world) = World::on_sql_server().await else { return };
    let fill = |sql: &str| server(&world).tell(sql);
    let digits = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 \
        UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)";
    let keys = format!(
        "(SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d + 10000 * f.d + 1 AS k FROM {digits} a, {digits} b, {digits} c, {digits} e, {digits} f) x"
    );
    fill(&format!(
        "INSERT INTO dbo.tArtikel SELECT x.k, N'SKU-' + CAST(x.k AS nvarchar(20)), 1, 0, 'Y', 0, 0 FROM {keys}"
    ));
    fill(&format!(
        "INSERT INTO dbo.tlagerbestand (kArtikel, fVerfuegbar, fInAuftraegen, nLagerAktiv) SELECT x.k, x.k % 50, 0, 1 FROM {keys}"
    ));
    for warehouse in [1, 2] {
        fill(&format!(
            "INSERT INTO dbo.tlagerbestandProLagerLagerartikel (kArtikel, kWarenlager, fBestand, fVerfuegbarGesperrt) \
             SELECT x.k, {warehouse}, x.k % 50, 0 FROM {keys}"
        ));
    }
    let articles: Vec<i64> = (1..=100_000).collect();
    let skus: Vec<String> = articles.iter().map(|key| format!("SKU-{key}")).collect();
    for warehouses in [vec![], vec![1, 2]] {
        let jtl =
            Jtl::open(JtlSettings { warehouses: warehouses.clone(), ..world.settings() }).await.unwrap();
        jtl.stock(&[1]).await.unwrap();
        let (begin, before) = (std::time::Instant::now(), jtl.statements());
        let levels = jtl.stock(&articles).await.unwrap();
        println!(
            "stock of 100,000 in {warehouses:?}: {:?}, {:?} statements",
            begin.elapsed(),
            jtl.statements() - before
        );
        assert_eq!(levels[48].available, 49);
        let (begin, before) = (std::time::Instant::now(), jtl.statements());
        jtl.stock_marker(&articles).await.unwrap();
        println!("its marker: {:?}, {:?} statements", begin.elapsed(), jtl.statements() - before);
    }
    let jtl = world.open_as_owner().await;
    jtl.stock(&[1]).await.unwrap();
    let (begin, before) = (std::time::Instant::now(), jtl.statements());
    assert_eq!(jtl.map_articles(&skus).await.unwrap().len(), 100_000);
    println!("map 100,000: {:?}, {} statements", begin.elapsed(), jtl.statements() - before);
    let documents: Vec<HandOver> = (0..1_000).map(|number| document(&jtl, &format!("PO-{number}"))).collect();
    let (begin, before) = (std::time::Instant::now(), jtl.statements());
    for batch in documents.chunks(50) {
        jtl.identity().await.unwrap();
        jtl.hand_over(batch).await.unwrap();
    }
    println!(
        "hand over 1,000 in batches of 50: {:?}, {} statements",
        begin.elapsed(),
        jtl.statements() - before
    );
    take_all(&server(&world).eazybusiness.pool).await.unwrap();
    ship(&server(&world).eazybusiness.pool, datetime(2026, 12, 1, 9, 30, 0, 0)).await.unwrap();
    let asked: Vec<String> = documents.iter().map(|document| document.number.clone()).collect();
    let (begin, before) = (std::time::Instant::now(), jtl.statements());
    assert_eq!(jtl.orders(&asked).await.unwrap().len(), 1_000);
    println!("read 1,000 with parcels: {:?}, {} statements", begin.elapsed(), jtl.statements() - before);
}
