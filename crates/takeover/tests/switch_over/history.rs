//! A shop's whole history: orders in every state, right and wrong marks, taken over twice, and worked on to the end.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::RunState;
use marktwerk_sandbox::{Fault, FaultKind, Faults};
use marktwerk_takeover::Decision;
use marktwerk_takeover::testing::{OldRow, OldTables};

use crate::shop::Shop;

/// The call that lists orders.
const LIST: &str = "bg.order.list.v2.get";

/// today.md, faults 5, 7, 8, 9, 12, 13 and 14: nothing is exported twice, nothing is reported twice, nothing is lost.
#[tokio::test(start_paused = true)]
async fn a_shop_switches_over() {
    tokio::time::resume();
    let Some(old) = OldTables::open("marktwerk_old").await else { return };
    tokio::time::pause();
    let shop = Shop::open().await;

    // What the old program did: another store that is forgotten afterwards.
    let before = shop.start().await;
    let done: Vec<String> = (0..12).map(|_| shop.place()).collect();
    let [
        right,
        unmarked,
        told,
        told_unmarked,
        without_lines,
        without_number,
        cancelled,
        gone,
        open,
        shipped,
        falsely_marked,
        late,
    ] = <[String; 12]>::try_from(done).unwrap();
    before.sync_orders().await;
    shop.wait(60).await;
    let mut tracking = Vec::new();
    for number in [&told, &told_unmarked, &gone] {
        tracking.push(shop.world.ship_now(number, &[]).unwrap().remove(0));
    }
    shop.wait(60).await;
    before.sync_orders().await;
    assert_eq!(shop.told(&told), (1, 0), "{}", before.log().await);
    for number in [&without_lines, &without_number, &shipped, &late] {
        shop.world.ship_now(number, &[]).unwrap();
    }
    shop.wait(60).await;
    shop.world.cancel(&cancelled).unwrap();
    // What it did not do, or did and lost.
    shop.world.pause_worker();
    let waiting = shop.place();
    before.sync_orders().await;
    let (lost, fresh) = (shop.place(), shop.place());

    tokio::time::resume();
    let order = async |number: &str| before.order(number).await;
    old.insert(&OldRow::new(&right).exported(), Some(&order(&right).await)).await;
    old.insert(&OldRow::new(&unmarked), Some(&order(&unmarked).await)).await;
    let row = OldRow::new(&told).exported().reported(&tracking[0]);
    old.insert(&row, Some(&order(&told).await)).await;
    let row = OldRow { is_reported: false, ..OldRow::new(&told_unmarked).exported().reported(&tracking[1]) };
    old.insert(&row, Some(&order(&told_unmarked).await)).await;
    old.insert(&OldRow::new(&without_lines).exported().reported("JD0001"), None).await;
    let row = OldRow::new(&without_number).exported().reported("");
    old.insert(&row, Some(&order(&without_number).await)).await;
    let row = OldRow { told: "cancelled", ..OldRow::new(&cancelled).exported() };
    old.insert(&row, Some(&order(&cancelled).await)).await;
    let row = OldRow { told: "shipped", ..OldRow::new(&gone).exported() };
    old.insert(&row, Some(&order(&gone).await)).await;
    old.insert(&OldRow::new(&open).exported(), Some(&order(&open).await)).await;
    old.insert(&OldRow::new(&shipped).exported(), Some(&order(&shipped).await)).await;
    let row = OldRow::new(&falsely_marked).exported().reported("JD0002");
    old.insert(&row, Some(&order(&falsely_marked).await)).await;
    // Bought before the time that the marketplace is asked about: only JTL knows more.
    let row = OldRow { bought_at: "2026-08-01 10:00:00", ..OldRow::new(&late).exported() };
    old.insert(&row, Some(&order(&late).await)).await;
    old.insert(&OldRow::new(&waiting), Some(&order(&waiting).await)).await;
    old.insert(&OldRow::new(&lost).exported(), None).await;
    old.insert(&OldRow::new(&fresh), None).await;
    old.export(&lost, true).await;
    old.export(&fresh, false).await;
    let content = old.content().await;
    tokio::time::pause();

    // A dry run writes nothing, and tells the same.
    let program = shop.start().await;
    let foretold = shop.take_over(&old, &program, true).await;
    let nothing = program.store.order_statistics(&[]).await.unwrap();
    assert_eq!((nothing.total, program.store.attentions().await.unwrap().len()), (0, 0));

    let report = shop.take_over(&old, &program, false).await;
    assert_eq!(report.orders, foretold.orders, "{:#?}", report.lines());
    let became = |decision: Decision| report.orders.get(&decision).cloned().unwrap_or_default();
    assert_eq!(became(Decision::Reported), [told.clone(), gone.clone(), falsely_marked.clone()]);
    assert_eq!(
        became(Decision::InJtl),
        [&right, &unmarked, &told_unmarked, &without_lines, &without_number, &open, &shipped, &late]
            .map(Clone::clone)
    );
    assert_eq!(became(Decision::CancelledAfterHandOver), [cancelled.as_str()]);
    assert_eq!(became(Decision::HandedOver), [waiting.as_str()]);
    assert_eq!(became(Decision::Lost), [lost.as_str()]);
    assert_eq!(became(Decision::FetchAnew), [fresh.as_str()]);
    assert_eq!(report.taken(), 15, "{:#?}", report.lines());
    assert_eq!(program.attention(&lost).await, [AttentionKind::SetAside]);

    // Again: nothing.
    let again = shop.take_over(&old, &program, false).await;
    assert_eq!((again.taken(), again.known), (0, 15), "{:#?}", again.lines());
    assert!(again.lines().last().unwrap().contains("nothing was changed"));

    // The order job goes on as if it had always been there.
    shop.world.resume_worker();
    program.sync_orders().await;
    shop.wait(60).await;
    for number in [&right, &unmarked, &open, &falsely_marked, &waiting, &lost, &fresh] {
        shop.world.ship_now(number, &[]).unwrap();
    }
    shop.wait(60).await;
    for _ in 0..3 {
        program.sync_orders().await;
        shop.wait(1_200).await;
    }
    let log = program.log().await;
    for number in [
        &right,
        &unmarked,
        &told,
        &falsely_marked,
        &told_unmarked,
        &without_lines,
        &without_number,
        &gone,
        &open,
        &shipped,
        &waiting,
        &lost,
        &fresh,
    ] {
        assert_eq!(shop.world.orders_in_jtl(number).unwrap(), 1, "{number} is in JTL once\n{log}");
        assert_eq!(
            shop.told(number),
            (1, 0),
            "{number} is reported once, {:?}\n{log}",
            program.order(number).await
        );
        assert_eq!(program.state(number).await, OrderState::Reported, "{number}\n{log}");
        assert_eq!(program.attention(number).await, [], "{number}\n{log}");
    }
    assert_eq!(shop.world.orders_in_jtl(&cancelled).unwrap(), 1);
    assert_eq!(program.attention(&cancelled).await, [AttentionKind::CancelledAfterHandOver]);
    // The first read reaches back to the day the program starts with, and finds the late one too.
    assert_eq!((shop.world.orders_in_jtl(&late).unwrap(), shop.told(&late)), (1, (1, 0)), "{log}");
    assert_eq!(shop.world.waiting_rows().unwrap(), 0);

    // History is readable, without anybody's name.
    let record = program.order(&told).await;
    let lines = record.order.unwrap().lines;
    assert_eq!(lines.iter().map(|line| line.quantity()).collect::<Vec<_>>(), [1, 2]);
    assert!(record.erp_number.is_some() && !record.parcels.is_empty());
    assert!(!format!("{:?}", record.raw).contains("Nachname"));

    // The way back: the old tables are as they were, and the old program works on.
    tokio::time::resume();
    assert_eq!(old.content().await, content);
    old.insert(&OldRow::new("PO-AFTERWARDS").exported(), None).await;
    assert_ne!(old.content().await, content, "the comparison sees a new row");
}

