//! docs/TAKEOVER.md from its first step to the way back, with everything on one SQL Server: the old program's tables and our store in
//! one database, JTL in another.

use std::collections::BTreeSet;

use marktwerk::clock::SystemClock;
use marktwerk::compose::Program;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::RunState;
use marktwerk_takeover::testing::OldRow;
use serde_json::Value;

use crate::old_shop::{OldShop, days_ago};
use crate::shop::{end_of, start};

const DOCUMENT: &str = include_str!("../../../../docs/TAKEOVER.md");
const ACCOUNT: &str = "temu";
/// Bought too long ago for the marketplace to be asked about it.
const ANCIENT: &str = "PO-076-00000000000000001";
/// An execution of the old program.
const OLD_EXECUTION: &str = "temu_orders_1769900000";

/// The orders of the shop, by what the old program did to them.
struct History {
    /// In JTL, each with the mark that is right or one that is wrong.
    in_jtl: Vec<String>,
    /// Of these, the one without a mark of the export.
    unmarked: String,
    /// Of these, the marketplace has the shipment by the old program's word.
    told: Vec<String>,
    /// In JTL, and cancelled at the marketplace.
    cancelled: String,
    /// In JTL twice.
    doubled: String,
    /// A row waits in JTL.
    waiting: Vec<String>,
    /// Not in JTL, whatever the marks say.
    missing: Vec<String>,
    /// Cancelled before anybody exported it.
    gone: String,
}

impl History {
    /// What JTL has to have once in the end.
    fn to_be_in_jtl(&self) -> impl Iterator<Item = &String> {
        self.in_jtl.iter().chain(&self.waiting).chain(&self.missing)
    }
}

/// What the old program did, and what it believes to have done (today.md, faults 5, 7, 8, 9, 12, 13 and 14).
async fn history(shop: &OldShop) -> History {
    let placed: Vec<String> = (0..17).map(|_| shop.place()).collect();
    let [
        right,
        unmarked,
        told,
        told_unmarked,
        without_lines,
        without_number,
        shipped,
        falsely_marked,
        late,
        blank,
        cancelled,
        doubled,
        waiting,
        waiting_marked,
        lost,
        fresh,
        gone,
    ] = <[String; 17]>::try_from(placed).unwrap();
    shop.hand_over(&[&told, &told_unmarked, &shipped, &without_lines, &without_number]).await;
    assert_eq!(shop.work().await.len(), 5);
    shop.ship().await;
    for number in [&told, &told_unmarked, &shipped] {
        shop.tell(number).await;
    }
    let in_house = [&right, &unmarked, &falsely_marked, &late, &blank, &cancelled, &doubled, &doubled];
    shop.hand_over(&in_house.map(String::as_str)).await;
    assert_eq!(shop.work().await.len(), 8);
    shop.hand_over(&[&waiting, &waiting_marked]).await;
    shop.world.cancel(&cancelled).unwrap();
    shop.world.cancel(&gone).unwrap();

    shop.insert(&OldRow::new(&right).exported()).await;
    shop.insert(&OldRow::new(&unmarked)).await;
    let tracking = shop.tracking(&told).await;
    shop.insert(&OldRow::new(&told).exported().reported(&tracking)).await;
    let tracking = shop.tracking(&told_unmarked).await;
    let row = OldRow::new(&told_unmarked).exported().reported(&tracking);
    shop.insert(&OldRow { is_reported: false, ..row }).await;
    let (long_ago, lately) = (days_ago(60), days_ago(2));
    let row = OldRow::new(&without_lines).exported().reported("JD0001");
    shop.old.insert(&OldRow { bought_at: &lately, ..row }, None).await;
    shop.insert(&OldRow::new(&without_number).exported().reported("")).await;
    shop.insert(&OldRow { told: "shipped", ..OldRow::new(&shipped).exported() }).await;
    shop.insert(&OldRow::new(&falsely_marked).exported().reported("JD0002")).await;
    let row = OldRow::new(&late).exported();
    shop.old.insert(&OldRow { bought_at: &long_ago, ..row }, None).await;
    // The same order twice, once with blanks.
    let stored = format!("  {blank}");
    shop.insert(&OldRow::new(&stored)).await;
    shop.old.insert(&OldRow::new(&blank).exported(), None).await;
    shop.insert(&OldRow { told: "cancelled", ..OldRow::new(&cancelled).exported() }).await;
    shop.insert(&OldRow::new(&doubled).exported()).await;
    shop.insert(&OldRow::new(&waiting)).await;
    shop.insert(&OldRow::new(&waiting_marked).exported()).await;
    shop.insert(&OldRow::new(&lost).exported()).await;
    shop.insert(&OldRow::new(&fresh)).await;
    shop.insert(&OldRow { told: "cancelled", ..OldRow::new(&gone) }).await;
    shop.old.insert(&OldRow { bought_at: &long_ago, ..OldRow::new(ANCIENT) }, None).await;
    for (number, is_processed) in [(&right, true), (&lost, true), (&waiting, false), (&fresh, false)] {
        shop.old.export(number, is_processed).await;
    }
    let told = vec![told, told_unmarked, shipped];
    let others = [right, unmarked.clone(), without_lines, without_number, falsely_marked, late, blank];
    History {
        in_jtl: told.iter().cloned().chain(others).collect(),
        unmarked,
        told,
        cancelled,
        doubled,
        waiting: vec![waiting, waiting_marked],
        missing: vec![lost, fresh],
        gone,
    }
}

