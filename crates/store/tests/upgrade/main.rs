//! Orders of a database that an earlier version wrote are judged by this one: states, units and entries stay, and no entry comes
//! that may be wrong.
#![expect(clippy::unwrap_used, reason = "set-up that fails ends its test")]

mod on_sql_server;
mod on_sqlite;

use std::collections::BTreeSet;

use jiff::Timestamp;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::history::Happened;
use marktwerk_domain::judgement::{Decision, Limits};
use marktwerk_domain::order::OrderState;
use marktwerk_store::{SharedStore, judging};
use sha2::{Digest, Sha256};

/// Number, state, status, mark, reason, and the kinds of its open entries.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
    &'static [&'static str],
);

const ROWS: [Row; 29] = [
    ("pending", "fetched", "pending", None, None, &[]),
    ("without details", "fetched", "ready", None, None, &[]),
    ("shipped by others", "fetched", "shipped", None, None, &[]),
    ("set aside", "set_aside", "ready", None, Some("the currency CHF is not EUR"), &["set_aside"]),
    (
        "partly shipped",
        "set_aside",
        "partly_shipped",
        None,
        Some("partly shipped at the marketplace"),
        &["set_aside"],
    ),
    ("imported", "imported", "ready", None, None, &[]),
    (
        "unknown",
        "imported",
        "ready",
        None,
        Some("JTL does not know A-1, B: add the article there and the order goes on"),
        &["unknown_article"],
    ),
    ("exporting", "exporting", "ready", None, None, &[]),
    ("closed as unclear", "exporting", "ready", None, None, &[]),
    ("handed over", "handed_over", "ready", None, None, &[]),
    (
        "stuck",
        "handed_over",
        "ready",
        None,
        Some("its row waits in JTL for more than 30 minutes: is the JTL-Worker running?"),
        &["worker_stuck"],
    ),
    (
        "handed over, cancelled",
        "handed_over",
        "cancelled",
        Some("cancelled"),
        None,
        &["cancelled_after_hand_over"],
    ),
    (
        "dropped",
        "unclear",
        "ready",
        None,
        Some("the JTL-Worker took its row and there is no order"),
        &["unclear"],
    ),
    ("deleted", "unclear", "ready", None, Some("JTL had the order and has it no more"), &["unclear"]),
    (
        "interrupted",
        "unclear",
        "ready",
        None,
        Some("the hand-over was interrupted, and JTL has neither"),
        &["unclear"],
    ),
    ("in jtl", "in_jtl", "ready", None, None, &[]),
    ("cancelled", "in_jtl", "cancelled", Some("cancelled"), None, &["cancelled_after_hand_over"]),
    ("cancelled, closed", "in_jtl", "cancelled", None, None, &[]),
    ("changed", "in_jtl", "ready", Some("changed"), None, &["changed_after_hand_over"]),
    (
        "several",
        "in_jtl",
        "ready",
        None,
        Some("JTL has 2 orders with this number: cancel all but one"),
        &["duplicate"],
    ),
    (
        "part",
        "in_jtl",
        "ready",
        None,
        Some("waits: one parcel has left, JTL has not shipped all lines yet"),
        &[],
    ),
    ("no number", "in_jtl", "ready", None, Some("waits: a parcel has no tracking number yet"), &[]),
    (
        "closed",
        "in_jtl",
        "ready",
        None,
        Some("closed in JTL without shipment, and the marketplace waits"),
        &["closed_in_erp"],
    ),
    (
        "cancelled there",
        "in_jtl",
        "ready",
        None,
        Some("cancelled in JTL, and the marketplace waits for it"),
        &["closed_in_erp"],
    ),
    ("to report", "shipped", "ready", None, None, &[]),
    (
        "carrier",
        "shipped",
        "ready",
        None,
        Some("the marketplace's list has no carrier `Taube`: choose another shipping method"),
        &["unknown_carrier"],
    ),
    (
        "refused",
        "shipped",
        "ready",
        None,
        Some("the marketplace refused the shipment: no (code 1)"),
        &["shipment_refused"],
    ),
    ("reported", "reported", "shipped", None, None, &[]),
    ("reported, then cancelled", "reported", "cancelled", None, None, &[]),
];