/// A shop with one order in JTL that is shipped there; the old program told the marketplace or not. Its number.
async fn shipped(is_told: bool, old: &OldTables) -> (Shop, String) {
    let shop = Shop::open().await;
    let before = shop.start().await;
    let number = shop.place();
    before.sync_orders().await;
    shop.wait(60).await;
    let tracking = shop.world.ship_now(&number, &[]).unwrap().remove(0);
    shop.wait(60).await;
    if is_told {
        before.sync_orders().await;
    }
    let row = OldRow { is_reported: false, ..OldRow::new(&number).exported().reported(&tracking) };
    let order = before.order(&number).await;
    tokio::time::resume();
    old.insert(&row, Some(&order)).await;
    tokio::time::pause();
    (shop, number)
}

/// today.md, fault 14: the old program told it and did not live to mark that, and the marketplace's list is late.
#[tokio::test(start_paused = true)]
async fn what_was_told_without_a_mark_is_asked_for_and_not_told_again() {
    tokio::time::resume();
    let Some(old) = OldTables::open("marktwerk_old").await else { return };
    tokio::time::pause();
    let (shop, number) = shipped(true, &old).await;
    shop.world.set_status(&number, 2).unwrap();
    let program = shop.start().await;
    shop.take_over(&old, &program, false).await;
    program.sync_orders().await;
    program.sync_orders().await;
    assert_eq!(shop.told(&number), (1, 0), "{}", program.log().await);
    assert_eq!(program.state(&number).await, OrderState::Reported, "{}", program.log().await);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_told_before_the_document_is_there() {
    tokio::time::resume();
    let Some(old) = OldTables::open("marktwerk_old").await else { return };
    tokio::time::pause();
    let (shop, number) = shipped(false, &old).await;
    let program = shop.start().await;
    shop.take_over(&old, &program, false).await;
    let fault = Fault::new(FaultKind::ServerError { status: 502 }).only(LIST);
    shop.world.set_faults(Faults::one(fault)).unwrap();
    assert_eq!(program.run().await.state, RunState::Failed);
    assert_eq!((shop.told(&number), program.attention(&number).await), ((0, 0), Vec::new()));
    assert_eq!(program.state(&number).await, OrderState::Shipped, "{}", program.log().await);
    shop.world.set_faults(Faults::none()).unwrap();
    program.sync_orders().await;
    assert_eq!(shop.told(&number), (1, 0), "{}", program.log().await);
    assert_eq!(program.state(&number).await, OrderState::Reported);
}
