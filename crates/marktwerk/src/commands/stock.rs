//! `marktwerk stock …`

use clap::{Args, Subcommand};
use serde_json::Value;

use super::client::{Client, segment};
use super::listing::Listing;
use super::output::{Column, Output, column, either, plain, wide};
use super::words::{count as how_many, name};

const COLUMNS: [Column; 8] = [
    column("ACCOUNT", "/account"),
    column("SKU", "/sku"),
    column("LAST SEEN", "/live"),
    column("SOLD SINCE", "/sold"),
    column("SHOULD BE", "/wanted"),
    column("HELD BY", "/held_by"),
    either("NOTE", "/lost", "/error"),
    wide("CURSOR", "/cursor"),
];

const ARTICLE: [Column; 6] = [
    column("SKU", "/sku"),
    column("JTL'S KEY", "/article"),
    column("AVAILABLE", "/available"),
    column("BUFFER", "/buffer"),
    column("OWN BUFFER", "/own_buffer"),
    column("READ AT", "/figure_at"),
];

const ORDERS: [Column; 4] = [
    column("ACCOUNT", "/account"),
    column("ORDER", "/number"),
    column("SKU", "/sku"),
    column("QUANTITY", "/quantity"),
];

const LISTINGS: [Column; 9] = [
    column("ACCOUNT", "/account"),
    column("LISTING", "/listing"),
    column("SKU", "/sku"),
    column("KNOWN", "/known"),
    column("UNSEEN", "/unseen"),
    column("SHOULD BE", "/wanted"),
    column("PUBLISHES", "/publish"),
    column("HELD BY", "/held_by"),
    either("NOTE", "/lost", "/error"),
];

const RUNS: [Column; 3] = [column("RUN", "/id"), column("JOB", "/job_id"), column("STATE", "/state")];

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Listings with their figures
    List(Filter),
    /// One article: JTL's figure, the orders that take from it, and what would be published of each listing
    Show {
        /// Its number, as JTL or a marketplace writes it
        #[arg(value_parser = name)]
        sku: String,
    },
    /// Publish one article now, by the same rules as any run
    Push {
        /// Its number, as JTL or a marketplace writes it
        #[arg(value_parser = name)]
        sku: String,
        /// Only for this account
        #[arg(long)]
        account: Option<String>,
        /// Only show what would be published
        #[arg(long)]
        dry_run: bool,
    },
}

/// Which listings.
#[derive(Debug, Args)]
pub(super) struct Filter {
    /// Only with this article number; neither case nor blanks at the end count
    #[arg(long)]
    sku: Option<String>,
    /// Only of this account
    #[arg(long)]
    account: Option<String>,
    /// Start after the listing with this cursor: the next page
    #[arg(long, value_name = "CURSOR")]
    after: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = how_many, allow_negative_numbers = true)]
    limit: usize,
}

impl Filter {
    fn query(self) -> Vec<(&'static str, String)> {
        let given = [("sku", self.sku), ("account", self.account), ("after", self.after)];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

pub(super) async fn run(command: Command, client: &Client, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::List(filter) => {
            let next = |listing: &Value| Some(format!("--after {}", plain(&listing["cursor"])));
            let (path, limit) = ("/api/v1/stock", filter.limit);
            let listing = Listing { path, query: filter.query(), limit, most: 1_000, next };
            listing.show(client, output, &COLUMNS).await?;
        }
        Command::Show { sku } => {
            let article = client.get(&format!("/api/v1/stock/{}", segment(&sku)), &[]).await?;
            show(&article, output)?;
        }
        Command::Push { sku, account, dry_run } => {
            let mut path = format!("/api/v1/stock/{}/push?dry_run={dry_run}", segment(&sku));
            if let Some(account) = account {
                path.push_str(&format!("&account={}", segment(&account)));
            }
            let pushed = client.post(&path, None).await?;
            if output.is_json() {
                output.json(&pushed)?;
            } else if dry_run {
                show(&pushed["article"], output)?;
                let listings = pushed["article"]["listings"].as_array();
                let changes = listings.into_iter().flatten().any(|listing| !listing["publish"].is_null());
                output.line(match changes {
                    true => "nothing was started: without --dry-run a run publishes it",
                    false => "nothing was started, and nothing would be published now",
                })?;
            } else {
                output.list(&pushed["runs"], &RUNS)?;
            }
        }
    }
    Ok(())
}

fn show(article: &Value, output: &Output) -> std::io::Result<()> {
    if output.is_json() {
        return output.json(article);
    }
    output.one(article, &ARTICLE)?;
    output.line("")?;
    output.line(&format!("orders that are subtracted: {}", plain(&Value::from(count(article, "orders")))))?;
    if count(article, "orders") > 0 {
        output.whole(&article["orders"], &ORDERS)?;
    }
    output.line("")?;
    if article["article"].is_null() {
        output.line(
            "JTL has no article with this number that may be sold, so that nothing is published: create it there, or correct the \
             number at the marketplace",
        )?;
        output.line("")?;
    }
    output.whole(&article["listings"], &LISTINGS)
}

fn count(article: &Value, name: &str) -> usize {
    article[name].as_array().map(Vec::len).unwrap_or_default()
}
