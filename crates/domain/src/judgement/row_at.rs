//! Which row an order has at a point in time: the row of its situation, then what a person decided, then how long it was watched.

use jiff::Timestamp;

use super::decision::Decision;
use super::facts::{OrderFacts, OurFacts, TakenBecause};
use super::limits::Limits;
use super::rows::Row;
use super::situation::{self, Reporting, Situation, There, after};
use super::words;
use super::{Entry, EntryFacts};
use crate::attention::AttentionKind;
use crate::mutant::{self, Mutant};
use crate::order::MarketplaceStatus;

/// Why an order without an entry of its own needs a person after all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Urgency {
    pub(super) deadline: Option<Timestamp>,
    pub(super) waits_since: Option<Timestamp>,
}

impl Urgency {
    pub(super) fn kind(self) -> AttentionKind {
        if self.deadline.is_some() { AttentionKind::Late } else { AttentionKind::Waiting }
    }
}

/// What is shown of an order at a point in time.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) row: Row,
    pub(super) said: EntryFacts,
    /// Unless a person put it off.
    pub(super) entry: Option<Entry>,
    pub(super) put_off_until: Option<Timestamp>,
}

/// The row at this time, what it has to say, and its entry.
pub(super) fn shown(facts: &OrderFacts, limits: &Limits, now: Timestamp) -> Shown {
    let row = row_at(facts, limits, now);
    let mut said = words::facts(row, facts);
    let urgent = urgency(row, facts, limits, now);
    if let Some(urgency) = urgent {
        said.deadline = urgency.deadline;
        said.waits_since = urgency.waits_since;
    } else if row.line().kind.is_some() && may_be_late(row, facts) {
        said.deadline = near_deadline(facts, limits, now);
    }
    let kind = row.line().kind.or(urgent.map(Urgency::kind));
    let entry = kind.map(|kind| Entry { kind, facts: said.clone() });
    let is_put_off = |until| until > now || mutant::is(Mutant::RemindsNever);
    let is_of = |remembered| entry.as_ref().is_some_and(|entry| remembered == entry.fingerprint());
    let put_off = facts.remind.as_ref().filter(|remind| is_put_off(remind.until) && is_of(remind.entry));
    let put_off_until = put_off.map(|remind| remind.until);
    Shown { row, said, entry: entry.filter(|_| put_off_until.is_none()), put_off_until }
}

/// The row at this time.
fn row_at(facts: &OrderFacts, limits: &Limits, now: Timestamp) -> Row {
    let situation = Situation::at(facts, limits, now);
    let row = shared(taken(unasked(Row::of(&situation), facts), facts), facts);
    let row = cancelling(decided(row, facts, situation, limits), facts, situation);
    watched(after_report(row, facts), facts, limits, now)
}

/// The first time after `now` at which row or entry are others.
pub(super) fn changes_at(facts: &OrderFacts, limits: &Limits, now: Timestamp) -> Option<Timestamp> {
    let outcome = |time| shown(facts, limits, time);
    let present = outcome(now);
    let row = present.row;
    let waits = row.line().wait.and_then(|wait| wait.limit(limits)).zip(last_change(facts));
    let points = [
        facts.ours.reported_at.or(last_change(facts)).map(|at| after(at, limits.watch)),
        last_change(facts).map(|at| after(at, limits.give_up)),
        facts.remind.as_ref().map(|remind| remind.until),
        facts.there.ship_until.map(|until| after(until, -limits.before_deadline)),
        waits.map(|(limit, since)| after(since, limit)),
    ];
    let points = points.into_iter().flatten().chain(situation::turning_points(facts, limits));
    points.filter(|time| *time > now && outcome(*time) != present).min()
}

/// When it must leave, if that is soon or has passed.
fn near_deadline(facts: &OrderFacts, limits: &Limits, now: Timestamp) -> Option<Timestamp> {
    facts.there.ship_until.filter(|until| after(*until, -limits.before_deadline) <= now)
}

/// Whether the marketplace still waits for its shipment.
fn may_be_late(row: Row, facts: &OrderFacts) -> bool {
    let is_awaited = match facts.there.status {
        MarketplaceStatus::Pending | MarketplaceStatus::Ready | MarketplaceStatus::PartlyShipped => true,
        MarketplaceStatus::Cancelled | MarketplaceStatus::Shipped => false,
    };
    is_awaited && facts.ours.reported_at.is_none() && !row.line().is_over
}