/// Stock that the old program assumed, and its log.
async fn stock_and_log(shop: &OldShop) {
    let old = &shop.old;
    old.batch(
        "INSERT INTO dbo.temu_products (sku, goods_id, sku_id, goods_name, jtl_article_id, is_active) \
         VALUES (N'MW-0003', 1, 2, N'Ware', 3, 1), (N'MW-0004', 1, NULL, N'Ware', NULL, 0)",
    )
    .await;
    old.batch(
        "INSERT INTO dbo.temu_inventory (product_id, jtl_article_id, jtl_stock, temu_stock, needs_sync) \
         SELECT id, jtl_article_id, 5, 7, 1 FROM dbo.temu_products",
    )
    .await;
    old.log(OLD_EXECUTION, "order_workflow", "Job gestartet", 120).await;
    old.log(OLD_EXECUTION, "order_service", "✓ 3 Orders für Käufer verarbeitet", 119).await;
    old.log("temu_inventory_1769900300", "inventory_workflow", "Bestand", 60).await;
    old.log("sync_orders_1769900600", "temu_api", "Abruf", 30).await;
    old.batch(&format!(
        "INSERT INTO scheduler_logs (job_id, job_type, level, message, duration_seconds, status, error_text) VALUES \
         ('{OLD_EXECUTION}', 'order_workflow', 'INFO', N'Job beendet', 14.25, 'SUCCESS', NULL), \
         ('sync_orders_1769900600', 'order_workflow', 'ERROR', N'✗ Fehler', 1.5, 'FAILED', N'HTTP 500')"
    ))
    .await;
}

async fn order_run(program: &Program) {
    let id = start(program, "order_workflow", Value::Null).await;
    let run = end_of(program, id).await;
    assert_eq!(run.state, RunState::Succeeded, "{:?} {:?}", run.error, run.steps);
}

async fn state(program: &Program, number: &str) -> OrderState {
    program.store().order(ACCOUNT, number).await.unwrap().unwrap_or_else(|| panic!("no order {number}")).state
}

async fn attention(program: &Program, number: &str) -> Vec<AttentionKind> {
    let items = program.store().attentions().await.unwrap();
    items.into_iter().filter(|item| item.subject == number).map(|item| item.kind).collect()
}

