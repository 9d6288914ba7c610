//! `cargo xtask chaos`: the real program in the middle of everything that goes wrong on a machine, for as long as one likes. What is done and
//! what must hold is in `crates/marktwerk/tests/chaos`.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};

use crate::cargo::{FEATURES, cargo};

/// Runs it for so many minutes.
pub(crate) fn run(arguments: &[&str]) -> Result<ExitCode> {
    let (mut minutes, mut seed) = ("60", None);
    let mut rest = arguments;
    while let [name, value, others @ ..] = rest {
        let number: Result<u64, _> = value.parse();
        if number.is_err() {
            bail!("{name}: `{value}` must be a whole number");
        }
        match *name {
            "--minutes" => minutes = value,
            "--seed" => seed = Some(*value),
            other => bail!("`{other}` is not known: --minutes <n> (60), --seed <n> (drawn)"),
        }
        rest = others;
    }
    if let [name] = rest {
        bail!("{name}: a number is missing");
    }
    let test = ["test", "--quiet", "--package", "marktwerk", "--test", "chaos"];
    let mut command = cargo(&[&test[..], &FEATURES, &["--", "--nocapture"]].concat());
    command.env("MARKTWERK_CHAOS_MINUTES", minutes);
    if let Some(seed) = seed {
        command.env("MARKTWERK_CHAOS_SEED", seed);
    }
    let status = command.status().context("cargo cannot be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
