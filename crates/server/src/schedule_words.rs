//! A schedule in plain words, German and English: said here, so that screen, interface and commands say the same. A cron
//! expression that has no simple sentence is shown as it is.

use marktwerk_domain::policy::{After, On, written_time};
use marktwerk_domain::schedule::{CountedFrom, Schedule};
use serde::Serialize;
use utoipa::ToSchema;

/// The same in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct InWords {
    /// German.
    #[schema(example = "montags bis freitags um 02:30 Uhr")]
    pub(crate) de: String,
    /// English.
    #[schema(example = "Monday to Friday at 02:30")]
    pub(crate) en: String,
}

impl InWords {
    fn new(de: impl Into<String>, en: impl Into<String>) -> Self {
        Self { de: de.into(), en: en.into() }
    }

    /// In the language of a page.
    pub(crate) fn of(&self, language: &str) -> &str {
        if language == "de" { &self.de } else { &self.en }
    }
}

/// When a job runs by itself.
pub(crate) fn in_words(schedule: &Schedule, after: &[After]) -> InWords {
    let own = match schedule {
        Schedule::Every { seconds, from } => Some(interval(*seconds, *from)),
        Schedule::Cron { expression } => Some(cron(expression)),
        Schedule::Daily { at } => {
            let times: Vec<String> = at.iter().copied().map(written_time).collect();
            Some(InWords::new(
                format!("täglich um {} Uhr", list(&times, "und")),
                format!("daily at {}", list(&times, "and")),
            ))
        }
        // `Schedule` may grow.
        _ => None,
    };
    match (own, after) {
        (Some(own), []) => own,
        (None, []) => InWords::new("nur von Hand", "by hand only"),
        (own, after) => {
            let (de, en): (Vec<String>, Vec<String>) = after.iter().map(follows).unzip();
            let chain =
                InWords::new(format!("nach {}", list(&de, "oder")), format!("after {}", list(&en, "or")));
            match own {
                Some(own) => {
                    InWords::new(format!("{}; {}", own.de, chain.de), format!("{}; {}", own.en, chain.en))
                }
                None => chain,
            }
        }
    }
}

fn follows(after: &After) -> (String, String) {
    let (de, en) = match after.on {
        On::Success => ("", ""),
        On::Failure => (" (bei Fehlschlag)", " (on failure)"),
        On::Always => (" (immer)", " (always)"),
    };
    (format!("{}{de}", after.job), format!("{}{en}", after.job))
}

fn interval(seconds: u32, from: CountedFrom) -> InWords {
    let every = every(seconds);
    match from {
        CountedFrom::Start => every,
        CountedFrom::Finish => InWords::new(
            format!("{}, gezählt vom Ende des letzten Laufs", every.de),
            format!("{}, counted from the end of the last run", every.en),
        ),
    }
}

/// `alle 5 Minuten`.
fn every(seconds: u32) -> InWords {
    const UNITS: [(u32, &str, &str, &str); 4] = [
        (86_400, "jeden Tag", "Tage", "day"),
        (3_600, "jede Stunde", "Stunden", "hour"),
        (60, "jede Minute", "Minuten", "minute"),
        (1, "jede Sekunde", "Sekunden", "second"),
    ];
    let unit = UNITS.into_iter().find(|(length, ..)| seconds.is_multiple_of(*length));
    let (length, one, many, english) = unit.unwrap_or(UNITS[3]);
    match seconds / length {
        1 => InWords::new(one, format!("every {english}")),
        count => InWords::new(format!("alle {count} {many}"), format!("every {count} {english}s")),
    }
}

fn cron(expression: &str) -> InWords {
    sentence(expression).unwrap_or_else(|| {
        let told = format!("cron {}", expression.trim());
        InWords::new(told.clone(), told)
    })
}

/// The sentence of an expression that has a simple one.
fn sentence(expression: &str) -> Option<InWords> {
    let fields: Vec<&str> = expression.split_whitespace().collect();
    let [minute, hour, "*" | "?", "*", weekday] = *fields.as_slice() else { return None };
    let on = days(weekday)?;
    if let Some(step) = minute.strip_prefix("*/") {
        let step: u32 = step.parse().ok().filter(|step| 60_u32.is_multiple_of(*step))?;
        let every = every(step * 60);
        let (from, to) = match hour {
            "*" => return Some(on.before(&every)),
            hours => {
                hours.split_once('-').and_then(|(from, to)| Some((number(from, 23)?, number(to, 23)?)))?
            }
        };
        let within = InWords::new(
            format!("{} von {} bis {} Uhr", every.de, clock(from, 0), clock(to, 59)),
            format!("{} from {} to {}", every.en, clock(from, 0), clock(to, 59)),
        );
        return Some(on.before(&within));
    }
    if hour == "*" {
        let every = match minute {
            "*" => every(60),
            minute => {
                let minute = number(minute, 59)?;
                InWords::new(
                    format!("jede Stunde zur Minute {minute:02}"),
                    format!("every hour at minute {minute:02}"),
                )
            }
        };
        return Some(on.before(&every));
    }
    let (minutes, hours) = (numbers(minute, 59)?, numbers(hour, 23)?);
    let mut times: Vec<(i8, i8)> =
        hours.iter().flat_map(|hour| minutes.iter().map(|minute| (*hour, *minute))).collect();
    times.sort_unstable();
    if times.len() > 6 {
        return None;
    }
    let times: Vec<String> = times.into_iter().map(|(hour, minute)| clock(hour, minute)).collect();
    let at = InWords::new(format!("um {} Uhr", list(&times, "und")), format!("at {}", list(&times, "and")));
    let daily = InWords::new("täglich", "daily");
    Some(if on.de.is_empty() { daily.before(&at) } else { on.before(&at) })
}

