//! Positions and their net prices. JTL's import takes both prices and it is not documented which one wins, so
//! the net price has as many decimals as it needs to give the gross price back: to the cent, for the unit, the
//! line and the whole order.

use std::collections::BTreeMap;

use marktwerk_domain::money::VatRate;
use marktwerk_domain::mutant::{self, Mutant};
use marktwerk_domain::order::Order;
use rust_decimal::{Decimal, RoundingStrategy};

use super::text::Warnings;
use crate::jtl::JtlSettings;

/// What JTL's examples write.
const USUAL_DECIMALS: u32 = 5;
/// What the target column, decimal(25,13), can hold.
const MOST_DECIMALS: u32 = 13;
/// Beyond any real order, and small enough that no sum of thousands of lines overflows a decimal.
const MOST_UNITS: i64 = 1_000_000;
const MOST_MINOR: i64 = 100_000_000_000;

/// `tAuftragPosition.cArtNr`; a longer number would name another article.
const ARTICLE_LIMIT: usize = 100;
const NAME_LIMIT: usize = 255;

/// One `twarenkorbpos`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Position {
    /// What the buyer saw.
    pub(crate) name: String,
    /// Article number; empty on a shipping position.
    pub(crate) sku: String,
    /// `standard` or `versandkosten`, the two values of JTL's examples.
    pub(crate) kind: &'static str,
    /// Units.
    pub(crate) quantity: Decimal,
    /// Price of a unit, two decimals.
    pub(crate) gross: Decimal,
    /// Price of a unit without VAT; as many decimals as it needs.
    pub(crate) net: Decimal,
    /// VAT in percent, two decimals.
    pub(crate) percent: Decimal,
}

/// The order's positions, with net prices. `Err` is the reason why JTL cannot take them.
pub(crate) fn positions(
    order: &Order,
    settings: &JtlSettings,
    warnings: &mut Warnings,
) -> Result<Vec<Position>, [String; 2]> {
    let mut positions = Vec::new();
    for line in &order.lines {
        let sku = super::text::clean(&line.sku);
        if sku.is_empty() || sku.encode_utf16().count() > ARTICLE_LIMIT {
            let number = &line.number;
            return Err([
                format!(
                    "line {number} has no article number of 1 to {ARTICLE_LIMIT} characters: give the article its number \
                     at the marketplace"
                ),
                format!(
                    "Position {number} hat keine Artikelnummer mit 1 bis {ARTICLE_LIMIT} Zeichen: dem Artikel am Marktplatz \
                     seine Nummer geben"
                ),
            ]);
        }
        if line.units.is_empty() {
            let number = &line.number;
            return Err([
                format!("line {number} has nothing to ship"),
                format!("zu Position {number} ist nichts zu versenden"),
            ]);
        }
        for units in &line.units {
            let name = warnings.fit("article name", &line.name, NAME_LIMIT);
            // JTL wants a name; without one from the marketplace the number serves.
            let name = if name.is_empty() { sku.clone() } else { name };
            positions.push(position(
                "standard",
                name,
                &sku,
                units.quantity,
                units.unit_gross,
                line.vat_rate,
            )?);
        }
    }
    for charge in order.shipping.iter().filter(|charge| charge.gross != 0) {
        let name = warnings.fit("shipping_name", &settings.shipping_name, NAME_LIMIT);
        positions.push(position("versandkosten", name, "", 1, charge.gross, charge.vat_rate)?);
    }
    let total: Decimal = positions.iter().map(|position| position.gross * position.quantity).sum();
    if total != Decimal::new(order.total.minor, 2) {
        return Err([
            "its lines and shipping do not sum to its total",
            "ihre Positionen und der Versand ergeben nicht ihre Summe",
        ]
        .map(str::to_owned));
    }
    if mutant::is(Mutant::ShippingDropped) {
        positions.retain(|position| position.kind != "versandkosten");
    }
    find_net_prices(&mut positions);
    Ok(positions)
}

