//! Listings that had an article and lost it: a few go to 0 once, many at once are a person's decision. cases.md §3 and bad days 5
//! and 9.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::stock::{LostReason, StockEntry};
use marktwerk_sandbox::Control;
use marktwerk_store::stock::StockDecision;
use serde_json::json;

use crate::shop::Shop;

const PUSH: &str = "bg.local.goods.stock.edit";
const INVENTORY: &str = "inventory_workflow";
const SKU: &str = "MW-0003";

/// Something that happens in JTL.
type Lever = fn(&Control);

/// Everything published, nine of the article.
async fn published() -> Shop {
    let shop = Shop::open().await;
    shop.set_pieces(SKU, 9);
    shop.sync_stock("full").await;
    assert_eq!(shop.world.stock(SKU).unwrap(), 9);
    shop.wait(600).await;
    shop.world.reset_calls().unwrap();
    shop
}

fn entry(reason: LostReason) -> [StockEntry; 1] {
    [StockEntry::ArticleLost { sku: SKU.to_owned(), reason }]
}

#[tokio::test(start_paused = true)]
async fn an_article_that_is_lost_goes_to_zero_once_and_says_why() {
    let losses: [(Lever, LostReason); 4] = [
        (|world| world.delete_article(SKU).unwrap(), LostReason::Deleted),
        (
            |world| world.rename_article(SKU, "MW-NEW").unwrap(),
            LostReason::Renamed { to: "MW-NEW".to_owned() },
        ),
        (|world| world.set_article_active(SKU, false).unwrap(), LostReason::Inactive),
        (|world| world.set_variation_parent(SKU, true).unwrap(), LostReason::Parent),
    ];
    for (lose, reason) in losses {
        let shop = published().await;
        lose(&shop.world);
        shop.sync_stock("quick").await;
        assert_eq!(shop.world.stock(SKU).unwrap(), 0, "{reason:?}\n{}", shop.log().await);
        assert_eq!(shop.entries(AttentionKind::ArticleLost).await, entry(reason.clone()));
        assert_eq!(shop.calls(PUSH), 1);
        // Once: what a person sets at the marketplace afterwards stays as it is.
        shop.world.set_listing_stock(SKU, 4).unwrap();
        shop.sync_stock("quick").await;
        shop.sync_stock("full").await;
        assert_eq!(shop.world.stock(SKU).unwrap(), 4, "{reason:?}\n{}", shop.log().await);
        assert_eq!(shop.calls(PUSH), 1);
        assert_eq!(shop.entries(AttentionKind::ArticleLost).await, entry(reason));
        assert!(shop.look(INVENTORY, json!({})).await.unwrap().unfinished.is_none());
    }
}

