//! Whether an address is a person's or a company's.

/// Legal forms, as words without their dots, whatever their case.
const FORMS: [&str; 28] = [
    "gmbh",
    "ggmbh",
    "mbh",
    "gesmbh",
    "kgaa",
    "ohg",
    "gbr",
    "ekfr",
    "ekfm",
    "partg",
    "partgmbb",
    "ug",
    "ltd",
    "limited",
    "llc",
    "plc",
    "sarl",
    "srl",
    "bv",
    "sro",
    "doo",
    "zoo",
    "kft",
    "aps",
    "oyj",
    "gesellschaft",
    "stiftung",
    "verein",
];
/// Legal forms that may be written as two words.
const TWO_WORD_FORMS: [(&str, &str); 4] = [("z", "oo"), ("e", "v"), ("e", "k"), ("e", "g")];
/// Legal forms that are also names of people in other cases, or short words.
const CAPITAL_FORMS: [&str; 14] =
    ["AG", "KG", "UG", "eK", "EK", "eV", "EV", "eG", "EG", "SpA", "SPA", "Inc", "INC", "inc"];
/// As above, with dots, whatever their case.
const DOTTED_FORMS: [&str; 4] = ["e.k.", "e.v.", "e.g.", "s.p.a."];
/// As above, but so common in people's names that they mean a company only together with a tax number.
const DOUBTFUL_FORMS: [&str; 7] = ["SE", "SA", "AB", "AS", "SL", "NV", "OY"];

/// Names in their places.
pub(super) struct Names {
    pub(super) first: String,
    pub(super) last: String,
    pub(super) company: String,
    /// What stood beside the name and is not a company.
    pub(super) beside: String,
}

impl Names {
    pub(super) fn of([first, last, whole]: [String; 3], beside: String, has_tax_number: bool) -> Self {
        let is_company = |name: &str| is_company(name, has_tax_number);
        let told = [first.as_str(), last.as_str()].into_iter().filter(|part| !part.is_empty());
        let told = told.collect::<Vec<_>>().join(" ");
        let whole = if whole.is_empty() { told.clone() } else { whole };
        if is_company(&whole) || is_company(&told) {
            let company = if is_company(&whole) { whole } else { told.clone() };
            // A company's name that was cut in two is nobody's.
            let is_part_of_it = told.split_whitespace().all(|word| company.contains(word));
            let (first, last) = if is_part_of_it { Default::default() } else { (first, last) };
            return Self { first, last, company, beside };
        }
        let (first, last) = match last.is_empty() {
            false => (first, last),
            true => split(&whole),
        };
        if is_company(&beside) {
            return Self { first, last, company: beside, beside: String::new() };
        }
        Self { first, last, company: String::new(), beside }
    }
}

/// A whole name is cut before its last word.
fn split(whole: &str) -> (String, String) {
    match whole.rsplit_once(char::is_whitespace) {
        Some((first, last)) => (first.trim().to_owned(), last.to_owned()),
        None => (String::new(), whole.to_owned()),
    }
}

/// Whether a name has a legal form behind its first word.
pub(super) fn is_company(name: &str, has_tax_number: bool) -> bool {
    let bare = |word: &str| -> String {
        word.chars().filter(|letter| letter.is_alphanumeric() || *letter == '&').collect()
    };
    let words: Vec<String> = name.split_whitespace().map(bare).filter(|word| !word.is_empty()).collect();
    let is_form = |word: &String| {
        FORMS.contains(&word.to_lowercase().as_str())
            || CAPITAL_FORMS.contains(&word.as_str())
            || (has_tax_number && DOUBTFUL_FORMS.contains(&word.as_str()))
    };
    // Some forms are written as two words: `z o.o.`, `e. V.`, `e. K.`, `e. G.`.
    let pairs = words.windows(2).skip(1).any(|pair| {
        let [one, other] = [&pair[0], &pair[1]].map(|word| word.to_lowercase());
        TWO_WORD_FORMS.contains(&(one.as_str(), other.as_str()))
    });
    let is_dotted = |word: &str| DOTTED_FORMS.contains(&word.to_lowercase().trim_end_matches(','));
    pairs || words.iter().skip(1).any(is_form) || name.split_whitespace().skip(1).any(is_dotted)
}

/// A VAT id: a country's two letters, then 8 to 12 letters and digits. Other tax numbers are nothing that JTL keeps.
pub(super) fn vat_id(number: Option<&str>) -> Option<String> {
    let id: String = number?.chars().filter(char::is_ascii_alphanumeric).collect();
    let id = id.to_ascii_uppercase();
    let (country, rest) = id.split_at_checked(2)?;
    let is_one = country.bytes().all(|byte| byte.is_ascii_uppercase())
        && (8..=12).contains(&rest.len())
        && rest.bytes().any(|byte| byte.is_ascii_digit());
    is_one.then_some(id)
}
