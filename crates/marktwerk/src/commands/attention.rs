//! `marktwerk attention …`

use clap::Subcommand;
use serde_json::Value;

use super::client::Client;
use super::decisions::{self, Decision};
use super::moment::Calendar;
use super::output::{Column, Output, column, wide};
use super::words::{LANGUAGES, number, one_of};

const COLUMNS: [Column; 6] = [
    column("ENTRY", "/id"),
    column("KIND", "/kind"),
    wide("ACCOUNT", "/account"),
    column("ABOUT", "/subject"),
    wide("SINCE", "/since"),
    column("MESSAGE", "/message"),
];

const MORE: [Column; 2] = [column("SITUATION", "/situation"), column("ORDERS", "/orders")];

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// What needs a person, oldest first
    List {
        /// The language of the messages: de or en
        #[arg(long, value_name = "LANGUAGE", value_parser = one_of(LANGUAGES), ignore_case = true)]
        lang: Option<String>,
    },
    /// One entry, with the possible decisions
    Show {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        entry: i64,
        /// The language of the messages: de or en
        #[arg(long, value_name = "LANGUAGE", value_parser = one_of(LANGUAGES), ignore_case = true)]
        lang: Option<String>,
    },
    /// Decide on an entry, for all orders that it stands for
    Decide {
        /// Its number
        #[arg(value_parser = number, allow_negative_numbers = true)]
        entry: i64,
        #[command(flatten)]
        decision: Decision,
        /// The language of the messages: de or en
        #[arg(long, value_name = "LANGUAGE", value_parser = one_of(LANGUAGES), ignore_case = true)]
        lang: Option<String>,
    },
}

pub(super) async fn run(
    command: Command,
    client: &Client,
    output: &Output,
    calendar: &Calendar,
) -> anyhow::Result<()> {
    match command {
        Command::List { lang } => {
            output.list(&client.get("/api/v1/attention", &language(lang)).await?, &COLUMNS)?;
        }
        Command::Show { entry, lang } => {
            show(&client.get(&format!("/api/v1/attention/{entry}"), &language(lang)).await?, output)?;
        }
        Command::Decide { entry, decision, lang } => {
            let body = decision.body(calendar)?;
            let path = format!("/api/v1/attention/{entry}/decide");
            let answer = client.post_with(&path, &language(lang), &body).await?;
            decisions::decided(&answer, output)?;
        }
    }
    Ok(())
}

/// The query that names the language of answers.
pub(super) fn language(lang: Option<String>) -> Vec<(&'static str, String)> {
    lang.map(|lang| ("lang", lang)).into_iter().collect()
}

fn show(entry: &Value, output: &Output) -> std::io::Result<()> {
    if output.is_json() {
        return output.json(entry);
    }
    let columns: Vec<Column> = COLUMNS.into_iter().chain(MORE).collect();
    output.one(entry, &columns)?;
    decisions::show(entry, output)
}
