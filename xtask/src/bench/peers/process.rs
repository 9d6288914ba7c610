//! A peer's program while it runs: its lines become figures, and it does not run for ever.

use std::io::{BufRead, BufReader, Lines};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::bench::peers::PeerFigure;

/// A peer that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs it to its end: what it measured, also where it failed on the way.
pub(crate) fn figures(peer: &'static str, command: Command) -> (Vec<PeerFigure>, Result<()>) {
    let mut figures = Vec::new();
    let end = run(command, |line| {
        println!("   {line}");
        figures.push(figure(peer, line)?);
        Ok(())
    });
    (figures, end)
}

fn run(mut command: Command, mut take: impl FnMut(&str) -> Result<()>) -> Result<()> {
    let mut process = command.stdout(Stdio::piped()).spawn().context("its program cannot be started")?;
    let output = process.stdout.take().context("its program has no output")?;
    let read = read_lines(BufReader::new(output).lines(), &mut take);
    if read.is_err() {
        // It may have ended by itself.
        let _ = process.kill();
    }
    let status = process.wait().context("its program got lost")?;
    read?;
    ensure!(status.success(), "its program ended with {status}; what it wrote is above");
    Ok(())
}

fn read_lines(lines: Lines<BufReader<ChildStdout>>, take: &mut impl FnMut(&str) -> Result<()>) -> Result<()> {
    let (sender, receiver) = mpsc::channel();
    // It ends with the output, or when nobody listens any more.
    thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let deadline = Instant::now() + PATIENCE;
    loop {
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(line) => take(&line)?,
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(RecvTimeoutError::Timeout) => bail!("it was still running after {} s", PATIENCE.as_secs()),
        }
    }
}

/// One line of a peer's program: `measure`, `value` and `note`. A figure without a value says so with `null`: leaving it out is a
/// mistake, as is anything else in the line.
fn figure(peer: &'static str, line: &str) -> Result<PeerFigure> {
    let read = || {
        let line: Value = serde_json::from_str(line).ok()?;
        let text = |name: &str| Some(line.get(name)?.as_str()?.to_owned());
        let value = line.get("value").filter(|value| value.is_null() || value.is_number())?.as_f64();
        let figure = PeerFigure { peer, measure: text("measure")?, value, note: text("note")? };
        (line.as_object()?.len() == 3).then_some(figure)
    };
    read().with_context(|| format!("its program printed a line that is not a figure: {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn lines_become_figures() {
        let line = r#"{"measure": "start_ms", "value": 12.5, "note": "cold"}"#;
        let (figures, end) = figures("peer", shell(&format!("echo '{line}'")));
        end.unwrap();
        let expected = PeerFigure {
            peer: "peer",
            measure: "start_ms".to_owned(),
            value: Some(12.5),
            note: "cold".to_owned(),
        };
        assert_eq!(figures, [expected]);
    }

    #[test]
    fn what_was_measured_before_a_failure_is_kept() {
        let line = r#"{"measure": "start_ms", "value": null, "note": "not offered"}"#;
        let (figures, end) = figures("peer", shell(&format!("echo '{line}'; exit 3")));
        assert_eq!(figures.len(), 1);
        let error = end.unwrap_err().to_string();
        assert!(error.contains("exit status: 3"), "{error}");
    }

    #[test]
    fn a_line_that_is_no_figure_is_named() {
        for line in ["warming up", r#"{"measure": "start_ms", "note": "the value is missing"}"#] {
            let (figures, end) = figures("peer", shell(&format!("echo '{line}'; exec sleep 60")));
            assert_eq!(figures, []);
            let error = end.unwrap_err().to_string();
            assert!(error.contains(line), "{error}");
        }
    }
}
