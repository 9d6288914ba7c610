//! Step 5: tells the marketplace carrier and tracking numbers. The intent first, then the call, then what the marketplace
//! reads back; only that marks an order as reported.

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use marktwerk_connectors::{ConfirmedParcel, ConnectorError, Marketplace, ReportLines, WriteAnswer};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::judgement::{
    Act, Decision, Document, Hold, Judgement, RefusalCause, Refused, ReportUnit, Row, tracking_numbers,
};
use marktwerk_domain::order::{Hints, OrderLine, OrderState};
use marktwerk_domain::shipment::{Parcel, ReportedParcel, ShipmentReport};
use marktwerk_domain::tracking;
use marktwerk_engine::Step;
use marktwerk_store::orders::{OrderFilter, OrderPatch, OrderRecord, ReportIntent};
use serde_json::{Value, json};

use super::Orders;
use super::carriers::carrier_names;
use super::parcels::{Lines, allocate, allot};
use super::taken_over;
use crate::crash;
use crate::outage::Call;

const PAGE: usize = 500;
/// Orders reported at the same time; the limiter sets the pace.
const AT_ONCE: usize = 8;
/// A refused report is tried again after this long, doubling each time up to the longest.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_mins(15);
const LONGEST_PAUSE_DOUBLINGS: u32 = 5;
const OTHER_NUMBERS: &str =
    "the marketplace has this order as shipped with other tracking numbers: compare them there";

/// Why a shipment is not reported now.
pub(super) enum BlockReason {
    /// A person must act; shown.
    Attention(AttentionKind, String, RefusalCause),
    /// The marketplace does not say what it was told of this order. Nothing is told until it does.
    Unknown(String),
    /// Something may go away by itself.
    Failure(Failure),
}

impl BlockReason {
    fn other_numbers() -> Self {
        Self::Attention(AttentionKind::ShipmentRefused, OTHER_NUMBERS.to_owned(), RefusalCause::OtherNumbers)
    }

    pub(super) fn sent_less() -> Self {
        let message = "JTL sent less than was ordered, or does not tell what lies in which parcel: report this shipment at the marketplace by hand";
        Self::Attention(AttentionKind::ShipmentRefused, message.to_owned(), RefusalCause::SentLess)
    }
}

impl From<Failure> for BlockReason {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

impl Orders<'_> {
    /// Reports what JTL has shipped; answers whether a next slice has to go on. Orders that failed in the last run come last.
    pub(super) async fn confirm(&self, step: &Step) -> Result<bool, Failure> {
        let now = self.now();
        let mut failure: Option<Failure> = None;
        let mut has_changed = false;
        let late = self.marketplace.last_in_line(&[Call::Report, Call::ReadBack]);
        let passes: &[bool] = if late.is_empty() { &[false] } else { &[false, true] };
        for is_late in passes {
            let mut after: Option<String> = None;
            loop {
                let page = self.shipped(after.as_deref()).await?;
                let Some(last) = page.last() else { break };
                after = Some(last.number.clone());
                let is_due = |record: &OrderRecord| {
                    let judgement = self.judgement(record);
                    // A person may have entered the carrier in the settings, which are read at the start.
                    let may_go_again = judgement.row == Row::UnknownCarrier
                        && self.connections.may_know_carrier(self.account(), &record.number);
                    late.contains(&record.number) == *is_late && (may_go_again || is_due(&judgement, now))
                };
                let due: Vec<OrderRecord> = page.into_iter().filter(is_due).collect();
                if let Some(refusal) = self.connections.refuses_writes_to(&*self.marketplace) {
                    self.say_what_would_be_sent(step, &refusal, &due).await;
                    return Ok(false);
                }
                // Whether an open report arrived is asked whatever else is known.
                let to_report = |record: &&OrderRecord| self.judgement(record).next_act == Act::Report;
                let to_report: Vec<OrderRecord> = due.iter().filter(to_report).cloned().collect();
                let again = self.read_again(step, &to_report).await?;
                has_changed |= again.has_changed;
                failure = failure.or(again.failure);
                let due: Vec<OrderRecord> =
                    due.into_iter().filter(|record| !again.held_back.contains(&record.number)).collect();
                let (due, failed) = self.report_shared(step, due).await?;
                failure = failure.or(failed);
                // Boxed: the compiler cannot prove a stream of borrowing futures to be Send.
                let calls: Vec<BoxFuture<'_, _>> =
                    due.into_iter().map(|record| self.report(step, record).boxed()).collect();
                let mut reports = self.marketplace.each(AT_ONCE, calls);
                while let Some(result) = reports.next().await {
                    if let Err(error) = result {
                        failure.get_or_insert(error);
                    }
                }
                if let Some(outage) = self.marketplace.outage() {
                    return Err(failure.unwrap_or(outage));
                }
                if self.context.should_stop() {
                    return failure.map_or(Ok(true), Err);
                }
            }
        }
        // What changed meanwhile is imported by the next slice, and reported if that is still right.
        failure.map_or(Ok(has_changed), Err)
    }

