//! `marktwerk completions` and `marktwerk man`: what clap's own crates make of the command line's description.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::arguments::Arguments;

#[derive(Debug, Args)]
pub(super) struct ManOptions {
    /// The folder for the pages of all commands; by default that of `marktwerk` alone is printed
    folder: Option<PathBuf>,
}

pub(super) fn completions(shell: Shell) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "marktwerk", &mut script);
    print(&script)
}

pub(super) fn man(options: &ManOptions) -> anyhow::Result<()> {
    match &options.folder {
        None => {
            let mut page = Vec::new();
            clap_mangen::Man::new(Arguments::command()).render(&mut page)?;
            Ok(print(&page)?)
        }
        Some(folder) => {
            let unwritable = || format!("{} cannot be written", folder.display());
            std::fs::create_dir_all(folder).with_context(unwritable)?;
            clap_mangen::generate_to(Arguments::command(), folder).with_context(unwritable)?;
            let told = format!("{} has the pages of all commands: man -l FILE shows one\n", folder.display());
            Ok(print(told.as_bytes())?)
        }
    }
}

/// In one piece, so that a reader who goes away is noticed as an error and not as a panic.
fn print(bytes: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(bytes)?;
    stdout.flush()
}
