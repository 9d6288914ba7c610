//! CPU time of the processes that this one has started and that have ended.

use std::fs;
use std::time::Duration;

/// Ticks per second in `/proc`, whatever the kernel's own clock does (`USER_HZ`).
const TICKS_PER_SECOND: u64 = 100;
/// Fields 16 and 17 of `/proc/<pid>/stat`, user and system time of waited-for children (proc(5)), counted after the name in parentheses.
const FIELDS: [usize; 2] = [13, 14];

/// User and system time of all of them, and of those that they waited for; `None` if there is no `/proc`.
pub(crate) fn of_children() -> Option<Duration> {
    of_stat(&fs::read_to_string("/proc/self/stat").ok()?)
}

fn of_stat(stat: &str) -> Option<Duration> {
    // The name may contain blanks and parentheses.
    let (_, fields) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks: Option<u64> = FIELDS.iter().map(|&field| fields.get(field)?.parse::<u64>().ok()).sum();
    Some(Duration::from_millis(ticks? * 1000 / TICKS_PER_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_childrens_fields_are_found_behind_any_name() {
        let stat = "4711 (a (b) c) S 1 4711 4711 0 -1 4194560 1 2 3 4 5 6 250 150 20 0 1 0 100 0 0";
        assert_eq!(of_stat(stat), Some(Duration::from_secs(4)));
        assert_eq!(of_stat("4711 (short) S 1"), None);
    }
}
