//! What an order does to the stock that the marketplace is known to hold. Where that cannot be told for certain, the stock
//! becomes unknown: it costs one more push, and a wrong guess would cost an oversold article.

use marktwerk_domain::shipment::Content;
use rusqlite::params;

use crate::StoreResult;
use crate::order_rules::UNSURE;
use crate::orders::FetchedOrder;
use crate::sqlite::rows::{self, Micros};
use crate::sqlite::writing::Writing;

/// What was bought well after the stock was known is missing from it by now. Of several listings of one article nobody knows
/// which one sold.
pub(super) fn bought(writing: &mut Writing<'_>, account: &str, order: &FetchedOrder) -> StoreResult<()> {
    let sql = "UPDATE listings SET known_stock = CASE \
             WHEN known_at >= ?4 OR (SELECT COUNT(*) FROM listings l WHERE l.account = ?1 AND l.sku = ?2) > 1 THEN NULL \
             ELSE MAX(0, known_stock - ?3) END \
         WHERE account = ?1 AND sku = ?2 AND known_stock IS NOT NULL AND known_at < ?5";
    let surely_before = Micros(order.ordered_at - UNSURE);
    let surely_after = Micros(order.ordered_at + UNSURE);
    for Content { sku, quantity } in order.contents.iter().filter(|content| !content.sku.is_empty()) {
        let params = params![account, sku, quantity, surely_before, surely_after];
        writing.effects.inventory |= rows::execute(writing.connection, sql, params)? > 0;
    }
    Ok(())
}

/// Something was given back.
pub(super) fn is_unsure<'a>(
    writing: &mut Writing<'_>,
    account: &str,
    contents: impl Iterator<Item = &'a Content>,
) -> StoreResult<()> {
    let sql =
        "UPDATE listings SET known_stock = NULL WHERE account = ?1 AND sku = ?2 AND known_stock IS NOT NULL";
    for Content { sku, .. } in contents.filter(|content| !content.sku.is_empty()) {
        writing.effects.inventory |= rows::execute(writing.connection, sql, [account, sku])? > 0;
    }
    Ok(())
}
