//! The table as a page for people: `docs/ORDERS.md` shows what this writes.

use std::fmt::Write;

use super::rows::Row;

/// The table in Markdown, one line per row.
pub fn page() -> String {
    let mut page = String::from(
        "| situation | state | next act | entry | what a person is to do | units |\n|---|---|---|---|---|---|\n",
    );
    for &row in Row::ALL {
        let line = row.line();
        let entry = line.kind.map_or("–".to_owned(), |kind| format!("`{}`", kind.as_str()));
        let advice = match row.advice() {
            "" => "–",
            advice => advice,
        };
        let units = if line.takes_stock { "subtracted" } else { "–" };
        // Writing to a text cannot fail.
        let _ = writeln!(
            page,
            "| {} | *{}* | {} | {entry} | {advice} | {units} |",
            row.meaning(),
            line.state.as_str().replace('_', " "),
            line.act.words(),
        );
    }
    page
}
