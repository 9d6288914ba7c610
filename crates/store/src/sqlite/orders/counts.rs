//! Counting orders: triggers keep the counts, so that the screen may ask as often as it likes.

use std::collections::HashMap;

use marktwerk_domain::order::OrderState;
use rusqlite::Connection;

use crate::StoreResult;
use crate::orders::OrderStatistics;
use crate::sqlite::rows;

pub(super) fn statistics(connection: &Connection, accounts: &[String]) -> StoreResult<OrderStatistics> {
    let reached = sums(connection, "reached", accounts)?;
    let count = |word: &str| reached.get(word).copied().unwrap_or(0);
    Ok(OrderStatistics {
        total: sums(connection, "state", accounts)?.values().sum(),
        imported: count("imported"),
        xml_generated: count("document"),
        uploaded: count("handed_over"),
        tracked: count("reported"),
    })
}

/// States without an order are left out.
pub(super) fn by_state(connection: &Connection, accounts: &[String]) -> StoreResult<Vec<(OrderState, u64)>> {
    let counts = sums(connection, "state", accounts)?;
    let count = |state: OrderState| counts.get(state.as_str()).map(|&count| (state, count));
    Ok(OrderState::ALL.into_iter().filter_map(count).filter(|(_, count)| *count > 0).collect())
}

/// Sums by word over the accounts given (empty: all).
fn sums(connection: &Connection, kind: &str, accounts: &[String]) -> StoreResult<HashMap<String, u64>> {
    let sql = "SELECT account, word, amount FROM order_counts WHERE kind = ?1";
    let counts = rows::all(connection, sql, [kind], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, i64>(2)?))
    })?;
    let mut sums = HashMap::new();
    for (account, word, amount) in counts {
        if accounts.is_empty() || accounts.contains(&account) {
            *sums.entry(word).or_insert(0) += amount.max(0) as u64;
        }
    }
    Ok(sums)
}
