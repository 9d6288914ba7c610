//! Carriers, and what the names mean by which German shops call them. Unknown is an answer: there is no default.

use std::fmt;
use std::str::FromStr;

/// A carrier that marketplaces know under a name of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Carrier {
    /// DHL, parcels and small parcels.
    Dhl,
    /// DHL Express.
    DhlExpress,
    /// Deutsche Post: letters.
    DeutschePost,
    /// DPD.
    Dpd,
    /// GLS.
    Gls,
    /// Hermes.
    Hermes,
    /// UPS.
    Ups,
    /// FedEx.
    Fedex,
    /// Österreichische Post.
    OesterreichischePost,
}

/// Words beside a carrier's name that name a product of the same carrier. `Freight` or `eCommerce` name others.
const PRODUCTS: [&str; 56] = [
    "paket",
    "pakete",
    "päckchen",
    "paeckchen",
    "kleinpaket",
    "parcel",
    "parcels",
    "packet",
    "warenpost",
    "warensendung",
    "brief",
    "standardbrief",
    "kompaktbrief",
    "großbrief",
    "grossbrief",
    "maxibrief",
    "einschreiben",
    "prio",
    "versand",
    "versenden",
    "standard",
    "classic",
    "national",
    "inland",
    "international",
    "ausland",
    "worldwide",
    "domestic",
    "europa",
    "eu",
    "bis",
    "kg",
    "xs",
    "s",
    "m",
    "l",
    "xl",
    "gogreen",
    "go",
    "green",
    "plus",
    "business",
    "privat",
    "private",
    "home",
    "shop",
    "2shop",
    "germany",
    "deutschland",
    "gmbh",
    "ag",
    "logistik",
    "logistics",
    "gruppe",
    "group",
    "versicherter",
];

impl Carrier {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Dhl,
        Self::DhlExpress,
        Self::DeutschePost,
        Self::Dpd,
        Self::Gls,
        Self::Hermes,
        Self::Ups,
        Self::Fedex,
        Self::OesterreichischePost,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dhl => "DHL",
            Self::DhlExpress => "DHL Express",
            Self::DeutschePost => "Deutsche Post",
            Self::Dpd => "DPD",
            Self::Gls => "GLS",
            Self::Hermes => "Hermes",
            Self::Ups => "UPS",
            Self::Fedex => "FedEx",
            Self::OesterreichischePost => "Österreichische Post",
        }
    }

    /// First words of names, the longer ones first.
    const STARTS: [(&str, Self); 13] = [
        ("dhl express", Self::DhlExpress),
        ("dhlexpress", Self::DhlExpress),
        ("dhl", Self::Dhl),
        ("deutsche post dhl", Self::Dhl),
        ("deutsche post", Self::DeutschePost),
        ("deutschepost", Self::DeutschePost),
        ("dpd", Self::Dpd),
        ("gls", Self::Gls),
        ("hermes", Self::Hermes),
        ("ups", Self::Ups),
        ("fedex", Self::Fedex),
        ("österreichische post", Self::OesterreichischePost),
        ("post at", Self::OesterreichischePost),
    ];

    /// The carrier that a shop means by the name of a shipping method or a carrier; `None` where it could be another one.
    pub fn of_name(name: &str) -> Option<Self> {
        let name = words(name);
        let mut starts = Self::STARTS.to_vec();
        starts.sort_by_key(|(start, _)| std::cmp::Reverse(start.len()));
        let is_start = |start: &str| {
            let start = words(start);
            name.len() >= start.len() && name.iter().zip(&start).all(|(word, part)| word == part)
        };
        let (start, carrier) = starts.into_iter().find(|(start, _)| is_start(start))?;
        let rest = name.get(words(start).len()..).unwrap_or_default();
        rest.iter().all(|word| is_product(word)).then_some(carrier)
    }
}

/// Weights and sizes are numbers: `5`, `31,5kg`.
fn is_product(word: &str) -> bool {
    PRODUCTS.contains(&word) || word.trim_end_matches("kg").chars().all(|letter| letter.is_ascii_digit())
}

fn words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    let words = lower.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

impl fmt::Display for Carrier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// There is no such carrier; the message names those that there are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is not a carrier known here; known are {}", Carrier::ALL.map(Carrier::as_str).join(", "))]
pub struct UnknownCarrier {
    /// What was written.
    pub name: String,
}

impl FromStr for Carrier {
    type Err = UnknownCarrier;

    fn from_str(name: &str) -> Result<Self, UnknownCarrier> {
        let wanted = words(name);
        let found = Self::ALL.into_iter().find(|carrier| words(carrier.as_str()) == wanted);
        found.ok_or_else(|| UnknownCarrier { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_german_shops_are_understood() {
        for (name, carrier) in [
            ("DHL", Carrier::Dhl),
            ("DHL Paket (bis 5 kg)", Carrier::Dhl),
            ("DHL Kleinpaket", Carrier::Dhl),
            ("DHL Warenpost", Carrier::Dhl),
            ("DHL Warenpost International", Carrier::Dhl),
            ("DHL GoGreen Plus", Carrier::Dhl),
            ("DHL Paket 31,5kg", Carrier::Dhl),
            ("Deutsche Post DHL", Carrier::Dhl),
            ("DHL Express", Carrier::DhlExpress),
            ("DHL Express Worldwide", Carrier::DhlExpress),
            ("Deutsche Post Großbrief", Carrier::DeutschePost),
            ("DEUTSCHE_POST", Carrier::DeutschePost),
            ("Hermes S-Paket", Carrier::Hermes),
            ("Hermes Logistik Gruppe", Carrier::Hermes),
            ("DPD Classic", Carrier::Dpd),
            ("GLS Business", Carrier::Gls),
            ("UPS Standard", Carrier::Ups),
            ("Österreichische Post", Carrier::OesterreichischePost),
        ] {
            assert_eq!(Carrier::of_name(name), Some(carrier), "{name}");
        }
        for name in [
            "",
            " - ",
            "Spedition Meier",
            "DHL Freight",
            "DHL eCommerce",
            "UPS Express Saver",
            "Post",
            "USPS",
            "Brieftaube",
        ] {
            assert_eq!(Carrier::of_name(name), None, "{name}");
        }
    }

    #[test]
    fn a_table_names_carriers_that_exist() {
        assert_eq!("dhl".parse::<Carrier>(), Ok(Carrier::Dhl));
        assert_eq!("dhl express".parse::<Carrier>(), Ok(Carrier::DhlExpress));
        let error = "DHLL".parse::<Carrier>().unwrap_err().to_string();
        assert!(error.contains("`DHLL`") && error.contains("Deutsche Post"), "{error}");
    }
}
