//! The languages that people are spoken to in.

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
