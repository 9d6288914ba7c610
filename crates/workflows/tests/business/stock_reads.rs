//! Stock is raised only over orders that were read, and sales whose orders are not seen yet are kept back. cases.md §3.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::RunState;
use marktwerk_domain::stock::StockEntry;
use marktwerk_sandbox::{AnyOrder, Fault, FaultKind, Faults, OrderSeed, RawOrder};
use marktwerk_store::stock::StockDecision;
use serde_json::{Value, json};

use crate::shop::{ACCOUNT, Shop};

const LIST: &str = "bg.order.list.v2.get";
const LISTINGS: &str = "bg.local.goods.sku.list.query";
const PUSH: &str = "bg.local.goods.stock.edit";
const SKU: &str = "MW-0003";
const OTHER: &str = "MW-0004";
const MINUTE: u64 = 60;

/// Five of the article and nine of another one, published.
async fn published() -> Shop {
    let shop = Shop::open().await;
    shop.set_pieces(SKU, 5);
    shop.set_pieces(OTHER, 9);
    shop.sync_stock("full").await;
    shop.wait(10 * MINUTE).await;
    shop.world.reset_calls().unwrap();
    shop
}

fn lose_the_order_list(shop: &Shop) {
    let fault = Fault::new(FaultKind::ServerError { status: 502 }).only(LIST);
    shop.world.set_faults(Faults::one(fault)).unwrap();
}

fn recover(shop: &Shop) {
    shop.world.set_faults(Faults::none()).unwrap();
}

fn offered(shop: &Shop) -> (i64, i64) {
    (shop.world.stock(SKU).unwrap(), shop.world.stock(OTHER).unwrap())
}

#[tokio::test(start_paused = true)]
async fn nothing_is_raised_over_orders_that_cannot_be_read_and_what_has_to_fall_falls() {
    let shop = published().await;
    shop.world.sell(SKU, 5).unwrap();
    lose_the_order_list(&shop);
    shop.world.sell_elsewhere(SKU, 1).unwrap();
    shop.world.sell_elsewhere(OTHER, 2).unwrap();
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (0, 7), "{}", shop.log().await);
    shop.sync_stock("full").await;
    assert_eq!(offered(&shop), (0, 7), "{}", shop.log().await);
    recover(&shop);
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (0, 7), "{}", shop.log().await);
    let entries = shop.entries(AttentionKind::Oversold).await;
    assert!(matches!(&entries[..], [StockEntry::Oversold { missing: 1, .. }]), "{entries:?}");
}

#[tokio::test(start_paused = true)]
async fn a_fall_that_no_order_explains_is_a_sale_not_yet_seen() {
    let shop = published().await;
    shop.world.sell(SKU, 5).unwrap();
    lose_the_order_list(&shop);
    shop.world.sell_elsewhere(SKU, 1).unwrap();
    shop.sync_stock("full").await;
    assert_eq!((offered(&shop), shop.calls(PUSH)), ((0, 9), 0), "{}", shop.log().await);
    let log = shop.log().await;
    assert_eq!(log.matches("their orders are not seen yet").count(), 1, "{log}");
    // Seven are in JTL then, and five of them sold here.
    shop.world.receive(SKU, 3).unwrap();
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (0, 9), "{}", shop.log().await);
    recover(&shop);
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (2, 9), "one for one, as its orders arrive: {}", shop.log().await);
    shop.sync_orders().await;
    shop.wait(10 * MINUTE).await;
    shop.sync_orders().await;
    shop.sync_stock("full").await;
    assert_eq!(offered(&shop), (2, 9), "{}", shop.log().await);
}

