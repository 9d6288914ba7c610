//! What a person can decide about an order, and what becomes of it.
//!
//! A decision to act is kept until the act's intent is committed; a standing one is kept until the facts change that it rests on.
//! Neither sends anything by itself: it changes which row of the table the order has.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::facts::{Baseline, Document, OrderFacts};
use super::fingerprint::Fingerprint;
use super::limits::Limits;
use super::rows::Row;
use super::{Entry, Judgement, judge};
use crate::attention::AttentionKind;
use crate::mutant::{self, Mutant};
use crate::order::MarketplaceStatus;

answers! {
    /// What a person can decide about an order.
    Decision {
        /// Ship or report it although a wish is open or it changed.
        ShipAllTheSame,
        /// Hand it over again, after the ERP was searched for it.
        HandOverAgain,
        /// None of the candidates that the ERP showed is this order.
        NoneOfThese,
        /// The ERP's order with its number is this one, whatever it holds.
        ThisIsIt,
        /// Fetch and read its document again.
        ReadAgain,
        /// Try the refused report again now.
        ReportAgain,
        /// Report it with a carrier that the person names.
        ChooseCarrier,
        /// Accept the buyer's wish to cancel.
        AcceptCancellation,
        /// Cancel it at the marketplace.
        CancelThere,
        /// The person has dealt with it.
        DoneByHand,
        /// Do nothing with it.
        LeaveOut,
        /// Go on as if nothing had been decided.
        GoOn,
        /// Show the entry again later.
        RemindMe,
        /// Take the last decision back.
        TakeBack,
    }
}

impl Decision {
    /// The word that is stored, sent and typed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ShipAllTheSame => "ship_all_the_same",
            Self::HandOverAgain => "hand_over_again",
            Self::NoneOfThese => "none_of_these",
            Self::ThisIsIt => "this_is_it",
            Self::ReadAgain => "read_again",
            Self::ReportAgain => "report_again",
            Self::ChooseCarrier => "choose_carrier",
            Self::AcceptCancellation => "accept_cancellation",
            Self::CancelThere => "cancel_there",
            Self::DoneByHand => "done_by_hand",
            Self::LeaveOut => "leave_out",
            Self::GoOn => "go_on",
            Self::RemindMe => "remind_me",
            Self::TakeBack => "take_back",
        }
    }

    /// The decision of a word; hyphens count as underscores.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.trim().to_ascii_lowercase().replace('-', "_");
        Self::ALL.iter().copied().find(|decision| decision.as_str() == word)
    }

    /// Whether it holds until facts change, instead of leading to one act.
    pub fn is_standing(self) -> bool {
        match self {
            Self::DoneByHand | Self::LeaveOut => true,
            Self::ShipAllTheSame
            | Self::HandOverAgain
            | Self::NoneOfThese
            | Self::ThisIsIt
            | Self::ReadAgain
            | Self::ReportAgain
            | Self::ChooseCarrier
            | Self::AcceptCancellation
            | Self::CancelThere
            | Self::GoOn
            | Self::RemindMe
            | Self::TakeBack => false,
        }
    }

    /// Whether it rests on what the ERP shows too, and not only on what the marketplace says.
    fn rests_on_the_erp(self) -> bool {
        !matches!(self, Self::ShipAllTheSame)
    }
}

/// What a person decided, until it is used up or the facts that it rests on change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// What.
    pub decision: Decision,
    /// Fingerprint of the facts that it rests on.
    pub basis: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// The carrier's name, with [`Decision::ChooseCarrier`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carrier: Option<String>,
    /// What the order was, where a standing decision was made about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Baseline>,
    /// The facts that it rested on have changed: a person is asked before anything is sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_lapsed: bool,
}

impl Decided {
    /// A decision that rests on these facts.
    pub fn on(facts: &OrderFacts, decision: Decision, by: impl Into<String>, at: Timestamp) -> Self {
        Self {
            decision,
            basis: basis(decision, facts),
            at,
            by: by.into(),
            carrier: None,
            newest: facts.there.newest.filter(|_| decision.is_standing()),
            has_lapsed: false,
        }
    }

