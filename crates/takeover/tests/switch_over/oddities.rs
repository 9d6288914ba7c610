//! Rows as no program should have written them: each is a line of the report, and none stops the others.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_store::orders::FetchedOrder;
use marktwerk_takeover::testing::{OldRow, OldTables};
use marktwerk_takeover::{Decision, Options, TakeOverError, take_over};

use crate::shop::Shop;

#[tokio::test(start_paused = true)]
async fn odd_rows_are_told_and_judged() {
    tokio::time::resume();
    let Some(old) = OldTables::open_loose("marktwerk_old").await else { return };
    tokio::time::pause();
    let shop = Shop::open().await;
    let (dateless, strange) = (shop.place(), shop.place());
    tokio::time::resume();
    let blank = format!("  {strange} ");
    old.insert(&OldRow { bought_at: "1753-01-01 00:00:00", ..OldRow::new(&dateless) }, None).await;
    old.insert(&OldRow { told: "wat", ..OldRow::new(&blank) }, None).await;
    old.insert(&OldRow::new(&strange), None).await;
    let long_ago = "2026-03-01 10:00:00";
    old.insert(&OldRow { bought_at: long_ago, ..OldRow::new("PO-LOST").exported() }, None).await;
    old.insert(&OldRow { bought_at: long_ago, ..OldRow::new("PO-OLD") }, None).await;
    old.insert(&OldRow { told: "cancelled", ..OldRow::new("PO-CANCELLED").exported() }, None).await;
    old.insert(&OldRow { told: "delivered", ..OldRow::new("PO-BY-HAND") }, None).await;
    // The words of the old program's first version.
    for (number, told) in
        [("PO-VERSANDT", "Versandt"), ("PO-ZUGESTELLT", "Zugestellt"), ("PO-STORNIERT", "Storniert")]
    {
        let row = OldRow { told, bought_at: long_ago, ..OldRow::new(number).exported() };
        old.insert(&OldRow { is_reported: told != "Storniert", ..row }, None).await;
    }
    old.insert(&OldRow::new("PO-NOT-OURS"), None).await;
    old.line("PO-NOT-OURS", "L-1", "MW-0003", "1.5").await;
    old.batch("INSERT INTO dbo.temu_orders (bestell_id) VALUES (N'  ')").await;
    old.batch("INSERT INTO dbo.temu_orders (status, updated_at) VALUES (NULL, SYSDATETIME())").await;
    old.batch("INSERT INTO dbo.temu_xml_export (bestell_id, status) VALUES (N'PO-XML-ONLY', N'pending')")
        .await;
    old.batch("INSERT INTO dbo.temu_xml_export (bestell_id) VALUES (NULL)").await;
    tokio::time::pause();

    let program = shop.start().await;
    let report = shop.take_over(&old, &program, false).await;
    let lines = report.lines().join("\n");
    let became = |decision: Decision| report.orders.get(&decision).cloned().unwrap_or_default();
    assert_eq!(became(Decision::FetchAnew), [dateless.as_str(), strange.as_str(), "PO-NOT-OURS"], "{lines}");
    assert_eq!(became(Decision::LostTooOld), ["PO-LOST"]);
    assert_eq!(became(Decision::TooOld), ["PO-OLD"]);
    assert_eq!(became(Decision::Cancelled), ["PO-CANCELLED", "PO-STORNIERT"]);
    assert_eq!(became(Decision::ShippedElsewhere), ["PO-BY-HAND"]);
    assert_eq!(became(Decision::Reported), ["PO-VERSANDT", "PO-ZUGESTELLT"]);
    for part in [
        "no date of purchase",
        "`wat`, which is not a known one",
        "blanks around it",
        "has the number once more",
        "has no order number",
        "has no lines",
        "PO-NOT-OURS: has lines without a number, an article or a whole quantity",
        "PO-XML-ONLY",
        "see that the old program is stopped",
    ] {
        assert!(lines.contains(part), "{part}\n{lines}");
    }
    assert_eq!(program.attention("PO-LOST").await, [AttentionKind::SetAside]);
    assert_eq!(program.attention("PO-OLD").await, [AttentionKind::SetAside]);

    program.sync_orders().await;
    shop.wait(60).await;
    program.sync_orders().await;
    for number in [&dateless, &strange] {
        assert_eq!(shop.world.orders_in_jtl(number).unwrap(), 1, "{number}\n{}", program.log().await);
    }
    // The marketplace does not list it: nobody waits for it, and a person knows.
    assert_eq!(program.state("PO-NOT-OURS").await, OrderState::SetAside);
    assert_eq!(program.attention("PO-NOT-OURS").await, [AttentionKind::SetAside]);
    assert_eq!(program.state("PO-OLD").await, OrderState::SetAside);
}

