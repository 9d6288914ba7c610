//! A decision as it is typed: `done_by_hand`, `choose_carrier --carrier DHL`, `remind_me --until 2d`.

use clap::Args;
use serde_json::{Value, json};

use super::moment::Calendar;
use super::output::{Column, Output, column, plain, wide};
use super::usage::UsageError;

const DECIDED: [Column; 6] = [
    column("ORDER", "/number"),
    column("ACCOUNT", "/account"),
    column("DECIDED", "/is_decided"),
    column("STATE", "/state"),
    wide("PUT OFF UNTIL", "/put_off_until"),
    column("NOW", "/reason"),
];

/// What is decided.
#[derive(Debug, Args)]
pub(super) struct Decision {
    /// One of the decisions that `show` lists, such as done_by_hand or leave_out
    decision: String,
    /// With choose_carrier: the carrier's name as the marketplace has it
    #[arg(long)]
    carrier: Option<String>,
    /// With remind_me: from now, such as 4h or 2d, or a time: tomorrow, monday, "2026-11-30 08:00"
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// With move_to: the account's new name
    #[arg(long, value_name = "ACCOUNT")]
    to: Option<String>,
    /// Decide only if the order is still in this situation, as `show` names it
    #[arg(long)]
    situation: Option<String>,
}

impl Decision {
    /// What the server is sent.
    pub(super) fn body(self, calendar: &Calendar) -> anyhow::Result<Value> {
        let until = self.until.map(|text| calendar.future(&text)).transpose();
        let until = until.map_err(|reason| UsageError::new(format!("--until: {reason}")))?;
        let until = until.map(|time| time.to_string());
        let Self { decision, carrier, to, situation, .. } = self;
        let fields = [
            ("decision", Some(decision)),
            ("carrier", carrier),
            ("until", until),
            ("to", to),
            ("situation", situation),
        ];
        let given = fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
        Ok(Value::Object(given.collect()))
    }
}

/// Shows what can be decided, with what each does.
pub(super) fn show(value: &Value, output: &Output) -> std::io::Result<()> {
    let decisions = value["decisions"].as_array().map(Vec::as_slice).unwrap_or_default();
    if decisions.is_empty() {
        return Ok(());
    }
    output.line("")?;
    let rows = decisions.iter().map(|decision| {
        let needs = match decision["needs"].as_str() {
            Some(field) => format!(" --{field} …"),
            None => String::new(),
        };
        let name = format!("{}{needs}", plain(&decision["decision"]));
        vec![name, format!("{}: {}", plain(&decision["label"]), plain(&decision["sentence"]))]
    });
    output.pairs(&rows.collect::<Vec<_>>())
}

/// Shows what became of a decision.
pub(super) fn decided(answer: &Value, output: &Output) -> std::io::Result<()> {
    if answer.as_array().is_some_and(Vec::is_empty) && !output.is_json() {
        return output.line("decided");
    }
    output.list(answer, &DECIDED)
}