    /// Whether the facts that it rests on are as they were.
    pub fn is_in_force(&self, facts: &OrderFacts) -> bool {
        let is_same_order = self.newest.zip(facts.there.newest).is_none_or(|(then, now)| then == now);
        let is_as_it_was = !self.has_lapsed && is_same_order && self.basis == basis(self.decision, facts);
        is_as_it_was || mutant::is(Mutant::DecisionForEver)
    }
}

/// Reads a decision; one that was stored in another shape counts as none, so that a person is asked again.
pub(super) fn decided<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decided>, D::Error> {
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    Ok(value.and_then(|value| serde_json::from_value(value).ok()))
}

/// The entry is not shown until then, unless it says something else before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// When it is shown again.
    pub until: Timestamp,
    /// Fingerprint of the entry that is put off.
    pub entry: u64,
    /// The person who asked for it.
    pub by: String,
}

/// What a person chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What.
    pub decision: Decision,
    /// Who.
    pub by: String,
    /// With [`Decision::ChooseCarrier`]: the carrier's name as the marketplace has it.
    pub carrier: Option<String>,
    /// With [`Decision::RemindMe`]: when.
    pub until: Option<Timestamp>,
}

/// Why a choice has no effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPossible {
    /// The order's situation does not offer it.
    #[error("{} is not possible now; possible: {}", .decision.as_str(), list(.offered))]
    NotOffered {
        /// What was chosen.
        decision: Decision,
        /// What could be.
        offered: Vec<Decision>,
    },
    /// The choice lacks its carrier.
    #[error("choose_carrier needs `carrier`, the carrier's name as the marketplace has it")]
    CarrierMissing,
    /// The choice lacks its time, or the time has passed.
    #[error("remind_me needs `until`, a time in the future")]
    TimeMissing,
}

fn list(decisions: &[Decision]) -> String {
    if decisions.is_empty() {
        return "nothing".to_owned();
    }
    decisions.iter().map(|decision| decision.as_str()).collect::<Vec<_>>().join(", ")
}

/// What a choice changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// The facts afterwards.
    pub facts: OrderFacts,
    /// The order's document is to be fetched and read again.
    pub reads_again: bool,
    /// A refused report is due at once.
    pub reports_now: bool,
    /// What the ERP shows of the parcels counts as what was reported ([`OurFacts::take_as_reported`](super::OurFacts::take_as_reported)).
    pub takes_parcels_as_reported: bool,
}

/// What a choice makes of an order's facts.
///
/// # Errors
/// [`NotPossible`] if the order's situation does not offer it, or something is missing.
pub fn decide(
    facts: &OrderFacts,
    limits: &Limits,
    choice: &Choice,
    now: Timestamp,
) -> Result<Chosen, NotPossible> {
    let Judgement { row, offers, entry, .. } = judge(facts, limits, now);
    let decision = choice.decision;
    if !offers.contains(&decision) {
        return Err(NotPossible::NotOffered { decision, offered: offers });
    }
    let mut chosen = Chosen {
        facts: facts.clone(),
        reads_again: false,
        reports_now: false,
        takes_parcels_as_reported: false,
    };
    let after = &mut chosen.facts;
    after.remind = None;
    let decided = Decided::on(facts, decision, choice.by.clone(), now);
    match decision {
        // What the ERP has is what the marketplace says now: the order goes its way.
        Decision::DoneByHand if row.is_changed() => {
            after.ours.baseline = after.there.newest;
            after.there.difference = None;
            after.decided = None;
        }
        // The number that was corrected there by hand.
        Decision::DoneByHand if row == Row::NumberChanged => after.ours.reported_numbers = after.erp.numbers,
        Decision::DoneByHand if row == Row::PartNumberChanged => chosen.takes_parcels_as_reported = true,
        // It is about what the take-over remarked alone.
        Decision::DoneByHand if !row.offers().contains(&Decision::DoneByHand) => after.remarks.clear(),
        Decision::DoneByHand => {
            after.remarks.clear();
            after.decided = Some(decided);
        }
        Decision::ShipAllTheSame
        | Decision::NoneOfThese
        | Decision::LeaveOut
        | Decision::AcceptCancellation
        | Decision::CancelThere => {
            after.decided = Some(decided);
        }
        Decision::HandOverAgain => {
            after.erp.candidates = None;
            after.decided = Some(decided);
        }
        // The next look at the ERP binds it.
        Decision::ThisIsIt => {
            after.ours.recognised = after.erp.taken.take().map(|taken| taken.erp_number);
            after.erp.since = None;
            after.decided = None;
        }
        Decision::ReadAgain => {
            after.there.document = Document::Missing;
            after.remarks.retain(|remark| remark.kind != AttentionKind::SetAside);
            chosen.reads_again = true;
        }
        Decision::ReportAgain => chosen.reports_now = true,
        Decision::ChooseCarrier => {
            let carrier = choice.carrier.as_deref().map(str::trim).filter(|carrier| !carrier.is_empty());
            let carrier = carrier.ok_or(NotPossible::CarrierMissing)?.to_owned();
            after.decided = Some(Decided { carrier: Some(carrier), ..decided });
            chosen.reports_now = true;
        }
        // What was put off is shown again, and what was decided before stays decided.
        Decision::TakeBack if facts.remind.as_ref().is_some_and(|remind| remind.until > now) => {}
        Decision::GoOn => {
            after.decided = None;
            after.ours.cancellation = None;
        }
        Decision::TakeBack => after.decided = None,
        Decision::RemindMe => {
            let until = choice.until.filter(|until| *until > now).ok_or(NotPossible::TimeMissing)?;
            let latest = super::row_at::latest_reminder(facts, limits, now);
            let until = latest.map_or(until, |latest| until.min(latest));
            let entry = entry.as_ref().map_or(0, Entry::fingerprint);
            after.remind = Some(Reminder { until, entry, by: choice.by.clone() });
        }
    }
    Ok(chosen)
}

