//! What stock figures rest on.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::stock::StockEntry;

use super::samples::{ACCOUNT, at, change, content, fetched, listing, move_to, save, tell};
use crate::orders::{FetchedOrder, OrderPatch};
use crate::stock::{self, AccountHoldings, OpenLine, StockDecision, UnreadEntry};
use crate::{SharedStore, StoreError};

fn line(account: &str, number: &str, sku: &str, quantity: i64) -> OpenLine {
    let (account, number, sku) = (account.to_owned(), number.to_owned(), sku.to_owned());
    OpenLine { account, number, sku, quantity }
}

/// An order's units are taken, or not any more.
async fn takes(store: &SharedStore, number: &str, takes_stock: bool) {
    let patch = OrderPatch { takes_stock: Some(takes_stock), ..OrderPatch::default() };
    assert_eq!(store.change_orders(ACCOUNT, &[change(number, patch)], at(9)).await.unwrap(), [true]);
}

fn entry(number: &str, since: i64) -> UnreadEntry {
    let (number, reason) = (number.to_owned(), "no articles".to_owned());
    UnreadEntry { number, reason, since: at(since), left_out_at: None }
}

/// Of all accounts, line by line, as the marketplace writes the article numbers.
pub async fn orders_that_take_stock_show_their_contents(store: SharedStore) {
    let contents = vec![content("a ", 1), content("B", 2)];
    save(&store, &[FetchedOrder { contents, ..fetched("PO-1", 5) }, fetched("PO-2", 5)]).await;
    store.save_fetched("other", &[fetched("PO-1", 5)], at(5)).await.unwrap();
    takes(&store, "PO-2", false).await;
    let open = store.open_contents(None).await.unwrap();
    let expected =
        [line("other", "PO-1", "A", 2), line(ACCOUNT, "PO-1", "B", 2), line(ACCOUNT, "PO-1", "a ", 1)];
    assert_eq!(open.lines, expected);
}

/// Once, and only to those who looked before; one that takes again is shown as such.
pub async fn an_order_that_stopped_taking_stock_shows_after_its_mark(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5), fetched("PO-2", 5)]).await;
    let first = store.open_contents(None).await.unwrap();
    takes(&store, "PO-1", false).await;
    // Not taking any more already: nothing stops.
    takes(&store, "PO-1", false).await;
    let second = store.open_contents(None).await.unwrap();
    assert_eq!(second.lines, [line(ACCOUNT, "PO-2", "A", 2)]);
    assert!(second.mark > first.mark);
    let both = [line(ACCOUNT, "PO-1", "A", 2), line(ACCOUNT, "PO-2", "A", 2)];
    assert_eq!(store.open_contents(Some(first.mark)).await.unwrap().lines, both);
    assert_eq!(store.open_contents(Some(second.mark)).await.unwrap(), second);
    takes(&store, "PO-2", false).await;
    assert_eq!(store.open_contents(Some(second.mark)).await.unwrap().lines, both[1..]);
    takes(&store, "PO-1", true).await;
    assert_eq!(store.open_contents(Some(first.mark)).await.unwrap().lines, both);
}

/// In the states that are asked for, whether they take stock or not.
pub async fn lines_of_open_orders_are_found_by_number(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5), fetched("PO-2", 5), fetched("PO-3", 5)]).await;
    for number in ["PO-1", "PO-3"] {
        move_to(&store, number, OrderState::InJtl).await;
        takes(&store, number, false).await;
    }
    let over = OrderPatch { is_open: Some(false), ..OrderPatch::default() };
    store.change_orders(ACCOUNT, &[change("PO-3", over)], at(9)).await.unwrap();
    let skus = ["A".to_owned(), "B".to_owned()];
    let in_jtl = store.open_lines_of(&skus, &[OrderState::InJtl]).await.unwrap();
    assert_eq!(in_jtl, [line(ACCOUNT, "PO-1", "A", 2)]);
    assert_eq!(store.open_lines_of(&skus, &OrderState::ALL).await.unwrap().len(), 2);
    assert!(store.open_lines_of(&skus[1..], &OrderState::ALL).await.unwrap().is_empty());
}

/// The first time and a person's decision stay; what was read goes.
pub async fn entries_without_articles_are_kept(store: SharedStore) {
    let both = [entry("PO-1", 1), entry("PO-2", 1)];
    store.change_unread_entries(ACCOUNT, &both, &[]).await.unwrap();
    assert_eq!(store.leave_out_unread_entries(ACCOUNT, at(5)).await.unwrap(), 2);
    store
        .change_unread_entries(ACCOUNT, &[entry("PO-1", 9), entry("PO-3", 9)], &["PO-2".to_owned()])
        .await
        .unwrap();
    let left_out = UnreadEntry { left_out_at: Some(at(5)), ..entry("PO-1", 1) };
    assert_eq!(store.unread_entries(ACCOUNT).await.unwrap(), [left_out, entry("PO-3", 9)]);
    assert!(store.unread_entries("other").await.unwrap().is_empty());
    assert_eq!(store.leave_out_unread_entries(ACCOUNT, at(9)).await.unwrap(), 1);
}

/// Open orders, units and listings, of accounts that have any.
pub async fn accounts_tell_what_they_hold(store: SharedStore) {
    assert!(store.account_holdings().await.unwrap().is_empty());
    save(&store, &[fetched("PO-1", 5), fetched("PO-2", 5)]).await;
    takes(&store, "PO-2", false).await;
    tell(&store, "other", &[listing("1", "A", 5)]).await;
    let holdings = |account: &str, open_orders, units, listings| AccountHoldings {
        account: account.to_owned(),
        open_orders,
        units,
        listings,
    };
    let expected = [holdings("other", 0, 0, 1), holdings(ACCOUNT, 2, 2, 0)];
    assert_eq!(store.account_holdings().await.unwrap(), expected);
}

