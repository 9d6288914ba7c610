//! What an examination found: one sentence for people, and how bad it is.

use std::fmt;

/// A finding. The sentence names the place, and the cure where there is something to cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// As it should be.
    Well(String),
    /// It works, and deserves a look.
    Odd(String),
    /// It will not work like this.
    Wrong(String),
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Well(sentence) | Self::Odd(sentence) | Self::Wrong(sentence)) = self;
        formatter.write_str(sentence)
    }
}
