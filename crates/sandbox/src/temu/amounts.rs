//! `bg.order.amount.query`: what an order costs, in minor units. Lines come in their own order, not in that of
//! the list, and must be joined by `orderSn`. All sums follow from the lines' gross prices and rates.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::answer::{Answer, Refusal};
use super::order::{MarketLine, MarketOrder};
use super::request::Request;
use super::store;

/// 100 % in the unit of the rates.
const HUNDRED_PERCENT: i64 = 100_000_000;

pub(crate) fn amounts(connection: &Connection, request: &Request) -> Answer {
    let sn = request.text("parentOrderSn")?.unwrap_or_default();
    let mut order =
        store::order(connection, &sn)?.ok_or_else(|| Refusal::new(140_020_002, "Order not found"))?;
    if order.amount_calls_to_wait > 0 {
        order.amount_calls_to_wait -= 1;
        store::save_order(connection, &order)?;
        let message = "Some amount fields are still undergoing system calculation. Please try again later.";
        return Err(Refusal::new(140_020_008, message));
    }
    if let Some(raw) = order.raw.as_ref().and_then(|raw| raw.amounts.clone()) {
        return Ok(raw);
    }
    Ok(written(&order))
}

/// The VAT inside a gross amount, rounded half up.
fn vat_inside(gross: i64, rate: i64) -> i64 {
    let whole = HUNDRED_PERCENT + rate;
    let scaled = i128::from(gross) * i128::from(rate) * 2 + i128::from(whole);
    i64::try_from(scaled.div_euclid(i128::from(whole) * 2)).unwrap_or(0)
}

fn written(order: &MarketOrder) -> Value {
    let money = |amount: i64| json!({"currency": order.currency, "amount": amount});
    let goods = order.goods_gross_cents();
    let goods_vat: i64 = order.lines.iter().map(line_vat).sum();
    let (seller, temu) = (order.seller_discount_cents(), order.temu_discount_cents());
    let shipping = order.shipping_gross_cents;
    let shipping_vat = vat_inside(shipping, order.shipping_rate_micro);
    let signature = order.odd.signature_fee_cents;
    let Paid { revenue, paid } = paid(order, goods, seller, temu);
    let lines = ordered(order).map(|line| written_line(order, line)).collect::<Vec<_>>();
    json!({
        "parentOrderMap": {
            "parentOrderSn": order.parent_order_sn,
            "basePriceTotal": money(goods - goods_vat),
            "retailPriceTotal": money(goods - goods_vat),
            "retailPriceTotalTaxExcl": money(goods - goods_vat),
            "retailPriceTotalTaxIncl": money(goods),
            "productTaxAmount": money(goods_vat),
            "shippingAmountTotal": money(shipping - shipping_vat),
            "shipTaxAmount": money(shipping_vat),
            "shipAmountTotalTaxIncl": money(shipping),
            "taxTotal": money(goods_vat + shipping_vat),
            "taxTotalAfterDiscount": money(goods_vat + shipping_vat),
            "temuTaxTotal": money(0),
            "discountFromSeller": money(seller),
            "discountFromTEMU": money(temu),
            "totalDiscount": money(seller + temu),
            "refundsTotal": money(order.odd.refunds_cents),
            "signOnDelivery": if signature == 0 { Value::Null } else { money(signature) },
            "estimatedRevenue": money(revenue),
            "estimatedRevenueDeduction": money(0),
            "customerPaid": money(paid + signature - order.odd.refunds_cents),
        },
        "orderList": lines,
        "warning": [],
    })
}

/// What the seller gets and the buyer pays, before refunds and fees.
struct Paid {
    revenue: i64,
    paid: i64,
}

fn paid(order: &MarketOrder, goods: i64, seller: i64, temu: i64) -> Paid {
    if !order.odd.discounts_without_vat {
        let revenue = order.seller_total_cents();
        return Paid { revenue, paid: revenue - temu };
    }
    let with_vat =
        |cents: i64, rate: i64| cents + (cents * rate * 2 + HUNDRED_PERCENT) / (HUNDRED_PERCENT * 2);
    let sum = |of: fn(&MarketLine) -> i64| -> i64 {
        order.lines.iter().map(|line| with_vat(of(line), line.vat_rate_micro)).sum()
    };
    let discounts = [sum(|line| line.seller_discount_cents), sum(|line| line.temu_discount_cents)];
    debug_assert!(seller <= discounts[0] && temu <= discounts[1], "VAT is never less than nothing");
    let revenue = goods - discounts[0] + order.shipping_gross_cents;
    Paid { revenue, paid: revenue - discounts[1] }
}

/// The lines as the amount answer orders them; a line that the order forgets comes last.
fn ordered(order: &MarketOrder) -> impl Iterator<Item = &MarketLine> {
    let named = order.amount_order.iter().filter_map(|index| order.lines.get(*index));
    let rest = order.lines.iter().enumerate().filter(|(index, _)| !order.amount_order.contains(index));
    named.chain(rest.map(|(_, line)| line))
}

fn line_vat(line: &MarketLine) -> i64 {
    vat_inside(line.unit_gross_cents, line.vat_rate_micro) * line.quantity()
}

fn written_line(order: &MarketOrder, line: &MarketLine) -> Value {
    let money = |amount: i64| json!({"currency": order.currency, "amount": amount});
    let unit_net = line.unit_gross_cents - vat_inside(line.unit_gross_cents, line.vat_rate_micro);
    // The shipping stands on the first shippable line only: the sum over the lines is the order's.
    let carries_shipping = order.shippable().next().is_some_and(|first| first.order_sn == line.order_sn);
    let shipping = if carries_shipping { order.shipping_gross_cents } else { 0 };
    json!({
        "orderSn": line.order_sn,
        "quantity": line.quantity(),
        "unitBasePrice": money(unit_net),
        "basePrice": money(unit_net * line.quantity()),
        "unitRetailPrice": money(unit_net),
        "unitRetailPriceVatExcl": money(unit_net),
        "unitRetailPriceVatIncl": money(line.unit_gross_cents),
        "retailPriceTotalTaxIncl": money(line.gross_cents()),
        "productTaxAmount": money(line_vat(line)),
        "productTaxRate": line.vat_rate_micro,
        "discountFromSeller": money(line.seller_discount_cents),
        "discountFromTEMU": money(line.temu_discount_cents),
        "shipTaxRate": order.shipping_rate_micro,
        "shipTaxAmount": money(vat_inside(shipping, order.shipping_rate_micro)),
        "shipAmountTotal": money(shipping - vat_inside(shipping, order.shipping_rate_micro)),
        "shipAmountTotalTaxIncl": money(shipping),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vat_is_rounded_half_up() {
        assert_eq!(vat_inside(490, 19_000_000), 78);
        assert_eq!(vat_inside(1190, 19_000_000), 190);
        assert_eq!(vat_inside(107, 7_000_000), 7);
        assert_eq!(vat_inside(1000, 0), 0);
    }
}
