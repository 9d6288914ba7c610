//! `marktwerk config export` and `config import`: all jobs of the running server as one document, in the form of the jobs file.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::client::Client;
use super::output::{Output, plain};
use super::usage::UsageError;
use anyhow::Context;
use serde_json::json;

/// Writes the document to a file that does not exist yet, or prints it, as it does for `-`.
pub(super) async fn export(file: Option<PathBuf>, client: &Client, output: &Output) -> anyhow::Result<()> {
    let document = client.get_text("/api/v1/jobs/export").await?;
    match file.filter(|file| file.as_os_str() != "-") {
        None => output.line(document.trim_end())?,
        Some(path) => {
            use std::io::Write;
            let name = path.display();
            let mut file = std::fs::File::create_new(&path).map_err(|error| {
                UsageError::new(match error.kind() {
                    std::io::ErrorKind::AlreadyExists => format!("{name} exists already: name a new file"),
                    _ => format!("{name} cannot be written: {error}"),
                })
            })?;
            file.write_all(document.as_bytes()).with_context(|| format!("{name} cannot be written"))?;
            match output.is_json() {
                true => output.json(&json!({ "export": path }))?,
                false => output.line(&format!("{name} has all jobs"))?,
            }
        }
    }
    Ok(())
}

/// Puts the document in place of all jobs, or tells what that would change.
pub(super) async fn import(
    file: &Path,
    is_dry_run: bool,
    client: &Client,
    output: &Output,
) -> anyhow::Result<()> {
    // As it was saved: the server reads whatever an editor writes.
    let document = if file.as_os_str() == "-" {
        let mut document = Vec::new();
        std::io::stdin().read_to_end(&mut document).context("the input cannot be read")?;
        document
    } else {
        std::fs::read(file)
            .map_err(|error| UsageError::new(format!("{} cannot be read: {error}", file.display())))?
    };
    let name = if file.as_os_str() == "-" { "the input".into() } else { file.to_string_lossy() };
    let query = [("dry_run", is_dry_run.to_string())];
    let told = client.post_document("/api/v1/jobs/import", &query, document).await;
    let told = told.map_err(|error| {
        let what = match error.is_temporary() {
            true => format!(
                "whether {name} was taken over is not known: `marktwerk config export` shows what is in force"
            ),
            false => format!("{name} was not taken over"),
        };
        anyhow::Error::from(error).context(what)
    })?;
    if output.is_json() {
        return Ok(output.json(&told)?);
    }
    for what in ["added", "changed", "removed"] {
        for job in told[what].as_array().into_iter().flatten() {
            output.line(&format!("{what}: {}", plain(job)))?;
        }
    }
    if let Some(warning) = told["warning"].as_str() {
        output.aside(warning)?;
    }
    let end = match is_dry_run {
        true => format!("nothing was changed yet; without --dry-run {name} takes the place of all jobs"),
        false => format!("{name} is in force"),
    };
    Ok(output.line(&format!("unchanged: {}; {end}", plain(&told["unchanged"])))?)
}
