//! The languages that people are spoken to in, and their clocks.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A language of messages and of the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    /// English; what is stored and logged.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// The language of a tag such as `de`, `de-AT` or `en_GB.UTF-8`; `None` if it is neither.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let tag = tag.trim().to_ascii_lowercase();
        let primary = tag.split(['-', '_', '.', ';']).next().unwrap_or_default();
        match primary {
            "en" => Some(Self::English),
            "de" => Some(Self::German),
            _ => None,
        }
    }

    /// Chooses the text in this language.
    pub fn of<T>(self, [english, german]: [T; 2]) -> T {
        match self {
            Self::English => english,
            Self::German => german,
        }
    }
}

/// The reader of a text: the language, and the zone in which times are written.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The language.
    pub language: Language,
    /// The zone.
    pub zone: TimeZone,
}

impl Reader {
    /// Of what is stored and logged.
    pub fn of_the_store() -> Self {
        Self { language: Language::English, zone: TimeZone::UTC }
    }

    /// A time in a sentence, to the minute.
    pub fn time(&self, time: Timestamp) -> String {
        let time = time.to_zoned(self.zone.clone());
        let form = self.language.of(["%Y-%m-%d %H:%M %Z", "%d.%m.%Y, %H:%M Uhr"]);
        time.strftime(form).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_the_readers_clock() {
        let time: Timestamp = "2026-11-29T23:30:00Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let german = Reader { language: Language::German, zone: zone.clone() };
        assert_eq!(german.time(time), "30.11.2026, 00:30 Uhr");
        let english = Reader { language: Language::English, zone };
        assert_eq!(english.time(time), "2026-11-30 00:30 CET");
        assert_eq!(Reader::of_the_store().time(time), "2026-11-29 23:30 UTC");
    }
}
