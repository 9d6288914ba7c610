//! Countries as TEMU numbers and names them, for those that its European area serves.
//!
//! Source: Open API documents, table of region ids. Others keep the marketplace's word.

use marktwerk_domain::order::Hints;

/// Region id, ISO 3166 alpha-2, and the names in use.
const COUNTRIES: [(i64, &str, &[&str]); 32] = [
    (13, "AT", &["Austria", "Österreich"]),
    (20, "BE", &["Belgium", "Belgien"]),
    (32, "BG", &["Bulgaria", "Bulgarien"]),
    (50, "HR", &["Croatia", "Kroatien"]),
    (52, "CY", &["Cyprus", "Zypern"]),
    (53, "CZ", &["Czech Republic", "Czechia", "Tschechien", "Tschechische Republik"]),
    (54, "DK", &["Denmark", "Dänemark"]),
    (64, "EE", &["Estonia", "Estland"]),
    (68, "FI", &["Finland", "Finnland"]),
    (69, "FR", &["France", "Frankreich"]),
    (76, "DE", &["Germany", "Deutschland"]),
    (78, "GR", &["Greece", "Griechenland"]),
    (90, "HU", &["Hungary", "Ungarn"]),
    (91, "IS", &["Iceland", "Island"]),
    (96, "IE", &["Ireland", "Irland"]),
    (98, "IT", &["Italy", "Italia", "Italien"]),
    (108, "LV", &["Latvia", "Lettland"]),
    (111, "LI", &["Liechtenstein"]),
    (112, "LT", &["Lithuania", "Litauen"]),
    (113, "LU", &["Luxembourg", "Luxemburg"]),
    (122, "MT", &["Malta"]),
    (141, "NL", &["Netherlands", "The Netherlands", "Niederlande"]),
    (151, "NO", &["Norway", "Norwegen"]),
    (162, "PL", &["Poland", "Polska", "Polen"]),
    (163, "PT", &["Portugal"]),
    (167, "RO", &["Romania", "Rumänien"]),
    (180, "SK", &["Slovakia (Slovak Republic)", "Slovakia", "Slowakei"]),
    (181, "SI", &["Slovenia", "Slowenien"]),
    (186, "ES", &["Spain", "España", "Spanien"]),
    (191, "SE", &["Sweden", "Schweden"]),
    (192, "CH", &["Switzerland", "Schweiz", "Suisse", "Svizzera"]),
    (210, "GB", &["United Kingdom", "Great Britain", "UK", "Großbritannien", "Vereinigtes Königreich"]),
];

/// An order's region as its hints: carriers are listed per region.
pub(super) fn hints(region: i64) -> Hints {
    Hints::new(region.to_string())
}

/// The region that was noted of an order.
pub(super) fn of_hints(hints: Option<&Hints>) -> Option<i64> {
    hints?.as_str().parse().ok()
}

/// The country of a region, as ISO 3166 alpha-2.
pub(super) fn code_of_region(region: i64) -> Option<&'static str> {
    COUNTRIES.iter().find(|(id, ..)| *id == region).map(|(_, code, _)| *code)
}

/// The country of a name (or of a code itself), as ISO 3166 alpha-2.
pub(super) fn code_of_name(name: &str) -> Option<&'static str> {
    let name = name.trim().to_lowercase();
    COUNTRIES
        .iter()
        .find(|(_, code, names)| {
            code.to_lowercase() == name || names.iter().any(|known| known.to_lowercase() == name)
        })
        .map(|(_, code, _)| *code)
}

/// States of Germany and Austria that are not towns, in German and English. Salzburg is both, so it is not listed.
const STATES: [&str; 31] = [
    "baden-württemberg",
    "baden-wuerttemberg",
    "bayern",
    "bavaria",
    "brandenburg",
    "hessen",
    "hesse",
    "mecklenburg-vorpommern",
    "mecklenburg-western pomerania",
    "niedersachsen",
    "lower saxony",
    "nordrhein-westfalen",
    "north rhine-westphalia",
    "rheinland-pfalz",
    "rhineland-palatinate",
    "saarland",
    "sachsen",
    "saxony",
    "sachsen-anhalt",
    "saxony-anhalt",
    "schleswig-holstein",
    "thüringen",
    "thuringia",
    "burgenland",
    "kärnten",
    "carinthia",
    "niederösterreich",
    "oberösterreich",
    "steiermark",
    "tirol",
    "vorarlberg",
];

/// Whether a region is a state and not a town.
pub(super) fn is_state(name: &str) -> bool {
    STATES.contains(&name.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_found_by_number_name_and_code() {
        assert_eq!(code_of_region(76), Some("DE"));
        assert_eq!(code_of_region(211), None);
        for name in ["Germany", "DEUTSCHLAND", " de "] {
            assert_eq!(code_of_name(name), Some("DE"), "{name}");
        }
        assert_eq!(code_of_name("Österreich"), Some("AT"));
        assert_eq!(code_of_name("Atlantis"), None);
    }
}
