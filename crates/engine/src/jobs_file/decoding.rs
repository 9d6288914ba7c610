//! From the bytes of a file to its text: UTF-8 with or without a byte order mark, and UTF-16, as editors save it. Whatever else it is,
//! is named with its place.

use crate::strict_json::Misread;

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The text of a file, without a byte order mark.
pub(super) fn text_of(bytes: &[u8]) -> Result<String, Misread> {
    match bytes {
        [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0xFE, 0xFF, ..] => Err(of_kind("UTF-32")),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        // Without a mark: JSON begins with a character of ASCII.
        [first, 0, ..] if *first != 0 => utf16(bytes, u16::from_le_bytes),
        [0, first, ..] if *first != 0 => utf16(bytes, u16::from_be_bytes),
        _ => utf8(bytes.strip_prefix(UTF8_MARK).unwrap_or(bytes)),
    }
}

fn of_kind(kind: &str) -> Misread {
    Misread { line: 1, column: 1, reason: format!("the file is written in {kind}; save it as UTF-8") }
}

fn utf8(bytes: &[u8]) -> Result<String, Misread> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => {
            let read = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
            let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
            let reason = format!("the byte 0x{byte:02X} is not UTF-8; save the file as UTF-8");
            Err(Misread::at(read, read.len(), reason))
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, Misread> {
    let units = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]]));
    let mut text = String::with_capacity(bytes.len() / 2);
    for character in char::decode_utf16(units) {
        match character {
            Ok(character) => text.push(character),
            Err(error) => {
                let reason = format!(
                    "0x{:04X} is not a character of UTF-16; save the file as UTF-8",
                    error.unpaired_surrogate()
                );
                return Err(Misread::at(&text, text.len(), reason));
            }
        }
    }
    match bytes.len() % 2 {
        0 => Ok(text),
        _ => {
            let reason =
                "the file is written in UTF-16 and ends within a character; save it as UTF-8".to_owned();
            Err(Misread::at(&text, text.len(), reason))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[{\"a\": \"ä🚚\"}]";

    fn of_units(unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
        TEXT.encode_utf16().flat_map(unit).collect()
    }

    #[test]
    fn what_editors_save_is_read() {
        let marked = |mark: &[u8], bytes: Vec<u8>| [mark, &bytes].concat();
        let (little, big) = (of_units(u16::to_le_bytes), of_units(u16::to_be_bytes));
        for bytes in [
            TEXT.as_bytes().to_vec(),
            marked(UTF8_MARK, TEXT.as_bytes().to_vec()),
            marked(&[0xFF, 0xFE], little.clone()),
            marked(&[0xFE, 0xFF], big.clone()),
            little,
            big,
        ] {
            assert_eq!(text_of(&bytes).unwrap(), TEXT);
        }
        assert_eq!(text_of(b"").unwrap(), "");
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        let fault = |bytes: &[u8]| text_of(bytes).unwrap_err().to_string();
        assert_eq!(
            fault(b"{\n \"\xC3\xA4\xE4\": 1}"),
            "2:4: the byte 0xE4 is not UTF-8; save the file as UTF-8"
        );
        assert_eq!(
            fault(b"[\0\x00\xD8]\0"),
            "1:2: 0xD800 is not a character of UTF-16; save the file as UTF-8"
        );
        assert!(fault(b"\xFF\xFE[\0]").contains("ends within a character"));
        assert!(fault(b"\xFF\xFE\0\0[\0\0\0").contains("UTF-32"));
    }
}