    /// A page of what JTL has shipped.
    async fn shipped(&self, after: Option<&str>) -> Result<Vec<OrderRecord>, Failure> {
        let filter = OrderFilter {
            account: Some(self.account().to_owned()),
            states: vec![OrderState::Shipped],
            after: after.map(str::to_owned),
            limit: PAGE,
            ..OrderFilter::default()
        };
        Ok(self.connections.store.orders_in(&filter).await?)
    }

    async fn say_what_would_be_sent(&self, step: &Step, refusal: &str, due: &[OrderRecord]) {
        if due.is_empty() {
            return;
        }
        let numbers: Vec<&str> = due.iter().map(|record| record.number.as_str()).take(20).collect();
        let message = format!("{refusal}; {} shipments would be reported", due.len());
        step.warning(message, json!({ "orders": numbers })).await;
    }

    /// One order, from the intent to the mark.
    async fn report(&self, step: &Step, mut record: OrderRecord) -> Result<(), Failure> {
        match self.try_to_report(step, &mut record).await {
            Ok(()) => Ok(()),
            Err(reason) => self.note_reason(step, &mut record, reason).await,
        }
    }

    /// Keeps why an order is not reported, for people and for the next try.
    pub(super) async fn note_reason(
        &self,
        step: &Step,
        record: &mut OrderRecord,
        reason: BlockReason,
    ) -> Result<(), Failure> {
        let (kind, message, cause, report) = match reason {
            BlockReason::Failure(failure) => {
                step.info(format!("order {} is not reported yet: {failure}", record.number), Value::Null);
                return Err(failure);
            }
            BlockReason::Unknown(message) => {
                let cause = RefusalCause::NoAnswer(message.clone());
                (AttentionKind::ShipmentRefused, message, cause, None)
            }
            BlockReason::Attention(kind, message, cause) => (kind, message, cause, Some(None)),
        };
        let text = format!("order {} is not reported: {message}", record.number);
        if record.reason.as_ref() == Some(&message) {
            step.info(text, Value::Null);
        } else {
            step.warning(text, Value::Null).await;
        }
        let doublings = record.report_tries.min(LONGEST_PAUSE_DOUBLINGS);
        let pause = FIRST_PAUSE * 2_i32.pow(doublings);
        let mut facts = record.facts();
        if kind == AttentionKind::UnknownCarrier {
            // Nor is the carrier known that a person chose: the entry comes back.
            facts.decided = facts.decided.filter(|decided| decided.decision != Decision::ChooseCarrier);
            self.connections.note_without_carrier(self.account(), &record.number);
        }
        facts.ours.refused = Some(Refused { kind, message, cause: Some(cause) });
        let patch = OrderPatch {
            report,
            report_tries: Some(record.report_tries + 1),
            next_report_at: Some(Some(self.now() + pause)),
            kept: Some(facts),
            ..OrderPatch::default()
        };
        self.save_one(record, patch).await?;
        step.count("not_reported", 1);
        Ok(())
    }

