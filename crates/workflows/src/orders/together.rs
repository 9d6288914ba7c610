//! Orders that went out in one parcel, where the marketplace takes a tracking number once only: they are reported in one call, once all of
//! them can be. When the first of them has to leave soon, those that can be reported go alone, and the others become entries.

use std::collections::{BTreeMap, BTreeSet};

use futures::FutureExt;
use futures::future::BoxFuture;
use marktwerk_connectors::{Marketplace, ReportLines};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::judgement::{Act, Remark, Row};
use marktwerk_domain::order::Hints;
use marktwerk_domain::shipment::{OtherOrder, Parcel, ReportedParcel, ShipmentReport};
use marktwerk_domain::tracking;
use marktwerk_engine::Step;
use marktwerk_store::orders::{OrderChange, OrderPatch, OrderRecord, ReportIntent};
use serde_json::json;

use super::Orders;
use super::confirm::{BlockReason, denied, is_due, is_unusable, not_shown};
use super::parcels::allocate;
use super::taken_over;
use crate::crash;

/// Orders read at once.
const PAGE: usize = 1_000;
/// Calls at the same time; the limiter sets the pace.
const AT_ONCE: usize = 8;

/// Which orders have a parcel with which tracking number.
#[derive(Default)]
pub(super) struct SharedParcels {
    /// By the bare number.
    orders: BTreeMap<String, BTreeSet<String>>,
    /// All open orders are noted.
    is_complete: bool,
}

impl SharedParcels {
    pub(super) fn note(&mut self, order: &str, parcels: &[Parcel]) {
        for number in parcels.iter().flat_map(Parcel::all_tracking) {
            self.orders.entry(tracking::bare(number)).or_default().insert(order.to_owned());
        }
    }

    pub(super) fn complete(&mut self) {
        self.is_complete = true;
    }

    /// The orders in the parcels of this one, itself among them, if there are others.
    fn partners(&self, record: &OrderRecord) -> Option<BTreeSet<String>> {
        let numbers = record.parcels.iter().flat_map(Parcel::all_tracking);
        let partners: BTreeSet<String> = numbers
            .filter_map(|number| self.orders.get(&tracking::bare(number)))
            .flatten()
            .cloned()
            .collect();
        (partners.len() > 1).then_some(partners)
    }
}

