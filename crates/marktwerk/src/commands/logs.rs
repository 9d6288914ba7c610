//! `marktwerk logs`: the lines of `scheduler_logs`, oldest first, and those that come. Following is asking for what was stored after
//! the last line seen: no line is lost, whatever happens to the connection or the server.

use std::collections::HashSet;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::log::Level;
use serde_json::Value;

use super::client::{CallError, Client};
use super::moment::Calendar;
use super::output::{Output, plain};
use super::usage::UsageError;
use super::words::{count, level};
use crate::clock::SystemClock;

/// Lines per question.
const PAGE: usize = 500;
/// Past lines where nothing else is said.
const USUAL: usize = 100;
/// How often new lines are asked for.
const POLL: Duration = Duration::from_millis(500);
/// After so many answers without a line it is asked whether the last one shown still exists.
const LOOKS_AT_THE_END_AFTER: u32 = 10;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// Follow new lines until interrupted, also across a restart of the server
    #[arg(long, short)]
    follow: bool,
    /// Only of this job, execution, or (with %) pattern
    #[arg(long)]
    job: Option<String>,
    /// Only lines of at least this level: DEBUG, INFO, WARNING, ERROR
    #[arg(long, value_parser = level)]
    level: Option<Level>,
    /// Only lines since then: yesterday, today, monday, 2h or "2 hours" (ago), 08:00, 2026-11-30, "2026-11-30 08:00"
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only lines before then
    #[arg(long, value_name = "TIME", conflicts_with = "follow")]
    until: Option<String>,
    /// At most this many past lines [default: 100; with --since all]
    #[arg(long, visible_alias = "limit", short = 'n', value_parser = count, allow_negative_numbers = true)]
    lines: Option<usize>,
}

pub(super) async fn run(
    options: Options,
    client: &Client,
    output: &Output,
    calendar: &Calendar,
) -> anyhow::Result<()> {
    let clock = SystemClock::shared();
    let moment = |text: &Option<String>, option: &str| {
        let moment = text.as_deref().map(|text| calendar.past(text)).transpose();
        moment.map_err(|reason| UsageError::new(format!("{option}: {reason}")))
    };
    let span = Span { since: moment(&options.since, "--since")?, until: moment(&options.until, "--until")? };
    if span.since.zip(span.until).is_some_and(|(since, until)| since >= until) {
        return Err(UsageError::new("--since must be earlier than --until").into());
    }
    let mut filter: Vec<(&str, String)> = Vec::new();
    filter.extend(options.job.clone().map(|job| ("job_id", job)));
    filter.extend(options.level.map(|level| ("level", at_least(level))));
    // Asked before the past is read: what is stored meanwhile comes after it, and what is in both is shown once.
    let newest = end(client).await?;
    let past = past(&options, &span, &filter, client).await?;
    for row in &past {
        show(row, output)?;
    }
    if past.is_empty() && !options.follow {
        output.aside("there is no such line")?;
    }
    if options.follow {
        let shown = past.iter().filter_map(number).filter(|number| *number > newest).collect();
        follow(newest, shown, &filter, client, output, &clock).await?;
    }
    Ok(())
}

/// The number of the newest line; 0 where there is none.
async fn end(client: &Client) -> Result<i64, CallError> {
    let newest = client.get("/api/logs", &[("limit", "1".to_owned())]).await?;
    Ok(newest.as_array().into_iter().flatten().filter_map(number).max().unwrap_or(0))
}

/// Shows the lines that follow, until interrupted, except those that were shown already.
async fn follow(
    mut last: i64,
    shown: HashSet<i64>,
    filter: &[(&str, String)],
    client: &Client,
    output: &Output,
    clock: &SharedClock,
) -> anyhow::Result<()> {
    let mut connection = Connection::default();
    let mut silences = 0_u32;
    loop {
        let mut query = filter.to_vec();
        query.extend([("after", last.to_string()), ("limit", PAGE.to_string())]);
        let fresh = match client.get("/api/logs", &query).await {
            Ok(fresh) => fresh,
            Err(error) if error.is_temporary() => {
                connection.lost(&error, output)?;
                clock.sleep(POLL).await;
                continue;
            }
            // A number beyond the newest line is refused.
            Err(error) => match end_before(last, client, output).await? {
                Some(end) => {
                    last = end;
                    continue;
                }
                None => return Err(error.into()),
            },
        };
        let was_lost = connection.found(client, output)?;
        let fresh = fresh.as_array().map(Vec::as_slice).unwrap_or_default();
        for row in fresh.iter().filter(|row| number(row).is_none_or(|number| !shown.contains(&number))) {
            show(row, output)?;
        }
        last = fresh.iter().filter_map(number).max().unwrap_or(last);
        silences = if fresh.is_empty() { silences + 1 } else { 0 };
        // Numbers only rise, unless there is another database now: then nothing would ever come after the last one.
        if was_lost || silences.is_multiple_of(LOOKS_AT_THE_END_AFTER) && silences > 0 {
            last = end_before(last, client, output).await?.unwrap_or(last);
        }
        if fresh.len() < PAGE {
            clock.sleep(POLL).await;
        }
    }
}

