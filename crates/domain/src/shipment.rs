//! Parcels on their way: what JTL shipped, and what the marketplace is told.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::judgement::Hold;
use crate::order::Hints;

/// How many units of an article a parcel or an order line holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The article number.
    pub sku: String,
    /// Whole units.
    pub quantity: i64,
}

/// A parcel that the ERP shipped (JTL: one row of `tVersand`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    /// The ERP's key of the parcel (JTL: `kVersand`).
    pub id: i64,
    /// The tracking number as the ERP has it; empty where there is none (yet).
    pub tracking: String,
    /// The carrier's name as the ERP has it (JTL: `cLogistiker`, else the shipping method's name).
    pub carrier: String,
    /// When it left.
    pub shipped_at: Option<Timestamp>,
    /// What is in it.
    pub contents: Vec<Content>,
    /// Further tracking numbers of the same row: what it holds went out in several parcels. Stored like the first one, so that a
    /// search finds each of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "named")]
    pub more_tracking: Vec<String>,
    /// What the ERP's field of the tracking number holds if that is not a tracking number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// The shipping method, where the carrier's name is another one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// The shipping method's own codes of the carrier (JTL: `cAmazonCarrierCode`, `cEbayCarrierCode`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carrier_codes: Vec<String>,
}

impl Parcel {
    /// All its tracking numbers.
    pub fn all_tracking(&self) -> impl Iterator<Item = &str> {
        let first = Some(self.tracking.as_str()).filter(|tracking| !tracking.is_empty());
        first.into_iter().chain(self.more_tracking.iter().map(String::as_str))
    }
}

/// Tracking numbers as a list of `{"tracking": …}`.
mod named {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Named {
        tracking: String,
    }

    pub(super) fn serialize<S: Serializer>(numbers: &[String], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(numbers.iter().map(|tracking| Named { tracking: tracking.clone() }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
        let numbers = Vec::<Named>::deserialize(deserializer)?;
        Ok(numbers.into_iter().map(|named| named.tracking).collect())
    }
}

/// A parcel that was reported by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldParcel {
    /// The ERP's key of the parcel.
    pub id: i64,
    /// The tracking number that was reported.
    pub tracking: String,
    /// Line number at the marketplace and the quantity that was reported. Empty: there was nothing to report of it.
    pub lines: Vec<(String, i64)>,
    /// It holds units of the buyer's lines that other parcels had been reported with already.
    #[serde(default)]
    pub is_surplus: bool,
}

impl ToldParcel {
    /// Whether it is about `parcel`, one of those that the ERP shows; the ERP may have made a new row of it.
    pub fn is_of(&self, parcel: &Parcel, parcels: &[Parcel]) -> bool {
        let is_replaced = || parcels.iter().all(|other| other.id != self.id);
        self.id == parcel.id || (self.tracking == parcel.tracking && is_replaced())
    }

    /// Whether the ERP shows something else than what was reported.
    pub fn differs_from(&self, parcels: &[Parcel]) -> bool {
        let has_other_number = |parcel: &Parcel| parcel.id == self.id && parcel.tracking != self.tracking;
        self.is_surplus || (!self.lines.is_empty() && parcels.iter().any(has_other_number))
    }
}

/// An order as the ERP shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErpOrder {
    /// The marketplace's order number.
    pub number: String,
    /// The ERP's own number.
    pub erp_number: String,
    /// How many orders carry the marketplace's number; more than one is an alarm.
    pub count: u32,
    /// Cancelled in the ERP.
    pub is_cancelled: bool,
    /// Every line is shipped, by the ERP's own reckoning.
    pub is_complete: bool,
    /// Closed without shipment: must not be reported as shipped.
    pub is_closed_unshipped: bool,
    /// What was ordered, article lines only.
    pub ordered: Vec<Content>,
    /// Its parcels that have left, in the order of their ids.
    pub parcels: Vec<Parcel>,
}

impl ErpOrder {
    /// Both as one: the ERP holds the order under two numbers. A cancelled one counts only where the other is cancelled too.
    pub fn and(self, other: Self) -> Self {
        match (self.is_cancelled, other.is_cancelled) {
            (true, false) => return other,
            (false, true) => return self,
            (true, true) | (false, false) => {}
        }
        let mut parcels = [self.parcels, other.parcels].concat();
        parcels.sort_by_key(|parcel| parcel.id);
        Self {
            count: self.count.saturating_add(other.count),
            is_complete: self.is_complete && other.is_complete,
            is_closed_unshipped: self.is_closed_unshipped || other.is_closed_unshipped,
            ordered: [self.ordered, other.ordered].concat(),
            parcels,
            ..self
        }
    }
}

/// A parcel as the marketplace is told of it: contents by the marketplace's own line numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedParcel {
    /// The ERP's key of the parcel.
    pub id: i64,
    /// The tracking number.
    pub tracking: String,
    /// The marketplace's code of the carrier.
    pub carrier_code: String,
    /// Line number at the marketplace and quantity.
    pub lines: Vec<(String, i64)>,
    /// Tracking numbers of further parcels that hold the same lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_tracking: Vec<String>,
    /// The marketplace's number of the warehouse that all of its lines are sent from, where it names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warehouse: Option<String>,
    /// Lines of other orders that lie in the same parcel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherOrder>,
}

/// An order that shares a parcel with another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherOrder {
    /// The marketplace's order number.
    pub number: String,
    /// Line number at the marketplace and quantity.
    pub lines: Vec<(String, i64)>,
}

/// What is told in one go: all parcels of one order, or one parcel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShipmentReport {
    /// The marketplace's order number.
    pub number: String,
    /// What the marketplace's connector noted of the order.
    #[serde(default, alias = "region", skip_serializing_if = "Option::is_none")]
    pub hints: Option<Hints>,
    /// All parcels.
    pub parcels: Vec<ReportedParcel>,
    /// Open wishes and checks that a person decided to pass over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denied: Vec<Hold>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What earlier versions stored of an order's region is read as its hints.
    #[test]
    fn a_report_of_an_earlier_version_is_read() {
        let read = |hints: &str| {
            let text = format!(r#"{{"number":"PO-1",{hints}"parcels":[]}}"#);
            serde_json::from_str::<ShipmentReport>(&text).unwrap().hints
        };
        assert_eq!(read(r#""region":76,"#), Some(Hints::new("76")));
        assert_eq!(read(r#""hints":"76","#), Some(Hints::new("76")));
        assert_eq!((read(r#""region":null,"#), read("")), (None, None));
    }
}