const ORDER: &str = r#"{"number":"x","ordered_at":"2026-11-01T08:00:00Z","ship_until":null,"deliver_until":null,"region":76,
    "total":{"minor":100,"currency":"EUR"},"lines":[],"shipping":[],"delivery":{"country":"DE"}}"#;
const INTENT: &str = r#"{"epoch":1,"identity":7,"at":"2026-11-23T07:59:00Z","looked_at":null}"#;

fn at(minutes: i64) -> Timestamp {
    let morning: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
    morning + jiff::SignedDuration::from_mins(minutes)
}

/// The checksum of a migration's text.
fn checksum(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An order as an earlier version has stored it.
struct OldOrder {
    number: String,
    state: &'static str,
    status: &'static str,
    mark: Option<&'static str>,
    reason: Option<&'static str>,
    intent: Option<&'static str>,
    translation: Option<&'static str>,
    parcels: &'static str,
    is_unread: bool,
    handed_over_at: Option<i64>,
    kinds: &'static [&'static str],
}

/// Orders in every state, this many times over.
fn old_orders(times: usize) -> Vec<OldOrder> {
    (0..times).flat_map(|time| ROWS.map(|row| old_order(row, time))).collect()
}

fn old_order((row, state, status, mark, reason, kinds): Row, time: usize) -> OldOrder {
    let is_translated = !matches!(state, "fetched" | "set_aside");
    let may_be_given = matches!(state, "handed_over" | "unclear" | "in_jtl" | "shipped" | "reported");
    let parcels = match row {
        "part" | "to report" | "carrier" | "refused" => {
            r#"[{"id":1,"tracking":"T1","carrier":"DHL","shipped_at":null,"contents":[]}]"#
        }
        "no number" => r#"[{"id":1,"tracking":"","carrier":"DHL","shipped_at":null,"contents":[]}]"#,
        _ => "[]",
    };
    OldOrder {
        number: numbered(row, time),
        state,
        status,
        mark,
        reason,
        intent: (row == "exporting").then_some(INTENT),
        translation: is_translated.then_some(ORDER),
        parcels,
        is_unread: row == "without details",
        handed_over_at: may_be_given.then(|| at(-300).as_microsecond()),
        kinds,
    }
}

/// Numbers of the orders whose units the earlier version subtracted.
fn counted(orders: &[OldOrder]) -> BTreeSet<String> {
    let takes = |order: &&OldOrder| match order.state {
        "exporting" | "handed_over" | "unclear" => true,
        "fetched" => matches!(order.status, "pending" | "ready"),
        "set_aside" | "imported" => matches!(order.status, "pending" | "ready" | "partly_shipped"),
        _ => false,
    };
    orders.iter().filter(takes).map(|order| order.number.clone()).collect()
}

/// The number of an order of a row; the first has the row's own name.
fn numbered(row: &str, time: usize) -> String {
    if time == 0 { row.to_owned() } else { format!("{row} · {time}") }
}

async fn entries(store: &SharedStore) -> BTreeSet<(String, String)> {
    let open = store.attentions().await.unwrap();
    open.into_iter().map(|item| (item.subject, item.kind.as_str().to_owned())).collect()
}

async fn units(store: &SharedStore) -> BTreeSet<String> {
    store.open_units().await.unwrap().into_keys().collect()
}

