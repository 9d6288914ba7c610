//! `marktwerk status`: what runs, what is next, what failed, what needs a person. One look in the morning.

use serde_json::{Value, json};

use super::client::Client;
use super::health::reasons;
use super::jobs;
use super::output::{Column, Output, column, either, wide};

/// Rows of each part; the rest is a number.
const ROWS: usize = 5;

const RUNNING: [Column; 4] = [
    column("RUN", "/id"),
    column("JOB", "/job_id"),
    column("STATE", "/state"),
    column("SINCE", "/started_at"),
];
const NEXT: [Column; 3] =
    [column("AT", "/state/next_run"), column("JOB", "/id"), wide("SCHEDULE", "/state/schedule/en")];
const FAILED: [Column; 5] = [
    column("JOB", "/id"),
    column("HEALTH", "/state/health/mark"),
    column("LAST RUN", "/state/last_run"),
    wide("LAST SUCCESS", "/state/last_success"),
    either("WHY", "/state/last_error", "/state/health/trouble"),
];
const ATTENTION: [Column; 5] = [
    column("ENTRY", "/id"),
    column("SINCE", "/since"),
    column("KIND", "/kind"),
    column("ABOUT", "/subject"),
    column("MESSAGE", "/message"),
];

pub(super) async fn run(client: &Client, output: &Output) -> anyhow::Result<()> {
    let (_, health) = client.health(None).await?;
    // With the names of accounts, jobs and files, which the open answer does not tell.
    let in_detail = client.get("/api/v1/health", &[]).await?;
    let live = [("state", "running,retrying".to_owned()), ("limit", "100".to_owned())];
    let running = client.get("/api/v1/runs", &live).await?;
    let waiting = [("state", "waiting".to_owned()), ("limit", "100".to_owned())];
    let waiting = client.get("/api/v1/runs", &waiting).await?;
    let jobs = jobs::all(client).await?;
    let attention = client.get("/api/v1/attention", &[]).await?;
    let (next, failed, paused) = (next(&jobs), failed(&jobs), paused(&jobs));
    if output.is_json() {
        return Ok(output.json(&json!({
            "server": client.base(), "health": health, "running": running, "waiting": waiting, "next": next, "failed": failed,
            "paused": paused, "attention": attention,
        }))?);
    }
    let status = health["status"].as_str().unwrap_or("unknown");
    let version = health["version"].as_str().unwrap_or("?");
    output.marked(status, 0, &format!("Marktwerk {version} at {}", client.base()))?;
    for reason in reasons(&in_detail) {
        output.line(&format!("  {reason}"))?;
    }
    part(output, "Running", &running, &RUNNING)?;
    if count(&waiting) > 0 {
        output.line(&format!("{} more are waiting: marktwerk runs list --state waiting", count(&waiting)))?;
    }
    part(output, "Next", &next, &NEXT)?;
    part(output, "Failed last time", &failed, &FAILED)?;
    if count(&paused) > 0 {
        let ids: Vec<&str> = rows(&paused).iter().filter_map(|job| job["id"].as_str()).take(ROWS).collect();
        let more = if count(&paused) > ROWS { ", …" } else { "" };
        output.line("")?;
        output.line(&format!("Paused: {}{more}", ids.join(", ")))?;
    }
    part(output, "Needs a person", &attention, &ATTENTION)?;
    Ok(())
}

fn part(output: &Output, title: &str, values: &Value, columns: &[Column]) -> std::io::Result<()> {
    output.line("")?;
    let all = count(values);
    match all {
        0 => return output.line(&format!("{title}: nothing")),
        all => output.heading(&format!("{title}: {all}"))?,
    }
    let shown: Vec<Value> = rows(values).iter().take(ROWS).cloned().collect();
    output.list(&Value::from(shown), columns)?;
    if all > ROWS { output.line(&format!("and {} more", all - ROWS)) } else { Ok(()) }
}

fn rows(values: &Value) -> &[Value] {
    values.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn count(values: &Value) -> usize {
    rows(values).len()
}

/// Enabled jobs with a time, the nearest first. Times of one server have the same form, so that their texts have their order.
fn next(jobs: &Value) -> Value {
    let mut next: Vec<Value> =
        rows(jobs).iter().filter(|job| job["state"]["next_run"].is_string()).cloned().collect();
    next.sort_by_key(|job| {
        let text = job["state"]["next_run"].as_str().unwrap_or_default();
        text.parse::<jiff::Timestamp>().unwrap_or(jiff::Timestamp::MAX)
    });
    next.into()
}

/// Jobs whose last run failed, or that people were told of.
fn failed(jobs: &Value) -> Value {
    let is_failed = |job: &&Value| {
        let state = &job["state"];
        state["status"] == "FAILED" || state["health"]["mark"].as_str().is_some_and(|mark| mark != "ok")
    };
    rows(jobs).iter().filter(is_failed).cloned().collect::<Vec<_>>().into()
}

fn paused(jobs: &Value) -> Value {
    rows(jobs).iter().filter(|job| job["enabled"] == false).cloned().collect::<Vec<_>>().into()
}
