//! Pick-up points of the German post: the point stands in the street, the buyer's post number in the addition.

use super::Place;

/// Their names, and how labels write them.
const POINTS: [(&str, &str); 4] = [
    ("packstation", "Packstation"),
    ("postfiliale", "Postfiliale"),
    ("paketshop", "Paketshop"),
    ("poststation", "Poststation"),
];
/// What people write before a post number.
const BEFORE_NUMBER: [&str; 8] =
    ["postnummer", "postnr", "postnr.", "post-nr.", "post-nr", "post-nummer", "nr.", "nr"];

/// The place, if the lines or what stands beside the name tell of a pick-up point.
pub(super) fn place(lines: &[String], beside: &str) -> Option<Place> {
    let all: Vec<&str> =
        lines.iter().map(String::as_str).chain([beside]).filter(|line| !line.is_empty()).collect();
    let (mut street, mut number) = (None, None);
    let mut rest = Vec::new();
    for line in all {
        let words: Vec<&str> = line
            .split(|letter: char| letter.is_whitespace() || letter == ',' || letter == ';' || letter == ':')
            .filter(|word| !word.is_empty())
            .collect();
        let mut left = Vec::new();
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            let point = POINTS.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
            if let (Some((_, name)), None) = (point, &street) {
                let is_number = |word: &&str| is_digits(word, 1..=4);
                words.next_if(|word| is_word_before_number(word));
                if let Some(which) = words.next_if(is_number) {
                    street = Some(format!("{name} {which}"));
                    continue;
                }
            }
            let is_post_number = |word: &str| is_digits(word, 6..=10);
            if number.is_none() && is_post_number(word) {
                number = Some(word.to_owned());
                continue;
            }
            let is_before =
                is_word_before_number(word) && words.peek().is_some_and(|next| is_post_number(next));
            if !is_before && !word.eq_ignore_ascii_case("dhl") {
                left.push(word);
            }
        }
        if !left.is_empty() {
            rest.push(left.join(" "));
        }
    }
    // A number that stands alone beside a street is a telephone or a customer number.
    let street = street?;
    Some(Place { street, addition: number.unwrap_or_default(), beside: rest.join(", ") })
}

fn is_word_before_number(word: &str) -> bool {
    BEFORE_NUMBER.iter().any(|known| word.eq_ignore_ascii_case(known))
}

fn is_digits(word: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit())
}