    /// An intent without an end: the call may have arrived. Asked first, never told twice. Answers whether the order is as it was read.
    pub(super) async fn resolve_report(
        &self,
        step: &Step,
        record: &mut OrderRecord,
    ) -> Result<bool, BlockReason> {
        let Some(report) = record.report.as_ref().map(|earlier| earlier.report.clone()) else {
            return Ok(true);
        };
        Ok(match self.is_known_there(&report).await? {
            true => self.mark_told(step, record, &report).await?,
            // It never arrived; what is to be done now, the order's other facts say.
            false => {
                self.save_one(record, OrderPatch { report: Some(None), ..OrderPatch::default() }).await?
            }
        })
    }

    async fn try_to_report(&self, step: &Step, record: &mut OrderRecord) -> Result<(), BlockReason> {
        if !self.resolve_report(step, record).await? {
            return Ok(());
        }
        match (self.judgement(record).row, record.facts().there.report_unit) {
            (Row::ShippedBoth | Row::OtherNumbers, _) => self.compare_numbers(step, record).await,
            (row, _) if row.line().act != Act::Report => Ok(()),
            (_, ReportUnit::WholeOrder) => self.report_whole(step, record).await,
            (_, ReportUnit::EachParcel) => self.report_parcels(step, record).await,
        }
    }

    async fn report_whole(&self, step: &Step, record: &mut OrderRecord) -> Result<(), BlockReason> {
        if !is_unusable(record) && taken_over::lacks_document(record) {
            return Err(taken_over::without_document());
        }
        let report = self.compose(step, record).await?;
        self.send_report(step, record, &report).await?;
        Ok(())
    }

    /// The intent, the call, what the marketplace reads back, and the mark. Answers whether the order is as it was read.
    pub(super) async fn send_report(
        &self,
        step: &Step,
        record: &mut OrderRecord,
        report: &ShipmentReport,
    ) -> Result<bool, BlockReason> {
        let intent = ReportIntent { epoch: self.context.epoch(), at: self.now(), report: report.clone() };
        if !self.save_one(record, self.intended(record, intent)).await? {
            // The order was changed meanwhile; the next run sees how.
            return Ok(false);
        }
        crash::point("report.intent_committed");
        self.context.ensure_lease()?;
        self.confirm_there(step, report).await?;
        if !self.is_known_there(report).await? {
            return Err(Failure::transient(not_shown(&record.number)).into());
        }
        crash::point("report.before_mark");
        Ok(self.mark_told(step, record, report).await?)
    }

    /// The call. What was shipped already is looked at by whoever reads back.
    pub(super) async fn confirm_there(
        &self,
        step: &Step,
        report: &ShipmentReport,
    ) -> Result<(), BlockReason> {
        let answer = self.marketplace.confirm_shipment(report).await.map_err(reason)?;
        crash::point("report.answer_received");
        match answer {
            WriteAnswer::Done { warnings } => {
                for warning in warnings {
                    let message = format!("order {}: the marketplace remarks: {warning}", report.number);
                    step.warning(message, Value::Null).await;
                }
                Ok(())
            }
            WriteAnswer::AlreadyThere => match self.is_known_there(report).await? {
                true => Ok(()),
                false => Err(BlockReason::other_numbers()),
            },
            WriteAnswer::Refused { code, message } => {
                let text = format!("the marketplace refused the shipment: {message} (code {code})");
                let cause = RefusalCause::Marketplace { code, message };
                Err(BlockReason::Attention(AttentionKind::ShipmentRefused, text, cause))
            }
        }
    }

    /// The patch that commits an intent to report an order.
    pub(super) fn intended(&self, record: &OrderRecord, intent: ReportIntent) -> OrderPatch {
        let mut facts = record.facts();
        facts.ours.refused = None;
        facts.ours.shares_with.clear();
        let used = facts.decided.take().map(|decided| decided.decision);
        OrderPatch {
            report: Some(Some(intent)),
            kept: Some(facts),
            events: self.used(used),
            ..OrderPatch::default()
        }
    }

