//! Countries as JTL gets them: ISO code or German name, as the merchant's JTL wants it. The names are those of
//! JTL's country list; only countries that marketplaces here deliver to.

use super::text::Warnings;
use crate::jtl::CountryStyle;

const LIMIT: usize = 255;

/// ISO 3166 alpha-2 code and German name, sorted by code.
const NAMES: [(&str, &str); 60] = [
    ("AD", "Andorra"),
    ("AE", "Vereinigte Arabische Emirate"),
    ("AL", "Albanien"),
    ("AT", "Österreich"),
    ("AU", "Australien"),
    ("BA", "Bosnien und Herzegowina"),
    ("BE", "Belgien"),
    ("BG", "Bulgarien"),
    ("BR", "Brasilien"),
    ("CA", "Kanada"),
    ("CH", "Schweiz"),
    ("CN", "China"),
    ("CY", "Zypern"),
    ("CZ", "Tschechische Republik"),
    ("DE", "Deutschland"),
    ("DK", "Dänemark"),
    ("EE", "Estland"),
    ("ES", "Spanien"),
    ("FI", "Finnland"),
    ("FO", "Färöer"),
    ("FR", "Frankreich"),
    ("GB", "Großbritannien"),
    ("GG", "Guernsey"),
    ("GI", "Gibraltar"),
    ("GR", "Griechenland"),
    ("HR", "Kroatien"),
    ("HU", "Ungarn"),
    ("IE", "Irland"),
    ("IL", "Israel"),
    ("IM", "Insel Man"),
    ("IN", "Indien"),
    ("IS", "Island"),
    ("IT", "Italien"),
    ("JE", "Jersey"),
    ("JP", "Japan"),
    ("KR", "Südkorea"),
    ("LI", "Liechtenstein"),
    ("LT", "Litauen"),
    ("LU", "Luxemburg"),
    ("LV", "Lettland"),
    ("MC", "Monaco"),
    ("MD", "Moldawien"),
    ("ME", "Montenegro"),
    ("MK", "Nordmazedonien"),
    ("MT", "Malta"),
    ("MX", "Mexiko"),
    ("NL", "Niederlande"),
    ("NO", "Norwegen"),
    ("NZ", "Neuseeland"),
    ("PL", "Polen"),
    ("PT", "Portugal"),
    ("RO", "Rumänien"),
    ("RS", "Serbien"),
    ("SE", "Schweden"),
    ("SI", "Slowenien"),
    ("SK", "Slowakei"),
    ("SM", "San Marino"),
    ("TR", "Türkei"),
    ("UA", "Ukraine"),
    ("US", "USA"),
];

/// The country as the document names it. What is no known code is written as it came, with a warning: a parcel
/// with a foreign spelling can be corrected in JTL, one without a country cannot.
pub(crate) fn written(country: &str, style: CountryStyle, warnings: &mut Warnings) -> String {
    let country = warnings.fit("country", country, LIMIT);
    let is_code = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_alphabetic());
    if !is_code {
        warnings.add("country is not a two-letter code: written as the marketplace has it".to_owned());
        return country;
    }
    let code = country.to_ascii_uppercase();
    match style {
        CountryStyle::Code => code,
        CountryStyle::GermanName => match NAMES.binary_search_by_key(&code.as_str(), |(code, _)| code) {
            Ok(index) => NAMES[index].1.to_owned(),
            Err(_) => {
                warnings.add("country has no German name here: written as its code".to_owned());
                code
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names() {
        let mut warnings = Warnings::default();
        assert_eq!(written("de", CountryStyle::Code, &mut warnings), "DE");
        assert_eq!(written("AT", CountryStyle::GermanName, &mut warnings), "Österreich");
        assert!(warnings.into_sentences().is_empty());
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn what_is_unknown_is_written_as_it_came_and_told() {
        let mut warnings = Warnings::default();
        assert_eq!(written("Germany", CountryStyle::Code, &mut warnings), "Germany");
        assert_eq!(written("ZW", CountryStyle::GermanName, &mut warnings), "ZW");
        assert_eq!(warnings.into_sentences().len(), 2);
    }
}