/// The process went between keeping an order and moving it on.
#[tokio::test(start_paused = true)]
async fn an_interrupted_take_over_is_finished_by_the_next_one() {
    tokio::time::resume();
    let Some(old) = OldTables::open("marktwerk_old").await else { return };
    tokio::time::pause();
    let shop = Shop::open().await;
    let number = shop.place();
    let before = shop.start().await;
    before.sync_orders().await;
    shop.wait(60).await;
    tokio::time::resume();
    old.insert(&OldRow::new(&number), Some(&before.order(&number).await)).await;
    tokio::time::pause();
    let program = shop.start().await;
    let kept = FetchedOrder {
        number: number.clone(),
        changed_at: "2026-11-01T09:00:00Z".parse().unwrap(),
        ordered_at: "2026-11-02T09:00:00Z".parse().unwrap(),
        status: MarketplaceStatus::Ready,
        raw: serde_json::json!({ "taken_over": {} }),
        is_complete: false,
        contents: Vec::new(),
        cancelled: Vec::new(),
        was_over: false,
        fingerprint: String::new(),
    };
    program.store.save_fetched("sandbox", &[kept], shop.clock.now()).await.unwrap();
    let report = shop.take_over(&old, &program, true).await;
    assert_eq!((report.taken(), report.known, program.state(&number).await), (0, 1, OrderState::Fetched));
    let report = shop.take_over(&old, &program, false).await;
    assert_eq!((report.taken(), program.state(&number).await), (1, OrderState::InJtl));
    let report = shop.take_over(&old, &program, false).await;
    assert_eq!((report.taken(), report.known), (0, 1));
}

/// An old table that lacks columns, and columns of other types: what can be read counts.
#[tokio::test(start_paused = true)]
async fn an_older_schema_is_read_as_far_as_it_goes() {
    tokio::time::resume();
    let Some(old) = OldTables::open("marktwerk_old").await else { return };
    old.batch("DROP TABLE dbo.temu_xml_export; DROP TABLE dbo.temu_order_items; DROP TABLE dbo.temu_orders")
        .await;
    old.batch(
        "CREATE TABLE dbo.temu_orders (id bigint PRIMARY KEY, bestell_id varchar(50), kaufdatum nvarchar(30), \
         xml_erstellt nvarchar(5), bestellstatus int)",
    )
    .await;
    old.batch("INSERT INTO dbo.temu_orders VALUES (-7, 'PO-A', N'2026-10-30T08:00:00', N'1', 2)").await;
    old.batch("INSERT INTO dbo.temu_orders VALUES (9000000000, 'PO-B', N'gestern', N'ja', NULL)").await;
    tokio::time::pause();
    let shop = Shop::open().await;
    let program = shop.start().await;
    let report = shop.take_over(&old, &program, false).await;
    let lines = report.lines().join("\n");
    assert_eq!(report.orders[&Decision::Lost], ["PO-A"], "{lines}");
    assert_eq!(report.orders[&Decision::FetchAnew], ["PO-B"], "{lines}");
    assert!(
        lines.contains("PO-B: has no date of purchase") && lines.contains("`2`, which is not a known one"),
        "{lines}"
    );
}

/// Another database is refused with what to do, and no row of it is touched.
#[tokio::test(start_paused = true)]
async fn another_database_is_no_old_one() {
    tokio::time::resume();
    let Some(old) = OldTables::open("marktwerk_old").await else { return };
    let shop = Shop::open().await;
    let program = shop.start().await;
    let options = Options {
        account: "sandbox".to_owned(),
        window: jiff::SignedDuration::from_hours(24),
        zone: jiff::tz::TimeZone::UTC,
        is_dry_run: false,
    };
    let address = old.address().with_database("master");
    let error =
        take_over(address, &options, &*shop.erp, &*program.store, shop.clock.now()).await.unwrap_err();
    assert!(matches!(error, TakeOverError::NotTheOld { .. }), "{error}");
    assert!(error.to_string().contains("--from"), "{error}");
}
