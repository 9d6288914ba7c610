//! `marktwerk alerts …`

use clap::Subcommand;
use serde_json::Value;

use super::client::Client;
use super::listing::Listing;
use super::output::{Column, Output, column, plain, wide};
use super::words::count;

const COLUMNS: [Column; 5] = [
    column("AT", "/at"),
    column("JOB", "/job_id"),
    wide("RUN", "/run"),
    column("TITLE", "/title"),
    column("MESSAGE", "/message"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Alerts that were sent, newest first
    List {
        /// At most this many
        #[arg(long, default_value_t = 20, value_parser = count, allow_negative_numbers = true)]
        limit: usize,
    },
    /// Send a test alert over every channel that is configured
    Test,
}

pub(super) async fn run(command: Command, client: &Client, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::List { limit } => {
            let (path, query) = ("/api/v1/alerts", Vec::new());
            let listing = Listing { path, query, limit, most: 500, next: |_| None };
            listing.show(client, output, &COLUMNS).await?;
        }
        Command::Test => {
            let told = client.post("/api/v1/alerts/test", None).await?;
            let channels = told.as_array().map(Vec::as_slice).unwrap_or_default();
            if output.is_json() {
                output.json(&told)?;
            } else {
                for channel in channels {
                    let name = plain(&channel["channel"]);
                    match &channel["error"] {
                        Value::Null => output.line(&format!("{name}: sent"))?,
                        error => output.line(&format!("{name}: not sent: {}", plain(error)))?,
                    }
                }
            }
            anyhow::ensure!(
                !channels.is_empty(),
                "no alerts are sent: set [alerts.webhook] or [alerts.email]"
            );
            let failed = channels.iter().filter(|channel| channel["ok"] != Value::Bool(true)).count();
            anyhow::ensure!(failed == 0, "{failed} of {} channels could not be used", channels.len());
        }
    }
    Ok(())
}
