//! What orders add to the counters of their listings: units that arrived and units that were given back. What that means for a
//! figure is decided above.

use rusqlite::params;

use crate::StoreResult;
use crate::order_rules::Move;
use crate::sqlite::rows::{self, Micros};
use crate::sqlite::writing::Writing;

/// Adds what an order did to the account's listings with its SKUs.
pub(super) fn add(writing: &mut Writing<'_>, account: &str, moves: &[Move]) -> StoreResult<()> {
    let sql = "UPDATE listings SET sold = sold + ?3, returned = returned + ?4, \
         bought_first_at = CASE WHEN ?3 > 0 THEN MIN(COALESCE(bought_first_at, ?5), ?5) ELSE bought_first_at END, \
         bought_last_at = CASE WHEN ?3 > 0 THEN MAX(COALESCE(bought_last_at, ?5), ?5) ELSE bought_last_at END \
         WHERE account = ?1 AND sku = ?2";
    for Move { sku, sold, returned, bought_at } in moves {
        let params = params![account, sku, sold, returned, Micros(*bought_at)];
        writing.effects.inventory |= rows::execute(writing.connection, sql, params)? > 0;
    }
    Ok(())
}
