//! Waiting for a run's end: a bar of its steps on a terminal, a line per step elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use anyhow::bail;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

use super::client::Client;
use super::output::{Output, plain};
use crate::clock::SystemClock;

/// How often a run is asked for while somebody waits for it.
const POLL: Duration = Duration::from_millis(250);
/// How long to wait for a server that does not answer: it may be restarting.
const PATIENCE: Duration = Duration::from_secs(60);

/// Shows each step as it ends; fails where the run does not succeed.
pub(super) async fn wait(number: i64, client: &Client, output: &Output) -> anyhow::Result<()> {
    let clock = SystemClock::shared();
    let shown = Shown::new(output);
    let mut told: Vec<String> = Vec::new();
    let (mut attempt, mut steps_in_all) = (Value::Null, None);
    let mut silent_since = None;
    loop {
        let run = match client.get(&format!("/api/v1/runs/{number}"), &[]).await {
            Ok(run) => run,
            Err(error) if error.is_temporary() => {
                let is_first = silent_since.is_none();
                let since = *silent_since.get_or_insert_with(|| clock.monotonic());
                if clock.monotonic().saturating_sub(since) > PATIENCE {
                    shown.end();
                    let go_on = format!("`marktwerk runs show {number}` tells what became of it");
                    let lost = format!("run {number} may go on once the server is back: {go_on}");
                    return Err(anyhow::Error::from(error).context(lost));
                }
                shown.say(output, is_first)?;
                clock.sleep(POLL).await;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        silent_since = None;
        if steps_in_all.is_none() {
            steps_in_all = Some(planned_steps(&run, client).await);
        }
        // Each attempt tells its steps again.
        if attempt != run["attempt"] {
            attempt = run["attempt"].clone();
            told.clear();
        }
        let failed = (run["state"] == "retrying").then(|| attempt_line(&run));
        let ended = steps(&run).filter(|step| step["state"] != "running").map(step_line);
        for line in ended.chain(failed) {
            if !told.contains(&line) {
                shown.line(output, &line)?;
                told.push(line);
            }
        }
        shown.advance(&run, steps_in_all.unwrap_or(0));
        let state = run["state"].as_str().unwrap_or_default();
        if !matches!(state, "waiting" | "running" | "retrying") {
            shown.end();
            if output.is_json() {
                output.json(&run)?;
            } else {
                output.line(&format!("run {number}: {state}"))?;
            }
            let why = [&run["error"], &run["reason"]].into_iter().find(|why| !why.is_null());
            return match state {
                "succeeded" => Ok(()),
                _ => bail!("run {number} ended as {state}: {}", plain(why.unwrap_or(&Value::Null))),
            };
        }
        clock.sleep(POLL).await;
    }
}

/// How many steps the run's type has; 0 where that is not known.
async fn planned_steps(run: &Value, client: &Client) -> usize {
    let types = client.get("/api/v1/job-types", &[]).await.unwrap_or_default();
    let own = types.as_array().into_iter().flatten().find(|one| one["name"] == run["job_type"]);
    own.and_then(|one| one["steps"].as_array()).map_or(0, Vec::len)
}

/// The bar, where there is a terminal.
struct Shown {
    bar: Option<ProgressBar>,
}

impl Shown {
    fn new(output: &Output) -> Self {
        let has_terminal = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        let bar = (has_terminal && !output.is_json()).then(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template("{elapsed:>5} [{bar:20}] {pos}/{len} {wide_msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
            bar
        });
        Self { bar }
    }

    fn line(&self, output: &Output, text: &str) -> std::io::Result<()> {
        match &self.bar {
            Some(bar) => bar.suspend(|| output.line(text)),
            None if output.is_json() => Ok(()),
            None => output.line(text),
        }
    }

    /// The server is silent.
    fn say(&self, output: &Output, is_first: bool) -> std::io::Result<()> {
        match &self.bar {
            Some(bar) => bar.set_message("the server does not answer; waiting for it"),
            None if is_first => {
                let seconds = PATIENCE.as_secs();
                output
                    .aside(&format!("the server does not answer; waiting up to {seconds} seconds for it"))?;
            }
            None => {}
        }
        Ok(())
    }

    fn advance(&self, run: &Value, steps_in_all: usize) {
        let Some(bar) = &self.bar else { return };
        let (ended, in_all, text) = progress(run, steps_in_all);
        bar.set_length(in_all);
        bar.set_position(ended);
        bar.set_message(text);
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Ended steps, steps in all, and what happens now.
fn progress(run: &Value, steps_in_all: usize) -> (u64, u64, String) {
    let ended = steps(run).filter(|step| step["state"] != "running").count();
    let begun = steps(run).count();
    let now = steps(run).find(|step| step["state"] == "running");
    let text = match now {
        Some(step) => format!("{} {}", plain(&step["name"]), plain(&step["counts"])).trim_end().to_owned(),
        None if run["state"] == "running" => String::new(),
        None => plain(&run["state"]),
    };
    (ended as u64, steps_in_all.max(begun) as u64, text)
}

pub(super) fn steps(run: &Value) -> impl Iterator<Item = &Value> {
    run["steps"].as_array().into_iter().flatten()
}

fn step_line(step: &Value) -> String {
    let texts = ["name", "state", "counts"].map(|field| plain(&step[field]));
    let line = texts.join(" ").trim_end().to_owned();
    match step["error"].as_str() {
        Some(error) => format!("{line}: {error}"),
        None => line,
    }
}

/// Why the last attempt failed, and when the next one begins.
fn attempt_line(run: &Value) -> String {
    let [number, error, at] = ["attempt", "error", "ready_at"].map(|field| plain(&run[field]));
    format!("attempt {number} failed: {error}; the next one begins at {at}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_bar_says_which_step_is_at_work_and_how_far_it_is() {
        let step =
            |name: &str, state: &str| json!({ "name": name, "state": state, "counts": { "orders": 3 } });
        let run = json!({ "state": "running", "steps": [step("fetch", "done"), step("import", "running")] });
        assert_eq!(progress(&run, 5), (1, 5, "import orders 3".to_owned()));
        // A type that names no steps still shows those that it begins.
        assert_eq!(progress(&run, 0), (1, 2, "import orders 3".to_owned()));
        assert_eq!(progress(&json!({ "state": "waiting", "steps": [] }), 5), (0, 5, "waiting".to_owned()));
    }

    #[test]
    fn what_failed_says_why_and_when_it_is_tried_again() {
        let step = json!({ "name": "export", "state": "failed", "counts": {}, "error": "JTL is away" });
        assert_eq!(step_line(&step), "export failed: JTL is away");
        let run =
            json!({ "attempt": 2, "error": "JTL is away", "ready_at": "2026-11-02T09:00:30.000+01:00" });
        assert_eq!(
            attempt_line(&run),
            format!("attempt 2 failed: JTL is away; the next one begins at {}", plain(&run["ready_at"]))
        );
    }
}
