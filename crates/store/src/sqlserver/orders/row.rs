//! An order as its rows hold it.

use crate::StoreResult;
use crate::orders::{OrderRecord, history};
use crate::sqlserver::columns::Columns;

/// The columns of [`record`] that stand in the order's own row, in its order; the raw document and the ERP's follow.
pub(super) const COLUMNS: &str = "o.account, o.number, o.state, o.status, o.changed_at, o.ordered_at, o.is_complete, \
     o.is_unread, o.translation, o.reason, o.mark, o.intent, o.erp_number, o.parcels, o.report, o.report_tries, \
     o.next_report_at, o.handed_over_at, o.reported_at, o.fetched_at, o.was_over, o.facts, o.takes_stock, o.is_open, \
     o.next_judged_at, o.revision";

/// What stands behind [`COLUMNS`] where an order's large texts are left out.
pub(super) const WITHOUT_TEXTS: &str = "CAST(NULL AS nvarchar(max)), CAST(NULL AS nvarchar(max)), N''";

/// What happened, to stand behind the documents.
pub(super) const HISTORY: &str = "o.history";

/// The raw document, to stand behind [`COLUMNS`].
pub(super) const RAW: &str = "(SELECT r.raw FROM marktwerk.order_raws r WHERE r.order_id = o.id)";

/// The ERP's document, to stand behind the raw one.
pub(super) const DOCUMENT: &str =
    "(SELECT d.document FROM marktwerk.order_documents d WHERE d.order_id = o.id)";

pub(super) fn record(columns: &mut Columns<'_>) -> StoreResult<OrderRecord> {
    Ok(OrderRecord {
        account: columns.text()?,
        number: columns.text()?,
        state: columns.word()?,
        status: columns.word()?,
        changed_at: columns.time()?,
        ordered_at: columns.time()?,
        is_complete: columns.truth()?,
        is_unread: columns.truth()?,
        order: columns.optional_json()?,
        reason: columns.optional_text()?,
        mark: columns.optional_word()?,
        intent: columns.optional_json()?,
        erp_number: columns.optional_text()?,
        parcels: columns.json()?,
        report: columns.optional_json()?,
        report_tries: columns.integer()?,
        next_report_at: columns.optional_time()?,
        handed_over_at: columns.optional_time()?,
        reported_at: columns.optional_time()?,
        fetched_at: columns.time()?,
        was_over: columns.truth()?,
        kept: columns.optional_json()?,
        takes_stock: columns.truth()?,
        is_open: columns.truth()?,
        next_judged_at: columns.optional_time()?,
        revision: columns.integer()?,
        raw: columns.optional_json()?,
        document: columns.optional_text()?,
        history: history::read(&columns.text()?),
    })
}
