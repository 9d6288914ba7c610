//! Money in integer minor units of one currency; never floating point.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency code, three capital letters.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// The code, such as `EUR`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }
}

/// A text that is not a currency code.
#[derive(Debug, Clone, thiserror::Error)]
#[error("`{0}` is not a currency code of three capital letters such as EUR")]
pub struct NotACurrency(String);

impl FromStr for Currency {
    type Err = NotACurrency;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.as_bytes() {
            [a, b, c] if text.bytes().all(|byte| byte.is_ascii_uppercase()) => Ok(Self([*a, *b, *c])),
            _ => Err(NotACurrency(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = NotACurrency;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// An amount in minor units (cents) of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Minor units: 4.90 € is 490.
    pub minor: i64,
    /// What they are units of.
    pub currency: Currency,
}

impl Money {
    /// `minor` units of `currency`.
    pub fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }
}

impl Money {
    /// As it is written in German.
    pub fn german(self) -> String {
        self.to_string().replace('.', ",")
    }
}

impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        write!(formatter, "{sign}{}.{:02} {}", minor / 100, minor % 100, self.currency)
    }
}

/// A VAT rate in millionths of one percent, as TEMU sends it: 19 % is 19 000 000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VatRate(pub i64);

impl VatRate {
    /// No VAT.
    pub const ZERO: Self = Self(0);

    /// A rate of whole percent.
    pub const fn percent(percent: i64) -> Self {
        Self(percent * 1_000_000)
    }
}

/// Splits `total` over `weights` in proportion, in whole units; what rounding leaves goes to the largest
/// weight (the first of several), so that the parts always sum to `total`. Without weight there is no
/// split: an empty or all-zero list gives all zeros except a first part that takes everything.
pub fn split_by_weight(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|&weight| i128::from(weight.max(0))).sum();
    let mut parts: Vec<i64> = weights
        .iter()
        .map(|&weight| match sum {
            0 => 0,
            // The quotient of two values in range, times a share of at most one, fits again.
            _ => (i128::from(total) * i128::from(weight.max(0)) / sum) as i64,
        })
        .collect();
    let rest = total - parts.iter().sum::<i64>();
    let mut largest = 0;
    for (index, weight) in weights.iter().enumerate() {
        if *weight > weights[largest] {
            largest = index;
        }
    }
    if let Some(part) = parts.get_mut(largest) {
        *part += rest;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_keeps_its_sum_and_gives_the_rest_to_the_largest() {
        assert_eq!(split_by_weight(499, &[1000, 2000]), [166, 333]);
        assert_eq!(split_by_weight(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split_by_weight(7, &[0, 0]), [7, 0]);
        assert!(split_by_weight(7, &[]).is_empty());
    }

    #[test]
    fn currencies_are_three_capital_letters() {
        assert!("EUR".parse::<Currency>().is_ok());
        for wrong in ["eur", "EURO", "", "€"] {
            assert!(wrong.parse::<Currency>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!(Money::new(-5, Currency::EUR).to_string(), "-0.05 EUR");
        assert_eq!(Money::new(1290, Currency::EUR).to_string(), "12.90 EUR");
    }
}
