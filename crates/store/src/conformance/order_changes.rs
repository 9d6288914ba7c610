//! Changing orders by compare-and-swap.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::money::{Currency, Money};
use marktwerk_domain::order::{Address, Order, OrderState};
use marktwerk_domain::run::Epoch;
use marktwerk_domain::shipment::{Parcel, ShipmentReport};

use super::samples::{ACCOUNT, at, change, content, fetched, move_to, save};
use crate::SharedStore;
use crate::attention::NewAttention;
use crate::orders::{HandOverIntent, Mark, OrderChange, OrderPatch, OrderRecord, ReportIntent};

async fn order(store: &SharedStore) -> OrderRecord {
    store.order(ACCOUNT, "PO-1").await.unwrap().unwrap()
}

fn to(state: OrderState) -> OrderPatch {
    OrderPatch { state: Some(state), ..OrderPatch::default() }
}

/// Of two who saw the same state, the second has no effect.
pub async fn a_change_needs_its_state(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    let import = OrderChange {
        from: vec![OrderState::Fetched, OrderState::SetAside],
        ..change("PO-1", to(OrderState::Imported))
    };
    let both = [import.clone(), import];
    assert_eq!(store.change_orders(ACCOUNT, &both, at(6)).await.unwrap(), [true, false]);
    assert_eq!(order(&store).await.state, OrderState::Imported);
}

/// What was translated from an older document must not replace a newer one's.
pub async fn a_change_needs_the_newest_document(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    let seen = OrderChange { seen_change: Some(at(5)), ..change("PO-1", to(OrderState::Imported)) };
    save(&store, &[fetched("PO-1", 6)]).await;
    assert_eq!(store.change_orders(ACCOUNT, std::slice::from_ref(&seen), at(7)).await.unwrap(), [false]);
    let newest = OrderChange { seen_change: Some(at(6)), ..seen };
    assert_eq!(store.change_orders(ACCOUNT, &[newest], at(7)).await.unwrap(), [true]);
}

/// A patch without fields changes nothing; `Some(None)` clears.
pub async fn fields_stay_or_are_cleared(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    let translation = Order {
        number: "PO-1".to_owned(),
        ordered_at: at(5),
        ship_until: Some(at(90)),
        deliver_until: None,
        region: Some(76),
        total: Money::new(1_290, Currency::EUR),
        lines: Vec::new(),
        shipping: Vec::new(),
        delivery: Address { last_name: "Österreicher".to_owned(), ..Address::default() },
    };
    let parcel = Parcel {
        id: 7,
        tracking: "00340".to_owned(),
        carrier: "DHL".to_owned(),
        shipped_at: Some(at(8)),
        contents: vec![content("A", 2)],
    };
    let report = ShipmentReport { number: "PO-1".to_owned(), region: Some(76), parcels: Vec::new() };
    let full = OrderPatch {
        state: Some(OrderState::HandedOver),
        order: Some(translation.clone()),
        document: Some("<xml/>".to_owned()),
        reason: Some(Some("a reason".to_owned())),
        mark: Some(Some(Mark::Changed)),
        intent: Some(Some(HandOverIntent {
            epoch: Epoch(3),
            identity: Some(12),
            at: at(6),
            looked_at: Some(at(7)),
            has_receipt: true,
        })),
        erp_number: Some("B-1".to_owned()),
        parcels: Some(vec![parcel.clone()]),
        report: Some(Some(ReportIntent { epoch: Epoch(3), at: at(6), report })),
        report_tries: Some(2),
        next_report_at: Some(Some(at(60))),
        is_unread: Some(false),
    };
    store.change_orders(ACCOUNT, &[change("PO-1", full.clone())], at(9)).await.unwrap();
    let stored = order(&store).await;
    assert_eq!((stored.order.as_ref(), stored.document.as_deref()), (Some(&translation), Some("<xml/>")));
    assert_eq!((stored.reason.as_deref(), stored.mark), (Some("a reason"), Some(Mark::Changed)));
    assert_eq!((Some(stored.intent.clone()), Some(stored.report.clone())), (full.intent, full.report));
    assert_eq!((stored.erp_number.as_deref(), stored.parcels.as_slice()), (Some("B-1"), [parcel].as_slice()));
    assert_eq!((stored.report_tries, stored.next_report_at, stored.is_unread), (2, Some(at(60)), false));
    assert_eq!(stored.handed_over_at, Some(at(9)));

    let nothing = change("PO-1", OrderPatch::default());
    assert_eq!(store.change_orders(ACCOUNT, &[nothing], at(10)).await.unwrap(), [true]);
    assert_eq!(order(&store).await, stored);

    let clearing = OrderPatch {
        reason: Some(None),
        mark: Some(None),
        intent: Some(None),
        report: Some(None),
        next_report_at: Some(None),
        ..OrderPatch::default()
    };
    store.change_orders(ACCOUNT, &[change("PO-1", clearing)], at(11)).await.unwrap();
    let cleared =
        OrderRecord { reason: None, mark: None, intent: None, report: None, next_report_at: None, ..stored };
    assert_eq!(order(&store).await, cleared);
}

