//! `marktwerk doctor`: one line for each thing that was looked at, and a failure where one of them is wrong.

use marktwerk_domain::finding::Finding;
use serde_json::{Value, json};

use super::check;
use super::output::Output;
use crate::clock::SystemClock;
use crate::config::Settings;
use crate::doctor::{Examined, examine};

pub(super) async fn run(settings: &Settings, output: &Output) -> anyhow::Result<()> {
    let mut examined: Vec<Examined> = check::findings(settings)
        .into_iter()
        .map(|finding| Examined { about: "settings".to_owned(), finding: Finding::Odd(finding) })
        .collect();
    if examined.is_empty() {
        let finding = Finding::Well("every value can be used".to_owned());
        examined.push(Examined { about: "settings".to_owned(), finding });
    }
    examined.extend(examine(settings, &SystemClock::shared()).await);
    let wrong = examined.iter().filter(|one| matches!(one.finding, Finding::Wrong(_))).count();
    if output.is_json() {
        let rows: Vec<Value> = examined
            .iter()
            .map(|Examined { about, finding }| {
                json!({ "about": about, "state": state(finding), "finding": finding.to_string() })
            })
            .collect();
        output.json(&json!({ "findings": rows, "wrong": wrong }))?;
    } else {
        for Examined { about, finding } in &examined {
            output.line(&format!("{:<6} {about}: {finding}", state(finding)))?;
        }
    }
    anyhow::ensure!(wrong == 0, "{wrong} of {} findings are wrong: see above", examined.len());
    Ok(())
}

fn state(finding: &Finding) -> &'static str {
    match finding {
        Finding::Well(_) => "ok",
        Finding::Odd(_) => "note",
        Finding::Wrong(_) => "WRONG",
    }
}
