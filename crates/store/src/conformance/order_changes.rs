//! Changing orders by compare-and-swap.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::history::{Author, Happened, OrderEvent};
use marktwerk_domain::judgement::{Baseline, Document, OrderFacts};
use marktwerk_domain::money::{Currency, Money};
use marktwerk_domain::order::{Address, Hints, Order, OrderState};
use marktwerk_domain::reason::Reason;
use marktwerk_domain::run::Epoch;
use marktwerk_domain::shipment::{Parcel, ShipmentReport};

use super::samples::{ACCOUNT, at, change, content, fetched, move_to, save};
use crate::SharedStore;
use crate::attention::NewAttention;
use crate::orders::{
    HandOverIntent, Mark, OrderChange, OrderEntry, OrderFilter, OrderPatch, OrderRecord, ReportIntent,
};

fn event(second: i64, what: Happened) -> OrderEvent {
    OrderEvent { at: at(second), by: Author::Run(7), what }
}

/// What happened is appended, in order, and read with the one order alone.
pub async fn history_is_appended(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    let events = [
        vec![event(6, Happened::Read(marktwerk_domain::order::MarketplaceStatus::Ready))],
        vec![event(7, Happened::Parcels(2)), event(7, Happened::State(OrderState::Shipped))],
    ];
    for events in events.clone() {
        let patch = OrderPatch { report_tries: Some(1), events, ..OrderPatch::default() };
        assert_eq!(store.change_orders(ACCOUNT, &[change("PO-1", patch)], at(8)).await.unwrap(), [true]);
    }
    assert_eq!(order(&store).await.history, events.concat());
    let filter = OrderFilter { limit: 10, ..OrderFilter::default() };
    assert!(store.orders_in(&filter).await.unwrap()[0].history.is_empty());
}

async fn order(store: &SharedStore) -> OrderRecord {
    store.order(ACCOUNT, "PO-1").await.unwrap().unwrap()
}

fn to(state: OrderState) -> OrderPatch {
    OrderPatch { state: Some(state), ..OrderPatch::default() }
}

fn translation() -> Order {
    Order {
        number: "PO-1".to_owned(),
        ordered_at: at(5),
        ship_until: Some(at(90)),
        deliver_until: None,
        hints: Some(Hints::new("76")),
        total: Money::new(1_290, Currency::EUR),
        pays_on_delivery: false,
        lines: Vec::new(),
        shipping: Vec::new(),
        delivery: Address { last_name: "Österreicher".to_owned(), ..Address::default() },
    }
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
    let translation = translation();
    let parcel = Parcel {
        id: 7,
        tracking: "00340".to_owned(),
        carrier: "DHL".to_owned(),
        shipped_at: Some(at(8)),
        contents: vec![content("A", 2)],
        ..Parcel::default()
    };
    let report = ShipmentReport {
        number: "PO-1".to_owned(),
        hints: Some(Hints::new("76")),
        ..ShipmentReport::default()
    };
    let mut kept = OrderFacts::default();
    kept.there.document =
        Document::Untranslatable { reason: Reason::new(["more than \"one\"", "größer als \"eins\""]) };
    kept.ours.baseline = Some(Baseline { address: Some(u64::MAX), contents: 7 });
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
        is_complete: Some(false),
        kept: Some(kept.clone()),
        takes_stock: Some(false),
        is_open: Some(false),
        next_judged_at: Some(Some(at(70))),
        events: vec![event(9, Happened::State(OrderState::HandedOver))],
    };
    store.change_orders(ACCOUNT, &[change("PO-1", full.clone())], at(9)).await.unwrap();
    let stored = order(&store).await;
    assert_eq!((stored.order.as_ref(), stored.document.as_deref()), (Some(&translation), Some("<xml/>")));
    assert_eq!((stored.reason.as_deref(), stored.mark), (Some("a reason"), Some(Mark::Changed)));
    assert_eq!((Some(stored.intent.clone()), Some(stored.report.clone())), (full.intent, full.report));
    assert_eq!((stored.erp_number.as_deref(), stored.parcels.as_slice()), (Some("B-1"), [parcel].as_slice()));
    assert_eq!((stored.report_tries, stored.next_report_at, stored.is_unread), (2, Some(at(60)), false));
    assert_eq!(stored.handed_over_at, Some(at(9)));
    assert_eq!((stored.kept.as_ref(), stored.next_judged_at), (Some(&kept), Some(at(70))));
    assert_eq!((stored.is_complete, stored.takes_stock, stored.is_open), (false, false, false));

    let nothing = change("PO-1", OrderPatch::default());
    assert_eq!(store.change_orders(ACCOUNT, &[nothing], at(10)).await.unwrap(), [true]);
    assert_eq!(order(&store).await, stored);

    let clearing = OrderPatch {
        reason: Some(None),
        mark: Some(None),
        intent: Some(None),
        report: Some(None),
        next_report_at: Some(None),
        next_judged_at: Some(None),
        ..OrderPatch::default()
    };
    store.change_orders(ACCOUNT, &[change("PO-1", clearing)], at(11)).await.unwrap();
    let cleared = OrderRecord {
        reason: None,
        mark: None,
        intent: None,
        report: None,
        next_report_at: None,
        next_judged_at: None,
        revision: stored.revision + 1,
        ..stored
    };
    assert_eq!(order(&store).await, cleared);
}