/// Bought before the figure was read, cancelled after it: the marketplace offers its piece again, and nobody here saw it sold.
#[tokio::test(start_paused = true)]
async fn a_purchase_that_was_cancelled_before_anybody_could_read_it_leaves_no_figure_behind() {
    let shop = published().await;
    lose_the_order_list(&shop);
    let number = shop.world.sell(SKU, 1).unwrap();
    shop.wait(10 * MINUTE).await;
    shop.sync_stock("full").await;
    shop.world.sell_elsewhere(SKU, 1).unwrap();
    shop.wait(10 * MINUTE).await;
    shop.world.cancel(&number).unwrap();
    assert_eq!(offered(&shop), (5, 9), "the marketplace offers it again");
    recover(&shop);
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    assert!(offered(&shop).0 <= 4, "{:?} {}", offered(&shop), shop.log().await);
    shop.wait(61 * MINUTE).await;
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (4, 9), "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn a_sale_without_any_order_is_forgotten_an_hour_later() {
    let shop = published().await;
    // A person lowers it at the marketplace.
    shop.world.set_listing_stock(SKU, 0).unwrap();
    shop.sync_stock("full").await;
    assert_eq!(offered(&shop), (0, 9), "{}", shop.log().await);
    shop.wait(40 * MINUTE).await;
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (0, 9), "{}", shop.log().await);
    shop.wait(21 * MINUTE).await;
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (0, 9), "the list was not read past it: {}", shop.log().await);
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (5, 9), "{}", shop.log().await);
}

/// Bad day 15: the list shows the order half an hour late, behind newer ones. Its piece was seen to go, and is not let go before the order
/// is looked for where it stands.
#[tokio::test(start_paused = true)]
async fn a_sale_that_no_order_explains_is_looked_for_behind_newer_orders() {
    let shop = published().await;
    let late = shop.world.sell(SKU, 5).unwrap();
    shop.world.hide(&late, true).unwrap();
    shop.wait(30).await;
    shop.world.sell(OTHER, 1).unwrap();
    shop.sync_orders().await;
    shop.wait(30 * MINUTE).await;
    shop.world.sell(OTHER, 1).unwrap();
    shop.sync_orders().await;
    shop.world.hide(&late, false).unwrap();
    shop.sync_stock("full").await;
    shop.sync_orders().await;
    assert_eq!(shop.order(&late).await.state, OrderState::HandedOver, "{}", shop.log().await);
    for _ in 0..3 {
        shop.wait(61 * MINUTE).await;
        shop.sync_orders().await;
        shop.sync_stock("full").await;
        assert_eq!(offered(&shop).0, 0, "{}", shop.log().await);
    }
}

#[tokio::test(start_paused = true)]
async fn after_half_an_hour_a_person_is_told_why_raises_wait() {
    let shop = published().await;
    lose_the_order_list(&shop);
    shop.world.receive(SKU, 2).unwrap();
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (5, 9), "{}", shop.log().await);
    assert!(shop.entries(AttentionKind::StockBlocked).await.is_empty());
    shop.wait(31 * MINUTE).await;
    shop.sync_stock("quick").await;
    let entries = shop.entries(AttentionKind::StockBlocked).await;
    let [StockEntry::Blocked { account, cause, orders, .. }] = entries.as_slice() else {
        panic!("{entries:?}\n{}", shop.log().await)
    };
    assert!(
        account == ACCOUNT
            && cause.as_ref().is_some_and(|cause| cause.english.contains("502"))
            && orders.is_empty(),
        "{entries:?}"
    );
    recover(&shop);
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (7, 9), "{}", shop.log().await);
    assert!(shop.entries(AttentionKind::StockBlocked).await.is_empty());
}

/// Neither orders nor listings: what has to fall falls to 0, because nobody knows how many are left.
#[tokio::test(start_paused = true)]
async fn where_nothing_can_be_read_what_has_to_fall_falls_to_zero() {
    let shop = published().await;
    shop.world.sell(SKU, 4).unwrap();
    let broken = |call: &str| Fault::new(FaultKind::ServerError { status: 502 }).only(call);
    shop.world.set_faults(Faults(vec![broken(LIST), broken(LISTINGS)])).unwrap();
    shop.world.sell_elsewhere(SKU, 2).unwrap();
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (0, 9), "three would be two more than are left: {}", shop.log().await);
}

/// Nothing can be written either, and a person has to authorise the account again.
#[tokio::test(start_paused = true)]
async fn an_account_that_is_not_let_in_fails_the_run() {
    let shop = published().await;
    shop.world.set_faults(Faults::one(Fault::new(FaultKind::TokenExpired))).unwrap();
    shop.world.receive(SKU, 2).unwrap();
    let run = shop.run("inventory_workflow", json!({ "mode": "quick" })).await;
    assert_eq!((run.state, run.attempt), (RunState::Failed, 1), "{}", shop.log().await);
    assert!(run.error.unwrap().contains("3000034"));
}

