//! Which customer of JTL an order belongs to. JTL knows customers by their number alone; finding one is the sender's work, and a wrong
//! one is worse than a new one: marketplaces give relay addresses, and families share a mailbox.

use std::collections::{BTreeMap, HashMap};

use marktwerk_domain::order::Order;
use serde::{Deserialize, Serialize};

use super::row::Row;
use crate::ErpError;

/// How the customer of an order is chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerPolicy {
    /// Each order makes a new customer.
    #[default]
    New,
    /// All orders of an account belong to one customer: its number (`cKundenNr`) by account.
    Collective(BTreeMap<String, String>),
    /// A customer with the same e-mail address and the same name and postal code; else a new one.
    EmailAndName,
}

/// `tkunde.cKundenNr`.
const NUMBER_LIMIT: usize = 30;

impl CustomerPolicy {
    /// The collective customer of an account; none where the policy is another.
    pub(super) fn collective(&self, account: &str) -> Result<Option<&str>, ErpError> {
        let Self::Collective(numbers) = self else { return Ok(None) };
        let refuse = |reason: String| ErpError::Setting { setting: "customer", reason };
        match numbers.get(account).map(|number| number.trim()) {
            None | Some("") => Err(refuse(format!(
                "the account {account} has no collective customer; write customer = {{ collective = {{ {account} = \"NUMBER\" }} }}"
            ))),
            Some(number) if number.encode_utf16().count() > NUMBER_LIMIT => Err(refuse(format!(
                "the number for the account {account} is longer than {NUMBER_LIMIT} characters"
            ))),
            Some(number) => Ok(Some(number)),
        }
    }
}

/// E-mail addresses to look for, each once.
pub(super) fn emails(orders: &[&Order]) -> Vec<String> {
    let emails = orders.iter().map(|order| order.delivery.email.trim()).filter(|email| email.contains('@'));
    let mut emails: Vec<String> = emails.map(str::to_owned).collect();
    emails.sort_unstable();
    emails.dedup();
    emails
}

/// From rows of [`super::sql::CUSTOMERS`]: customer numbers by order number. Of several that fit the newest is taken.
pub(super) fn assign(orders: &[&Order], rows: &[Row]) -> Result<HashMap<String, String>, ErpError> {
    let mut known: HashMap<[String; 4], String> = HashMap::new();
    for row in rows {
        let part = |column, what| row.text(column, what).map(|text| same(&text));
        let key = [
            row.text(0, "lvKunde.cEMail")?,
            part(2, "lvKunde.cVorname")?,
            part(3, "lvKunde.cName")?,
            part(4, "lvKunde.cPLZ")?,
        ];
        known.insert(key, row.text(1, "lvKunde.cKundenNr")?);
    }
    let number = |order: &&Order| {
        let address = &order.delivery;
        let (first, last, code) =
            (same(&address.first_name), same(&address.last_name), same(&address.postal_code));
        if last.is_empty() || code.is_empty() {
            return None;
        }
        let key = [address.email.trim().to_owned(), first, last, code];
        known.get(&key).map(|number| (order.number.clone(), number.clone()))
    };
    Ok(orders.iter().filter_map(number).collect())
}

/// Names as people write them: case and blanks mean nothing.
pub(super) fn same(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