/// What the other account has already is left to it.
pub async fn an_account_moves_with_what_it_has(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5), fetched("PO-2", 5)]).await;
    store.save_fetched("new", &[fetched("PO-2", 9)], at(9)).await.unwrap();
    tell(&store, ACCOUNT, &[listing("1", "A", 5), listing("2", "B", 5)]).await;
    tell(&store, "new", &[listing("2", "B", 9)]).await;
    store.change_unread_entries(ACCOUNT, &[entry("PO-7", 1)], &[]).await.unwrap();
    assert_eq!(store.move_account(ACCOUNT, "new").await.unwrap(), 1);
    assert_eq!(store.order("new", "PO-1").await.unwrap().unwrap().changed_at, at(5));
    assert_eq!(store.order("new", "PO-2").await.unwrap().unwrap().changed_at, at(9));
    let behind = store.order(ACCOUNT, "PO-2").await.unwrap().unwrap();
    assert!(!behind.is_open && !behind.takes_stock);
    let stocks: Vec<Option<i64>> =
        store.listings("new").await.unwrap().into_iter().map(|record| record.listing.stock).collect();
    assert_eq!(stocks, [Some(5), Some(9)]);
    assert!(store.listings(ACCOUNT).await.unwrap().is_empty());
    assert_eq!(store.unread_entries("new").await.unwrap().len(), 1);
    let counted = async |account: &str| store.order_statistics(&[account.to_owned()]).await.unwrap().total;
    assert_eq!((counted(ACCOUNT).await, counted("new").await), (1, 2));
    assert_eq!(store.open_units().await.unwrap()["A"], 4);
}

/// Its orders stay to be read.
pub async fn a_released_account_takes_nothing(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    store.save_fetched("other", &[fetched("PO-1", 5)], at(5)).await.unwrap();
    tell(&store, ACCOUNT, &[listing("1", "A", 5)]).await;
    let mark = store.open_contents(None).await.unwrap().mark;
    assert_eq!(store.release_account(ACCOUNT, at(9)).await.unwrap(), 1);
    assert!(store.order(ACCOUNT, "PO-1").await.unwrap().is_some_and(|order| !order.is_open));
    let left: Vec<String> =
        store.account_holdings().await.unwrap().into_iter().map(|holdings| holdings.account).collect();
    assert_eq!(left, ["other"]);
    assert_eq!(
        store.open_contents(Some(mark)).await.unwrap().lines.len(),
        2,
        "those who looked before count it"
    );
}

/// Only one that the entry has, and only while it is open.
pub async fn a_persons_decision_is_carried_out(store: SharedStore) {
    let lost = StockEntry::ArticlesLost {
        lost: 7,
        matched: 9,
        skus: vec!["A".to_owned()],
        fingerprint: "f00".to_owned(),
    };
    let blocked = StockEntry::Blocked {
        account: ACCOUNT.to_owned(),
        since: at(1),
        cause: None,
        orders: vec!["PO-9".to_owned()],
    };
    let gone = StockEntry::AccountGone {
        account: "old".to_owned(),
        orders: 1,
        units: 2,
        listings: 0,
        configured: vec![ACCOUNT.to_owned()],
    };
    store.save_fetched("old", &[fetched("PO-1", 5)], at(5)).await.unwrap();
    store.change_unread_entries(ACCOUNT, &[entry("PO-9", 1)], &[]).await.unwrap();
    for (account, entry) in [(ACCOUNT, &lost), (ACCOUNT, &blocked), ("old", &gone)] {
        store.raise(&[stock::attention(account, account, entry)], at(1)).await.unwrap();
    }
    let open = async |kind: AttentionKind| {
        let items = store.attentions().await.unwrap();
        items.into_iter().find(|item| item.kind == kind).map(|item| item.id)
    };
    let decide = async |kind: AttentionKind, decision: StockDecision| {
        let id = open(kind).await.unwrap_or(999);
        stock::decide(&*store, id, &decision, at(9)).await
    };
    let wrong = decide(AttentionKind::ArticlesLost, StockDecision::LeaveOut).await;
    assert!(matches!(wrong, Err(StoreError::NotFound(_))), "{wrong:?}");
    decide(AttentionKind::ArticlesLost, StockDecision::SetToZero).await.unwrap();
    let fact = store.fact(&stock::lost_decision_name(ACCOUNT)).await.unwrap();
    assert_eq!(fact.as_deref(), Some("set_to_zero f00"));
    assert!(open(AttentionKind::ArticlesLost).await.is_some(), "the next run applies it");
    decide(AttentionKind::StockBlocked, StockDecision::LeaveOut).await.unwrap();
    assert!(store.unread_entries(ACCOUNT).await.unwrap()[0].left_out_at.is_some());
    let again = decide(AttentionKind::StockBlocked, StockDecision::LeaveOut).await;
    assert!(matches!(again, Err(StoreError::NotFound(_))), "{again:?}");
    decide(AttentionKind::AccountGone, StockDecision::MoveTo(ACCOUNT.to_owned())).await.unwrap();
    assert!(store.order(ACCOUNT, "PO-1").await.unwrap().is_some());
    assert!(open(AttentionKind::AccountGone).await.is_none());
}
