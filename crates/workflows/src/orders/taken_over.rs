//! Orders that were taken over from the system used before (docs/TAKEOVER.md): JTL has them, and the marketplace's own document,
//! which nobody kept, is still to be fetched. Until then they have the old system's lines, and neither address nor hints.

use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::judgement::{Document, ErpFacts, OrderFacts, RefusalCause, Remark};
use marktwerk_domain::order::{MarketplaceStatus, OrderState, TAKEN_OVER};
use marktwerk_domain::reason::Reason;
use marktwerk_engine::Step;
use marktwerk_store::orders::{OrderChange, OrderPatch, OrderRecord};
use serde_json::json;

use super::Orders;
use super::confirm::BlockReason;

/// Orders looked through at once.
const BATCH: usize = 500;
/// Names in a line of the log.
const NAMED: usize = 20;

/// Whether there is no translation of a document of the marketplace's own: those tell where the order goes.
pub(super) fn lacks_document(record: &OrderRecord) -> bool {
    record.order.as_ref().is_none_or(|order| order.hints.is_none() && order.delivery.country.is_empty())
}

fn is_incomplete(record: &OrderRecord) -> bool {
    record.is_unread && !record.is_complete && record.status == MarketplaceStatus::Ready
}

/// Nothing is told of an order whose own document the marketplace did not give: its carriers are not known.
pub(super) fn without_document() -> BlockReason {
    let message = "it was taken over from the system used before, and the marketplace did not give its document: start the order job with \
                   days_back so that it reaches the day of purchase, or report this shipment at the marketplace by hand";
    BlockReason::Attention(AttentionKind::ShipmentRefused, message.to_owned(), RefusalCause::TakenOver)
}

impl Orders<'_> {
    /// After the list was read from `begin` on without a failure: orders that were taken over and did not occur in it are not
    /// waited for any longer, for the window would reach back to them in every run.
    pub(super) async fn note_unlisted(&self, step: &Step, begin: jiff::Timestamp) -> Result<(), Failure> {
        let mut after: Option<String> = None;
        loop {
            let batch = self.connections.store.unread_orders(self.account(), after.as_deref(), BATCH).await?;
            let Some(last) = batch.last() else { return Ok(()) };
            after = Some(last.number.clone());
            let is_unlisted = |record: &&OrderRecord| {
                let is_taken_over = record.raw.as_ref().is_some_and(|raw| raw.get(TAKEN_OVER).is_some());
                is_taken_over && is_incomplete(record) && record.changed_at >= begin
            };
            let unlisted: Vec<&OrderRecord> = batch.iter().filter(is_unlisted).collect();
            if unlisted.is_empty() {
                continue;
            }
            let changes: Vec<OrderChange> = unlisted.iter().map(|record| self.unlisted(record)).collect();
            self.save(&changes).await?;
            let names: Vec<&str> = unlisted.iter().map(|record| record.number.as_str()).take(NAMED).collect();
            let message =
                format!("{} orders were taken over and are not listed by the marketplace", unlisted.len());
            step.warning(message, json!({ "orders": names })).await;
        }
    }

    fn unlisted(&self, record: &OrderRecord) -> OrderChange {
        if record.state == OrderState::Fetched {
            let reason = Reason::new([
                "taken over from the system used before, not in JTL, and the marketplace does not list it: look whether it belongs \
                 to this account",
                "aus dem früheren System übernommen, nicht in JTL, und der Marktplatz führt sie nicht auf: bitte prüfen, ob sie zu \
                 diesem Konto gehört",
            ]);
            return self.set_aside(record, reason);
        }
        // JTL has it: nothing is to be done unless it ships it, and then a person is asked.
        let mut facts = record.facts();
        facts.there.document = Document::Translated;
        self.judged(record, OrderPatch { is_unread: Some(false), kept: Some(facts), ..OrderPatch::default() })
    }
}

/// The system used before had marked it as reported, and the marketplace still waits for it: the mark was wrong. The
/// marketplace is asked for its parcels before anything is reported; what JTL does not have either starts again from the beginning.
pub(super) fn begin_to_report(record: &OrderRecord, facts: &mut OrderFacts, untranslatable: Option<&Reason>) {
    facts.ours.reported_at = None;
    match untranslatable {
        Some(reason) => {
            let message = format!(
                "taken over as reported, the marketplace waits for it, and it cannot be translated ({reason}): look at it there"
            );
            facts.remarks.push(Remark { kind: AttentionKind::ShipmentRefused, message, german: None });
        }
        None if record.erp_number.is_none() => {
            facts.ours.handed_over_at = None;
            facts.ours.baseline = None;
            facts.erp = ErpFacts::default();
        }
        None => {}
    }
}
