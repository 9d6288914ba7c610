//! Reports of a marketplace that takes each parcel by itself: what has left is reported, whatever is still to come. Each parcel has an intent
//! of its own, and no more units of a line are told than were ordered.

use std::collections::HashSet;

use marktwerk_connectors::ReportLines;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::history::{Happened, OrderEvent};
use marktwerk_domain::judgement::{InErp, Parcels, Situation};
use marktwerk_domain::order::MarketplaceStatus;
use marktwerk_domain::shipment::{Content, Parcel, ShipmentReport, ToldParcel};
use marktwerk_engine::Step;
use marktwerk_store::orders::{OrderPatch, OrderRecord};
use serde_json::{Value, json};

use super::Orders;
use super::confirm::{BlockReason, denied};
use super::parcels::{Allotted, allot};

impl Orders<'_> {
    /// Reports every parcel that has left and was not reported. One that cannot be told keeps none of the others.
    pub(super) async fn report_parcels(
        &self,
        step: &Step,
        record: &mut OrderRecord,
    ) -> Result<(), BlockReason> {
        let mut seen: HashSet<i64> = HashSet::new();
        let mut hindered: Option<BlockReason> = None;
        while let Some(parcel) = next_parcel(record, &seen) {
            seen.insert(parcel.id);
            match self.report_parcel(step, record, &parcel).await {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(reason @ BlockReason::Attention(..)) => {
                    let closed = OrderPatch { report: Some(None), ..OrderPatch::default() };
                    if record.report.is_some() && !self.save_one(record, closed).await? {
                        return Ok(());
                    }
                    hindered.get_or_insert(reason);
                }
                Err(reason) => return Err(reason),
            }
        }
        if let Some(reason) = hindered {
            return Err(reason);
        }
        self.mark_if_all_left(step, record).await?;
        Ok(())
    }

    /// Answers whether the order is as it was read.
    async fn report_parcel(
        &self,
        step: &Step,
        record: &mut OrderRecord,
        parcel: &Parcel,
    ) -> Result<bool, BlockReason> {
        let ReportLines { lines, hints } = self.lines(record).await?;
        let facts = record.facts();
        let contents = match parcel.contents.is_empty() {
            false => parcel.contents.clone(),
            // JTL does not say what lies in it. The only parcel of an order that has left holds everything.
            true if record.parcels.len() == 1 && self.has_all_left(record) => {
                let all = lines.iter();
                all.map(|line| Content { sku: line.sku.clone(), quantity: line.quantity() }).collect()
            }
            true => return Err(BlockReason::sent_less()),
        };
        let Allotted { lines, is_surplus } = allot(&lines, &facts.ours.parcels, &contents);
        if lines.is_empty() {
            let message = format!("order {}: a parcel holds nothing that is to be reported", record.number);
            step.info(message, json!({ "parcel": parcel.id }));
            let tracking = parcel.tracking.clone();
            let is_known = facts.ours.parcels.iter().any(|told| told.tracking == tracking);
            let told = ToldParcel { id: parcel.id, tracking, lines, is_surplus: is_surplus && !is_known };
            return Ok(self.keep_told(record, vec![told], Vec::new()).await?);
        }
        let told = self.with_carrier(record, hints.as_ref(), parcel, lines).await?;
        let (number, denied) = (record.number.clone(), denied(record));
        let report = ShipmentReport { number, hints, parcels: vec![told], denied };
        // Once a part was reported, by us or by hand, the marketplace is asked first.
        if record.status != MarketplaceStatus::Ready && self.is_known_there(&report).await? {
            return Ok(self.mark_parcels(step, record, &report).await?);
        }
        self.send_report(step, record, &report).await
    }

    /// The marketplace has these parcels. Answers whether the order is as it was read.
    pub(super) async fn mark_parcels(
        &self,
        step: &Step,
        record: &mut OrderRecord,
        report: &ShipmentReport,
    ) -> Result<bool, Failure> {
        let told = report.parcels.iter().map(|parcel| ToldParcel {
            id: parcel.id,
            tracking: parcel.tracking.clone(),
            lines: parcel.lines.clone(),
            is_surplus: false,
        });
        let event = |tracking: &String| OrderEvent {
            at: self.now(),
            by: self.author(),
            what: Happened::ParcelReported(tracking.clone()),
        };
        let events = report.parcels.iter().map(|parcel| event(&parcel.tracking)).collect();
        let is_stored = self.keep_told(record, told.collect(), events).await?;
        step.count("parcels_reported", i64::try_from(report.parcels.len()).unwrap_or(i64::MAX));
        if self.parameters.verbose.unwrap_or(false) {
            step.info(format!("order {}: parcel reported", record.number), Value::Null);
        }
        Ok(is_stored)
    }

    async fn keep_told(
        &self,
        record: &mut OrderRecord,
        told: Vec<ToldParcel>,
        events: Vec<OrderEvent>,
    ) -> Result<bool, Failure> {
        let mut facts = record.facts();
        facts.ours.parcels.extend(told);
        facts.ours.refused = None;
        let patch = OrderPatch { report: Some(None), kept: Some(facts), events, ..OrderPatch::default() };
        self.save_one(record, patch).await
    }

    /// The order is reported once all of it has left and every parcel was told.
    async fn mark_if_all_left(&self, step: &Step, record: &mut OrderRecord) -> Result<(), Failure> {
        let facts = record.facts();
        let parcels = Situation::at(&facts, self.limits(), self.now()).parcels;
        if self.has_all_left(record) && parcels != Parcels::Untold {
            self.mark_reported(step, record, parcels != Parcels::Changed).await?;
        }
        Ok(())
    }

    fn has_all_left(&self, record: &OrderRecord) -> bool {
        Situation::at(&record.facts(), self.limits(), self.now()).in_erp == InErp::Left
    }
}

/// The next parcel that is to be told, with the contents of all rows that have its tracking number: they are one parcel.
fn next_parcel(record: &OrderRecord, seen: &HashSet<i64>) -> Option<Parcel> {
    let facts = record.facts();
    let unreported = facts.ours.unreported(&record.parcels);
    let first = unreported.iter().find(|parcel| !seen.contains(&parcel.id))?;
    let rows = unreported.iter().filter(|parcel| parcel.tracking == first.tracking);
    let contents = rows.flat_map(|parcel| parcel.contents.iter().cloned()).collect();
    Some(Parcel { contents, ..(*first).clone() })
}
