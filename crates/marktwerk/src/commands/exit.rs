//! From the command line to the exit code: 0 done, 1 failed, 2 wrong usage or what the start needs is missing.

use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use super::arguments::{Arguments, Command, ConfigCommand};
use super::client::{CallError, Client};
use super::output::Output;
use super::usage::UsageError;
use super::{
    accounts, alerts, attention, audit, check, db, doctor, jobs, logs, memory, orders, runs, sandbox, serve,
    stock, takeover, transfer,
};
use crate::clock::SystemClock;
use crate::compose::StartError;
use crate::config::SettingsError;
use crate::telemetry;

/// Runs what was typed.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if matches!(arguments.command, None | Some(Command::Serve)) {
        memory::use_one_arena();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = catch_unwind(AssertUnwindSafe(|| runtime.block_on(run(arguments))));
            let result =
                result.unwrap_or_else(|_| Err(anyhow::anyhow!("the program panicked: a fault of its own")));
            // What still waits for the outside is not waited for.
            runtime.shutdown_background();
            telemetry::flush();
            result
        }
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report(&error);
            ExitCode::from(code(&error))
        }
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let (settings, environment) = arguments.settings()?;
    let output = Output::new(arguments.common.json);
    let now = || SystemClock::shared().now();
    let client = || Client::new(&settings, &environment, arguments.common.server.as_deref());
    match arguments.command {
        None | Some(Command::Serve) => serve::run(settings, &output).await,
        Some(Command::Jobs { command }) => jobs::run(command, &client()?, &output).await,
        Some(Command::Runs { command }) => runs::run(command, &client()?, &output).await,
        Some(Command::Orders { command }) => orders::run(command, &client()?, &output, now()).await,
        Some(Command::Attention { command }) => attention::run(command, &client()?, &output, now()).await,
        Some(Command::Logs(options)) => logs::run(options, &client()?, &output).await,
        Some(Command::Accounts { command }) => accounts::run(command, &client()?, &output).await,
        Some(Command::Stock { command }) => stock::run(command, &client()?, &output).await,
        Some(Command::Alerts { command }) => alerts::run(command, &client()?, &output).await,
        Some(Command::Audit { command }) => audit::run(command, &client()?, &output).await,
        Some(Command::Config { command }) => match command {
            ConfigCommand::Check => check::check(&settings, &output),
            ConfigCommand::Show => check::show(&settings, &output),
            ConfigCommand::Export { file } => transfer::export(file, &client()?, &output).await,
            ConfigCommand::Import { file, dry_run } => {
                transfer::import(&file, dry_run, &client()?, &output).await
            }
        },
        Some(Command::Db { command }) => db::run(command, &settings, &output).await,
        Some(Command::Doctor) => doctor::run(&settings, &output).await,
        Some(Command::Takeover(options)) => takeover::run(options, &settings, &output).await,
        Some(Command::Openapi) => {
            Ok(output.line(&marktwerk_server::openapi_document(env!("CARGO_PKG_VERSION")))?)
        }
        Some(Command::Sandbox) => sandbox::run(settings, &output).await,
    }
}

/// A command's error belongs to the terminal; where that is gone, the exit code says it alone.
fn report(error: &anyhow::Error) {
    if !is_closed_pipe(error) {
        let _ = writeln!(std::io::stderr(), "marktwerk: {error:#}");
    }
}

fn code(error: &anyhow::Error) -> u8 {
    let is_usage = error.downcast_ref::<CallError>().is_some_and(CallError::is_usage);
    if is_usage || error.is::<UsageError>() || error.is::<StartError>() || error.is::<SettingsError>() {
        2
    } else if is_closed_pipe(error) {
        0
    } else {
        1
    }
}

/// `marktwerk logs | head` is no failure.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    error.downcast_ref::<std::io::Error>().is_some_and(broken)
}
