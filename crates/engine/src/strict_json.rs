//! JSON as people write it: a key that stands twice in one object is a mistake and not a choice, and a mistake is named with the place
//! that an editor shows. For the jobs file and for bodies of requests; what a document means is for others to say.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A text that is not the JSON that was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {reason}")]
pub struct Misread {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1; a character is one column.
    pub column: usize,
    /// What is wrong.
    pub reason: String,
}

/// Reads a text as one JSON value.
///
/// # Errors
/// With the place of what is no JSON, or of the second key of two equal ones.
pub fn read(text: &str) -> Result<Value, Misread> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut deserializer).and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| Misread::of(text, &error))
}

impl Misread {
    /// The place and the reason of serde's error about this text.
    pub(crate) fn of(text: &str, error: &serde_json::Error) -> Self {
        let told = error.to_string();
        let reason = in_words(told.split(" at line ").next().unwrap_or(&told));
        let read_to = byte_offset(text, error.line(), error.column());
        if reason.ends_with(TWICE) {
            // What was read last is the key.
            return Self::at(text, opening_quote(text, read_to), reason);
        }
        // The last character that was looked at; a line that has none ended too early.
        let looked_at = match error.column() {
            0 => read_to,
            _ => text[..read_to].char_indices().next_back().map_or(0, |(start, _)| start),
        };
        Self::at(text, looked_at, reason)
    }

    /// A reason for the character that begins at this byte.
    pub(crate) fn at(text: &str, offset: usize, reason: String) -> Self {
        let (line, column) = place(text, offset);
        Self { line, column, reason }
    }
}

/// What the parser says, for people who edit a file.
fn in_words(reason: &str) -> String {
    let words = match reason {
        "EOF while parsing a list" => "it ends in the middle of a list: `]` is missing",
        "EOF while parsing an object" => "it ends in the middle of an object: `}` is missing",
        "EOF while parsing a string" => "it ends in the middle of a text: the closing `\"` is missing",
        "EOF while parsing a value" => "it ends where a value is expected",
        "expected value" | "expected ident" => {
            "expected a value: a text in double quotes, a number, true, false, null, `[` or `{`"
        }
        "key must be a string" => "expected a name in double quotes",
        "expected `:`" => "expected `:` between a name and its value",
        "expected `,` or `]`" => "expected `,` or `]`",
        "expected `,` or `}`" => "expected `,` or `}`",
        "trailing comma" => "a comma too many: nothing follows it",
        "trailing characters" => "nothing may follow the end of the document",
        "invalid escape" => {
            "`\\` begins an escape that JSON does not have: a backslash in a text is written `\\\\`"
        }
        "invalid number" => "this is not a number as JSON writes it",
        "control character (\\u0000-\\u001F) found while parsing a string" => {
            "a line ends, or a tab stands, within a text: is a closing `\"` missing?"
        }
        "recursion limit exceeded" => "it is nested too deeply",
        other => other,
    };
    words.to_owned()
}

/// Line and column of a byte offset as an editor counts them: from 1, a character is one column.
pub(crate) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

/// Where the value of a field stands in the text of an object, as written by its path: `parameters.mode`, `conditions[0]`. Answers with
/// the offset of its key, or of the deepest one on the way to it.
pub(crate) fn find(object: &str, path: &str) -> Option<usize> {
    let mut found = None;
    let (mut within, mut start) = (object, 0);
    for name in path.split(['.', '[']) {
        let Ok(Keyed(members)) = serde_json::from_str::<Keyed<'_>>(within) else { break };
        let Some((_, value)) = members.into_iter().find(|(key, _)| key == name) else { break };
        let offset = start + (value.get().as_ptr() as usize - within.as_ptr() as usize);
        found = Some(opening_quote(object, object[..offset].rfind(':').unwrap_or(offset)));
        (within, start) = (value.get(), offset);
    }
    found
}

/// The members of an object with their texts, which lie within its own.
struct Keyed<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> de::Deserialize<'de> for Keyed<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Keyed<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Keyed(members))
            }
        }
        deserializer.deserialize_map(Members)
    }
}

/// The end of the reason.
const TWICE: &str = "is given twice in one object";

/// The mistake of a key that stands twice.
pub(crate) fn twice<E: de::Error>(key: &str) -> E {
    E::custom(format!("`{key}` {TWICE}"))
}

/// Reads a value, whatever it is.
pub(crate) struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut items: S) -> Result<Value, S::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(Strict)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Value, M::Error> {
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(twice(&key));
            }
            let value = members.next_value_seed(Strict)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// The byte up to which serde had read: it counts lines from 1, and bytes within a line.
fn byte_offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    text.ceil_char_boundary((start + column).min(text.len()))
}

/// The quote that opens the key or text which ends before this byte, white space aside.
fn opening_quote(text: &str, end: usize) -> usize {
    let bytes = text[..end].trim_end().as_bytes();
    let is_escaped = |at: usize| bytes[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
    let inside = bytes.len().saturating_sub(1);
    (0..inside).rev().find(|at| bytes[*at] == b'"' && !is_escaped(*at)).unwrap_or(inside)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fault(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn what_is_json_is_read_as_it_is() {
        let text = r#"{"a": [1, -2, 2.5, true, null, "\u00e4"], "b": {"c": {}}}"#;
        assert_eq!(read(text).unwrap(), json!({ "a": [1, -2, 2.5, true, null, "ä"], "b": { "c": {} } }));
    }

    #[test]
    fn a_key_that_stands_twice_is_named_where_it_stands_again() {
        assert_eq!(fault(r#"{"a": 1, "a": 2}"#), "1:10: `a` is given twice in one object");
        assert_eq!(
            fault("{\"ä\": \"ö\",\r\n\t\"b\": {\"c\" : 1, \"c\" : 2}}"),
            "2:17: `c` is given twice in one object"
        );
        assert_eq!(fault(r#"[{"a\"b": 1, "a\"b": 2}]"#), "1:14: `a\"b` is given twice in one object");
        // The same key, written in another way.
        assert_eq!(fault(r#"{"a": 1, "\u0061": 2}"#), "1:10: `a` is given twice in one object");
    }

    #[test]
    fn places_are_counted_in_characters() {
        assert_eq!(fault("{\"größe\": 1, x}"), "1:14: expected a name in double quotes");
        assert_eq!(fault("{\"a\": \"🚚\",\n\t🚚}"), "2:2: expected a name in double quotes");
        assert_eq!(fault("[1,\n2"), "2:1: it ends in the middle of a list: `]` is missing");
        assert_eq!(fault("1 2"), "1:3: nothing may follow the end of the document");
    }

    #[test]
    fn a_field_is_found_by_its_path_and_not_by_its_look() {
        let object = r#"{"description": "\"mode\":", "parameters" : {"x": 1, "mode": "fast"}, "mode": 1}"#;
        assert_eq!(find(object, "parameters.mode"), object.find(r#""mode": "fast"#));
        assert_eq!(find(object, "mode"), object.rfind(r#""mode""#));
        assert_eq!(find(object, "parameters.missing"), object.find(r#""parameters""#));
        assert_eq!(find(object, "missing"), None);
    }
}
