//! The XML of an import row as a small tree, and what the table import cannot take at all: characters beyond
//! Latin-1, a missing declaration, text that is no XML.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// One element.
#[derive(Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    /// Text between the tags, references resolved; of an element with children mere blanks.
    pub(crate) text: String,
}

/// The document's root, or why JTL cannot read it.
pub(crate) fn parse(text: &str) -> Result<Element, String> {
    if let Some(character) = text.chars().find(|character| *character > '\u{ff}') {
        return Err(format!("not Latin-1: the character U+{:04X} is in the text", character as u32));
    }
    if let Some(character) = text.chars().find(|character| is_illegal(*character)) {
        return Err(format!("no XML: the character U+{:04X} is not allowed", character as u32));
    }
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = vec![Element::default()];
    let mut is_declared = false;
    loop {
        match reader.read_event().map_err(no_xml)? {
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().transpose().map_err(no_xml)?.unwrap_or_default();
                if !encoding.eq_ignore_ascii_case("ISO-8859-1") {
                    return Err("the declaration does not say ISO-8859-1".to_owned());
                }
                is_declared = true;
            }
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => {
                let child = element(&start)?;
                parent(&mut open)?.children.push(child);
            }
            Event::End(_) => {
                let closed = open.pop().ok_or("no XML: an end without a start")?;
                parent(&mut open)?.children.push(closed);
            }
            Event::Text(piece) => {
                parent(&mut open)?.text.push_str(&piece);
            }
            Event::CData(piece) => {
                parent(&mut open)?.text.push_str(&piece);
            }
            Event::GeneralRef(reference) => {
                let name: &str = &reference;
                let character =
                    resolve(name).ok_or_else(|| format!("no XML: the reference &{name}; is unknown"))?;
                parent(&mut open)?.text.push(character);
            }
            Event::Eof => break,
            Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    let mut roots = match open.pop() {
        Some(document) if open.is_empty() => document.children,
        _ => return Err("no XML: an element is not closed".to_owned()),
    };
    if !is_declared {
        return Err("the XML declaration is missing".to_owned());
    }
    match (roots.pop(), roots.is_empty()) {
        (Some(root), true) => Ok(root),
        _ => Err("no XML: exactly one root is needed".to_owned()),
    }
}

fn no_xml(error: impl std::fmt::Display) -> String {
    format!("no XML: {error}")
}

fn parent(open: &mut [Element]) -> Result<&mut Element, String> {
    open.last_mut().ok_or_else(|| "no XML: an end without a start".to_owned())
}

fn element(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(no_xml)?;
        let name = attribute.key.as_ref().to_owned();
        attributes.push((name, attribute.value.into_owned()));
    }
    let name = start.name().as_ref().to_owned();
    Ok(Element { name, attributes, ..Element::default() })
}

/// The five named references and the numeric ones.
fn resolve(name: &str) -> Option<char> {
    let number = match name {
        "amp" => return Some('&'),
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let code = match number.strip_prefix('x') {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code).filter(|character| !is_illegal(*character))
}

/// Control characters that XML 1.0 forbids.
fn is_illegal(character: char) -> bool {
    character < ' ' && !matches!(character, '\t' | '\n' | '\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>";

    #[test]
    fn references_come_back_as_characters() {
        let root = parse(&format!("{HEAD}<a k=\"1\">\n<b>Gr\u{fc}n &amp; &#8364; &#x1F600;</b><c/></a>"))
            .expect("xml");
        assert_eq!(root.attributes, [("k".to_owned(), "1".to_owned())]);
        assert_eq!(root.children[0].text, "Grün & € 😀");
        assert_eq!(root.children[1].name, "c");
    }

    #[test]
    fn what_the_table_cannot_hold_has_a_reason() {
        for (text, reason) in [
            (format!("{HEAD}<a>Ł</a>"), "not Latin-1"),
            (format!("{HEAD}<a>&#1;</a>"), "no XML"),
            (format!("{HEAD}<a><b></a>"), "no XML"),
            (format!("{HEAD}<a>"), "no XML"),
            ("<a/>".to_owned(), "the XML declaration is missing"),
            ("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a/>".to_owned(), "the declaration does not say"),
        ] {
            let error = parse(&text).expect_err(&text);
            assert!(error.starts_with(reason), "{error}");
        }
    }
}