impl InWords {
    /// This, then the other.
    fn before(&self, other: &Self) -> Self {
        let joined = |one: &str, other: &str| [one, other].join(" ").trim().to_owned();
        Self::new(joined(&self.de, &other.de), joined(&self.en, &other.en))
    }
}

/// Days of the week in front of a time; empty for all days.
fn days(field: &str) -> Option<InWords> {
    const DAYS: [(&str, &str, &str); 7] = [
        ("SUN", "sonntags", "Sunday"),
        ("MON", "montags", "Monday"),
        ("TUE", "dienstags", "Tuesday"),
        ("WED", "mittwochs", "Wednesday"),
        ("THU", "donnerstags", "Thursday"),
        ("FRI", "freitags", "Friday"),
        ("SAT", "samstags", "Saturday"),
    ];
    let day = |word: &str| {
        let named = DAYS.iter().find(|(name, ..)| name.eq_ignore_ascii_case(word));
        named.or_else(|| word.parse::<usize>().ok().filter(|day| *day <= 7).map(|day| &DAYS[day % 7]))
    };
    if matches!(field, "*" | "?") {
        return Some(InWords::new("", ""));
    }
    if let Some((from, to)) = field.split_once('-') {
        let ((_, from_de, from_en), (_, to_de, to_en)) = (day(from)?, day(to)?);
        return Some(InWords::new(format!("{from_de} bis {to_de}"), format!("{from_en} to {to_en}")));
    }
    let days: Option<Vec<_>> = field.split(',').map(day).collect();
    let (de, en): (Vec<String>, Vec<String>) =
        days?.into_iter().map(|(_, de, en)| ((*de).to_owned(), (*en).to_owned())).unzip();
    Some(InWords::new(list(&de, "und"), format!("on {}", list(&en, "and"))))
}

fn numbers(field: &str, most: i8) -> Option<Vec<i8>> {
    field.split(',').map(|one| number(one, most)).collect()
}

fn number(text: &str, most: i8) -> Option<i8> {
    text.parse().ok().filter(|number| (0..=most).contains(number))
}

/// `02:30`.
fn clock(hour: i8, minute: i8) -> String {
    format!("{hour:02}:{minute:02}")
}

/// `a, b und c`.
fn list(words: &[String], last: &str) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use marktwerk_domain::job::JobId;

    use super::*;

    #[test]
    fn a_cron_that_has_a_sentence_is_told_in_it() {
        let cases = [
            ("*/15 * * * *", "alle 15 Minuten", "every 15 minutes"),
            ("* * * * *", "jede Minute", "every minute"),
            ("5 * * * *", "jede Stunde zur Minute 05", "every hour at minute 05"),
            ("30 2,14 * * *", "täglich um 02:30 und 14:30 Uhr", "daily at 02:30 and 14:30"),
            ("0 8 * * MON-FRI", "montags bis freitags um 08:00 Uhr", "Monday to Friday at 08:00"),
            ("0 8 * * 0,6", "sonntags und samstags um 08:00 Uhr", "on Sunday and Saturday at 08:00"),
            (
                "*/30 6-22 * * *",
                "alle 30 Minuten von 06:00 bis 22:59 Uhr",
                "every 30 minutes from 06:00 to 22:59",
            ),
            ("0 8 29 2 *", "cron 0 8 29 2 *", "cron 0 8 29 2 *"),
            ("*/45 * * * *", "cron */45 * * * *", "cron */45 * * * *"),
        ];
        for (expression, de, en) in cases {
            let schedule = Schedule::Cron { expression: expression.to_owned() };
            assert_eq!(in_words(&schedule, &[]), InWords::new(de, en), "{expression}");
        }
    }

    #[test]
    fn intervals_and_chains_are_told() {
        let five = Schedule::every_seconds(300);
        assert_eq!(in_words(&five, &[]).de, "alle 5 Minuten");
        let finish = Schedule::Every { seconds: 3_600, from: CountedFrom::Finish };
        assert_eq!(in_words(&finish, &[]).en, "every hour, counted from the end of the last run");
        let after = [
            After { job: JobId("a".to_owned()), on: On::Success },
            After { job: JobId("b".to_owned()), on: On::Failure },
        ];
        assert_eq!(in_words(&Schedule::Manual, &after).de, "nach a oder b (bei Fehlschlag)");
        assert_eq!(in_words(&five, &after[..1]).en, "every 5 minutes; after a");
        assert_eq!(in_words(&Schedule::Manual, &[]).en, "by hand only");
    }
}
