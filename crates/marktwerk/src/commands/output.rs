//! What a command prints: aligned tables and lines for people, JSON for programs.

use std::io::{self, Write};

use serde_json::Value;

/// Stdout, for people or for programs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    is_json: bool,
}

impl Output {
    pub(super) fn new(is_json: bool) -> Self {
        Self { is_json }
    }

    pub(super) fn is_json(self) -> bool {
        self.is_json
    }

    /// One line, seen at once.
    pub(super) fn line(self, text: &str) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{text}")?;
        stdout.flush()
    }

    /// One line beside the output, for a person who watches.
    pub(super) fn aside(self, text: &str) -> io::Result<()> {
        writeln!(io::stderr().lock(), "marktwerk: {text}")
    }

    /// A value as JSON.
    pub(super) fn json(self, value: &Value) -> io::Result<()> {
        self.line(&format!("{value:#}"))
    }

    /// A list: the values as they came, or a table with these columns.
    pub(super) fn list(self, values: &Value, columns: &[Column]) -> io::Result<()> {
        if self.is_json {
            return self.json(values);
        }
        let rows = values.as_array().map(Vec::as_slice).unwrap_or_default();
        if rows.is_empty() {
            return self.line("none");
        }
        let mut table: Vec<Vec<String>> =
            vec![columns.iter().map(|column| column.title.to_owned()).collect()];
        table.extend(rows.iter().map(|row| columns.iter().map(|column| column.text(row)).collect()));
        self.table(&table)
    }

    /// One thing: the value as it came, or a line per column.
    pub(super) fn one(self, value: &Value, columns: &[Column]) -> io::Result<()> {
        if self.is_json {
            return self.json(value);
        }
        self.table(&columns.iter().map(|column| column.row(value)).collect::<Vec<_>>())
    }

    /// Rows with their columns aligned.
    pub(super) fn table(self, rows: &[Vec<String>]) -> io::Result<()> {
        let mut widths: Vec<usize> = Vec::new();
        for row in rows {
            widths.resize(widths.len().max(row.len()), 0);
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        for row in rows {
            let cells: Vec<String> =
                row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
            self.line(cells.join("  ").trim_end())?;
        }
        Ok(())
    }
}

/// A column of a table: its title and where the value stands in a JSON object, as a JSON pointer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    pointer: &'static str,
    /// Where the first one has nothing.
    other: Option<&'static str>,
}

/// A column.
pub(super) const fn column(title: &'static str, pointer: &'static str) -> Column {
    Column { title, pointer, other: None }
}

/// A column with a value that stands in one of two places.
pub(super) const fn either(title: &'static str, pointer: &'static str, other: &'static str) -> Column {
    Column { title, pointer, other: Some(other) }
}

impl Column {
    fn text(self, row: &Value) -> String {
        let found = |pointer| row.pointer(pointer).filter(|value| !value.is_null());
        let value = found(self.pointer).or_else(|| self.other.and_then(found));
        value.or_else(|| row.pointer(self.pointer)).map(plain).unwrap_or_default()
    }

    /// Title and value.
    pub(super) fn row(self, row: &Value) -> Vec<String> {
        vec![self.title.to_owned(), self.text(row)]
    }
}

/// A JSON value as people write it; control characters of others' texts are written out.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => {
            text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
        }
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
            fields.join(", ")
        }
        Value::Number(number) if number.is_f64() => format!("{:.2}", number.as_f64().unwrap_or_default()),
        other => other.to_string(),
    }
}