    /// Shipped on both sides, and not reported by us: nothing is told, the tracking numbers are compared.
    async fn compare_numbers(&self, step: &Step, record: &mut OrderRecord) -> Result<(), BlockReason> {
        let lines = match self.lines(record).await {
            Ok(known) => known.lines,
            // An order that was taken over without its document.
            Err(BlockReason::Attention(_, _, RefusalCause::LinesUnknown)) => Vec::new(),
            Err(reason) => return Err(reason),
        };
        let left = that_left(record, &lines);
        if !lines.is_empty() && !left.is_empty() {
            let lines: Vec<String> = lines.into_iter().map(|line| line.number).collect();
            // Without parcels there, or without an answer for this one order, there is nothing that could differ.
            match self.marketplace.read_shipments(&record.number, &lines).await.map_err(reason) {
                Ok(shown) if !shown.is_empty() && !left.iter().all(|parcel| parcel.is_among(&shown)) => {
                    return Err(BlockReason::other_numbers());
                }
                Ok(_) | Err(BlockReason::Unknown(_)) => {}
                Err(reason) => return Err(reason),
            }
        }
        self.mark_reported(step, record, true).await?;
        Ok(())
    }

    /// The lines of the buyer's order. One that was not translated has those of its document: it cannot be, or it was shipped before it
    /// was first read.
    pub(super) async fn lines(&self, record: &OrderRecord) -> Result<ReportLines, BlockReason> {
        let of_order = || {
            let order = record.order.as_ref()?;
            Some(ReportLines { lines: order.lines.clone(), hints: order.hints.clone() })
        };
        let lines = match record.order.is_some() && !is_unusable(record) {
            true => of_order(),
            false => {
                let whole = self.connections.store.order(self.account(), &record.number).await;
                let raw = whole.map_err(Failure::from)?.and_then(|whole| whole.raw);
                raw.and_then(|raw| self.marketplace.report_lines(&raw)).or_else(of_order)
            }
        };
        lines.ok_or_else(|| {
            let message = "the order cannot be translated, so that its lines are not known: report this shipment at the marketplace by hand";
            let cause = RefusalCause::LinesUnknown;
            BlockReason::Attention(AttentionKind::ShipmentRefused, message.to_owned(), cause)
        })
    }

    /// What is to be reported of a whole order.
    async fn compose(&self, step: &Step, record: &OrderRecord) -> Result<ShipmentReport, BlockReason> {
        let ReportLines { lines, hints } = self.lines(record).await?;
        let allocated = allocate(&lines, &record.parcels).ok_or_else(BlockReason::sent_less)?;
        let mut parcels = Vec::with_capacity(record.parcels.len());
        for (parcel, lines) in record.parcels.iter().zip(allocated) {
            if lines.is_empty() {
                let message = format!(
                    "order {}: a parcel holds only parts of lines and is not reported to the marketplace",
                    record.number
                );
                step.info(message, json!({ "parcel": parcel.id }));
                continue;
            }
            parcels.push(self.with_carrier(record, hints.as_ref(), parcel, lines).await?);
        }
        let (number, denied) = (record.number.clone(), denied(record));
        Ok(ShipmentReport { number, hints, parcels, denied })
    }

