//! `marktwerk db …`: the embedded database, also beside a running server.

use std::path::PathBuf;

use clap::Subcommand;
use marktwerk_store::meta::MetaStore;
use marktwerk_store::sqlite::SqliteStore;
use serde_json::json;

use super::output::Output;
use crate::compose::StartError;
use crate::config::Settings;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Test the database's own health
    Check,
    /// Write a consistent copy into a new file, while work goes on
    Backup {
        /// The new file
        file: PathBuf,
    },
}

pub(super) async fn run(command: Command, settings: &Settings, output: &Output) -> anyhow::Result<()> {
    let path = settings.database();
    if !path.is_file() {
        let reason = format!(
            "there is no database {}: start `marktwerk` once, or name its folder with --data-dir",
            path.display()
        );
        return Err(StartError::new(reason).into());
    }
    let store = SqliteStore::open(&path, settings.time_zone.clone())
        .map_err(|error| StartError::from_causes(&error.into()))?;
    match command {
        Command::Check => {
            let findings = store.check().await?;
            if output.is_json() {
                output.json(&json!({ "database": path, "findings": findings }))?;
            } else {
                for finding in &findings {
                    output.line(finding)?;
                }
            }
            anyhow::ensure!(findings.is_empty(), "{} is damaged: restore a backup", path.display());
            if !output.is_json() {
                output.line(&format!("{} is well", path.display()))?;
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
                output.line(&format!("{} is a copy of {}", file.display(), path.display()))?;
            }
        }
    }
    Ok(())
}
