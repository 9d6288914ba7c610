//! What happened, in sentences, so that a person can follow how a promise was broken. Nothing is decided by it.

use std::fmt::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Sentences and their times.
#[derive(Debug, Default)]
pub(crate) struct Story(Vec<(Timestamp, String)>);

impl Story {
    pub(crate) fn tell(&mut self, at: Timestamp, sentence: impl Into<String>) {
        self.0.push((at, sentence.into()));
    }

    pub(crate) fn sentences(&self) -> usize {
        self.0.len()
    }

    /// The whole story, or only the sentences that name one of `about` and those that concern everybody.
    pub(crate) fn text(&self, about: &[String]) -> String {
        let mut text = String::new();
        let names_another = |sentence: &str| sentence.contains("PO-");
        let is_told = |sentence: &str| {
            about.is_empty()
                || !names_another(sentence)
                || about.iter().any(|name| sentence.contains(name.as_str()))
        };
        for (at, sentence) in self.0.iter().filter(|(_, sentence)| is_told(sentence)) {
            let at = at.to_zoned(TimeZone::UTC).strftime("%a %d %b %H:%M");
            let _ = writeln!(text, "  {at}  {sentence}");
        }
        text
    }
}

/// A promise that was broken.
#[derive(Debug, Clone)]
pub(crate) struct Violation {
    /// The promise.
    pub(crate) rule: &'static str,
    /// What is wrong.
    pub(crate) what: String,
    /// Order or article numbers that it is about.
    pub(crate) about: Vec<String>,
}

impl Violation {
    pub(crate) fn new(rule: &'static str, about: &str, what: impl Into<String>) -> Self {
        Self { rule, what: what.into(), about: vec![about.to_owned()] }
    }
}

pub(crate) const ONE_PARCEL: &str = "nobody gets two parcels for one order unless a person decided so";
pub(crate) const SEEN: &str = "no order waits longer than its limit unseen";
pub(crate) const OFFERS: &str =
    "units offered never exceed units there by more than was sold since the last complete read";
pub(crate) const MONEY: &str = "money handed to JTL equals what the marketplace said";
pub(crate) const ADVICE: &str = "advice that was followed ends the entry";