/// When a person who put an entry off is reminded at the latest: an order that may become late is not forgotten beyond its deadline.
pub(super) fn latest_reminder(facts: &OrderFacts, limits: &Limits, now: Timestamp) -> Option<Timestamp> {
    let row = row_at(facts, limits, now);
    let until = facts.there.ship_until.filter(|_| may_be_late(row, facts))?;
    [after(until, -limits.before_deadline), until].into_iter().find(|time| *time > now)
}

/// Whether a row without an entry of its own needs a person by now.
fn urgency(row: Row, facts: &OrderFacts, limits: &Limits, now: Timestamp) -> Option<Urgency> {
    let line = row.line();
    let wait = line.wait.filter(|_| line.kind.is_none())?;
    let deadline = near_deadline(facts, limits, now);
    let since = last_change(facts);
    let waits_since = since
        .zip(wait.limit(limits))
        .filter(|(since, limit)| after(*since, *limit) <= now)
        .map(|pair| pair.0);
    let is_urgent = (deadline.is_some() || waits_since.is_some()) && !mutant::is(Mutant::NeverUrgent);
    is_urgent.then_some(Urgency { deadline, waits_since })
}

/// What a person decided comes before the row of the situation, unless an intent is open or the order is over.
fn decided(row: Row, facts: &OrderFacts, situation: Situation, limits: &Limits) -> Row {
    let Some(decided) = &facts.decided else { return row };
    let line = row.line();
    let is_in_erp = facts.erp.orders > 0;
    let is_resolved_first =
        matches!(row, Row::ReportOpen | Row::ReportUnanswered) || (line.is_over && line.kind.is_none());
    if is_resolved_first {
        return row;
    }
    if !decided.is_in_force(facts) {
        // A decision that lapsed sends nothing: where the next act would, a person is asked.
        let asks = decided.decision.is_standing() && line.act.writes_outside();
        return match (asks, is_in_erp) {
            (true, true) => Row::AskedAgainInErp,
            (true, false) => Row::AskedAgain,
            (false, _) => row,
        };
    }
    match decided.decision {
        Decision::ShipAllTheSame if row.offers().contains(&Decision::ShipAllTheSame) => {
            taken(Row::of(&situation.all_the_same()), facts)
        }
        Decision::HandOverAgain | Decision::NoneOfThese
            if row.offers().contains(&Decision::HandOverAgain)
                && !is_premature(row, facts, decided.at, limits) =>
        {
            handed_over_again(decided.decision, facts, situation)
        }
        Decision::AcceptCancellation | Decision::CancelThere if row.offers().contains(&decided.decision) => {
            if is_in_erp {
                Row::CancelDueInErp
            } else {
                Row::CancelDue
            }
        }
        Decision::ChooseCarrier if row == Row::UnknownCarrier => {
            Row::of(&Situation { reporting: Reporting::Never, ..situation })
        }
        Decision::DoneByHand | Decision::LeaveOut if matches!(row, Row::HandOverOpen) => row,
        Decision::DoneByHand if row == Row::CancelledAfterReport => Row::Over,
        Decision::DoneByHand if is_in_erp => Row::DoneByHandInErp,
        Decision::DoneByHand => Row::DoneByHand,
        Decision::LeaveOut => Row::LeftOut,
        _ => row,
    }
}

/// Whether the time that made this row of the order has passed only since a decision: then it was not made about this row, and nothing
/// is sent because of it.
fn is_premature(row: Row, facts: &OrderFacts, decided_at: Timestamp, limits: &Limits) -> bool {
    let OurFacts { hand_over_since, handed_over_at, .. } = facts.ours;
    let since = match row {
        Row::Unclear => hand_over_since,
        Row::Dropped => handed_over_at,
        _ => None,
    };
    since.is_some_and(|since| decided_at < after(since, limits.hand_over))
}

/// Searched for first, then shown to the person where something was found, then handed over as if for the first time.
fn handed_over_again(decision: Decision, facts: &OrderFacts, situation: Situation) -> Row {
    let Some(candidates) = &facts.erp.candidates else { return Row::LookForIt };
    let is_doubtful = !candidates.found.is_empty() || candidates.shortcoming.is_some();
    if is_doubtful && decision == Decision::HandOverAgain {
        return Row::Candidates;
    }
    match Row::of(&situation.never_handed_over()) {
        Row::Ready => Row::HandOverAgain,
        // Whoever wanted it handed over again has to know what keeps it, and not a day later.
        Row::Held => Row::AskedAgain,
        other => other,
    }
}

