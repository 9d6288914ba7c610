//! Keys as SQL Server compares them, for whoever finds a row of an answer again by its key, and lists of keys as a parameter.

use serde::Serialize;

use super::columns;
use crate::StoreResult;

/// What tells a key from another: SQL Server passes over spaces at a text's end.
pub(crate) fn key(text: &str) -> &str {
    text.trim_end_matches(' ')
}

#[derive(Serialize)]
struct Key<'a> {
    position: usize,
    value: &'a str,
}

/// Texts as a JSON parameter, to be read with [`WITH_KEYS`].
pub(crate) fn json<'a>(texts: impl IntoIterator<Item = &'a str>) -> StoreResult<String> {
    let keys = texts.into_iter().enumerate().map(|(position, value)| Key { position, value });
    columns::json(&keys.collect::<Vec<_>>())
}

/// Reads [`json`] as the columns `position` and `value`. One key is longer than any key column, so that a longer text than a
/// column holds is never cut to one that it holds.
pub(crate) const WITH_KEYS: &str = "WITH (position bigint, value nvarchar(450))";
