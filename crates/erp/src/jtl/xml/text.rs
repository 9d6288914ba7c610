//! Text as it goes into the document: nothing that XML 1.0 forbids, nothing beyond Latin-1, nothing longer
//! than JTL's column.

/// The text as XML content: pure Latin-1, lossless for every XML parser. JTL stores the document in an
/// `nvarchar` (older versions `varchar`) column and declares it as ISO-8859-1, so what is above U+00FF becomes a
/// numeric reference, as do C1 controls, which a code page 1252 would turn into other characters.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars().filter(|&character| is_allowed(character)) {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            // A parser would read a bare carriage return as a line feed.
            '\r' | '\u{80}'..='\u{9F}' | '\u{100}'.. => {
                escaped.push_str(&format!("&#{};", u32::from(character)));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// The text without what XML 1.0 forbids (and without U+007F, which JTL's import stumbles over), and without
/// white space around it.
pub(crate) fn clean(text: &str) -> String {
    let allowed: String = text.chars().filter(|&character| is_allowed(character)).collect();
    allowed.trim().to_owned()
}

/// Splits at `limit` characters as SQL Server counts them (UTF-16 code units), never within a character.
pub(crate) fn split_at_limit(text: &str, limit: usize) -> (&str, &str) {
    let mut units = 0;
    for (index, character) in text.char_indices() {
        units += character.len_utf16();
        if units > limit {
            return text.split_at(index);
        }
    }
    (text, "")
}

/// The sentences that tell people what did not fit.
#[derive(Debug, Default)]
pub(crate) struct Warnings(Vec<String>);

impl Warnings {
    /// Adds one that is not there yet.
    pub(crate) fn add(&mut self, warning: String) {
        if !self.0.contains(&warning) {
            self.0.push(warning);
        }
    }

    /// The cleaned text, cut to `limit`; says so if something was lost.
    pub(crate) fn fit(&mut self, field: &str, text: &str, limit: usize) -> String {
        let text = clean(text);
        let (kept, lost) = split_at_limit(&text, limit);
        if !lost.is_empty() {
            self.add(format!("{field} cut to {limit} characters"));
        }
        kept.trim_end().to_owned()
    }

    /// All of them, in the order in which they came up.
    pub(crate) fn into_sentences(self) -> Vec<String> {
        self.0
    }
}

fn is_allowed(character: char) -> bool {
    !matches!(
        character,
        '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{7F}' | '\u{FFFE}' | '\u{FFFF}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_beyond_latin_1_becomes_one_reference_and_controls_vanish() {
        assert_eq!(escape("Łódź €5 😀"), "&#321;ód&#378; &#8364;5 &#128512;");
        assert_eq!(escape("a\u{0}\u{7}\u{7F}\u{FFFF}b"), "ab");
        assert_eq!(escape("Müller & \"Söhne\" <KG> 'x'"), "Müller &amp; &quot;Söhne&quot; &lt;KG&gt; 'x'");
        assert_eq!(escape("a\r\nb\tc\u{85}"), "a&#13;\nb\tc&#133;");
    }

    #[test]
    fn limits_count_as_sql_server_does_and_split_no_character() {
        assert_eq!(split_at_limit("abc", 3), ("abc", ""));
        assert_eq!(split_at_limit("ab😀c", 3), ("ab", "😀c"));
        assert_eq!(split_at_limit("ab😀c", 4), ("ab😀", "c"));
    }

    #[test]
    fn a_cut_is_told_once_by_field_and_limit() {
        let mut warnings = Warnings::default();
        assert_eq!(warnings.fit("telephone", " 0123456789 ", 4), "0123");
        assert_eq!(warnings.fit("telephone", "0123456789", 4), "0123");
        assert_eq!(warnings.fit("town", "Köln", 4), "Köln");
        assert_eq!(warnings.into_sentences(), ["telephone cut to 4 characters"]);
    }
}
