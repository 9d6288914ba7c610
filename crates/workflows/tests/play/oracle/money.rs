//! Promise 4: money handed to JTL equals what the marketplace said, to the cent, in JTL's total and in its positions.

use super::Oracle;
use crate::records::Snapshot;
use crate::story::{MONEY, Violation};

impl Oracle {
    /// An order that JTL made of a document of ours.
    pub(super) fn money(&self, snapshot: &Snapshot, key: i64, number: &str) -> Result<(), Violation> {
        let Some(bought) = self.book.orders.get(number) else { return Ok(()) };
        let Some(due) = bought.due_cents else { return Ok(()) };
        let Some(order) = snapshot.orders.iter().find(|order| order.key == key) else { return Ok(()) };
        let total = order.gross_cents.unwrap_or(0);
        let positions: i64 = order.positions.iter().map(|position| position.gross_cents).sum();
        // Each position is rounded by itself here.
        let is_close = (positions - due).abs() <= order.positions.len() as i64;
        if total == due && is_close && order.is_paid {
            return Ok(());
        }
        let what = format!(
            "order {number}: the marketplace says {due} cents; JTL has a total of {total} cents, positions of {positions} cents, \
             and is {}",
            if order.is_paid { "paid" } else { "not paid" }
        );
        Err(Violation::new(MONEY, number, what))
    }
}
