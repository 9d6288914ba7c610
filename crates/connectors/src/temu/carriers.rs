//! Which of TEMU's carriers is meant by the name that the ERP uses. Pure; the list comes from
//! `bg.logistics.companies.get` and differs per region.
//!
//! Unknown or ambiguous is an answer: there is no default, and a known number counts only where it stands in
//! the region's list.

use serde::Deserialize;

use super::{regions, wire};

/// An entry of a region's list.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Provider {
    #[serde(rename = "logisticsServiceProviderId", default, deserialize_with = "wire::number")]
    pub(super) id: Option<i64>,
    #[serde(rename = "logisticsServiceProviderName", default, deserialize_with = "wire::text")]
    pub(super) name: Option<String>,
    #[serde(rename = "logisticsBrandName", default, deserialize_with = "wire::text")]
    pub(super) brand: Option<String>,
}

impl Provider {
    /// Whether its name is no other service of its brand: all its words are the brand's own or harmless.
    fn is_plain(&self, country: Option<&str>) -> bool {
        let brand = words(self.brand.as_deref().unwrap_or_default());
        let name = words(self.name.as_deref().unwrap_or_default());
        name.iter().all(|word| brand.contains(word) || is_harmless(word, country))
    }
}

/// The carriers that German merchants use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    Dhl,
    DeutschePost,
    Dpd,
    Gls,
    Hermes,
    Ups,
    Fedex,
}

impl Carrier {
    /// First words of names, and TEMU's number where one is known from its documents.
    const ALL: [(Self, &[&str], Option<i64>); 7] = [
        (Self::Dhl, &["dhl"], Some(141_252_268)),
        (Self::DeutschePost, &["deutsche post"], None),
        (Self::Dpd, &["dpd"], None),
        (Self::Gls, &["gls"], Some(547_987_123)),
        (Self::Hermes, &["hermes"], None),
        (Self::Ups, &["ups"], Some(314_439_762)),
        (Self::Fedex, &["fedex", "fed ex"], Some(699_272_611)),
    ];

    /// Words beside a carrier's name that make it no other carrier, as the region's own country does. `Express`,
    /// `Freight`, `eCommerce` or a foreign country do.
    const HARMLESS: [&str; 19] = [
        "paket",
        "pakete",
        "parcel",
        "parcels",
        "packet",
        "versand",
        "versenden",
        "standard",
        "classic",
        "national",
        "inland",
        "bis",
        "kg",
        "gmbh",
        "ag",
        "logistik",
        "logistics",
        "business",
        "privat",
    ];

    /// The carrier that a name means in a country; `None` where it could mean another one.
    fn of(name: &str, country: Option<&str>) -> Option<Self> {
        let words = words(name);
        let (carrier, rest) = Self::ALL.iter().find_map(|(carrier, starts, _)| {
            starts.iter().find_map(|start| {
                let start: Vec<&str> = start.split(' ').collect();
                let is_prefix =
                    words.len() >= start.len() && words.iter().zip(&start).all(|(word, part)| word == part);
                is_prefix.then(|| (*carrier, words.get(start.len()..).unwrap_or_default()))
            })
        })?;
        rest.iter().all(|word| is_harmless(word, country)).then_some(carrier)
    }

    fn known_id(self) -> Option<i64> {
        Self::ALL.iter().find(|(carrier, ..)| *carrier == self).and_then(|(.., id)| *id)
    }
}

/// Whether a word beside a carrier's name leaves it the same service in a country.
fn is_harmless(word: &str, country: Option<&str>) -> bool {
    Carrier::HARMLESS.contains(&word)
        || word.trim_end_matches("kg").chars().all(|letter| letter.is_ascii_digit())
        || country.is_some_and(|country| regions::code_of_name(word) == Some(country))
}

