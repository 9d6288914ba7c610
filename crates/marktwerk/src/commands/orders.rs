//! `marktwerk orders …`

use clap::{Args, Subcommand};
use marktwerk_domain::order::OrderState;
use serde_json::{Map, Value, json};

use super::attention::language;
use super::client::{Client, segment};
use super::decisions::{self, Decision};
use super::listing::Listing;
use super::moment::Calendar;
use super::output::{Column, Output, column, plain, wide};
use super::usage::UsageError;
use super::words::{LANGUAGES, count, listed, name, one_of};

const COLUMNS: [Column; 7] = [
    column("ORDER", "/number"),
    wide("ACCOUNT", "/account"),
    column("STATE", "/state"),
    wide("MARKETPLACE", "/marketplace_status"),
    wide("JTL", "/erp_number"),
    column("ORDERED", "/ordered_at"),
    column("WHY", "/reason"),
];

/// What one order shows beyond the list.
const MORE: [Column; 10] = [
    column("SITUATION", "/situation"),
    column("MEANING", "/meaning"),
    column("NEXT", "/next_act"),
    column("NOT BEFORE", "/not_before"),
    column("SHIP UNTIL", "/ship_until"),
    column("TO BE NOTED", "/notices"),
    column("UNITS SUBTRACTED", "/takes_stock"),
    column("WATCHED", "/is_watched"),
    column("DECIDED", "/decided"),
    column("PUT OFF UNTIL", "/put_off/until"),
];

const LINES: [Column; 3] =
    [column("ARTICLE", "/sku"), column("QUANTITY", "/quantity"), column("NAME", "/name")];
const PARCELS: [Column; 4] = [
    column("TRACKING NUMBER", "/tracking"),
    column("INSTEAD OF A NUMBER", "/words"),
    column("CARRIER", "/carrier"),
    column("LEFT", "/shipped_at"),
];
const HISTORY: [Column; 3] = [column("AT", "/at"), column("BY", "/by"), column("WHAT", "/what")];
const STARTED: [Column; 6] = [
    column("WHAT", "/what"),
    column("ACCOUNT", "/account"),
    column("JOB", "/job"),
    column("RUN", "/run"),
    column("ONLY SAID", "/dry_run"),
    column("NOT KNOWN YET", "/unknown"),
];

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Orders by number
    List(Filter),
    /// One order: its state, the possible decisions, and its timeline
    Show {
        #[command(flatten)]
        order: Named,
        /// The language of the messages: de or en
        #[arg(long, value_name = "LANGUAGE", value_parser = one_of(LANGUAGES), ignore_case = true)]
        lang: Option<String>,
    },
    /// Read orders again at the marketplace: by number, or all that changed in a period
    Fetch {
        /// Their numbers at the marketplace
        #[arg(required_unless_present = "from", value_parser = name)]
        numbers: Vec<String>,
        /// Instead of numbers: orders changed at this time or later: yesterday, 2h (ago), "2026-11-30 08:00"
        #[arg(long, value_name = "TIME", conflicts_with = "numbers")]
        from: Option<String>,
        /// Changed before this time
        #[arg(long, value_name = "TIME", requires = "from")]
        until: Option<String>,
        /// The account; needed where there are several
        #[arg(long)]
        account: Option<String>,
        /// Only show what would be read
        #[arg(long)]
        dry_run: bool,
    },
    /// Hand an order over or report it again; what was sent already is not sent twice
    Send {
        #[command(flatten)]
        order: Named,
        /// Only show what would be done
        #[arg(long)]
        dry_run: bool,
    },
    /// Decide on an order
    Decide {
        #[command(flatten)]
        order: Named,
        #[command(flatten)]
        decision: Decision,
        /// The language of the messages: de or en
        #[arg(long, value_name = "LANGUAGE", value_parser = one_of(LANGUAGES), ignore_case = true)]
        lang: Option<String>,
    },
}

/// Which order.
#[derive(Debug, Args)]
pub(super) struct Named {
    /// Its number at the marketplace
    #[arg(value_parser = name)]
    number: String,
    /// The account; needed if several have an order with this number
    #[arg(long)]
    account: Option<String>,
}

