//! Stock: the right number, and not one call without a reason.

use std::sync::Arc;
use std::time::Duration;

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::run::RunState;
use marktwerk_sandbox::WorldOptions;

use crate::shop::Shop;

const PUSH: &str = "bg.local.goods.stock.edit";

/// today.md, fault 16.
#[tokio::test(start_paused = true)]
async fn a_sell_out_reaches_the_marketplace_in_the_next_run() {
    let shop = Shop::open().await;
    shop.world.set_stock("MW-0003", 1, 5).unwrap();
    shop.world.set_stock("MW-0003", 2, 0).unwrap();
    shop.sync_stock("full").await;
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 5, "{}", shop.log().await);
    shop.world.set_stock("MW-0003", 1, 0).unwrap();
    shop.sync_stock("quick").await;
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 0);
}

/// today.md, fault 17.
#[tokio::test(start_paused = true)]
async fn an_unchanged_world_causes_not_one_stock_call() {
    let shop = Shop::open().await;
    shop.sync_stock("full").await;
    shop.world.reset_calls().unwrap();
    shop.sync_stock("quick").await;
    assert_eq!(shop.world.calls().unwrap().len(), 0, "{:?}", shop.world.calls());
    shop.sync_stock("full").await;
    assert_eq!(shop.calls(PUSH), 0);
}

#[tokio::test(start_paused = true)]
async fn two_sold_there_and_two_received_here_end_in_the_right_number() {
    let shop = Shop::open().await;
    shop.world.set_stock("MW-0003", 1, 5).unwrap();
    shop.world.set_stock("MW-0003", 2, 0).unwrap();
    shop.sync_stock("full").await;
    shop.wait(5).await;
    shop.world.sell("MW-0003", 2).unwrap();
    shop.world.receive("MW-0003", 2).unwrap();
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 3);
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    // Seven are here, two of them sold.
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 5, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn a_sale_that_is_not_read_yet_is_read_before_the_push() {
    let shop = Shop::open().await;
    shop.world.set_stock("MW-0003", 1, 5).unwrap();
    shop.world.set_stock("MW-0003", 2, 0).unwrap();
    shop.sync_stock("full").await;
    shop.wait(5).await;
    shop.world.sell("MW-0003", 2).unwrap();
    shop.world.receive("MW-0003", 2).unwrap();
    shop.wait(5).await;
    // The sale is not known yet. Nothing is written over it: the run reads the orders first.
    shop.sync_stock("quick").await;
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 5, "{}", shop.log().await);
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 5, "{}", shop.log().await);
}

/// today.md, fault 19.
#[tokio::test(start_paused = true)]
async fn one_rejected_article_of_twenty_stays_open() {
    let shop = Shop::open().await;
    shop.sync_stock("full").await;
    let skus: Vec<String> = (3..23).map(|number| format!("MW-{number:04}")).collect();
    for sku in &skus {
        shop.world.set_stock(sku, 1, 77).unwrap();
        shop.world.set_stock(sku, 2, 0).unwrap();
    }
    shop.world.reject_stock(&skus[4], Some(150_010_005)).unwrap();
    let run = shop.sync_stock("quick").await;
    assert!(run.warnings > 0);
    for (index, sku) in skus.iter().enumerate() {
        assert_eq!(shop.world.stock(sku).unwrap() == 77, index != 4, "{sku}\n{}", shop.log().await);
    }
    assert_eq!(shop.attention(AttentionKind::StockRefused).await, [skus[4].clone()]);
    let statistics = shop.store.inventory_statistics(&[]).await.unwrap();
    assert!(statistics.errors >= 1, "{statistics:?}");

    shop.world.reject_stock(&skus[4], None).unwrap();
    shop.world.reset_calls().unwrap();
    shop.sync_stock("quick").await;
    assert_eq!(shop.world.stock(&skus[4]).unwrap(), 77);
    assert_eq!(shop.calls(PUSH), 1);
    assert!(shop.attention(AttentionKind::StockRefused).await.is_empty());
}

/// today.md, fault 22.
#[tokio::test(start_paused = true)]
async fn units_of_orders_that_jtl_does_not_know_yet_are_kept_back() {
    let shop = Shop::open().await;
    shop.world.pause_worker();
    shop.world.set_stock("MW-0003", 1, 10).unwrap();
    shop.world.set_stock("MW-0003", 2, 0).unwrap();
    shop.sync_stock("full").await;
    shop.wait(5).await;
    shop.world.sell("MW-0003", 4).unwrap();
    shop.sync_orders().await;
    shop.sync_stock("full").await;
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 6, "{}", shop.log().await);
    shop.world.resume_worker();
    shop.wait(3).await;
    shop.sync_orders().await;
    shop.sync_stock("full").await;
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 6, "reserved in JTL now");
}

