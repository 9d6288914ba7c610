//! Whole calls against a fake TEMU: envelope, classes of errors, repetitions, pages, stock, shipments.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use marktwerk_domain::failure::FailureClass;
use marktwerk_domain::inventory::StockTarget;
use marktwerk_domain::shipment::Content;
use serde_json::{Value, json};

use super::fake::{Fake, Say};
use crate::error::ConnectorError;
use crate::marketplace::Marketplace;
use crate::orders::{OrderEntry, OrderWindow};
use crate::writes::WriteAnswer;

pub(super) const LIST: &str = "bg.order.list.v2.get";

pub(super) fn window() -> OrderWindow {
    let changed_from = Timestamp::from_second(1_779_000_000).unwrap();
    OrderWindow { changed_from, changed_until: Timestamp::from_second(1_780_000_000).unwrap(), status: None }
}

pub(super) fn item(number: &str) -> Value {
    json!({"parentOrderMap": {"parentOrderSn": number, "updateTime": 1_779_500_000, "parentOrderStatus": 2},
           "orderList": [{"orderSn": "1", "productList": [{"extCode": "A"}], "skuId": 5}]})
}

pub(super) fn empty_page() -> Say {
    Say::Result(json!({"totalItemNum": 0, "pageItems": null}))
}

async fn list_error(answer: impl Fn(usize) -> Say + Send + Sync + 'static) -> (Fake, ConnectorError) {
    let fake = Fake::new(move |_, _, count| answer(count)).await;
    let error = fake.temu.read_orders(window()).next().await.unwrap_err();
    (fake, error)
}

