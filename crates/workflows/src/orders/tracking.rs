//! Step 4: what JTL did with the open orders, in one set-based question: found, shipped, cancelled. An unchanged JTL causes
//! no write.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::order::OrderState;
use marktwerk_domain::shipment::ErpOrder;
use marktwerk_engine::Step;
use marktwerk_erp::Presence;
use marktwerk_store::orders::{Mark, OrderChange, OrderFilter, OrderPatch, OrderRecord};
use serde_json::Value;

use super::Orders;

/// Orders asked about at once.
const PAGE: usize = 1_000;
/// The JTL-Worker takes a row within minutes; after this long something is wrong.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

impl Orders<'_> {
    /// Asks JTL about every order that it has or should have and that is not yet reported: until then parcels may change.
    pub(super) async fn track(&self, step: &Step) -> Result<(), Failure> {
        let mut after: Option<String> = None;
        loop {
            let filter = OrderFilter {
                account: Some(self.account().to_owned()),
                states: vec![
                    OrderState::HandedOver,
                    OrderState::InJtl,
                    OrderState::Unclear,
                    OrderState::Shipped,
                ],
                after: after.clone(),
                limit: PAGE,
            };
            let page = self.connections.store.orders_in(&filter).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.number.clone());
            let numbers: Vec<String> = page.iter().map(|record| record.number.clone()).collect();
            let found = self.connections.erp.orders(&numbers).await?;
            let found: HashMap<&str, &ErpOrder> =
                found.iter().map(|order| (order.number.as_str(), order)).collect();
            let mut changes = Vec::new();
            let mut missing = Vec::new();
            for record in &page {
                match found.get(record.number.as_str()) {
                    Some(order) => changes.extend(self.found(step, record, order).await),
                    // A shipped one is reported all the same: its parcels are known.
                    None if record.state == OrderState::InJtl || is_overdue(record, self.now()) => {
                        missing.push(record);
                    }
                    None => {}
                }
            }
            changes.extend(self.missing(step, &missing).await?);
            self.save(&changes).await?;
            step.context().progress();
        }
    }

    /// JTL has the order: what is new about it, if anything.
    async fn found(&self, step: &Step, record: &OrderRecord, order: &ErpOrder) -> Option<OrderChange> {
        let mut change = self.change(record, OrderPatch::default());
        let patch = &mut change.patch;
        if matches!(record.state, OrderState::HandedOver | OrderState::Unclear) {
            step.count("found_in_jtl", 1);
            patch.state = Some(OrderState::InJtl);
            patch.erp_number = Some(order.erp_number.clone());
            patch.reason = Some(None);
            change.settle = vec![AttentionKind::Unclear, AttentionKind::WorkerStuck];
        }
        if record.parcels != order.parcels {
            step.count("parcels", i64::try_from(order.parcels.len()).unwrap_or(0));
            patch.parcels = Some(order.parcels.clone());
            // Whatever kept the old ones from being reported may be mended.
            if record.state == OrderState::Shipped {
                patch.report_tries = Some(0);
                patch.next_report_at = Some(None);
            }
        }
        if order.is_cancelled && record.mark == Some(Mark::Cancelled) {
            let over = self.cancelled_everywhere(record);
            change.patch.state = over.patch.state;
            change.patch.mark = over.patch.mark;
            change.settle.extend(over.settle);
            step.info(format!("order {} is cancelled in JTL too", record.number), Value::Null);
            return Some(change);
        }
        let finding = finding(order);
        match (&finding, record.state) {
            // Its reason is the report's business.
            (Finding::Shipped, OrderState::Shipped) => {
                return (change.patch != OrderPatch::default()).then_some(change);
            }
            (Finding::Shipped, _) => {
                patch.state = Some(OrderState::Shipped);
                step.count("shipped", 1);
            }
            // A parcel was taken back.
            (_, OrderState::Shipped) => patch.state = Some(OrderState::InJtl),
            _ => {}
        }
        let reason = finding.reason();
        if record.reason != reason {
            patch.reason = Some(reason.clone());
            change.settle.extend([AttentionKind::Duplicate, AttentionKind::ClosedInErp]);
            if let (Finding::Alarm(kind, _), Some(reason)) = (&finding, reason) {
                step.warning(format!("order {}: {reason}", record.number), Value::Null).await;
                change.raise.push(self.attention(*kind, &record.number, reason));
            }
        }
        (change.patch != OrderPatch::default()).then_some(change)
    }

    /// JTL should have an order and has none: the row still waits or was dropped, or somebody deleted the order.
    async fn missing(&self, step: &Step, records: &[&OrderRecord]) -> Result<Vec<OrderChange>, Failure> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        let numbers: Vec<String> = records.iter().map(|record| record.number.clone()).collect();
        let presences: Vec<Presence> = self.connections.erp.look_up(&numbers).await?;
        let mut changes = Vec::new();
        for (record, presence) in records.iter().zip(presences) {
            if record.state == OrderState::InJtl {
                if !presence.is_there() {
                    changes.push(self.deleted(step, record).await);
                }
                continue;
            }
            let (kind, state, reason) = if presence.waiting_rows > 0 {
                (
                    AttentionKind::WorkerStuck,
                    None,
                    "its row waits in JTL for more than 30 minutes: is the JTL-Worker running?",
                )
            } else if presence.orders > 0 {
                continue;
            } else {
                let reason = "the JTL-Worker took its row and there is no order: look in the worker's log; closing this entry hands it over again";
                (AttentionKind::Unclear, Some(OrderState::Unclear), reason)
            };
            if record.reason.as_deref() == Some(reason) {
                continue;
            }
            step.warning(format!("order {}: {reason}", record.number), Value::Null).await;
            let patch = OrderPatch { state, reason: Some(Some(reason.to_owned())), ..OrderPatch::default() };
            changes.push(OrderChange {
                raise: vec![self.attention(kind, &record.number, reason)],
                ..self.change(record, patch)
            });
        }
        Ok(changes)
    }

    /// It was an order in JTL and is none any more.
    async fn deleted(&self, step: &Step, record: &OrderRecord) -> OrderChange {
        if record.mark == Some(Mark::Cancelled) {
            let text = format!("order {} is cancelled, and deleted in JTL", record.number);
            step.info(text, Value::Null);
            return self.cancelled_everywhere(record);
        }
        let reason = "JTL had the order and has it no more: was it deleted there, or merged with another? Closing this entry hands it over \
                      again; if nothing is to be sent, cancel it at the marketplace";
        step.warning(format!("order {}: {reason}", record.number), Value::Null).await;
        let patch = OrderPatch {
            state: Some(OrderState::Unclear),
            reason: Some(Some(reason.to_owned())),
            ..OrderPatch::default()
        };
        let raise = vec![self.attention(AttentionKind::Unclear, &record.number, reason)];
        OrderChange { raise, ..self.change(record, patch) }
    }

    /// The marketplace had cancelled it already; now the ERP has, too.
    fn cancelled_everywhere(&self, record: &OrderRecord) -> OrderChange {
        let patch =
            OrderPatch { state: Some(OrderState::Cancelled), mark: Some(None), ..OrderPatch::default() };
        let settle = vec![
            AttentionKind::CancelledAfterHandOver,
            AttentionKind::ChangedAfterHandOver,
            AttentionKind::ClosedInErp,
        ];
        OrderChange { settle, ..self.change(record, patch) }
    }
}

