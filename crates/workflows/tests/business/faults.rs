//! A marketplace in trouble: what was fetched stays fetched, and nothing goes out half.

use marktwerk_domain::order::OrderState;
use marktwerk_domain::run::RunState;
use marktwerk_sandbox::{Fault, FaultKind, Faults};
use serde_json::Value;

use crate::shop::Shop;

/// today.md, fault 6.
#[tokio::test(start_paused = true)]
async fn troubles_that_pass_end_in_success() {
    for kind in [
        FaultKind::ServerError { status: 502 },
        FaultKind::Cut,
        FaultKind::RateLimited,
        FaultKind::TooManyRequests { retry_after_seconds: 2 },
        FaultKind::Html,
        FaultKind::BrokenJson,
        FaultKind::Slow { milliseconds: 2_000 },
    ] {
        let shop = Shop::open().await;
        shop.place(5);
        shop.world.set_faults(Faults::one(Fault::new(kind.clone()).times(2))).unwrap();
        let run = shop.run("order_workflow", Value::Null).await;
        assert_eq!(run.state, RunState::Succeeded, "{kind:?}: {:?}\n{}", run.error, shop.log().await);
        assert_eq!(shop.statistics().await.uploaded, 5, "{kind:?}");
    }
}

/// today.md, fault 2: an order without its address or its prices never goes out.
#[tokio::test(start_paused = true)]
async fn one_failed_address_call_keeps_one_order_back() {
    let shop = Shop::open().await;
    let numbers = shop.place(3);
    let fault =
        Fault::new(FaultKind::ErrorCode { code: 180_020_001, message: "country not open".to_owned() })
            .only("bg.order.shippinginfo.v2.get")
            .times(1);
    shop.world.set_faults(Faults::one(fault)).unwrap();
    shop.sync_orders().await;
    let aside = shop.orders_in(&[OrderState::SetAside]).await;
    assert_eq!(aside.len(), 1, "{}", shop.log().await);
    assert!(numbers.contains(&aside[0].number));
    assert_eq!(shop.statistics().await.uploaded, 2);
}

#[tokio::test(start_paused = true)]
async fn an_expired_token_fails_the_run_without_another_try() {
    let shop = Shop::open().await;
    shop.world.set_faults(Faults::one(Fault::new(FaultKind::TokenExpired))).unwrap();
    let run = shop.run("order_workflow", Value::Null).await;
    assert_eq!((run.state, run.attempt), (RunState::Failed, 1));
    let error = run.error.unwrap();
    assert!(error.contains("3000034") && error.contains("sandbox"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_broken_marketplace_does_not_stop_what_jtl_shipped() {
    let shop = Shop::open().await;
    let number = shop.place(1).remove(0);
    shop.ship_everything().await;
    let fault = Fault::new(FaultKind::ServerError { status: 500 }).only("bg.order.list.v2.get");
    shop.world.set_faults(Faults::one(fault)).unwrap();
    let run = shop.run("order_workflow", Value::Null).await;
    assert_eq!(run.state, RunState::Failed, "the list is broken for good");
    assert_eq!(run.attempt, 3);
    assert_eq!(shop.order(&number).await.state, OrderState::Reported, "{}", shop.log().await);
}
