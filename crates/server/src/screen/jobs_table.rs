//! The table of jobs with what can be done to each.

use marktwerk_domain::alert::Alert;
use marktwerk_domain::job::{Job, JobStatus, Priority};
use marktwerk_engine::Engine;
use maud::{Markup, html};
use serde_json::Value;

use super::{Words, parameter_form};
use crate::documented::JobItem;
use crate::schedule_words::in_words;
use crate::times::for_people;
use crate::v1::health_mark;

/// The table. `jobs` are the items' jobs, in the same order.
pub(super) fn jobs_table(
    words: Words,
    engine: &Engine,
    jobs: &[Job],
    items: &[JobItem],
    alerts: &[Alert],
) -> Markup {
    html! {
        div.scroll {
            table #jobs {
                thead {
                    tr {
                        th scope="col" { (words.name) }
                        th scope="col" { (words.job_type) }
                        th scope="col" { (words.status) }
                        th scope="col" { (words.last_run) }
                        th scope="col" { (words.duration) }
                        th scope="col" { (words.next_run) }
                        th scope="col" { (words.last_error) }
                        th scope="col" { (words.by_schedule) }
                        th scope="col" { (words.actions) }
                    }
                }
                tbody {
                    @for (job, item) in jobs.iter().zip(items) {
                        // The newest comes first.
                        @let alert = alerts.iter().find(|alert| alert.job_id == job.id);
                        (row(words, engine, job, item, alert))
                    }
                    @if items.is_empty() { tr { td colspan="9" { (words.no_jobs) } } }
                }
            }
        }
    }
}

fn row(words: Words, engine: &Engine, job: &Job, item: &JobItem, alert: Option<&Alert>) -> Markup {
    let id = &item.job_id;
    let state = &item.status;
    let time = |time: &Option<String>| time.as_deref().map(for_people).unwrap_or_else(|| "–".to_owned());
    html! {
        tr data-job=(id) data-enabled=(item.config.schedule.enabled) data-health=(health_mark(job)) data-schedule=(own_schedule(item)) {
            th scope="row" {
                a href={ "/runs?job=" (path_segment(id)) } { (id) }
                @match job.spec.priority {
                    Priority::High => small { (words.high_priority) },
                    Priority::Medium => {},
                    Priority::Low => small { (words.low_priority) },
                }
                @if !item.config.description.is_empty() { small data-field="description" { (item.config.description) } }
                @if item.not_in_this_version { small.problem { (words.not_in_this_version) } }
            }
            td data-label=(words.job_type) { (breakable(&item.config.job_type)) }
            td data-label=(words.status) {
                span.badge data-field="status" data-status=(state.status.as_str()) { (status_word(words, state.status)) }
                span.badge.only-paused { (words.paused) }
                span.badge.problem.only-degraded { (words.degraded) }
                span.badge.problem.only-fuse { (words.fuse) }
                @if let Some(alert) = alert {
                    small.only-unwell {
                        (alert.title) ". " (alert.message)
                        @if let Some(run) = alert.run { " " a href={ "/runs/" (run) } { (words.run) " " (run) } }
                    }
                }
            }
            td data-label=(words.last_run) data-field="last_run" { (time(&state.last_run)) }
            td data-label=(words.duration) data-field="last_duration" { (seconds(state.last_duration)) }
            td data-label=(words.next_run) data-field="next_run" { (time(&state.next_run)) }
            td.error data-label=(words.last_error) data-field="last_error" { (state.last_error.as_deref().unwrap_or("–")) }
            td data-label=(words.by_schedule) {
                @match item.config.schedule.interval_minutes {
                    Some(minutes) => (interval(words, id, minutes)),
                    None => span data-field="schedule" { (in_words(&job.spec.schedule, &job.spec.policies.after).of(words.language)) },
                }
            }
            td.actions data-label=(words.actions) { (actions(words, engine, job, item)) }
        }
    }
}

/// A name that may go on in the next line behind each `_`.
fn breakable(name: &str) -> Markup {
    html! { @for part in name.split_inclusive('_') { (part) wbr; } }
}

/// What the script compares: if its schedule has changed, the row is taken from the page again.
fn own_schedule(item: &JobItem) -> String {
    let schedule = serde_json::to_value(&item.config.schedule);
    let schedule = schedule
        .ok()
        .and_then(|schedule| if let Value::Object(fields) = schedule { Some(fields) } else { None });
    let mut fields = schedule.unwrap_or_default();
    fields.remove("interval_minutes");
    fields.remove("enabled");
    Value::Object(fields).to_string()
}

fn interval(words: Words, id: &str, minutes: i64) -> Markup {
    html! {
        form.inline data-live method="post" action=(address(id, "interval")) {
            input name="interval_minutes" type="number" min="1" max="525600" required value=(minutes) data-field="interval"
                aria-label={ (words.interval) ", " (words.minutes) ": " (id) };
            " min "
            button title=(words.save) aria-label={ (words.save) ": " (id) } { "✓" }
        }
    }
}

fn actions(words: Words, engine: &Engine, job: &Job, item: &JobItem) -> Markup {
    let id = &item.job_id;
    let description = engine.registry().description(&job.spec.job_type);
    html! {
        @if description.is_some() {
            form.inline data-live method="post" action=(address(id, "run")) {
                button.primary aria-label={ (words.run_now) ": " (id) } { (words.run_now) }
            }
        }
        form.inline.only-enabled data-live method="post" action=(address(id, "pause")) {
            button aria-label={ (words.pause) ": " (id) } { (words.pause) }
        }
        form.inline.only-paused data-live method="post" action=(address(id, "resume")) {
            button aria-label={ (words.resume) ": " (id) } { (words.resume) }
        }
        @if let Some(description) = description.filter(|description| !description.parameter_names().is_empty()) {
            details {
                summary { (words.with_parameters) }
                form.stacked data-live method="post" action=(address(id, "run")) {
                    (parameter_form::fields(words, description, &job.spec.parameters, id))
                    button.primary { (words.run_now) }
                }
            }
        }
    }
}

/// The address of an action on a job.
fn address(id: &str, action: &str) -> String {
    format!("/screen/jobs/{}/{action}", path_segment(id))
}

/// A text as a segment of a path: names of jobs and accounts may hold anything.
pub(super) fn path_segment(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

pub(super) fn status_word(words: Words, status: JobStatus) -> &'static str {
    match status {
        JobStatus::Idle => words.idle,
        JobStatus::Running => words.running,
        JobStatus::Success => words.success,
        JobStatus::Failed => words.failed,
    }
}

fn seconds(duration: Option<f64>) -> String {
    duration.map(|seconds| format!("{seconds:.1} s")).unwrap_or_else(|| "–".to_owned())
}
