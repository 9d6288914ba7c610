//! The command line, and the settings that follow from it.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::output::ColorChoice;
use super::words::address;
use super::{
    accounts, alerts, attention, audit, db, health, jobs, logs, orders, runs, sandbox, shell, stock, takeover,
};
use crate::config::{Environment, Settings, SettingsError, Sources, load_what_can_be};

/// Keeps a merchant's marketplaces and JTL-Wawi in step.
#[derive(Debug, Parser)]
#[command(name = "marktwerk", version, about, long_about = None)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// What every command understands.
#[derive(Debug, Args)]
pub(super) struct Common {
    /// The settings file [default: marktwerk.toml in the working directory, if there is one]
    #[arg(long, global = true, help_heading = "General options", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of the program's data [default: data]
    #[arg(long, global = true, help_heading = "General options", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Address to listen on, or of the running server [default: 127.0.0.1:8000; sandbox: 127.0.0.1:8100]
    #[arg(long, global = true, help_heading = "General options", value_name = "ADDRESS:PORT", value_parser = address)]
    listen: Option<SocketAddr>,
    /// Use the simulated marketplace and JTL, whatever is configured
    #[arg(long, global = true, help_heading = "General options")]
    sandbox: bool,
    /// Machine-readable output; errors too, on the error output
    #[arg(long, global = true, help_heading = "General options")]
    pub(super) json: bool,
    /// When there are colours; NO_COLOR is respected
    #[arg(
        long,
        global = true,
        help_heading = "General options",
        value_name = "WHEN",
        value_enum,
        default_value_t
    )]
    pub(super) color: ColorChoice,
    /// The running server, if it is not the one in the settings
    #[arg(long, global = true, help_heading = "General options", value_name = "URL")]
    pub(super) server: Option<String>,
    /// Ends the process at a named point of a workflow
    #[cfg(feature = "crash-points")]
    #[arg(long, global = true, hide = true, value_name = "NAME")]
    crash_at: Option<String>,
    /// Puts the clock wrong by as many seconds as stand in this file
    #[cfg(feature = "crash-points")]
    #[arg(long, global = true, hide = true, value_name = "FILE")]
    clock_offset: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the program (what `marktwerk` alone does)
    Serve,
    /// What runs, what is next, what failed and what needs a person, in one look
    Status,
    /// Whether the running server works: exit code 0, or 1 if it does not or does not answer
    Health(health::Options),
    /// Jobs of the running server
    Jobs {
        #[command(subcommand)]
        command: jobs::Command,
    },
    /// Runs of the running server
    Runs {
        #[command(subcommand)]
        command: runs::Command,
    },
    /// Orders of the running server
    Orders {
        #[command(subcommand)]
        command: orders::Command,
    },
    /// The attention list: what needs a person
    Attention {
        #[command(subcommand)]
        command: attention::Command,
    },
    /// Log lines of the running server
    Logs(logs::Options),
    /// Alerts about jobs that fail and recover
    Alerts {
        #[command(subcommand)]
        command: alerts::Command,
    },
    /// The audit: changes, with their author
    Audit {
        #[command(subcommand)]
        command: audit::Command,
    },
    /// Accounts at marketplaces
    Accounts {
        #[command(subcommand)]
        command: accounts::Command,
    },
    /// Stock of the running server
    Stock {
        #[command(subcommand)]
        command: stock::Command,
    },
    /// Settings
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// The database in the data folder
    Db {
        #[command(subcommand)]
        command: db::Command,
    },
    /// Check settings, machine, databases, JTL and marketplaces, and say how to mend what is wrong
    Doctor,
    /// Import the orders of the previous system, once; stop both programs first (with --dry-run the previous one may run)
    Takeover(takeover::Options),
    /// Print the description of the HTTP interface (OpenAPI)
    Openapi,
    /// Print a shell's completions, such as `marktwerk completions bash > /etc/bash_completion.d/marktwerk`
    Completions {
        /// For which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands into a folder
    Man(shell::ManOptions),
    /// Run only the simulated marketplace and JTL
    #[command(after_long_help = sandbox::levers())]
    Sandbox,
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Show the settings in use, where each comes from, and what is odd
    Check,
    /// Show every value and where it comes from, secrets masked
    Show,
    /// Export all jobs of the running server in the form of the jobs file
    Export {
        /// A new file; by default the document is printed
        file: Option<PathBuf>,
    },
    /// Replace all jobs of the running server by a document, as an edit of the jobs file would
    Import {
        /// The document, or `-` for the input
        file: PathBuf,
        /// Only show what would change
        #[arg(long)]
        dry_run: bool,
    },
}

impl Command {
    /// Whether it asks the running server alone, so that the settings only say where that is.
    pub(super) fn is_asked_of_server(&self) -> bool {
        match self {
            Self::Status
            | Self::Health(_)
            | Self::Jobs { .. }
            | Self::Runs { .. }
            | Self::Orders { .. }
            | Self::Attention { .. }
            | Self::Logs(_)
            | Self::Alerts { .. }
            | Self::Audit { .. }
            | Self::Accounts { .. }
            | Self::Stock { .. } => true,
            Self::Config { command } => {
                matches!(command, ConfigCommand::Export { .. } | ConfigCommand::Import { .. })
            }
            Self::Serve
            | Self::Db { .. }
            | Self::Doctor
            | Self::Takeover(_)
            | Self::Openapi
            | Self::Completions { .. }
            | Self::Man(_)
            | Self::Sandbox => false,
        }
    }
}

impl Arguments {
    /// The settings under this command line, and the environment that they were read from. What cannot be used of them has its default,
    /// and is told.
    pub(super) fn settings(&self) -> (Settings, Environment, Option<SettingsError>) {
        let directory = PathBuf::new();
        let environment = Environment::of_process(&directory);
        let sources = Sources {
            directory,
            file: self.common.config.clone(),
            environment: environment.clone(),
            flags: self.flags(),
        };
        #[cfg_attr(not(feature = "crash-points"), expect(unused_mut, reason = "set by the hidden flag"))]
        let (mut settings, error) = load_what_can_be(&sources);
        #[cfg(feature = "crash-points")]
        settings.crash_at.clone_from(&self.common.crash_at);
        #[cfg(feature = "crash-points")]
        settings.clock_offset.clone_from(&self.common.clock_offset);
        (settings, environment, error)
    }

    fn flags(&self) -> Vec<(&'static str, &'static str, String)> {
        let common = &self.common;
        let listen = match self.command {
            Some(Command::Sandbox) => "sandbox.listen",
            _ => "server.listen",
        };
        let data_dir =
            common.data_dir.as_ref().map(|path| ("--data-dir", "data_dir", path.display().to_string()));
        let listen = common.listen.map(|address| ("--listen", listen, address.to_string()));
        let sandbox = common.sandbox.then(|| ("--sandbox", "sandbox.enabled", "true".to_owned()));
        data_dir.into_iter().chain(listen).chain(sandbox).collect()
    }
}