/// Of a store that was just opened, over one order of each row.
async fn changes_neither_states_nor_units_nor_entries(store: SharedStore) {
    let counted = counted(&old_orders(1));
    let before = entries(&store).await;
    assert_eq!(units(&store).await, counted);
    let judged = judging::judge_due(&*store, &Limits::default(), at(1)).await.unwrap();
    let over = ["shipped by others", "reported", "reported, then cancelled"];
    assert_eq!(judged, (ROWS.len() - over.len()) as u64);
    assert_eq!(judging::judge_due(&*store, &Limits::default(), at(1)).await.unwrap(), 0, "once");

    for (number, state, ..) in ROWS {
        let record = store.order("shop", number).await.unwrap().unwrap();
        // Its entry was closed to hand it over again: that is what comes next.
        let state = if number == "closed as unclear" { "imported" } else { state };
        assert_eq!(record.state, OrderState::from_word(state).unwrap(), "{number}: {record:?}");
        assert_eq!(record.is_open, !over.contains(&number), "{number}");
        let now = record.judgement(&Limits::default(), at(1));
        assert_eq!(now.state, record.state, "{number}");
        // What was reported before is not watched any more, although the report is young.
        let is_watched = !over.contains(&number) || number == "reported";
        assert_eq!(now.is_over, !is_watched, "{number}");
    }
    // Partly shipped at the marketplace without us has a kind of its own now.
    let renamed = |(subject, kind): (String, String)| {
        let kind = if subject == "partly shipped" { "shipped_elsewhere".to_owned() } else { kind };
        (subject, kind)
    };
    let expected: BTreeSet<(String, String)> = before.into_iter().map(renamed).collect();
    assert_eq!(entries(&store).await, expected);
    assert_eq!(units(&store).await, counted);
    // The time alone adds what waits too long, and nothing else.
    judging::judge_due(&*store, &Limits::default(), at(60 * 48)).await.unwrap();
    let later: BTreeSet<(String, String)> = entries(&store).await.difference(&expected).cloned().collect();
    let waiting = ["closed as unclear", "handed over", "imported", "to report", "without details"];
    let waiting = waiting.map(|number| (number.to_owned(), "waiting".to_owned()));
    let unclear = ("exporting".to_owned(), "unclear".to_owned());
    assert_eq!(later, waiting.into_iter().chain([unclear]).collect());
    // What a person had closed stays known as a decision.
    let closed = store.order("shop", "cancelled, closed").await.unwrap().unwrap();
    let decided = closed.facts().decided.unwrap();
    assert_eq!((decided.decision, decided.by.as_str()), (Decision::DoneByHand, "before this version"));
    assert!(
        closed
            .history
            .iter()
            .any(|event| event.what == Happened::Closed(AttentionKind::CancelledAfterHandOver))
    );
}

/// As many as a busy shop has, in every state alike.
const TIMES: usize = 345;

/// Of a store that was just opened, over [`TIMES`] orders of each row.
async fn ten_thousand_orders_get_no_entry_too_many(store: SharedStore) {
    let counted = counted(&old_orders(TIMES));
    let before = entries(&store).await;
    assert!(ROWS.len() * TIMES > 10_000);
    // The other states are over.
    assert_eq!(
        judging::judge_due(&*store, &Limits::default(), at(1)).await.unwrap(),
        ((ROWS.len() - 3) * TIMES) as u64
    );
    assert_eq!(judging::judge_due(&*store, &Limits::default(), at(1)).await.unwrap(), 0);
    let after = entries(&store).await;
    let subjects = |entries: &BTreeSet<(String, String)>| -> BTreeSet<String> {
        entries.iter().map(|(subject, _)| subject.clone()).collect()
    };
    assert_eq!(subjects(&after), subjects(&before));
    assert_eq!(after.len(), before.len());
    assert_eq!(units(&store).await, counted);
    // Each copy comes to what the first one comes to.
    for (row, ..) in ROWS {
        let first = store.order("shop", row).await.unwrap().unwrap();
        let last = store.order("shop", &numbered(row, TIMES - 1)).await.unwrap().unwrap();
        assert_eq!(
            (first.state, first.is_open, first.reason),
            (last.state, last.is_open, last.reason),
            "{row}"
        );
    }
}
