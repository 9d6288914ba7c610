//! Decisions as requests name them and answers show them.

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::history::Author;
use marktwerk_domain::judgement::{Choice, Decision, Judgement};
use marktwerk_domain::language::{Language, Reader};
use marktwerk_domain::words::meant;
use marktwerk_store::judging::{DecideError, Occasion, Outcome, Undecided};
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ApiResult};
use crate::fields::Fields;
use crate::safety::Caller;
use crate::state::AppState;
use crate::times;

/// Something that a person can decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct DecisionItem {
    /// What to send: ship_all_the_same, hand_over_again, …
    pub(crate) decision: &'static str,
    /// What it is called.
    pub(crate) label: &'static str,
    /// What it does.
    pub(crate) sentence: &'static str,
    /// The field that it needs beside: `carrier`, or `until`.
    pub(crate) needs: Option<&'static str>,
}

/// What a decision came to for one order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecidedOrder {
    pub(crate) account: String,
    pub(crate) number: String,
    /// Whether it was decided; otherwise `reason` says why not.
    pub(crate) is_decided: bool,
    /// Its state now.
    pub(crate) state: &'static str,
    /// Its situation now.
    pub(crate) situation: String,
    /// Why it was not decided, or why the order waits or needs a person now.
    pub(crate) reason: Option<String>,
    /// Until when its entry is put off: as was asked, or earlier where it would be too late then.
    pub(crate) put_off_until: Option<String>,
}

/// What is offered, in the order of the table.
pub(crate) fn offered(judgement: &Judgement, language: Language) -> Vec<DecisionItem> {
    let item = |decision: &Decision| DecisionItem {
        decision: decision.as_str(),
        label: decision.label(language),
        sentence: decision.sentence_in(judgement.row, language),
        needs: match decision {
            Decision::ChooseCarrier => Some("carrier"),
            Decision::RemindMe => Some("until"),
            _ => None,
        },
    };
    judgement.offers.iter().map(item).collect()
}

/// What is offered for an entry about an order that could not even be stored.
pub(crate) fn without_order(language: Language) -> Vec<DecisionItem> {
    let decision = Decision::DoneByHand;
    let sentence = language.of([
        "You have looked at it at the marketplace: the entry goes off the list.",
        "Sie haben am Marktplatz nachgesehen: Der Eintrag verschwindet von der Liste.",
    ]);
    vec![DecisionItem { decision: decision.as_str(), label: decision.label(language), sentence, needs: None }]
}

/// The choice that a request names, and the situation that the person saw.
pub(crate) fn choice(mut fields: Fields, caller: &Caller) -> ApiResult<(Choice, Option<String>)> {
    let decision = fields.word("decision", |word| meant(word, Decision::ALL, Decision::as_str));
    let carrier = fields.text("carrier");
    let until = fields.word("until", |text| {
        text.parse::<Timestamp>().map_err(|_| {
            format!("must be a time with its offset, such as 2026-11-30T08:00:00+01:00, not `{text}`")
        })
    });
    let situation = fields.text("situation");
    if decision.is_none() {
        fields.required("decision", None::<String>);
    }
    fields.finish()?;
    let decision = decision.ok_or_else(|| ApiError::field("body", "decision", "missing", "is required"))?;
    Ok((Choice { decision, by: caller.name.clone(), carrier, until }, situation))
}

/// A time this many hours from now, for a screen that offers a few.
pub(crate) fn in_hours(state: &AppState, hours: i64) -> Timestamp {
    state.engine.clock().now() + SignedDuration::from_hours(hours)
}

/// The occasion of a person's decision.
pub(crate) fn occasion(state: &AppState, caller: &Caller) -> Occasion {
    let by = Author::Person(caller.name.clone());
    Occasion { now: state.engine.clock().now(), by, limits: state.limits }
}

/// The answer to a decision on several orders. Where none of them was decided, it is refused.
pub(crate) fn answer(
    outcomes: Result<Vec<Outcome>, DecideError>,
    reader: &Reader,
) -> ApiResult<Vec<DecidedOrder>> {
    let outcomes = outcomes.map_err(refusal)?;
    let problem = outcomes.iter().find_map(|outcome| outcome.result.as_ref().err());
    if let Some(problem) = problem
        && outcomes.iter().all(|outcome| outcome.result.is_err())
    {
        let Undecided { reason, now } = problem;
        let state = now.state.words(Language::English);
        return Err(ApiError::Conflict(format!("{reason}. It is now {state}: {}", stands(now, reader))));
    }
    Ok(outcomes.into_iter().map(|outcome| decided(outcome, reader)).collect())
}

/// Why nothing was decided, as a caller sees it.
pub(crate) fn refusal(error: DecideError) -> ApiError {
    match error {
        DecideError::NotFound(reason) => ApiError::NotFound(reason),
        DecideError::NotPossible(reason) => ApiError::Conflict(reason),
        DecideError::Store(error) => error.into(),
    }
}

fn decided(outcome: Outcome, reader: &Reader) -> DecidedOrder {
    let Outcome { account, number, result } = outcome;
    let (is_decided, reason, now) = match result {
        Ok(now) => (true, now.reason(reader), now),
        Err(Undecided { reason, now }) => (false, Some(reason), now),
    };
    let put_off_until = now.put_off_until.map(|until| times::text(until, &reader.zone));
    let (state, situation) = (now.state.as_str(), now.row.word());
    DecidedOrder { account, number, is_decided, state, situation, reason, put_off_until }
}

/// How an order stands, as one sentence.
pub(crate) fn stands(judgement: &Judgement, reader: &Reader) -> String {
    judgement.reason(reader).unwrap_or_else(|| judgement.row.meaning(reader.language).to_owned())
}

/// The language that a query asks for.
pub(crate) fn language(fields: &mut Fields) -> Language {
    let language = fields
        .word("lang", |tag| Language::from_tag(tag).ok_or_else(|| format!("must be de or en, not `{tag}`")));
    language.unwrap_or_default()
}
