//! `/runs`: what ran, newest first. What was skipped again and again is one row that says how often and why.

use axum::extract::State;
use axum::response::Response;
use marktwerk_domain::job::JobId;
use marktwerk_domain::run::{RunId, RunState};
use marktwerk_store::runs::RunFilter;
use maud::{Markup, html};

use super::jobs_table::path_segment;
use super::{Words, shell};
use crate::error::ApiResult;
use crate::fields::QueryFields;
use crate::safety::Caller;
use crate::state::AppState;
use crate::times::for_people;
use crate::v1::{RunItem, run_item};

/// Runs on a page.
const PAGE: usize = 50;

const STATES: [RunState; 8] = [
    RunState::Running,
    RunState::Waiting,
    RunState::Retrying,
    RunState::Failed,
    RunState::Lost,
    RunState::Succeeded,
    RunState::Cancelled,
    RunState::Skipped,
];

pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    words: Words,
    QueryFields(mut fields): QueryFields,
) -> Response {
    // The language's own field.
    fields.text("lang");
    let job = fields.text("job");
    let shown = fields.word("state", |word| {
        STATES
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| "is not a state of a run".to_owned())
    });
    let before = fields.integer("before", 1..=i64::MAX).map(RunId);
    let content = match fields.finish() {
        Ok(()) => page(&state, &caller, words, job, shown, before).await,
        Err(error) => Err(error),
    };
    shell::answer(words, content)
}

async fn page(
    state: &AppState,
    caller: &Caller,
    words: Words,
    job: Option<String>,
    shown: Option<RunState>,
    before: Option<RunId>,
) -> ApiResult<Markup> {
    let filter = RunFilter {
        job: job.clone().map(JobId),
        states: shown.into_iter().collect(),
        before,
        limit: PAGE,
        ..RunFilter::default()
    };
    let runs = state.store().runs(&filter).await?;
    let runs: Vec<RunItem> = runs.into_iter().map(|run| run_item(&state.source, run)).collect();
    let jobs = state.engine.jobs().await?;
    let older = runs.last().filter(|_| runs.len() == PAGE).map(|last| {
        let job = job.as_deref().map(path_segment).unwrap_or_default();
        format!("/runs?job={job}&state={}&before={}", shown.map_or("", RunState::as_str), last.id)
    });
    let body = html! {
        body {
            (shell::header(words, state, caller))
            main #content {
                h1 { (words.runs) }
                form.inline method="get" action="/runs" {
                    label for="job" { (words.job) }
                    select #job name="job" {
                        option value="" { (words.all) }
                        @for one in &jobs {
                            @let id = one.id.as_str();
                            option value=(id) selected[job.as_deref() == Some(id)] { (id) }
                        }
                    }
                    label for="state" { (words.state) }
                    select #state name="state" {
                        option value="" { (words.all) }
                        @for one in STATES {
                            option value=(one.as_str()) selected[shown == Some(one)] { (words.state_of(one.as_str(), 0)) }
                        }
                    }
                    button { (words.show) }
                }
                section.panel { (table(words, &runs)) }
                @if let Some(older) = older { p { a href=(older) { (words.older) } } }
            }
        }
    };
    Ok(shell::page(words, words.runs, html! {}, body))
}

fn table(words: Words, runs: &[RunItem]) -> Markup {
    html! {
        table #runs {
            thead {
                tr {
                    th scope="col" { (words.run) }
                    th scope="col" { (words.job) }
                    th scope="col" { (words.trigger) }
                    th scope="col" { (words.state) }
                    th scope="col" { (words.planned) }
                    th scope="col" { (words.started_at) }
                    th scope="col" { (words.ended) }
                    th scope="col" { (words.result) }
                }
            }
            tbody {
                @for run in runs {
                    tr data-run=(run.id) {
                        th scope="row" { a href={ "/runs/" (run.id) } { (run.id) } }
                        td data-label=(words.job) { (run.job_id) }
                        td data-label=(words.trigger) { (words.trigger_of(run.trigger)) }
                        td data-label=(words.state) { (badge(words, run.state, run.warnings)) }
                        td data-label=(words.planned) { (for_people(&run.planned_at)) }
                        td data-label=(words.started_at) { (time(&run.started_at)) }
                        td data-label=(words.ended) { (time(&run.ended_at)) }
                        td data-label=(words.result) { (result(words, run)) }
                    }
                }
                @if runs.is_empty() { tr { td colspan="8" { (words.no_runs) } } }
            }
        }
    }
}

/// Where a run stands.
pub(super) fn badge(words: Words, state: &str, warnings: u32) -> Markup {
    html! { span.badge data-state=(state) { (words.state_of(state, warnings)) } }
}

/// Why it failed, was skipped or cancelled; what it stands for.
pub(super) fn result(words: Words, run: &RunItem) -> Markup {
    html! {
        @if let Some(error) = &run.error { span.error { (error) } }
        @if let Some(reason) = &run.reason { (reason) }
        @match (run.merged, run.state) {
            (0, _) => {},
            (count, "skipped") => small { "+ " (count) " " (words.times_more) },
            (count, _) => small { "+ " (count) " " (words.merged) },
        }
        @if run.cancel_requested && run.ended_at.is_none() { small { (words.cancelling) } }
    }
}

pub(super) fn time(time: &Option<String>) -> String {
    time.as_deref().map(for_people).unwrap_or_else(|| "–".to_owned())
}
