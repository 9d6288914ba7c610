//! APScheduler with its SQLAlchemy job store, from PyPI: a script, in an environment of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::bench::peers::{Load, source, target};
use crate::{environment, packages};

/// What it is called in the table.
pub(crate) const NAME: &str = "apscheduler";
/// One-off jobs per round of its throughput.
const RUNS: u32 = 2_000;
/// Debian's package: Python with what makes an environment.
const PACKAGE: &str = "python3-venv";
/// What is to be installed; a copy inside the environment says that it is.
const REQUIREMENTS: &str = "requirements.txt";

/// Creates the environment unless one of these versions exists.
pub(crate) fn set_up(load: &Load) -> Result<Command> {
    let environment = target(NAME)?.join("venv");
    let python = environment.join("bin").join("python");
    let wanted = fs::read_to_string(source(NAME).join(REQUIREMENTS))?;
    let installed = environment.join(REQUIREMENTS);
    if fs::read_to_string(&installed).is_ok_and(|installed| installed == wanted) {
        println!("   environment: {}", environment.display());
    } else {
        make(&environment, &python)?;
        fs::write(&installed, wanted)?;
    }
    let mut command = Command::new(python);
    command.arg(source(NAME).join("measure.py")).arg("--folder").arg(target(NAME)?.join("data"));
    for (name, value) in [
        ("--runs", RUNS),
        ("--per-second", load.per_second),
        ("--seconds", load.seconds),
        ("--schedules", load.schedules),
    ] {
        command.args([name, &value.to_string()]);
    }
    Ok(command)
}

fn make(environment: &Path, python: &Path) -> Result<()> {
    println!("   making the environment {}", environment.display());
    let mut create = Command::new(set_up_python()?);
    create.args(["-m", "venv", "--clear"]).arg(environment);
    ensure!(create.status()?.success(), "Python could not make an environment");
    let mut install = Command::new(python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    install.arg(source(NAME).join(REQUIREMENTS));
    let status = install.status().context("the environment has no Python")?;
    ensure!(status.success(), "pip could not install what {REQUIREMENTS} names; it needs PyPI");
    Ok(())
}

/// Finds a Python that can make environments, or installs one.
fn set_up_python() -> Result<PathBuf> {
    if let Some(python) = find() {
        return Ok(python);
    }
    if environment::may_install() {
        println!("   no Python with environments here: installing Debian's {PACKAGE}");
        packages::install_one_of(&[PACKAGE])?;
        if let Some(python) = find() {
            return Ok(python);
        }
    }
    bail!("there is no python3 that can make an environment: install {PACKAGE}")
}

/// Debian's Python comes without the second of these modules.
fn find() -> Option<PathBuf> {
    let python = environment::find_program(&["python3"])?;
    environment::succeeds(Command::new(&python).args(["-c", "import venv, ensurepip"])).then_some(python)
}
