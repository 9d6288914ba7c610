//! `bg.order.shippinginfo.v2.get` and `bg.order.decryptshippinginfo.get`: where an order goes, as long as it
//! waits for shipment. Before and after, the marketplace keeps the buyer to itself.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::order::{Address, UN_SHIPPING};
use super::request::Request;
use super::store;

pub(crate) fn shipping_info(connection: &Connection, request: &Request) -> Answer {
    let invalid = || Refusal::new(180_020_003, "Invalid param");
    let sn = request.text("parentOrderSn")?.ok_or_else(invalid)?;
    let order = store::order(connection, &sn)?.ok_or_else(invalid)?;
    if let Some(raw) = order.raw.and_then(|raw| raw.shipping_info) {
        return Ok(raw);
    }
    if order.status != UN_SHIPPING {
        let nobody = Address { country: order.address.country, ..empty() };
        return Ok(written(&nobody));
    }
    Ok(written(&order.address))
}

fn empty() -> Address {
    let nothing = String::new;
    Address {
        first_name: nothing(),
        last_name: nothing(),
        additional_name: nothing(),
        country: nothing(),
        state: nothing(),
        city: nothing(),
        post_code: nothing(),
        street: nothing(),
        addition: nothing(),
        third_line: nothing(),
        tax_code: nothing(),
        phone: nothing(),
        mail: nothing(),
    }
}

fn written(address: &Address) -> Value {
    let joined = |parts: [&str; 2], blank: &str| {
        parts.iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>().join(blank)
    };
    json!({
        "receiptName": joined([&address.first_name, &address.last_name], " "),
        "receiptAdditionalName": address.additional_name,
        "mobile": address.phone,
        "backupMobile": "",
        "mail": address.mail,
        "regionName1": address.country,
        "regionName2": address.state,
        "regionName3": address.city,
        "regionName4": "",
        "addressLine1": address.street,
        "addressLine2": address.addition,
        "addressLine3": address.third_line,
        "addressLineAll": joined([&joined([&address.street, &address.addition], " "), &address.third_line], " "),
        "postCode": address.post_code,
        "addressExtra": {
            "firstName": address.first_name,
            "lastName": address.last_name,
            "additionalFirstName": "",
            "additionalLastName": "",
            "contactlessDropPoint": "",
        },
        "taxCode": address.tax_code,
        "taxCodeType": null,
        "warning": {"isRestriction": false, "reason": null},
    })
}