/// A cancelled order is over only once the ERP was asked since: a person may have entered it there before that was read here.
fn unasked(row: Row, facts: &OrderFacts) -> Row {
    if facts.there.was_over || facts.erp.since.is_some() {
        return row;
    }
    match row {
        Row::CancelledBefore => Row::CancelledUnknown,
        // It does not wait to become an order: it was one.
        Row::CancelledWaiting if facts.erp.was_seen || facts.erp.orders > 0 => Row::CancelledUnknown,
        _ => row,
    }
}

/// A cancellation that we began is ended before anything else, as long as the marketplace has not ended the order.
fn cancelling(row: Row, facts: &OrderFacts, situation: Situation) -> Row {
    let Some(cancellation) = &facts.ours.cancellation else { return row };
    let is_open = match situation.there {
        There::Unread | There::Unusable | There::Held | There::Open | There::Pending => true,
        There::History | There::Fulfilled | There::PartlyShipped | There::Shipped | There::Cancelled => false,
    };
    let is_resolved_first = facts.ours.hand_over_since.is_some() || facts.ours.report_since.is_some();
    let is_decided = facts.decided.as_ref().is_some_and(|decided| decided.decision.is_standing());
    if !is_open || is_resolved_first || is_decided || row.line().is_over {
        return row;
    }
    match (cancellation.is_taken, facts.erp.orders > 0) {
        (false, false) => Row::CancelDue,
        (false, true) => Row::CancelDueInErp,
        (true, false) => Row::CancelAsked,
        (true, true) => Row::CancelAskedInErp,
    }
}

/// Whatever else it waits for: what must not be taken for it comes first.
fn taken(row: Row, facts: &OrderFacts) -> Row {
    let Some(taken) = &facts.erp.taken else { return row };
    // A person may have entered it with something else in it, also where it is cancelled, shipped or set aside by now.
    let may_be_this_one = matches!(taken.because, TakenBecause::Lacks(_))
        && matches!(
            row,
            Row::CancelledBefore
                | Row::ShippedElsewhere
                | Row::PartlyShippedElsewhere
                | Row::SetAside
                | Row::Held
        );
    let is_to_go_out = matches!(row, Row::Ready | Row::UnknownArticle);
    if is_to_go_out || may_be_this_one { Row::NumberTaken } else { row }
}

/// An order in one parcel with others may wait for them.
fn shared(row: Row, facts: &OrderFacts) -> Row {
    if row == Row::ToReport && !facts.ours.shares_with.is_empty() { Row::SharesParcel } else { row }
}

/// A tracking number that changed after the report is noticed.
fn after_report(row: Row, facts: &OrderFacts) -> Row {
    let reported = facts.ours.reported_numbers;
    let differs = reported.is_some() && facts.erp.numbers.is_some() && facts.erp.numbers != reported;
    if row == Row::Reported && differs { Row::NumberChanged } else { row }
}

/// Watching ends at some time.
fn watched(row: Row, facts: &OrderFacts, limits: &Limits, now: Timestamp) -> Row {
    let has_passed = |since: Option<Timestamp>, wait| since.is_some_and(|since| after(since, wait) <= now);
    let line = row.line();
    match row {
        Row::Reported if has_passed(facts.ours.reported_at, limits.watch) => Row::Over,
        Row::ReportedByHand if has_passed(last_change(facts), limits.watch) => Row::Over,
        _ if line.is_over || !has_passed(last_change(facts), limits.give_up) => row,
        Row::HandOverOpen | Row::Unclear | Row::ReportOpen | Row::ReportUnanswered | Row::Reported => row,
        Row::LeftOut | Row::DoneByHand => Row::OverByHand,
        Row::DoneByHandInErp => Row::OverByHandInErp,
        _ if line.takes_stock => Row::NotAgreed,
        _ => Row::NotAgreedInErp,
    }
}

/// When something changed last, on either side or by us. An unchanged answer changes nothing.
fn last_change(facts: &OrderFacts) -> Option<Timestamp> {
    let OrderFacts { there, erp, ours, decided, .. } = facts;
    let times = [
        there.asked_at,
        erp.since,
        ours.hand_over_since,
        ours.handed_over_at,
        ours.report_since,
        ours.reported_at,
        decided.as_ref().map(|decided| decided.at),
        facts.judged_since,
    ];
    times.into_iter().flatten().max()
}
