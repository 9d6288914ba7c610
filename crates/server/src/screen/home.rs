//! The one page: everything at once, or what is TEMU's.

use std::collections::HashMap;

use axum::extract::State;
use axum::response::Response;
use marktwerk_domain::alert::Alert;
use marktwerk_domain::job::Job;
use marktwerk_store::logs::LogFilter;
use maud::{Markup, html};
use serde_json::json;

use super::{Words, assets, attention, jobs_table, panels, shell};
use crate::documented::{JobItem, LogEntry, TemuStatistics, job_items, statistics};
use crate::error::ApiResult;
use crate::safety::Caller;
use crate::state::AppState;
use crate::v1::{AccountStatistics, AttentionItem, account_statistics, attention_items};

/// Alerts among which those of the jobs are looked for.
const ALERTS: usize = 500;
/// Lines that the page begins with.
const LINES: usize = 100;

/// `/`: all jobs.
pub(super) async fn all(State(state): State<AppState>, caller: Caller, words: Words) -> Response {
    shown(&state, &caller, words, None).await
}

/// `/temu`: TEMU's jobs.
pub(super) async fn temu(State(state): State<AppState>, caller: Caller, words: Words) -> Response {
    shown(&state, &caller, words, Some("temu")).await
}

async fn shown(state: &AppState, caller: &Caller, words: Words, marketplace: Option<&str>) -> Response {
    let content = gather(state, words, marketplace).await;
    shell::answer(words, content.map(|content| page(state, caller, words, marketplace, &content)))
}

/// What the page shows.
struct Content {
    jobs: Vec<Job>,
    items: Vec<JobItem>,
    statistics: TemuStatistics,
    of_accounts: Vec<AccountStatistics>,
    alerts: Vec<Alert>,
    attention: Vec<AttentionItem>,
    lines: Vec<LogEntry>,
}

async fn gather(state: &AppState, words: Words, marketplace: Option<&str>) -> ApiResult<Content> {
    let is_shown = |job: &Job| match marketplace {
        None => true,
        // A type that is documented but not built yet is TEMU's where it names no other marketplace.
        Some(wanted) => state
            .engine
            .registry()
            .description(&job.spec.job_type)
            .is_none_or(|known| known.marketplace.is_none_or(|marketplace| marketplace == wanted)),
    };
    // Read before the jobs: a line that comes meanwhile arrives by the socket.
    let filter = LogFilter { limit: LINES, ..LogFilter::default() };
    let lines = state.store().logs(&filter).await?.into_iter().map(LogEntry::from).collect();
    let items = job_items(&state.source).await?;
    let jobs: Vec<Job> = state.engine.jobs().await?.into_iter().filter(is_shown).collect();
    let mut items: HashMap<String, JobItem> =
        items.into_iter().map(|item| (item.job_id.clone(), item)).collect();
    let (jobs, items) =
        jobs.into_iter().filter_map(|job| items.remove(job.id.as_str()).map(|item| (job, item))).unzip();
    let attention = attention_items(state, words.spoken()).await?;
    let alerts = state.engine.latest_alerts(ALERTS).await?;
    let (statistics, of_accounts) = (statistics(state).await?, account_statistics(state).await?);
    Ok(Content { jobs, items, alerts, statistics, of_accounts, attention, lines })
}

fn page(
    state: &AppState,
    caller: &Caller,
    words: Words,
    marketplace: Option<&str>,
    content: &Content,
) -> Markup {
    let registry = state.engine.registry();
    let job_types: Vec<&str> = registry.descriptions().map(|description| description.job_type).collect();
    let accounts = registry.diagnose().map(|diagnose| diagnose.accounts()).unwrap_or_default();
    let body = html! {
        body data-words=(script_words(words)) {
            (shell::header(words, state, caller))
            @let warning = state.engine.jobs_file_warning();
            p #jobs-file .notice.problem role="alert" hidden[warning.is_none()] {
                (words.jobs_file) @if let Some(warning) = warning { ": " (warning) }
            }
            p #said role="status" aria-live="polite" hidden {}
            main #content {
                h1 { @if marketplace.is_some() { "TEMU" } @else { (words.jobs) } }
                (jobs_table::jobs_table(words, &state.engine, &content.jobs, &content.items, &content.alerts))
                (panels::counts(words, &content.statistics))
                (attention::panel(words, &content.attention))
                (panels::log(words, &job_types, &content.lines))
                (panels::accounts(words, &accounts, &content.of_accounts))
            }
            footer { "Marktwerk " (state.version) }
        }
    };
    let title = if marketplace.is_some() { "TEMU" } else { words.jobs };
    shell::page(words, title, html! { script type="module" src=(assets::script_address()) {} }, body)
}

/// The words that the script needs.
fn script_words(words: Words) -> String {
    json!({
        "status": {
            "IDLE": words.idle, "RUNNING": words.running, "SUCCESS": words.success, "FAILED": words.failed,
        },
        "live": words.live,
        "notLive": words.not_live,
        "lagged": words.lagged,
        "notDone": words.not_done,
    })
    .to_string()
}