impl OrderFacts {
    /// Forgets a decision to act whose basis is gone, and notes of a standing one that it has lapsed. Returns the decision if this
    /// changed it.
    pub fn settle_decision(&mut self) -> Option<Decision> {
        let decided = self.decided.as_ref()?;
        if decided.has_lapsed || decided.is_in_force(self) {
            return None;
        }
        let decision = decided.decision;
        match (&mut self.decided, decision.is_standing()) {
            (Some(decided), true) => decided.has_lapsed = true,
            (decided, _) => *decided = None,
        }
        Some(decision)
    }

    /// The carrier that a person chose for the report.
    pub fn chosen_carrier(&self) -> Option<&str> {
        let decided = self.decided.as_ref().filter(|decided| decided.is_in_force(self))?;
        decided.carrier.as_deref()
    }
}

/// Fingerprint of the facts that a decision rests on. Shipping at the marketplace is what a person does who does it by hand, so that
/// *ready* and *shipped* are the same here.
fn basis(decision: Decision, facts: &OrderFacts) -> u64 {
    let OrderFacts { there, erp, .. } = facts;
    let mut fingerprint = Fingerprint::new();
    fingerprint.add(match there.status {
        MarketplaceStatus::Pending => "pending",
        MarketplaceStatus::Ready | MarketplaceStatus::PartlyShipped | MarketplaceStatus::Shipped => "live",
        MarketplaceStatus::Cancelled => "cancelled",
    });
    match &there.document {
        Document::Missing | Document::Translated => {}
        Document::Refused { reason } | Document::Untranslatable { reason } => {
            fingerprint.add(&reason.english)
        }
    }
    let mut holds: Vec<&str> = there.holds.iter().map(|hold| hold.as_str()).collect();
    holds.sort_unstable();
    holds.iter().for_each(|hold| fingerprint.add(hold));
    fingerprint.add_shown(there.is_fulfilled);
    if let (Some(_), Some(newest)) = (there.difference, &there.newest) {
        fingerprint.add_shown(newest.contents);
        fingerprint.add_shown(newest.address.unwrap_or_default());
    }
    if decision.rests_on_the_erp() {
        for number in [erp.orders, erp.waiting_rows, erp.parcels] {
            fingerprint.add_shown(number);
        }
        if let Some(taken) = &erp.taken {
            fingerprint.add(&taken.erp_number);
        }
        for flag in [erp.is_cancelled, erp.is_closed_unshipped, erp.has_all_left] {
            fingerprint.add_shown(flag);
        }
    }
    fingerprint.0
}