/// The newest line of a database that is another one by now, which is said; `None` where the last line shown is not beyond it.
async fn end_before(last: i64, client: &Client, output: &Output) -> std::io::Result<Option<i64>> {
    let Some(end) = end(client).await.ok().filter(|end| *end < last) else { return Ok(None) };
    output.aside(&format!(
        "the newest line there is {end}, and {last} was shown already: this is another database; going on from its end"
    ))?;
    Ok(Some(end))
}

/// Whether the server answers; each change of that is said once, beside the lines.
#[derive(Default)]
struct Connection {
    is_lost: bool,
}

impl Connection {
    fn lost(&mut self, error: &CallError, output: &Output) -> std::io::Result<()> {
        if !std::mem::replace(&mut self.is_lost, true) {
            output.aside(&format!("{error}; trying again, no line will be missing"))?;
        }
        Ok(())
    }

    /// Answers whether it did not answer before.
    fn found(&mut self, client: &Client, output: &Output) -> std::io::Result<bool> {
        let was_lost = std::mem::replace(&mut self.is_lost, false);
        if was_lost {
            output.aside(&format!("{} answers again", client.base()))?;
        }
        Ok(was_lost)
    }
}

/// From when and until when; lines without a time are in every span.
struct Span {
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Span {
    fn has_begun(&self, row: &Value) -> bool {
        self.since.is_none_or(|since| time_of(row).is_none_or(|time| time >= since))
    }

    fn has_not_ended(&self, row: &Value) -> bool {
        self.until.is_none_or(|until| time_of(row).is_none_or(|time| time < until))
    }
}

/// The lines of the past, oldest first.
async fn past(
    options: &Options,
    span: &Span,
    filter: &[(&str, String)],
    client: &Client,
) -> anyhow::Result<Vec<Value>> {
    let all_or_some = if span.since.is_some() { usize::MAX } else { USUAL };
    let most = options.lines.unwrap_or(all_or_some);
    let mut rows: Vec<Value> = Vec::new();
    // Read page by page: lines that are stored meanwhile move the pages, so that one may come twice.
    let (mut read, mut seen) = (0, HashSet::new());
    while rows.len() < most {
        // The newest lines may lie behind the span.
        let limit = if span.until.is_some() { PAGE } else { PAGE.min(most - rows.len()) };
        let mut query = filter.to_vec();
        query.extend([("limit", limit.to_string()), ("offset", read.to_string())]);
        let page = client.get("/api/logs", &query).await?;
        let page = page.as_array().cloned().unwrap_or_default();
        let count = page.len();
        read += count;
        let is_over = count < limit || !page.iter().all(|row| span.has_begun(row));
        let in_time = page.into_iter().filter(|row| span.has_begun(row) && span.has_not_ended(row));
        rows.extend(in_time.filter(|row| number(row).is_none_or(|number| seen.insert(number))));
        if is_over {
            break;
        }
    }
    rows.truncate(most);
    rows.reverse();
    Ok(rows)
}

fn number(row: &Value) -> Option<i64> {
    row["log_id"].as_i64()
}

fn time_of(row: &Value) -> Option<Timestamp> {
    row["timestamp"].as_str()?.parse().ok()
}

/// This level and those above it, as the server takes them.
fn at_least(least: Level) -> String {
    let levels = Level::ALL.into_iter().filter(|level| *level >= least);
    levels.map(|level| level.to_string()).collect::<Vec<_>>().join(",")
}

fn show(row: &Value, output: &Output) -> std::io::Result<()> {
    if output.is_json() {
        return output.line(&row.to_string());
    }
    let step = row["step"].as_str().unwrap_or("-");
    let error = row["error_text"]
        .as_str()
        // Most messages say it themselves.
        .filter(|text| !row["message"].as_str().unwrap_or_default().contains(text))
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
