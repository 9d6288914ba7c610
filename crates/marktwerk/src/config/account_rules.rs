//! What is set for one account alone: carriers, the numbers of its orders in JTL, what differs from `[erp.jtl]`, and what it may
//! offer. Who the account is, [`super::accounts`] says.

use std::collections::BTreeMap;

use marktwerk_connectors::Kind;
use marktwerk_domain::carrier::{Carrier, UnknownCarrier};
use marktwerk_domain::judgement::ReportUnit;
use marktwerk_domain::stock::Offering;
use marktwerk_erp::{AccountJtlSettings, ShippingMethod};
use marktwerk_workflows::table_key;
use serde::Deserialize;

use super::error::{Faults, SettingsError};

/// Characters that a prefix may have: JTL's column holds 50 with the marketplace's number.
const LONGEST_PREFIX: usize = 20;

/// What an account's shipping methods and carriers in JTL mean, by their names as JTL compares them.
pub(crate) type CarrierTable = BTreeMap<String, Carrier>;

/// The rules of one account.
#[derive(Debug, Clone, Default)]
pub struct AccountRules {
    /// Its carriers.
    pub carriers: CarrierTable,
    /// What stands before the marketplace's number in JTL; mostly empty.
    pub order_number_prefix: String,
    /// What differs from `[erp.jtl]`.
    pub jtl: AccountJtlSettings,
    /// What it may offer.
    pub stock: StockRules,
}

/// `[accounts.stock]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StockRules {
    /// In place of `[inventory] buffer`.
    pub buffer: Option<i64>,
    /// The highest figure that is published.
    pub maximum: Option<i64>,
    /// How much of what there is may be offered, in percent.
    pub percentage: Option<u8>,
    /// Article numbers that are never offered.
    pub never: Vec<String>,
}

impl StockRules {
    /// The same for the workflow.
    pub fn offering(&self, buffer: i64) -> Offering {
        Offering {
            buffer: self.buffer.unwrap_or(buffer),
            maximum: self.maximum,
            percentage: self.percentage.unwrap_or(100),
            never: self.never.iter().map(|sku| Offering::key(sku)).collect(),
        }
    }
}

/// The rules as they are written, with the place of each key.
pub(super) struct Written<'section, Place: Fn(&str) -> String> {
    pub(super) place: Place,
    /// Its marketplace, where it is known.
    pub(super) kind: Option<&'static Kind>,
    pub(super) carriers: &'section BTreeMap<String, String>,
    pub(super) order_number_prefix: Option<&'section str>,
    pub(super) partial_shipments: Option<&'section str>,
    pub(super) jtl: &'section AccountJtlSettings,
    pub(super) stock: &'section StockRules,
}

impl<Place: Fn(&str) -> String> Written<'_, Place> {
    /// Checked; what cannot be is told and left out.
    pub(super) fn rules(&self, faults: &mut Faults) -> AccountRules {
        faults.keep(self.check_partial_shipments());
        faults.keep(self.check_shipping_method());
        if self.stock.never.iter().any(|sku| sku.trim().is_empty()) {
            faults.add(self.fault("stock.never", "names an empty article number; remove it"));
        }
        AccountRules {
            carriers: self.carrier_table(faults),
            order_number_prefix: faults.keep(self.prefix()).unwrap_or_default(),
            jtl: self.jtl.clone(),
            stock: self.stock.clone(),
        }
    }

    fn fault(&self, key: &str, reason: impl Into<String>) -> SettingsError {
        SettingsError::new((self.place)(key), format!("accounts.{key}"), reason)
    }

    fn carrier_table(&self, faults: &mut Faults) -> CarrierTable {
        let mut table = CarrierTable::new();
        for (name, carrier) in self.carriers {
            let key = format!("carriers.{name}");
            let carrier: Result<Carrier, UnknownCarrier> = carrier.parse();
            let carrier = faults.keep(carrier.map_err(|error| self.fault(&key, error.to_string())));
            if let Some(carrier) = carrier
                && table.insert(table_key(name), carrier).is_some()
            {
                let reason = "is in the table twice: JTL ignores case and blanks at the ends; remove one";
                faults.add(self.fault(&key, reason));
            }
        }
        table
    }

    fn prefix(&self) -> Result<String, SettingsError> {
        let prefix = self.order_number_prefix.unwrap_or_default();
        let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
        if prefix.chars().count() > LONGEST_PREFIX || !prefix.chars().all(is_allowed) {
            return Err(self.fault(
                "order_number_prefix",
                format!("must be at most {LONGEST_PREFIX} of the letters A to Z, digits and - _ . /, such as \"DE-\""),
            ));
        }
        Ok(prefix.to_owned())
    }

    /// Some marketplaces take an order as a whole.
    fn check_partial_shipments(&self) -> Result<(), SettingsError> {
        match self.partial_shipments {
            None | Some("wait") => Ok(()),
            Some("report") => match self.kind {
                Some(kind) if kind.rules.report == ReportUnit::WholeOrder => {
                    let reason = format!(
                        "{} takes a shipment report for the whole order only; write \"wait\", or leave it out",
                        kind.name
                    );
                    Err(self.fault("partial_shipments", reason))
                }
                Some(_) | None => Ok(()),
            },
            Some(_) => Err(self.fault("partial_shipments", "must be \"wait\" or \"report\"")),
        }
    }

    fn check_shipping_method(&self) -> Result<(), SettingsError> {
        if let Some(ShippingMethod::ByCountry(names)) = &self.jtl.shipping_method {
            let is_country =
                |key: &str| key.len() == 2 && key.chars().all(|letter| letter.is_ascii_uppercase());
            let odd = names.keys().find(|key| key.as_str() != "default" && !is_country(key));
            if let Some(country) = odd {
                return Err(self.fault(
                    &format!("jtl.shipping_method.{country}"),
                    "must be a country's two capitals, such as AT, or default",
                ));
            }
        }
        Ok(())
    }
}

/// Two accounts whose numbers could be the same in JTL could not be told apart there.
pub(super) fn refuse_colliding_prefixes(
    known: &BTreeMap<String, AccountRules>,
    name: &str,
    prefix: &str,
    place: impl Fn(&str) -> String,
) -> Result<(), SettingsError> {
    let begins_alike = |one: &str, other: &str| {
        let (one, other) = (one.to_lowercase(), other.to_lowercase());
        !one.is_empty() && !other.is_empty() && (one.starts_with(&other) || other.starts_with(&one))
    };
    let rival = known.iter().find(|(_, rules)| begins_alike(&rules.order_number_prefix, prefix));
    let Some((other, rules)) = rival else { return Ok(()) };
    Err(SettingsError::new(
        place("order_number_prefix"),
        "accounts.order_number_prefix",
        format!(
            "`{prefix}` of the account {name} and `{}` of {other} begin alike, as JTL compares them: orders of the two could get the same \
             number there; choose prefixes neither of which begins with the other",
            rules.order_number_prefix
        ),
    ))
}
