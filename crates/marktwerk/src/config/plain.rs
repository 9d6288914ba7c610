//! What holds for figures and texts of the settings wherever they are: a figure is within reason, a text says something. Asked before
//! the values get their types, so that each fault is in the same words.

use figment::value::{Dict, Value};

/// Figures whose bounds do not follow from their unit.
const BOUNDS: [(&str, i64, i64); 27] = [
    ("server.connections", 16, 100_000),
    ("server.connections_per_address", 8, 100_000),
    ("scheduler.workers", 1, 1_000),
    ("scheduler.time_limit_minutes", 1, 525_600),
    ("scheduler.rises_after_minutes", 1, 525_600),
    ("scheduler.runs_per_account", 0, 10_000),
    ("scheduler.shutdown_grace_seconds", 0, 3_600),
    ("scheduler.keep_logs_days", 1, 36_500),
    ("scheduler.keep_runs_days", 1, 36_500),
    ("scheduler.keep_audit_days", 1, 36_500),
    ("alerts.email.port", 0, 65_535),
    ("erp.jtl.company", 1, 2_147_483_647),
    ("erp.jtl.user", 1, 2_147_483_647),
    ("erp.jtl.platform", 1, 2_147_483_647),
    ("erp.jtl.warehouses", 1, 2_147_483_647),
    ("erp.jtl.unmanaged_quantity", 0, 1_000_000),
    ("accounts.calls_per_second", 0, 10_000),
    ("accounts.jtl.platform", 1, 2_147_483_647),
    ("accounts.stock.buffer", 0, 1_000_000),
    ("accounts.stock.maximum", 0, 1_000_000_000),
    ("accounts.stock.percentage", 0, 100),
    ("inventory.buffer", 0, 1_000_000),
    ("sandbox.initial_orders", 0, 100_000),
    ("sandbox.initial_articles", 0, 100_000),
    ("sandbox.latency_milliseconds", 0, 3_600_000),
    ("sandbox.calls_per_second", 0, 10_000),
    ("sandbox.seed", 0, i64::MAX),
];

/// A hundred years and less, by unit.
const UNITS: [(&str, i64); 4] =
    [("_seconds", 31_536_000), ("_minutes", 5_256_000), ("_hours", 876_000), ("_days", 36_500)];

/// The section in which each figure is a limit by itself, and 0 none.
const PER_TYPE: &str = "scheduler.runs_per_type";

/// Texts that may be empty: empty is their default, or has a meaning.
const MAY_BE_EMPTY: [&str; 5] = [
    "erp.jtl.url",
    "erp.jtl.unit",
    "alerts.email.server",
    "alerts.email.from",
    "accounts.order_number_prefix",
];

/// Takes out what cannot be, and tells of it: the dotted key and the reason. List items are named by their numbers.
pub(super) fn check(values: &mut Dict, refuse: &mut impl FnMut(&str, String)) {
    within("", values, refuse);
}

fn within(section: &str, values: &mut Dict, refuse: &mut impl FnMut(&str, String)) {
    values.retain(|name, value| {
        let key = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
        is_well(&key, value, refuse)
    });
}

fn is_well(key: &str, value: &mut Value, refuse: &mut impl FnMut(&str, String)) -> bool {
    match value {
        Value::Dict(_, inner) => {
            within(key, inner, refuse);
            true
        }
        Value::Array(_, items) => {
            for (index, item) in items.iter_mut().enumerate() {
                // A text in a list has its own rules.
                if !matches!(item, Value::String(..)) && !is_well(&format!("{key}.{index}"), item, refuse) {
                    return false;
                }
            }
            true
        }
        Value::String(_, text) => {
            let is_empty = text.trim().is_empty() && !MAY_BE_EMPTY.contains(&plain(key).as_str());
            if is_empty {
                refuse(key, "is empty; write a value, or remove the line".to_owned());
            }
            !is_empty
        }
        Value::Num(..) => match value.to_i128().and_then(|number| out_of_bounds(&plain(key), number)) {
            Some(reason) => {
                refuse(key, reason);
                false
            }
            None => true,
        },
        _ => true,
    }
}

/// The key without the numbers of list items.
pub(super) fn plain(key: &str) -> String {
    let names = key.split('.').filter(|name| !name.bytes().all(|byte| byte.is_ascii_digit()));
    names.collect::<Vec<_>>().join(".")
}

fn out_of_bounds(key: &str, number: i128) -> Option<String> {
    let (least, most) = bounds(key);
    let remedy = if key.starts_with(PER_TYPE) && number < 1 {
        "; remove the line where there is no limit, and pause jobs that are not to run"
    } else {
        ""
    };
    if number < i128::from(least) {
        Some(format!("must be at least {least}{remedy}"))
    } else if number > i128::from(most) {
        Some(format!("must be at most {most}"))
    } else {
        None
    }
}

fn bounds(key: &str) -> (i64, i64) {
    if let Some((_, least, most)) = BOUNDS.iter().find(|(known, ..)| *known == key) {
        return (*least, *most);
    }
    if key.starts_with(PER_TYPE) {
        return (1, 10_000);
    }
    let most = UNITS.iter().find(|(unit, _)| key.ends_with(unit)).map(|(_, most)| *most);
    // What takes longer than its limit is an entry of the attention list; at 0 everything would be one.
    let least = i64::from(key.starts_with("orders."));
    (least, most.unwrap_or(i64::MAX))
}