    /// A parcel with the code of its carrier, by the marketplace's own list.
    pub(super) async fn with_carrier(
        &self,
        record: &OrderRecord,
        hints: Option<&Hints>,
        parcel: &Parcel,
        lines: Lines,
    ) -> Result<ReportedParcel, BlockReason> {
        let facts = record.facts();
        let mut code = None;
        let table = self.connections.settings.orders.carriers.get(self.account());
        for name in carrier_names(parcel, table) {
            if code.is_none() {
                code = self.marketplace.carrier_code(hints, &name).await.map_err(reason)?;
            }
        }
        // What JTL names comes first: a person chose for the parcels that nobody knows a carrier for.
        let chosen = facts.chosen_carrier();
        if let (None, Some(chosen)) = (&code, chosen) {
            code = self.marketplace.carrier_code(hints, chosen).await.map_err(reason)?;
        }
        let Some(carrier_code) = code else {
            let carrier = chosen.unwrap_or(&parcel.carrier).to_owned();
            let method = match parcel.method.is_empty() {
                true => String::new(),
                false => format!(" (shipping method `{}`)", parcel.method),
            };
            let message = format!("the marketplace's list has no carrier `{carrier}`{method}");
            let cause = RefusalCause::Carrier(carrier);
            return Err(BlockReason::Attention(AttentionKind::UnknownCarrier, message, cause));
        };
        let mut warehouses = record.order.iter().flat_map(|order| &order.lines);
        let of_parcel = |line: &&OrderLine| lines.iter().any(|(number, _)| *number == line.number);
        let warehouse = warehouses.find(of_parcel).and_then(|line| line.warehouse.clone());
        Ok(ReportedParcel {
            id: parcel.id,
            tracking: parcel.tracking.clone(),
            carrier_code,
            lines,
            more_tracking: parcel.more_tracking.clone(),
            warehouse,
            others: Vec::new(),
        })
    }

    /// Whether the marketplace shows every parcel of a report.
    pub(super) async fn is_known_there(&self, report: &ShipmentReport) -> Result<bool, BlockReason> {
        Ok(all_are_shown(report, &self.shown_there(report).await?))
    }

    /// What the marketplace knows of the lines of a report.
    async fn shown_there(&self, report: &ShipmentReport) -> Result<Vec<ConfirmedParcel>, BlockReason> {
        let lines = report.parcels.iter().flat_map(|parcel| &parcel.lines).map(|(line, _)| line.clone());
        let lines: Vec<String> = lines.collect();
        self.marketplace.read_shipments(&report.number, &lines).await.map_err(reason)
    }

    /// The marketplace has a report of ours. Answers whether the order is as it was read.
    pub(super) async fn mark_told(
        &self,
        step: &Step,
        record: &mut OrderRecord,
        report: &ShipmentReport,
    ) -> Result<bool, Failure> {
        match record.facts().there.report_unit {
            ReportUnit::WholeOrder => {
                let is_same = is_as_shipped(report, record);
                self.mark_reported(step, record, is_same).await
            }
            ReportUnit::EachParcel => self.mark_parcels(step, record, report).await,
        }
    }

    /// The order is reported. `is_same`: the ERP still shows the tracking numbers that were reported.
    pub(super) async fn mark_reported(
        &self,
        step: &Step,
        record: &mut OrderRecord,
        is_same: bool,
    ) -> Result<bool, Failure> {
        let mut facts = record.facts();
        facts.ours.reported_at = Some(self.now());
        // Zero is the fingerprint of no parcels, so that a number that changed meanwhile is noticed.
        facts.ours.reported_numbers = if is_same { tracking_numbers(&record.parcels) } else { Some(0) };
        facts.ours.refused = None;
        facts.remarks.retain(|remark| remark.kind != AttentionKind::ShipmentRefused);
        let patch = OrderPatch {
            report: Some(None),
            next_report_at: Some(None),
            kept: Some(facts),
            ..OrderPatch::default()
        };
        let is_stored = self.save_one(record, patch).await?;
        step.count("reported", 1);
        if self.parameters.verbose.unwrap_or(false) {
            step.info(format!("order {} reported", record.number), Value::Null);
        }
        Ok(is_stored)
    }
}

pub(super) fn not_shown(number: &str) -> String {
    format!("order {number}: accepted, but the marketplace does not show the parcels yet")
}

/// Wishes and checks that a person decided to pass over.
pub(super) fn denied(record: &OrderRecord) -> Vec<Hold> {
    let facts = record.facts();
    let decided = facts.decided.as_ref().filter(|decided| decided.is_in_force(&facts));
    match decided.map(|decided| decided.decision) {
        Some(Decision::ShipAllTheSame) => facts.there.holds,
        _ => Vec::new(),
    }
}

