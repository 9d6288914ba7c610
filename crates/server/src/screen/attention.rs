//! What needs a person, on the page: each entry with what can be decided and what that does. The script fetches the same rows again
//! when something changes.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use marktwerk_domain::judgement::{Choice, Decision};
use marktwerk_store::judging;
use maud::{Markup, html};

use super::actions::Asked;
use super::jobs_table::path_segment;
use super::{Words, shell};
use crate::error::{ApiError, ApiResult};
use crate::fields::FormPairs;
use crate::safety::Caller;
use crate::state::AppState;
use crate::times::for_people;
use crate::v1::{self, AttentionItem, DecisionItem};

/// What needs a person, with since when.
pub(super) fn panel(words: Words, items: &[AttentionItem]) -> Markup {
    html! {
        section.panel {
            h2 { (words.attention) " " span.badge data-count="attention" { (items.len()) } }
            table #attention {
                thead {
                    tr {
                        th scope="col" { (words.kind) }
                        th scope="col" { (words.subject) }
                        th scope="col" { (words.message) }
                        th scope="col" { (words.since) }
                        th scope="col" { (words.actions) }
                    }
                }
                tbody { (rows(words, items)) }
            }
        }
    }
}

fn rows(words: Words, items: &[AttentionItem]) -> Markup {
    html! {
        @for item in items {
            tr data-attention=(item.id) {
                td data-label=(words.kind) { (words.kind_of_word(item.kind)) }
                td data-label=(words.subject) {
                    @if item.orders.is_empty() { (item.subject) }
                    @for number in item.orders.iter().take(5) {
                        a href={ "/orders/" (path_segment(number)) "?account=" (path_segment(&item.account)) } { (number) }
                        " "
                    }
                    @if item.orders.len() > 5 { small { "+ " (item.orders.len() - 5) } }
                }
                td data-label=(words.message) { (item.message) }
                td data-label=(words.since) { (for_people(&item.since)) }
                td.actions {
                    @let action = format!("/screen/attention/{}/decide", item.id);
                    (decision_forms(words, &item.decisions, &action, item.situation.as_deref(), &item.subject))
                }
            }
        }
        tr.empty hidden[!items.is_empty()] { td colspan="5" { (words.no_attention) } }
    }
}

/// A form per decision, each with a sentence on what it does.
pub(super) fn decision_forms(
    words: Words,
    decisions: &[DecisionItem],
    action: &str,
    situation: Option<&str>,
    about: &str,
) -> Markup {
    html! {
        @if !decisions.is_empty() {
            details.decisions {
                summary aria-label={ (words.decide) ": " (about) } { (words.decide) }
                @for decision in decisions {
                    form.stacked data-live method="post" action=(action) {
                        input type="hidden" name="decision" value=(decision.decision);
                        @if let Some(situation) = situation { input type="hidden" name="situation" value=(situation); }
                        @match decision.needs {
                            Some("carrier") => { input name="carrier" required aria-label=(words.carrier) placeholder=(words.carrier); }
                            Some("to") => { input name="to" required aria-label=(words.account) placeholder=(words.account); }
                            Some("until") => {
                                select name="hours" aria-label=(decision.label) {
                                    option value="1" { (words.in_an_hour) }
                                    option value="24" { (words.tomorrow) }
                                    option value="168" { (words.in_a_week) }
                                }
                            }
                            _ => {}
                        }
                        button aria-label={ (decision.label) ": " (about) } { (decision.label) }
                        small { (decision.sentence) }
                    }
                }
            }
        }
    }
}

/// The rows alone, for the script.
pub(super) async fn fragment(State(state): State<AppState>, words: Words) -> Response {
    match v1::attention_items(&state, words.spoken()).await {
        Ok(items) => rows(words, &items).into_response(),
        Err(error) => shell::refusal(words, &error),
    }
}

/// A decision on an entry.
pub(super) async fn decide(
    State(state): State<AppState>,
    caller: Caller,
    Path(id): Path<String>,
    asked: Asked,
    form: FormPairs,
) -> Response {
    let outcome = decide_entry(&state, &caller, &id, asked.words(), &form).await;
    asked.answer(outcome)
}

async fn decide_entry(
    state: &AppState,
    caller: &Caller,
    id: &str,
    words: Words,
    form: &FormPairs,
) -> ApiResult<String> {
    let id = id.parse().map_err(|_| ApiError::NotFound(format!("there is no entry `{id}`")))?;
    if let Some(item) = v1::stock_entry(state, id).await? {
        let to = Some(form.value("to")).filter(|to| !to.is_empty());
        v1::decide_on_stock(state, caller, &item, form.value("decision"), to).await?;
        return Ok(words.decided.to_owned());
    }
    let (choice, situation) = choice(state, caller, form)?;
    let occasion = v1::occasion(state, caller);
    let outcomes =
        judging::decide_entry(&**state.store(), id, &choice, situation.as_deref(), &occasion).await;
    v1::decision_answer(outcomes, &state.reader(words.spoken()))?;
    Ok(words.decided.to_owned())
}

/// A decision on an order, from its own page.
pub(super) async fn decide_order(
    State(state): State<AppState>,
    caller: Caller,
    Path((account, number)): Path<(String, String)>,
    asked: Asked,
    form: FormPairs,
) -> Response {
    let outcome = decide_one(&state, &caller, &account, &number, asked.words(), &form).await;
    let page = format!("/orders/{}?account={}", path_segment(&number), path_segment(&account));
    asked.answer_on(&page, outcome)
}

async fn decide_one(
    state: &AppState,
    caller: &Caller,
    account: &str,
    number: &str,
    words: Words,
    form: &FormPairs,
) -> ApiResult<String> {
    let (choice, situation) = choice(state, caller, form)?;
    let occasion = v1::occasion(state, caller);
    let (store, seen) = (&**state.store(), situation.as_deref());
    let outcome = judging::decide_order(store, account, number, &choice, seen, &occasion).await;
    v1::decision_answer(outcome.map(|outcome| vec![outcome]), &state.reader(words.spoken()))?;
    Ok(words.decided.to_owned())
}

/// What a form chooses.
fn choice(state: &AppState, caller: &Caller, form: &FormPairs) -> ApiResult<(Choice, Option<String>)> {
    let word = form.value("decision");
    let decision = Decision::from_word(word).ok_or_else(|| {
        ApiError::field("body", "decision", "enum", format!("there is no decision `{word}`"))
    })?;
    let filled = |name: &str| Some(form.value(name).to_owned()).filter(|value| !value.is_empty());
    let hours = form.value("hours").parse().ok().filter(|hours| (1..=24 * 365).contains(hours));
    let until = hours.map(|hours| v1::in_hours(state, hours));
    let choice = Choice { decision, by: caller.name.clone(), carrier: filled("carrier"), until };
    Ok((choice, filled("situation")))
}
