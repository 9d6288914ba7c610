//! Whether discounts are told with VAT, found out by what the buyer paid; and whether the order's sums fit.

use marktwerk_domain::money::{Currency, Money, VatRate, split_by_weight};

use super::prices::{AmountReader, Goods, Line, Totals};
use crate::orders::Untranslatable;

/// In the unit of the rates.
const HUNDRED_PERCENT: i64 = 100_000_000;

/// What TEMU tells of the whole order.
pub(super) struct Sums {
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
    pub(super) fn read(
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

    pub(super) fn check_retail(&self, lines: &[Line], currency: Currency) -> Result<(), Untranslatable> {
        let covered: i64 = lines.iter().map(|line| line.covered_value).sum();
        if covered == self.retail {
            return Ok(());
        }
        let sums = [covered, self.retail].map(|goods| Money::new(goods + self.shipping, currency));
        let ([sum, expected], [summe, erwartet]) = (sums, sums.map(Money::german));
        Err(Untranslatable::because([
            format!(
                "goods and shipping come to {sum}, TEMU's total to {expected}; check the order in Seller Center"
            ),
            format!(
                "Waren und Versand ergeben {summe}, TEMUs Summe ist {erwartet}; bitte die Bestellung im Seller Center prüfen"
            ),
        ]))
    }

    /// The buyer's fee for a signature has no position, and whose it is is not documented.
    pub(super) fn check_fees(&self, currency: Currency) -> Result<(), Untranslatable> {
        if self.signature == 0 {
            return Ok(());
        }
        let without = self.retail + self.shipping;
        let sums =
            [self.signature, without, without + self.signature].map(|cents| Money::new(cents, currency));
        let ([fee, without, with], [gebuehr, ohne, mit]) = (sums, sums.map(Money::german));
        Err(Untranslatable::because([
            format!(
                "the buyer paid {fee} for a signature on delivery, for which the order has no position: it comes to \
                 {without} without that fee, and to {with} with it"
            ),
            format!(
                "der Käufer hat {gebuehr} für eine Zustellung gegen Unterschrift bezahlt, wofür die Bestellung keine Position hat: \
                 ohne diese Gebühr ergibt sie {ohne}, mit ihr {mit}"
            ),
        ]))
    }

    /// A refund before shipment is explained by what was cancelled, or a person looks at it.
    pub(super) fn check_refunds(&self, lines: &[Line], currency: Currency) -> Result<(), Untranslatable> {
        let cancelled: i64 = lines.iter().map(|line| line.cancelled_value).sum();
        if self.refunds <= cancelled {
            return Ok(());
        }
        let sums = [self.refunds, self.retail + self.shipping].map(|cents| Money::new(cents, currency));
        let ([refunds, sum], [erstattet, summe]) = (sums, sums.map(Money::german));
        Err(Untranslatable::because([
            format!(
                "TEMU has refunded {refunds} of {sum} to the buyer before the shipment; Seller Center shows \
                 whether the order is still to be shipped"
            ),
            format!(
                "TEMU hat dem Käufer vor dem Versand {erstattet} von {summe} erstattet; ob die Bestellung noch zu versenden ist, zeigt \
                 das Seller Center"
            ),
        ]))
    }

    /// The reading of the discounts that comes to what the buyer paid.
    pub(super) fn reading(&self, lines: &[Line], currency: Currency) -> Result<Reading, Untranslatable> {
        let is_partly_cancelled = lines.iter().any(|line| line.cancelled_value > 0);
        if self.discount_on_all > 0 && is_partly_cancelled {
            return Err(Untranslatable::because([
                format!(
                    "a part of the order is cancelled, and TEMU does not tell how much of the seller's discount of {} on the whole \
                     order is left",
                    Money::new(self.discount_on_all, currency)
                ),
                format!(
                    "ein Teil der Bestellung ist storniert, und TEMU nennt nicht, wie viel vom Rabatt des Verkäufers von {} auf die \
                     ganze Bestellung übrig ist",
                    Money::new(self.discount_on_all, currency).german()
                ),
            ]));
        }
        let [with, without] = Reading::ALL;
        let sums = Reading::ALL.map(|reading| reading.sums(lines, self));
        let is_same = sums[0].left == sums[1].left;
        let fits = Reading::ALL.map(|reading| self.paid.is_some_and(|paid| reading.fits(lines, self, paid)));
        match (self.paid, fits) {
            (Some(_), [true, false]) => Ok(with),
            (Some(_), [false, true]) => Ok(without),
            (_, [true, true]) | (None, _) if is_same => Ok(with),
            // What the buyer paid before something was cancelled says nothing.
            (Some(_), [false, false]) if is_same && is_partly_cancelled => Ok(with),
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
pub(super) enum Reading {
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

    pub(super) fn goods(self, lines: &[Line], sums: &Sums) -> Result<Vec<Goods>, Untranslatable> {
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
