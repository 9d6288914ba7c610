//! Under which names a marketplace's list is asked for a parcel's carrier.

use std::collections::BTreeMap;

use marktwerk_domain::carrier::Carrier;
use marktwerk_domain::shipment::Parcel;

use crate::connections::table_key;

/// One after the other: the account's table alone, where it has the shipping method or the carrier. Else the parcel's own carrier: the
/// shipping method is only what was planned, so that its codes count where the carrier says nothing that is known, and its name only
/// where there is no carrier.
pub(super) fn carrier_names(parcel: &Parcel, table: Option<&BTreeMap<String, Carrier>>) -> Vec<String> {
    let named = [&parcel.method, &parcel.carrier].map(|name| table_key(name));
    if let Some(carrier) = named.iter().find_map(|name| table?.get(name)) {
        return vec![carrier.to_string()];
    }
    let meant = |name: &String| Carrier::of_name(name).map(|carrier| carrier.to_string());
    let coded = parcel.carrier_codes.iter().filter_map(meant);
    let own = |name: &String| [Some(name.clone()), meant(name)].into_iter().flatten();
    let is_known = meant(&parcel.carrier).is_some();
    match parcel.method.is_empty() {
        // What stands as the carrier is the method's name.
        true => coded.chain(own(&parcel.carrier)).collect(),
        false if is_known => own(&parcel.carrier).collect(),
        false => own(&parcel.carrier).chain(coded).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(carrier: &str, method: &str, code: &str) -> Parcel {
        let carrier_codes = [code].into_iter().filter(|code| !code.is_empty()).map(str::to_owned).collect();
        Parcel { carrier: carrier.to_owned(), method: method.to_owned(), carrier_codes, ..Parcel::default() }
    }

    #[test]
    fn the_carrier_that_took_it_comes_before_the_method_that_was_planned() {
        assert_eq!(carrier_names(&parcel("DHL Paket", "", ""), None), ["DHL Paket", "DHL"]);
        assert_eq!(carrier_names(&parcel("GLS", "Versand Standard", "DHL"), None), ["GLS", "GLS"]);
        assert_eq!(carrier_names(&parcel("Versand Standard", "", "DHL"), None), ["DHL", "Versand Standard"]);
        assert_eq!(
            carrier_names(&parcel("Abendbote", "DHL Paket", ""), None),
            ["Abendbote"],
            "never guessed"
        );
    }

    #[test]
    fn the_accounts_table_comes_before_all() {
        let table = BTreeMap::from([("versand standard".to_owned(), Carrier::of_name("GLS").unwrap())]);
        let parcel = parcel("DHL", "Versand Standard ", "DHL");
        assert_eq!(carrier_names(&parcel, Some(&table)), ["GLS"]);
    }
}
