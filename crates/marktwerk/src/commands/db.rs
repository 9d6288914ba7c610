//! `marktwerk db …`: our own database, also beside a running server. Only `migrate` changes it.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use marktwerk_domain::finding::Finding;
use marktwerk_store::StoreError;
use marktwerk_store::sqlite::SqliteStore;
use marktwerk_store::sqlserver::SqlServerStore;
use serde_json::json;

use super::output::Output;
use super::usage::UsageError;
use crate::compose::{StartError, open_store};
use crate::config::Settings;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Create missing tables, as each start does
    Migrate,
    /// Check the database for damage
    Check,
    /// Write a consistent copy into a new file, while work goes on
    Backup {
        /// The new file
        file: PathBuf,
    },
}

pub(super) async fn run(command: Command, settings: &Settings, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::Migrate => migrate(settings, output).await,
        Command::Check => check(settings, output).await,
        Command::Backup { file } => back_up(&file, settings, output),
    }
}

async fn migrate(settings: &Settings, output: &Output) -> anyhow::Result<()> {
    let place = settings.store_place();
    let path = settings.database();
    let is_file = settings.sqlserver.store.is_none() && path.is_file();
    let is_new = settings.sqlserver.store.is_none() && !is_file;
    // A running program has an up-to-date file to itself, and nothing is to be done.
    if !is_file || SqliteStore::version(&path).map_err(refused)? != SqliteStore::KNOWN_VERSION {
        open_store(settings, "marktwerk db migrate")
            .await
            .map_err(|error| StartError::from_causes(&error))?;
    }
    if output.is_json() {
        return Ok(output.json(&json!({ "database": place, "up_to_date": true, "is_new": is_new }))?);
    }
    Ok(output.line(&match is_new {
        true => format!("there was no database yet: {place} was made"),
        false => format!("{place} is up to date"),
    })?)
}

async fn check(settings: &Settings, output: &Output) -> anyhow::Result<()> {
    let place = settings.store_place();
    let findings = match &settings.sqlserver.store {
        Some(address) => SqlServerStore::look(address).await,
        None => SqliteStore::examine(existing(settings)?.as_path(), true),
    };
    let (damage, hints): (Vec<Finding>, Vec<Finding>) =
        findings.map_err(refused)?.into_iter().partition(|finding| matches!(finding, Finding::Wrong(_)));
    let words = |findings: &[Finding]| findings.iter().map(Finding::to_string).collect::<Vec<_>>();
    if output.is_json() {
        output.json(&json!({ "database": place, "findings": words(&damage), "hints": words(&hints) }))?;
    } else {
        for hint in &hints {
            output.line(&format!("hint: {hint}"))?;
        }
        for finding in &damage {
            output.line(&finding.to_string())?;
        }
    }
    anyhow::ensure!(damage.is_empty(), "{place} is damaged: see above for what to do");
    if !output.is_json() {
        output.line(&format!("{place} is well"))?;
    }
    Ok(())
}

fn back_up(file: &Path, settings: &Settings, output: &Output) -> anyhow::Result<()> {
    let place = settings.store_place();
    if let Some(address) = &settings.sqlserver.store {
        return Err(SqlServerStore::not_backed_up(address, file).into());
    }
    let database = existing(settings)?;
    if file.exists() {
        return Err(UsageError::new(format!("{} exists already: name a new file", file.display())).into());
    }
    SqliteStore::back_up(&database, file)?;
    if output.is_json() {
        return Ok(output.json(&json!({ "backup": file }))?);
    }
    Ok(output.line(&format!("{} is a copy of {place}", file.display()))?)
}

/// The embedded database, which is not made for a look.
fn existing(settings: &Settings) -> anyhow::Result<PathBuf> {
    let path = settings.database();
    let shown = path.display();
    let reason = match path.try_exists() {
        Ok(true) => return Ok(path),
        Ok(false) => {
            format!(
                "there is no database {shown}: start `marktwerk` once, or name its folder with --data-dir"
            )
        }
        Err(error) => format!("{shown} cannot be looked at ({error}): be the user that the program runs as"),
    };
    Err(StartError::new(reason).into())
}

fn refused(error: StoreError) -> StartError {
    StartError::from_causes(&error.into())
}
