//! What the chores want to know of the machine that they run on.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// The repository's root.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// A variable that is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "a chore is no part of the program: it has no settings but these"
)]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// On a machine for continuous integration nothing may be left out quietly.
pub(crate) fn is_ci() -> bool {
    variable("CI").is_some()
}

/// The first of these programs that the search path has.
pub(crate) fn find_program(names: &[&str]) -> Option<PathBuf> {
    let path = variable("PATH")?;
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let candidates = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    candidates.into_iter().find(|candidate| candidate.is_file())
}

/// Whether a program starts and ends well. Its output is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// How many programs wanted each of the cores during the last minute, where the kernel tells it.
pub(crate) fn load_per_core() -> Option<f64> {
    let loads = fs::read_to_string("/proc/loadavg").ok()?;
    let load: f64 = loads.split_whitespace().next()?.parse().ok()?;
    Some(load / thread::available_parallelism().ok()?.get() as f64)
}

/// Whether packages can be installed here without asking anybody: Debian, its package manager, and the right to.
pub(crate) fn may_install() -> bool {
    is_debian() && find_program(&["apt-get"]).is_some() && is_root()
}

fn is_debian() -> bool {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| line == "ID=debian")
}

fn is_root() -> bool {
    let answer = Command::new("id").arg("-u").output();
    answer.is_ok_and(|answer| String::from_utf8_lossy(&answer.stdout).trim() == "0")
}
