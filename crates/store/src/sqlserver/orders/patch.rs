//! Writing what changes of orders come to: loaded into a temporary table, for translations and documents may be long, and taken over
//! with one statement per table.

use marktwerk_domain::order::OrderState;
use marktwerk_sqlserver::{Class, Column, Connection, Kind, Value};
use serde::Serialize;

use crate::StoreResult;
use crate::order_rules::Reached;
use crate::orders::{Mark, OrderPatch, history};
use crate::sqlserver::columns::{self, optional_micros};

/// What is loaded of each change. A field is kept where it is NULL, or where a field that may be cleared is not said to be set.
const COLUMNS: [Column; 29] = [
    Column::new("id", Kind::Integer),
    Column::new("state", Kind::Text(30)),
    Column::new("translation", Kind::LongText),
    Column::new("sets_reason", Kind::Integer),
    Column::new("reason", Kind::LongText),
    Column::new("sets_mark", Kind::Integer),
    Column::new("mark", Kind::Text(30)),
    Column::new("sets_intent", Kind::Integer),
    Column::new("intent", Kind::LongText),
    Column::new("erp_number", Kind::Text(450)),
    Column::new("parcels", Kind::LongText),
    Column::new("sets_report", Kind::Integer),
    Column::new("report", Kind::LongText),
    Column::new("report_tries", Kind::Integer),
    Column::new("sets_next_report_at", Kind::Integer),
    Column::new("next_report_at", Kind::Integer),
    Column::new("is_unread", Kind::Integer),
    Column::new("imported_at", Kind::Integer),
    Column::new("document_at", Kind::Integer),
    Column::new("handed_over_at", Kind::Integer),
    Column::new("reported_at", Kind::Integer),
    Column::new("document", Kind::LongText),
    Column::new("is_complete", Kind::Integer),
    Column::new("facts", Kind::LongText),
    Column::new("takes_stock", Kind::Integer),
    Column::new("is_open", Kind::Integer),
    Column::new("sets_next_judged_at", Kind::Integer),
    Column::new("next_judged_at", Kind::Integer),
    Column::new("history", Kind::LongText),
];

const UPDATE: &str = "UPDATE o SET state = ISNULL(c.state COLLATE Latin1_General_BIN2, o.state), \
     translation = ISNULL(c.translation, o.translation), \
     reason = CASE WHEN c.sets_reason = 1 THEN c.reason ELSE o.reason END, \
     mark = CASE WHEN c.sets_mark = 1 THEN c.mark COLLATE Latin1_General_BIN2 ELSE o.mark END, \
     intent = CASE WHEN c.sets_intent = 1 THEN c.intent ELSE o.intent END, \
     erp_number = ISNULL(c.erp_number, o.erp_number), parcels = ISNULL(c.parcels, o.parcels), \
     report = CASE WHEN c.sets_report = 1 THEN c.report ELSE o.report END, \
     report_tries = ISNULL(c.report_tries, o.report_tries), \
     next_report_at = CASE WHEN c.sets_next_report_at = 1 THEN c.next_report_at ELSE o.next_report_at END, \
     is_unread = CASE WHEN c.is_unread IS NULL THEN o.is_unread ELSE CAST(c.is_unread AS bit) END, \
     is_complete = CASE WHEN c.is_complete IS NULL THEN o.is_complete ELSE CAST(c.is_complete AS bit) END, \
     facts = ISNULL(c.facts, o.facts), \
     freed = CASE WHEN o.takes_stock = 1 AND c.takes_stock = 0 \
         THEN (SELECT ISNULL(MAX(f.freed), 0) + 1 FROM marktwerk.orders f) ELSE o.freed END, \
     takes_stock = CASE WHEN c.takes_stock IS NULL THEN o.takes_stock ELSE CAST(c.takes_stock AS bit) END, \
     is_open = CASE WHEN c.is_open IS NULL THEN o.is_open ELSE CAST(c.is_open AS bit) END, \
     next_judged_at = CASE WHEN c.sets_next_judged_at = 1 THEN c.next_judged_at ELSE o.next_judged_at END, \
     history = CASE WHEN c.history IS NULL THEN o.history ELSE o.history + c.history END, \
     revision = o.revision + 1, \
     imported_at = ISNULL(o.imported_at, c.imported_at), document_at = ISNULL(o.document_at, c.document_at), \
     handed_over_at = ISNULL(o.handed_over_at, c.handed_over_at), \
     reported_at = ISNULL(o.reported_at, c.reported_at) \
     FROM marktwerk.orders o JOIN #changes c ON o.id = c.id";

