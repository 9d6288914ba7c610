//! Street and house number, also where they arrive apart or in the wrong order.

use super::Place;
use super::company::is_company;

/// The place of an address with a street.
pub(super) fn place(mut lines: Vec<String>, beside: &str) -> Place {
    let mut company = String::new();
    // A company above or below the street.
    let named = lines.iter().position(|line| is_company(line, false) && !has_digit(line));
    if let Some(named) = named.filter(|_| lines.len() > 1) {
        company = lines.remove(named);
    }
    let street = match apart(&lines) {
        Some((street, number)) => {
            let joined = format!("{} {}", lines[street], lines[number]);
            let taken = [street, number];
            let mut index = 0;
            lines.retain(|_| {
                index += 1;
                !taken.contains(&(index - 1))
            });
            joined
        }
        None => {
            let whole = lines.iter().position(|line| has_house_number(line));
            let street = whole.or_else(|| lines.iter().position(|line| !is_house_number(line)));
            let mut street = if lines.is_empty() { String::new() } else { lines.remove(street.unwrap_or(0)) };
            // `8` and, on a line of its own, `a`.
            if street.ends_with(|letter: char| letter.is_ascii_digit())
                && let Some(letter) = lines.iter().position(|line| is_letter(line))
            {
                street = format!("{street} {}", lines.remove(letter));
            }
            street
        }
    };
    let beside = [beside.to_owned()].into_iter().filter(|text| !text.is_empty());
    let addition: Vec<String> = beside.chain(lines).collect();
    Place { street, addition: addition.join(", "), beside: company }
}

/// What begins a line beside the street.
const BESIDE: [&str; 12] = [
    "c/o",
    "co",
    "z.hd.",
    "zhd",
    "z.h.",
    "z.",
    "bei",
    "hinterhaus",
    "vorderhaus",
    "seitenflügel",
    "wohnung",
    "etage",
];

/// A house number on a line of its own, and the street that lacks one: the nearest above, else below.
fn apart(lines: &[String]) -> Option<(usize, usize)> {
    let number = lines.iter().position(|line| is_house_number(line))?;
    // Where the street above has its number, this one belongs to something else.
    if lines[..number].iter().any(|line| has_house_number(line)) {
        return None;
    }
    let is_street = |index: &usize| {
        !is_house_number(&lines[*index]) && !has_house_number(&lines[*index]) && !is_beside(&lines[*index])
    };
    let street = (0..number).rev().chain(number + 1..lines.len()).find(is_street)?;
    Some((street, number))
}

fn is_beside(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default().to_lowercase();
    BESIDE.contains(&first.as_str())
}

/// Whether a line begins or ends with a house number.
fn has_house_number(line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    let ends = [words.first(), words.last()];
    words.len() > 1 && ends.into_iter().flatten().any(|word| is_house_number(word))
}

fn is_letter(line: &str) -> bool {
    line.len() == 1 && line.bytes().all(|letter| letter.is_ascii_alphabetic())
}

fn has_digit(text: &str) -> bool {
    text.chars().any(|letter| letter.is_ascii_digit())
}

/// `8`, `8a`, `8 a`, `12-14`, `5/3`, `Nr. 8`, `8 bis`: a number and hardly anything else.
fn is_house_number(line: &str) -> bool {
    let lower = line.to_lowercase();
    let number = lower.trim_start_matches(['n', 'r', 'o', '.', ' ', '#']);
    let has_prefix = number.len() < lower.len();
    let is_prefix =
        !has_prefix || ["nr", "nr.", "no", "no.", "#"].contains(&lower[..lower.len() - number.len()].trim());
    let letters = number.chars().filter(|letter| letter.is_alphabetic()).count();
    is_prefix
        && number.starts_with(|letter: char| letter.is_ascii_digit())
        && number.len() <= 10
        && letters <= 3
        && number.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '/' | '+'))
}
