//! Before anything new is handed over: what became of the hand-overs whose end is not known, because the program, the
//! connection or the power went in between.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_engine::Step;
use marktwerk_store::orders::{HandOverIntent, OrderChange, OrderFilter, OrderPatch, OrderRecord};
use serde_json::Value;

use super::Orders;
use super::export::handed_over;
use super::taken_over;

/// So long a hand-over is looked up before a person is asked.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// What an insert that was committed has left behind, whatever became of its row.
struct Traces {
    /// The import table's identity value, where it can be seen.
    identity: Option<i64>,
    /// Where they are kept.
    receipts: Option<HashMap<String, Timestamp>>,
}

impl Traces {
    /// Whether the intended insert may have been committed.
    fn may_be_of(&self, intent: &HandOverIntent, number: &str) -> bool {
        match &self.receipts {
            // Stored times are whole microseconds.
            Some(receipts) if intent.has_receipt => receipts
                .get(number)
                .is_some_and(|intended_at| intended_at.as_microsecond() == intent.at.as_microsecond()),
            // Unmoved, nobody has inserted anything since. Moved, others may have, or the server was killed and has skipped some. Not
            // seen, nobody knows.
            _ => self.identity.is_none() || intent.identity != self.identity,
        }
    }
}

impl Orders<'_> {
    /// Looks every open hand-over up in JTL; answers whether some are still open.
    pub(super) async fn resolve(&self, step: &Step) -> Result<bool, Failure> {
        let filter = OrderFilter {
            account: Some(self.account().to_owned()),
            states: vec![OrderState::Exporting],
            after: None,
            limit: usize::MAX,
        };
        let open = self.connections.store.orders_in(&filter).await?;
        if open.is_empty() {
            return Ok(false);
        }
        let numbers: Vec<String> = open.iter().map(|record| record.number.clone()).collect();
        // The look-up waits for the lock of an insert under way; its traces are read after it, so that an insert that was under
        // way has left them.
        let presences = self.connections.erp.look_up(&numbers).await?;
        let traces = Traces {
            identity: self.connections.erp.identity().await?,
            receipts: self.connections.erp.receipts(&numbers).await?,
        };
        let mut is_unresolved = false;
        let mut changes = Vec::with_capacity(open.len());
        for (record, presence) in open.iter().zip(&presences) {
            let change = if presence.is_there() {
                step.info(
                    format!("order {} had reached JTL before the interruption", record.number),
                    Value::Null,
                );
                step.count("found_in_jtl", 1);
                handed_over(&record.number)
            } else {
                self.not_found(step, record, &traces, &mut is_unresolved).await
            };
            changes.push(change);
        }
        self.save(&changes).await?;
        Ok(is_unresolved)
    }

    async fn not_found(
        &self,
        step: &Step,
        record: &OrderRecord,
        traces: &Traces,
        is_unresolved: &mut bool,
    ) -> OrderChange {
        let Some(intent) = record.intent.clone().filter(|intent| traces.may_be_of(intent, &record.number))
        else {
            // It never got there.
            let is_stale = record.is_unread || taken_over::lacks_document(record);
            if record.mark.is_some() || is_stale || record.status != MarketplaceStatus::Ready {
                return self.begin_again(step, record);
            }
            step.info(
                format!("order {} had not reached JTL; it is handed over again", record.number),
                Value::Null,
            );
            let patch =
                OrderPatch { state: Some(OrderState::Imported), intent: Some(None), ..OrderPatch::default() };
            return self.change(record, patch);
        };
        let now = self.now();
        if now.duration_since(intent.at) < PATIENCE {
            *is_unresolved = true;
            let intent = HandOverIntent { looked_at: Some(now), ..intent };
            return self.change(record, OrderPatch { intent: Some(Some(intent)), ..OrderPatch::default() });
        }
        let reason = "the hand-over was interrupted, and JTL has neither a waiting row nor an order with this number; others have \
                      inserted rows meanwhile, so it may have been taken and dropped: look in the worker's log; closing this \
                      entry hands it over again, after another look-up";
        step.warning(format!("order {} is unclear: {reason}", record.number), Value::Null).await;
        OrderChange {
            raise: vec![self.attention(AttentionKind::Unclear, &record.number, reason)],
            ..self.change(
                record,
                OrderPatch {
                    state: Some(OrderState::Unclear),
                    intent: Some(None),
                    reason: Some(Some(reason.to_owned())),
                    ..OrderPatch::default()
                },
            )
        }
    }

    /// It changed at the marketplace while the hand-over was open, and JTL turned out not to have it: what was marked as too
    /// late is not, and the newest document counts.
    fn begin_again(&self, step: &Step, record: &OrderRecord) -> OrderChange {
        let message = format!(
            "order {} changed at the marketplace and had not reached JTL: it is read again",
            record.number
        );
        step.info(message, Value::Null);
        let patch = OrderPatch {
            state: Some(OrderState::Fetched),
            intent: Some(None),
            mark: Some(None),
            is_unread: Some(true),
            ..OrderPatch::default()
        };
        let settle = vec![AttentionKind::CancelledAfterHandOver, AttentionKind::ChangedAfterHandOver];
        OrderChange { settle, ..self.change(record, patch) }
    }
}
