//! The facts of an order that an earlier version stored: from its state, its mark and its reason. What cannot be known from them
//! counts as not known, so that the upgrade puts nothing on the attention list that may be wrong.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::judgement::{
    Baseline, Decided, Decision, Difference, Document, ErpFacts, Mark, OrderFacts, Refused, ThereFacts,
};
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_domain::reason::Reason;

use crate::orders::OrderRecord;

/// The author of decisions that stand for entries closed before this version.
const BEFORE_THIS_VERSION: &str = "before this version";

/// The facts that no column holds.
pub(super) fn facts(record: &OrderRecord) -> OrderFacts {
    let mut facts = OrderFacts::default();
    let reason = record.reason.as_deref().unwrap_or_default();
    facts.there.document = match (&record.order, record.state) {
        (_, OrderState::SetAside) => Document::Untranslatable { reason: Reason::quoted(reason) },
        (Some(_), _) => Document::Translated,
        // An order that was taken over without readable lines: the marketplace does not list it.
        (None, state) if state.may_be_in_erp() && !record.is_unread => Document::Translated,
        (None, _) => Document::Missing,
    };
    let at = record.handed_over_at;
    match record.state {
        OrderState::Fetched | OrderState::SetAside | OrderState::Cancelled => return facts,
        OrderState::Imported => {
            facts.erp.unknown_articles = unknown_articles(reason);
            return facts;
        }
        OrderState::Exporting => {}
        OrderState::HandedOver => {
            facts.ours.handed_over_at = at.or(Some(record.fetched_at));
            // The row was seen to wait; otherwise it is not known until JTL is asked.
            if reason.starts_with("its row waits") {
                facts.erp = ErpFacts { since: at, waiting_rows: 1, ..ErpFacts::default() };
            }
        }
        OrderState::Unclear => {
            let was_seen = reason.starts_with("JTL had the order");
            facts.ours.handed_over_at = at.or(Some(record.fetched_at));
            facts.erp = ErpFacts { since: Some(record.fetched_at), was_seen, ..ErpFacts::default() };
        }
        OrderState::InJtl | OrderState::Shipped => {
            facts.ours.handed_over_at = at.or(Some(record.fetched_at));
            facts.erp = in_jtl(record, reason);
        }
        OrderState::Reported => {
            facts.ours.handed_over_at = at;
            facts.ours.reported_at = record.reported_at.or(Some(record.fetched_at));
        }
    }
    if record.state == OrderState::Shipped && record.reason.is_some() {
        let is_carrier = reason.contains("list has no carrier");
        let kind = if is_carrier { AttentionKind::UnknownCarrier } else { AttentionKind::ShipmentRefused };
        facts.ours.refused = Some(Refused { kind, message: reason.to_owned(), cause: None });
    }
    facts.ours.baseline = record.order.as_ref().map(|order| {
        // An order that was taken over has the lines of the old system and no address.
        let is_own = order.hints.is_some() || !order.delivery.country.is_empty();
        let baseline = Baseline::of(order);
        Baseline { address: baseline.address.filter(|_| is_own), ..baseline }
    });
    if record.mark == Some(Mark::Changed) {
        facts.there.difference = Some(Difference::Both);
        // The newest translation was kept, and not the one that JTL has: any document differs until a person has dealt with it.
        facts.ours.baseline = Some(Baseline { address: Some(0), contents: 0 });
    }
    // A person had closed its entry. It is asked about again when something changes.
    let is_closed = record.mark.is_none() && !record.is_unread && record.state != OrderState::Exporting;
    if record.status == MarketplaceStatus::Cancelled && is_closed {
        let counted = OrderFacts {
            there: ThereFacts { status: record.status, ..facts.there.clone() },
            erp: ErpFacts {
                parcels: u32::try_from(record.parcels.len()).unwrap_or(u32::MAX),
                ..facts.erp.clone()
            },
            ..facts.clone()
        };
        facts.decided =
            Some(Decided::on(&counted, Decision::DoneByHand, BEFORE_THIS_VERSION, record.fetched_at));
    }
    facts
}

/// What JTL showed last, as far as the reason says.
fn in_jtl(record: &OrderRecord, reason: &str) -> ErpFacts {
    let is_shipped = record.state == OrderState::Shipped;
    let waits_for_number = reason.starts_with("waits: a parcel") || reason.starts_with("waits: JTL says");
    let orders = reason
        .strip_prefix("JTL has ")
        .and_then(|rest| rest.split_once(" orders"))
        .and_then(|(count, _)| count.parse().ok())
        .unwrap_or(1);
    ErpFacts {
        since: Some(record.fetched_at),
        orders,
        was_seen: true,
        is_cancelled: reason.starts_with("cancelled in JTL"),
        is_closed_unshipped: reason.starts_with("closed in JTL"),
        is_complete: is_shipped || waits_for_number,
        has_all_left: is_shipped && !record.parcels.is_empty(),
        ..ErpFacts::default()
    }
}

/// The article numbers that the reason names.
fn unknown_articles(reason: &str) -> Vec<String> {
    let names = reason.strip_prefix("JTL does not know ").and_then(|rest| rest.rsplit_once(": add"));
    names.map(|(names, _)| names.split(", ").map(str::to_owned).collect()).unwrap_or_default()
}
