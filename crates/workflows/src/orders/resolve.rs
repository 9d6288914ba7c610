//! Before anything new is handed over: what became of the hand-overs whose end is not known, because the program, the
//! connection or the power went in between.

use std::collections::HashMap;

use jiff::Timestamp;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::judgement::Row;
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_engine::Step;
use marktwerk_erp::Presence;
use marktwerk_store::orders::{HandOverIntent, OrderChange, OrderFilter, OrderPatch, OrderRecord};
use serde_json::Value;

use super::Orders;
use super::taken_over;

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
            states: vec![OrderState::Exporting, OrderState::Unclear],
            limit: usize::MAX,
            ..OrderFilter::default()
        };
        let mut open = self.connections.store.orders_in(&filter).await?;
        open.retain(|record| record.intent.is_some());
        if open.is_empty() {
            return Ok(false);
        }
        let numbers: Vec<String> =
            open.iter().map(|record| self.connections.number_to_give(record)).collect();
        // The look-up waits for the lock of an insert under way; its traces are read after it, so that an insert that was under
        // way has left them.
        let presences = self.connections.erp.look_up(&numbers).await?;
        let traces = Traces {
            identity: self.connections.erp.identity().await?,
            receipts: self.connections.erp.receipts(&numbers).await?,
        };
        let mut is_unresolved = false;
        let mut changes = Vec::with_capacity(open.len());
        let records: Vec<&OrderRecord> = open.iter().collect();
        let others = self.connections.presences_in_erp(&records).await?;
        let others: HashMap<String, Presence> =
            others.into_iter().map(|presence| (presence.number.clone(), presence)).collect();
        let of_others = self.connections.given_by_others(self.account(), &numbers).await?;
        for ((record, presence), number) in open.iter().zip(&presences).zip(&numbers) {
            let is_ours = record.intent.as_ref().is_some_and(|intent| traces.may_be_of(intent, number));
            let all = others.get(&record.number);
            if presence.is_there() && (of_others.contains(number) || !is_ours) {
                // It was there before; tracking says whose it is.
                changes.push(self.found_there(record, presence));
            } else if let Some(other) = all.filter(|all| !presence.is_there() && all.is_there()) {
                changes.push(self.found_there(record, other));
            } else if presence.is_there() {
                step.info(
                    format!("order {} had reached JTL before the interruption", record.number),
                    Value::Null,
                );
                step.count("found_in_jtl", 1);
                changes.push(self.handed_over(record, Some(presence)));
            } else {
                changes.extend(self.not_found(step, record, &traces, &mut is_unresolved).await);
            }
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
    ) -> Option<OrderChange> {
        let Some(intent) = record
            .intent
            .clone()
            .filter(|intent| traces.may_be_of(intent, &self.connections.number_to_give(record)))
        else {
            // It never got there.
            let is_stale = record.is_unread || taken_over::lacks_document(record);
            let has_changed = record.facts().there.difference.is_some();
            if has_changed || is_stale || record.status != MarketplaceStatus::Ready {
                return Some(self.begin_again(step, record));
            }
            step.info(
                format!("order {} had not reached JTL; it is handed over again", record.number),
                Value::Null,
            );
            return Some(self.not_handed_over(record, OrderPatch::default()));
        };
        let row = self.judgement(record).row;
        if row == Row::HandOverOpen {
            *is_unresolved = true;
            let intent = HandOverIntent { looked_at: Some(self.now()), ..intent };
            return Some(
                self.judged(record, OrderPatch { intent: Some(Some(intent)), ..OrderPatch::default() }),
            );
        }
        // A person is asked, and it is looked up all the same.
        let change = self.judged(record, OrderPatch::default());
        self.warn_of(step, record, &change).await;
        (change.patch != OrderPatch::default()).then_some(change)
    }

    /// It changed at the marketplace while the hand-over was open, and JTL turned out not to have it: the newest document counts.
    fn begin_again(&self, step: &Step, record: &OrderRecord) -> OrderChange {
        let message = format!(
            "order {} changed at the marketplace and had not reached JTL: it is read again",
            record.number
        );
        step.info(message, Value::Null);
        self.not_handed_over(record, OrderPatch { is_unread: Some(true), ..OrderPatch::default() })
    }
}
