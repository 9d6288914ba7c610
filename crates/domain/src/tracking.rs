//! What people and label programs write into the field of a tracking number: one number, several, a link, or words.

use crate::carrier::Carrier;

/// Letters and digits of which a word is a whole number, and not a group of one.
const LONG: usize = 10;
/// Words that people and programs write beside a parcel's number. Beside any other word a number may be a telephone's or an order's.
const LABELS: [&str; 48] = [
    "paket",
    "pakete",
    "päckchen",
    "parcel",
    "parcels",
    "package",
    "karton",
    "sendung",
    "sendungen",
    "shipment",
    "sendungsnr",
    "sendungsnummer",
    "sendungsnummern",
    "sendungs",
    "sendungsverfolgung",
    "tracking",
    "trackingnr",
    "trackingnummer",
    "trackingnumber",
    "trackingcode",
    "trackingid",
    "track",
    "trace",
    "paketnr",
    "paketnummer",
    "paketschein",
    "paketscheinnummer",
    "identcode",
    "barcode",
    "code",
    "nr",
    "nummer",
    "number",
    "no",
    "id",
    "von",
    "of",
    "am",
    "vom",
    "mit",
    "via",
    "per",
    "x",
    "stk",
    "stück",
    "und",
    "and",
    "express",
];

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Field {
    /// Nothing (yet).
    Empty,
    /// Tracking numbers, each once, in their order; never empty.
    Numbers(Vec<String>),
    /// Words that are no number.
    Words(String),
}

/// Reads a field. A single number stays as it was written.
pub fn read(field: &str) -> Field {
    let field = field.trim();
    if field.is_empty() {
        return Field::Empty;
    }
    let is_separator = |letter: char| matches!(letter, ',' | ';' | '|' | '\n' | '\r' | '\t');
    let pieces: Vec<&str> =
        field.split(is_separator).map(str::trim).filter(|piece| !piece.is_empty()).collect();
    let is_alone = pieces.len() == 1;
    let mut numbers: Vec<String> = Vec::new();
    for piece in pieces {
        // Beside others a short one is a count, or part of a sentence.
        for number in of_piece(piece).into_iter().filter(|number| is_alone || bare(number).len() >= 8) {
            if !numbers.iter().any(|known| bare(known) == bare(&number)) {
                numbers.push(number);
            }
        }
    }
    if numbers.is_empty() { Field::Words(field.to_owned()) } else { Field::Numbers(numbers) }
}

/// A piece without separators: a link, numbers with blanks between them, or one number that is written in groups.
fn of_piece(piece: &str) -> Vec<String> {
    if is_link(piece) {
        return of_link(piece).into_iter().collect();
    }
    // As scanners show it: `(00)` says that a shipping container's number follows, and is a part of what the carrier prints.
    if let Some(container) = piece.strip_prefix("(00)").map(str::trim)
        && is_surely_number(container)
    {
        return vec![format!("00{container}")];
    }
    for joint in ["/", "+", "&", "-", " und ", " and "] {
        let parts: Vec<&str> = piece.split(joint).map(str::trim).collect();
        if parts.len() > 1 && parts.iter().all(|part| is_number(part) && bare(part).len() >= LONG) {
            return parts.into_iter().map(str::to_owned).collect();
        }
    }
    let words: Vec<&str> = piece.split_whitespace().collect();
    let (links, words): (Vec<&str>, Vec<&str>) = words.into_iter().partition(|word| is_link(word));
    let linked = links.into_iter().filter_map(of_link);
    let are_whole = words.len() > 1 && words.iter().all(|word| is_number(word) && bare(word).len() >= LONG);
    let numbers: Vec<String> = match are_whole {
        true => words.into_iter().map(str::to_owned).collect(),
        false => {
            let joined = words.join(" ");
            if is_number(&joined) { vec![joined] } else { words_beside(&joined).into_iter().collect() }
        }
    };
    numbers.into_iter().chain(linked).collect()
}

/// A number among words, where exactly one word is one: `Paket 1: 00340434161094042557`.
fn words_beside(text: &str) -> Option<String> {
    let trimmed = |word| str::trim_matches(word, |letter: char| !letter.is_alphanumeric());
    let words: Vec<&str> = text.split_whitespace().map(trimmed).filter(|word| !word.is_empty()).collect();
    if !words.iter().all(|word| is_surely_number(word) || is_label(word)) {
        return None;
    }
    let mut numbers = words.into_iter().filter(|word| is_surely_number(word));
    match (numbers.next(), numbers.next()) {
        (Some(number), None) => Some(number.to_owned()),
        _ => None,
    }
}

/// What may stand beside a number: a word of [`LABELS`], a carrier's name, a count, a day.
fn is_label(word: &str) -> bool {
    let lower = word.to_lowercase();
    let is_known = |part: &str| {
        LABELS.contains(&part) || part.trim_end_matches('x').bytes().all(|letter| letter.is_ascii_digit())
    };
    let is_count = lower.split(['-', '.', '/', ':', '_']).all(is_known);
    is_count || is_date(word) || Carrier::of_name(word).is_some() || lower == "post" || lower == "deutsche"
}

fn is_link(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with("www.")
}

/// The number of a link: the value of a parameter, else a part of the path, the last one first.
fn of_link(link: &str) -> Option<String> {
    let (place, query) = link.split_once(['?', '#']).unwrap_or((link, ""));
    let values = query
        .split(['&', '?', '#'])
        .filter_map(|part| part.split_once('=').map(|(_, value)| value).or(Some(part)));
    let path = place.split('/').skip(3).collect::<Vec<_>>().into_iter().rev();
    values.chain(path).find(|text| is_surely_number(text)).map(str::to_owned)
}

