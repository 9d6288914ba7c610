//! Both workflows from end to end, and that what they send does not grow with the number of orders.

use jiff::civil::date;
use marktwerk_domain::run::RunState;
use marktwerk_erp::testing as jtl;
use marktwerk_sqlserver::{Pool, SqlError, reading};
use serde_json::{Value, json};

use crate::shop::Shop;
use crate::worker::work;

const ORDERS: usize = 1_000;
const ARTICLES: usize = 10_000;

#[tokio::test(flavor = "multi_thread")]
async fn orders_go_to_jtl_and_parcels_come_back_each_once() {
    let Some(shop) = Shop::open(40).await else { return };
    let mut placed = shop.place(ORDERS);
    let run = shop.run("order_workflow", Value::Null).await;
    assert_eq!(run.state, RunState::Succeeded, "{:?} {:?}", run.error, run.steps);
    let mut taken = work(&shop).await;
    placed.sort();
    taken.sort();
    assert_eq!(taken, placed, "each once");
    // Nothing new: nothing is handed over again.
    let run = shop.run("order_workflow", Value::Null).await;
    assert_eq!(run.state, RunState::Succeeded, "{:?}", run.error);
    assert_eq!(work(&shop).await, Vec::<String>::new());
    assert_eq!(jtl::ship(&shop.jtl.pool, date(2026, 11, 24).at(10, 0, 0, 0)).await.unwrap(), ORDERS as u64);
    let run = shop.run("order_workflow", Value::Null).await;
    assert_eq!(run.state, RunState::Succeeded, "{:?} {:?}", run.error, run.steps);
    let all = ORDERS as _;
    let statistics = shop.program.store().order_statistics(&[]).await.unwrap();
    assert_eq!((statistics.total, statistics.uploaded, statistics.tracked), (all, all, all));
    let shipments = shop.world.shipments().unwrap();
    assert!(
        shipments.len() == ORDERS
            && shipments.iter().all(|parcel| (parcel.accepted, parcel.rejected) == (1, 0))
    );
    // And its lines stand where people look for them.
    let sql = "SELECT COUNT(*) FROM scheduler_logs WHERE job_type = 'order_workflow' AND status = 'SUCCESS'";
    let pool = Pool::new(shop.settings.sqlserver.store.clone().unwrap());
    let closing: Result<_, SqlError> =
        reading!(pool, "count", |connection| connection.one("count", sql, &[]));
    assert_eq!(closing.unwrap().unwrap().integer(0), Ok(3));
    shop.program.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_goes_to_the_marketplace_and_an_unchanged_one_is_not_sent_again() {
    let Some(shop) = Shop::open(ARTICLES).await else { return };
    shop.run("order_workflow", Value::Null).await;
    let run = shop.run("inventory_workflow", json!({ "mode": "full" })).await;
    assert_eq!(run.state, RunState::Succeeded, "{:?} {:?}", run.error, run.steps);
    assert_eq!(shop.world.stock("MW-0017").unwrap(), 1000);
    let before = shop.world.calls().unwrap();
    let run = shop.run("inventory_workflow", json!({ "mode": "quick" })).await;
    assert_eq!(run.state, RunState::Succeeded, "{:?}", run.error);
    assert_eq!(shop.world.calls().unwrap(), before, "nothing changed, nothing is sent");
    shop.program.shutdown().await;
}
