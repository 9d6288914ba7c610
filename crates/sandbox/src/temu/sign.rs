//! The marketplace's side of the signature: MD5 over the body's own text. Nested values count as they were
//! sent, and only in the compact form that a server would write itself.

use md5::{Digest, Md5};
use serde_json::value::RawValue;

/// The signature that a body must carry, or `None` when a nested value is not in compact form.
///
/// `values` are the top-level members without `sign`, in any order.
pub(crate) fn expected(values: &[(String, Box<RawValue>)], secret: &str) -> Option<String> {
    let mut sorted: Vec<(&str, String)> = Vec::with_capacity(values.len());
    for (key, value) in values {
        sorted.push((key, signed_text(value.get())?));
    }
    sorted.sort();
    let mut text = String::from(secret);
    for (key, value) in &sorted {
        text.push_str(key);
        text.push_str(value);
    }
    text.push_str(secret);
    Some(md5_upper(&text))
}

pub(crate) fn md5_upper(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02X}")).collect()
}

fn signed_text(raw: &str) -> Option<String> {
    match raw.chars().next()? {
        '"' => serde_json::from_str(raw).ok(),
        '{' | '[' => is_compact(raw).then(|| raw.to_owned()),
        _ => Some(raw.to_owned()),
    }
}

/// No blanks between tokens, and no escape that compact UTF-8 JSON does not need.
fn is_compact(raw: &str) -> bool {
    let mut inside = false;
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        match (inside, character) {
            (_, '"') => inside = !inside,
            (false, ' ' | '\t' | '\r' | '\n') => return false,
            (true, '\\') => match characters.next() {
                Some('"' | '\\' | 'b' | 'f' | 'n' | 'r' | 't') => {}
                Some('u') => {
                    let code: String = characters.by_ref().take(4).collect();
                    if u32::from_str_radix(&code, 16).is_ok_and(|code| code >= 0x20) {
                        return false;
                    }
                }
                _ => return false,
            },
            _ => {}
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(pairs: &[(&str, &str)]) -> Vec<(String, Box<RawValue>)> {
        let raw = |value: &str| RawValue::from_string(value.to_owned()).expect("json");
        pairs.iter().map(|(key, value)| ((*key).to_owned(), raw(value))).collect()
    }

    #[test]
    fn sorted_bare_strings_and_nested_text() {
        let body = members(&[
            ("type", "\"a.b\""),
            ("list", "[{\"q\":\"Gr\\\"ün\",\"n\":1}]"),
            ("flag", "true"),
            ("number", "17"),
        ]);
        // Written down by hand: secret, then flag, list, number, type, then secret.
        let text = "s3cretflagtruelist[{\"q\":\"Gr\\\"ün\",\"n\":1}]number17typea.bs3cret";
        assert_eq!(expected(&body, "s3cret"), Some(md5_upper(text)));
        assert_eq!(md5_upper(""), "D41D8CD98F00B204E9800998ECF8427E");
    }

    #[test]
    fn blanks_and_needless_escapes_in_nested_values_are_the_senders_error() {
        for nested in ["[1, 2]", "{\"a\": 1}", "[\"Gr\\u00fcn\"]", "[\"a\\/b\"]"] {
            assert_eq!(expected(&members(&[("x", nested)]), "s"), None, "{nested}");
        }
        for nested in ["[\"a b\"]", "{\"a\":\" \\\" \\u0001\"}", "[]"] {
            assert!(expected(&members(&[("x", nested)]), "s").is_some(), "{nested}");
        }
    }

    #[test]
    fn the_published_vector() {
        // Facts are checked where the description lies; it is no part of the project.
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/specs/temu/temu_common.json");
        let Ok(text) = std::fs::read_to_string(path) else {
            // Loud, because a machine without the file tests less.
            #[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
            {
                eprintln!("SKIPPED: the published sign vector is not on this machine");
            }
            return;
        };
        let common: serde_json::Value = serde_json::from_str(&text).expect("json");
        let vector = &common["sign_vector"];
        let secret = vector["app_secret"].as_str().expect("secret");
        let source = vector["sign_source"].as_str().expect("source");
        let mut rest =
            source.strip_prefix(secret).and_then(|rest| rest.strip_suffix(secret)).expect("wrapped");
        let keys =
            ["access_token", "app_key", "data_type", "sendRequestList", "sendType", "timestamp", "type"];
        let mut pairs = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            rest = rest.strip_prefix(key).expect("sorted keys");
            let end = keys.get(index + 1).map_or(rest.len(), |next| rest.find(next).expect("next key"));
            let value = &rest[..end];
            let raw = if value.starts_with('[') { value.to_owned() } else { format!("\"{value}\"") };
            pairs.push((*key, raw));
            rest = &rest[end..];
        }
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(key, raw)| (*key, raw.as_str())).collect();
        assert_eq!(expected(&members(&pairs), secret).as_deref(), vector["sign"].as_str());
    }
}
