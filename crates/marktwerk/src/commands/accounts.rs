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
    /// Ask the marketplace whether an account's credentials are good
    Test {
        /// Its name
        account: String,
    },
}

pub(super) async fn run(command: Command, client: &Client, output: &Output) -> anyhow::Result<()> {
    match command {
        Command::List => output.list(&client.get("/api/v1/accounts", &[]).await?, &COLUMNS)?,
        Command::Test { account } => {
            let path = format!("/api/v1/accounts/{}/test", segment(&account));
            let health = client.post(&path, None).await?;
            if output.is_json() {
                output.json(&health)?;
            } else {
                output.line(&told(&account, &health))?;
            }
            anyhow::ensure!(health["ok"] != Value::Bool(false), "the account {account} cannot be used");
        }
    }
    Ok(())
}

fn told(account: &str, health: &Value) -> String {
    let expiry = match &health["expires_at"] {
        Value::Null => String::new(),
        time => format!(" (until {})", plain(time)),
    };
    format!("{account}: {}{expiry}", plain(&health["message"]))
}
