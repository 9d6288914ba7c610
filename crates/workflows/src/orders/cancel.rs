//! Cancellations at the marketplace that a person decided on: the intent first, then the call, which looks first whether it was made
//! before. That the order is cancelled shows in its status.

use futures::FutureExt;
use marktwerk_connectors::{CancelAnswer, Marketplace};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::judgement::{Act, Cancellation, Decision, Remark};
use marktwerk_engine::Step;
use marktwerk_store::orders::{OrderPatch, OrderRecord};
use serde_json::Value;

use super::Orders;
use crate::outage::Call;

/// Cancellations under way at the same time; the limiter sets the pace.
const AT_ONCE: usize = 8;

impl Orders<'_> {
    /// Cancels what tracking found to be cancelled.
    pub(super) async fn cancel_there(&self, step: &Step) -> Result<(), Failure> {
        let numbers =
            std::mem::take(&mut *self.to_cancel.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        if numbers.is_empty() {
            return Ok(());
        }
        if let Some(refusal) = self.connections.refuses_writes_to(&*self.marketplace) {
            let message = format!("{refusal}; {} orders would be cancelled", numbers.len());
            step.warning(message, Value::Null).await;
            return Ok(());
        }
        let mut records = Vec::with_capacity(numbers.len());
        for number in numbers {
            records.extend(self.connections.store.order(self.account(), &number).await?);
        }
        let again = self.read_again(step, &records).await?;
        let mut failure = again.failure;
        let last = self.marketplace.last_in_line(&[Call::Cancel]);
        let mut records: Vec<OrderRecord> =
            records.into_iter().filter(|record| !again.held_back.contains(&record.number)).collect();
        records.sort_by_key(|record| last.contains(&record.number));
        let calls = records.into_iter().map(|record| self.cancel_one(step, record).boxed());
        let mut cancelled = self.marketplace.each(AT_ONCE, calls.collect::<Vec<_>>());
        while let Some(result) = cancelled.next().await {
            if let Err(error) = result {
                failure.get_or_insert(error);
            }
        }
        failure.map_or(Ok(()), Err)
    }

    async fn cancel_one(&self, step: &Step, mut record: OrderRecord) -> Result<(), Failure> {
        let record = &mut record;
        let Some(cancellations) = self.marketplace.cancellations() else { return Ok(()) };
        if self.judgement(record).next_act != Act::Cancel {
            return Ok(());
        }
        let mut facts = record.facts();
        let cancellation = match facts.ours.cancellation.clone() {
            Some(begun) => begun,
            None => {
                let used = facts.decided.take().map(|decided| decided.decision);
                let accepts_wish = used == Some(Decision::AcceptCancellation);
                let begun = Cancellation { accepts_wish, since: self.now(), is_taken: false };
                facts.ours.cancellation = Some(begun.clone());
                let patch =
                    OrderPatch { kept: Some(facts), events: self.used(used), ..OrderPatch::default() };
                if !self.save_one(record, patch).await? {
                    return Ok(());
                }
                begun
            }
        };
        self.context.ensure_lease()?;
        let answer = match cancellation.accepts_wish {
            true => cancellations.accept_wish(&record.number).await,
            false => {
                let lines = record.order.iter().flat_map(|order| &order.lines);
                let mut lines: Vec<String> = lines.map(|line| line.number.clone()).collect();
                if lines.is_empty() {
                    lines = self.line_numbers(record).await?;
                }
                cancellations.cancel(&record.number, &lines).await
            }
        };
        let mut facts = record.facts();
        match answer.map_err(|error| error.failure())? {
            CancelAnswer::Taken => {
                facts.ours.cancellation = Some(Cancellation { is_taken: true, ..cancellation });
                step.count("cancelled", 1);
                step.info(
                    format!("order {}: the marketplace has taken the cancellation", record.number),
                    Value::Null,
                );
            }
            CancelAnswer::Refused { message } => {
                facts.ours.cancellation = None;
                let texts = [
                    format!(
                        "the marketplace refused the cancellation: {message}; decide there, then choose “Done by hand”"
                    ),
                    format!(
                        "Der Marktplatz hat die Stornierung abgelehnt: „{message}“. Entscheiden Sie dort und wählen Sie dann „Von Hand \
                         erledigt“."
                    ),
                ];
                let remark = Remark::new(AttentionKind::CancellationRefused, texts);
                step.warning(format!("order {}: {}", record.number, remark.message), Value::Null).await;
                facts.remarks.retain(|earlier| earlier.kind != remark.kind);
                facts.remarks.push(remark);
            }
        }
        self.save_one(record, OrderPatch { kept: Some(facts), ..OrderPatch::default() }).await?;
        Ok(())
    }

    /// The lines of an order that could not be translated.
    async fn line_numbers(&self, record: &OrderRecord) -> Result<Vec<String>, Failure> {
        let whole = self.connections.store.order(self.account(), &record.number).await?;
        let lines = whole.and_then(|whole| whole.raw).and_then(|raw| self.marketplace.report_lines(&raw));
        Ok(lines.into_iter().flat_map(|lines| lines.lines).map(|line| line.number).collect())
    }
}
