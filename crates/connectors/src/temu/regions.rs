//! Countries as TEMU numbers and names them, for those that its European area serves.
//!
//! Source: Open API documents, table of region ids. Others keep the marketplace's word.

/// Region id, ISO 3166 alpha-2, and the names in use.
const COUNTRIES: [(i64, &str, &[&str]); 32] = [
    (13, "AT", &["Austria", "Österreich"]),
    (20, "BE", &["Belgium"]),
    (32, "BG", &["Bulgaria"]),
    (50, "HR", &["Croatia"]),
    (52, "CY", &["Cyprus"]),
    (53, "CZ", &["Czech Republic", "Czechia"]),
    (54, "DK", &["Denmark"]),
    (64, "EE", &["Estonia"]),
    (68, "FI", &["Finland"]),
    (69, "FR", &["France"]),
    (76, "DE", &["Germany", "Deutschland"]),
    (78, "GR", &["Greece"]),
    (90, "HU", &["Hungary"]),
    (91, "IS", &["Iceland"]),
    (96, "IE", &["Ireland"]),
    (98, "IT", &["Italy", "Italia"]),
    (108, "LV", &["Latvia"]),
    (111, "LI", &["Liechtenstein"]),
    (112, "LT", &["Lithuania"]),
    (113, "LU", &["Luxembourg"]),
    (122, "MT", &["Malta"]),
    (141, "NL", &["Netherlands", "The Netherlands"]),
    (151, "NO", &["Norway"]),
    (162, "PL", &["Poland", "Polska"]),
    (163, "PT", &["Portugal"]),
    (167, "RO", &["Romania"]),
    (180, "SK", &["Slovakia (Slovak Republic)", "Slovakia"]),
    (181, "SI", &["Slovenia"]),
    (186, "ES", &["Spain", "España"]),
    (191, "SE", &["Sweden"]),
    (192, "CH", &["Switzerland", "Schweiz"]),
    (210, "GB", &["United Kingdom", "Great Britain", "UK"]),
];

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
