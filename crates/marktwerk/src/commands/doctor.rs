//! `marktwerk doctor`: one line for each thing that was looked at, as soon as it was; a failure where one of them is wrong.

use marktwerk_domain::finding::Finding;
use serde_json::{Value, json};

use super::check;
use super::output::Output;
use crate::clock::SystemClock;
use crate::config::{Settings, SettingsError};
use crate::doctor::{Examined, examine_each};

pub(super) async fn run(
    settings: &Settings,
    error: Option<SettingsError>,
    output: &Output,
) -> anyhow::Result<()> {
    let mut told = Told { output, rows: Vec::new(), wrong: 0, closed: None };
    match &error {
        Some(error) => {
            for fault in error.faults() {
                told.tell(&Examined {
                    about: "settings".to_owned(),
                    finding: Finding::Wrong(fault.to_string()),
                });
            }
            let rest = "nothing else is looked at before they can be used".to_owned();
            told.tell(&Examined { about: "settings".to_owned(), finding: Finding::Odd(rest) });
        }
        None => {
            let findings: Vec<Finding> = match check::findings(settings) {
                findings if findings.is_empty() => vec![Finding::Well("every value can be used".to_owned())],
                findings => findings.into_iter().map(Finding::Odd).collect(),
            };
            for finding in findings {
                told.tell(&Examined { about: "settings".to_owned(), finding });
            }
            examine_each(settings, &SystemClock::shared(), &mut |examined| told.tell(&examined)).await;
        }
    }
    let Told { rows, wrong, closed, .. } = told;
    if let Some(error) = closed {
        return Err(error.into());
    }
    let all = rows.len();
    if output.is_json() {
        output.json(&json!({ "findings": rows, "wrong": wrong }))?;
    }
    anyhow::ensure!(wrong == 0, "{wrong} of {all} findings are wrong: see above");
    Ok(())
}

struct Told<'output> {
    output: &'output Output,
    rows: Vec<Value>,
    wrong: usize,
    /// Nobody reads any more.
    closed: Option<std::io::Error>,
}

impl Told<'_> {
    fn tell(&mut self, Examined { about, finding }: &Examined) {
        let state = state(finding);
        self.wrong += usize::from(matches!(finding, Finding::Wrong(_)));
        self.rows.push(json!({ "about": about, "state": state, "finding": finding.to_string() }));
        if !self.output.is_json() && self.closed.is_none() {
            self.closed = self.output.marked(state, 6, &format!("{about}: {finding}")).err();
        }
    }
}

fn state(finding: &Finding) -> &'static str {
    match finding {
        Finding::Well(_) => "ok",
        Finding::Odd(_) => "note",
        Finding::Wrong(_) => "WRONG",
    }
}