/// Whether an order that JTL was given should long be one there.
pub(super) fn is_overdue(record: &OrderRecord, now: Timestamp) -> bool {
    let since = record.handed_over_at.map(|at| now.duration_since(at));
    record.state == OrderState::HandedOver && since.is_some_and(|since| since >= PATIENCE)
}

/// What an order's state in JTL means for its report.
#[derive(Debug, PartialEq)]
enum Finding {
    /// Nothing has left yet.
    Quiet,
    /// Not yet to be reported, and why.
    Waits(String),
    /// A person must look.
    Alarm(AttentionKind, String),
    /// All of it has left, with tracking numbers.
    Shipped,
}

impl Finding {
    fn reason(&self) -> Option<String> {
        match self {
            Self::Quiet | Self::Shipped => None,
            Self::Waits(reason) | Self::Alarm(_, reason) => Some(reason.clone()),
        }
    }
}

fn finding(order: &ErpOrder) -> Finding {
    let closed = |reason: &str| Finding::Alarm(AttentionKind::ClosedInErp, reason.to_owned());
    if order.count > 1 {
        let message = format!("JTL has {} orders with this number: cancel all but one", order.count);
        return Finding::Alarm(AttentionKind::Duplicate, message);
    }
    if order.is_cancelled {
        return closed("cancelled in JTL, and the marketplace waits for it: cancel it there too");
    }
    if order.is_closed_unshipped {
        return closed("closed in JTL without shipment, and the marketplace waits for it: cancel it there");
    }
    match (order.is_complete, order.parcels.len()) {
        (false, 0) => Finding::Quiet,
        (false, parcels) => {
            Finding::Waits(format!("waits: {parcels} parcels have left, JTL has not shipped all lines yet"))
        }
        (true, 0) => Finding::Waits(
            "waits: JTL says that it is delivered, but there is no parcel to report".to_owned(),
        ),
        (true, _) if order.parcels.iter().any(|parcel| parcel.tracking.is_empty()) => {
            Finding::Waits("waits: a parcel has no tracking number yet".to_owned())
        }
        (true, _) => Finding::Shipped,
    }
}