const DOCUMENTS: &str = "DELETE FROM marktwerk.order_documents WHERE order_id IN \
         (SELECT c.id FROM #changes c WHERE c.document IS NOT NULL); \
     INSERT INTO marktwerk.order_documents (order_id, document) \
         SELECT c.id, c.document FROM #changes c WHERE c.document IS NOT NULL";

/// Writes patches of orders (id, patch, what was reached), each order once.
pub(super) async fn write(
    connection: &mut Connection,
    changed: &[(i64, OrderPatch, Reached)],
    now: i64,
) -> StoreResult<()> {
    let texts: StoreResult<Vec<Texts>> = changed.iter().map(|(_, patch, _)| Texts::of(patch)).collect();
    let texts = texts?;
    let mut rows = Vec::with_capacity(changed.len());
    for ((id, patch, reached), texts) in changed.iter().zip(&texts) {
        rows.push(values(*id, patch, *reached, texts, now));
    }
    connection.load("load changes of orders", "#changes", &COLUMNS, rows).await?;
    connection.execute_in("change orders", UPDATE, &[], Class::Batch).await?;
    if changed.iter().any(|(_, patch, _)| patch.document.is_some()) {
        connection.execute_in("keep the ERP's documents", DOCUMENTS, &[], Class::Batch).await?;
    }
    Ok(())
}

/// What columns hold as JSON.
struct Texts {
    translation: Option<String>,
    intent: Option<String>,
    parcels: Option<String>,
    report: Option<String>,
    facts: Option<String>,
    history: Option<String>,
}

impl Texts {
    fn of(patch: &OrderPatch) -> StoreResult<Self> {
        let OrderPatch { order, intent, parcels, report, kept, events, .. } = patch;
        Ok(Self {
            translation: text(order.as_ref())?,
            intent: text(intent.as_ref().and_then(Option::as_ref))?,
            parcels: text(parcels.as_ref())?,
            report: text(report.as_ref().and_then(Option::as_ref))?,
            facts: text(kept.as_ref())?,
            history: history::lines(events)?,
        })
    }
}

fn text<T: Serialize>(value: Option<&T>) -> StoreResult<Option<String>> {
    value.map(columns::json).transpose()
}

/// In the order of [`COLUMNS`].
fn values<'a>(
    id: i64,
    patch: &'a OrderPatch,
    reached: Reached,
    texts: &'a Texts,
    now: i64,
) -> Vec<Value<'a>> {
    // Destructured, so that a new field is not forgotten here.
    let OrderPatch {
        state,
        order: _,
        document,
        reason,
        mark,
        intent,
        erp_number,
        parcels: _,
        report,
        report_tries,
        next_report_at,
        is_unread,
        is_complete,
        kept: _,
        takes_stock,
        is_open,
        next_judged_at,
        events: _,
    } = patch;
    let Texts { translation, intent: intent_text, parcels, report: report_text, facts, history } = texts;
    let is = |truth: bool| Value::Integer(Some(i64::from(truth)));
    let stamp = |what: Reached| (reached >= what).then_some(now);
    vec![
        Value::Integer(Some(id)),
        Value::Text(state.map(OrderState::as_str)),
        Value::Text(translation.as_deref()),
        is(reason.is_some()),
        Value::Text(reason.as_ref().and_then(Option::as_deref)),
        is(mark.is_some()),
        Value::Text(mark.flatten().map(Mark::as_str)),
        is(intent.is_some()),
        Value::Text(intent_text.as_deref()),
        Value::Text(erp_number.as_deref()),
        Value::Text(parcels.as_deref()),
        is(report.is_some()),
        Value::Text(report_text.as_deref()),
        Value::Integer(report_tries.map(i64::from)),
        is(next_report_at.is_some()),
        Value::Integer(optional_micros(next_report_at.flatten())),
        Value::Integer(is_unread.map(i64::from)),
        Value::Integer(stamp(Reached::Imported)),
        Value::Integer(document.as_ref().map(|_| now).or_else(|| stamp(Reached::Document))),
        Value::Integer(stamp(Reached::HandedOver)),
        Value::Integer(stamp(Reached::Reported)),
        Value::Text(document.as_deref()),
        Value::Integer(is_complete.map(i64::from)),
        Value::Text(facts.as_deref()),
        Value::Integer(takes_stock.map(i64::from)),
        Value::Integer(is_open.map(i64::from)),
        is(next_judged_at.is_some()),
        Value::Integer(optional_micros(next_judged_at.flatten())),
        Value::Text(history.as_deref()),
    ]
}
