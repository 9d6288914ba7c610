//! A copy of the checkout to build: all files that Git knows or would take, as they are in the work tree.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::environment;

/// Empties the folder and copies the checkout into it.
pub(crate) fn fresh(folder: &Path, checkout: &Path) -> Result<()> {
    remove(folder)?;
    let mut list = Command::new("git");
    list.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let output = list.current_dir(environment::root()).output().context("git cannot be started")?;
    ensure!(output.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).context("a file's name is not UTF-8")?;
    for name in names.split_terminator('\0') {
        let (from, to) = (environment::root().join(name), checkout.join(name));
        // Deleted, and the deletion not staged.
        if !from.exists() {
            continue;
        }
        fs::create_dir_all(to.parent().unwrap_or(checkout))?;
        fs::copy(&from, &to).with_context(|| format!("{name} cannot be copied"))?;
    }
    Ok(())
}

/// Changes what a room offers to others, so that these are built again too.
pub(crate) fn change(checkout: &Path, room: &str, number: u32) -> Result<()> {
    let path = checkout.join("crates").join(room).join("src").join("lib.rs");
    let mut text = fs::read_to_string(&path)?;
    text.push_str(&format!("\n/// A change to build.\npub const CHANGE_{number}: u32 = {number};\n"));
    fs::write(&path, text)?;
    Ok(())
}

/// Removes a folder, if it is there.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}
