//! Debian's packages.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, anyhow, ensure};

/// Where `apt-get update` puts the lists of what there is.
const LISTS: &str = "/var/lib/apt/lists";

/// Installs the first of these packages that can be had. The lists are fetched where there are none, or old ones lead nowhere.
pub(crate) fn install_one_of(packages: &[&str]) -> Result<()> {
    if !has_lists() {
        update()?;
    }
    install_first(packages).or_else(|_| {
        update()?;
        install_first(packages)
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
    apt_get(&["update"])
}

fn install(package: &str) -> Result<()> {
    apt_get(&["install", "--yes", "--no-install-recommends", package])
}

fn apt_get(arguments: &[&str]) -> Result<()> {
    let line = format!("apt-get {}", arguments.join(" "));
    println!("   $ {line}");
    let mut command = Command::new("apt-get");
    command.arg("--quiet").args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    let status = command.status().with_context(|| format!("{line} could not be started"))?;
    ensure!(status.success(), "{line} failed ({status})");
    Ok(())
}
