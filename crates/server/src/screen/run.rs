//! `/runs/{id}`: one run with its steps, its attempts, who caused what, its lines, and what can be done to it. While it lives the
//! page reloads itself.

use axum::extract::{Path, State};
use axum::response::Response;
use marktwerk_domain::run::RunId;
use marktwerk_domain::step::StepState;
use marktwerk_store::logs::{LogFilter, LogSource};
use maud::{Markup, html};

use super::runs::{badge, result, time};
use super::{Words, shell};
use crate::documented::LogEntry;
use crate::error::{ApiError, ApiResult};
use crate::safety::Caller;
use crate::state::AppState;
use crate::times::for_people;
use crate::v1::{RunDetails, RunLink, details};

/// Lines shown; the interface has all.
const LINES: usize = 300;

pub(super) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    words: Words,
    Path(id): Path<String>,
) -> Response {
    shell::answer(words, page(&state, &caller, words, &id).await)
}

async fn page(state: &AppState, caller: &Caller, words: Words, id: &str) -> ApiResult<Markup> {
    let number = id.parse().map_err(|_| ApiError::NotFound(format!("there is no run `{id}`")))?;
    let details = details(state, RunId(number)).await?;
    let run = &details.run;
    let lines = LogFilter {
        source: Some(LogSource::Execution(run.execution_id.clone())),
        limit: LINES,
        ..LogFilter::default()
    };
    let lines: Vec<LogEntry> = state.store().logs(&lines).await?.into_iter().map(LogEntry::from).collect();
    let steps = state.engine.registry().description(&run.job_type).map_or(&[][..], |known| known.steps);
    let is_live = run.ended_at.is_none();
    let head = html! { @if is_live { meta http-equiv="refresh" content="3"; } };
    let title = format!("{} {}", words.run, run.id);
    let body = html! {
        body {
            (shell::header(words, state, caller))
            main #content {
                h1 { (title) " " (words.of_job) " " a href={ "/runs?job=" (run.job_id) } { (run.job_id) } }
                p { (badge(words, run.state, run.warnings)) " " (result(words, run)) }
                (facts(words, &details))
                @if is_live {
                    form.inline method="post" action={ "/screen/runs/" (run.id) "/cancel" } {
                        button disabled[run.cancel_requested] { (words.cancel) }
                    }
                } @else {
                    form.inline method="post" action={ "/screen/runs/" (run.id) "/retry" } {
                        @if !steps.is_empty() {
                            label for="from_step" { (words.step) }
                            select #from_step name="from_step" {
                                option value="" { (words.from_start) }
                                @for step in steps { option value=(step) { (step) } }
                            }
                        }
                        button.primary { (words.run_again) }
                    }
                }
                (steps_table(words, &details))
                (attempts_table(words, &details))
                (log(words, &lines))
            }
        }
    };
    Ok(shell::page(words, &title, head, body))
}

fn facts(words: Words, details: &RunDetails) -> Markup {
    let run = &details.run;
    html! {
        dl.facts {
            div { dt { (words.trigger) } dd { (words.trigger_of(run.trigger)) } }
            div { dt { (words.planned) } dd { (for_people(&run.planned_at)) } }
            div { dt { (words.started_at) } dd { (time(&run.started_at)) } }
            div { dt { (words.ended) } dd { (time(&run.ended_at)) } }
            @if let Some(step) = &run.from_step { div { dt { (words.step) } dd { (step) } } }
            @if !run.parameters.is_empty() {
                div {
                    dt { (words.parameters) }
                    dd { @for (name, value) in &run.parameters { (name) "=" (value) " " } }
                }
            }
            @if let Some(cause) = &details.cause { div { dt { (words.caused_by) } dd { (link(words, cause)) } } }
            @if !details.caused.is_empty() {
                div { dt { (words.caused) } dd { @for caused in &details.caused { (link(words, caused)) " " } } }
            }
        }
    }
}

/// `Run 12 of b (chain)`.
fn link(words: Words, other: &RunLink) -> Markup {
    html! {
        a href={ "/runs/" (other.id) } { (words.run) " " (other.id) }
        " " (words.of_job) " " (other.job_id) " (" (words.trigger_of(other.trigger)) ", " (words.state_of(other.state, 0)) ")"
    }
}

fn steps_table(words: Words, details: &RunDetails) -> Markup {
    html! {
        @if !details.run.steps.is_empty() {
            section.panel {
                h2 { (words.steps) }
                table {
                    tbody {
                        @for step in &details.run.steps {
                            @let (word, state) = match step.state {
                                StepState::Running => (words.running_state, "running"),
                                StepState::Done => (words.success, "succeeded"),
                                StepState::Failed => (words.failed, "failed"),
                            };
                            tr {
                                th scope="row" { (step.name) }
                                td { span.badge data-state=(state) { (word) } }
                                td { (for_people(&step.started_at)) " – " (time(&step.ended_at)) }
                                td {
                                    @for (name, count) in &step.counts { (name) " " (count) " " }
                                    @if step.warnings > 0 { small { (words.warnings) ": " (step.warnings) } }
                                    @if let Some(error) = &step.error { span.error { (error) } }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn attempts_table(words: Words, details: &RunDetails) -> Markup {
    html! {
        @if !details.attempts.is_empty() {
            section.panel {
                h2 { (words.attempts) }
                table {
                    tbody {
                        @for attempt in &details.attempts {
                            tr {
                                th scope="row" { (words.attempt) " " (attempt.number) }
                                td data-label=(words.outcome) { (words.outcome_of(&attempt.outcome)) }
                                td { (for_people(&attempt.started_at)) " – " (time(&attempt.ended_at)) }
                                td.error { (attempt.error.as_deref().unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// The lines, oldest first.
fn log(words: Words, lines: &[LogEntry]) -> Markup {
    html! {
        section.panel {
            h2 { (words.last_lines) }
            table #log {
                tbody {
                    @for line in lines.iter().rev() {
                        tr data-level=(line.level) {
                            td { (for_people(&line.timestamp)) }
                            td { (line.level) }
                            td { (line.step.as_deref().unwrap_or_default()) }
                            td { (line.message) @if let Some(error) = &line.error_text { " (" (error) ")" } }
                        }
                    }
                    @if lines.is_empty() { tr { td { (words.no_logs) } } }
                }
            }
        }
    }
}