#[tokio::test(start_paused = true)]
async fn an_order_that_cannot_be_read_keeps_raises_back_until_a_person_leaves_it_out() {
    let shop = published().await;
    let raw = RawOrder {
        list_item: Some(json!({ "parentOrderMap": { "parentOrderSn": "{parentOrderSn}" } })),
        ..RawOrder::default()
    };
    let broken = shop.world.add_raw_order(AnyOrder { order: OrderSeed::default(), raw }).unwrap();
    shop.world.receive(SKU, 2).unwrap();
    shop.world.sell_elsewhere(OTHER, 2).unwrap();
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    shop.wait(31 * MINUTE).await;
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (5, 7), "{}", shop.log().await);
    let entries = shop.entries(AttentionKind::StockBlocked).await;
    let [StockEntry::Blocked { orders, .. }] = entries.as_slice() else { panic!("{entries:?}") };
    assert_eq!(orders, std::slice::from_ref(&broken));
    shop.decide_on_stock(AttentionKind::StockBlocked, StockDecision::LeaveOut).await;
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (7, 7), "{}", shop.log().await);
    assert!(shop.entries(AttentionKind::StockBlocked).await.is_empty());
    assert_eq!(shop.attention(AttentionKind::SetAside).await, [broken], "that one is still to be looked at");
}

/// Its entry in the list names the articles.
#[tokio::test(start_paused = true)]
async fn an_order_whose_details_are_refused_takes_its_units_and_keeps_nothing_back() {
    let shop = published().await;
    let what = FaultKind::ErrorCode { code: 180_020_001, message: "country not open".to_owned() };
    let fault = Fault::new(what).only("bg.order.shippinginfo.v2.get");
    shop.world.set_faults(Faults::one(fault)).unwrap();
    let number = shop.world.sell(SKU, 2).unwrap();
    shop.sync_orders().await;
    assert_eq!(shop.order(&number).await.state, OrderState::SetAside);
    shop.world.receive(SKU, 3).unwrap();
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (6, 9), "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn a_raise_costs_one_read_of_the_order_list() {
    let shop = published().await;
    shop.world.receive(SKU, 2).unwrap();
    shop.sync_stock("quick").await;
    assert_eq!((offered(&shop), shop.calls(LIST)), ((7, 9), 1), "{}", shop.log().await);
}

/// cases.md §3.
#[tokio::test(start_paused = true)]
async fn a_cursor_ahead_of_the_clock_is_read_from_the_clock_and_said_once() {
    let shop = published().await;
    let ahead = shop.clock.now() + jiff::SignedDuration::from_hours(24 * 30);
    for name in ["cursor", "read"] {
        shop.store.set_fact(&format!("orders.{name}.{ACCOUNT}"), &ahead.to_string()).await.unwrap();
    }
    let number = shop.world.sell(SKU, 1).unwrap();
    shop.world.receive(SKU, 3).unwrap();
    assert!(shop.look("order_workflow", json!({})).await.is_ok());
    let run = shop.run("order_workflow", Value::Null).await;
    assert_eq!((run.state, run.attempt), (RunState::Succeeded, 1), "{}", shop.log().await);
    assert_eq!(shop.order(&number).await.state, OrderState::HandedOver);
    shop.sync_orders().await;
    let log = shop.log().await;
    assert_eq!(log.matches("lies ahead of the clock").count(), 1, "{log}");
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (7, 9), "{}", shop.log().await);
}

/// Shipped by hand before anybody read it, and first read by a stock run: JTL does not know of the pieces that left.
#[tokio::test(start_paused = true)]
async fn an_order_that_was_shipped_there_before_its_first_read_keeps_its_units() {
    let shop = published().await;
    let sold = shop.world.sell(SKU, 2).unwrap();
    shop.wait(MINUTE).await;
    shop.world.ship_by_hand(&sold, "00340434161094042557").unwrap();
    shop.world.receive(SKU, 1).unwrap();
    shop.wait(MINUTE).await;
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (4, 9), "{}", shop.log().await);
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    assert_eq!(offered(&shop), (4, 9), "JTL does not have it: {}", shop.log().await);
}