#[tokio::test(start_paused = true)]
async fn the_buffer_of_an_article_is_never_sold() {
    let shop = Shop::open().await;
    shop.world.set_stock("MW-0004", 1, 5).unwrap();
    shop.world.set_stock("MW-0004", 2, 0).unwrap();
    shop.world.set_buffer("MW-0004", 4).unwrap();
    shop.sync_stock("full").await;
    assert_eq!(shop.world.stock("MW-0004").unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_mode_is_refused_by_name() {
    let shop = Shop::open().await;
    let parameters = serde_json::json!({ "mode": "sideways" }).as_object().cloned().unwrap();
    let id = marktwerk_domain::job::JobId("inventory_workflow".to_owned());
    let error = shop.engine.on_behalf_of("test").run_now(&id, parameters).await.unwrap_err().to_string();
    assert!(error.contains("mode") && error.contains("sideways"), "{error}");
    assert_ne!(shop.run("inventory_workflow", serde_json::Value::Null).await.state, RunState::Failed);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_published_before_orders_are_known() {
    let shop = Shop::open().await;
    shop.world.set_stock("MW-0003", 1, 77).unwrap();
    let run = shop.run("inventory_workflow", serde_json::json!({ "mode": "full" })).await;
    assert_eq!(run.state, RunState::Succeeded);
    assert_eq!(shop.calls(PUSH), 0, "{}", shop.log().await);
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    assert!(shop.calls(PUSH) > 0);
}

/// The marketplace offers a cancelled piece again by itself: what it is known to hold is then not known any more.
#[tokio::test(start_paused = true)]
async fn a_cancellation_does_not_leave_too_many_on_offer() {
    let world = WorldOptions { ship_after: Duration::from_secs(86_400), ..WorldOptions::quiet() };
    let shop = Shop::open_in(world, |temu| Arc::new(temu)).await;
    shop.world.set_stock("MW-0003", 1, 5).unwrap();
    shop.world.set_stock("MW-0003", 2, 0).unwrap();
    shop.sync_stock("full").await;
    shop.wait(600).await;
    let number = shop.world.sell("MW-0003", 1).unwrap();
    shop.sync_orders().await;
    shop.wait(600).await;
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 4);
    // JTL keeps the piece reserved; the marketplace counts it as free.
    shop.world.cancel(&number).unwrap();
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 5);
    shop.wait(5).await;
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 4, "{}", shop.log().await);
}

/// cases.md §3. A bundle of two of the first and one of the second article.
#[tokio::test(start_paused = true)]
async fn a_bundle_and_its_components_sink_with_each_other_while_jtl_knows_nothing() {
    let shop = Shop::open().await;
    let offered = || ["MW-0001", "MW-0002", "MW-BUNDLE"].map(|sku| shop.world.stock(sku).unwrap());
    shop.set_pieces("MW-0001", 10);
    shop.set_pieces("MW-0002", 10);
    shop.sync_stock("full").await;
    assert_eq!(offered(), [10, 10, 5], "{}", shop.log().await);
    shop.world.pause_worker();
    shop.wait(600).await;
    shop.world.sell("MW-BUNDLE", 1).unwrap();
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    assert_eq!(offered(), [8, 9, 4], "{}", shop.log().await);
    shop.wait(600).await;
    shop.world.sell("MW-0001", 3).unwrap();
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    assert_eq!(offered(), [5, 9, 2], "{}", shop.log().await);
    shop.world.resume_worker();
    shop.wait(5).await;
    shop.sync_orders().await;
    shop.sync_stock("quick").await;
    assert_eq!(offered(), [5, 9, 2], "JTL has reserved them: {}", shop.log().await);
}

/// cases.md §3: keyed by the exact text of an SKU.
#[tokio::test(start_paused = true)]
async fn articles_are_matched_as_jtl_compares_numbers() {
    let shop = Shop::open().await;
    shop.set_pieces("MW-0003", 9);
    shop.world.rename_article("MW-0003", "mw-0003 ").unwrap();
    shop.sync_stock("full").await;
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 9, "{}", shop.log().await);
    shop.world.pause_worker();
    shop.wait(600).await;
    shop.world.sell("MW-0003", 2).unwrap();
    shop.sync_orders().await;
    shop.world.receive("mw-0003", 1).unwrap();
    shop.sync_stock("quick").await;
    assert_eq!(shop.world.stock("MW-0003").unwrap(), 8, "{}", shop.log().await);
    assert!(shop.attention(AttentionKind::UnknownArticle).await.is_empty());
}

/// Nobody who watches is woken, and nothing is asked at the marketplace.
#[tokio::test(start_paused = true)]
async fn an_unchanged_run_writes_no_stock_no_order_and_no_entry() {
    let shop = Shop::open().await;
    shop.sync_stock("full").await;
    shop.wait(600).await;
    shop.world.sell("MW-0003", 1).unwrap();
    shop.wait(60).await;
    for _ in 0..2 {
        shop.sync_orders().await;
        shop.sync_stock("quick").await;
        shop.wait(60).await;
    }
    let before = *shop.store.changes().borrow();
    shop.world.reset_calls().unwrap();
    shop.sync_stock("quick").await;
    let after = *shop.store.changes().borrow();
    assert_eq!(
        (after.inventory, after.orders, after.attention, after.alerts),
        (before.inventory, before.orders, before.attention, before.alerts),
        "{}",
        shop.log().await
    );
    assert_eq!(shop.world.calls().unwrap().len(), 0);
}
