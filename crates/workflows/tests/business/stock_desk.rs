//! What a person asks about an article's stock, and publishing one article.

use marktwerk_domain::run::RunState;
use marktwerk_domain::stock::view::ArticleView;
use marktwerk_sandbox::{Fault, FaultKind, Faults};
use serde_json::json;

use crate::shop::{ACCOUNT, Shop};

const SKU: &str = "MW-0003";

async fn ask(shop: &Shop, sku: &str) -> Option<ArticleView> {
    let registry = shop.engine.registry();
    registry.stock_desk().unwrap().article(sku, shop.clock.now()).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_article_is_shown_with_the_orders_between_jtl_and_the_marketplace() {
    let shop = Shop::open().await;
    shop.set_pieces(SKU, 10);
    shop.world.set_buffer(SKU, 1).unwrap();
    shop.sync_stock("full").await;
    shop.world.pause_worker();
    shop.wait(600).await;
    let number = shop.world.sell(SKU, 3).unwrap();
    shop.sync_orders().await;
    shop.world.receive(SKU, 2).unwrap();
    let calls = shop.world.calls().unwrap();
    let view = ask(&shop, "mw-0003 ").await.unwrap();
    assert_eq!(shop.world.calls().unwrap(), calls, "nobody is asked at the marketplace");
    assert_eq!((view.available, view.buffer), (Some(12), Some(1)));
    assert_eq!(
        (view.orders.len(), view.orders[0].quantity, view.orders[0].number.as_str()),
        (1, 3, &*number)
    );
    let [listing] = view.listings.as_slice() else { panic!("{view:?}") };
    assert_eq!((listing.account.as_str(), listing.sku.as_str()), (ACCOUNT, SKU));
    assert_eq!((listing.known, listing.wanted, listing.publish), (Some(6), Some(8), Some(8)), "{view:?}");
    assert!(listing.held.is_none());
    assert_eq!(ask(&shop, "MW-NOWHERE").await, None);
    assert_eq!(ask(&shop, "MW-ONLY-JTL").await.unwrap().listings, []);
    assert_eq!(ask(&shop, "MW-ONLY-TEMU").await.unwrap().article, None);
}

#[tokio::test(start_paused = true)]
async fn what_is_held_back_says_whose_orders_are_missing() {
    let shop = Shop::open().await;
    shop.set_pieces(SKU, 5);
    shop.sync_stock("full").await;
    shop.wait(600).await;
    let fault = Fault::new(FaultKind::ServerError { status: 502 }).only("bg.order.list.v2.get");
    shop.world.set_faults(Faults::one(fault)).unwrap();
    shop.world.receive(SKU, 2).unwrap();
    shop.sync_stock("quick").await;
    let view = ask(&shop, SKU).await.unwrap();
    let listing = &view.listings[0];
    assert_eq!((listing.wanted, listing.publish), (Some(7), None), "{view:?}");
    assert_eq!(listing.held.as_ref().unwrap().unread, [ACCOUNT]);
}

#[tokio::test(start_paused = true)]
async fn one_article_is_published_by_the_same_rules() {
    let shop = Shop::open().await;
    shop.set_pieces(SKU, 5);
    shop.set_pieces("MW-0004", 5);
    shop.sync_stock("full").await;
    shop.wait(600).await;
    shop.set_pieces(SKU, 8);
    shop.set_pieces("MW-0004", 8);
    let run = shop.run("inventory_workflow", json!({ "sku": "mw-0003" })).await;
    assert_eq!(run.state, RunState::Succeeded, "{}", shop.log().await);
    let offered = |sku: &str| shop.world.stock(sku).unwrap();
    assert_eq!((offered(SKU), offered("MW-0004")), (8, 5), "{}", shop.log().await);
    shop.sync_stock("quick").await;
    assert_eq!(offered("MW-0004"), 8);
}
