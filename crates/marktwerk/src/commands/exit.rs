//! From the command line to the exit code: 0 done, 1 failed, 2 wrong usage or what the start needs is missing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser;

use super::arguments::{Arguments, Command, ConfigCommand};
use super::client::Client;
use super::failure::{code, report, report_usage};
use super::moment::Calendar;
use super::output::Output;
use super::{
    accounts, alerts, attention, audit, check, db, doctor, health, jobs, logs, memory, orders, runs, sandbox,
    serve, shell, status, stock, takeover, transfer,
};
use crate::clock::SystemClock;
use crate::config::{Environment, Settings, SettingsError};
use crate::telemetry;

/// Runs what was typed.
pub fn main() -> ExitCode {
    marktwerk_store::files::make_private_by_default();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        // Help and version are no errors.
        Err(error) if error.use_stderr() && asks_for_json() => {
            report_usage(&error);
            return ExitCode::from(2);
        }
        Err(error) => error.exit(),
    };
    let is_json = arguments.common.json;
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
            report(&error, is_json);
            ExitCode::from(code(&error))
        }
    }
}

/// Whether the errors are for a program, when it is not known yet what was typed.
fn asks_for_json() -> bool {
    std::env::args_os().skip(1).take_while(|argument| argument != "--").any(|argument| argument == "--json")
}

/// What can be used: everything, or, for a command that is asked of the running server, what says where that is.
fn usable(arguments: &Arguments, output: &Output) -> anyhow::Result<(Settings, Environment)> {
    let (settings, environment, error) = arguments.settings();
    let Some(error) = error else { return Ok((settings, environment)) };
    let is_asked = arguments.command.as_ref().is_some_and(Command::is_asked_of_server);
    let server = arguments.common.server.is_some() || environment.get("MARKTWERK_SERVER_URL").is_some();
    if !is_asked || (!server && is_about_server(&error)) {
        return Err(error.into());
    }
    // Where the error output is gone, the command is carried out all the same.
    let _ = output.aside(&format!("note: the settings cannot be used for a start: {error}"));
    Ok((settings, environment))
}

/// Whether it is not certain where the server is: its section, or the file as a whole.
fn is_about_server(error: &SettingsError) -> bool {
    error.faults().iter().any(|fault| {
        fault.key.starts_with("server")
            || fault.reason.starts_with("[server")
            || (fault.key.is_empty() && !fault.reason.starts_with('['))
    })
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    // These need no settings: they work beside a file that cannot be used.
    match &arguments.command {
        Some(Command::Completions { shell }) => return Ok(shell::completions(*shell)?),
        Some(Command::Man(options)) => return shell::man(options),
        _ => {}
    }
    let (json, colour) = (arguments.common.json, arguments.common.color);
    let output = Output::new(json, colour, &Environment::of_process(std::path::Path::new("")));
    if matches!(arguments.command, Some(Command::Doctor)) {
        let (settings, _, error) = arguments.settings();
        return doctor::run(&settings, error, &output).await;
    }
    let (settings, environment) = usable(&arguments, &output)?;
    let calendar = Calendar::new(SystemClock::shared().now(), settings.time_zone.clone());
    let client = || Client::new(&settings, &environment, arguments.common.server.as_deref());
    match arguments.command {
        None | Some(Command::Serve) => serve::run(settings, &output).await,
        Some(Command::Status) => status::run(&client()?, &output).await,
        Some(Command::Health(options)) => health::run(options, &client()?, &output).await,
        Some(Command::Jobs { command }) => jobs::run(command, &client()?, &output).await,
        Some(Command::Runs { command }) => runs::run(command, &client()?, &output, &calendar).await,
        Some(Command::Orders { command }) => orders::run(command, &client()?, &output, &calendar).await,
        Some(Command::Attention { command }) => attention::run(command, &client()?, &output, &calendar).await,
        Some(Command::Logs(options)) => logs::run(options, &client()?, &output, &calendar).await,
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
        Some(Command::Takeover(options)) => takeover::run(options, &settings, &output).await,
        Some(Command::Openapi) => {
            Ok(output.line(&marktwerk_server::openapi_document(env!("CARGO_PKG_VERSION")))?)
        }
        Some(Command::Sandbox) => sandbox::run(settings, &output).await,
        // Done above.
        Some(Command::Doctor | Command::Completions { .. } | Command::Man(_)) => Ok(()),
    }
}
