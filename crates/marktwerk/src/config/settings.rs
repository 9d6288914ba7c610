//! The settings as the program uses them: complete, checked, secrets resolved.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use marktwerk_connectors::AccountSettings;
use marktwerk_erp::JtlSettings;

use super::account_rules::AccountRules;
use super::alerts::AlertSettings;
use super::origin::Origins;
use super::people::Person;
use super::root::{InventorySection, OrdersSection, Root, SandboxSection, SchedulerSection, StoreSection};
use super::secret::Secret;
use super::sqlserver::SqlServers;

/// What the program is told. `Default` is what holds without any file, variable or flag.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Everything that the program keeps stands here.
    pub data_dir: PathBuf,
    /// Which lines go to the program's own output, in `RUST_LOG`'s grammar.
    pub log: String,
    /// The door.
    pub server: ServerSettings,
    /// The database.
    pub store: StoreSection,
    /// The databases on SQL Server. A database that is not listed here is a file.
    pub sqlserver: SqlServers,
    /// The scheduler.
    pub scheduler: SchedulerSection,
    /// The zone that `scheduler.time_zone` names.
    pub time_zone: TimeZone,
    /// Where alerts are sent when a job is paused, is degraded or works again.
    pub alerts: AlertSettings,
    /// JTL-Wawi; it is simulated where [`Settings::has_jtl`] says no.
    pub jtl: JtlSettings,
    /// Accounts at marketplaces; none means the simulated one.
    pub accounts: Vec<AccountSettings>,
    /// By account: what is set for it alone.
    pub of_accounts: BTreeMap<String, AccountRules>,
    /// The order workflow.
    pub orders: OrdersSection,
    /// The inventory workflow.
    pub inventory: InventorySection,
    /// The simulated outside world.
    pub sandbox: SandboxSection,
    /// Where each value comes from.
    pub origins: Origins,
    /// What is odd, but no error; for people.
    pub findings: Vec<String>,
    /// Ends the process at a named point of a workflow: for tests of a crash.
    #[cfg(feature = "crash-points")]
    pub crash_at: Option<String>,
    /// A file with the number of seconds by which the wall clock is off: for tests of its steps.
    #[cfg(feature = "crash-points")]
    pub clock_offset: Option<PathBuf>,
}

/// `[server]`, with its tokens resolved.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address that people use, where a proxy stands before.
    pub public_url: Option<String>,
    /// What a caller must show: itself, or its Argon2 hash. Whoever shows it is an admin.
    pub token: Option<Secret>,
    /// Other people who may use the server.
    pub people: Vec<Person>,
    /// Connections at the same time.
    pub connections: usize,
    /// Those of one address.
    pub connections_per_address: usize,
}

impl ServerSettings {
    /// Whether callers have to show a token.
    pub fn has_access_control(&self) -> bool {
        self.token.is_some() || !self.people.is_empty()
    }
}

impl Settings {
    /// Where the jobs file is.
    pub fn jobs_file(&self) -> PathBuf {
        self.scheduler.jobs_file.clone().unwrap_or_else(|| self.data_dir.join("workers_config.json"))
    }

    /// Where the embedded database is, if it is used.
    pub fn database(&self) -> PathBuf {
        let path = self.store.url.as_deref().and_then(|url| url.strip_prefix("sqlite:"));
        path.map_or_else(|| self.data_dir.join("marktwerk.db"), PathBuf::from)
    }

    /// Where the simulated outside world keeps its files.
    pub fn sandbox_dir(&self) -> PathBuf {
        self.data_dir.join("sandbox")
    }

    /// Whether a JTL-Wawi is configured.
    pub fn has_jtl(&self) -> bool {
        !self.jtl.url.is_empty() || self.sqlserver.jtl.is_some()
    }

    /// Our own database, for people; no secrets.
    pub fn store_place(&self) -> String {
        match &self.sqlserver.store {
            Some(address) => address.to_string(),
            None => format!("sqlite:{}", self.database().display()),
        }
    }

    /// Whether marketplace and ERP are both simulated: nothing is configured, or it was asked for.
    pub fn is_demonstration(&self) -> bool {
        self.sandbox.enabled || self.accounts.is_empty()
    }
}

impl Default for Settings {
    fn default() -> Self {
        let root = Root::default();
        Self {
            data_dir: root.data_dir,
            log: root.log,
            server: ServerSettings {
                listen: root.server.listen,
                public_url: None,
                token: None,
                people: Vec::new(),
                connections: root.server.connections,
                connections_per_address: root.server.connections_per_address,
            },
            store: root.store,
            sqlserver: SqlServers::default(),
            // A machine without time zone data still starts; `load` reports what was asked for and is not there.
            time_zone: TimeZone::get(&root.scheduler.time_zone).unwrap_or(TimeZone::UTC),
            scheduler: root.scheduler,
            alerts: AlertSettings::default(),
            jtl: root.erp.jtl,
            accounts: Vec::new(),
            of_accounts: BTreeMap::new(),
            orders: root.orders,
            inventory: root.inventory,
            sandbox: root.sandbox,
            origins: Origins::default(),
            findings: Vec::new(),
            #[cfg(feature = "crash-points")]
            crash_at: None,
            #[cfg(feature = "crash-points")]
            clock_offset: None,
        }
    }
}
