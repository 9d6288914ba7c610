//! A person's decision on an order: checked against how the order stands now, and stored with who and when.

use marktwerk_domain::attention::Attention;
use marktwerk_domain::audit::{Actor, AuditAction, AuditEntry};
use marktwerk_domain::history::{Author, Happened, OrderEvent};
use marktwerk_domain::judgement::{Choice, Decision, EntryFacts, Group, Judgement, decide, groups};

use serde_json::json;

use super::{Occasion, judged};
use crate::orders::OrderPatch;
use crate::{Store, StoreError};

/// Tries to store a decision on an order that changes meanwhile.
const TRIES: u32 = 5;

/// What a decision came to for one order.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The account that it belongs to.
    pub account: String,
    /// Its number.
    pub number: String,
    /// What its facts come to now, or why nothing was decided.
    pub result: Result<Judgement, Undecided>,
}

/// Why nothing was decided for an order.
#[derive(Debug, Clone)]
pub struct Undecided {
    /// For people.
    pub reason: String,
    /// What its facts come to.
    pub now: Judgement,
}

/// Why nothing was decided.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is no such open entry or order; for people.
    #[error("{0}")]
    NotFound(String),
    /// The entry does not have this decision; for people.
    #[error("{0}")]
    NotPossible(String),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Decides on an entry of the attention list, for all orders that it stands for. `seen` is the situation that the person saw, by default
/// the one that the entry names; orders whose situation is another one by now are not decided.
///
/// # Errors
/// [`DecideError`]; then nothing was changed.
pub async fn decide_entry(
    store: &dyn Store,
    id: i64,
    choice: &Choice,
    seen: Option<&str>,
    occasion: &Occasion,
) -> Result<Vec<Outcome>, DecideError> {
    let open = groups(store.attentions().await?);
    let group = open.into_iter().find(|group| group.entries.iter().any(|entry| entry.id == id));
    let Some(Group { entries }) = group else {
        return Err(DecideError::NotFound(format!(
            "there is no open entry {id}: it may have ended meanwhile"
        )));
    };
    if let [entry] = entries.as_slice()
        && entry.kind.is_of_an_order()
        && store.order(&entry.account, &entry.subject).await?.is_none()
    {
        return without_order(store, entry, choice, occasion).await;
    }
    let mut outcomes = Vec::with_capacity(entries.len());
    for entry in entries {
        // What the list shows is what the person has seen.
        let facts: Option<EntryFacts> = serde_json::from_value(entry.facts.clone()).ok();
        let shown = seen.map(str::to_owned).or_else(|| facts.map(|facts| facts.row.word()));
        let (account, number) = (&entry.account, &entry.subject);
        outcomes.push(decide_order(store, account, number, choice, shown.as_deref(), occasion).await?);
    }
    Ok(outcomes)
}

/// An entry about something that could not even be stored as an order: a person takes it off the list.
async fn without_order(
    store: &dyn Store,
    entry: &Attention,
    choice: &Choice,
    occasion: &Occasion,
) -> Result<Vec<Outcome>, DecideError> {
    if !matches!(choice.decision, Decision::DoneByHand | Decision::LeaveOut) {
        let offered = format!("{} or {}", Decision::DoneByHand.as_str(), Decision::LeaveOut.as_str());
        return Err(DecideError::NotPossible(format!(
            "{} is not possible for an order that could not be read; possible: {offered}",
            choice.decision.as_str()
        )));
    }
    let key = (entry.account.clone(), entry.kind, entry.subject.clone());
    let audited =
        AuditEntry::new(occasion.now, &Actor::named(&choice.by), AuditAction::Decided, &entry.subject)
            .before(json!({ "account": &entry.account, "kind": entry.kind.as_str() }))
            .after(json!({ "decision": choice.decision.as_str() }));
    store.audited(vec![audited]).settle(&[key], occasion.now).await?;
    Ok(Vec::new())
}

/// Decides on one order.
///
/// # Errors
/// [`DecideError`]; then nothing was changed.
pub async fn decide_order(
    store: &dyn Store,
    account: &str,
    number: &str,
    choice: &Choice,
    seen: Option<&str>,
    occasion: &Occasion,
) -> Result<Outcome, DecideError> {
    for _ in 0..TRIES {
        let Some(record) = store.order(account, number).await? else {
            return Err(DecideError::NotFound(format!("the account {account} has no order {number}")));
        };
        let now = record.judgement(&occasion.limits, occasion.now);
        let outcome = |result| Outcome { account: account.to_owned(), number: number.to_owned(), result };
        if seen.is_some_and(|seen| seen != now.row.word()) {
            let reason = format!("order {number} moved on meanwhile, and nothing was decided");
            return Ok(outcome(Err(Undecided { reason, now })));
        }
        let patch = match decide(&record.facts(), &occasion.limits, choice, occasion.now) {
            Ok(mut chosen) => {
                if chosen.takes_parcels_as_reported {
                    chosen.facts.ours.take_as_reported(&record.parcels);
                }
                OrderPatch {
                    is_unread: chosen.reads_again.then_some(true),
                    is_complete: chosen.reads_again.then_some(false),
                    next_report_at: chosen.reports_now.then_some(None),
                    kept: Some(chosen.facts),
                    events: vec![event(choice, occasion)],
                    ..OrderPatch::default()
                }
            }
            Err(problem) => return Ok(outcome(Err(Undecided { reason: problem.to_string(), now }))),
        };
        let change = judged(&record, patch, occasion);
        let mut after = record.clone();
        after.apply(change.patch.clone());
        let judgement = after.judgement(&occasion.limits, occasion.now);
        let audited = AuditEntry::new(occasion.now, &Actor::named(&choice.by), AuditAction::Decided, number)
            .before(json!({ "account": account, "state": now.state, "situation": now.row }))
            .after(json!({
                "decision": choice.decision.as_str(), "carrier": &choice.carrier, "until": choice.until,
                "state": judgement.state, "situation": judgement.row,
            }));
        let store = store.audited(vec![audited]);
        if store.change_orders(account, &[change], occasion.now).await? == [true] {
            return Ok(outcome(Ok(judgement)));
        }
    }
    Err(StoreError::Database(format!("order {number} changes all the time: decide again")).into())
}

fn event(choice: &Choice, occasion: &Occasion) -> OrderEvent {
    OrderEvent {
        at: occasion.now,
        by: Author::Person(choice.by.clone()),
        what: Happened::Decided(choice.decision),
    }
}
