//! What an order costs: per line, shipping per VAT rate, and whether it adds up to TEMU's own total and to what the buyer paid.
//!
//! Source: `bg.order.amount.query`. Its lines are joined to the order's by `orderSn`, never by position. Amounts are in minor units;
//! prices and shipping are read with VAT. What TEMU itself gives (`discountFromTEMU`) does not reduce what the merchant gets.
//!
//! Whether discounts are told with VAT or without is not documented. The documented sum, `customerPaid` = `retailPriceTotal` and
//! `shippingAmountTotal` and `taxTotal` and `signOnDelivery` less `refundsTotal` and `totalDiscount`, holds with tax on the full price
//! (discounts with VAT) and with tax on the discounted price (discounts without). Where the seller gave a discount the two readings come
//! to different sums for the merchant; then only the one goes on that comes to what the buyer paid, to the cent.
//!
//! Partly cancelled lines: the amounts may cover what was ordered or what is left. A line's own total tells which; what was cancelled
//! is then taken out of TEMU's total too, and a discount that does not divide evenly is not guessed.

use std::collections::{BTreeMap, HashMap};

use marktwerk_domain::money::{Currency, Money, VatRate, split_by_weight};
use marktwerk_domain::order::{PricedUnits, ShippingCharge};
use serde::Deserialize;

