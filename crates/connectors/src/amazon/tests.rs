//! The connector against a fake Amazon.

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::failure::FailureClass;
use marktwerk_domain::judgement::{Hold, Notice};
use marktwerk_domain::order::MarketplaceStatus;
use serde_json::{Value, json};

use super::fake::{Asked, Fake, SIGN_IN, Say};
use crate::error::ConnectorError;
use crate::orders::OrderWindow;
use crate::paging::{OrderBatch, OrderReader};

const SEARCH: &str = "/orders/2026-01-01/orders";

fn order(number: &str) -> Value {
    json!({
        "orderId": number,
        "createdTime": "2026-05-28T20:00:00.250Z",
        "lastUpdatedTime": "2026-05-28T20:20:00Z",
        "salesChannel": { "channelName": "AMAZON", "marketplaceId": "A1PA6795UKMFR9" },
        "fulfillment": { "fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT" },
        "orderItems": [{ "orderItemId": "1", "quantityOrdered": 3, "product": { "sellerSku": "CUP-9" },
            "fulfillment": { "quantityFulfilled": 0, "quantityUnfulfilled": 3 } }],
    })
}

fn page(orders: &[Value], next: Option<&str>) -> Say {
    Say::json(&json!({ "orders": orders, "pagination": { "nextToken": next } }))
}

/// Signs in, and answers everything else by `answer`.
async fn fake(answer: impl Fn(&Asked, usize) -> Say + Send + Sync + 'static) -> Fake {
    Fake::new(
        move |asked, count| if asked.path == SIGN_IN { Say::token(count) } else { answer(asked, count) },
    )
    .await
}

/// An hour that has passed long ago.
fn window(fake: &Fake) -> OrderWindow {
    let until = fake.clock.now() - SignedDuration::from_hours(1);
    OrderWindow { changed_from: until - SignedDuration::from_hours(1), changed_until: until, status: None }
}

async fn all(reader: &mut dyn OrderReader) -> Result<OrderBatch, ConnectorError> {
    let mut all = OrderBatch::default();
    while !reader.is_complete() {
        let batch = reader.next().await?;
        all.entries.extend(batch.entries);
        all.malformed.extend(batch.malformed);
    }
    Ok(all)
}

async fn read(fake: &Fake) -> Result<OrderBatch, ConnectorError> {
    all(&mut *fake.amazon.read_orders(window(fake))).await
}

#[tokio::test(start_paused = true)]
async fn one_sign_in_serves_many_calls_and_pages_follow_their_tokens() {
    let fake = fake(|asked, _| match asked.parameter("paginationToken") {
        None => page(&[order("302-1")], Some("a+b/c=")),
        Some("a+b/c=") => page(&[order("302-2")], Some("")),
        Some(other) => Say::error(400, "InvalidInput", other),
    })
    .await;
    let read = read(&fake).await.unwrap();
    let numbers: Vec<&str> = read.entries.iter().map(|entry| entry.number.as_str()).collect();
    assert_eq!(numbers, ["302-1", "302-2"]);
    let entry = &read.entries[0];
    assert_eq!(entry.status, MarketplaceStatus::Ready);
    assert_eq!(entry.changed_at, "2026-05-28T20:20:00Z".parse::<Timestamp>().unwrap());
    assert_eq!(entry.ordered_at, "2026-05-28T20:00:00Z".parse::<Timestamp>().unwrap(), "whole seconds");

    let [sign_in] = fake.asked(SIGN_IN).try_into().unwrap();
    let form =
        "grant_type=refresh_token&refresh_token=refresh+secret&client_id=client&client_secret=very+secret";
    assert_eq!(sign_in.body, form);
    let [first, second] = fake.asked(SEARCH).try_into().unwrap();
    assert_eq!((first.token.as_str(), second.token.as_str()), ("token-1", "token-1"));
    assert_eq!(first.parameter("marketplaceIds"), Some("A1PA6795UKMFR9,A13V1IB3VIYZZH"));
    assert_eq!(first.parameter("lastUpdatedAfter"), Some("2026-05-28T18:26:40Z"));
    assert_eq!(first.parameter("lastUpdatedBefore"), Some("2026-05-28T19:26:40Z"));
    assert_eq!(second.parameter("lastUpdatedAfter"), first.parameter("lastUpdatedAfter"));
}

