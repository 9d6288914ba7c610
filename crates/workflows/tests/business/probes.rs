//! What the probes see: the same as long as nothing changes, whatever the clock says, and work that is left over.

use std::sync::Arc;
use std::time::Duration;

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::run::RunState;
use marktwerk_sandbox::{OrderSeed, WorldOptions};
use serde_json::json;

use crate::disguise::Disguised;
use crate::shop::Shop;

const ORDERS: &str = "order_workflow";
const INVENTORY: &str = "inventory_workflow";
const PUSH: &str = "bg.local.goods.stock.edit";

#[tokio::test(start_paused = true)]
async fn the_marker_of_orders_does_not_change_with_the_time() {
    let world = WorldOptions { worker_every: Duration::from_secs(60), ..WorldOptions::quiet() };
    let shop = Shop::open_in(world, |temu| Arc::new(temu)).await;
    shop.place(3);
    shop.sync_orders().await;
    shop.wait(300).await;
    shop.sync_orders().await;
    shop.sync_orders().await;
    let seen = shop.look(ORDERS, json!({})).await.unwrap();
    assert_eq!(seen.unfinished, None);
    // Beyond midnight, too. That what was reported is to be watched is another matter.
    for _ in 0..4 {
        shop.wait(6 * 3_600 - 1).await;
        let later = shop.look(ORDERS, json!({})).await.unwrap();
        assert_eq!(later.marker, seen.marker);
        assert!(later.unfinished.is_some_and(|why| why.contains("looked at again")));
    }
    // Nor with a run that finds nothing.
    shop.sync_orders().await;
    assert_eq!(shop.look(ORDERS, json!({})).await.unwrap(), seen);
}

/// The list's first order tells of what changed last; what became visible late, or in the same second, is in the count.
#[tokio::test(start_paused = true)]
async fn an_order_that_is_not_the_newest_is_a_change() {
    let shop = Shop::open().await;
    shop.place(1);
    shop.sync_orders().await;
    let newest = |marker: &str| marker.split_once("newest").unwrap().1.to_owned();
    let seen = shop.look(ORDERS, json!({})).await.unwrap().marker;
    let early = OrderSeed { created_at: Some(shop.clock.now().as_second() - 5), ..OrderSeed::default() };
    shop.world.add_order(early).unwrap();
    let marker = shop.look(ORDERS, json!({})).await.unwrap().marker;
    assert_ne!(marker, seen);
    assert_eq!(newest(&marker), newest(&seen), "the list begins as before");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_was_never_read_has_work() {
    let shop = Shop::open().await;
    let sight = shop.look(ORDERS, json!({})).await.unwrap();
    assert_eq!(sight.unfinished.as_deref(), Some("the orders of this account were never read completely"));
    assert_eq!(shop.world.calls().unwrap().len(), 0, "that is known without asking");
    let sight = shop.look(INVENTORY, json!({})).await.unwrap();
    assert_eq!(sight.unfinished.as_deref(), Some("the listings of this account were never read completely"));
}

#[tokio::test(start_paused = true)]
async fn an_order_without_its_amounts_is_unfinished_until_it_has_them() {
    let shop = Shop::open().await;
    let seed = OrderSeed { amount_calls_to_wait: 1, ..OrderSeed::default() };
    shop.world.add_order(seed).unwrap();
    shop.sync_orders().await;
    let sight = shop.look(ORDERS, json!({})).await.unwrap();
    assert_eq!(sight.unfinished.as_deref(), Some("orders: fetched and not imported"));
    shop.sync_orders().await;
    assert_eq!(shop.look(ORDERS, json!({})).await.unwrap().unfinished, None);
}

/// What may not be told anyway is no work.
#[tokio::test(start_paused = true)]
async fn a_simulated_erp_has_nothing_to_tell_a_real_marketplace() {
    let shop = Shop::open_in(WorldOptions::quiet(), |temu| Arc::new(Disguised::as_real(temu))).await;
    shop.place(1);
    shop.world.set_stock("MW-0003", 1, 77).unwrap();
    shop.sync_stock("full").await;
    shop.ship_everything().await;
    shop.sync_orders().await;
    assert_eq!(shop.look(ORDERS, json!({})).await.unwrap().unfinished, None);
    assert_eq!(shop.look(INVENTORY, json!({})).await.unwrap().unfinished, None);
}

#[tokio::test(start_paused = true)]
async fn stock_that_does_not_move_starts_nothing_and_a_piece_does() {
    let shop = Shop::open().await;
    shop.sync_stock("full").await;
    shop.schedule(INVENTORY, 1, json!({ "conditions": ["new_data"] })).await;
    shop.wait(180).await;
    shop.world.reset_calls().unwrap();
    let runs = shop.runs(INVENTORY).await;
    assert_eq!(runs[0].state, RunState::Skipped, "{}", shop.log().await);
    shop.wait(100 * 60).await;
    let later = shop.runs(INVENTORY).await;
    assert_eq!((later.len(), later[0].merged), (runs.len(), runs[0].merged + 100));
    assert_eq!(shop.world.calls().unwrap().len(), 0, "its probe does not need the marketplace");

    shop.world.set_stock("MW-0003", 1, 3).unwrap();
    shop.world.set_stock("MW-0003", 2, 0).unwrap();
    shop.wait(60).await;
    assert_eq!((shop.newest(INVENTORY).await.state, shop.calls(PUSH)), (RunState::Succeeded, 1));
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 3);

    // A sale at the marketplace that JTL does not know yet.
    shop.world.pause_worker();
    shop.world.sell("MW-0003", 1).unwrap();
    shop.world.receive("MW-0003", 2).unwrap();
    shop.sync_orders().await;
    shop.wait(60).await;
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 4, "{}", shop.log().await);
    // JTL reserves it before the order is found there: one too many is kept back until it is.
    shop.world.resume_worker();
    shop.wait(60).await;
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 3, "{}", shop.log().await);
    shop.sync_orders().await;
    shop.wait(60).await;
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 4, "{}", shop.log().await);
    shop.wait(120).await;
    assert_eq!(shop.newest(INVENTORY).await.state, RunState::Skipped);
}

#[tokio::test(start_paused = true)]
async fn a_refused_figure_is_tried_again_each_hour_and_not_each_minute() {
    let shop = Shop::open().await;
    shop.sync_stock("full").await;
    shop.world.reject_stock("MW-0003", Some(150_010_005)).unwrap();
    shop.world.set_stock("MW-0003", 1, 77).unwrap();
    shop.schedule(INVENTORY, 1, json!({ "conditions": ["new_data"] })).await;
    shop.world.reset_calls().unwrap();
    shop.wait(4 * 3_600).await;
    assert_eq!(shop.attention(AttentionKind::StockRefused).await, ["MW-0003"]);
    let calls = shop.calls(PUSH);
    assert!((4..=8).contains(&calls), "{calls} calls\n{}", shop.log().await);
    shop.world.reject_stock("MW-0003", None).unwrap();
    shop.wait(3_600).await;
    assert!(shop.attention(AttentionKind::StockRefused).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_full_run_always_has_something_to_read() {
    let shop = Shop::open().await;
    shop.sync_stock("full").await;
    let full = shop.look(INVENTORY, json!({ "mode": "full" })).await.unwrap();
    assert_eq!(full.unfinished.as_deref(), Some("a full run reads the listings"));
    assert_eq!(shop.look(INVENTORY, json!({ "mode": "quick" })).await.unwrap().unfinished, None);
}
