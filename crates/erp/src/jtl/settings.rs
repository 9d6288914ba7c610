//! Settings of JTL-Wawi, as `[erp.jtl]` of the settings file maps onto them. Each has a default; what a
//! wrong value would do is found by [`crate::Erp::check`], for most can only be told by the database.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use super::customers::CustomerPolicy;

/// How to talk to the merchant's JTL-Wawi.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JtlSettings {
    /// Where the database is: `mssql://user:password@host:port/database`, or `sqlite:PATH` for the sandbox's. Written without
    /// its password.
    #[serde(serialize_with = "without_password")]
    pub url: String,
    /// The company that orders belong to: `tfirma.kFirma`.
    pub company: i64,
    /// The user who creates the orders: `tBenutzer.kBenutzer`.
    pub user: i64,
    /// Language of the orders in JTL's three letters (`cSprache`).
    pub language: String,
    /// Currencies that JTL is set up for; an order in another one is refused.
    pub currencies: Vec<String>,
    /// Which customer of JTL an order belongs to.
    pub customer: CustomerPolicy,
    /// Warehouses whose stock is published (`tWarenLager.kWarenLager`); empty = all.
    pub warehouses: Vec<i64>,
    /// Must equal a `tversandart.cName`, else JTL rejects the order.
    pub shipping_method: String,
    /// Must equal a `tZahlungsart.cName`, else JTL rejects the order.
    pub payment_method: String,
    /// `tXMLBestellImport.nPlattform`: a `tPlattform.nPlattform` whose `nTyp` is 3 (XML import).
    pub platform: i64,
    /// Whether JTL creates an invoice with the import (`tXMLBestellImport.nRechnung`).
    pub invoice: bool,
    /// How dates are written.
    pub date_style: DateStyle,
    /// How countries are written.
    pub country_style: CountryStyle,
    /// Whether orders count as paid: then `dBezahltDatum` is the date of the order.
    pub paid: bool,
    /// Name of the unit in the positions (`cEinheit`); empty = what the article has.
    pub unit: String,
    /// Name of the position that carries the shipping costs.
    pub shipping_name: String,
    /// Whether a parcel with a tracking number counts as gone before JTL has set `tVersand.dVersendet`.
    pub accept_tracking_without_shipping_date: bool,
    /// Whether an order may carry an article number that JTL does not know, as a free-text position; else it waits, visibly.
    pub accept_unknown_articles: bool,
    /// What to publish for an article whose stock JTL does not manage; none = 0.
    pub unmanaged_quantity: Option<i64>,
    /// JTL writes times in the local time of its server: the IANA name of that zone.
    pub time_zone: String,
    /// What differs for single accounts, by their names; not part of `[erp.jtl]`.
    #[serde(skip)]
    pub accounts: BTreeMap<String, AccountJtlSettings>,
}

/// What differs for one account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountJtlSettings {
    /// In place of [`JtlSettings::shipping_method`].
    pub shipping_method: Option<ShippingMethod>,
    /// In place of [`JtlSettings::payment_method`].
    pub payment_method: Option<String>,
    /// In place of [`JtlSettings::platform`].
    pub platform: Option<i64>,
}

/// One shipping method, or one per country of delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ShippingMethod {
    /// For every country.
    Everywhere(String),
    /// By the country's two letters; `default` for the others.
    ByCountry(BTreeMap<String, String>),
}

impl ShippingMethod {
    /// The names that it may choose.
    pub fn names(&self) -> Vec<&str> {
        match self {
            Self::Everywhere(name) => vec![name],
            Self::ByCountry(names) => names.values().map(String::as_str).collect(),
        }
    }

    /// The name for a country of delivery; `None` where neither it nor a default is there.
    fn of(&self, country: &str) -> Option<&str> {
        match self {
            Self::Everywhere(name) => Some(name),
            Self::ByCountry(names) => names.get(country).or_else(|| names.get("default")).map(String::as_str),
        }
    }
}

/// The settings as they hold for one account.
pub(super) struct OfAccount<'settings> {
    pub(super) jtl: &'settings JtlSettings,
    pub(super) account: &'settings str,
    shipping_method: Option<&'settings ShippingMethod>,
    pub(super) payment_method: &'settings str,
    pub(super) platform: i64,
}

impl<'settings> OfAccount<'settings> {
    /// The shipping method of orders to a country.
    pub(super) fn shipping_method(&self, country: &str) -> &'settings str {
        self.shipping_method.and_then(|method| method.of(country)).unwrap_or(&self.jtl.shipping_method)
    }
}

impl JtlSettings {
    /// As they hold for one account.
    pub(super) fn of<'settings>(&'settings self, account: &'settings str) -> OfAccount<'settings> {
        let own = self.accounts.get(account);
        OfAccount {
            jtl: self,
            account,
            shipping_method: own.and_then(|own| own.shipping_method.as_ref()),
            payment_method: own.and_then(|own| own.payment_method.as_deref()).unwrap_or(&self.payment_method),
            platform: own.and_then(|own| own.platform).unwrap_or(self.platform),
        }
    }
}

impl Default for JtlSettings {
    fn default() -> Self {
        Self {
            url: String::new(),
            company: 1,
            user: 1,
            language: "ger".to_owned(),
            currencies: vec!["EUR".to_owned()],
            customer: CustomerPolicy::default(),
            warehouses: Vec::new(),
            shipping_method: "TEMU".to_owned(),
            payment_method: "TEMU".to_owned(),
            platform: 5,
            invoice: false,
            date_style: DateStyle::Iso,
            country_style: CountryStyle::Code,
            paid: true,
            unit: String::new(),
            shipping_name: "Versandkosten".to_owned(),
            accept_tracking_without_shipping_date: false,
            accept_unknown_articles: false,
            unmanaged_quantity: Some(10),
            time_zone: "Europe/Berlin".to_owned(),
            accounts: BTreeMap::new(),
        }
    }
}

/// As it is written: without the password.
impl fmt::Debug for JtlSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "JtlSettings {}", serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

fn without_password<S: Serializer>(url: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let masked = match url.split_once(':') {
        None | Some(("sqlite", _)) => url.to_owned(),
        Some((scheme, rest)) => match rest.strip_prefix("//").map(|rest| rest.rsplit_once('@')) {
            Some(None) => url.to_owned(),
            Some(Some((login, place))) => {
                format!("{scheme}://{}:***@{place}", login.split(':').next().unwrap_or_default())
            }
            // Something else, and perhaps a connection string.
            None => format!("{scheme}:***"),
        },
    };
    serializer.serialize_str(&masked)
}

/// How dates are written into the document; both occur in working integrations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DateStyle {
    /// `2026-11-30`, as JTL's own examples.
    #[default]
    Iso,
    /// `30.11.2026`.
    Dotted,
}

/// How countries are written into the document; both occur in working integrations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountryStyle {
    /// `DE`.
    #[default]
    Code,
    /// `Deutschland`.
    GermanName,
}