/// Amazon refuses an end that lies ahead of its own clock less two minutes, and says what it has taken.
#[tokio::test(start_paused = true)]
async fn an_end_that_is_near_is_left_to_amazon() {
    let fake =
        fake(|_, _| Say::json(&json!({ "orders": [], "lastUpdatedBefore": "2026-05-28T20:10:00Z" }))).await;
    let now = fake.clock.now();
    let window = OrderWindow { changed_until: now - SignedDuration::from_mins(2), ..window(&fake) };
    let mut reader = fake.amazon.read_orders(window);
    all(&mut *reader).await.unwrap();
    assert_eq!(fake.asked(SEARCH)[0].parameter("lastUpdatedBefore"), None);
    assert_eq!(reader.read_until(), "2026-05-28T20:10:00Z".parse().ok());
}

#[tokio::test(start_paused = true)]
async fn a_page_token_that_has_ended_begins_the_list_again() {
    let fake = fake(|asked, count| match (asked.parameter("paginationToken"), count) {
        (None, _) => page(&[order("302-1")], Some("next")),
        (Some(_), 2) => Say::error(400, "InvalidInput", "The pagination token is not valid."),
        (Some(_), _) => page(&[order("302-2")], None),
    })
    .await;
    let read = read(&fake).await.unwrap();
    assert_eq!(read.entries.len(), 3, "the first one came twice, and none is lost");
    assert_eq!(fake.asked(SEARCH).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_refused_search_is_not_begun_again() {
    let fake = fake(|_, _| Say::error(400, "InvalidInput", "marketplaceIds is not valid")).await;
    let error = read(&fake).await.unwrap_err();
    assert_eq!(error.failure().class, FailureClass::Refused);
    assert!(error.to_string().contains("code InvalidInput, request request-1"), "{error}");
    assert_eq!(fake.asked(SEARCH).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_was_withdrawn_is_fetched_anew_once() {
    let fake = fake(|asked, count| match (asked.token.as_str(), count) {
        ("token-1", 1) | ("token-2", _) => page(&[], None),
        _ => Say::error(403, "Unauthorized", "The access token you provided has been revoked."),
    })
    .await;
    read(&fake).await.unwrap();
    fake.clock.sleep(std::time::Duration::from_secs(60)).await;
    read(&fake).await.unwrap();
    assert_eq!((fake.asked(SIGN_IN).len(), fake.asked(SEARCH).len()), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_new_token_that_is_refused_is_not_exchanged_for_another() {
    let fake = fake(|_, _| Say::error(403, "Unauthorized", "Access to requested resource is denied.")).await;
    let error = read(&fake).await.unwrap_err();
    assert_eq!(error.failure().class, FailureClass::Unauthorised);
    assert!(error.to_string().contains("check the application's roles"), "{error}");
    assert_eq!((fake.asked(SIGN_IN).len(), fake.asked(SEARCH).len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_is_refused_names_the_cure_and_no_secret() {
    let fake = Fake::new(|_, _| {
        let body = json!({ "error": "invalid_grant", "error_description": "The request has an invalid grant parameter" });
        Say(400, Vec::new(), body.to_string())
    })
    .await;
    let error = read(&fake).await.unwrap_err();
    assert_eq!(error.failure().class, FailureClass::Unauthorised);
    let said = error.to_string();
    assert!(said.contains("invalid_grant") && said.contains("authorise the application again"), "{said}");
    assert!(!said.contains("very secret") && !said.contains("refresh secret"), "{said}");
    assert!(fake.asked(SEARCH).is_empty());
}

/// While the sign-in is away, none of the few searches is used up.
#[tokio::test(start_paused = true)]
async fn a_sign_in_that_is_away_costs_no_turn() {
    let fake = Fake::new(|asked, count| match asked.path.as_str() {
        SIGN_IN if count <= 90 => Say(503, Vec::new(), String::new()),
        SIGN_IN => Say::token(count),
        _ => page(&[], None),
    })
    .await;
    for _ in 0..30 {
        assert_eq!(read(&fake).await.unwrap_err().failure().class, FailureClass::Transient);
    }
    for _ in 0..20 {
        read(&fake).await.unwrap();
    }
    assert_eq!(fake.asked(SEARCH).len(), 20);
}

/// The bucket gives one call in three minutes: a run has other work to do meanwhile.
#[tokio::test(start_paused = true)]
async fn too_many_calls_are_told_with_the_time_of_the_next_one() {
    let fake = fake(|_, _| Say::error(429, "QuotaExceeded", "You exceeded your quota")).await;
    let until = |error: ConnectorError| match error.failure().class {
        FailureClass::RateLimited { until } => until.unwrap().duration_since(fake.clock.now()),
        other => panic!("{other:?}"),
    };
    let first = until(read(&fake).await.unwrap_err());
    assert!((SignedDuration::from_secs(180)..SignedDuration::from_secs(190)).contains(&first), "{first:#}");
    let second = until(read(&fake).await.unwrap_err());
    assert!(second <= first);
    assert_eq!(fake.asked(SEARCH).len(), 1, "no call is made before that");
}

#[tokio::test(start_paused = true)]
async fn what_may_be_saved_up_goes_out_at_once_and_the_rate_is_learnt() {
    let fake = fake(|_, _| {
        let Say(status, mut headers, body) = page(&[], None);
        headers.push(("x-amzn-RateLimit-Limit", "0.5".to_owned()));
        Say(status, headers, body)
    })
    .await;
    let begins = fake.clock.now();
    for _ in 0..20 {
        read(&fake).await.unwrap();
    }
    assert_eq!(fake.clock.now(), begins);
    read(&fake).await.unwrap();
    let waited = fake.clock.now().duration_since(begins);
    assert!(waited > SignedDuration::ZERO && waited < SignedDuration::from_secs(3), "{waited:#}");
}

#[tokio::test(start_paused = true)]
async fn one_strange_order_spoils_no_other() {
    let strange = |name: &str, value: Value| {
        let mut order = order("302-9");
        order[name] = value;
        order
    };
    let orders = [
        order("302-1"),
        strange("orderItems", Value::Null),
        strange("lastUpdatedTime", json!("yesterday")),
        strange("fulfillment", json!({ "fulfillmentStatus": "TELEPORTED" })),
        strange("orderId", Value::Null),
        strange("aNewField", json!({ "of": ["a", "later", "version"] })),
    ];
    let fake = fake(move |_, _| page(&orders, None)).await;
    let read = read(&fake).await.unwrap();
    assert_eq!(read.entries.len(), 2);
    let reasons: Vec<String> = read.malformed.iter().map(|entry| entry.reason.clone()).collect();
    for (reason, word) in reasons.iter().zip(["cannot be read", "lastUpdatedTime", "TELEPORTED", "orderId"]) {
        assert!(reason.contains(word), "{reason}");
    }
    assert_eq!(read.malformed[0].number.as_deref(), Some("302-9"));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_no_json_is_unreadable_and_a_sick_amazon_is_asked_again() {
    let page_of_a_gateway =
        || Say(200, vec![("content-type", "text/html".to_owned())], "<p>Hello".to_owned());
    let html = fake(move |_, _| page_of_a_gateway()).await;
    let error = read(&html).await.unwrap_err();
    assert_eq!(error.failure().class, FailureClass::Unreadable);
    assert!(error.to_string().contains("beginning `Hello`"), "{error}");

    let sick = fake(|_, count| match count {
        1 => Say::error(500, "InternalFailure", "We encountered an internal error."),
        2 => Say(503, Vec::new(), String::new()),
        _ => page(&[order("302-1")], None),
    })
    .await;
    assert_eq!(read(&sick).await.unwrap().entries.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn single_orders_are_read_and_unknown_ones_are_absent() {
    let fake = fake(|asked, _| match asked.path.rsplit('/').next() {
        Some("302-1") => Say::json(&json!({ "order": order("302-1") })),
        Some("odd") => Say::error(400, "InvalidInput", "`odd` is not an order's number"),
        _ => Say::error(404, "ResourceNotFound", "The order does not exist."),
    })
    .await;
    let numbers = ["302-1", "302/2 ä", "odd"].map(str::to_owned);
    let read = fake.amazon.orders_by_number(&numbers).await.unwrap();
    assert_eq!((read.entries.len(), read.malformed.len()), (1, 1));
    assert_eq!(read.malformed[0].number.as_deref(), Some("odd"));
    assert!(read.malformed[0].reason.contains("is not an order's number"), "{}", read.malformed[0].reason);
    assert_eq!(fake.asked("/orders/2026-01-01/orders/302%2F2%20%C3%A4").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn stock_wishes_and_senders_are_read() {
    let fake = fake(|_, _| page(&[], None)).await;
    let read = |raw: Value| {
        let entry = super::orders::tests_entry(&raw);
        let units = fake.amazon.order_contents(&entry);
        let count = |units: &[marktwerk_domain::shipment::Content]| {
            units.iter().map(|unit| unit.quantity).sum::<i64>()
        };
        (count(&units.taken), count(&units.cancelled), fake.amazon.standing(&raw), entry.fingerprint)
    };
    let plain = read(order("302-1"));
    assert_eq!((plain.0, plain.1, &plain.2.holds), (3, 0, &vec![]));

    let mut wished = order("302-1");
    wished["orderItems"][0]["cancellation"] = json!({ "cancellationRequest": { "requester": "BUYER" } });
    let wished_read = read(wished.clone());
    assert_eq!((wished_read.0, &wished_read.2.holds), (3, &vec![Hold::Cancellation]));
    assert_ne!(wished_read.3, plain.3, "a wish does not move the time of change");

    wished["orderItems"][0]["cancellation"]["cancellationExecution"] = json!({ "cancelledBy": "MERCHANT" });
    wished["orderItems"][0]["fulfillment"] = json!({ "quantityFulfilled": 1, "quantityUnfulfilled": 0 });
    let cancelled = read(wished);
    assert_eq!((cancelled.0, cancelled.1, &cancelled.2.holds), (1, 2, &vec![]), "one piece had been sent");

    let mut of_amazon = order("302-1");
    of_amazon["fulfillment"]["fulfilledBy"] = json!("AMAZON");
    let of_amazon = read(of_amazon);
    assert_eq!((of_amazon.0, of_amazon.1, of_amazon.2.is_fulfilled), (0, 0, true));

    let mut signed = order("302-1");
    signed["orderItems"][0]["fulfillment"]["shipping"] =
        json!({ "shippingConstraints": { "signatureConfirmation": "MANDATORY" } });
    signed["payment"] = json!({ "paymentExecutions": [{ "paymentMethod": "CashOnDelivery" }] });
    assert_eq!(read(signed).2.notices, [Notice::SignatureRequired, Notice::CashOnDelivery]);
}

#[tokio::test(start_paused = true)]
async fn the_account_is_good_where_the_seller_may_sell_at_each_marketplace() {
    let place = |id: &str, name: &str, sells: bool, is_suspended: bool| {
        json!({ "marketplace": { "id": id, "name": name, "countryCode": "DE" }, "storeName": "Shop",
            "participation": { "isParticipating": sells, "hasSuspendedListings": is_suspended } })
    };
    let answer = |places: Vec<Value>| fake(move |_, _| Say::json(&json!({ "payload": places.clone() })));
    let german = place("A1PA6795UKMFR9", "Amazon.de", true, true);
    let good = answer(vec![german.clone(), place("A13V1IB3VIYZZH", "Amazon.fr", true, false)]).await;
    let said = good.amazon.check_account().await.unwrap().message;
    assert!(said.contains("for Amazon.de, Amazon.fr; offers are suspended at Amazon.de"), "{said}");
    let bad = answer(vec![german, place("A13V1IB3VIYZZH", "Amazon.fr", false, false)]).await;
    let said = bad.amazon.check_account().await.unwrap_err().to_string();
    assert!(said.contains("sell at A13V1IB3VIYZZH; it does at A1PA6795UKMFR9 (Amazon.de)"), "{said}");
    let said = answer(Vec::new()).await.amazon.check_account().await.unwrap_err().to_string();
    assert!(said.contains("sells nowhere") && said.contains("region"), "{said}");
}
