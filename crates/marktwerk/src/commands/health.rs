//! `marktwerk health`: whether the running server works, in words and as an exit code, for service managers and probes.

use clap::Args;
use serde_json::Value;

use super::client::Client;
use super::output::{Output, plain};
use super::words::one_of;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// `live` asks only whether the dispatcher works: what a service manager needs to know
    #[arg(long, value_name = "PROBE", value_parser = one_of(["live"]), ignore_case = true)]
    probe: Option<String>,
    /// Fail also if something is degraded: it works, and somebody should look at it
    #[arg(long)]
    strict: bool,
}

pub(super) async fn run(options: Options, client: &Client, output: &Output) -> anyhow::Result<()> {
    let (works, health) = client.health(options.probe.as_deref()).await?;
    let status = health["status"].as_str().unwrap_or("unknown").to_owned();
    if output.is_json() {
        output.json(&health)?;
    } else {
        output.marked(&status, 0, &format!("({})", client.base()))?;
        for reason in reasons(&health) {
            output.line(&format!("  {reason}"))?;
        }
    }
    anyhow::ensure!(works, "{} does not work: {}", client.base(), joined(&health, &status));
    anyhow::ensure!(
        !options.strict || status == "ok",
        "{} works, and is {status}: {}",
        client.base(),
        joined(&health, &status)
    );
    Ok(())
}

fn joined(health: &Value, status: &str) -> String {
    let reasons = reasons(health);
    if reasons.is_empty() { status.to_owned() } else { reasons.join("; ") }
}

/// What the answer gives as reasons, and what its modules say.
pub(super) fn reasons(health: &Value) -> Vec<String> {
    let reasons = health["reasons"].as_array().into_iter().flatten();
    let sentence = |reason: &Value| match reason.get("message").or_else(|| reason.get("reason")) {
        Some(message) => lines(message),
        None => lines(reason),
    };
    let mut all: Vec<String> = reasons.flat_map(sentence).collect();
    let modules = health["modules"].as_object().into_iter().flatten();
    for (name, module) in modules.filter(|(_, module)| module["status"].as_str() != Some("ok")) {
        if let Some(message) = module["message"].as_str()
            && !all.iter().any(|reason| reason.contains(message))
        {
            all.push(format!("{name}: {message}"));
        }
    }
    all
}

/// What is said in several lines, such as one about each order, stays so.
fn lines(message: &Value) -> Vec<String> {
    match message.as_str() {
        Some(text) => text.lines().map(|line| plain(&Value::from(line))).collect(),
        None => vec![plain(message)],
    }
}
