//! Changing an order by compare-and-swap on its state and on what was known of it.

use jiff::Timestamp;
use marktwerk_domain::order::OrderState;
use rusqlite::{Connection, params};

use crate::StoreResult;
use crate::order_rules::Reached;
use crate::orders::history;
use crate::orders::{Mark, OrderChange, OrderPatch};
use crate::sqlite::attention;
use crate::sqlite::rows::{self, Json, Micros, Word, micros};
use crate::sqlite::writing::Writing;

/// Makes the change where its guards hold; whether they did.
pub(super) fn change(
    writing: &mut Writing<'_>,
    account: &str,
    change: &OrderChange,
    now: Timestamp,
) -> StoreResult<bool> {
    let OrderChange { number, from, seen_change, seen_revision, patch, entries } = change;
    let sql = "SELECT id, state, changed_at, revision FROM orders WHERE account = ?1 AND number = ?2";
    let found = rows::one(writing.connection, sql, [account, number], |row| {
        let (id, revision): (i64, i64) = (row.get(0)?, row.get(3)?);
        Ok((id, row.get::<_, Word<OrderState>>(1)?.0, row.get::<_, Micros>(2)?.0, revision))
    })?;
    let Some((id, state, changed_at, revision)) = found else { return Ok(false) };
    let is_in_state = from.is_empty() || from.contains(&state);
    // Stored times are whole microseconds; the caller's may be finer.
    let is_newest = seen_change.is_none_or(|seen| seen.as_microsecond() == changed_at.as_microsecond());
    let is_as_read = seen_revision.is_none_or(|seen| seen == revision);
    if !is_in_state || !is_newest || !is_as_read {
        return Ok(false);
    }
    if *patch != OrderPatch::default() {
        apply(writing.connection, id, patch, now)?;
        writing.effects.orders = true;
    }
    if let Some(entries) = entries {
        attention::keep_entries(writing, account, number, entries, now)?;
    }
    Ok(true)
}

fn apply(connection: &Connection, id: i64, patch: &OrderPatch, now: Timestamp) -> StoreResult<()> {
    let OrderPatch {
        state,
        order,
        document,
        reason,
        mark,
        intent,
        erp_number,
        parcels,
        report,
        report_tries,
        next_report_at,
        is_unread,
        is_complete,
        kept,
        takes_stock,
        is_open,
        next_judged_at,
        events,
    } = patch;
    let reached = state.map_or(Reached::Nothing, Reached::by);
    let stamp = |what: Reached| (reached >= what).then_some(Micros(now));
    let document_at = if document.is_some() { Some(Micros(now)) } else { stamp(Reached::Document) };
    rows::execute(
        connection,
        "UPDATE orders SET state = COALESCE(?2, state), translation = COALESCE(?3, translation), \
         reason = CASE WHEN ?4 THEN ?5 ELSE reason END, mark = CASE WHEN ?6 THEN ?7 ELSE mark END, \
         intent = CASE WHEN ?8 THEN ?9 ELSE intent END, erp_number = COALESCE(?10, erp_number), \
         parcels = COALESCE(?11, parcels), report = CASE WHEN ?12 THEN ?13 ELSE report END, \
         report_tries = COALESCE(?14, report_tries), \
         next_report_at = CASE WHEN ?15 THEN ?16 ELSE next_report_at END, \
         is_unread = COALESCE(?17, is_unread), is_complete = COALESCE(?22, is_complete), \
         facts = COALESCE(?23, facts), is_open = COALESCE(?25, is_open), \
         freed = CASE WHEN takes_stock = 1 AND ?24 = 0 \
             THEN (SELECT COALESCE(MAX(f.freed), 0) + 1 FROM orders f WHERE f.freed > 0) ELSE freed END, \
         takes_stock = COALESCE(?24, takes_stock), \
         next_judged_at = CASE WHEN ?26 THEN ?27 ELSE next_judged_at END, \
         history = CASE WHEN ?28 IS NULL THEN history ELSE history || ?28 END, revision = revision + 1, \
         imported_at = COALESCE(imported_at, ?18), document_at = COALESCE(document_at, ?19), \
         handed_over_at = COALESCE(handed_over_at, ?20), reported_at = COALESCE(reported_at, ?21) WHERE id = ?1",
        params![
            id,
            state.map(OrderState::as_str),
            order.as_ref().map(Json),
            reason.is_some(),
            reason.as_ref().and_then(Option::as_ref),
            mark.is_some(),
            mark.flatten().map(Mark::as_str),
            intent.is_some(),
            intent.as_ref().and_then(Option::as_ref).map(Json),
            erp_number,
            parcels.as_ref().map(Json),
            report.is_some(),
            report.as_ref().and_then(Option::as_ref).map(Json),
            report_tries,
            next_report_at.is_some(),
            micros(next_report_at.flatten()),
            is_unread,
            stamp(Reached::Imported),
            document_at,
            stamp(Reached::HandedOver),
            stamp(Reached::Reported),
            is_complete,
            kept.as_ref().map(Json),
            takes_stock,
            is_open,
            next_judged_at.is_some(),
            micros(next_judged_at.flatten()),
            history::lines(events)?,
        ],
    )?;
    if let Some(document) = document {
        let sql = "INSERT INTO order_documents (order_id, document) VALUES (?1, ?2) \
             ON CONFLICT DO UPDATE SET document = excluded.document";
        rows::execute(connection, sql, params![id, document])?;
    }
    Ok(())
}