use super::discounts::Sums;
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
pub(super) struct Totals {
    pub(super) retail_price_total_tax_incl: Option<MoneyAmount>,
    pub(super) discount_from_seller: Option<MoneyAmount>,
    #[serde(rename = "discountFromTEMU")]
    pub(super) discount_from_temu: Option<MoneyAmount>,
    pub(super) ship_amount_total_tax_incl: Option<MoneyAmount>,
    pub(super) shipping_amount_total: Option<MoneyAmount>,
    pub(super) customer_paid: Option<MoneyAmount>,
    pub(super) refunds_total: Option<MoneyAmount>,
    pub(super) sign_on_delivery: Option<MoneyAmount>,
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
pub(super) struct Goods {
    pub(super) line: String,
    pub(super) quantity: i64,
    pub(super) gross: i64,
    pub(super) vat_rate: VatRate,
}

/// Prices `quantities` by `amounts`.
pub(super) fn prices(amounts: &Amounts, quantities: &[Quantity]) -> Result<Prices, Untranslatable> {
    let mut reader = AmountReader::default();
    let totals = &amounts.parent_order_map;
    let by_line = by_line(&amounts.order_list)?;
    let mut lines = Vec::new();
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
        lines.push(Line::read(&mut reader, quantity, amount)?);
    }
    let shipping = shipping(&mut reader, totals)?;
    let sums = Sums::read(&mut reader, totals, &lines, shipping)?;
    let currency = reader.currency()?;
    sums.check_retail(&lines, currency)?;
    sums.check_fees(currency)?;
    sums.check_refunds(&lines, currency)?;
    let reading = sums.reading(&lines, currency)?;
    let goods = reading.goods(&lines, &sums)?;
    let total = goods.iter().map(|line| line.gross).sum::<i64>() + shipping;
    Ok(Prices {
        shipping: charges(&goods, shipping),
        lines: goods.iter().map(|line| (line.line.clone(), priced(line))).collect(),
        total: Money::new(total, currency),
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
pub(super) struct Line {
    pub(super) name: String,
    pub(super) vat_rate: VatRate,
    pub(super) remaining: i64,
    /// With VAT, before discounts: of all that the amounts cover.
    pub(super) covered_value: i64,
    /// Of what is left to ship.
    pub(super) left_value: i64,
    /// Of what was cancelled before shipment, whether the amounts cover it or not.
    pub(super) cancelled_value: i64,
    /// The seller's discount as TEMU tells it.
    pub(super) discount: i64,
    /// Its part for what is left.
    pub(super) kept_discount: i64,
}

impl Line {
    fn read(
        reader: &mut AmountReader,
        quantity: &Quantity,
        amount: &LineAmounts,
    ) -> Result<Self, Untranslatable> {
        let name = &quantity.line;
        let (remaining, ordered) = (quantity.remaining, quantity.ordered);
        if !(0..=LARGEST_QUANTITY).contains(&remaining) || !(remaining..=LARGEST_QUANTITY).contains(&ordered)
        {
            return Err(Untranslatable::because([
                format!("the quantities of line {name} make no sense"),
                format!("die Mengen von Position {name} passen nicht zusammen"),
            ]));
        }
        let discount = reader.cents(&amount.discount_from_seller)?.unwrap_or(0);
        let vat_rate = match remaining {
            0 => VatRate(amount.product_tax_rate.filter(|rate| is_rate(*rate)).unwrap_or(0)),
            _ => vat_rate(name, amount.product_tax_rate)?,
        };
        let line = |covered_value: i64, left_value: i64, cancelled_value: i64, kept_discount: i64| Self {
            name: name.clone(),
            vat_rate,
            remaining,
            covered_value,
            left_value,
            cancelled_value,
            discount,
            kept_discount,
        };
        let Some(unit) = reader.cents(&amount.unit_retail_price_vat_incl)? else {
            if remaining == 0 {
                return Ok(Self { discount: 0, ..line(0, 0, 0, 0) });
            }
            return Err(Untranslatable::because([
                format!("TEMU gives no unit price with VAT for line {name}"),
                format!("TEMU nennt keinen Stückpreis mit Mehrwertsteuer für Position {name}"),
            ]));
        };
        let own_total = reader.cents(&amount.retail_price_total_tax_incl)?;
        let cancelled_value = unit * (ordered - remaining);
        if remaining == ordered {
            let value = whole_line(name, unit, remaining, own_total)?;
            return Ok(line(value, value, 0, discount));
        }
        let covered = match own_total {
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
        Ok(line(unit * covered, unit * remaining, cancelled_value, kept))
    }
}

/// The value of a line of which nothing was cancelled. Its own total may be a rounded one: 3 units for 10.00 are told as 3.33 each.
fn whole_line(name: &str, unit: i64, quantity: i64, own_total: Option<i64>) -> Result<i64, Untranslatable> {
    let product = unit * quantity;
    match own_total {
        None => Ok(product),
        Some(total) if (total - product).abs() < quantity.max(1) => Ok(total),
        Some(total) => {
            let [unit, product, total] = [unit, product, total].map(as_amount);
            Err(Untranslatable::because([
                format!(
                    "line {name} has {quantity} units at {unit}, which are {product}, and a total of {total}; check the order in \
                     Seller Center"
                ),
                format!(
                    "Position {name} hat {quantity} Stück zu {}, das sind {}, und eine Summe von {}; bitte die Bestellung im \
                     Seller Center prüfen",
                    unit.replace('.', ","),
                    product.replace('.', ","),
                    total.replace('.', ",")
                ),
            ]))
        }
    }
}

/// Cents as an amount; its currency is the order's.
fn as_amount(cents: i64) -> String {
    format!("{}{}.{:02}", sign(cents), cents.unsigned_abs() / 100, cents.unsigned_abs() % 100)
}

/// A rate in millionths of a percent as percent.
fn percent(rate: i64) -> String {
    let (whole, millionths) = (rate.unsigned_abs() / 1_000_000, rate.unsigned_abs() % 1_000_000);
    let text = format!("{}{whole}.{millionths:06}", sign(rate));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn sign(number: i64) -> &'static str {
    if number < 0 { "-" } else { "" }
}

fn is_rate(rate: i64) -> bool {
    matches!(rate, 0 | 1_000_000..=30_000_000)
}

/// A rate in millionths of a percent; anything that is no such rate is not guessed at.
fn vat_rate(line: &str, rate: Option<i64>) -> Result<VatRate, Untranslatable> {
    match rate {
        Some(rate) if is_rate(rate) => Ok(VatRate(rate)),
        Some(rate) => {
            let percent = percent(rate);
            Err(Untranslatable::because([
                format!("line {line} has the unknown VAT rate {percent} %"),
                format!(
                    "Position {line} hat den unbekannten Mehrwertsteuersatz {} %",
                    percent.replace('.', ",")
                ),
            ]))
        }
        None => Err(Untranslatable::because([
            format!("TEMU gives no VAT rate for line {line}"),
            format!("TEMU nennt keinen Mehrwertsteuersatz für Position {line}"),
        ])),
    }
}

fn shipping(reader: &mut AmountReader, totals: &Totals) -> Result<i64, Untranslatable> {
    let gross = reader.cents(&totals.ship_amount_total_tax_incl)?;
    match (gross, reader.cents(&totals.shipping_amount_total)?) {
        (Some(gross), _) => Ok(gross),
        (None, None | Some(0)) => Ok(0),
        (None, Some(_)) => Err(Untranslatable::because([
            "TEMU gives shipping without VAT only",
            "TEMU nennt den Versand nur ohne Mehrwertsteuer",
        ])),
    }
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
pub(super) struct AmountReader {
    currency: Option<Currency>,
}

impl AmountReader {
    pub(super) fn cents(&mut self, amount: &Option<MoneyAmount>) -> Result<Option<i64>, Untranslatable> {
        let Some(MoneyAmount { currency, amount: Some(cents) }) = amount else { return Ok(None) };
        if !(0..=LARGEST_AMOUNT).contains(cents) {
            return Err(Untranslatable::because([
                format!("TEMU gives the impossible amount {}", as_amount(*cents)),
                format!("TEMU nennt den unmöglichen Betrag {}", as_amount(*cents).replace('.', ",")),
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
