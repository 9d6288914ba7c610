//! An order as its rows hold it.

use marktwerk_domain::order::OrderState;
use rusqlite::Row;

use crate::orders::{OrderRecord, history};
use crate::sqlite::rows::Columns;

/// The columns of [`record`] that stand in the order's own row, in its order; the raw document and the ERP's follow.
pub(super) const COLUMNS: &str = "o.account, o.number, o.state, o.status, o.changed_at, o.ordered_at, o.is_complete, \
     o.is_unread, o.translation, o.reason, o.mark, o.intent, o.erp_number, o.parcels, o.report, o.report_tries, \
     o.next_report_at, o.handed_over_at, o.reported_at, o.fetched_at, o.was_over, o.facts, o.takes_stock, o.is_open, \
     o.next_judged_at, o.revision";

/// What stands behind [`COLUMNS`] where an order's large texts are left out.
pub(super) const WITHOUT_TEXTS: &str = "NULL, NULL, ''";

/// The raw document, to stand behind [`COLUMNS`].
pub(super) const RAW: &str = "(SELECT raw FROM order_raws WHERE order_id = o.id)";

/// What happened, to stand behind the documents.
pub(super) const HISTORY: &str = "o.history";

/// The ERP's document, to stand behind the raw one.
pub(super) const DOCUMENT: &str = "(SELECT document FROM order_documents WHERE order_id = o.id)";

pub(super) fn record(row: &Row<'_>) -> rusqlite::Result<OrderRecord> {
    let mut columns = Columns::of(row);
    Ok(OrderRecord {
        account: columns.value()?,
        number: columns.value()?,
        state: columns.word::<OrderState>()?,
        status: columns.word()?,
        changed_at: columns.time()?,
        ordered_at: columns.time()?,
        is_complete: columns.value()?,
        is_unread: columns.value()?,
        order: columns.optional_json()?,
        reason: columns.value()?,
        mark: columns.optional_word()?,
        intent: columns.optional_json()?,
        erp_number: columns.value()?,
        parcels: columns.json()?,
        report: columns.optional_json()?,
        report_tries: columns.value()?,
        next_report_at: columns.optional_time()?,
        handed_over_at: columns.optional_time()?,
        reported_at: columns.optional_time()?,
        fetched_at: columns.time()?,
        was_over: columns.value()?,
        kept: columns.optional_json()?,
        takes_stock: columns.value()?,
        is_open: columns.value()?,
        next_judged_at: columns.optional_time()?,
        revision: columns.value()?,
        raw: columns.optional_json()?,
        document: columns.value()?,
        history: history::read(&columns.value::<String>()?),
    })
}
