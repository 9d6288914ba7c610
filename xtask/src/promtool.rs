//! Prometheus' own checker of `/metrics`: found, fetched, or named as missing. It is taken out of Debian's package without
//! installing that, which would start a server.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};

use crate::{cargo, environment, packages};

/// Tells the tests which one to use.
const PATH: &str = "MARKTWERK_TEST_PROMTOOL";
/// Set if there is no `promtool` and a line about it was printed.
const SKIP: &str = "MARKTWERK_SKIP_PROMTOOL";
/// The package, and where it has the program.
const PACKAGE: &str = "prometheus";
const MEMBER: &str = "./usr/bin/promtool";

/// What the tests are told.
#[derive(Debug)]
pub(crate) enum Promtool {
    /// Here it is.
    At(PathBuf),
    /// There is no `promtool`; the tests' own rules alone check a page of figures.
    Missing,
}

impl Promtool {
    /// Finds one that starts, or fetches one. Where neither is possible it is missing, which is an error with `CI` set.
    pub(crate) fn set_up() -> Result<Self> {
        let folder = cargo::target_directory()?.join("tools");
        let fetched = folder.join("promtool");
        let named = environment::variable(PATH).map(PathBuf::from);
        if let Some(named) = named.as_ref().filter(|named| !starts(named)) {
            bail!("{PATH} names {}, which does not start: correct it, or unset it", named.display());
        }
        let candidates = [named, environment::find_program(&["promtool"]), Some(fetched.clone())];
        let mut found = candidates.into_iter().flatten().find(|path| starts(path));
        if found.is_none() && environment::may_install() {
            println!("   no promtool here: taking it out of Debian's {PACKAGE}");
            match fetch(&folder, &fetched) {
                Ok(()) => found = Some(fetched),
                Err(error) => println!("   not fetched: {error:#}"),
            }
        }
        let cure = format!("install promtool, or set {PATH}");
        match found {
            Some(path) => {
                println!("   promtool: {}", path.display());
                Ok(Self::At(path))
            }
            None if environment::is_ci() => {
                bail!("the figures are checked with promtool, and CI leaves nothing out: {cure}")
            }
            None => {
                println!("   no promtool here: {cure}");
                Ok(Self::Missing)
            }
        }
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

/// Downloads the package and takes the program out.
fn fetch(folder: &Path, program: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let package = packages::download(PACKAGE, folder)?;
    let mut archive =
        Command::new("dpkg-deb").arg("--fsys-tarfile").arg(&package).stdout(Stdio::piped()).spawn()?;
    let members = archive.stdout.take().context("the package has no content")?;
    let unpacked = Command::new("tar")
        .args(["--extract", "--strip-components=3", "--directory"])
        .arg(folder)
        .arg(MEMBER)
        .stdin(members)
        .status()?;
    // Tar may stop reading once it has what it wants.
    archive.wait()?;
    fs::remove_file(&package)?;
    ensure!(unpacked.success() && starts(program), "the package has no {MEMBER} that starts");
    Ok(())
}

fn starts(path: &Path) -> bool {
    environment::succeeds(Command::new(path).arg("--version"))
}
