//! Debian's packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, anyhow, ensure};

use crate::environment;

/// Where `apt-get update` puts the lists of what there is.
const LISTS: &str = "/var/lib/apt/lists";

/// Installs the first of these packages that can be had.
pub(crate) fn install_one_of(packages: &[&str]) -> Result<()> {
    with_lists(|| install_first(packages))
}

/// Downloads a package into a folder without installing it; answers with the file.
pub(crate) fn download(package: &str, folder: &Path) -> Result<PathBuf> {
    with_lists(|| apt_get(&["download", package], folder))?;
    let names = fs::read_dir(folder)?.flatten().map(|entry| entry.path());
    let is_it = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(&format!("{package}_")) && name.ends_with(".deb")
    };
    names.into_iter().find(is_it).with_context(|| format!("no {package} in {}", folder.display()))
}

/// Does it with the lists of what there is. They are fetched where there are none, or old ones lead nowhere.
fn with_lists(work: impl Fn() -> Result<()>) -> Result<()> {
    if !has_lists() {
        update()?;
    }
    work().or_else(|_| {
        update()?;
        work()
    })
}

fn install_first(packages: &[&str]) -> Result<()> {
    let mut answer = Err(anyhow!("no package was named"));
    for package in packages {
        answer = install(package);
        if answer.is_ok() {
            break;
        }
    }
    answer
}

fn has_lists() -> bool {
    let names = fs::read_dir(LISTS).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.into_iter().any(|name| name.to_string_lossy().contains("_Packages"))
}

fn update() -> Result<()> {
    apt_get(&["update"], environment::root())
}

fn install(package: &str) -> Result<()> {
    apt_get(&["install", "--yes", "--no-install-recommends", package], environment::root())
}

fn apt_get(arguments: &[&str], folder: &Path) -> Result<()> {
    let line = format!("apt-get {}", arguments.join(" "));
    println!("   $ {line}");
    let mut command = Command::new("apt-get");
    command.arg("--quiet").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").current_dir(folder);
    let status = command.status().with_context(|| format!("{line} could not be started"))?;
    ensure!(status.success(), "{line} failed ({status})");
    Ok(())
}
