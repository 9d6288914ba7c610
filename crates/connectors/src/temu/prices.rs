//! What an order costs: per line, shipping per VAT rate, and whether it adds up to TEMU's own total.
//!
//! Source: `bg.order.amount.query`. Its lines are joined to the order's by `orderSn`, never by position. All
//! amounts are gross, in minor units; what TEMU itself gives (`discountFromTEMU`) does not reduce them.
//!
//! Partly cancelled lines: the amounts may cover what was ordered or what is left. A line's own total tells
//! which; what was cancelled is then taken out of TEMU's total too, and a discount that does not divide
//! evenly is not guessed.

use std::collections::{BTreeMap, HashMap};

use marktwerk_domain::money::{Currency, Money, VatRate, split_by_weight};
use marktwerk_domain::order::{PricedUnits, ShippingCharge};
use serde::Deserialize;

use super::wire::{self, MoneyAmount};
use crate::orders::Untranslatable;

/// Nothing that is sold costs more, and products of two such figures still fit: 1 billion in minor units.
const LARGEST_AMOUNT: i64 = 100_000_000_000;
const LARGEST_QUANTITY: i64 = 100_000;

/// `result` of the amount call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Amounts {
    parent_order_map: Totals,
    #[serde(default, deserialize_with = "wire::list")]
    order_list: Vec<LineAmounts>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Totals {
    retail_price_total_tax_incl: Option<MoneyAmount>,
    discount_from_seller: Option<MoneyAmount>,
    #[serde(rename = "discountFromTEMU")]
    discount_from_temu: Option<MoneyAmount>,
    ship_amount_total_tax_incl: Option<MoneyAmount>,
    shipping_amount_total: Option<MoneyAmount>,
    customer_paid: Option<MoneyAmount>,
    refunds_total: Option<MoneyAmount>,
    sign_on_delivery: Option<MoneyAmount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LineAmounts {
    #[serde(default, deserialize_with = "wire::text")]
    order_sn: Option<String>,
    #[serde(default, deserialize_with = "wire::number")]
    quantity: Option<i64>,
    unit_retail_price_vat_incl: Option<MoneyAmount>,
    retail_price_total_tax_incl: Option<MoneyAmount>,
    discount_from_seller: Option<MoneyAmount>,
    #[serde(default, deserialize_with = "wire::number")]
    product_tax_rate: Option<i64>,
}

/// How many units of a line are to be priced.
pub(super) struct Quantity {
    /// `orderSn`.
    pub(super) line: String,
    /// What is left to ship.
    pub(super) remaining: i64,
    /// What was ordered.
    pub(super) ordered: i64,
}

/// The prices of a line that is left.
pub(super) struct PricedLine {
    pub(super) vat_rate: VatRate,
    pub(super) units: Vec<PricedUnits>,
}

/// The prices of an order.
pub(super) struct Prices {
    /// By `orderSn`; lines without anything left are not in it.
    pub(super) lines: HashMap<String, PricedLine>,
    pub(super) shipping: Vec<ShippingCharge>,
    pub(super) total: Money,
}

/// A line before its units are split.
struct Goods {
    line: String,
    quantity: i64,
    gross: i64,
    vat_rate: VatRate,
}

/// Prices `quantities` by `amounts`.
pub(super) fn prices(amounts: &Amounts, quantities: &[Quantity]) -> Result<Prices, Untranslatable> {
    let mut purse = Purse::default();
    let by_line = by_line(&amounts.order_list)?;
    let mut goods = Vec::new();
    let mut line_discounts = 0;
    let mut cancelled = 0;
    for quantity in quantities {
        let Some(amount) = by_line.get(quantity.line.as_str()) else {
            if quantity.remaining == 0 {
                continue;
            }
            let line = &quantity.line;
            return Err(Untranslatable::because([
                format!("TEMU gives no price for line {line}; it is read again when the order changes"),
                format!(
                    "TEMU nennt keinen Preis für Position {line}; sie wird wieder gelesen, wenn sich die Bestellung ändert"
                ),
            ]));
        };
        let line = Line::read(&mut purse, quantity, amount)?;
        line_discounts += line.discount;
        cancelled += line.cancelled;
        if quantity.remaining > 0 {
            let vat_rate = vat_rate(&quantity.line, amount.product_tax_rate)?;
            goods.push(Goods {
                line: quantity.line.clone(),
                quantity: quantity.remaining,
                gross: line.gross,
                vat_rate,
            });
        }
    }
    let discount = purse.cents(&amounts.parent_order_map.discount_from_seller)?.unwrap_or(line_discounts);
    spread(&mut goods, discount - line_discounts);
    if let Some(line) = goods.iter().find(|line| line.gross < 0) {
        let line = &line.line;
        return Err(Untranslatable::because([
            format!("the seller's discount on line {line} is larger than its price"),
            format!("der Rabatt des Verkäufers auf Position {line} ist größer als ihr Preis"),
        ]));
    }
    let shipping = shipping(&mut purse, &amounts.parent_order_map)?;
    let expected = expected_total(&mut purse, &amounts.parent_order_map, discount, shipping, cancelled)?;
    let sum = goods.iter().map(|line| line.gross).sum::<i64>() + shipping;
    let currency = purse.currency()?;
    if sum != expected {
        let (sum, expected) = (Money::new(sum, currency), Money::new(expected, currency));
        return Err(Untranslatable::because([
            format!(
                "goods and shipping come to {sum}, TEMU's total to {expected}; check the order in Seller Center"
            ),
            format!(
                "Waren und Versand ergeben {sum}, TEMUs Summe ist {expected}; bitte die Bestellung im Seller Center prüfen"
            ),
        ]));
    }
    Ok(Prices {
        shipping: charges(&goods, shipping),
        lines: goods.into_iter().map(|line| (line.line.clone(), priced(&line))).collect(),
        total: Money::new(expected, currency),
    })
}

fn by_line(amounts: &[LineAmounts]) -> Result<HashMap<&str, &LineAmounts>, Untranslatable> {
    let mut by_line = HashMap::with_capacity(amounts.len());
    for amount in amounts {
        if let Some(line) = amount.order_sn.as_deref()
            && by_line.insert(line, amount).is_some()
        {
            return Err(Untranslatable::because([
                format!("TEMU gives two prices for line {line}"),
                format!("TEMU nennt zwei Preise für Position {line}"),
            ]));
        }
    }
    Ok(by_line)
}

/// What the amounts of one line come to.
struct Line {
    /// Of what is left, after the seller's discount.
    gross: i64,
    /// The seller's discount as TEMU tells it.
    discount: i64,
    /// The part of TEMU's total that was cancelled, after the seller's discount.
    cancelled: i64,
}

impl Line {
    fn read(purse: &mut Purse, quantity: &Quantity, amount: &LineAmounts) -> Result<Self, Untranslatable> {
        let name = &quantity.line;
        let (remaining, ordered) = (quantity.remaining, quantity.ordered);
        if !(0..=LARGEST_QUANTITY).contains(&remaining) || !(remaining..=LARGEST_QUANTITY).contains(&ordered)
        {
            return Err(Untranslatable::because([
                format!("the quantities of line {name} make no sense"),
                format!("die Mengen von Position {name} passen nicht zusammen"),
            ]));
        }
        let discount = purse.cents(&amount.discount_from_seller)?.unwrap_or(0);
        let Some(unit) = purse.cents(&amount.unit_retail_price_vat_incl)? else {
            if remaining == 0 {
                return Ok(Self { gross: 0, discount, cancelled: -discount });
            }
            return Err(Untranslatable::because([
                format!("TEMU gives no unit price with VAT for line {name}"),
                format!("TEMU nennt keinen Stückpreis mit Mehrwertsteuer für Position {name}"),
            ]));
        };
        let own_total = purse.cents(&amount.retail_price_total_tax_incl)?;
        let covered = match own_total {
            _ if remaining == ordered => remaining,
            Some(total) if total == unit * remaining => remaining,
            Some(total) if total == unit * ordered => ordered,
            Some(_) => {
                return Err(Untranslatable::because([
                    format!(
                        "line {name} is partly cancelled, and its total fits neither the {ordered} units ordered nor \
                         the {remaining} left"
                    ),
                    format!(
                        "Position {name} ist teilweise storniert, und ihre Summe passt weder zu den {ordered} bestellten \
                         noch zu den {remaining} übrigen Stück"
                    ),
                ]));
            }
            None => amount.quantity.filter(|covered| *covered == ordered).unwrap_or(remaining),
        };
        let kept = match covered {
            0 => 0,
            _ if discount * remaining % covered == 0 => discount * remaining / covered,
            _ => {
                return Err(Untranslatable::because([
                    format!(
                        "line {name} is partly cancelled, and the seller's discount of {discount} cents cannot be \
                         divided by {covered} units without a rest"
                    ),
                    format!(
                        "Position {name} ist teilweise storniert, und der Rabatt des Verkäufers von {discount} Cent lässt \
                         sich nicht ohne Rest auf {covered} Stück verteilen"
                    ),
                ]));
            }
        };
        let gross = unit * remaining - kept;
        Ok(Self { gross, discount, cancelled: unit * (covered - remaining) - (discount - kept) })
    }
}

/// A rate in millionths of a percent; anything that is no such rate is not guessed at.
fn vat_rate(line: &str, rate: Option<i64>) -> Result<VatRate, Untranslatable> {
    match rate {
        Some(rate @ (0 | 1_000_000..=30_000_000)) => Ok(VatRate(rate)),
        Some(rate) => Err(Untranslatable::because([
            format!("line {line} has the unknown VAT rate {rate}"),
            format!("Position {line} hat den unbekannten Mehrwertsteuersatz {rate}"),
        ])),
        None => Err(Untranslatable::because([
            format!("TEMU gives no VAT rate for line {line}"),
            format!("TEMU nennt keinen Mehrwertsteuersatz für Position {line}"),
        ])),
    }
}

/// Takes a discount on the whole order off the lines, by their value.
fn spread(goods: &mut [Goods], discount: i64) {
    if discount > 0 {
        let weights: Vec<i64> = goods.iter().map(|line| line.gross).collect();
        for (line, part) in goods.iter_mut().zip(split_by_weight(discount, &weights)) {
            line.gross -= part;
        }
    }
}

fn shipping(purse: &mut Purse, totals: &Totals) -> Result<i64, Untranslatable> {
    let gross = purse.cents(&totals.ship_amount_total_tax_incl)?;
    match (gross, purse.cents(&totals.shipping_amount_total)?) {
        (Some(gross), _) => Ok(gross),
        (None, None | Some(0)) => Ok(0),
        (None, Some(_)) => Err(Untranslatable::because([
            "TEMU gives shipping without VAT only",
            "TEMU nennt den Versand nur ohne Mehrwertsteuer",
        ])),
    }
}

/// TEMU's total of goods and shipping after the seller's discount, without what was cancelled.
fn expected_total(
    purse: &mut Purse,
    totals: &Totals,
    discount: i64,
    shipping: i64,
    cancelled: i64,
) -> Result<i64, Untranslatable> {
    let retail = purse.cents(&totals.retail_price_total_tax_incl)?;
    let Some(total) = retail.map(|retail| retail - discount + shipping) else {
        return Err(Untranslatable::because([
            "TEMU gives no total with VAT for the order",
            "TEMU nennt keine Summe mit Mehrwertsteuer für die Bestellung",
        ]));
    };
    check_payment(purse, totals, total, cancelled)?;
    Ok(total - cancelled)
}

/// A second witness, where nothing was refunded or cancelled: what the buyer paid is the total less what TEMU
/// gave. The documents say that the buyer's VAT is reckoned after discounts, so the gap may exceed TEMU's
/// discount by the VAT on it.
fn check_payment(
    purse: &mut Purse,
    totals: &Totals,
    total: i64,
    cancelled: i64,
) -> Result<(), Untranslatable> {
    let as_told = |amount: &Option<MoneyAmount>| amount.as_ref().and_then(|told| told.amount).unwrap_or(0);
    let (refunds, signature) = (as_told(&totals.refunds_total), as_told(&totals.sign_on_delivery));
    let paid = purse.cents(&totals.customer_paid)?;
    let given = purse.cents(&totals.discount_from_temu)?;
    let (Some(paid), Some(given), 0, 0) = (paid, given, refunds, cancelled) else { return Ok(()) };
    let gap = total - (paid - signature);
    if (given..=given + given * 30 / 100).contains(&gap) {
        return Ok(());
    }
    let currency = purse.currency()?;
    let [total, paid, given] = [total, paid, given].map(|cents| Money::new(cents, currency));
    Err(Untranslatable::because([
        format!(
            "TEMU's total of {total} does not fit what the buyer paid ({paid}) and TEMU gave ({given}); check the order \
             in Seller Center"
        ),
        format!(
            "TEMUs Summe von {total} passt nicht zu dem, was der Käufer bezahlt ({paid}) und TEMU zugegeben hat ({given}); \
             bitte die Bestellung im Seller Center prüfen"
        ),
    ]))
}

/// Shipping split over the goods' VAT rates by their value, cents to the largest.
fn charges(goods: &[Goods], shipping: i64) -> Vec<ShippingCharge> {
    if shipping == 0 {
        return Vec::new();
    }
    let mut values = BTreeMap::<VatRate, i64>::new();
    for line in goods {
        *values.entry(line.vat_rate).or_default() += line.gross;
    }
    let weights: Vec<i64> = values.values().copied().collect();
    let parts = values.into_keys().zip(split_by_weight(shipping, &weights));
    parts
        .filter(|(_, gross)| *gross != 0)
        .map(|(vat_rate, gross)| ShippingCharge { gross, vat_rate })
        .collect()
}

/// Equal units, and where cents are left over one unit that carries them.
fn priced(line: &Goods) -> PricedLine {
    let unit = line.gross / line.quantity;
    let rest = line.gross % line.quantity;
    let units = match (rest, line.quantity) {
        (0, quantity) => vec![PricedUnits { quantity, unit_gross: unit }],
        (rest, quantity) => vec![
            PricedUnits { quantity: quantity - 1, unit_gross: unit },
            PricedUnits { quantity: 1, unit_gross: unit + rest },
        ],
    };
    PricedLine { vat_rate: line.vat_rate, units }
}

/// Reads amounts and keeps them in one currency.
#[derive(Default)]
struct Purse {
    currency: Option<Currency>,
}

impl Purse {
    fn cents(&mut self, amount: &Option<MoneyAmount>) -> Result<Option<i64>, Untranslatable> {
        let Some(MoneyAmount { currency, amount: Some(cents) }) = amount else { return Ok(None) };
        if !(0..=LARGEST_AMOUNT).contains(cents) {
            return Err(Untranslatable::because([
                format!("TEMU gives the impossible amount {cents}"),
                format!("TEMU nennt den unmöglichen Betrag {cents}"),
            ]));
        }
        if let Some(code) = currency {
            let unknown = ["TEMU gives an unknown currency", "TEMU nennt eine unbekannte Währung"];
            let currency: Currency = code.parse().map_err(|_| Untranslatable::because(unknown))?;
            match self.currency {
                None => self.currency = Some(currency),
                Some(first) if first == currency => {}
                Some(first) => {
                    return Err(Untranslatable::because([
                        format!("the order mixes {first} and {currency}"),
                        format!("die Bestellung mischt {first} und {currency}"),
                    ]));
                }
            }
        }
        Ok(Some(*cents))
    }

    fn currency(&self) -> Result<Currency, Untranslatable> {
        let none = ["TEMU gives no currency", "TEMU nennt keine Währung"];
        self.currency.ok_or_else(|| Untranslatable::because(none))
    }
}

#[cfg(test)]
#[path = "prices_tests.rs"]
mod tests;
