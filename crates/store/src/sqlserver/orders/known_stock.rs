//! What orders add to the counters of their listings: units that arrived and units that were given back. What that means for a
//! figure is decided above.

use std::collections::BTreeMap;

use marktwerk_sqlserver::{Class, ToSql};
use serde::Serialize;

use crate::StoreResult;
use crate::order_rules::Move;
use crate::sqlserver::columns;
use crate::sqlserver::keys::key;
use crate::sqlserver::writing::Writing;

/// The moves of one article number together.
#[derive(Default, Serialize)]
struct Sum<'a> {
    sku: &'a str,
    sold: i64,
    returned: i64,
    /// Microseconds.
    first: Option<i64>,
    last: Option<i64>,
}

/// Adds what the orders of a page did to the account's listings with their SKUs.
pub(super) async fn add(writing: &mut Writing<'_>, account: &str, moves: &[Move]) -> StoreResult<()> {
    let mut sums: BTreeMap<&str, Sum<'_>> = BTreeMap::new();
    for Move { sku, sold, returned, bought_at } in moves {
        let sum = sums.entry(key(sku)).or_insert_with(|| Sum { sku: key(sku), ..Sum::default() });
        sum.sold += sold;
        sum.returned += returned;
        if *sold > 0 {
            let bought_at = bought_at.as_microsecond();
            sum.first = Some(sum.first.map_or(bought_at, |first| first.min(bought_at)));
            sum.last = sum.last.max(Some(bought_at));
        }
    }
    if sums.is_empty() {
        return Ok(());
    }
    let sql = "UPDATE l SET sold = l.sold + j.sold, returned = l.returned + j.returned, \
         bought_first_at = CASE WHEN j.first IS NULL OR l.bought_first_at <= j.first THEN l.bought_first_at ELSE j.first END, \
         bought_last_at = CASE WHEN j.last IS NULL OR l.bought_last_at >= j.last THEN l.bought_last_at ELSE j.last END \
         FROM marktwerk.listings l JOIN OPENJSON(@P2) \
         WITH (sku nvarchar(450), sold bigint, returned bigint, first bigint, last bigint) j \
         ON l.account = @P1 AND l.sku = j.sku COLLATE Latin1_General_BIN2";
    let rows = columns::json(&sums.into_values().collect::<Vec<_>>())?;
    let parameters: [&dyn ToSql; 2] = [&account, &rows];
    let changed =
        writing.connection.execute_in("count what orders did", sql, &parameters, Class::Batch).await?;
    writing.effects.inventory |= changed > 0;
    Ok(())
}