/// Whether the ERP still shows the parcels of a report with the numbers that were reported.
fn is_as_shipped(report: &ShipmentReport, record: &OrderRecord) -> bool {
    report.parcels.iter().all(|told| {
        record.parcels.iter().any(|parcel| {
            parcel.id == told.id
                && parcel.tracking == told.tracking
                && parcel.more_tracking == told.more_tracking
        })
    })
}

/// Whether the newest document cannot be used, so that the order's translation is missing or outdated.
pub(super) fn is_unusable(record: &OrderRecord) -> bool {
    let document = record.facts().there.document;
    matches!(document, Document::Refused { .. } | Document::Untranslatable { .. })
}

/// A parcel that the ERP shows, as the marketplace should show it, too.
struct LeftParcel {
    tracking: String,
    /// The lines that lie in it; empty where the ERP does not tell.
    lines: Vec<String>,
}

impl LeftParcel {
    /// Where its contents are not known, no line has to show it, but one of the order's.
    fn is_among(&self, shown: &[ConfirmedParcel]) -> bool {
        let is_on = |line: Option<&String>| is_on_line(&self.tracking, line.map(String::as_str), shown);
        if self.lines.is_empty() { is_on(None) } else { self.lines.iter().all(|line| is_on(Some(line))) }
    }
}

/// The parcels of an order that have left, except those that hold none of the buyer's lines.
fn that_left(record: &OrderRecord, lines: &[OrderLine]) -> Vec<LeftParcel> {
    let facts = record.facts();
    let left = |parcel: &Parcel, lines: Lines| LeftParcel {
        tracking: parcel.tracking.clone(),
        lines: lines.into_iter().map(|(number, _)| number).collect(),
    };
    let with_lines = |parcel: &Parcel, lines: Lines| (!lines.is_empty()).then(|| left(parcel, lines));
    let parcels = &record.parcels;
    match (facts.there.report_unit, allocate(lines, parcels)) {
        (ReportUnit::WholeOrder, Some(allocated)) => {
            parcels.iter().zip(allocated).filter_map(|(parcel, lines)| with_lines(parcel, lines)).collect()
        }
        (ReportUnit::WholeOrder, None) => parcels.iter().map(|parcel| left(parcel, Lines::new())).collect(),
        (ReportUnit::EachParcel, _) => {
            let allotted = |parcel: &Parcel| match parcel.contents.is_empty() {
                true => Some(left(parcel, Lines::new())),
                false => with_lines(parcel, allot(lines, &facts.ours.parcels, &parcel.contents).lines),
            };
            facts.ours.unreported(parcels).into_iter().filter_map(allotted).collect()
        }
    }
}

/// A no to this one order is a person's business; what would meet every order alike fails the run.
pub(super) fn reason(error: ConnectorError) -> BlockReason {
    let failure = error.failure();
    match error.concerns_one_order() {
        true => BlockReason::Unknown(format!("the marketplace does not answer for it: {}", failure.message)),
        false => BlockReason::Failure(failure),
    }
}

/// Whether a shipped order is to be reported now, or the marketplace is to be asked for its report.
pub(super) fn is_due(judgement: &Judgement, now: Timestamp) -> bool {
    matches!(judgement.next_act, Act::Report | Act::ResolveReport)
        && judgement.not_before.is_none_or(|at| at <= now)
}

fn all_are_shown(report: &ShipmentReport, shown: &[ConfirmedParcel]) -> bool {
    report.parcels.iter().all(|parcel| is_shown(parcel, shown))
}

fn is_shown(parcel: &ReportedParcel, shown: &[ConfirmedParcel]) -> bool {
    parcel.lines.iter().all(|(line, _)| is_on_line(&parcel.tracking, Some(line), shown))
}

/// Whether the number is shown for the line, or for any. The marketplace may store it without its blanks and hyphens.
fn is_on_line(tracking: &str, line: Option<&str>, shown: &[ConfirmedParcel]) -> bool {
    let ours = tracking::bare(tracking);
    shown
        .iter()
        .any(|parcel| line.is_none_or(|line| parcel.line == line) && tracking::bare(&parcel.tracking) == ours)
}
