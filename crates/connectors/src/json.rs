//! What can be said of JSON that came from elsewhere without repeating what it says: it may name a person.

/// What serde says about a document, without the values that it likes to repeat.
pub(crate) fn without_values(error: &serde_json::Error) -> String {
    let said = error.to_string();
    let parts: Vec<&str> = said.split('"').collect();
    let mut kept = String::with_capacity(said.len());
    // A quoted value may contain quotes itself: all between the first and the last one goes.
    match parts.as_slice() {
        [all] => kept.push_str(all),
        [first, .., last] => {
            kept.push_str(first);
            kept.push('…');
            kept.push_str(last);
        }
        [] => {}
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_says_names_no_value() {
        let error = serde_json::from_str::<i64>(r#""Änne \"Bär\" 5""#).unwrap_err();
        let said = without_values(&error);
        assert!(!said.contains("nne") && !said.contains("Bär"), "{said}");
        assert!(said.contains("invalid type"), "{said}");
    }
}
