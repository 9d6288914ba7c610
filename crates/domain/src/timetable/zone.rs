//! Time zones by the names of the IANA list. Names only: a rule like `CET-1CEST` is refused, as is what a system keeps beside
//! the list (its directories `posix` and `right` are no part of jiff's).

use jiff::tz::{self, TimeZone};

use crate::schedule::BadSchedule;

/// Longer than any name of the list.
const LONGEST_NAME: usize = 64;

/// So alike a name must be to be suggested, 0 to 1.
const ALIKE: f64 = 0.8;

/// The zone of that name, written in capitals or not.
///
/// # Errors
/// Of field `time_zone`, naming what looks alike, where there is no such zone.
pub fn zone(name: &str) -> Result<TimeZone, BadSchedule> {
    let refuse = |reason: String| Err(BadSchedule::new("time_zone", reason));
    if name.is_empty() {
        return refuse("is empty; use a name of the IANA list, for example Europe/Berlin".to_owned());
    }
    if name.len() > LONGEST_NAME || !name.chars().all(is_of_a_name) {
        return refuse("is not a name of the IANA list; names look like Europe/Berlin".to_owned());
    }
    if is_of_the_list(name)
        && let Ok(zone) = TimeZone::get(name)
    {
        return Ok(zone);
    }
    match suggestion(name) {
        Some(known) => refuse(format!("there is no `{name}`; did you mean {known}?")),
        None => {
            refuse(format!("there is no `{name}`; use a name of the IANA list, for example Europe/Berlin"))
        }
    }
}

fn is_of_a_name(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '/' | '_' | '-' | '+')
}

fn is_of_the_list(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let beside_the_list = ["factory", "localtime", "posixrules", "etc/unknown"];
    !beside_the_list.contains(&name.as_str())
}

/// The known name that is most alike, in whole or in its last part: `Berlin` is one of a kind, whatever stands before it.
fn suggestion(name: &str) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let alike = |known: &str| {
        let known = known.to_ascii_lowercase();
        let whole = strsim::jaro_winkler(&name, &known);
        (strsim::jaro_winkler(place(&name), place(&known)).max(whole), whole)
    };
    let known = tz::db().available().map(|known| known.as_str().to_owned());
    let known = known.filter(|known| is_of_the_list(known)).map(|known| (alike(&known), known));
    let by_likeness =
        |left: &(f64, f64), right: &(f64, f64)| left.0.total_cmp(&right.0).then(left.1.total_cmp(&right.1));
    let ((best, _), known) = known.max_by(|(left, _), (right, _)| by_likeness(left, right))?;
    (best >= ALIKE).then_some(known)
}

fn place(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}