#[tokio::test(start_paused = true)]
async fn a_page_instead_of_json_is_unreadable_and_shows_no_personal_data() {
    let html = "<html><title>Gateway</title><b>Sorry, anna@example.org 12345678</b></html>";
    let (fake, error) = list_error(move |_| Say::Raw(200, "text/html", None, html.to_owned())).await;
    assert_eq!(error.failure().class, FailureClass::Unreadable);
    let message = error.failure().message;
    assert!(
        message.contains("200") && message.contains("text/html") && message.contains("Gateway Sorry"),
        "{message}"
    );
    assert!(!message.contains("anna") && !message.contains("1234"), "{message}");
    assert_eq!(fake.temu.calls()[LIST], 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_cut_off_or_without_a_verdict_is_unreadable() {
    for body in
        [r#"{"success":true,"result":{"receiptName":"Änne B"#, r#"{"result":{}}"#, "", r#"{"success":false}"#]
    {
        let (_, error) = list_error(move |_| Say::Raw(200, "application/json", None, body.to_owned())).await;
        assert_eq!(error.failure().class, FailureClass::Unreadable, "{body}");
        assert!(!error.to_string().contains("nne"), "{error}");
    }
    let (_, error) = list_error(|_| Say::Result(json!({"totalItemNum": 1, "pageItems": "Änne"}))).await;
    assert_eq!(error.failure().class, FailureClass::Unreadable);
    assert!(!error.to_string().contains("nne"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_twice_with_a_fresh_time_and_then_succeeds() {
    let fake = Fake::new(|_, _, count| match count {
        1 => Say::Raw(503, "text/html", None, "busy".to_owned()),
        2 => Say::Code(4_000_000, "SYSTEM_EXCEPTION"),
        _ => empty_page(),
    })
    .await;
    let begin = fake.clock.monotonic();
    fake.temu.read_orders(window()).next().await.unwrap();
    let took = fake.clock.monotonic() - begin;
    assert!((1_000..=2_010).contains(&took.as_millis()), "{took:?}");
    let asked = fake.asked(LIST);
    assert_eq!(asked.len(), 3);
    assert_ne!(asked[0]["timestamp"], asked[2]["timestamp"]);
    assert_ne!(asked[0]["sign"], asked[2]["sign"]);
}

#[tokio::test(start_paused = true)]
async fn too_many_calls_pause_and_end_as_rate_limited() {
    let (fake, error) = list_error(|_| Say::Code(4_000_004, "RATE_LIMIT_EXCEED_EXCEPTION")).await;
    assert_eq!(error.failure().class, FailureClass::RateLimited { until: None });
    assert_eq!(fake.temu.calls()[LIST], 3);
    let message = error.failure().message;
    for part in ["shop", LIST, "4000004", "eu-1"] {
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_retry_after_is_told_instead_of_waited_for() {
    let (fake, error) = list_error(|_| Say::Raw(429, "text/plain", Some("600"), String::new())).await;
    let until = Some(Timestamp::from_second(1_780_000_600).unwrap());
    assert_eq!(error.failure().class, FailureClass::RateLimited { until });
    // The bucket is paused for everybody: the next call is not even made.
    let error = fake.temu.check_account().await.unwrap_err();
    assert!(matches!(error.failure().class, FailureClass::RateLimited { until: Some(_) }), "{error}");
    assert_eq!(fake.temu.calls().values().sum::<u64>(), 1);
    fake.clock.sleep(Duration::from_secs(600)).await;
    assert!(fake.temu.read_orders(window()).next().await.is_err());
    assert_eq!(fake.temu.calls()[LIST], 2);
}

#[tokio::test(start_paused = true)]
async fn retry_after_may_be_a_date() {
    let date = Some("Thu, 28 May 2026 20:36:40 GMT");
    let (fake, error) = list_error(move |_| Say::Raw(503, "text/plain", date, String::new())).await;
    let until = Some(Timestamp::from_second(1_780_000_600).unwrap());
    assert_eq!(error.failure().class, FailureClass::RateLimited { until });
    assert_eq!(fake.temu.calls()[LIST], 1);
}

#[tokio::test(start_paused = true)]
async fn a_retry_after_beyond_reason_is_brought_between_a_second_and_an_hour() {
    let last = Some("Thu, 28 May 2020 20:36:40 GMT");
    for retry_after in [Some("0"), last] {
        let (fake, error) =
            list_error(move |_| Say::Raw(429, "text/plain", retry_after, String::new())).await;
        let waited = fake.clock.monotonic();
        assert!((2_000..2_100).contains(&waited.as_millis()), "{retry_after:?}: {waited:?}");
        assert_eq!(fake.temu.calls()[LIST], 3);
        let FailureClass::RateLimited { until: Some(until) } = error.failure().class else {
            panic!("{error}")
        };
        let after = until.duration_since(fake.clock.now());
        assert!((900..=1_000).contains(&after.as_millis()), "{retry_after:?}: {after:?}");
    }
    let until = Some(Timestamp::from_second(1_780_003_600).unwrap());
    for retry_after in ["864000", "99999999999999999999", "Thu, 28 May 2099 20:36:40 GMT"] {
        let (fake, error) =
            list_error(move |_| Say::Raw(503, "text/plain", Some(retry_after), String::new())).await;
        assert_eq!(error.failure().class, FailureClass::RateLimited { until }, "{retry_after}");
        assert!(fake.temu.check_account().await.is_err());
        fake.clock.sleep(Duration::from_secs(60 * 60)).await;
        assert!(fake.temu.read_orders(window()).next().await.is_err());
        assert_eq!(fake.temu.calls()[LIST], 2, "the pause ends");
    }
}

#[tokio::test(start_paused = true)]
async fn codes_have_their_classes_and_cures() {
    for (code, class, word) in [
        (3_000_034, FailureClass::Unauthorised, "authorise the app again"),
        (3_000_021, FailureClass::Unauthorised, "permission"),
        (5_000_003, FailureClass::Unauthorised, "whitelist"),
        (3_000_001, FailureClass::Refused, "app secret"),
        (3_000_012, FailureClass::Refused, "clock"),
        (120_011_072, FailureClass::Unauthorised, "area"),
        (140_020_001, FailureClass::Unauthorised, "kind of shop"),
        (140_020_015, FailureClass::Unauthorised, "kind of shop"),
        (180_020_008, FailureClass::Unauthorised, "data processing agreement"),
        (140_020_012, FailureClass::Refused, "said"),
        (7_000_000, FailureClass::Transient, "said"),
    ] {
        let (fake, error) = list_error(move |_| Say::Code(code, "said")).await;
        assert_eq!(error.failure().class, class, "{code}");
        assert!(error.to_string().contains(word), "{error}");
        assert!(!error.to_string().contains("secret secret"), "{error}");
        let tries = if class == FailureClass::Transient { 3 } else { 1 };
        assert_eq!(fake.temu.calls()[LIST], tries, "{code}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_connection_even_a_write_is_tried_again() {
    let fake = Fake::nobody().await;
    let error = fake.temu.push_stock(&[target("5", 3)], "key").await.unwrap_err();
    assert_eq!(error.failure().class, FailureClass::Transient);
    assert_eq!(fake.temu.calls()["bg.local.goods.stock.edit"], 3);
    assert!(!format!("{error:?} {:?}", fake.temu).contains("secret"));
}

#[tokio::test(start_paused = true)]
async fn details_are_whole_or_not_at_all() {
    let entry = OrderEntry {
        number: "PO-1".to_owned(),
        changed_at: Timestamp::UNIX_EPOCH,
        ordered_at: Timestamp::UNIX_EPOCH,
        status: marktwerk_domain::order::MarketplaceStatus::Ready,
        fingerprint: String::new(),
        raw: item("PO-1"),
    };
    let fake = Fake::new(|call, _, _| match call {
        "bg.order.amount.query" => Say::Code(140_020_008, "still calculating"),
        _ => Say::Result(json!({"receiptName": "x"})),
    })
    .await;
    let error = fake.temu.order_details(&entry).await.unwrap_err();
    assert_eq!(error.failure().class, FailureClass::Transient);
    assert_eq!(fake.temu.calls()["bg.order.amount.query"], 1);

    let fake = Fake::new(|_, _, _| Say::Result(Value::Null)).await;
    let error = fake.temu.order_details(&entry).await.unwrap_err();
    assert_eq!(error.failure().class, FailureClass::Unreadable);
}

#[tokio::test(start_paused = true)]
async fn lines_without_an_article_number_get_it_from_the_listings() {
    let fake = Fake::new(|call, asked, _| match call {
        "bg.local.goods.sku.list.query" if asked["skuSearchType"] == 2 => {
            Say::Result(json!({"total": 1, "skuList": [{"skuId": 5, "goodsId": 1, "skuSn": "ART-5"}]}))
        }
        "bg.local.goods.sku.list.query" => Say::Result(json!({"total": 0, "skuList": null})),
        _ => Say::Result(json!({})),
    })
    .await;
    let mut raw = item("PO-1");
    raw["orderList"][0]["productList"] = Value::Null;
    let entry = OrderEntry {
        number: "PO-1".to_owned(),
        changed_at: Timestamp::UNIX_EPOCH,
        ordered_at: Timestamp::UNIX_EPOCH,
        status: marktwerk_domain::order::MarketplaceStatus::Ready,
        fingerprint: String::new(),
        raw,
    };
    for _ in 0..2 {
        let details = fake.temu.order_details(&entry).await.unwrap();
        assert_eq!(details["articles"], json!({"5": "ART-5"}));
    }
    assert_eq!(fake.temu.calls()["bg.local.goods.sku.list.query"], 2, "remembered the second time");
}

#[tokio::test(start_paused = true)]
async fn what_an_order_takes_from_stock_is_named_by_its_lines_or_by_the_listings() {
    let fake = Fake::new(|_, asked, _| {
        let listed = json!([{"skuId": 5, "goodsId": 1, "skuSn": "ART-5"}]);
        let is_on_sale = asked["skuSearchType"] == 2;
        Say::Result(json!({"total": 1, "skuList": if is_on_sale { listed } else { Value::Null }}))
    })
    .await;
    let line = |sku: i64, quantity: i64, products: Value| json!({"orderSn": sku.to_string(), "skuId": sku, "quantity": quantity, "productList": products});
    let entry = |lines: Value| OrderEntry {
        number: "PO-1".to_owned(),
        changed_at: Timestamp::UNIX_EPOCH,
        ordered_at: Timestamp::UNIX_EPOCH,
        status: marktwerk_domain::order::MarketplaceStatus::Pending,
        fingerprint: String::new(),
        raw: json!({"parentOrderMap": {}, "orderList": lines}),
    };
    let own = line(4, 2, json!([{"extCode": "A"}]));
    let contents =
        fake.temu.order_contents(&entry(json!([own, line(7, 0, Value::Null)]))).await.unwrap().taken;
    assert_eq!(contents, [Content { sku: "A".to_owned(), quantity: 2 }]);
    assert!(fake.temu.calls().is_empty(), "nothing had to be asked");
    for _ in 0..2 {
        let lines = json!([own, line(5, 3, Value::Null)]);
        let contents = fake.temu.order_contents(&entry(lines)).await.unwrap().taken;
        let expected = [("A", 2), ("ART-5", 3)];
        assert_eq!(contents, expected.map(|(sku, quantity)| Content { sku: sku.to_owned(), quantity }));
    }
    assert_eq!(fake.temu.calls()["bg.local.goods.sku.list.query"], 2, "remembered the second time");
    let contents = fake.temu.order_contents(&entry(json!([line(6, 1, Value::Null)]))).await.unwrap().taken;
    assert_eq!(contents, []);
}

#[tokio::test(start_paused = true)]
async fn listings_of_both_kinds_come_together() {
    let fake = Fake::new(|_, asked, _| {
        let row = |id: i64, sku: Value| json!({"skuId": id, "goodsId": "9", "skuSn": sku, "goodsName": "Tasse", "stock": "4"});
        if asked["skuStatusFilterType"] == 2 {
            Say::Result(json!({"total": 101, "skuList": [row(1, json!("A")), row(2, json!(null)), {"skuSn": "lost"}]}))
        } else {
            Say::Result(json!({"total": 1, "skuList": [{"skuId": 3, "goodsId": 9, "skuSn": "C"}]}))
        }
    })
    .await;
    let mut reader = fake.temu.read_listings();
    let batch = reader.next().await.unwrap().unwrap();
    assert_eq!((batch.unreadable, reader.is_complete()), (1, false));
    let skus: Vec<&str> = batch.listings.iter().map(|listing| listing.sku.as_str()).collect();
    assert_eq!(skus, ["A", "", "C"]);
    assert_eq!((batch.listings[0].group.as_str(), batch.listings[0].stock), ("9", Some(4)));
    assert_eq!(batch.listings[2].stock, None, "unknown is not 0");
    assert!(reader.next().await.unwrap().is_some(), "there are 101 on sale");
    assert_eq!(reader.next().await.unwrap(), None);
    assert!(!reader.is_complete(), "102 are told, and 4 were seen");
}

fn target(listing: &str, quantity: i64) -> StockTarget {
    StockTarget { listing: listing.to_owned(), group: "1".to_owned(), sku: "A".to_owned(), quantity }
}

#[tokio::test(start_paused = true)]
async fn each_stock_figure_has_its_own_answer() {
    let fake = Fake::new(|_, _, _| {
        Say::Result(json!({"operateResult": true, "skuStockEditStatusInfoList": [
            {"skuId": "5", "stockEditStatus": true, "errorCode": null},
            {"skuId": 6, "stockEditStatus": false, "errorCode": 150_010_005, "errorMsg": "later"}]}))
    })
    .await;
    let targets = [target("5", 0), target("6", 2), target("7", 2), target("8", -1), target("x", 1)];
    let answers = fake.temu.push_stock(&targets, "key-1").await.unwrap();
    let accepted: Vec<bool> = answers.iter().map(|answer| answer.answer == WriteAnswer::done()).collect();
    assert_eq!(accepted, [true, false, false, false, false]);
    let refused = |code: &str, message: &str| WriteAnswer::Refused {
        code: code.to_owned(),
        message: message.to_owned(),
    };
    assert_eq!(answers[1].answer, refused("150010005", "later"));
    assert_eq!(answers[2].answer, refused("", "the answer does not mention it"));
    let asked = &fake.asked("bg.local.goods.stock.edit")[0];
    assert_eq!(asked["requestUniqueKey"], "key-1");
    assert_eq!(asked["skuStockTargetList"].as_array().unwrap().len(), 3);
    assert_eq!(asked["skuStockTargetList"][0], json!({"skuId": 5, "stockTarget": 0}));
}

#[tokio::test(start_paused = true)]
async fn a_stock_call_refused_as_a_whole_took_nothing_and_an_outage_is_not_repeated() {
    let fake = Fake::new(|_, _, count| match count {
        1 => Say::Code(150_013_001, "Duplicate SKUs"),
        _ => Say::Raw(502, "text/html", None, "down".to_owned()),
    })
    .await;
    let answers = fake.temu.push_stock(&[target("5", 1)], "key").await.unwrap();
    let WriteAnswer::Refused { message, .. } = &answers[0].answer else { panic!("{answers:?}") };
    assert!(message.contains("Duplicate SKUs"), "{message}");
    let error = fake.temu.push_stock(&[target("5", 1)], "key").await.unwrap_err();
    assert_eq!(error.failure().class, FailureClass::Transient);
    assert_eq!(fake.temu.calls()["bg.local.goods.stock.edit"], 2);
}

#[tokio::test(start_paused = true)]
async fn the_account_tells_its_end_and_what_it_may_not() {
    let fake = Fake::new(|_, _, _| {
        Say::Result(
            json!({"mallId": 12, "expiredTime": 1_790_000_000, "apiScopeList": ["bg.order.list.v2.get"]}),
        )
    })
    .await;
    let health = fake.temu.check_account().await.unwrap();
    assert_eq!(health.expires_at.unwrap().as_second(), 1_790_000_000);
    assert!(health.message.contains("accepts the token of shop 12"), "{}", health.message);
    assert!(!health.message.contains("2026"), "the date stands in expires_at alone: {}", health.message);
    assert!(health.message.contains("bg.order.amount.query"), "{}", health.message);
    assert!(fake.temu.account().is_loopback);
}

#[tokio::test(start_paused = true)]
async fn a_token_at_its_end_says_so_and_one_behind_it_is_not_authorised() {
    const NOW: i64 = 1_780_000_000;
    const DAY: i64 = 24 * 60 * 60;
    let fake = async |expired_time: i64| {
        Fake::new(move |_, _, _| Say::Result(json!({"mallId": 12, "expiredTime": expired_time}))).await
    };
    for (left, word) in [
        (14 * DAY, "expires in 14 days: authorise the app again"),
        (3 * DAY + 3_600, "expires in 3 days: authorise the app again"),
        (DAY + 3_600, "expires in 1 day: "),
        (3_600, "expires in less than a day: "),
    ] {
        let health = fake(NOW + left).await.temu.check_account().await.unwrap();
        assert!(health.message.contains(word) && !health.message.contains("2026"), "{}", health.message);
    }
    for expired_time in [NOW + 15 * DAY, 0] {
        let health = fake(expired_time).await.temu.check_account().await.unwrap();
        assert!(!health.message.contains("expires"), "{}", health.message);
        assert_eq!(health.expires_at.is_none(), expired_time == 0);
    }
    let error = fake(NOW - 3 * DAY).await.temu.check_account().await.unwrap_err();
    assert_eq!(error.failure().class, FailureClass::Unauthorised);
    let told = error.to_string();
    assert!(
        told.contains("shop 12 expired on 2026-05-25") && told.contains("authorise the app again"),
        "{told}"
    );
    assert_eq!(told.matches("2026").count(), 1, "{told}");
}

/// Writes down level and message of each event, for as long as it is the thread's subscriber.
struct Output(Arc<Mutex<Vec<String>>>);

impl tracing::Subscriber for Output {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.level() <= &tracing::Level::DEBUG
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let level = event.metadata().level();
        event.record(&mut |field: &tracing::field::Field, value: &dyn std::fmt::Debug| {
            if field.name() == "message" {
                self.0.lock().unwrap().push(format!("{level} {value:?}"));
            }
        });
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[tokio::test(start_paused = true)]
async fn waiting_for_the_limit_of_calls_does_not_fill_the_usual_output() {
    let told = Arc::<Mutex<Vec<String>>>::default();
    let _output = tracing::subscriber::set_default(Output(told.clone()));
    let fake = Fake::new(|_, _, count| match count {
        1 => Say::Raw(429, "text/plain", Some("3"), String::new()),
        _ => empty_page(),
    })
    .await;
    fake.temu.read_orders(window()).next().await.unwrap();
    let told = told.lock().unwrap();
    let waited: Vec<&String> = told.iter().filter(|line| line.contains("limit of calls")).collect();
    assert_eq!(waited, ["DEBUG waited for the marketplace's limit of calls"], "{told:?}");
}
