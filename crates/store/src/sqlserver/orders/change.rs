//! Changing orders by compare-and-swap on their state and on what was known of them. The batch is decided in its order, each change
//! upon what the ones before it left; what they come to is written with one statement.

use std::collections::HashMap;

use jiff::Timestamp;
use marktwerk_domain::order::OrderState;
use marktwerk_sqlserver::{Class, Connection, ToSql};

use super::patch;
use crate::StoreResult;
use crate::order_rules::Reached;
use crate::orders::{OrderChange, OrderEntry, OrderPatch};
use crate::sqlserver::attention;
use crate::sqlserver::columns::{self, micros};
use crate::sqlserver::keys::{self, WITH_KEYS, key};
use crate::sqlserver::writing::Writing;

/// An order, and what the changes so far come to.
struct Changing {
    id: i64,
    state: OrderState,
    /// Microseconds.
    changed_at: i64,
    revision: i64,
    patch: Option<OrderPatch>,
    reached: Reached,
}

/// Makes the changes whose guards hold; which of them did.
pub(super) async fn change(
    writing: &mut Writing<'_>,
    account: &str,
    changes: &[OrderChange],
    now: Timestamp,
) -> StoreResult<Vec<bool>> {
    let mut orders = read(writing.connection, account, changes).await?;
    let kept = changes.iter().filter_map(|change| Some((change.number.as_str(), change.entries.as_deref()?)));
    let kept: Vec<(&str, &[OrderEntry])> = kept.collect();
    let mut open = attention::open_kinds(writing.connection, account, &kept).await?;
    let mut steps = Vec::new();
    let mut effective = Vec::with_capacity(changes.len());
    for change in changes {
        let order = orders.get_mut(key(&change.number)).filter(|order| order.accepts(change));
        effective.push(order.is_some());
        let Some(order) = order else { continue };
        order.take(&change.patch);
        if let Some(entries) = &change.entries {
            let open = open.entry(key(&change.number)).or_default();
            steps.extend(attention::keep_entries(account, &change.number, entries, open)?);
        }
    }
    let changed = orders.into_values().filter_map(|order| {
        let Changing { id, patch, reached, .. } = order;
        patch.map(|patch| (id, patch, reached))
    });
    let changed: Vec<(i64, OrderPatch, Reached)> = changed.collect();
    if !changed.is_empty() {
        writing.effects.orders = true;
        patch::write(writing.connection, &changed, micros(now)).await?;
    }
    attention::take(writing, &steps, now).await?;
    Ok(effective)
}

impl Changing {
    fn accepts(&self, change: &OrderChange) -> bool {
        let OrderChange { from, seen_change, seen_revision, .. } = change;
        let is_in_state = from.is_empty() || from.contains(&self.state);
        // Stored times are whole microseconds; the caller's may be finer.
        let is_newest = seen_change.is_none_or(|seen| seen.as_microsecond() == self.changed_at);
        is_in_state && is_newest && seen_revision.is_none_or(|seen| seen == self.revision)
    }

    fn take(&mut self, patch: &OrderPatch) {
        if *patch == OrderPatch::default() {
            return;
        }
        self.revision += 1;
        if let Some(state) = patch.state {
            self.state = state;
            self.reached = self.reached.max(Reached::by(state));
        }
        self.patch = Some(match self.patch.take() {
            None => patch.clone(),
            Some(earlier) => both(earlier, patch.clone()),
        });
    }
}

/// Two patches one after the other.
fn both(earlier: OrderPatch, later: OrderPatch) -> OrderPatch {
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
    } = later;
    OrderPatch {
        state: state.or(earlier.state),
        order: order.or(earlier.order),
        document: document.or(earlier.document),
        reason: reason.or(earlier.reason),
        mark: mark.or(earlier.mark),
        intent: intent.or(earlier.intent),
        erp_number: erp_number.or(earlier.erp_number),
        parcels: parcels.or(earlier.parcels),
        report: report.or(earlier.report),
        report_tries: report_tries.or(earlier.report_tries),
        next_report_at: next_report_at.or(earlier.next_report_at),
        is_unread: is_unread.or(earlier.is_unread),
        is_complete: is_complete.or(earlier.is_complete),
        kept: kept.or(earlier.kept),
        takes_stock: takes_stock.or(earlier.takes_stock),
        is_open: is_open.or(earlier.is_open),
        next_judged_at: next_judged_at.or(earlier.next_judged_at),
        events: earlier.events.into_iter().chain(events).collect(),
    }
}

/// The orders that the changes name, by key.
async fn read<'a>(
    connection: &mut Connection,
    account: &str,
    changes: &'a [OrderChange],
) -> StoreResult<HashMap<&'a str, Changing>> {
    let sql = format!(
        "SELECT j.position, o.id, o.state, o.changed_at, o.revision FROM OPENJSON(@P2) {WITH_KEYS} j \
         JOIN marktwerk.orders o ON o.account = @P1 AND o.number = j.value COLLATE Latin1_General_BIN2"
    );
    let numbers = keys::json(changes.iter().map(|change| change.number.as_str()))?;
    let parameters: [&dyn ToSql; 2] = [&account, &numbers];
    let rows = connection.query_in("read orders to be changed", &sql, &parameters, Class::Batch).await?;
    let found = columns::map(&rows, |columns| {
        let position: usize = columns.integer()?;
        let (id, state, changed_at) = (columns.integer()?, columns.word()?, columns.integer()?);
        let revision = columns.integer()?;
        Ok((position, Changing { id, state, changed_at, revision, patch: None, reached: Reached::Nothing }))
    })?;
    let keyed = |(position, order): (usize, Changing)| Some((key(&changes.get(position)?.number), order));
    Ok(found.into_iter().filter_map(keyed).collect())
}
