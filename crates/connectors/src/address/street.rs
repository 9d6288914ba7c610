//! Street and house number, also where they arrive apart or in the wrong order.

use super::Place;
use super::company::is_company;

/// The place of an address with a street.
pub(super) fn place(mut lines: Vec<String>, beside: &str) -> Place {
    let mut company = String::new();
    // A company above the street.
    if lines.len() > 1 && is_company(&lines[0], false) && !has_digit(&lines[0]) {
        company = lines.remove(0);
    }
    let street = lines.iter().position(|line| !is_house_number(line));
    let mut street = street.map_or_else(String::new, |index| lines.remove(index));
    if street.is_empty() && !lines.is_empty() {
        street = lines.remove(0);
    } else if !has_digit(&street)
        && let Some(index) = lines.iter().position(|line| is_house_number(line))
    {
        street = format!("{street} {}", lines.remove(index));
    }
    let beside = [beside.to_owned()].into_iter().filter(|text| !text.is_empty());
    let addition: Vec<String> = beside.chain(lines).collect();
    Place { street, addition: addition.join(", "), beside: company }
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
