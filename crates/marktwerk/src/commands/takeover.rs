//! `marktwerk takeover`: imports the orders of the system used before, once (docs/TAKEOVER.md).

use clap::Args;
use jiff::SignedDuration;
use marktwerk_erp::Erp;
use marktwerk_sqlserver::Address;
use marktwerk_store::data_folder::DataFolder;
use marktwerk_takeover::{Report, TakeOverError, take_over};

use super::output::Output;
use super::usage::UsageError;
use super::words::days;
use crate::clock::SystemClock;
use crate::compose::{StartError, insist, open_jtl, open_store, open_store_for_a_look};
use crate::config::Settings;

#[derive(Debug, Args)]
pub(super) struct Options {
    /// The old database, mssql://user:password@host/toci [default: that of `server` under `sqlserver` (SQL_SERVER)]
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,
    /// The account that the old orders belong to; needed if several are configured
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// Read open orders again at the marketplace if they were bought within this many days
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = days, allow_negative_numbers = true)]
    days: u16,
    /// Only show what would happen; write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(options: Options, settings: &Settings, output: &Output) -> anyhow::Result<()> {
    let address = address(options.from.as_deref(), settings)?;
    let account = account(options.account, settings)?;
    if !settings.has_jtl() {
        let reason = "no JTL is set ([sqlserver] server or [erp.jtl] url): no mark of the old system is believed before JTL was asked";
        return Err(StartError::new(reason).into());
    }
    let unusable = |error: anyhow::Error| StartError::from_causes(&error);
    let erp = open_jtl(settings).await.map_err(|error| unusable(error.into()))?;
    // A program that works on the same orders meanwhile would hand over what is being judged.
    let lock = || DataFolder::lock(&settings.data_dir, "marktwerk takeover");
    let _folder = (!options.dry_run).then(lock).transpose().map_err(|error| unusable(error.into()))?;
    let store = match options.dry_run {
        true => open_store_for_a_look(settings).await,
        false => open_store(settings, "marktwerk takeover").await.map(|opened| opened.store),
    };
    let store = store.map_err(unusable)?;
    if !options.dry_run {
        insist(&store, settings, erp.is_simulated()).await?;
    }
    let zone = settings.time_zone.clone();
    let window = SignedDuration::from_hours(24 * i64::from(options.days));
    let told = marktwerk_takeover::Options { account, window, zone, is_dry_run: options.dry_run };
    let now = SystemClock::shared().now();
    match take_over(address, &told, &erp, store.as_ref(), now).await {
        Ok(report) => show(&report, output),
        Err(error @ TakeOverError::NotTheOld { .. }) => Err(StartError::new(error.to_string()).into()),
        Err(error) => Err(error.into()),
    }
}

fn show(report: &Report, output: &Output) -> anyhow::Result<()> {
    if output.is_json() {
        return Ok(output.json(&serde_json::to_value(report)?)?);
    }
    for line in report.lines() {
        output.line(&line)?;
    }
    Ok(())
}

fn address(from: Option<&str>, settings: &Settings) -> anyhow::Result<Address> {
    let address = match from {
        Some(text) => {
            Some(Address::parse(text).map_err(|error| UsageError::new(format!("--from: {error}")))?)
        }
        None => settings.sqlserver.old.clone(),
    };
    let missing = "where is the old database? Name it with --from mssql://user:password@host/toci, or set [sqlserver] server \
                   (SQL_SERVER)";
    Ok(address.ok_or_else(|| UsageError::new(missing))?)
}

/// The account that was named, or the only one.
fn account(named: Option<String>, settings: &Settings) -> anyhow::Result<String> {
    let names: Vec<&str> = settings.accounts.iter().map(|account| account.name.as_str()).collect();
    let listed = names.join(", ");
    match (named, names.as_slice()) {
        (_, []) => Err(StartError::new(
            "no account is configured: the old orders belong to one; set TEMU_APP_KEY, … or add [[accounts]]",
        )
        .into()),
        (Some(name), names) if names.contains(&name.as_str()) => Ok(name),
        (Some(name), _) => {
            Err(UsageError::new(format!("there is no account {name}; configured are: {listed}")).into())
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, _) => Err(UsageError::new(format!(
            "whose are the old orders? Say --account NAME; configured are: {listed}"
        ))
        .into()),
    }
}