fn entry(kind: AttentionKind, message: &str) -> OrderEntry {
    OrderEntry { kind, facts: serde_json::json!({ "cause": message }), message: message.to_owned() }
}

/// Kinds and messages of what is open.
async fn open(store: &SharedStore) -> Vec<(AttentionKind, String)> {
    let open = store.attentions().await.unwrap();
    open.into_iter().map(|item| (item.kind, item.message)).collect()
}

/// Written only where the change had an effect, and all of them: what is not among them goes.
pub async fn entries_follow_the_change(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5), fetched("PO-2", 5)]).await;
    let aside = |message| vec![entry(AttentionKind::SetAside, message)];
    let set_aside = OrderChange {
        from: vec![OrderState::Imported],
        entries: Some(aside("sums differ")),
        ..change("PO-1", to(OrderState::SetAside))
    };
    store.change_orders(ACCOUNT, std::slice::from_ref(&set_aside), at(6)).await.unwrap();
    assert!(store.attentions().await.unwrap().is_empty());
    let effective = OrderChange { from: Vec::new(), ..set_aside };
    let other = OrderChange { entries: Some(aside("other")), ..change("PO-2", OrderPatch::default()) };
    store.change_orders(ACCOUNT, &[effective, other], at(7)).await.unwrap();
    let [first, _] = <[_; 2]>::try_from(store.attentions().await.unwrap()).unwrap();
    assert_eq!((first.message.as_str(), first.since), ("sums differ", at(7)));
    assert_eq!(first.facts, serde_json::json!({ "cause": "sums differ" }));
    let renewed = OrderChange { entries: Some(aside("no lines")), ..change("PO-1", OrderPatch::default()) };
    store.change_orders(ACCOUNT, &[renewed], at(8)).await.unwrap();
    let [again, _] = <[_; 2]>::try_from(store.attentions().await.unwrap()).unwrap();
    assert_eq!((again.id, again.since, again.message.as_str()), (first.id, at(7), "no lines"));
    assert_eq!(again.facts, serde_json::json!({ "cause": "no lines" }));
    let both = vec![entry(AttentionKind::Duplicate, "two"), entry(AttentionKind::Unclear, "where")];
    let instead = OrderChange { entries: Some(both), ..change("PO-1", to(OrderState::InJtl)) };
    let left_alone = change("PO-2", to(OrderState::Imported));
    store.change_orders(ACCOUNT, &[instead, left_alone], at(9)).await.unwrap();
    let mut kinds: Vec<_> = open(&store).await.into_iter().map(|(kind, _)| kind.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["duplicate", "set_aside", "unclear"]);
    for number in ["PO-1", "PO-2"] {
        let none = OrderChange { entries: Some(Vec::new()), ..change(number, to(OrderState::Imported)) };
        store.change_orders(ACCOUNT, &[none], at(10)).await.unwrap();
    }
    assert!(store.attentions().await.unwrap().is_empty());
}

/// Of another order, another account, and of what is no order's.
pub async fn entries_of_others_stay(store: SharedStore) {
    save(&store, &[fetched("1", 5)]).await;
    let item = |account: &str, kind, subject: &str| NewAttention {
        account: account.to_owned(),
        kind,
        subject: subject.to_owned(),
        message: "stays".to_owned(),
        facts: serde_json::Value::Null,
    };
    let others = [
        item(ACCOUNT, AttentionKind::StockRefused, "1"),
        item(ACCOUNT, AttentionKind::Unclear, "2"),
        item("other", AttentionKind::Unclear, "1"),
    ];
    store.raise(&others, at(5)).await.unwrap();
    let none = OrderChange { entries: Some(Vec::new()), ..change("1", to(OrderState::Imported)) };
    store.change_orders(ACCOUNT, &[none], at(6)).await.unwrap();
    assert_eq!(store.attentions().await.unwrap().len(), 3);
}