#[tokio::test(start_paused = true)]
async fn an_article_that_comes_back_is_published_again_and_its_entry_goes() {
    let shop = published().await;
    let seen = shop.look(INVENTORY, json!({})).await.unwrap().marker;
    shop.world.set_article_active(SKU, false).unwrap();
    let lost = shop.look(INVENTORY, json!({})).await.unwrap().marker;
    assert_ne!(lost, seen, "a quick run is due");
    shop.sync_stock("quick").await;
    assert_eq!(shop.world.stock(SKU).unwrap(), 0);
    shop.world.set_article_active(SKU, true).unwrap();
    assert_ne!(shop.look(INVENTORY, json!({})).await.unwrap().marker, lost);
    shop.sync_stock("quick").await;
    assert_eq!(shop.world.stock(SKU).unwrap(), 9, "{}", shop.log().await);
    assert!(shop.entries(AttentionKind::ArticleLost).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_listing_that_never_had_an_article_is_left_alone() {
    let shop = Shop::open().await;
    shop.world.set_listing_stock("MW-ONLY-TEMU", 7).unwrap();
    shop.sync_stock("full").await;
    shop.sync_stock("quick").await;
    assert_eq!(shop.world.stock("MW-ONLY-TEMU").unwrap(), 7);
    assert!(shop.entries(AttentionKind::ArticleLost).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn five_at_once_go_to_zero_and_six_are_a_question() {
    for (count, is_question) in [(5, false), (6, true)] {
        let shop = published().await;
        for number in 10..10 + count {
            shop.set_pieces(&format!("MW-{number:04}"), 8);
        }
        shop.sync_stock("quick").await;
        for number in 10..10 + count {
            shop.world.delete_article(&format!("MW-{number:04}")).unwrap();
        }
        shop.sync_stock("quick").await;
        for number in 10..10 + count {
            let stock = shop.world.stock(&format!("MW-{number:04}")).unwrap();
            assert_eq!(stock, if is_question { 8 } else { 0 }, "{count}\n{}", shop.log().await);
        }
        let singles = shop.entries(AttentionKind::ArticleLost).await.len();
        let question = shop.entries(AttentionKind::ArticlesLost).await.len();
        assert_eq!((singles, question), if is_question { (0, 1) } else { (5, 0) }, "{count}");
    }
}

/// Bad day 9.
#[tokio::test(start_paused = true)]
async fn a_wrong_mandant_sets_nothing_to_zero_and_somebody_is_told_once() {
    let shop = published().await;
    shop.world.empty_mandant().unwrap();
    shop.sync_stock("quick").await;
    shop.sync_stock("full").await;
    assert_eq!(shop.calls(PUSH), 0, "{}", shop.log().await);
    let entries = shop.entries(AttentionKind::ArticlesLost).await;
    let [StockEntry::ArticlesLost { lost, matched, skus, .. }] = entries.as_slice() else {
        panic!("{entries:?}")
    };
    assert!(lost == matched && *lost > 40 && skus.len() == 20, "{entries:?}");
    assert!(shop.entries(AttentionKind::ArticleLost).await.is_empty());
    let alerts = shop.store.latest_alerts(10).await.unwrap();
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert!(alerts[0].title.contains("no article"), "{alerts:?}");

    shop.world.restore_mandant().unwrap();
    shop.sync_stock("quick").await;
    assert!(shop.entries(AttentionKind::ArticlesLost).await.is_empty());
    assert_eq!((shop.calls(PUSH), shop.world.stock(SKU).unwrap()), (0, 9), "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn a_person_decides_to_set_what_was_lost_at_once_to_zero() {
    let shop = published().await;
    shop.world.empty_mandant().unwrap();
    shop.sync_stock("quick").await;
    shop.decide_on_stock(AttentionKind::ArticlesLost, StockDecision::SetToZero).await;
    assert!(shop.look(INVENTORY, json!({})).await.unwrap().unfinished.is_some(), "a run is due");
    shop.sync_stock("quick").await;
    for listing in shop.world.listings().unwrap() {
        assert_eq!(
            listing.stock == 0,
            listing.sku != "MW-ONLY-TEMU",
            "{}\n{}",
            listing.sku,
            shop.log().await
        );
    }
    assert!(shop.entries(AttentionKind::ArticlesLost).await.is_empty());
    shop.world.reset_calls().unwrap();
    shop.sync_stock("quick").await;
    assert_eq!(shop.calls(PUSH), 0);
    assert!(shop.entries(AttentionKind::ArticlesLost).await.is_empty());
    shop.world.restore_mandant().unwrap();
    shop.sync_stock("quick").await;
    assert_eq!(shop.world.stock(SKU).unwrap(), 9, "{}", shop.log().await);
}

#[tokio::test(start_paused = true)]
async fn a_person_decides_to_leave_what_was_lost_at_once_as_it_is() {
    let shop = published().await;
    shop.world.empty_mandant().unwrap();
    shop.sync_stock("quick").await;
    shop.decide_on_stock(AttentionKind::ArticlesLost, StockDecision::LeaveAsTheyAre).await;
    shop.sync_stock("quick").await;
    shop.sync_stock("quick").await;
    assert_eq!((shop.calls(PUSH), shop.world.stock(SKU).unwrap()), (0, 9), "{}", shop.log().await);
    assert!(shop.entries(AttentionKind::ArticlesLost).await.is_empty());
}

/// What was decided was about other listings.
#[tokio::test(start_paused = true)]
async fn a_decision_is_about_the_listings_that_were_shown() {
    let shop = published().await;
    (10..17).for_each(|number| shop.world.delete_article(&format!("MW-{number:04}")).unwrap());
    shop.sync_stock("quick").await;
    shop.decide_on_stock(AttentionKind::ArticlesLost, StockDecision::SetToZero).await;
    shop.world.empty_mandant().unwrap();
    shop.sync_stock("quick").await;
    assert_eq!(shop.calls(PUSH), 0, "{}", shop.log().await);
    assert_eq!(shop.entries(AttentionKind::ArticlesLost).await.len(), 1);
}