fn position(
    kind: &'static str,
    name: String,
    sku: &str,
    quantity: i64,
    gross: i64,
    rate: VatRate,
) -> Result<Position, [String; 2]> {
    let is_plausible = (1..=MOST_UNITS).contains(&quantity)
        && (0..=MOST_MINOR).contains(&gross)
        && (VatRate::ZERO..=VatRate::percent(100)).contains(&rate);
    if !is_plausible {
        return Err([
            format!("a quantity, price or VAT rate is out of bounds in a position of kind {kind}"),
            format!(
                "Menge, Preis oder Steuersatz einer Position der Art {kind} liegt außerhalb des Möglichen"
            ),
        ]);
    }
    let mut percent = rounded(Decimal::new(rate.0, 6), 2);
    percent.rescale(2);
    Ok(Position {
        name,
        sku: sku.to_owned(),
        kind,
        quantity: Decimal::from(quantity),
        gross: Decimal::new(gross, 2),
        net: Decimal::ZERO,
        percent,
    })
}

/// The fewest decimals, from the usual ones on, with which every amount comes back.
fn find_net_prices(positions: &mut [Position]) {
    for decimals in USUAL_DECIMALS..=MOST_DECIMALS {
        for position in positions.iter_mut() {
            position.net = rounded(position.gross / factor(position.percent), decimals);
            position.net.rescale(decimals);
        }
        if gives_gross_back(positions) {
            return;
        }
    }
    // With 13 decimals the error of the largest permitted line is below a ten-millionth of a cent.
    debug_assert!(gives_gross_back(positions), "13 decimals are enough for every permitted amount");
}

fn gives_gross_back(positions: &[Position]) -> bool {
    let mut net_by_rate: BTreeMap<Decimal, Decimal> = BTreeMap::new();
    let mut total = Decimal::ZERO;
    for position in positions {
        let factor = factor(position.percent);
        let line_net = position.net * position.quantity;
        let line_gross = position.gross * position.quantity;
        if rounded(position.net * factor, 2) != position.gross || rounded(line_net * factor, 2) != line_gross
        {
            return false;
        }
        *net_by_rate.entry(position.percent).or_default() += line_net;
        total += line_gross;
    }
    let sum: Decimal = net_by_rate.iter().map(|(percent, net)| net * factor(*percent)).sum();
    rounded(sum, 2) == total
}

fn factor(percent: Decimal) -> Decimal {
    Decimal::ONE + percent / Decimal::ONE_HUNDRED
}

/// Rounds as invoices do: half away from zero.
fn rounded(amount: Decimal, decimals: u32) -> Decimal {
    amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net_of(quantity: i64, gross: i64, percent: i64) -> String {
        let rate = VatRate::percent(percent);
        let mut positions = [position("standard", String::new(), "A", quantity, gross, rate).unwrap()];
        find_net_prices(&mut positions);
        positions[0].net.to_string()
    }

    #[test]
    fn five_decimals_are_usual_and_more_are_used_where_the_line_needs_them() {
        assert_eq!(net_of(1, 490, 19), "4.11765");
        assert_eq!(net_of(1, 490, 0), "4.90000");
        assert_eq!(net_of(100_000, 490, 19), "4.1176471");
    }

    #[test]
    fn every_price_of_a_cent_to_a_hundred_euros_comes_back() {
        for percent in [0, 7, 19, 20, 21, 25] {
            for gross in 1..=10_000 {
                let rate = VatRate::percent(percent);
                let mut positions =
                    [position("standard", String::new(), "A", gross % 997 + 1, gross, rate).unwrap()];
                find_net_prices(&mut positions);
                assert!(gives_gross_back(&positions), "{gross} at {percent} %");
            }
        }
    }

    #[test]
    fn the_sum_of_many_equal_lines_comes_back_too() {
        let rate = VatRate::percent(19);
        let line = position("standard", String::new(), "A", 1, 1, rate).unwrap();
        let mut positions = vec![line; 3_000];
        find_net_prices(&mut positions);
        assert!(gives_gross_back(&positions));
        assert!(positions[0].net.scale() > USUAL_DECIMALS);
    }

    #[test]
    fn the_largest_permitted_line_overflows_nothing() {
        assert!(net_of(MOST_UNITS, MOST_MINOR, 100).starts_with("500000000."));
    }
}
