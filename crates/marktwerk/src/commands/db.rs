//! `marktwerk db …`: our own database, also beside a running server.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::json;

use super::output::Output;
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
    let place = settings.store_place();
    let is_on_server = settings.sqlserver.store.is_some();
    if !matches!(command, Command::Migrate) && !is_on_server && !settings.database().is_file() {
        let reason = format!(
            "there is no database {}: start `marktwerk` once, or name its folder with --data-dir",
            settings.database().display()
        );
        return Err(StartError::new(reason).into());
    }
    let store = open_store(settings).await.map_err(|error| StartError::from_causes(&error))?;
    match command {
        Command::Migrate => {
            if output.is_json() {
                output.json(&json!({ "database": place, "up_to_date": true }))?;
            } else {
                output.line(&format!("{place} is up to date"))?;
            }
        }
        Command::Check => {
            let findings = store.check().await?;
            if output.is_json() {
                output.json(&json!({ "database": place, "findings": findings }))?;
            } else {
                for finding in &findings {
                    output.line(finding)?;
                }
            }
            anyhow::ensure!(findings.is_empty(), "{place} is damaged: restore a backup");
            if !output.is_json() {
                output.line(&format!("{place} is well"))?;
            }
        }
        Command::Backup { file } => {
            if file.exists() {
                anyhow::bail!("{} exists already: name a new file", file.display());
            }
            store.backup(&file).await?;
            if output.is_json() {
                output.json(&json!({ "backup": file }))?;
            } else {
                output.line(&format!("{} is a copy of {place}", file.display()))?;
            }
        }
    }
    Ok(())
}
