//! Hand-overs that were interrupted, with JTL and our store on one server: the receipts tell what the identity value cannot.

use jiff::Timestamp;
use marktwerk::clock::SystemClock;
use marktwerk_domain::judgement::{Document, OrderFacts};
use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::{Epoch, RunState};
use marktwerk_sqlserver::{Pool, Row, SqlError, reading};
use marktwerk_store::orders::{HandOverIntent, OrderChange, OrderPatch};
use serde_json::Value;

use crate::shop::Shop;

const ACCOUNT: &str = "temu";

async fn batch(pool: &Pool, sql: &str) {
    let done: Result<(), SqlError> = reading!(pool, "prepare", |connection| connection.batch("prepare", sql));
    done.unwrap();
}

async fn ask(pool: &Pool, sql: &str) -> Vec<Row> {
    let rows: Result<_, SqlError> = reading!(pool, "ask", |connection| connection.query("ask", sql, &[]));
    rows.unwrap()
}

async fn state(shop: &Shop, number: &str) -> OrderState {
    shop.program.store().order(ACCOUNT, number).await.unwrap().unwrap().state
}

/// A server that was killed skips values of its identities, and others insert rows too: neither keeps an order waiting for a person.
#[tokio::test(flavor = "multi_thread")]
async fn what_never_reached_jtl_goes_again_at_once_and_what_did_does_not() {
    let Some(shop) = Shop::open(40).await else { return };
    let ours = Pool::new(shop.settings.sqlserver.store.clone().unwrap());
    let placed = shop.place(2);
    let [rolled_back, committed] = &placed[..] else { unreachable!("two were placed") };
    let run = shop.run("order_workflow", Value::Null).await;
    assert_eq!(run.state, RunState::Succeeded, "{:?}", run.error);

    // As if the answer had been lost: both are open, neither has a row or an order, and only one has a receipt.
    let receipts = ask(&ours, "SELECT intended_at FROM marktwerk.hand_overs").await;
    assert_eq!(receipts.len(), 2);
    let at = Timestamp::from_microsecond(receipts[0].integer(0).unwrap()).unwrap();
    let intent = HandOverIntent { epoch: Epoch(1), identity: None, at, looked_at: None, has_receipt: true };
    let change = |number: &String| {
        // As it was before the answer: not handed over as far as we know.
        let mut kept = OrderFacts::default();
        kept.there.document = Document::Translated;
        let patch = OrderPatch {
            state: Some(OrderState::Exporting),
            intent: Some(Some(intent.clone())),
            kept: Some(kept),
            ..OrderPatch::default()
        };
        OrderChange { from: vec![OrderState::HandedOver], ..OrderChange::new(number, patch) }
    };
    let changes: Vec<OrderChange> = placed.iter().map(change).collect();
    let changed = shop.program.store().change_orders(ACCOUNT, &changes, SystemClock::shared().now()).await;
    assert_eq!(changed.unwrap(), [true, true]);
    batch(&ours, &format!("DELETE FROM marktwerk.hand_overs WHERE number = '{rolled_back}'")).await;
    batch(&shop.jtl.pool, "INSERT INTO dbo.tXMLBestellImport (cText) VALUES (N'of others')").await;
    batch(&shop.jtl.pool, "DELETE FROM dbo.tXMLBestellImport").await;

    let id = shop.start("order_workflow", Value::Null).await;
    let handed_over = async {
        let mut changes = shop.program.store().changes();
        while state(&shop, rolled_back).await != OrderState::HandedOver {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), handed_over).await.unwrap();
    let rows = ask(&shop.jtl.pool, "SELECT cText FROM dbo.tXMLBestellImport").await;
    assert!(matches!(&rows[..], [one] if one.text(0).unwrap().contains(rolled_back.as_str())));
    // It was taken and dropped, or is being taken: looked up for a while, and never inserted by itself.
    assert_eq!(state(&shop, committed).await, OrderState::Exporting);
    shop.program.engine().on_behalf_of("test").cancel(id).await.unwrap();
    shop.program.shutdown().await;
}
