//! An order's history as its column holds it: one JSON object per line, appended and never changed.

use marktwerk_domain::history::OrderEvent;

use crate::{StoreError, StoreResult};

/// The lines to append; `None` if nothing happened.
pub(crate) fn lines(events: &[OrderEvent]) -> StoreResult<Option<String>> {
    if events.is_empty() {
        return Ok(None);
    }
    let mut lines = String::new();
    for event in events {
        let line = serde_json::to_string(event).map_err(|error| StoreError::Database(error.to_string()))?;
        lines.push_str(&line);
        lines.push('\n');
    }
    Ok(Some(lines))
}

/// The events of stored lines. A line of a later version that cannot be read is left out: it must not hide the order.
pub(crate) fn read(lines: &str) -> Vec<OrderEvent> {
    lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}
