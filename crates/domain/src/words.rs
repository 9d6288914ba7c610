//! Words of the interface as people type them. One grammar for the settings, the commands and the HTTP interface: whether a word is in
//! capitals does not matter, and one that is not known is answered by those that are.

/// `a`, `a or b`, `a, b or c`.
pub fn one_of<T: AsRef<str>>(words: &[T]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [only] => only.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} or {}", first.join(", "), last.as_ref())
        }
    }
}

/// The known word that is most like a written one, if one is like it at all.
pub fn nearest<'known>(written: &str, known: &[&'known str]) -> Option<&'known str> {
    let written = written.to_lowercase();
    let like = known.iter().map(|known| (strsim::jaro_winkler(&written, &known.to_lowercase()), *known));
    let near = like.filter(|(likeness, _)| *likeness > 0.75);
    near.max_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, known)| known)
}

/// The known word that was meant by one that differs from it in a letter or two.
pub fn slip_of<'known>(written: &str, known: &[&'known str]) -> Option<&'known str> {
    let written = written.to_lowercase();
    let far = |known: &str| strsim::damerau_levenshtein(&written, &known.to_lowercase());
    let near = known.iter().filter(|known| known.len() > 3 && far(known) <= 2);
    near.min_by_key(|known| far(known)).copied()
}

/// The value whose word was written, in whatever case and with `-` or a blank for `_`. The error says which words there are.
pub fn meant<T: Copy>(written: &str, known: &[T], word: impl Fn(T) -> &'static str) -> Result<T, String> {
    let plain = |text: &str| text.trim().to_lowercase().replace([' ', '-'], "_");
    let found = known.iter().find(|value| plain(word(**value)) == plain(written));
    found.copied().ok_or_else(|| {
        let words: Vec<&str> = known.iter().map(|value| word(*value)).collect();
        format!("must be one of {}, not `{written}`", words.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_or_two_make_a_slip_and_another_word_does_not() {
        let known = ["enabled", "interval_minutes", "cron", "after"];
        for (written, meant) in
            [("enabeld", "enabled"), ("interval_minuts", "interval_minutes"), ("crom", "cron")]
        {
            assert_eq!(slip_of(written, &known), Some(meant));
        }
        for written in ["comment", "category", "owner", "color"] {
            assert_eq!(slip_of(written, &known), None, "{written}");
        }
    }

    #[test]
    fn a_word_is_known_in_any_case_and_an_unknown_one_is_answered_by_all() {
        let known = ["set_aside", "SUCCESS"];
        for written in ["set_aside", "SET_ASIDE", "set-aside", " Set aside "] {
            assert_eq!(meant(written, &known, |word| word), Ok("set_aside"));
        }
        assert_eq!(meant("success", &known, |word| word), Ok("SUCCESS"));
        assert_eq!(
            meant("odd", &known, |word| word),
            Err("must be one of set_aside, SUCCESS, not `odd`".to_owned())
        );
    }

    #[test]
    fn words_are_listed_as_people_do() {
        assert_eq!(
            [one_of(&["a"]), one_of(&["a", "b"]), one_of(&["a", "b", "c"])],
            ["a", "a or b", "a, b or c"]
        );
        assert_eq!(nearest("dayz_back", &["mode", "days_back"]), Some("days_back"));
        assert_eq!(nearest("zzz", &["mode", "days_back"]), None);
    }
}