/// The statements of the page's last part, for these databases: those of step 2 and those of step 3.
fn way_back(old: &str, jtl: &str) -> [Vec<String>; 2] {
    let (_, part) = DOCUMENT.split_once("## The way back").unwrap();
    let steps: Vec<Vec<String>> = part
        .split("```sql\n")
        .skip(1)
        .map(|rest| rest.split_once("```").unwrap().0)
        .map(|block| block.replace("toci.", &format!("{old}.")).replace("eazybusiness.", &format!("{jtl}.")))
        .map(|block| block.split(";\n").map(str::trim).map(str::to_owned).collect::<Vec<_>>())
        .map(|statements| statements.into_iter().filter(|statement| !statement.is_empty()).collect())
        .collect();
    steps.try_into().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_switches_over_and_back() {
    let Some(shop) = OldShop::open().await else { return };
    let old = &shop.old;
    let past = history(&shop).await;
    stock_and_log(&shop).await;
    let (content, columns) = (old.content().await, old.columns("scheduler_logs").await);
    let last_line = old.ask("SELECT MAX(log_id) FROM scheduler_logs").await[0].integer(0).unwrap();
    let log = old.log_content(last_line).await;

    // A dry run tells and writes nothing, not even a column.
    let said = shop.say(&["takeover", "--dry-run"]);
    assert!(said.is_well && said.text.contains("18 orders would be taken over"), "{}", said.text);
    assert_eq!(old.columns("scheduler_logs").await, columns);
    assert_eq!(
        old.texts("SELECT TABLE_NAME FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = 'marktwerk'")
            .await
            .len(),
        0
    );
    let said = shop.say(&["takeover"]);
    for part in [
        "18 orders taken over",
        "3  over: the marketplace has the shipment",
        "8  in JTL: will be tracked",
        "2  waits in JTL",
        "1  in JTL, and cancelled",
        "1  marked as exported, but not in JTL",
        "1  not in JTL: will be fetched anew",
        "1  over: cancelled",
        "1  not in JTL and bought long ago",
        "scheduler_logs stays with its lines",
        "has the number once more",
    ] {
        assert!(said.is_well && said.text.contains(part), "{part}\n{}", said.text);
    }
    let said = shop.say(&["takeover"]);
    assert!(said.is_well && said.text.contains("nothing to take over"), "{}", said.text);

    // Marktwerk works. The old program is not asked, and what it never saw comes too.
    let program = Program::start(shop.settings(), SystemClock::shared()).await.unwrap();
    let unseen = shop.place();
    order_run(&program).await;
    shop.work().await;
    order_run(&program).await;
    shop.ship().await;
    order_run(&program).await;
    order_run(&program).await;
    for number in past.to_be_in_jtl().chain([&unseen]) {
        assert_eq!(state(&program, number).await, OrderState::Reported, "{number}");
        assert_eq!(shop.told(number), (1, 0), "{number} is told once");
        assert_eq!(attention(&program, number).await, [], "{number}");
    }
    let mut expected: Vec<(String, u32)> =
        past.to_be_in_jtl().chain([&unseen, &past.cancelled]).map(|number| (number.clone(), 1)).collect();
    expected.push((past.doubled.clone(), 2));
    expected.sort();
    assert_eq!(shop.orders_in_jtl().await.into_iter().collect::<Vec<_>>(), expected, "none twice, none lost");
    assert_eq!(shop.waiting_rows().await, 0);
    assert_eq!(attention(&program, &past.doubled).await, [AttentionKind::Duplicate]);
    assert_eq!(attention(&program, &past.cancelled).await, [AttentionKind::CancelledAfterHandOver]);
    assert_eq!(attention(&program, ANCIENT).await, [AttentionKind::SetAside]);
    for number in [&past.doubled, &past.cancelled, &past.gone] {
        assert_eq!(shop.told(number), (0, 0), "{number}");
    }

    // The old tables are as they were; the log has new columns that may be empty.
    assert_eq!(old.content().await, content);
    assert_eq!(old.log_content(last_line).await, log);
    let widened = old.columns("scheduler_logs").await;
    let (kept, added) = widened.split_at(columns.len());
    assert_eq!(kept, columns);
    assert!(added.len() == 6 && added.iter().all(|column| column.ends_with(" YES")), "{added:?}");

    // History is readable, and the old program can write on.
    let server = format!("http://{}", program.address());
    let logs = |job: &str| shop.say(&["logs", "--job", job, "--server", &server]).text;
    let told = logs(OLD_EXECUTION);
    assert!(told.lines().count() == 3 && told.contains("✓ 3 Orders für Käufer verarbeitet"), "{told}");
    let told = logs("temu_orders");
    assert!(
        told.contains("Abruf") && told.contains("✗ Fehler (HTTP 500)") && told.contains("order_workflow_"),
        "{told}"
    );
    assert!(!told.contains("Bestand"), "{told}");
    let meanwhile = shop.place();
    shop.insert(&OldRow::new(&meanwhile)).await;
    old.export(&meanwhile, false).await;
    old.batch("INSERT INTO dbo.temu_products (sku, goods_id) VALUES (N'MW-0005', 9)").await;
    old.batch("INSERT INTO dbo.temu_inventory (product_id, temu_stock) SELECT id, 1 FROM dbo.temu_products WHERE goods_id = 9")
        .await;
    old.log("temu_orders_1769999999", "xml_export", "Danach", 0).await;
    assert!(logs("temu_orders_1769999999").contains("xml_export temu_orders_1769999999 -: Danach"));
    order_run(&program).await;
    // The last ones that nobody ships before the way back.
    let open = shop.place();
    order_run(&program).await;
    assert_eq!(shop.work().await, [meanwhile.clone(), open.clone()]);
    order_run(&program).await;
    program.shutdown().await;

    go_back(&shop, &past, &unseen, &open, &meanwhile).await;
    go_forward_again(&shop, &open, &meanwhile).await;
}

/// The old program exports every row that is not marked as exported, imports every order that it has no row of, and reports every
/// shipment that is not marked as reported.
async fn go_back(shop: &OldShop, past: &History, unseen: &str, open: &str, meanwhile: &str) {
    let old = &shop.old;
    let [known_to_jtl, reported] = way_back(&old.address().database, &shop.jtl_database());
    assert_eq!((known_to_jtl.len(), reported.len()), (2, 3));
    let to_export =
        "SELECT LTRIM(RTRIM(bestell_id)) FROM dbo.temu_orders WHERE ISNULL(xml_erstellt, 0) = 0 ORDER BY 1";
    let would_export = old.texts(to_export).await;
    assert!(would_export.contains(&past.unmarked), "the old program would export it again: {would_export:?}");
    // Marktwerk was stopped between the intent to report an order and its end.
    let unsure = format!("UPDATE marktwerk.orders SET report = N'{{}}' WHERE number = '{meanwhile}'");
    old.batch(&unsure).await;
    for statement in known_to_jtl.iter().chain(&reported[..2]) {
        old.batch(statement).await;
    }
    old.batch(&unsure.replace("N'{}'", "NULL")).await;
    assert_eq!(old.texts(to_export).await, [ANCIENT], "it would export nothing that JTL has or that is over");
    let rows: BTreeSet<String> =
        old.texts("SELECT LTRIM(RTRIM(bestell_id)) FROM dbo.temu_orders").await.into_iter().collect();
    for number in shop.orders_in_jtl().await.keys() {
        assert!(rows.contains(number), "it would import {number} anew");
    }
    let to_report = "SELECT LTRIM(RTRIM(bestell_id)) FROM dbo.temu_orders WHERE ISNULL(temu_gemeldet, 0) = 0";
    let would_report: BTreeSet<String> = old.texts(to_report).await.into_iter().collect();
    let open_still = [ANCIENT, &past.cancelled, &past.doubled].map(str::to_owned);
    assert_eq!(would_report, BTreeSet::from(open_still), "it would report nothing that the marketplace has");
    assert!(past.told.iter().chain([&unseen.to_owned()]).all(|number| rows.contains(number)));
    let by_hand: BTreeSet<String> = old.texts(&reported[2]).await.into_iter().collect();
    assert_eq!(by_hand, BTreeSet::from([open, meanwhile].map(str::to_owned)), "nobody else reports these");
}

/// The old program worked for a while: it took one order all the way to JTL, and a person told the marketplace of another one's parcel.
async fn go_forward_again(shop: &OldShop, open: &str, meanwhile: &str) {
    let between = shop.place();
    shop.insert(&OldRow::new(&between).exported()).await;
    shop.hand_over(&[&between]).await;
    assert_eq!(shop.work().await, std::slice::from_ref(&between));
    shop.ship().await;
    shop.tell(open).await;
    // What the way back wrote is known.
    let said = shop.say(&["takeover"]);
    assert!(said.is_well && said.text.contains("1 orders taken over"), "{}", said.text);
    let program = Program::start(shop.settings(), SystemClock::shared()).await.unwrap();
    order_run(&program).await;
    order_run(&program).await;
    let in_jtl = shop.orders_in_jtl().await;
    for number in [&between, open, meanwhile] {
        // What a person told is read and not told again.
        assert_eq!((in_jtl[number], shop.told(number)), (1, (1, 0)), "{number}");
        assert_eq!(state(&program, number).await, OrderState::Reported, "{number}");
        assert_eq!(attention(&program, number).await, [], "{number}");
    }
    assert_eq!(shop.waiting_rows().await, 0);
    program.shutdown().await;
}
