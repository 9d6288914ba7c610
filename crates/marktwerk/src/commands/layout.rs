//! Tables as text: aligned, and no wider than the terminal. What does not fit loses first the columns that are not needed, unless cutting
//! long texts makes room enough, then the ends of its longest texts; `show` and `--json` have them whole.

use console::{Style, measure_text_width};
use jiff::Timestamp;
use jiff::fmt::temporal::Pieces;
use jiff::tz::TimeZone;

const BETWEEN: &str = "  ";
/// A column is not cut below this.
const LEAST: usize = 8;
/// So much of a long text is worth more than another column.
const COMFORTABLE: usize = 40;

/// A cell of a table.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub(super) text: String,
    /// Left out with its column where there is no room.
    pub(super) is_wide: bool,
}

/// The cells of each row, padded and cut.
pub(super) fn table(mut rows: Vec<Vec<Cell>>, width: Option<usize>) -> Vec<Vec<String>> {
    let mut widths = widths_of(&rows);
    if let Some(most) = width {
        while total(&comfortable(&widths)) > most
            && let Some(last) = rows.first().and_then(|row| row.iter().rposition(|cell| cell.is_wide))
        {
            remove(&mut rows, &mut widths, last);
        }
        // The first column is what a row is called by: it is cut last.
        shrink(&mut widths, most, 1);
        shrink(&mut widths, most, 0);
        while total(&widths) > most && widths.len() > 1 {
            let last = widths.len() - 1;
            remove(&mut rows, &mut widths, last);
        }
    }
    let padded = |row: Vec<Cell>| -> Vec<String> {
        row.into_iter().zip(&widths).map(|(cell, width)| pad(&cut(&cell.text, *width), *width)).collect()
    };
    rows.into_iter().map(padded).collect()
}

/// Names and values in two columns; a value that is longer than its line goes on below.
pub(super) fn pairs(rows: &[Vec<String>], width: Option<usize>) -> Vec<Vec<String>> {
    let cell = |row: &[String], index: usize| row.get(index).cloned().unwrap_or_default();
    let names = rows.iter().map(|row| measure_text_width(&cell(row, 0))).max().unwrap_or_default();
    let room = width.map(|width| width.saturating_sub(names + BETWEEN.len()).max(LEAST));
    let mut lines = Vec::new();
    for row in rows {
        let value = cell(row, 1);
        let pieces = room.map_or_else(|| vec![value.clone()], |room| wrapped(&value, room));
        for (index, piece) in pieces.into_iter().enumerate() {
            let name = if index == 0 { cell(row, 0) } else { String::new() };
            lines.push(vec![pad(&name, names), piece]);
        }
    }
    lines
}

/// A row as a line; words that say how something is have a colour.
pub(super) fn line(cells: &[String], is_title: bool, has_colour: bool) -> String {
    let plain = cells.join(BETWEEN);
    let plain = plain.trim_end();
    if !has_colour {
        return plain.to_owned();
    }
    if is_title {
        return bold(plain, true);
    }
    let cells: Vec<String> = cells.iter().map(|cell| painted(cell.trim(), cell, true)).collect();
    cells.join(BETWEEN).trim_end().to_owned()
}

/// A text in the colour of a word that says how something is.
pub(super) fn painted(word: &str, text: &str, has_colour: bool) -> String {
    let style = match word {
        "SUCCESS" | "succeeded" | "ok" | "done" | "reported" => Style::new().green(),
        "FAILED" | "failed" | "lost" | "WRONG" | "ERROR" | "error" | "unhealthy" | "set_aside"
        | "unclear" => Style::new().red(),
        "RUNNING" | "running" => Style::new().cyan(),
        "WARNING" | "note" | "degraded" | "paused" | "retrying" | "cancelled" | "skipped" => {
            Style::new().yellow()
        }
        "-" | "none" => Style::new().dim(),
        _ => return text.to_owned(),
    };
    if has_colour { style.force_styling(true).apply_to(text).to_string() } else { text.to_owned() }
}

pub(super) fn bold(text: &str, has_colour: bool) -> String {
    if has_colour {
        Style::new().bold().force_styling(true).apply_to(text).to_string()
    } else {
        text.to_owned()
    }
}

/// A time with its offset as somebody says it who knows what day it is: `14:05:07`, `Tue 03:30`, `2026-11-30`. None for other texts.
pub(super) fn short_time(text: &str, now: Timestamp) -> Option<String> {
    let is_time = text.len() >= 20 && text.as_bytes().get(10) == Some(&b'T');
    let time: Timestamp = if is_time { text.parse().ok()? } else { return None };
    let zone = TimeZone::fixed(Pieces::parse(text).ok()?.to_numeric_offset()?);
    let (time, now) = (time.to_zoned(zone.clone()), now.to_zoned(zone));
    let days = (time.date() - now.date()).get_days();
    Some(match days {
        0 => time.strftime("%H:%M:%S").to_string(),
        -6..=6 => time.strftime("%a %H:%M").to_string(),
        _ => time.strftime("%Y-%m-%d").to_string(),
    })
}

