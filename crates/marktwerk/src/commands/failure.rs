//! A command that failed, as people or programs are told it, and its exit code: 0 done, 1 failed, 2 wrong usage or what the start needs is
//! missing.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::client::CallError;
use super::usage::UsageError;
use crate::compose::StartError;
use crate::config::{Fault, SettingsError};

/// Tells it on the error output. Where that is gone, the exit code says it alone.
pub(super) fn report(error: &anyhow::Error, is_json: bool) {
    if is_closed_pipe(error) {
        return;
    }
    let text = if is_json { document(error).to_string() } else { sentence(error) };
    let _ = writeln!(io::stderr(), "{text}");
}

fn sentence(error: &anyhow::Error) -> String {
    match error.downcast_ref::<SettingsError>().map(SettingsError::faults) {
        Some(faults) if faults.len() > 1 => {
            let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
            format!("marktwerk: {} settings cannot be used:\n{}", faults.len(), lines.join("\n"))
        }
        _ => format!("marktwerk: {error:#}"),
    }
}

/// `{"error": {"kind", "message", "exit_code", …}}`, with what the settings or the server name one by one.
fn document(error: &anyhow::Error) -> Value {
    let mut document =
        json!({ "kind": kind(error), "message": format!("{error:#}"), "exit_code": code(error) });
    if let Some(error) = error.downcast_ref::<SettingsError>() {
        let fault = |fault: &Fault| json!({ "place": fault.place, "key": fault.key, "reason": fault.reason });
        document["faults"] = error.faults().iter().map(fault).collect();
    }
    if let Some(problem) = error.downcast_ref::<CallError>().and_then(CallError::problem) {
        document["problem"] = problem.clone();
    }
    json!({ "error": document })
}

/// The same of what clap refused.
pub(super) fn report_usage(error: &clap::Error) {
    let text = error.render().to_string();
    let text = text.split("\n\nUsage:").next().unwrap_or(&text).trim();
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let message = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ");
    let document = json!({ "error": { "kind": "usage", "message": message, "exit_code": 2 } });
    let _ = writeln!(io::stderr(), "{document}");
}

fn kind(error: &anyhow::Error) -> &'static str {
    if error.is::<SettingsError>() {
        "settings"
    } else if error.is::<StartError>() {
        "start"
    } else if error.is::<UsageError>() {
        "usage"
    } else {
        error.downcast_ref::<CallError>().map_or("failed", CallError::word)
    }
}

/// The exit code.
pub(super) fn code(error: &anyhow::Error) -> u8 {
    let is_usage = error.downcast_ref::<CallError>().is_some_and(CallError::is_usage);
    if is_usage || error.is::<UsageError>() || error.is::<StartError>() || error.is::<SettingsError>() {
        2
    } else if is_closed_pipe(error) {
        0
    } else {
        1
    }
}

/// `marktwerk logs | head` is no failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error.downcast_ref::<io::Error>().is_some_and(broken)
}
