//! How numbers, addresses and words are typed. A refusal says what is expected, in words of people and not of a library.

use std::net::SocketAddr;

use clap::builder::PossibleValuesParser;
use marktwerk_domain::log::Level;

/// What a run can be.
pub(super) const RUN_STATES: [&str; 8] =
    ["waiting", "running", "retrying", "succeeded", "failed", "cancelled", "skipped", "lost"];
/// What can start a run.
pub(super) const TRIGGERS: [&str; 6] = ["schedule", "manual", "chain", "start_up", "again", "more_to_do"];
/// What a job can be.
pub(super) const JOB_STATUSES: [&str; 4] = ["IDLE", "RUNNING", "SUCCESS", "FAILED"];
/// How a job can be.
pub(super) const JOB_HEALTH: [&str; 3] = ["ok", "degraded", "paused"];
/// Languages of messages.
pub(super) const LANGUAGES: [&str; 2] = ["de", "en"];

/// One of these words, whatever their case (with `ignore_case`).
pub(super) fn one_of(words: impl IntoIterator<Item = &'static str>) -> PossibleValuesParser {
    PossibleValuesParser::new(words)
}

/// Several words as a server takes them; none where nothing was said.
pub(super) fn listed(words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| words.join(","))
}

/// How many: 1 or more.
pub(super) fn count(text: &str) -> Result<usize, String> {
    match whole(text)? {
        number if number >= 1 => usize::try_from(number).map_err(|_| "is too big a number".to_owned()),
        _ => Err("must be 1 or more".to_owned()),
    }
}

/// A name or number of something: empty it is none.
pub(super) fn name(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("is empty".to_owned()),
        text => Ok(text.to_owned()),
    }
}

/// The number of a run or an entry: 1 or more.
pub(super) fn number(text: &str) -> Result<i64, String> {
    match whole(text)? {
        number if number >= 1 => Ok(number),
        _ => Err("must be 1 or more".to_owned()),
    }
}

/// A whole number; what else holds for it, the server says.
pub(super) fn whole(text: &str) -> Result<i64, String> {
    let is_number = |text: &str| {
        let digits = text.strip_prefix('-').unwrap_or(text);
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    match text.trim() {
        text if is_number(text) => text.parse().map_err(|_| "is too big a number".to_owned()),
        _ => Err("must be a whole number".to_owned()),
    }
}

/// A number such as 1.5; what else holds for it, the server says.
pub(super) fn decimal(text: &str) -> Result<f64, String> {
    let number: Result<f64, _> = text.trim().parse();
    number.ok().filter(|number| number.is_finite()).ok_or_else(|| "must be a number such as 1.5".to_owned())
}

/// How many days back at the most: 1 to 365.
pub(super) fn days(text: &str) -> Result<u16, String> {
    match whole(text)? {
        days @ 1..=365 => Ok(days as u16),
        _ => Err("must be from 1 to 365 days".to_owned()),
    }
}

/// Where to listen.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let expected = || "must be an address with its port, such as 127.0.0.1:8000".to_owned();
    text.trim().replace("localhost:", "127.0.0.1:").parse().map_err(|_| expected())
}

/// A level of log lines.
pub(super) fn level(text: &str) -> Result<Level, String> {
    text.parse().map_err(|error: marktwerk_domain::log::NotALevel| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_refused_in_words() {
        assert_eq!((count("5"), number("7"), whole("-3")), (Ok(5), Ok(7), Ok(-3)));
        for text in ["many", "", "1.5", "1e3", "٣"] {
            assert_eq!(whole(text), Err("must be a whole number".to_owned()), "{text}");
        }
        assert!(whole("99999999999999999999").unwrap_err().contains("too big"));
        assert!(count("0").is_err() && number("-1").is_err() && days("366").is_err());
        assert!(decimal("two").is_err() && decimal("inf").is_err() && decimal("1.5").is_ok());
        assert_eq!(address("localhost:9").unwrap().to_string(), "127.0.0.1:9");
        assert!(address("8000").is_err());
    }
}