fn comfortable(widths: &[usize]) -> Vec<usize> {
    widths.iter().map(|width| (*width).min(COMFORTABLE)).collect()
}

fn widths_of(rows: &[Vec<Cell>]) -> Vec<usize> {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(measure_text_width(&cell.text));
        }
    }
    widths
}

/// The columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    measure_text_width(text)
}

/// The columns that a row of these widths takes.
pub(super) fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + BETWEEN.len() * widths.len().saturating_sub(1)
}

fn remove(rows: &mut [Vec<Cell>], widths: &mut Vec<usize>, column: usize) {
    widths.remove(column);
    for row in rows.iter_mut().filter(|row| row.len() > column) {
        row.remove(column);
    }
}

/// Takes from the widest column from `first` on, until the row fits or nothing more can be taken.
fn shrink(widths: &mut [usize], most: usize, first: usize) {
    while total(widths) > most
        && let Some(widest) =
            widths.iter_mut().skip(first).filter(|width| **width > LEAST).max_by_key(|width| **width)
    {
        *widest -= 1;
    }
}

fn cut(text: &str, width: usize) -> String {
    if measure_text_width(text) <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    for letter in text.chars() {
        if measure_text_width(&short) + 2 > width {
            break;
        }
        short.push(letter);
    }
    short.push('…');
    short
}

fn pad(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(measure_text_width(text))))
}

fn wrapped(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last().map_or(0, |line| measure_text_width(line));
        if last > 0 && last + 1 + measure_text_width(word) > room {
            lines.push(String::new());
        }
        let mut word: Vec<char> = word.chars().collect();
        while let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            let free = room.saturating_sub(measure_text_width(line)).max(1);
            let rest = if word.len() > free { word.split_off(free) } else { Vec::new() };
            line.extend(word);
            if rest.is_empty() {
                break;
            }
            word = rest;
            lines.push(String::new());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(texts: &[&[&str]], wide: &[usize]) -> Vec<Vec<Cell>> {
        let row = |row: &&[&str]| -> Vec<Cell> {
            let cell = |(index, text): (usize, &&str)| Cell {
                text: (*text).to_owned(),
                is_wide: wide.contains(&index),
            };
            row.iter().enumerate().map(cell).collect()
        };
        texts.iter().map(row).collect()
    }

    fn lines(rows: &[Vec<String>]) -> Vec<String> {
        rows.iter().map(|row| line(row, false, false)).collect()
    }

    #[test]
    fn nothing_is_cut_without_a_width() {
        let texts: &[&[&str]] = &[&["JOB", "DESCRIPTION"], &["a", "ä long text"]];
        assert_eq!(lines(&table(rows(texts, &[1]), None)), ["JOB  DESCRIPTION", "a    ä long text"]);
    }

    #[test]
    fn what_is_not_needed_goes_first_and_then_the_longest_is_cut() {
        let text = "a text that is much longer than the terminal is wide, and goes on for a while";
        let texts: &[&[&str]] = &[&["JOB", "TYPE", "WHY"], &["orders", "order_workflow", text]];
        let fitted = lines(&table(rows(texts, &[1]), Some(40)));
        assert_eq!(fitted[0], "JOB     WHY");
        assert!(fitted[1].starts_with("orders  a text that") && fitted[1].ends_with('…'), "{fitted:?}");
        for width in 20..100 {
            let most = lines(&table(rows(texts, &[1]), Some(width)));
            assert!(most.iter().all(|line| line.chars().count() <= width), "{width}: {most:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_before_a_column_goes() {
        let text = "a text that is much longer than the terminal is wide, and goes on for a while";
        let texts: &[&[&str]] = &[&["ENTRY", "ABOUT", "MESSAGE"], &["7", "PO-1", text]];
        assert!(lines(&table(rows(texts, &[1]), Some(60)))[1].starts_with("7      PO-1   a text that"));
    }

    #[test]
    fn a_long_value_goes_on_below_itself() {
        let row = |name: &str, value: &str| vec![name.to_owned(), value.to_owned()];
        let pairs = pairs(&[row("WHY", "one two three four"), row("LONG", "abcdefghijklmnop")], Some(16));
        let expected = ["WHY   one two", "      three four", "LONG  abcdefghij", "      klmnop"];
        assert_eq!(lines(&pairs), expected);
    }

    #[test]
    fn times_are_told_from_today() {
        let now = "2026-11-04T13:30:00Z".parse().unwrap();
        for (time, short) in [
            ("2026-11-04T14:05:07.123+01:00", Some("14:05:07")),
            ("2026-11-05T03:30:00.000+01:00", Some("Thu 03:30")),
            ("2026-11-01T03:30:00.000+01:00", Some("Sun 03:30")),
            ("2026-10-01T03:30:00.000+02:00", Some("2026-10-01")),
            ("PO-076-1", None),
        ] {
            assert_eq!(short_time(time, now).as_deref(), short);
        }
    }
}
