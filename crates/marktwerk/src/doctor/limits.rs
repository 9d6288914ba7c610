//! What the operating system allows a process: each reader of the screen and each connection takes a file descriptor.

use marktwerk_domain::finding::Finding;

const FEW: u64 = 1_024;
const TOO_FEW: u64 = 128;

/// Nothing where the system does not say (elsewhere than on Linux).
pub(super) fn descriptors() -> Vec<Finding> {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    open_files(&limits).map(judged).into_iter().collect()
}

/// The soft limit; none for `unlimited`, too.
fn open_files(limits: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

fn judged(files: u64) -> Finding {
    let cure = "raise it (ulimit -n, or LimitNOFILE= of the service)";
    if files < TOO_FEW {
        Finding::Wrong(format!("only {files} files may be open at the same time: {cure}"))
    } else if files < FEW {
        Finding::Odd(format!(
            "{files} files may be open at the same time, which is little for many readers: {cure}"
        ))
    } else {
        Finding::Well(format!("{files} files may be open at the same time"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_read_and_judged() {
        let text = "Limit    Soft Limit    Hard Limit    Units\nMax open files            64                  4096                 files\n";
        assert_eq!(open_files(text), Some(64));
        assert!(matches!(judged(64), Finding::Wrong(_)) && matches!(judged(1_024), Finding::Well(_)));
    }
}
