//! The figures of the process, under the names that Prometheus' own libraries give them. Read from `/proc`; where there is none
//! (macOS, Windows) they are left out.
//!
//! A few lines of our own: the libraries that there are tell the processor's time in whole seconds only.

use std::fs;
use std::path::Path;

use super::exposition::{Exposition, Family, Kind};

const CPU: Family = Family {
    name: "process_cpu_seconds_total",
    kind: Kind::Counter,
    help: "Time that the process has spent on processors, in user and system mode.",
};
const RESIDENT: Family = gauge("process_resident_memory_bytes", "Memory of the process that is in RAM.");
const VIRTUAL: Family = gauge("process_virtual_memory_bytes", "Address space of the process.");
const OPEN_FDS: Family = gauge("process_open_fds", "File descriptors that are open.");
const MAX_FDS: Family = gauge("process_max_fds", "File descriptors that may be open.");
const START: Family = gauge("process_start_time_seconds", "When the process was started, in Unix time.");
const THREADS: Family = gauge("process_threads", "Threads of the process.");

/// All of them.
pub(super) const FAMILIES: [&Family; 7] = [&CPU, &RESIDENT, &VIRTUAL, &OPEN_FDS, &MAX_FDS, &START, &THREADS];

/// Linux counts in hundredths of a second towards programs, whatever it counts in itself.
const TICKS_PER_SECOND: f64 = 100.0;
const KIBIBYTE: f64 = 1_024.0;

const fn gauge(name: &'static str, help: &'static str) -> Family {
    Family { name, kind: Kind::Gauge, help }
}

/// Adds what can be read.
pub(super) fn tell(page: &mut Exposition) {
    let (own, system) = (Path::new("/proc/self"), Path::new("/proc"));
    let text = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    let (stat, status) = (text(&own.join("stat")), text(&own.join("status")));
    let (limits, machine) = (text(&own.join("limits")), text(&system.join("stat")));
    // Our own look at the folder is one of them.
    let open = fs::read_dir(own.join("fd")).ok().map(|entries| entries.count().saturating_sub(1) as f64);
    let figures = [
        (&CPU, cpu_seconds(&stat)),
        (&RESIDENT, field(&status, "VmRSS:").map(|kibibytes| kibibytes * KIBIBYTE)),
        (&VIRTUAL, field(&status, "VmSize:").map(|kibibytes| kibibytes * KIBIBYTE)),
        (&OPEN_FDS, open),
        (&MAX_FDS, field(&limits, "Max open files")),
        (&START, start_time(&stat, &machine)),
        (&THREADS, field(&status, "Threads:")),
    ];
    for (family, value) in figures {
        if let Some(value) = value {
            page.one(family, value);
        }
    }
}

/// The number that follows a name at the beginning of a line; `None` for `unlimited`.
fn field(text: &str, name: &str) -> Option<f64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// A field of `/proc/self/stat` by its number in proc(5). The program's name before them may hold anything, blanks too.
fn stat_field(stat: &str, number: usize) -> Option<f64> {
    let (_, after_the_name) = stat.rsplit_once(')')?;
    after_the_name.split_whitespace().nth(number.checked_sub(3)?)?.parse().ok()
}

fn cpu_seconds(stat: &str) -> Option<f64> {
    Some((stat_field(stat, 14)? + stat_field(stat, 15)?) / TICKS_PER_SECOND)
}

fn start_time(stat: &str, machine: &str) -> Option<f64> {
    Some(field(machine, "btime")? + stat_field(stat, 22)? / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "4711 (mark (t) werk) S 1 4711 4711 0 -1 4194560 9000 0 12 0 250 75 0 0 20 0 11 0 123450 987654321 \
                        6543 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0";

    #[test]
    fn fields_are_found_behind_any_name() {
        assert_eq!(cpu_seconds(STAT), Some(3.25));
        assert_eq!(start_time(STAT, "cpu 1 2 3\nbtime 1700000000\n"), Some(1_700_001_234.5));
        assert_eq!(cpu_seconds("4711 (broken"), None);
    }

    #[test]
    fn what_has_no_limit_has_no_figure() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            1024                 524288               files\n\
                      Max file locks            unlimited            unlimited            locks\n";
        assert_eq!(field(limits, "Max open files"), Some(1_024.0));
        assert_eq!(field(limits, "Max file locks"), None);
        assert_eq!(field("VmRSS:\t   16392 kB\n", "VmRSS:"), Some(16_392.0));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_has_them_all() {
        let mut page = Exposition::after(String::new());
        tell(&mut page);
        let text = page.into_text();
        for family in FAMILIES {
            assert!(text.contains(&format!("\n{} ", family.name)), "{} is missing in {text}", family.name);
        }
    }
}
