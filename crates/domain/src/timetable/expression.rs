//! Reading a cron expression: what a person wrote is checked field by field, so that a refusal names the field and says what it
//! takes. What the fields mean is croner's business.
//!
//! The grammar is narrower than croner's where croner would take a slip of the pen for something else: names in the wrong field, empty
//! places in a list, a bare `L` as day of the week, steps wider than the field.

use croner::CronPattern;
use croner::parser::{CronParser, Seconds, Year};

/// Longer than anything sensible: sixty listed minutes fit.
const LONGEST: usize = 200;

const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// One of the six fields.
struct Field {
    name: &'static str,
    /// How many different values it has.
    values: u16,
    names: &'static [&'static str],
    /// What it takes beside numbers, names, lists, ranges and steps.
    special: Special,
    accepts: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Special {
    Nothing,
    /// `?`, `L`, `LW`, `15W`.
    DayOfMonth,
    /// `?`, `FRI#2`, `FRIL`, and a `+` before the whole field.
    DayOfWeek,
}

const FIELDS: [Field; 6] = [
    Field {
        name: "second",
        values: 60,
        names: &[],
        special: Special::Nothing,
        accepts: "0 to 59, as `0`, `0,30`, `10-20` or `*/15`",
    },
    Field {
        name: "minute",
        values: 60,
        names: &[],
        special: Special::Nothing,
        accepts: "0 to 59, as `5`, `0,30`, `10-20`, `*/15` or `10-40/5`",
    },
    Field {
        name: "hour",
        values: 24,
        names: &[],
        special: Special::Nothing,
        accepts: "0 to 23, as `8`, `8,12`, `8-18`, `*/2` or `8-18/2`",
    },
    Field {
        name: "day of the month",
        values: 31,
        names: &[],
        special: Special::DayOfMonth,
        accepts: "1 to 31, as `1`, `1,15`, `1-7` or `*/2`, `L` (the last), `15W` (the working day nearest to the 15th) or `LW` (the last \
                  working day)",
    },
    Field {
        name: "month",
        values: 12,
        names: &MONTHS,
        special: Special::Nothing,
        accepts: "1 to 12 or JAN to DEC, as `6`, `1,7`, `MAR-OCT` or `*/3`",
    },
    Field {
        name: "day of the week",
        values: 7,
        names: &WEEKDAYS,
        special: Special::DayOfWeek,
        accepts: "0 to 7 (0 and 7 are Sunday) or SUN to SAT, as `MON`, `MON-FRI`, `1,3`, `FRI#2` (the second Friday) or `FRIL` (the \
                  last one)",
    },
];

/// A cron expression that can be read.
pub(super) struct Expression {
    /// What it means. The year is not to be asked for.
    pub(super) pattern: CronPattern,
    /// Whether second, minute and hour are listed, without `*` and `/`.
    pub(super) has_fixed_times: bool,
}

/// Reads an expression; the error is for people and follows on the field's name `cron`.
pub(super) fn read(text: &str) -> Result<Expression, String> {
    if text.len() > LONGEST {
        return Err(format!("is longer than {LONGEST} characters"));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
        return Err("has characters that no cron expression has".to_owned());
    }
    let fields = fields(text)?;
    for (field, text) in FIELDS.iter().zip(fields) {
        field.check(text)?;
    }
    let pattern = parse(fields).ok_or_else(|| {
        let refused =
            FIELDS.iter().zip(fields).enumerate().find(|(place, (_, text))| !is_readable(*place, text));
        match refused {
            Some((_, (field, text))) => field.refuse(text),
            None => format!("`{}` cannot be read", text.trim()),
        }
    })?;
    Ok(Expression { pattern, has_fixed_times: !fields[..3].iter().any(|field| field.contains(['*', '/'])) })
}

/// The six fields, second first.
fn fields(text: &str) -> Result<[&str; 6], String> {
    let text = text.trim();
    let known = NICKNAMES.iter().find(|(nickname, _)| nickname.eq_ignore_ascii_case(text));
    let text = known.map_or(text, |(_, expression)| expression);
    if text.starts_with('@') {
        let known: Vec<_> = NICKNAMES.iter().map(|(nickname, _)| *nickname).collect();
        return Err(format!("`{text}` is not known; known are {}", known.join(", ")));
    }
    let parts: Vec<&str> = text.split_ascii_whitespace().collect();
    match parts[..] {
        [minute, hour, day, month, weekday] => Ok(["0", minute, hour, day, month, weekday]),
        [second, minute, hour, day, month, weekday] => Ok([second, minute, hour, day, month, weekday]),
        _ => {
            let found = match parts.len() {
                0 => "is empty".to_owned(),
                1 => "has one field".to_owned(),
                count => format!("has {count} fields"),
            };
            Err(format!(
                "{found}; it takes five (minute, hour, day of the month, month, day of the week) or six (second first)"
            ))
        }
    }
}

