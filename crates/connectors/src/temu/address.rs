//! From TEMU's address to the domain's.
//!
//! Source: `bg.order.shippinginfo.v2.get`; `regionName1` is the country, 2 the state, 3 the city, 4 a district.

use marktwerk_domain::order::Address;
use serde::Deserialize;

use super::{regions, wire};
use crate::address::{AddressParts, compose};
use crate::orders::Untranslatable;

/// `result` of the address call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
pub(super) struct ShippingInfo {
    #[serde(deserialize_with = "wire::text")]
    receipt_name: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    receipt_additional_name: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    mobile: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    backup_mobile: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    mail: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    region_name1: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    region_name2: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    region_name3: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    region_name4: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    address_line1: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    address_line2: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    address_line3: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    address_line_all: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    post_code: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    tax_code: Option<String>,
    #[serde(deserialize_with = "wire::lenient")]
    address_extra: Option<AddressExtra>,
    #[serde(deserialize_with = "wire::lenient")]
    warning: Option<Warning>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct AddressExtra {
    #[serde(deserialize_with = "wire::text")]
    first_name: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    last_name: Option<String>,
    #[serde(deserialize_with = "wire::text")]
    contactless_drop_point: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Warning {
    #[serde(deserialize_with = "wire::flag")]
    is_restriction: Option<bool>,
    #[serde(deserialize_with = "wire::number")]
    reason: Option<i64>,
}

/// The delivery address; `region` is the order's, for a country that the address does not name.
pub(super) fn address(info: ShippingInfo, region: Option<i64>) -> Result<Address, Untranslatable> {
    if let Some(warning) = info.warning.filter(|warning| warning.is_restriction == Some(true)) {
        return Err(Untranslatable::because(restriction(warning.reason)));
    }
    let extra = info.address_extra.unwrap_or_default();
    let lines = [info.address_line1, info.address_line2, info.address_line3];
    let lines: Vec<String> = match lines.iter().all(Option::is_none) {
        true => info.address_line_all.into_iter().collect(),
        false => lines.into_iter().flatten().collect(),
    };
    let (city, state) = match info.region_name3.or(info.region_name4) {
        Some(city) => (Some(city), info.region_name2),
        // Some regions are towns, such as Berlin and Wien. In any other state the town is unknown.
        None if info.region_name2.as_deref().is_some_and(regions::is_state) => (None, info.region_name2),
        None => (info.region_name2, None),
    };
    let country = match &info.region_name1 {
        Some(named) => regions::code_of_name(named),
        None => region.and_then(regions::code_of_region),
    };
    compose(AddressParts {
        first_name: extra.first_name,
        last_name: extra.last_name,
        name: info.receipt_name,
        additional_name: info.receipt_additional_name,
        lines,
        drop_point: extra.contactless_drop_point,
        postal_code: info.post_code,
        city,
        state,
        country: country.map(str::to_owned),
        phone: info.mobile.or(info.backup_mobile),
        email: info.mail,
        tax_number: info.tax_code,
    })
}

fn restriction(reason: Option<i64>) -> [String; 2] {
    let known = |reasons: [&str; 2]| reasons.map(str::to_owned);
    let [why, german] = match reason {
        Some(1) => known(["it is paid on delivery", "sie wird per Nachnahme bezahlt"]),
        Some(2) => known([
            "the shop may not ship with its own tracking numbers",
            "der Shop darf nicht mit eigenen Sendungsnummern versenden",
        ]),
        Some(3) => known([
            "it must be sent with a label bought from TEMU",
            "sie muss mit einem bei TEMU gekauften Versandetikett verschickt werden",
        ]),
        Some(other) => [format!("reason {other}"), format!("Grund {other}")],
        None => known(["no reason given", "ohne Angabe eines Grundes"]),
    };
    [
        format!("TEMU restricts the address of this order ({why}); ship it from Seller Center"),
        format!(
            "TEMU beschränkt die Adresse dieser Bestellung ({german}); bitte aus dem Seller Center versenden"
        ),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn translated(value: serde_json::Value) -> Result<Address, Untranslatable> {
        address(serde_json::from_value(value).unwrap(), Some(13))
    }

    #[test]
    fn all_parts_find_their_place_and_blanks_within_stay() {
        let address = translated(json!({
            "receiptName": "Änne  von Bär", "receiptAdditionalName": null, "mobile": "", "backupMobile": "+49 1",
            "mail": "x@relay.invalid", "regionName1": "Germany", "regionName2": "Hessen", "regionName3": "Gießen",
            "regionName4": "", "addressLine1": "Straße \"A\" 5 b", "addressLine2": "2. OG", "addressLine3": "links",
            "postCode": 35390, "addressExtra": {"firstName": "Änne", "lastName": "von Bär"},
            "warning": {"isRestriction": false, "reason": null},
        }))
        .unwrap();
        assert_eq!(address.first_name, "Änne");
        assert_eq!(address.last_name, "von Bär");
        assert_eq!(address.street, "Straße \"A\" 5 b");
        assert_eq!(address.addition, "2. OG, links");
        assert_eq!(address.postal_code, "35390");
        assert_eq!((address.city.as_str(), address.state.as_str()), ("Gießen", "Hessen"));
        assert_eq!(address.country, "DE");
        assert_eq!(address.phone, "+49 1");
    }

    #[test]
    fn a_whole_name_is_split_and_the_country_may_come_from_the_region() {
        let address = translated(json!({
            "receiptName": "Jörn Ole Süß", "regionName2": "Wien", "addressLineAll": "Ring 1", "postCode": "1010",
            "addressExtra": null,
        }))
        .unwrap();
        assert_eq!((address.first_name.as_str(), address.last_name.as_str()), ("Jörn Ole", "Süß"));
        assert_eq!((address.city.as_str(), address.country.as_str()), ("Wien", "AT"));
    }

    #[test]
    fn a_state_is_no_town_unless_it_is_one() {
        let town = |state: &str| {
            let address = json!({
                "receiptName": "Änne Bär", "regionName1": "Germany", "regionName2": state, "addressLine1": "Weg 1", "postCode": "1",
            });
            translated(address).map(|address| address.city)
        };
        assert_eq!(town("Hamburg").unwrap(), "Hamburg");
        for state in ["Hessen", "Bavaria", "NORDRHEIN-WESTFALEN"] {
            let error = town(state).unwrap_err();
            assert!(error.reason.english.contains("has no town"), "{state}: {error}");
        }
    }

    #[test]
    fn a_country_that_nobody_knows_and_a_restriction_are_named() {
        let whole =
            json!({"receiptName": "Bär", "addressLine1": "Weg 1", "postCode": "1", "regionName3": "Ort"});
        assert!(translated(whole.clone()).is_ok());
        for (member, value, word) in [
            ("regionName1", json!("Narnia"), "country"),
            ("warning", json!({"isRestriction": true, "reason": 2}), "own tracking"),
        ] {
            let mut broken = whole.clone();
            broken[member] = value;
            let reason = translated(broken).unwrap_err().reason.english;
            assert!(reason.contains(word), "{reason}");
        }
    }

    #[test]
    fn a_tax_code_comes_with_its_company() {
        let address = translated(json!({
            "receiptName": "Müller GmbH & Co. KG", "addressLine1": "Weg", "addressLine2": "1", "postCode": "1010",
            "regionName1": "Austria", "regionName3": "Wien", "taxCode": "ATU12345678", "taxCodeType": 2,
            "addressExtra": {"firstName": "Müller GmbH & Co.", "lastName": "KG"},
        }))
        .unwrap();
        assert_eq!(
            (address.company.as_str(), address.vat_id.as_str()),
            ("Müller GmbH & Co. KG", "ATU12345678")
        );
        assert_eq!((address.last_name.as_str(), address.street.as_str()), ("", "Weg 1"));
    }
}
