//! Accounts that were renamed or removed in the settings: noticed at the start, and a person says what becomes of their orders.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::stock::StockEntry;
use marktwerk_store::stock::StockDecision;
use marktwerk_workflows::accounts::notice_gone;

use crate::shop::{ACCOUNT, Shop};

const SKU: &str = "MW-0003";

/// Two units are sold, and JTL does not know of them.
async fn with_an_open_order() -> (Shop, String) {
    let shop = Shop::open().await;
    shop.sync_stock("full").await;
    shop.world.pause_worker();
    let number = shop.world.sell(SKU, 2).unwrap();
    shop.sync_orders().await;
    (shop, number)
}

/// The program starts with these accounts.
async fn start_with(shop: &Shop, accounts: &[&str]) -> Vec<String> {
    let accounts: Vec<String> = accounts.iter().map(|&account| account.to_owned()).collect();
    notice_gone(&*shop.store, &accounts, shop.clock.now()).await.unwrap()
}

async fn open_accounts(shop: &Shop) -> Vec<String> {
    let open = shop.store.open_contents(None).await.unwrap();
    open.lines.into_iter().map(|line| line.account).collect()
}

#[tokio::test(start_paused = true)]
async fn an_account_with_another_name_takes_its_orders_along() {
    let (shop, number) = with_an_open_order().await;
    assert!(start_with(&shop, &[ACCOUNT]).await.is_empty());
    assert_eq!(start_with(&shop, &["renamed"]).await, [ACCOUNT]);
    let entries = shop.entries(AttentionKind::AccountGone).await;
    let [StockEntry::AccountGone { account, orders: 1, units: 2, listings, configured }] = entries.as_slice()
    else {
        panic!("{entries:?}")
    };
    assert!(account == ACCOUNT && *listings > 40 && configured == &["renamed"], "{entries:?}");
    shop.decide_on_stock(AttentionKind::AccountGone, StockDecision::MoveTo("renamed".to_owned())).await;
    assert_eq!(open_accounts(&shop).await, ["renamed"]);
    assert!(shop.store.order("renamed", &number).await.unwrap().is_some());
    assert!(shop.store.order(ACCOUNT, &number).await.unwrap().is_none());
    assert!(start_with(&shop, &["renamed"]).await.is_empty());
    assert!(shop.entries(AttentionKind::AccountGone).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_a_removed_account_left_is_left_out() {
    let (shop, _) = with_an_open_order().await;
    start_with(&shop, &[]).await;
    shop.decide_on_stock(AttentionKind::AccountGone, StockDecision::LeaveOut).await;
    assert!(open_accounts(&shop).await.is_empty());
    assert!(start_with(&shop, &[]).await.is_empty());
    assert!(shop.entries(AttentionKind::AccountGone).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_back_needs_nobody() {
    let (shop, _) = with_an_open_order().await;
    start_with(&shop, &["other"]).await;
    start_with(&shop, &["other"]).await;
    assert_eq!(shop.entries(AttentionKind::AccountGone).await.len(), 1);
    start_with(&shop, &["other", ACCOUNT]).await;
    assert!(shop.entries(AttentionKind::AccountGone).await.is_empty());
    assert_eq!(open_accounts(&shop).await, [ACCOUNT]);
}