/// What croner makes of the fields. It keeps a table of 5,000 years for a seventh field that is never asked for; a single year
/// there spares filling it.
fn parse(fields: [&str; 6]) -> Option<CronPattern> {
    let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Required).build();
    parser.parse(&format!("{} 1", fields.join(" "))).ok().map(|cron| cron.pattern)
}

fn is_readable(place: usize, text: &str) -> bool {
    let mut fields = ["*"; 6];
    fields[place] = text;
    parse(fields).is_some()
}

impl Field {
    fn check(&self, text: &str) -> Result<(), String> {
        let items = match self.special {
            Special::DayOfWeek => text.strip_prefix('+').unwrap_or(text),
            Special::Nothing | Special::DayOfMonth => text,
        };
        let has = |wanted: &str| items.split(',').any(|item| item.eq_ignore_ascii_case(wanted));
        if has("L") && has("LW") {
            // croner would drop the `L`.
            return Err(format!("{} `{text}`: takes `L` or `LW`, not both", self.name));
        }
        for item in items.split(',') {
            if item.is_empty() {
                return Err(format!("{} `{text}`: the list has an empty place", self.name));
            }
            let (base, step) = match item.split_once('/') {
                Some((base, step)) => (base, Some(step)),
                None => (item, None),
            };
            if let Some(step) = step.filter(|step| is_number(step))
                && !step.parse().is_ok_and(|step: u16| (1..=self.values).contains(&step))
            {
                return Err(format!(
                    "{} `{text}`: a step is from 1 to {}; a longer rhythm is an interval",
                    self.name, self.values
                ));
            }
            let is_of_this_field = match step {
                Some(step) => is_number(step) && self.is_range(base),
                None => self.is_range(base) || self.is_special(base),
            };
            if !is_of_this_field {
                return Err(self.refuse(text));
            }
        }
        Ok(())
    }

    fn refuse(&self, text: &str) -> String {
        format!(
            "{} `{text}`: takes `*` or {}; ranges go upwards, a step follows `*` or a range",
            self.name, self.accepts
        )
    }

    /// `*`, `4`, `4-6`, with names where the field has some.
    fn is_range(&self, text: &str) -> bool {
        match text.split_once('-') {
            Some((from, to)) => self.is_value(from) && self.is_value(to),
            None => text == "*" || self.is_value(text),
        }
    }

    fn is_value(&self, text: &str) -> bool {
        is_number(text) || self.names.iter().any(|name| name.eq_ignore_ascii_case(text))
    }

    fn is_special(&self, text: &str) -> bool {
        let text = text.to_ascii_uppercase();
        match self.special {
            Special::Nothing => false,
            Special::DayOfMonth => {
                matches!(text.as_str(), "?" | "L" | "LW") || text.strip_suffix('W').is_some_and(is_number)
            }
            Special::DayOfWeek => match text.split_once('#') {
                Some((day, number)) => self.is_value(day) && is_number(number),
                None => text == "?" || text.strip_suffix('L').is_some_and(|day| self.is_value(day)),
            },
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_times_are_fixed_and_stars_and_steps_are_not() {
        let is_fixed = |text| read(text).map(|expression| expression.has_fixed_times).unwrap();
        for fixed in ["30 2,14 * * *", "0 1-4 * * *", "0,30 0-23 */2 * MON-FRI", "15 30 2 * * *", "@daily"] {
            assert!(is_fixed(fixed), "{fixed}");
        }
        for followed in
            ["*/30 * * * *", "0 * * * *", "* 2 * * *", "10-40/10 2 * * *", "* 30 2 * * *", "@hourly"]
        {
            assert!(!is_fixed(followed), "{followed}");
        }
    }

    #[test]
    fn names_are_read_in_capitals_or_not_and_sunday_has_two_numbers() {
        for (one, other) in
            [("0 0 * mar Sun", "0 0 * 3 0"), ("0 0 * * 7", "0 0 * * 0"), ("0 0 ? * fri-SUN", "0 0 * * 5-7")]
        {
            assert!(read(one).unwrap().pattern == read(other).unwrap().pattern, "{one}");
        }
    }

    #[test]
    fn what_the_grammar_takes_croner_takes_too() {
        for text in [
            "1,2,3-5 * * * *",
            "*/60 * * * *",
            "0 */24 * * *",
            "0 0 */31 */12 */7",
            "0 0 1W,15W,LW 1-12/3 MON#1,5L",
            " 0\t0 1 1 * ",
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
    }
}
