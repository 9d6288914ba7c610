//! Forgetting who bought, once an order is over. What was forgotten has no document left, so it is never looked at again.

use jiff::Timestamp;
use marktwerk_sqlserver::Class;

use crate::StoreResult;
use crate::sqlserver::columns::micros;
use crate::sqlserver::writing::Writing;

/// Orders that are over and still have a document.
const OVER: &str = "SELECT o.id FROM marktwerk.order_raws r JOIN marktwerk.orders o ON o.id = r.order_id \
     WHERE o.state IN ('reported', 'cancelled') AND o.changed_at < @P1 AND ISNULL(o.reported_at, 0) < @P1";

pub(super) async fn buyers(writing: &mut Writing<'_>, before: Timestamp) -> StoreResult<u64> {
    let before = micros(before);
    let addresses = format!(
        "UPDATE marktwerk.orders SET translation = JSON_MODIFY(translation, '$.delivery', JSON_QUERY('{{}}')) \
         WHERE translation IS NOT NULL AND id IN ({OVER})"
    );
    let documents = format!("DELETE FROM marktwerk.order_documents WHERE order_id IN ({OVER})");
    // Last, for the others find their orders by it.
    let raws = format!("DELETE FROM marktwerk.order_raws WHERE order_id IN ({OVER})");
    let connection = &mut *writing.connection;
    connection.execute_in("forget addresses", &addresses, &[&before], Class::Long).await?;
    connection.execute_in("forget the ERP's documents", &documents, &[&before], Class::Long).await?;
    let forgotten = connection.execute_in("forget documents", &raws, &[&before], Class::Long).await?;
    writing.effects.orders |= forgotten > 0;
    Ok(forgotten)
}
