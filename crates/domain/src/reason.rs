//! Why something is as it is, said in both languages where its facts are known.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::language::Language;

/// A reason for people. It is stored as a plain string if there is only one language: somebody else's words, or an earlier version's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Reason {
    /// In English; or as somebody else wrote it.
    pub english: String,
    /// In German, where it is a reason of our own.
    pub german: Option<String>,
}

impl Reason {
    /// A reason of our own.
    pub fn new([english, german]: [impl Into<String>; 2]) -> Self {
        Self { english: english.into(), german: Some(german.into()) }
    }

    /// What somebody else wrote.
    pub fn quoted(text: impl Into<String>) -> Self {
        Self { english: text.into(), german: None }
    }

    /// For a sentence in this language; what somebody else wrote stands in quotation marks there, unless it is English as well.
    pub fn words(&self, language: Language) -> String {
        match (language, &self.german) {
            (Language::English, _) => self.english.clone(),
            (Language::German, Some(german)) => german.clone(),
            (Language::German, None) => format!("„{}“", self.english),
        }
    }
}

/// In English: what is logged.
impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.english)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Quoted(String),
    Own { en: String, de: String },
}

impl From<Stored> for Reason {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Quoted(text) => Self::quoted(text),
            Stored::Own { en, de } => Self::new([en, de]),
        }
    }
}

impl From<Reason> for Stored {
    fn from(Reason { english, german }: Reason) -> Self {
        match german {
            Some(german) => Self::Own { en: english, de: german },
            None => Self::Quoted(english),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_stored_with_its_languages() {
        let own = Reason::new(["no price", "kein Preis"]);
        let quoted = Reason::quoted("no price");
        for (reason, stored) in [(&own, r#"{"en":"no price","de":"kein Preis"}"#), (&quoted, r#""no price""#)]
        {
            assert_eq!(serde_json::to_string(reason).unwrap(), stored);
            assert_eq!(serde_json::from_str::<Reason>(stored).unwrap(), *reason);
        }
        assert_eq!(own.words(Language::German), "kein Preis");
        assert_eq!(quoted.words(Language::German), "„no price“");
        assert_eq!(own.words(Language::English), quoted.words(Language::English));
    }
}
