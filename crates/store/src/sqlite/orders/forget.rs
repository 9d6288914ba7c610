//! Forgetting who bought, once an order is over. What was forgotten has no document left, so it is never looked at again.

use jiff::Timestamp;
use rusqlite::params;

use crate::StoreResult;
use crate::sqlite::rows::{self, Micros};
use crate::sqlite::writing::Writing;

/// Orders that are over and still have a document.
const OVER: &str = "SELECT o.id FROM order_raws r JOIN orders o ON o.id = r.order_id \
     WHERE (o.state IN ('reported', 'cancelled') OR o.is_open = 0) AND MAX(o.changed_at, COALESCE(o.reported_at, 0)) < ?1";

pub(super) fn buyers(writing: &mut Writing<'_>, before: Timestamp) -> StoreResult<u64> {
    let before = params![Micros(before)];
    let addresses = format!(
        "UPDATE orders SET translation = json_set(translation, '$.delivery', json('{{}}')), \
         facts = json_remove(facts, '$.ours.baseline', '$.ours.before_change', '$.there.newest'), \
         revision = revision + 1 \
         WHERE translation IS NOT NULL AND id IN ({OVER})"
    );
    let documents = format!("DELETE FROM order_documents WHERE order_id IN ({OVER})");
    // Last, for the others find their orders by it.
    let raws = format!("DELETE FROM order_raws WHERE order_id IN ({OVER})");
    rows::execute(writing.connection, &addresses, before)?;
    rows::execute(writing.connection, &documents, before)?;
    let forgotten = rows::execute(writing.connection, &raws, before)?;
    writing.effects.orders |= forgotten > 0;
    Ok(forgotten as u64)
}
