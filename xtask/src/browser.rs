//! The browser that the tests of the screen need: found, installed, or named as missing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::environment;
use crate::packages;

/// Tells the tests which browser to use.
pub(crate) const PATH: &str = "MARKTWERK_TEST_BROWSER";
/// Set if there is no browser and a line about it was printed.
pub(crate) const SKIP: &str = "MARKTWERK_SKIP_BROWSER";

/// Any Chromium will do.
const PROGRAMS: [&str; 5] =
    ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// Debian's packages, the smaller one first.
const PACKAGES: [&str; 2] = ["chromium-headless-shell", "chromium"];

/// What the tests are told.
#[derive(Debug)]
pub(crate) enum Browser {
    /// Here it is.
    At(PathBuf),
    /// There is no browser; the tests that need one are left out.
    Missing,
}

impl Browser {
    /// Finds a browser that starts, or installs one. Where neither is possible it is missing, which is an error with `CI` set.
    pub(crate) fn set_up() -> Result<Self> {
        if let Some(path) = find()? {
            println!("   browser: {}", path.display());
            return Ok(Self::At(path));
        }
        if environment::may_install() {
            println!("   no browser here: installing Debian's {}", PACKAGES[0]);
            if let Err(error) = packages::install_one_of(&PACKAGES) {
                println!("   not installed: {error:#}");
            }
            if let Some(path) = find()? {
                println!("   browser: {}", path.display());
                return Ok(Self::At(path));
            }
        }
        let cure = format!("install one of {}, or set {PATH}", PROGRAMS.join(", "));
        if environment::is_ci() {
            bail!("the tests of the screen need a browser, and CI leaves nothing out: {cure}");
        }
        println!("   no browser here: {cure}");
        Ok(Self::Missing)
    }

    /// The variable that says so.
    pub(crate) fn variable(&self) -> (&'static str, OsString) {
        match self {
            Self::At(path) => (PATH, path.clone().into_os_string()),
            Self::Missing => (SKIP, "1".into()),
        }
    }

    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }
}

/// A browser that was named must start; one that is merely found and does not start is passed over.
fn find() -> Result<Option<PathBuf>> {
    if let Some(named) = environment::variable(PATH) {
        let named = PathBuf::from(named);
        if !starts(&named) {
            bail!("{PATH} names {}, which does not start: correct it, or unset it", named.display());
        }
        return Ok(Some(named));
    }
    Ok(PROGRAMS.iter().filter_map(|name| environment::find_program(&[name])).find(|path| starts(path)))
}

fn starts(path: &Path) -> bool {
    environment::succeeds(Command::new(path).arg("--version"))
}
