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

use super::wire::{self, MoneyAmount};
use crate::orders::Untranslatable;

/// Nothing that is sold costs more, and products of two such figures still fit: 1 billion in minor units.
const LARGEST_AMOUNT: i64 = 100_000_000_000;
const LARGEST_QUANTITY: i64 = 100_000;
/// In the unit of the rates.
const HUNDRED_PERCENT: i64 = 100_000_000;

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

/// What TEMU tells of the whole order.
struct Sums {
    /// The lines with VAT, before discounts.
    retail: i64,
    shipping: i64,
    /// The seller's discount on the order, beside those on the lines.
    discount_on_all: i64,
    /// What TEMU gives.
    given: i64,
    paid: Option<i64>,
    refunds: i64,
    signature: i64,
}

impl Sums {
    fn read(
        reader: &mut AmountReader,
        totals: &Totals,
        lines: &[Line],
        shipping: i64,
    ) -> Result<Self, Untranslatable> {
        let retail = reader.cents(&totals.retail_price_total_tax_incl)?.ok_or_else(|| {
            Untranslatable::because([
                "TEMU gives no total with VAT for the order",
                "TEMU nennt keine Summe mit Mehrwertsteuer für die Bestellung",
            ])
        })?;
        let on_lines: i64 = lines.iter().map(|line| line.discount).sum();
        let discount = reader.cents(&totals.discount_from_seller)?.unwrap_or(on_lines);
        Ok(Self {
            retail,
            shipping,
            discount_on_all: discount - on_lines,
            given: reader.cents(&totals.discount_from_temu)?.unwrap_or(0),
            paid: reader.cents(&totals.customer_paid)?,
            refunds: reader.cents(&totals.refunds_total)?.unwrap_or(0),
            signature: reader.cents(&totals.sign_on_delivery)?.unwrap_or(0),
        })
    }

    fn check_retail(&self, lines: &[Line], currency: Currency) -> Result<(), Untranslatable> {
        let covered: i64 = lines.iter().map(|line| line.covered_value).sum();
        if covered == self.retail {
            return Ok(());
        }
        let [sum, expected] = [covered, self.retail].map(|goods| Money::new(goods + self.shipping, currency));
        Err(Untranslatable::because([
            format!(
                "goods and shipping come to {sum}, TEMU's total to {expected}; check the order in Seller Center"
            ),
            format!(
                "Waren und Versand ergeben {sum}, TEMUs Summe ist {expected}; bitte die Bestellung im Seller Center prüfen"
            ),
        ]))
    }

    /// The buyer's fee for a signature has no position, and whose it is is not documented.
    fn check_fees(&self, currency: Currency) -> Result<(), Untranslatable> {
        if self.signature == 0 {
            return Ok(());
        }
        let without = self.retail + self.shipping;
        let [fee, without, with] =
            [self.signature, without, without + self.signature].map(|cents| Money::new(cents, currency));
        Err(Untranslatable::because([
            format!(
                "the buyer paid {fee} for a signature on delivery, for which the order has no position: it comes to \
                 {without} without that fee, and to {with} with it; enter it in JTL by hand"
            ),
            format!(
                "der Käufer hat {fee} für eine Zustellung gegen Unterschrift bezahlt, wofür die Bestellung keine Position hat: \
                 ohne diese Gebühr ergibt sie {without}, mit ihr {with}; bitte in JTL von Hand eingeben"
            ),
        ]))
    }

    /// A refund before shipment is explained by what was cancelled, or a person looks at it.
    fn check_refunds(&self, lines: &[Line], currency: Currency) -> Result<(), Untranslatable> {
        let cancelled: i64 = lines.iter().map(|line| line.cancelled_value).sum();
        if self.refunds <= cancelled {
            return Ok(());
        }
        let [refunds, sum] =
            [self.refunds, self.retail + self.shipping].map(|cents| Money::new(cents, currency));
        Err(Untranslatable::because([
            format!(
                "TEMU has refunded {refunds} of {sum} to the buyer before the shipment; look at the order in Seller Center, \
                 and enter it in JTL by hand if it is still to be shipped"
            ),
            format!(
                "TEMU hat dem Käufer vor dem Versand {refunds} von {sum} erstattet; bitte die Bestellung im Seller Center ansehen \
                 und in JTL von Hand eingeben, wenn sie noch zu versenden ist"
            ),
        ]))
    }

