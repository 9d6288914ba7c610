//! Step 2: translates what was fetched. A bad order is set aside with its reason and the rest goes on; what changed at the
//! marketplace after the hand-over is marked, for JTL is not ours to change.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::order::{MarketplaceStatus, Order, OrderState};
use marktwerk_engine::Step;
use marktwerk_store::orders::{Mark, OrderChange, OrderPatch, OrderRecord};
use serde_json::Value;

use super::{Orders, taken_over};

const BATCH: usize = 1_000;

impl Orders<'_> {
    /// Reads every document that is newer than what was imported; answers whether a next slice has to go on.
    pub(super) async fn import(&self, step: &Step) -> Result<bool, Failure> {
        let mut after: Option<String> = None;
        loop {
            let batch = self.connections.store.unread_orders(self.account(), after.as_deref(), BATCH).await?;
            let Some(last) = batch.last() else { return Ok(false) };
            after = Some(last.number.clone());
            let changes: Vec<OrderChange> = batch.iter().filter_map(|record| self.read(record)).collect();
            for (change, took_effect) in changes.iter().zip(self.save(&changes).await?) {
                if took_effect {
                    self.tell(step, change).await;
                }
            }
            if self.context.should_stop() {
                return Ok(true);
            }
        }
    }

    /// What a document means for its order; `None` waits for a complete one.
    fn read(&self, record: &OrderRecord) -> Option<OrderChange> {
        let is_waiting = record.status == MarketplaceStatus::Ready && !record.is_complete;
        if is_waiting {
            return None;
        }
        let change =
            if record.state.may_be_in_erp() { self.read_late(record) } else { self.read_early(record) };
        Some(OrderChange { seen_change: Some(record.changed_at), ..change })
    }

    /// JTL cannot have it yet: the newest document counts.
    fn read_early(&self, record: &OrderRecord) -> OrderChange {
        let read = OrderPatch { is_unread: Some(false), reason: Some(None), ..OrderPatch::default() };
        let settled = vec![AttentionKind::SetAside, AttentionKind::UnknownArticle];
        match record.status {
            MarketplaceStatus::Cancelled => OrderChange {
                settle: settled,
                ..self.change(record, OrderPatch { state: Some(OrderState::Cancelled), ..read })
            },
            MarketplaceStatus::PartlyShipped => self.set_aside(
                record,
                "partly shipped at the marketplace, and not by us: look at it there".to_owned(),
            ),
            MarketplaceStatus::Pending | MarketplaceStatus::Shipped => {
                OrderChange { settle: settled, ..self.change(record, read) }
            }
            MarketplaceStatus::Ready => match self.translate(record) {
                Ok(order) => {
                    let patch = OrderPatch { state: Some(OrderState::Imported), order: Some(order), ..read };
                    OrderChange { settle: settled, ..self.change(record, patch) }
                }
                Err(reason) => self.set_aside(record, reason),
            },
        }
    }

    /// JTL has it or may have it: a person has to see what changed.
    fn read_late(&self, record: &OrderRecord) -> OrderChange {
        let read = OrderPatch { is_unread: Some(false), ..OrderPatch::default() };
        let is_over = record.state == OrderState::Reported;
        let marked = |mark, kind, message: String| OrderChange {
            raise: vec![self.attention(kind, &record.number, message)],
            ..self.change(record, OrderPatch { mark: Some(Some(mark)), ..read.clone() })
        };
        match record.status {
            MarketplaceStatus::Cancelled if !is_over => marked(
                Mark::Cancelled,
                AttentionKind::CancelledAfterHandOver,
                "cancelled at the marketplace, already in JTL: cancel it there, or close this entry to ship it all the same".to_owned(),
            ),
            MarketplaceStatus::Ready if !is_over => match self.difference(record) {
                Difference::None => self.change(record, read),
                Difference::OursOnly(newest) => {
                    self.change(record, OrderPatch { order: Some(*newest), ..read })
                }
                Difference::Seen(newest, what) => {
                    let message = format!("{what} changed at the marketplace, already in JTL: change it there, then close this entry");
                    let mut change = marked(Mark::Changed, AttentionKind::ChangedAfterHandOver, message);
                    // The report names what is to be shipped now, and the same change is shown once.
                    change.patch.order = Some(*newest);
                    change
                }
                Difference::Untranslatable(reason) => marked(
                    Mark::Changed,
                    AttentionKind::ChangedAfterHandOver,
                    format!("it changed at the marketplace and cannot be translated any more ({reason}), already in JTL: look at it there"),
                ),
            },
            MarketplaceStatus::Ready if taken_over::lacks_document(record) => {
                self.begin_to_report(record, self.translate(record))
            }
            // Somebody reported it there by hand, or we did and did not live to write it down.
            MarketplaceStatus::Shipped if record.state == OrderState::Shipped => OrderChange {
                settle: vec![AttentionKind::UnknownCarrier, AttentionKind::ShipmentRefused],
                ..self.change(
                    record,
                    OrderPatch {
                        state: Some(OrderState::Reported),
                        reason: Some(None),
                        report: Some(None),
                        next_report_at: Some(None),
                        ..read
                    },
                )
            },
            _ => self.change(record, read),
        }
    }

    /// What differs between the order as it was last seen and the newest document.
    fn difference(&self, record: &OrderRecord) -> Difference {
        let newest = match self.translate(record) {
            Ok(newest) => newest,
            Err(reason) => return Difference::Untranslatable(reason),
        };
        let Some(seen) = record.order.as_ref() else { return Difference::OursOnly(Box::new(newest)) };
        let knows_address = !taken_over::lacks_document(record);
        let lines = |order: &Order| -> Vec<(String, i64)> {
            order.lines.iter().map(|line| (line.number.clone(), line.quantity())).collect()
        };
        let mut what = Vec::new();
        if knows_address && seen.delivery != newest.delivery {
            what.push("the address");
        }
        if lines(seen) != lines(&newest) {
            what.push("what is to be shipped");
        }
        match what.is_empty() {
            true if knows_address => Difference::None,
            true => Difference::OursOnly(Box::new(newest)),
            false => Difference::Seen(Box::new(newest), what.join(" and ")),
        }
    }

    fn translate(&self, record: &OrderRecord) -> Result<Order, String> {
        let raw = record.raw.as_ref().ok_or_else(|| "its raw document is gone".to_owned())?;
        self.marketplace.translate(raw).map_err(|error| error.reason)
    }

    /// Sets an order aside: shown with its reason, never exported, and tried again when it changes.
    pub(super) fn set_aside(&self, record: &OrderRecord, reason: String) -> OrderChange {
        let patch = OrderPatch {
            state: Some(OrderState::SetAside),
            reason: Some(Some(reason.clone())),
            is_unread: Some(false),
            ..OrderPatch::default()
        };
        OrderChange {
            raise: vec![self.attention(AttentionKind::SetAside, &record.number, reason)],
            ..self.change(record, patch)
        }
    }

    async fn tell(&self, step: &Step, change: &OrderChange) {
        let number = &change.number;
        match (change.patch.state, change.patch.mark) {
            (Some(OrderState::Imported), _) => {
                step.count("imported", 1);
                if self.parameters.verbose.unwrap_or(false) {
                    step.info(format!("order {number} imported"), Value::Null);
                }
            }
            (Some(OrderState::SetAside), _) => {
                step.count("set_aside", 1);
                let reason = change.patch.reason.clone().flatten().unwrap_or_default();
                step.warning(format!("order {number} is set aside: {reason}"), Value::Null).await;
            }
            (Some(OrderState::Cancelled), _) => {
                step.count("cancelled", 1);
                step.info(
                    format!("order {number} was cancelled at the marketplace before it went to JTL"),
                    Value::Null,
                );
            }
            (_, Some(Some(_))) => {
                step.count("marked", 1);
                let message = change.raise.first().map(|item| item.message.as_str()).unwrap_or_default();
                step.warning(format!("order {number}: {message}"), Value::Null).await;
            }
            _ => {}
        }
    }
}

/// What happened to an order that JTL has.
enum Difference {
    /// Nothing that matters.
    None,
    /// Nothing there: it is the first document that we see of an order that was taken over.
    OursOnly(Box<Order>),
    /// The newest translation, and what of it differs.
    Seen(Box<Order>, String),
    /// It cannot be compared, and why.
    Untranslatable(String),
}