/// Letters and digits alone: two ways to write one number are the same.
pub fn bare(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// A day, which people write beside what they did: `28.11.2026`, `2026-11-28`.
fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split(['.', '/', '-']).collect();
    let are_digits = parts.iter().all(|part| part.bytes().all(|letter| letter.is_ascii_digit()));
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    are_digits && matches!(lengths[..], [1..=2, 1..=2, 2 | 4] | [4, 2, 2])
}

/// A word with a digit, or groups of which each has one or is as short as a country: `RR 123 456 785 DE`. A long word is no group, but
/// a number of its own.
fn is_number(text: &str) -> bool {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.' | '/' | '_');
    let has_digit = |word: &str| word.chars().any(|letter| letter.is_ascii_digit());
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_long = |word: &&str| bare(word).len() >= LONG;
    let is_short = |word: &str| !has_digit(word) && bare(word).len() <= 2;
    let are_groups = match words.iter().any(is_long) {
        _ if words.len() == 1 => true,
        true => words.iter().filter(|word| !is_short(word)).count() == 1,
        false => words.iter().all(|word| has_digit(word) || is_short(word)),
    };
    let is_word = |word: &&str| word.chars().all(is_part) && !bare(word).is_empty() && !is_date(word);
    let is_long_enough = words.len() == 1 || bare(text).len() >= 8;
    // Zeros stand where a program demands something.
    let says_something = text.chars().any(|letter| letter.is_ascii_digit() && letter != '0');
    are_groups && is_long_enough && says_something && bare(text).len() <= 40 && words.iter().all(is_word)
}

/// What can only be a number: at least eight letters and digits, of which at least four are digits.
fn is_surely_number(text: &str) -> bool {
    let bare = bare(text);
    is_number(text) && bare.len() >= 8 && bare.chars().filter(char::is_ascii_digit).count() >= 4
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "00340434161094042557";
    const TWO: &str = "00340434161094042564";

    fn numbers(field: &str) -> Vec<String> {
        match read(field) {
            Field::Numbers(numbers) => numbers,
            other => panic!("{field:?}: {other:?}"),
        }
    }

    #[test]
    fn one_number_stays_as_it_was_written() {
        for number in [
            ONE,
            "0034 0434 1610 9404 2557",
            "1Z999AA10123456784",
            "RR 123 456 785 DE",
            "TBA-123456789000",
            "ZG2F4K8P",
        ] {
            assert_eq!(numbers(number), [number]);
            assert_eq!(numbers(&format!("  {number}\n")), [number]);
        }
    }

    #[test]
    fn several_numbers_are_split_and_never_glued() {
        for separator in [
            ", ", ",", ";", "\n", "\r\n", " ; ", "|", " ", "\t", " / ", "/", " - ", "-", " + ", " & ",
            " und ",
        ] {
            assert_eq!(numbers(&format!("{ONE}{separator}{TWO}")), [ONE, TWO], "{separator:?}");
        }
        assert_eq!(numbers(&format!("{ONE}, {ONE}")), [ONE], "one parcel");
        assert_eq!(numbers(&format!("0034 0434 1610 9404 2557; {TWO}")), ["0034 0434 1610 9404 2557", TWO]);
    }

    #[test]
    fn a_container_is_scanned_with_its_mark() {
        assert_eq!(numbers("(00)340434161094042557"), [ONE]);
        assert_eq!(numbers(&format!("(00) 340434161094042557, {TWO}")), [ONE, TWO]);
    }

    #[test]
    fn the_number_of_a_link_is_taken() {
        for link in [
            format!("https://www.dhl.de/de/privatkunden.html?piececode={ONE}"),
            format!("https://nolp.dhl.de/set_identcodes.do?lang=de&idc={ONE}"),
            format!("https://tracking.dpd.de/status/de_DE/parcel/{ONE}"),
            format!("www.myhermes.de/empfangen/sendungsverfolgung/#{ONE}"),
        ] {
            assert_eq!(numbers(&link), [ONE], "{link}");
        }
        assert_eq!(numbers(&format!("https://x.invalid/?idc={ONE}\n{TWO}")), [ONE, TWO]);
        for beside in [
            "Paket 1: ",
            "2x ",
            "2 ",
            "am 28.11.2026 ",
            "DHL: ",
            "DHL Paket 1/2 ",
            "Sendungs-Nr. ",
            "Deutsche Post ",
            "Tracking-ID: ",
        ] {
            assert_eq!(numbers(&format!("{beside}{ONE}")), [ONE], "{beside}");
        }
        assert_eq!(numbers(&format!("{ONE} 2")), [ONE]);
        assert_eq!(numbers(&format!("1/2, {ONE}")), [ONE]);
    }

    #[test]
    fn words_are_no_number() {
        for words in [
            "Einwurf ohne Nr.",
            "unbekannt",
            "Abholung 12",
            "https://www.dhl.de/",
            "Brief",
            "-",
            "folgt noch",
            "n/a",
            "Einwurf am 28.11.2026",
            "28.11.2026",
            "Abholung 12.05.2026, 14 Uhr",
            "2026-11-28",
            "Tel. 0641123456",
            "Abholung durch Kunde 0171/1234567",
            "s. Auftrag AU-2026-1001",
            "liegt bei PO-076-12345",
            "Brief, 2",
            "0",
            "00000000000000000000",
        ] {
            assert_eq!(read(words), Field::Words(words.to_owned()));
        }
        assert_eq!(read("  "), Field::Empty);
    }
}
