//! `marktwerk logs`: the lines of `scheduler_logs`, oldest first, and those that come.

use std::time::Duration;

use clap::Args;
use jiff::{Span, Timestamp};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::log::Level;
use serde_json::Value;

use super::client::Client;
use super::output::{Output, plain};
use crate::clock::SystemClock;

/// Lines per question.
const PAGE: usize = 500;
/// How often new lines are asked for.
const POLL: Duration = Duration::from_millis(500);

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Show what comes, until interrupted
    #[arg(long, short)]
    follow: bool,
    /// Only of this job, execution, or (with %) pattern
    #[arg(long)]
    job: Option<String>,
    /// Only this level: DEBUG, INFO, WARNING, ERROR
    #[arg(long)]
    level: Option<Level>,
    /// Only lines since then: `2h`, `30m`, `7d`, or a time such as 2026-11-30T08:00:00+01:00
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<Since>,
    /// How many lines of the past at the most; with --since all of them
    #[arg(long, short = 'n', default_value_t = 100)]
    lines: usize,
}

pub(super) async fn run(options: Options, client: &Client, output: &Output) -> anyhow::Result<()> {
    let clock = SystemClock::shared();
    let since = options.since.map(|since| since.point(&clock));
    let mut filter: Vec<(&str, String)> = Vec::new();
    filter.extend(options.job.clone().map(|job| ("job_id", job)));
    filter.extend(options.level.map(|level| ("level", level.to_string())));
    let past = past(&options, since, &filter, client).await?;
    let mut last = past.iter().filter_map(|row| row["log_id"].as_i64()).max();
    for row in &past {
        show(row, output)?;
    }
    if !options.follow {
        return Ok(());
    }
    loop {
        let mut query = filter.clone();
        query.extend([("after", last.unwrap_or(0).to_string()), ("limit", PAGE.to_string())]);
        let fresh = client.get("/api/logs", &query).await?;
        let fresh = fresh.as_array().map(Vec::as_slice).unwrap_or_default();
        for row in fresh {
            show(row, output)?;
        }
        last = fresh.iter().filter_map(|row| row["log_id"].as_i64()).max().or(last);
        if fresh.len() < PAGE {
            clock.sleep(POLL).await;
        }
    }
}

/// The lines of the past, oldest first.
async fn past(
    options: &Options,
    since: Option<Timestamp>,
    filter: &[(&str, String)],
    client: &Client,
) -> anyhow::Result<Vec<Value>> {
    let most = if since.is_some() { usize::MAX } else { options.lines };
    let mut rows: Vec<Value> = Vec::new();
    while rows.len() < most {
        let limit = PAGE.min(most - rows.len());
        let mut query = filter.to_vec();
        query.extend([("limit", limit.to_string()), ("offset", rows.len().to_string())]);
        let page = client.get("/api/logs", &query).await?;
        let page = page.as_array().cloned().unwrap_or_default();
        let is_last = page.len() < limit;
        let before = rows.len();
        let asked_for = page.into_iter();
        rows.extend(
            asked_for
                .take_while(|row| since.is_none_or(|since| time_of(row).is_none_or(|time| time >= since))),
        );
        if is_last || rows.len() < before + limit {
            break;
        }
    }
    rows.reverse();
    Ok(rows)
}

fn time_of(row: &Value) -> Option<Timestamp> {
    row["timestamp"].as_str()?.parse().ok()
}

/// A point in time, or a distance from now.
#[derive(Debug, Clone, Copy)]
enum Since {
    At(Timestamp),
    Ago(Duration),
}

impl Since {
    fn point(self, clock: &SharedClock) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(distance) => clock.now().checked_sub(distance).unwrap_or(Timestamp::MIN),
        }
    }
}

fn since(text: &str) -> Result<Since, String> {
    if let Ok(time) = text.parse() {
        return Ok(Since::At(time));
    }
    let days = jiff::SpanRelativeTo::days_are_24_hours();
    let distance = text.parse::<Span>().and_then(|span| span.to_duration(days)).and_then(Duration::try_from);
    let expected = "write 2h, 30m, 7d, or a time with its offset such as 2026-11-30T08:00:00+01:00";
    distance.map(Since::Ago).map_err(|_| expected.to_owned())
}

fn show(row: &Value, output: &Output) -> std::io::Result<()> {
    if output.is_json() {
        return output.line(&row.to_string());
    }
    let step = row["step"].as_str().unwrap_or("-");
    let error = row["error_text"]
        .as_str()
        .map(|text| format!(" ({})", plain(&Value::from(text))))
        .unwrap_or_default();
    output.line(&format!(
        "{} {} {} {} {step}: {}{error}",
        plain(&row["timestamp"]),
        plain(&row["level"]),
        plain(&row["job_type"]),
        plain(&row["job_id"]),
        plain(&row["message"]),
    ))
}
