//! What TEMU's error codes mean for a caller: the gateway's own (7 digits) and those of the services behind
//! it (9 digits) that need more than "refused".
//!
//! Source: Open API documents, gateway error table and the error tables of the calls.

use jiff::Timestamp;

use super::{orders, shipments};
use crate::error::{ConnectorError, Place};

/// The code of success.
pub(super) const SUCCESS: i64 = 1_000_000;
/// Some amounts of the order are still being calculated.
pub(super) const STILL_CALCULATING: i64 = 140_020_008;
/// The order has been shipped already.
pub(super) const ALREADY_SHIPPED: i64 = 120_012_004;
/// A shipment names no warehouse.
pub(super) const WAREHOUSE_MISSING: i64 = 120_015_527;
/// A tracking number is blank.
pub(super) const TRACKING_BLANK: i64 = 120_014_001;
/// Too many calls.
pub(super) const RATE_LIMITED: i64 = 4_000_004;

/// What helps where a token is not good or not good any more.
pub(super) const AUTHORISE: &str = "authorise the app again in Seller Center, enter the new access token in Marktwerk's settings and restart it";
const CHECK_KEYS: &str = "check the app key in the account's settings";
const ASK_TEMU: &str =
    "the app is suspended or lacks the permission: see it in the partner platform or ask TEMU";

/// The code of an error, as a number.
pub(super) fn of(place: &Place) -> Option<i64> {
    place.code.as_ref()?.parse().ok()
}

/// Whether a service behind the gateway answered about the content of the call.
pub(super) fn is_answer(place: &Place) -> bool {
    of(place).is_some_and(is_business)
}

/// Whether a service behind the gateway gave the code: it understood the call and answered about its content.
fn is_business(code: i64) -> bool {
    code >= 100_000_000
}

/// The error for a code other than success.
pub(super) fn error(place: Place, code: i64, message: String, until: Option<Timestamp>) -> ConnectorError {
    let place = Place { code: Some(code.to_string().into()), ..place };
    match code {
        RATE_LIMITED => ConnectorError::RateLimited { place, message, until },
        // "Call internal API failed", system exception, internal API missing, business service error, and the
        // services' own "try again later".
        2_000_000 | 4_000_000 | 6_000_001 | 7_000_000 | 120_014_006 | 150_010_002 | 150_010_005 => {
            ConnectorError::Transient { place, message }
        }
        STILL_CALCULATING => ConnectorError::NotReady { place, message },
        _ => match unauthorised_cure(code) {
            Some(cure) => ConnectorError::Unauthorised { place, message, cure },
            None => {
                let is_about_order = is_about_order(place.call, code);
                ConnectorError::Refused { place, message, cure: cure(code), is_about_order }
            }
        },
    }
}

/// Whether a refusal is about the one order that the call named, not about the shop or how Marktwerk calls.
fn is_about_order(call: &str, code: i64) -> bool {
    let names_order =
        [orders::ADDRESS, orders::AMOUNTS, shipments::CONFIRM, shipments::SHIPMENTS].contains(&call);
    names_order && is_business(code) && !is_about_shop(code)
}

/// Business codes about the shop's settings and rights, whatever order was asked about.
fn is_about_shop(code: i64) -> bool {
    let labels_and_warehouses =
        [180_020_030, 120_012_034, WAREHOUSE_MISSING, 120_011_085, 120_011_086, 120_012_063, 120_012_064];
    labels_and_warehouses.contains(&code) || unauthorised_cure(code).is_some()
}

fn unauthorised_cure(code: i64) -> Option<&'static str> {
    match code {
        3_000_030..=3_000_034 | 5_000_000 => Some(AUTHORISE),
        3_000_019 | 3_000_020 | 3_000_025 | 3_000_026 => Some(CHECK_KEYS),
        3_000_021 | 3_000_022 | 3_000_027 | 3_000_028 => Some(ASK_TEMU),
        5_000_003 => Some("enter this machine's public address in the app's IP whitelist"),
        // The keys are good, but not for this: a person must act before any order can go on.
        120_011_072 => Some("the account's endpoint belongs to another area: use the one of the shop's area"),
        140_020_001 | 140_020_015 => {
            Some("the token belongs to a kind of shop that this call does not serve")
        }
        180_020_008 => Some("sign the data processing agreement in Seller Center"),
        _ => None,
    }
}

/// What to do about a refusal; empty where nothing better is known than the message.
pub(super) fn cure(code: i64) -> &'static str {
    match code {
        3_000_001 | 3_000_040 => {
            "check the app secret; if it is right, this is a bug in Marktwerk: please report it"
        }
        3_000_002 | 3_000_010 | 3_000_013 | 3_000_014 => "this is a bug in Marktwerk: please report it",
        3_000_003 | 3_000_004 => "TEMU does not offer this call (any more): Marktwerk needs an update",
        3_000_011 | 3_000_012 => "set this machine's clock",
        180_020_030 | 120_012_034 => {
            "the shop must buy TEMU's shipping labels: see the notice in Seller Center"
        }
        WAREHOUSE_MISSING => "enter a default warehouse in Seller Center",
        120_011_085 | 120_011_086 | 120_012_063 | 120_012_064 => {
            "check the default warehouse in Seller Center"
        }
        120_012_023 => "decide on the buyer's wish for another address in Seller Center, then report again",
        120_012_030 | 120_017_007 => {
            "decide on the buyer's wish to cancel in Seller Center, then report again"
        }
        120_012_031 => "decide on the risk alert in Seller Center, then report again",
        TRACKING_BLANK => "enter the tracking number in JTL",
        120_014_003 | 120_014_004 => {
            "the tracking number was reported before, perhaps for another order in the same parcel: check it in JTL; if it is right, report this order in Seller Center"
        }
        120_014_005 | 120_014_008 | 120_014_020 | 120_014_022 | 120_014_023 => {
            "check tracking number and carrier in JTL"
        }
        120_011_059 | 120_011_092 => "the shop may not use this carrier with its own tracking numbers",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(call: &'static str, code: i64) -> ConnectorError {
        error(Place { call, ..Place::default() }, code, "said".to_owned(), None)
    }

    #[test]
    fn only_an_answer_about_the_order_itself_concerns_one_order() {
        for code in [140_020_002, 180_020_001, 180_020_003, 999_999_999] {
            assert!(told(orders::ADDRESS, code).concerns_one_order(), "{code}");
            assert!(!told("bg.local.goods.sku.list.query", code).concerns_one_order(), "{code}");
        }
        let of_all = [
            3_000_001,
            3_000_012,
            3_000_034,
            5_000_002,
            120_011_072,
            140_020_001,
            140_020_008,
            140_020_015,
            150_010_002,
            180_020_008,
            180_020_030,
        ];
        for code in of_all {
            assert!(!told(orders::ADDRESS, code).concerns_one_order(), "{code}");
        }
    }
}