/// Which orders.
#[derive(Debug, Args)]
pub(super) struct Filter {
    /// Only in these states, separated by commas
    #[arg(long, value_delimiter = ',', ignore_case = true, value_parser = one_of(OrderState::ALL.map(OrderState::as_str)))]
    state: Vec<String>,
    /// Only of this account
    #[arg(long)]
    account: Option<String>,
    /// Only with this number at the marketplace
    #[arg(long)]
    number: Option<String>,
    /// Only with this number in JTL
    #[arg(long)]
    erp_number: Option<String>,
    /// Only with this article number
    #[arg(long)]
    sku: Option<String>,
    /// Only with a parcel that has this tracking number
    #[arg(long)]
    tracking: Option<String>,
    /// Only numbers after this one: the next page
    #[arg(long, value_name = "NUMBER")]
    after: Option<String>,
    /// With --after: also the same number of accounts after this one
    #[arg(long, value_name = "ACCOUNT", requires = "after")]
    after_account: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 20, value_parser = count, allow_negative_numbers = true)]
    limit: usize,
}

pub(super) async fn run(
    command: Command,
    client: &Client,
    output: &Output,
    calendar: &Calendar,
) -> anyhow::Result<()> {
    match command {
        Command::List(filter) => {
            let next = |order: &Value| {
                let [number, account] = ["number", "account"].map(|name| plain(&order[name]));
                Some(format!("--after {number} --after-account {account}"))
            };
            let (path, limit) = ("/api/v1/orders", filter.limit);
            let listing = Listing { path, query: filter.query(), limit, most: 1_000, next };
            listing.show(client, output, &COLUMNS).await?;
        }
        Command::Show { order, lang } => {
            let (path, mut query) = order.address("");
            query.extend(language(lang));
            show(&client.get(&path, &query).await?, output)?;
        }
        Command::Fetch { numbers, from, until, account, dry_run } => {
            let mut body = Map::from_iter([("dry_run".to_owned(), json!(dry_run))]);
            if !numbers.is_empty() {
                body.insert("orders".to_owned(), json!(numbers));
            }
            let time = |flag: &str, text: Option<String>| -> anyhow::Result<Option<String>> {
                let time = text.map(|text| calendar.past_text(&text)).transpose();
                Ok(time.map_err(|reason| UsageError::new(format!("{flag}: {reason}")))?)
            };
            let (from, until) = (time("--from", from)?, time("--until", until)?);
            let given = [("from", from), ("until", until), ("account", account)];
            body.extend(given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))));
            let started = client.post("/api/v1/orders/fetch", Some(&Value::Object(body))).await?;
            output.one(&started, &STARTED)?;
        }
        Command::Send { order, dry_run } => {
            let (path, mut query) = order.address("/send");
            query.push(("dry_run", dry_run.to_string()));
            output.one(&client.post_with(&path, &query, &json!({})).await?, &STARTED)?;
        }
        Command::Decide { order, decision, lang } => {
            let (path, mut query) = order.address("/decide");
            query.extend(language(lang));
            let answer = client.post_with(&path, &query, &decision.body(calendar)?).await?;
            decisions::decided(&answer, output)?;
        }
    }
    Ok(())
}

impl Named {
    fn address(self, what: &str) -> (String, Vec<(&'static str, String)>) {
        let path = format!("/api/v1/orders/{}{what}", segment(&self.number));
        (path, self.account.map(|account| ("account", account)).into_iter().collect())
    }
}

impl Filter {
    fn query(self) -> Vec<(&'static str, String)> {
        let given = [
            ("state", listed(&self.state)),
            ("account", self.account),
            ("number", self.number),
            ("erp_number", self.erp_number),
            ("sku", self.sku),
            ("tracking", self.tracking),
            ("after", self.after),
            ("after_account", self.after_account),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

fn show(order: &Value, output: &Output) -> std::io::Result<()> {
    if output.is_json() {
        return output.json(order);
    }
    let columns: Vec<Column> = COLUMNS.into_iter().chain(MORE).collect();
    output.one(order, &columns)?;
    for (name, columns) in [("lines", &LINES[..]), ("parcels", &PARCELS), ("history", &HISTORY)] {
        if order[name].as_array().is_some_and(|rows| !rows.is_empty()) {
            output.line("")?;
            output.list(&order[name], columns)?;
        }
    }
    decisions::show(order, output)
}