impl Orders<'_> {
    /// Reports those of `due` that share a parcel with others; gives back those that are reported by themselves, and the first failure.
    pub(super) async fn report_shared(
        &self,
        step: &Step,
        due: Vec<OrderRecord>,
    ) -> Result<(Vec<OrderRecord>, Option<Failure>), Failure> {
        if !self.marketplace.rules().joins_shared_parcels || due.is_empty() {
            return Ok((due, None));
        }
        self.know_shared_parcels().await?;
        let mut groups: BTreeMap<BTreeSet<String>, Vec<OrderRecord>> = BTreeMap::new();
        let mut alone = Vec::with_capacity(due.len());
        let (due, mut failure) = self.with_known_reports(step, due).await;
        for record in due {
            let partners = self.partners(&record);
            let is_to_report = self.judgement(&record).next_act == Act::Report && record.report.is_none();
            match partners.filter(|_| is_to_report) {
                Some(partners) => groups.entry(partners).or_default().push(record),
                None => alone.push(record),
            }
        }
        let mut together = Vec::new();
        for (partners, ready) in groups {
            match self.of_group(step, &partners, ready).await? {
                Group::Alone(ready) => alone.extend(ready),
                Group::Waits => {}
                Group::Together(records) => together.push(self.report_together(step, records).boxed()),
            }
        }
        let mut reports = self.marketplace.each(AT_ONCE, together);
        while let Some(result) = reports.next().await {
            if let Err(error) = result {
                failure.get_or_insert(error);
            }
        }
        Ok((alone, failure))
    }

    /// What became of open reports comes first: if one never arrived, its order is one of its group again. Leaves out orders whose open
    /// report is not known, or that changed meanwhile; also answers with the first failure.
    async fn with_known_reports(
        &self,
        step: &Step,
        due: Vec<OrderRecord>,
    ) -> (Vec<OrderRecord>, Option<Failure>) {
        let is_open = |record: &OrderRecord| {
            let open = record.report.as_ref();
            open.is_some_and(|open| self.partners(record).is_some() || is_joint(&open.report))
        };
        let (open, mut known): (Vec<OrderRecord>, Vec<OrderRecord>) = due.into_iter().partition(is_open);
        let resolve = async |mut record: OrderRecord| match self.resolve_report(step, &mut record).await {
            Ok(is_same) => Ok(is_same.then_some(record)),
            Err(reason) => self.note_reason(step, &mut record, reason).await.map(|()| None),
        };
        let calls: Vec<BoxFuture<'_, _>> = open.into_iter().map(|record| resolve(record).boxed()).collect();
        let mut resolved = self.marketplace.each(AT_ONCE, calls);
        let mut failure = None;
        while let Some(result) = resolved.next().await {
            match result {
                Ok(record) => known.extend(record),
                Err(error) => drop(failure.get_or_insert(error)),
            }
        }
        drop(resolved);
        known.sort_by(|one, other| one.number.cmp(&other.number));
        (known, failure)
    }

    /// A run whose tracking did not come to its end goes by what was stored before.
    async fn know_shared_parcels(&self) -> Result<(), Failure> {
        let shared = || self.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if shared().is_complete {
            return Ok(());
        }
        let mut after: Option<String> = None;
        loop {
            let page = self.connections.store.open_orders(self.account(), after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.number.clone());
            let mut shared = shared();
            page.iter().for_each(|record| shared.note(&record.number, &record.parcels));
        }
        shared().complete();
        Ok(())
    }

    fn partners(&self, record: &OrderRecord) -> Option<BTreeSet<String>> {
        self.shared.lock().unwrap_or_else(std::sync::PoisonError::into_inner).partners(record)
    }

    /// What is done with orders that share a parcel; `ready` are those that can be reported.
    async fn of_group(
        &self,
        step: &Step,
        partners: &BTreeSet<String>,
        mut ready: Vec<OrderRecord>,
    ) -> Result<Group, Failure> {
        let mut others = Vec::new();
        let missing = partners.iter().filter(|number| ready.iter().all(|record| record.number != **number));
        let missing: Vec<&String> = missing.collect();
        for number in missing {
            let Some(other) = self.connections.store.order(self.account(), number).await? else { continue };
            let judgement = self.judgement(&other);
            let is_finished = judgement.is_over
                || matches!(judgement.row, Row::LeftOut | Row::DoneByHand | Row::DoneByHandInErp)
                || other.facts().ours.reported_at.is_some();
            let is_ready = judgement.next_act == Act::Report
                && is_due(&judgement, self.now())
                && other.report.is_none()
                // It may be on another page of what is due, or held back because the marketplace did not answer for it.
                && !self.read_again(step, std::slice::from_ref(&other)).await?.held_back.contains(number);
            match is_ready {
                true => ready.push(other),
                false if is_finished => {}
                false => others.push(other),
            }
        }
        if others.is_empty() {
            let are_in_one = ready.len() > 1 && ready.iter().all(|record| is_in_one_parcel(record, &ready));
            return Ok(if are_in_one { Group::Together(ready) } else { Group::Alone(ready) });
        }
        let numbers: Vec<String> = others.iter().map(|other| other.number.clone()).collect();
        let all = ready.iter().chain(&others);
        let deadline = all.filter_map(|record| record.order.as_ref()?.ship_until).min();
        let before = self.limits().before_deadline;
        if deadline.is_some_and(|deadline| deadline - before <= self.now()) {
            for other in others {
                self.leave_behind(&other, &ready).await?;
            }
            return Ok(Group::Alone(ready));
        }
        for mut record in ready {
            let mut facts = record.facts();
            facts.ours.shares_with.clone_from(&numbers);
            if facts != record.facts() {
                let message = format!(
                    "order {}: waits for orders in the same parcel before it is reported",
                    record.number
                );
                step.info(message, json!({ "orders": &numbers }));
                self.save_one(&mut record, OrderPatch { kept: Some(facts), ..OrderPatch::default() }).await?;
            }
        }
        Ok(Group::Waits)
    }

    /// The others were reported without it, because their time ran out.
    async fn leave_behind(&self, other: &OrderRecord, ready: &[OrderRecord]) -> Result<(), Failure> {
        let mut facts = other.facts();
        let numbers: Vec<&str> = ready.iter().map(|record| record.number.as_str()).collect();
        let numbers = numbers.join(", ");
        let remark = Remark::new(
            AttentionKind::ShipmentRefused,
            [
                format!(
                    "it lies in one parcel with {numbers}, which had to be reported without it: report it at the marketplace by hand \
                     once it can be"
                ),
                format!(
                    "Sie liegt in einem Paket mit {numbers}, und deren Versand musste ohne sie gemeldet werden: Melden Sie sie am \
                     Marktplatz von Hand, sobald das möglich ist"
                ),
            ],
        );
        if !facts.remarks.contains(&remark) {
            facts.remarks.push(remark);
            self.save(&[self.judged(other, OrderPatch { kept: Some(facts), ..OrderPatch::default() })])
                .await?;
        }
        Ok(())
    }

    /// One call for all of them. Their intents are committed in one transaction, and each is read back and marked by itself.
    async fn report_together(&self, step: &Step, records: Vec<OrderRecord>) -> Result<(), Failure> {
        let mut records = records;
        match self.try_together(step, &mut records).await {
            Ok(()) => Ok(()),
            Err(BlockReason::Failure(failure)) => Err(failure),
            Err(BlockReason::Unknown(message)) => {
                for record in &mut records {
                    self.note_reason(step, record, BlockReason::Unknown(message.clone())).await?;
                }
                Ok(())
            }
            Err(BlockReason::Attention(kind, message, cause)) => {
                for record in &mut records {
                    let reason = BlockReason::Attention(kind, message.clone(), cause.clone());
                    self.note_reason(step, record, reason).await?;
                }
                Ok(())
            }
        }
    }

    async fn try_together(&self, step: &Step, records: &mut [OrderRecord]) -> Result<(), BlockReason> {
        let reports = match self.joint_reports(records).await {
            Ok(reports) => reports,
            // The others wait for it as for any order that cannot be reported yet.
            Err((index, reason)) => {
                if let Some(record) = records.get_mut(index) {
                    self.note_reason(step, record, reason).await?;
                }
                return Ok(());
            }
        };
        let intent = |report: &ShipmentReport| ReportIntent {
            epoch: self.context.epoch(),
            at: self.now(),
            report: report.clone(),
        };
        let intended = records.iter().zip(&reports);
        let changes: Vec<OrderChange> = intended
            .map(|(record, report)| self.judged(record, self.intended(record, intent(report))))
            .collect();
        let done = self.save(&changes).await?;
        for ((record, change), done) in records.iter_mut().zip(changes).zip(&done) {
            if *done {
                record.apply(change.patch);
            }
        }
        if done.contains(&false) {
            // One of them was changed meanwhile: nothing was sent, and the next run sees how they stand.
            for (record, _) in records.iter_mut().zip(&done).filter(|(_, done)| **done) {
                self.save_one(record, OrderPatch { report: Some(None), ..OrderPatch::default() }).await?;
            }
            return Ok(());
        }
        crash::point("report.intent_committed");
        self.context.ensure_lease()?;
        if let Some(first) = reports.first() {
            self.confirm_there(step, first).await?;
        }
        crash::point("report.before_mark");
        for (record, report) in records.iter_mut().zip(&reports) {
            if !self.is_known_there(report).await? {
                return Err(Failure::transient(not_shown(&record.number)).into());
            }
            self.mark_told(step, record, report).await?;
        }
        Ok(())
    }

    /// What one order has in the one parcel.
    async fn own_part(&self, record: &OrderRecord) -> Result<(ReportedParcel, Option<Hints>), BlockReason> {
        if !is_unusable(record) && taken_over::lacks_document(record) {
            return Err(taken_over::without_document());
        }
        let ReportLines { lines, hints } = self.lines(record).await?;
        let allocated = allocate(&lines, &record.parcels).ok_or_else(BlockReason::sent_less)?;
        let (Some(parcel), Some(lines)) = (record.parcels.first(), allocated.into_iter().next()) else {
            return Err(BlockReason::sent_less());
        };
        Ok((self.with_carrier(record, hints.as_ref(), parcel, lines).await?, hints))
    }

    /// What each order reports of the one parcel, with the others' lines; or which of them cannot be reported, and why.
    async fn joint_reports(
        &self,
        records: &[OrderRecord],
    ) -> Result<Vec<ShipmentReport>, (usize, BlockReason)> {
        let mut own: Vec<(ReportedParcel, Option<Hints>)> = Vec::with_capacity(records.len());
        for (index, record) in records.iter().enumerate() {
            own.push(self.own_part(record).await.map_err(|reason| (index, reason))?);
        }
        let denied: Vec<_> = records.iter().flat_map(denied).collect();
        let others = |index: usize| {
            let rest = records.iter().zip(&own).enumerate().filter(move |(other, _)| *other != index);
            rest.map(|(_, (record, (parcel, _)))| OtherOrder {
                number: record.number.clone(),
                lines: parcel.lines.clone(),
            })
        };
        let reports = records.iter().zip(&own).enumerate().map(|(index, (record, (parcel, hints)))| {
            let parcel = ReportedParcel { others: others(index).collect(), ..parcel.clone() };
            let (number, denied) = (record.number.clone(), denied.clone());
            ShipmentReport { number, hints: hints.clone(), parcels: vec![parcel], denied }
        });
        Ok(reports.collect())
    }
}

/// What is done with orders that share a parcel.
enum Group {
    /// Each is reported by itself.
    Alone(Vec<OrderRecord>),
    /// Nothing yet.
    Waits,
    /// All in one call.
    Together(Vec<OrderRecord>),
}

fn is_joint(report: &ShipmentReport) -> bool {
    report.parcels.iter().any(|parcel| !parcel.others.is_empty())
}

/// Whether all of an order lies in the parcel in which all of the first one lies.
fn is_in_one_parcel(record: &OrderRecord, all: &[OrderRecord]) -> bool {
    let number = |record: &OrderRecord| match &record.parcels[..] {
        [only] if only.more_tracking.is_empty() => Some(tracking::bare(&only.tracking)),
        _ => None,
    };
    number(record).is_some() && number(record) == all.first().and_then(number)
}