    /// The reading of the discounts that comes to what the buyer paid.
    fn reading(&self, lines: &[Line], currency: Currency) -> Result<Reading, Untranslatable> {
        let [with, without] = Reading::ALL;
        let sums = Reading::ALL.map(|reading| reading.sums(lines, self));
        let is_same = sums[0].left == sums[1].left;
        let is_cancelled = lines.iter().any(|line| line.cancelled_value > 0);
        let fits = Reading::ALL.map(|reading| self.paid.is_some_and(|paid| reading.fits(lines, self, paid)));
        match (self.paid, fits) {
            (Some(_), [true, false]) => Ok(with),
            (Some(_), [false, true]) => Ok(without),
            (_, [true, true]) | (None, _) if is_same => Ok(with),
            // What the buyer paid before something was cancelled says nothing.
            (Some(_), [false, false]) if is_same && is_cancelled => Ok(with),
            (paid, _) => Err(self.unproven(paid, sums, is_same, currency)),
        }
    }

    fn unproven(
        &self,
        paid: Option<i64>,
        sums: [ReadingSums; 2],
        is_same: bool,
        currency: Currency,
    ) -> Untranslatable {
        let money = |cents: i64| Money::new(cents, currency);
        let [with, without] = sums;
        let given = money(self.given);
        if is_same {
            let total = money(with.covered);
            let paid = money(paid.unwrap_or(0));
            return Untranslatable::because([
                format!(
                    "TEMU's total of {total} does not fit what the buyer paid ({paid}) and TEMU gave ({given}); check the order \
                     in Seller Center"
                ),
                format!(
                    "TEMUs Summe von {total} passt nicht zu dem, was der Käufer bezahlt ({paid}) und TEMU zugegeben hat ({given}); \
                     bitte die Bestellung im Seller Center prüfen"
                ),
            ]);
        }
        let [one, other] = [with.left, without.left].map(money);
        let paid = |unknown: &str| paid.map_or_else(|| unknown.to_owned(), |paid| money(paid).to_string());
        let (told, german) = (paid("not told"), paid("nicht angegeben"));
        Untranslatable::because([
            format!(
                "the order comes to {one} if TEMU tells the seller's discount with VAT, and to {other} if without; what the buyer \
                 paid ({told}) proves neither, with {given} given by TEMU; check the order in Seller Center"
            ),
            format!(
                "die Bestellung ergibt {one}, wenn TEMU den Rabatt des Verkäufers mit Mehrwertsteuer nennt, und {other}, wenn ohne; \
                 was der Käufer bezahlt hat ({german}), belegt keines von beiden, bei {given} von TEMU; bitte im Seller Center prüfen"
            ),
        ])
    }
}

/// Whether discounts are told with VAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    WithVat,
    WithoutVat,
}

/// What a reading comes to, after the seller's discount, with shipping.
#[derive(Debug, Clone, Copy)]
struct ReadingSums {
    /// Of all that the amounts cover.
    covered: i64,
    /// Of what is left to ship.
    left: i64,
}

impl Reading {
    const ALL: [Self; 2] = [Self::WithVat, Self::WithoutVat];

    /// A discount with VAT.
    fn gross(self, discount: i64, rate: VatRate) -> i64 {
        match self {
            Self::WithVat => discount,
            // Rounded half up.
            Self::WithoutVat => {
                (discount * (HUNDRED_PERCENT + rate.0) * 2 + HUNDRED_PERCENT) / (HUNDRED_PERCENT * 2)
            }
        }
    }

