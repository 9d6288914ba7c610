//! What a command prints: tables and lines for people, JSON for programs. On a terminal a table fits its width, times are short and state
//! words have colours; into a pipe goes everything as it is, as `gh` and `kubectl` do.

use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use jiff::Timestamp;
use serde_json::Value;

use super::layout::{self, Cell};
use crate::clock::SystemClock;
use crate::config::Environment;

/// The narrowest output that a table is made for.
const NARROWEST: usize = 20;

/// The width of a terminal that does not say it, such as a serial line or one that `docker exec` makes.
const USUAL: usize = 80;

/// When there are colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    /// Also into a pipe or file
    Always,
    /// Nowhere
    Never,
}

/// Stdout, for people or for programs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    is_json: bool,
    has_colour: bool,
    /// Columns of the terminal; none means that nothing is cut.
    width: Option<usize>,
    /// Where a person watches: then times are told from here.
    now: Option<Timestamp>,
}

impl Output {
    pub(super) fn new(is_json: bool, colour: ColorChoice, environment: &Environment) -> Self {
        let is_terminal = io::stdout().is_terminal();
        // Exported by hand: the shell's own is not, so that scripts are not cut.
        let columns = environment.get("COLUMNS").and_then(|(columns, _)| columns.trim().parse().ok());
        let of_terminal =
            || is_terminal.then(console::Term::stdout).and_then(|terminal| terminal.size_checked());
        let width = columns
            .or_else(|| of_terminal().map(|(_, columns)| usize::from(columns)))
            .or(is_terminal.then_some(USUAL));
        Self {
            is_json,
            has_colour: colour.is_on(is_terminal, environment),
            width: width.map(|width| width.max(NARROWEST)),
            now: (is_terminal || width.is_some()).then(|| SystemClock::shared().now()),
        }
    }

    pub(super) fn is_json(self) -> bool {
        self.is_json
    }

    pub(super) fn has_colour(self) -> bool {
        self.has_colour
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

    /// A line with a word in front that has the colour of its meaning.
    pub(super) fn marked(self, word: &str, width: usize, text: &str) -> io::Result<()> {
        self.line(&format!("{} {text}", layout::painted(word, &format!("{word:<width$}"), self.has_colour)))
    }

    /// A heading.
    pub(super) fn heading(self, text: &str) -> io::Result<()> {
        self.line(&layout::bold(text, self.has_colour))
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
        let titles =
            columns.iter().map(|column| Cell { text: column.title.to_owned(), is_wide: column.is_wide });
        let mut table: Vec<Vec<Cell>> = vec![titles.collect()];
        table.extend(rows.iter().map(|row| {
            columns
                .iter()
                .map(|column| Cell { text: self.text(*column, row), is_wide: column.is_wide })
                .collect()
        }));
        self.print(&layout::table(table, self.width), true)
    }

    /// A list of which nothing is cut: where a table has no room, each value by itself.
    pub(super) fn whole(self, values: &Value, columns: &[Column]) -> io::Result<()> {
        let rows = values.as_array().map(Vec::as_slice).unwrap_or_default();
        let widest = |column: &Column| {
            let texts = rows.iter().map(|row| layout::width(&self.text(*column, row)));
            texts.max().unwrap_or_default().max(layout::width(column.title))
        };
        let needed = layout::total(&columns.iter().map(widest).collect::<Vec<_>>());
        if self.is_json || self.width.is_none_or(|width| needed <= width) {
            return self.list(values, columns);
        }
        for (index, row) in rows.iter().enumerate() {
            if index > 0 {
                self.line("")?;
            }
            self.one(row, columns)?;
        }
        Ok(())
    }

    /// One thing: the value as it came, or a line per column.
    pub(super) fn one(self, value: &Value, columns: &[Column]) -> io::Result<()> {
        if self.is_json {
            return self.json(value);
        }
        self.pairs(&columns.iter().map(|column| self.pair(*column, value)).collect::<Vec<_>>())
    }

    /// Title and value of a column.
    pub(super) fn pair(self, column: Column, value: &Value) -> Vec<String> {
        vec![column.title.to_owned(), self.text(column, value)]
    }

    /// Names with their values; a long value goes on below itself.
    pub(super) fn pairs(self, rows: &[Vec<String>]) -> io::Result<()> {
        self.print(&layout::pairs(rows, self.width), false)
    }

    /// Rows with their columns aligned.
    pub(super) fn table(self, rows: &[Vec<String>]) -> io::Result<()> {
        let cells = rows
            .iter()
            .map(|row| row.iter().map(|text| Cell { text: text.clone(), is_wide: false }).collect());
        self.print(&layout::table(cells.collect(), self.width), false)
    }

    fn print(self, rows: &[Vec<String>], has_titles: bool) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        for (index, row) in rows.iter().enumerate() {
            writeln!(stdout, "{}", layout::line(row, has_titles && index == 0, self.has_colour))?;
        }
        stdout.flush()
    }

    /// A value as a person reads it; a time is short where somebody watches.
    pub(super) fn plain(self, value: &Value) -> String {
        let short = self.now.and_then(|now| layout::short_time(value.as_str()?, now));
        short.unwrap_or_else(|| plain(value))
    }

    fn text(self, column: Column, row: &Value) -> String {
        column.value(row).map(|value| self.plain(value)).unwrap_or_default()
    }
}

impl ColorChoice {
    /// <https://no-color.org>: any value but an empty one.
    fn is_on(self, is_terminal: bool, environment: &Environment) -> bool {
        let is_dumb = environment.get("TERM").is_some_and(|(term, _)| term == "dumb");
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => is_terminal && !is_dumb && environment.get("NO_COLOR").is_none(),
        }
    }
}

/// A column of a table: its title and where the value stands in a JSON object, as a JSON pointer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    title: &'static str,
    pointer: &'static str,
    /// Where the first one has nothing.
    other: Option<&'static str>,
    /// Shown only if there is room for it.
    is_wide: bool,
}

/// A column.
pub(super) const fn column(title: &'static str, pointer: &'static str) -> Column {
    Column { title, pointer, other: None, is_wide: false }
}

/// A column that is left out where the terminal has no room for it.
pub(super) const fn wide(title: &'static str, pointer: &'static str) -> Column {
    Column { title, pointer, other: None, is_wide: true }
}

/// A column with a value that stands in one of two places.
pub(super) const fn either(title: &'static str, pointer: &'static str, other: &'static str) -> Column {
    Column { title, pointer, other: Some(other), is_wide: false }
}

impl Column {
    fn value(self, row: &Value) -> Option<&Value> {
        let found = |pointer| row.pointer(pointer).filter(|value| !value.is_null());
        let value = found(self.pointer).or_else(|| self.other.and_then(found));
        value.or_else(|| row.pointer(self.pointer))
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