/// Raised and settled only where the change had an effect.
pub async fn attention_follows_the_change(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    let raise = vec![NewAttention {
        account: ACCOUNT.to_owned(),
        kind: AttentionKind::SetAside,
        subject: "PO-1".to_owned(),
        message: "sums differ".to_owned(),
    }];
    let set_aside =
        OrderChange { from: vec![OrderState::Imported], raise, ..change("PO-1", to(OrderState::SetAside)) };
    store.change_orders(ACCOUNT, std::slice::from_ref(&set_aside), at(6)).await.unwrap();
    assert!(store.attentions().await.unwrap().is_empty());
    let effective = OrderChange { from: Vec::new(), ..set_aside };
    store.change_orders(ACCOUNT, &[effective], at(7)).await.unwrap();
    assert_eq!(store.attentions().await.unwrap().len(), 1);
    let settle =
        OrderChange { settle: vec![AttentionKind::SetAside], ..change("PO-1", to(OrderState::Imported)) };
    store.change_orders(ACCOUNT, &[settle], at(8)).await.unwrap();
    assert!(store.attentions().await.unwrap().is_empty());
}

/// The others of its batch are.
pub async fn an_unknown_order_is_not_changed(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    let changes = [change("PO-9", to(OrderState::Imported)), change("PO-1", to(OrderState::Imported))];
    assert_eq!(store.change_orders(ACCOUNT, &changes, at(6)).await.unwrap(), [false, true]);
    move_to(&store, "PO-1", OrderState::Reported).await;
    assert_eq!(order(&store).await.state, OrderState::Reported);
}

/// Only of orders that are over, and nothing that is not about the buyer.
pub async fn buyers_of_old_orders_are_forgotten(store: SharedStore) {
    save(&store, &[fetched("old", 5), fetched("open", 5), fetched("new", 500)]).await;
    for number in ["old", "new"] {
        let patch = OrderPatch {
            state: Some(OrderState::Reported),
            document: Some("<xml/>".to_owned()),
            ..OrderPatch::default()
        };
        store.change_orders(ACCOUNT, &[change(number, patch)], at(6)).await.unwrap();
    }
    assert_eq!(store.forget_buyers(at(100)).await.unwrap(), 1);
    assert_eq!(store.forget_buyers(at(100)).await.unwrap(), 0);
    for (number, is_known) in [("old", false), ("open", true), ("new", true)] {
        let record = store.order(ACCOUNT, number).await.unwrap().unwrap();
        assert_eq!(record.raw.is_some(), is_known, "{number}");
        assert!(is_known || record.document.is_none());
    }
}

/// Each change sees what the ones before it left, and the attention list follows them.
pub async fn a_batch_is_taken_in_its_order(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    let raise = |message: &str| {
        let (account, subject) = (ACCOUNT.to_owned(), "PO-1".to_owned());
        vec![NewAttention { account, kind: AttentionKind::SetAside, subject, message: message.to_owned() }]
    };
    let reason = |reason: Option<&str>| OrderPatch {
        reason: Some(reason.map(str::to_owned)),
        ..to(OrderState::Imported)
    };
    let settle = vec![AttentionKind::SetAside];
    let document = OrderPatch { document: Some("<xml/>".to_owned()), ..to(OrderState::Exporting) };
    let batch = [
        OrderChange { raise: raise("first"), ..change("PO-1", reason(Some("first"))) },
        OrderChange { from: vec![OrderState::Fetched], ..change("PO-1", to(OrderState::Cancelled)) },
        OrderChange { from: vec![OrderState::Imported], ..change("PO-1", reason(Some("second"))) },
        OrderChange { settle: settle.clone(), raise: raise("third"), ..change("PO-1", document) },
    ];
    let effective = store.change_orders(ACCOUNT, &batch, at(6)).await.unwrap();
    assert_eq!(effective, [true, false, true, true]);
    let stored = order(&store).await;
    assert_eq!((stored.state, stored.reason.as_deref()), (OrderState::Exporting, Some("second")));
    assert_eq!(stored.document.as_deref(), Some("<xml/>"));
    let open = store.attentions().await.unwrap();
    assert_eq!(open.iter().map(|item| item.message.as_str()).collect::<Vec<_>>(), ["third"]);
    let back =
        [OrderChange { settle, ..change("PO-1", reason(Some("fourth"))) }, change("PO-1", reason(None))];
    assert_eq!(store.change_orders(ACCOUNT, &back, at(7)).await.unwrap(), [true, true]);
    let stored = order(&store).await;
    assert_eq!((stored.state, stored.reason), (OrderState::Imported, None));
    assert!(store.attentions().await.unwrap().is_empty());
}