fn words(name: &str) -> Vec<String> {
    let lower = name.to_lowercase();
    lower
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Letters and digits only, lower case: `Deutsche-Post` and `deutsche post` are one name.
fn normalised(name: &str) -> String {
    words(name).concat()
}

/// TEMU's number of the carrier that the ERP calls `name`, among a region's `providers`.
pub(super) fn find(providers: &[Provider], region: i64, name: &str) -> Option<i64> {
    let wanted = normalised(name);
    if wanted.is_empty() {
        return None;
    }
    let country = regions::code_of_region(region);
    let carrier = Carrier::of(name, country);
    let is_called = |told: &Option<String>| told.as_deref().is_some_and(|told| normalised(told) == wanted);
    let is_same = |provider: &Provider| {
        carrier.is_some()
            && provider.name.as_deref().is_some_and(|name| Carrier::of(name, country) == carrier)
    };
    let known = carrier.and_then(Carrier::known_id);
    pick(providers, |provider| is_called(&provider.name), known)
        .or_else(|| pick(providers, is_same, known))
        .or_else(|| {
            pick(providers, |provider| is_called(&provider.brand) && provider.is_plain(country), known)
        })
        .and_then(Result::ok)
}

/// `None`: nobody fits. `Some(Err)`: several do, and none of them is the known one.
fn pick(
    providers: &[Provider],
    fits: impl Fn(&Provider) -> bool,
    known: Option<i64>,
) -> Option<Result<i64, Ambiguous>> {
    let mut ids: Vec<i64> =
        providers.iter().filter(|provider| fits(provider)).filter_map(|provider| provider.id).collect();
    ids.sort_unstable();
    ids.dedup();
    match (ids.as_slice(), known) {
        ([], _) => None,
        ([id], _) => Some(Ok(*id)),
        (ids, Some(known)) if ids.contains(&known) => Some(Ok(known)),
        _ => Some(Err(Ambiguous)),
    }
}

struct Ambiguous;

#[cfg(test)]
mod tests {
    use super::*;

    fn providers(entries: &[(i64, &str, &str)]) -> Vec<Provider> {
        let provider = |(id, name, brand): &(i64, &str, &str)| Provider {
            id: Some(*id),
            name: Some((*name).to_owned()),
            brand: Some((*brand).to_owned()),
        };
        entries.iter().map(provider).collect()
    }

    fn germany() -> Vec<Provider> {
        providers(&[
            (141_252_268, "DHL", "DHL"),
            (7, "DHL Express", "DHL"),
            (8, "DHL eCommerce", "DHL"),
            (9, "DPD DE", "DPD"),
            (10, "DPD PL", "DPD"),
            (11, "Deutsche Post", "Deutsche Post"),
            (12, "Hermes Germany", "Hermes"),
            (314_439_762, "UPS", "UPS"),
            (960_246_690, "USPS", "USPS"),
            (13, "UPS Mail Innovations", "UPS"),
        ])
    }

    #[test]
    fn names_as_merchants_write_them_are_found() {
        for (name, id) in [
            ("DHL", 141_252_268),
            ("DHL Paket (bis 5 kg)", 141_252_268),
            ("dhl-paket 10kg", 141_252_268),
            ("DHL Express", 7),
            ("DPD", 9),
            ("DPD Classic", 9),
            ("DPD PL", 10),
            ("Deutsche Post", 11),
            ("Hermes", 12),
            ("UPS", 314_439_762),
            ("UPS Standard", 314_439_762),
        ] {
            assert_eq!(find(&germany(), 76, name), Some(id), "{name}");
        }
    }

    #[test]
    fn what_is_unknown_or_might_be_another_gets_no_number() {
        for name in ["", " - ", "Spedition Meier", "GLS", "FedEx", "DHL Freight", "UPS Express Saver", "Post"]
        {
            assert_eq!(find(&germany(), 76, name), None, "{name}");
        }
        let two = providers(&[(1, "Hermes Germany", "Hermes"), (2, "Hermes Logistik", "Hermes")]);
        assert_eq!(find(&two, 76, "Hermes"), None);
        let twice = providers(&[(1, "GLS", "GLS"), (547_987_123, "GLS", "GLS")]);
        assert_eq!(find(&twice, 76, "GLS"), Some(547_987_123));
        assert_eq!(find(&[], 76, "DHL"), None);
    }

    #[test]
    fn a_country_belongs_to_its_region_only() {
        assert_eq!(find(&providers(&[(9, "DPD DE", "x")]), 13, "DPD"), None);
        assert_eq!(find(&providers(&[(9, "DPD AT", "x")]), 13, "DPD"), Some(9));
        assert_eq!(find(&providers(&[(9, "Hermes Germany", "x")]), 13, "Hermes"), None);
    }

    #[test]
    fn a_brand_decides_only_when_no_name_does() {
        let list = providers(&[(1, "Bring Parcels", "Bring"), (2, "Posten", "Post")]);
        assert_eq!(find(&list, 151, "Bring"), Some(1));
        assert_eq!(find(&providers(&[(1, "PostNL NL Parcels", "PostNL")]), 141, "PostNL"), Some(1));
    }

    #[test]
    fn a_brand_does_not_stand_for_another_of_its_services() {
        let services = ["DHL Express", "DHL Freight", "DHL Economy", "DHL eCommerce", "DHL PL"];
        for service in services {
            let list = providers(&[(7, service, "DHL")]);
            for name in ["DHL", "DHL Paket"] {
                assert_eq!(find(&list, 76, name), None, "{name} is not {service}");
            }
            assert_eq!(find(&list, 76, service), Some(7), "{service}");
        }
        assert_eq!(find(&providers(&[(8, "Bring Express", "Bring")]), 151, "Bring"), None);
    }

    #[test]
    fn the_country_of_the_region_is_no_other_service() {
        for (region, name) in [(76, "DPD DE"), (76, "DPD Germany"), (13, "DPD Austria"), (210, "DPD UK")] {
            assert_eq!(find(&providers(&[(9, name, "DPD")]), region, "DPD"), Some(9), "{name}");
        }
        assert_eq!(find(&providers(&[(9, "Bring NO", "Bring")]), 151, "Bring"), Some(9));
        assert_eq!(find(&providers(&[(9, "DPD PL", "DPD")]), 76, "DPD"), None);
    }
}
