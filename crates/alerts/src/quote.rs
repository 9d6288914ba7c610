//! What of another side's words may stand in an error: its gist, without what names a person or opens a door.

use reqwest::Url;

/// Letters that are repeated.
const LENGTH: usize = 120;
/// A longer word is a token or an identifier.
const LONGEST_WORD: usize = 40;

/// The beginning of a text or a page: without tags and without words that hold `@`, more than three digits, or are long. Words
/// for which `is_secret` holds are left out too. `None` where nothing is left.
pub(crate) fn quote(text: &str, is_secret: impl Fn(&str) -> bool) -> Option<String> {
    let text = without_tags(text);
    let is_harmless = |word: &&str| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        digits <= 3 && !word.contains('@') && word.chars().count() <= LONGEST_WORD && !is_secret(word)
    };
    let words: Vec<&str> = text.split_whitespace().filter(is_harmless).collect();
    let quoted: String = words.join(" ").chars().take(LENGTH).collect();
    (!quoted.is_empty()).then_some(quoted)
}

/// Whether a word repeats something of an address beyond its host: a part of it, or a whole path segment.
pub(crate) fn is_part_of(url: &Url, word: &str) -> bool {
    let secret =
        [url.username(), url.password().unwrap_or_default(), url.path(), url.query().unwrap_or_default()];
    let word = word.trim_matches(|letter: char| !letter.is_alphanumeric());
    let is_long = |part: &str| part.chars().count() >= 4;
    is_long(word)
        && secret.iter().any(|part| {
            part.contains(word)
                || part.split(['/', '&', '=']).any(|piece| is_long(piece) && word.contains(piece))
        })
}

fn without_tags(page: &str) -> String {
    let mut text = String::new();
    let mut is_tag = false;
    for letter in page.chars().take(4_000) {
        match letter {
            '<' => is_tag = true,
            '>' => {
                is_tag = false;
                text.push(' ');
            }
            _ if !is_tag => text.push(if letter.is_control() { ' ' } else { letter }),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gist_stays_and_people_and_numbers_go() {
        let told = quote(
            "5.1.1 <ada@example.org>: Recipient ada@example.org rejected, id 8a7f6c5d4e\r\n\u{7}",
            |_| false,
        );
        assert_eq!(told.unwrap(), "5.1.1 : Recipient rejected, id");
        assert_eq!(quote("<html><p></p></html> ada@example.org", |_| false), None);
        assert_eq!(quote(&"ä ".repeat(500), |_| false).unwrap().chars().count(), LENGTH);
    }

    #[test]
    fn what_an_address_hides_is_not_repeated() {
        let url =
            Url::parse("https://user:pass-word@hooks.example.org/services/TAB/BCD/secretpart?sig=signed")
                .unwrap();
        for word in
            ["secretpart", "(secretpart)", "/services/TAB", "xsecretpartx", "signed", "pass-word", "user"]
        {
            assert!(is_part_of(&url, word), "{word}");
        }
        for word in ["no_team", "invalid", "hooks.example.org", "a"] {
            assert!(!is_part_of(&url, word), "{word}");
        }
    }
}