    /// A discount on the whole order, over the lines by their value.
    fn spread(self, discount: i64, lines: &[Line], value: impl Fn(&Line) -> i64) -> Vec<i64> {
        if discount <= 0 {
            return vec![0; lines.len()];
        }
        let weights: Vec<i64> = lines.iter().map(|line| value(line).max(0)).collect();
        let parts = split_by_weight(discount, &weights).into_iter().zip(lines);
        parts.map(|(part, line)| self.gross(part, line.vat_rate)).collect()
    }

    fn sums(self, lines: &[Line], sums: &Sums) -> ReadingSums {
        let on_lines: i64 = lines.iter().map(|line| self.gross(line.discount, line.vat_rate)).sum();
        let kept: i64 = lines.iter().map(|line| self.gross(line.kept_discount, line.vat_rate)).sum();
        let on_all: i64 = self.spread(sums.discount_on_all, lines, |line| line.left_value).iter().sum();
        let left: i64 = lines.iter().map(|line| line.left_value).sum();
        ReadingSums {
            covered: sums.retail - on_lines - on_all + sums.shipping,
            left: left - kept - on_all + sums.shipping,
        }
    }

    /// Whether what the buyer paid follows from it. Of what TEMU gives each further line may be a cent off: that is rounded by line,
    /// and changes nothing for the merchant.
    fn fits(self, lines: &[Line], sums: &Sums, paid: i64) -> bool {
        let given: i64 = self.spread(sums.given, lines, |line| line.covered_value).iter().sum();
        let rounding = match self {
            Self::WithoutVat if sums.given > 0 => i64::try_from(lines.len()).map_or(0, |lines| lines - 1),
            Self::WithVat | Self::WithoutVat => 0,
        };
        let ReadingSums { covered, left } = self.sums(lines, sums);
        let is = |total: i64, paid: i64| (total - given - paid).abs() <= rounding;
        is(covered, paid) || is(covered, paid + sums.refunds) || is(left, paid)
    }

    fn goods(self, lines: &[Line], sums: &Sums) -> Result<Vec<Goods>, Untranslatable> {
        let on_all = self.spread(sums.discount_on_all, lines, |line| line.left_value);
        let mut goods = Vec::with_capacity(lines.len());
        for (line, on_all) in lines.iter().zip(on_all).filter(|(line, _)| line.remaining > 0) {
            let gross = line.left_value - self.gross(line.kept_discount, line.vat_rate) - on_all;
            if gross < 0 {
                let line = &line.name;
                return Err(Untranslatable::because([
                    format!("the seller's discount on line {line} is larger than its price"),
                    format!("der Rabatt des Verkäufers auf Position {line} ist größer als ihr Preis"),
                ]));
            }
            let (quantity, vat_rate) = (line.remaining, line.vat_rate);
            goods.push(Goods { line: line.name.clone(), quantity, gross, vat_rate });
        }
        Ok(goods)
    }
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
    name: String,
    vat_rate: VatRate,
    remaining: i64,
    /// With VAT, before discounts: of all that the amounts cover.
    covered_value: i64,
    /// Of what is left to ship.
    left_value: i64,
    /// Of what was cancelled before shipment, whether the amounts cover it or not.
    cancelled_value: i64,
    /// The seller's discount as TEMU tells it.
    discount: i64,
    /// Its part for what is left.
    kept_discount: i64,
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
        Some(total) => Err(Untranslatable::because([
            format!(
                "line {name} has {quantity} units at {unit} cents, which are {product}, and a total of {total}; check the order in \
                 Seller Center"
            ),
            format!(
                "Position {name} hat {quantity} Stück zu {unit} Cent, das sind {product}, und eine Summe von {total}; bitte die \
                 Bestellung im Seller Center prüfen"
            ),
        ])),
    }
}

fn is_rate(rate: i64) -> bool {
    matches!(rate, 0 | 1_000_000..=30_000_000)
}

/// A rate in millionths of a percent; anything that is no such rate is not guessed at.
fn vat_rate(line: &str, rate: Option<i64>) -> Result<VatRate, Untranslatable> {
    match rate {
        Some(rate) if is_rate(rate) => Ok(VatRate(rate)),
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
struct AmountReader {
    currency: Option<Currency>,
}

impl AmountReader {
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
