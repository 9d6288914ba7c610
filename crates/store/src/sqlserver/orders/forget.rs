//! Forgetting who bought, once an order is over. What was forgotten has no document left, so it is never looked at again. A piece per
//! transaction, so that a large clean-up holds nobody up.

use jiff::Timestamp;
use marktwerk_sqlserver::{Class, reading};

use crate::StoreResult;
use crate::sqlserver::SqlServerStore;
use crate::sqlserver::columns::{self, micros};
use crate::sqlserver::writing::{BUSINESS, Writing, write_in};

/// Receipts of hand-overs whose outcome is known.
const RECEIPTS: &str = "DELETE TOP (1000) FROM marktwerk.hand_overs WHERE intended_at < @P1 AND number NOT IN \
     (SELECT o.number FROM marktwerk.orders o WHERE o.intent IS NOT NULL)";

/// Few enough rows that the server keeps to locks of rows.
const PIECE: usize = 1_000;

/// Orders that are over and still have a document.
const OVER: &str = "SELECT o.id FROM marktwerk.order_raws r JOIN marktwerk.orders o ON o.id = r.order_id \
     WHERE (o.state IN ('reported', 'cancelled') OR o.is_open = 0) AND o.changed_at < @P1 AND ISNULL(o.reported_at, 0) < @P1";

pub(super) async fn buyers(store: &SqlServerStore, before: Timestamp) -> StoreResult<u64> {
    let before = micros(before);
    let rows: StoreResult<_> = reading!(store.pool, "look for orders that are over", |connection| async {
        Ok(connection.query_in("look for orders that are over", OVER, &[&before], Class::Long).await?)
    });
    let over: Vec<i64> = columns::map(&rows?, |columns| columns.integer())?;
    let mut forgotten = 0;
    for piece in over.chunks(PIECE) {
        forgotten += write_in!(store, "forget buyers", BUSINESS, |writing| forget(writing, piece, before))?;
    }
    while write_in!(store, "forget receipts", BUSINESS, |writing| receipts(writing, before))? > 0 {}
    Ok(forgotten)
}

async fn receipts(writing: &mut Writing<'_>, before: i64) -> StoreResult<u64> {
    Ok(writing.connection.execute_in("forget receipts", RECEIPTS, &[&before], Class::Batch).await?)
}

async fn forget(writing: &mut Writing<'_>, piece: &[i64], before: i64) -> StoreResult<u64> {
    let piece = columns::json(piece)?;
    // Asked again: one of them may have changed meanwhile.
    let over = format!("{OVER} AND o.id IN (SELECT CAST(value AS bigint) FROM OPENJSON(@P2))");
    let addresses = format!(
        "UPDATE marktwerk.orders SET translation = JSON_MODIFY(translation, '$.delivery', JSON_QUERY('{{}}')), \
         facts = JSON_MODIFY(JSON_MODIFY(JSON_MODIFY(facts, '$.ours.baseline', NULL), '$.ours.before_change', NULL), \
         '$.there.newest', NULL), revision = revision + 1 \
         WHERE translation IS NOT NULL AND id IN ({over})"
    );
    let documents = format!("DELETE FROM marktwerk.order_documents WHERE order_id IN ({over})");
    // Last, for the others find their orders by it.
    let raws = format!("DELETE FROM marktwerk.order_raws WHERE order_id IN ({over})");
    let connection = &mut *writing.connection;
    connection.execute_in("forget addresses", &addresses, &[&before, &piece], Class::Batch).await?;
    connection.execute_in("forget the ERP's documents", &documents, &[&before, &piece], Class::Batch).await?;
    let forgotten =
        connection.execute_in("forget documents", &raws, &[&before, &piece], Class::Batch).await?;
    writing.effects.orders |= forgotten > 0;
    Ok(forgotten)
}