/// Of two who read the same revision, the second has no effect; what the marketplace said meanwhile counts as a change too.
pub async fn a_change_needs_its_revision(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    let seen = order(&store).await.revision;
    let change = |state| OrderChange { seen_revision: Some(seen), ..change("PO-1", to(state)) };
    let both = [change(OrderState::Imported), change(OrderState::SetAside)];
    assert_eq!(store.change_orders(ACCOUNT, &both, at(6)).await.unwrap(), [true, false]);
    let seen = order(&store).await;
    assert_eq!(seen.state, OrderState::Imported);
    save(&store, &[fetched("PO-1", 6)]).await;
    let late = OrderChange { seen_revision: Some(seen.revision), ..change(OrderState::Exporting) };
    assert_eq!(store.change_orders(ACCOUNT, &[late], at(7)).await.unwrap(), [false]);
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
    let mut kept = OrderFacts::default();
    kept.ours.baseline = Some(Baseline { address: Some(1), contents: 2 });
    kept.ours.before_change = kept.ours.baseline;
    kept.there.newest = kept.ours.baseline;
    for number in ["old", "new"] {
        let patch = OrderPatch {
            state: Some(OrderState::Reported),
            document: Some("<xml/>".to_owned()),
            order: Some(translation()),
            kept: Some(kept.clone()),
            ..OrderPatch::default()
        };
        store.change_orders(ACCOUNT, &[change(number, patch)], at(6)).await.unwrap();
    }
    assert_eq!(store.forget_buyers(at(100)).await.unwrap(), 1);
    assert_eq!(store.forget_buyers(at(100)).await.unwrap(), 0);
    for (number, is_known) in [("old", false), ("open", true), ("new", true)] {
        let record = store.order(ACCOUNT, number).await.unwrap().unwrap();
        assert_eq!(record.raw.is_some(), is_known, "{number}");
        let fingerprints =
            record.kept.map(|facts| [facts.ours.baseline, facts.ours.before_change, facts.there.newest]);
        assert_eq!(
            fingerprints.is_some_and(|all| all != [None; 3]),
            number == "new",
            "{number}: the fingerprint of an address is forgotten too"
        );
        assert!(is_known || record.document.is_none());
    }
}

/// Each change sees what the ones before it left, and the attention list follows them.
pub async fn a_batch_is_taken_in_its_order(store: SharedStore) {
    save(&store, &[fetched("PO-1", 5)]).await;
    let entries = |message: &str| Some(vec![entry(AttentionKind::SetAside, message)]);
    let reason = |reason: Option<&str>| OrderPatch {
        reason: Some(reason.map(str::to_owned)),
        ..to(OrderState::Imported)
    };
    let document = OrderPatch { document: Some("<xml/>".to_owned()), ..to(OrderState::Exporting) };
    let batch = [
        OrderChange { entries: entries("first"), ..change("PO-1", reason(Some("first"))) },
        OrderChange { from: vec![OrderState::Fetched], ..change("PO-1", to(OrderState::Cancelled)) },
        OrderChange { from: vec![OrderState::Imported], ..change("PO-1", reason(Some("second"))) },
        OrderChange { entries: entries("third"), ..change("PO-1", document) },
    ];
    let effective = store.change_orders(ACCOUNT, &batch, at(6)).await.unwrap();
    assert_eq!(effective, [true, false, true, true]);
    let stored = order(&store).await;
    assert_eq!((stored.state, stored.reason.as_deref()), (OrderState::Exporting, Some("second")));
    assert_eq!(stored.document.as_deref(), Some("<xml/>"));
    assert_eq!(open(&store).await, [(AttentionKind::SetAside, "third".to_owned())]);
    let back = [
        OrderChange { entries: Some(Vec::new()), ..change("PO-1", reason(Some("fourth"))) },
        change("PO-1", reason(None)),
    ];
    assert_eq!(store.change_orders(ACCOUNT, &back, at(7)).await.unwrap(), [true, true]);
    let stored = order(&store).await;
    assert_eq!((stored.state, stored.reason), (OrderState::Imported, None));
    assert!(store.attentions().await.unwrap().is_empty());
}
