//! `marktwerk audit …`

use clap::{Args, Subcommand};
use marktwerk_domain::audit::AuditAction;

use serde_json::Value;

use super::client::Client;
use super::listing::Listing;
use super::output::{Column, Output, column, wide};
use super::words::{count, listed, number, one_of};

const COLUMNS: [Column; 8] = [
    wide("ENTRY", "/id"),
    column("AT", "/at"),
    column("WHO", "/who"),
    column("ACTION", "/action"),
    column("SUBJECT", "/subject"),
    wide("RUN", "/run"),
    wide("BEFORE", "/before"),
    column("AFTER", "/after"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Changes with their author, newest first
    List(Filter),
}

/// Which entries.
#[derive(Debug, Args)]
pub(super) struct Filter {
    /// Only of this person
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Only these actions, separated by commas
    #[arg(long, value_delimiter = ',', ignore_case = true, value_parser = one_of(AuditAction::ALL.map(AuditAction::as_str)))]
    action: Vec<String>,
    /// Only about this job, order or article
    #[arg(long)]
    subject: Option<String>,
    /// Only about this run
    #[arg(long, value_parser = number, allow_negative_numbers = true)]
    run: Option<i64>,
    /// Only entries with a smaller number: the next page
    #[arg(long, value_name = "ENTRY", value_parser = number, allow_negative_numbers = true)]
    before: Option<i64>,
    /// At most this many
    #[arg(long, default_value_t = 20, value_parser = count, allow_negative_numbers = true)]
    limit: usize,
}

pub(super) async fn run(command: Command, client: &Client, output: &Output) -> anyhow::Result<()> {
    let Command::List(filter) = command;
    let next = |entry: &Value| Some(format!("--before {}", entry["id"]));
    let (path, limit) = ("/api/v1/audit", filter.limit);
    Listing { path, query: filter.query(), limit, most: 500, next }.show(client, output, &COLUMNS).await
}

impl Filter {
    fn query(self) -> Vec<(&'static str, String)> {
        let given = [
            ("who", self.who),
            ("action", listed(&self.action)),
            ("subject", self.subject),
            ("run", self.run.map(|run| run.to_string())),
            ("before", self.before.map(|entry| entry.to_string())),
        ];
        given.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect()
    }
}
