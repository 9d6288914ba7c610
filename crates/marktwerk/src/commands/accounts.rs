//! `marktwerk accounts …`

use clap::Subcommand;
use serde_json::Value;

use super::client::{Client, segment};
use super::output::{Column, Output, column, plain};

const COLUMNS: [Column; 4] = [
    column("ACCOUNT", "/name"),
    column("MARKETPLACE", "/marketplace"),
    column("ENDPOINT", "/endpoint"),
    column("ON THIS MACHINE", "/is_loopback"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// The accounts of the running server
    List,
    /// Ask the marketplaces whether the accounts' credentials are good
    Test {
        /// One account; by default all
        account: Option<String>,
    },
}

pub(super) async fn run(command: Command, client: &Client, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::List => output.list(&client.get("/api/v1/accounts", &[]).await?, &COLUMNS)?,
        Command::Test { account: Some(account) } => {
            let health = ask(client, &account).await?;
            if output.is_json() {
                output.json(&health)?;
            } else {
                output.line(&told(&account, &health))?;
            }
            ensure_usable(&account, &health)?;
        }
        Command::Test { account: None } => test_all(client, output).await?,
    }
    Ok(())
}

async fn test_all(client: &Client, output: &Output) -> anyhow::Result<()> {
    let accounts = client.get("/api/v1/accounts", &[]).await?;
    let names = accounts.as_array().into_iter().flatten().filter_map(|account| account["name"].as_str());
    let mut answers = serde_json::Map::new();
    for account in names {
        let health = ask(client, account).await?;
        if !output.is_json() {
            output.line(&told(account, &health))?;
        }
        answers.insert(account.to_owned(), health);
    }
    if output.is_json() {
        output.json(&Value::Object(answers.clone()))?;
    }
    answers.iter().try_for_each(|(account, health)| ensure_usable(account, health))
}

async fn ask(client: &Client, account: &str) -> anyhow::Result<Value> {
    Ok(client.post(&format!("/api/v1/accounts/{}/test", segment(account)), None).await?)
}

fn ensure_usable(account: &str, health: &Value) -> anyhow::Result<()> {
    anyhow::ensure!(health["ok"] != Value::Bool(false), "the account {account} cannot be used");
    Ok(())
}

fn told(account: &str, health: &Value) -> String {
    let expiry = match &health["expires_at"] {
        Value::Null => String::new(),
        time => format!(" (until {})", plain(time)),
    };
    format!("{account}: {}{expiry}", plain(&health["message"]))
}
