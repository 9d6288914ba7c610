//! The tables as pages for people: `docs/ORDERS.md` and `docs/OPERATING.md` show what these write.

use std::fmt::Write;

use super::decision::Decision;
use super::limits::Limits;
use super::rows::Row;
use super::table::Wait;
use crate::attention::AttentionKind;
use crate::language::Language;

const ENGLISH: Language = Language::English;

/// The table of rows in Markdown.
pub fn page() -> String {
    let mut page = String::from(
        "| situation | state | next act | entry | what a person is to do | decisions | units |\n|---|---|---|---|---|---|---|\n",
    );
    for &row in Row::ALL {
        let line = row.line();
        let entry = match (line.kind, line.wait) {
            (Some(kind), _) => format!("`{}`", kind.as_str()),
            (None, Some(wait)) => wait_words(wait),
            (None, None) => "–".to_owned(),
        };
        let advice = match row.advice(ENGLISH) {
            "" => "–",
            advice => advice,
        };
        let units = if line.takes_stock { "subtracted" } else { "–" };
        // Writing to a text cannot fail.
        let _ = writeln!(
            page,
            "| {} | *{}* | {} | {entry} | {advice} | {} | {units} |",
            row.meaning(ENGLISH),
            line.state.as_str().replace('_', " "),
            line.act.words(ENGLISH),
            decisions(row.offers()),
        );
    }
    page
}

/// The decisions in Markdown, with what each does.
pub fn decision_page() -> String {
    let mut page = String::from("| decision | German | what it does |\n|---|---|---|\n");
    for &decision in Decision::ALL {
        let _ = writeln!(
            page,
            "| `{}` {} | {} | {} |",
            decision.as_str(),
            decision.label(ENGLISH),
            decision.label(Language::German),
            decision.sentence(ENGLISH),
        );
    }
    page
}

/// The kinds of entries that orders have, in Markdown: every row that has the kind, with its advice.
pub fn attention_page() -> String {
    let mut page = String::from("| kind | what happened | what to do | decisions |\n|---|---|---|---|\n");
    for kind in AttentionKind::ALL.into_iter().filter(|kind| kind.is_of_an_order()) {
        for &row in Row::ALL.iter().filter(|row| row.line().kind == Some(kind)) {
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} |",
                kind.as_str(),
                row.meaning(ENGLISH),
                row.advice(ENGLISH),
                decisions(row.offers()),
            );
        }
    }
    page
}

fn decisions(decisions: &[Decision]) -> String {
    match decisions {
        [] => "–".to_owned(),
        all => all.iter().map(|decision| format!("`{}`", decision.as_str())).collect::<Vec<_>>().join(" "),
    }
}

fn wait_words(wait: Wait) -> String {
    let deadline = "`late` before the deadline";
    match wait.limit(&Limits::default()).map(|limit| limit.as_hours()) {
        None => deadline.to_owned(),
        Some(hours) if hours % 24 == 0 && hours > 24 => {
            format!("`waiting` after {} days, {deadline}", hours / 24)
        }
        Some(hours) => format!("`waiting` after {hours} hours, {deadline}"),
    }
}
