//! The settings as they are written: one struct per section, each with all its defaults. An unknown key is
//! an error everywhere.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use jiff::SignedDuration;
use marktwerk_domain::judgement::Limits;
use marktwerk_erp::JtlSettings;
use marktwerk_sandbox::WorldOptions;
use marktwerk_server::{USUAL_CONNECTIONS, USUAL_CONNECTIONS_PER_ADDRESS};
use serde::{Deserialize, Serialize};

use super::alerts::AlertsSection;
use super::secret::Secret;
use super::sqlserver::SqlServerSection;

/// Everything that `marktwerk.toml` can say.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Root {
    pub(super) data_dir: PathBuf,
    pub(super) log: String,
    pub(super) server: ServerSection,
    pub(super) store: StoreSection,
    pub(super) sqlserver: SqlServerSection,
    pub(super) scheduler: SchedulerSection,
    pub(super) alerts: AlertsSection,
    pub(super) erp: ErpSection,
    /// Read one by one, so that a fault can name which one.
    pub(super) accounts: Vec<figment::value::Value>,
    pub(super) orders: OrdersSection,
    pub(super) inventory: InventorySection,
    pub(super) sandbox: SandboxSection,
}

impl Default for Root {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("data"),
            log: "info".to_owned(),
            server: ServerSection::default(),
            store: StoreSection::default(),
            sqlserver: SqlServerSection::default(),
            scheduler: SchedulerSection::default(),
            alerts: AlertsSection::default(),
            erp: ErpSection::default(),
            accounts: Vec::new(),
            orders: OrdersSection::default(),
            inventory: InventorySection::default(),
            sandbox: SandboxSection::default(),
        }
    }
}

/// `[server]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ServerSection {
    pub(super) listen: SocketAddr,
    pub(super) public_url: Option<String>,
    pub(super) token: Option<Secret>,
    pub(super) token_file: Option<PathBuf>,
    /// Read one by one, so that a fault can name which one.
    pub(super) people: Vec<figment::value::Value>,
    /// Connections at the same time.
    pub(super) connections: usize,
    /// Those of one address.
    pub(super) connections_per_address: usize,
}

impl Default for ServerSection {
    fn default() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8000).into(),
            public_url: None,
            token: None,
            token_file: None,
            people: Vec::new(),
            connections: USUAL_CONNECTIONS,
            connections_per_address: USUAL_CONNECTIONS_PER_ADDRESS,
        }
    }
}

/// `[store]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSection {
    /// `sqlite:PATH` or `mssql://…`; none is the server of `[sqlserver]`, else `marktwerk.db` in the data folder.
    pub url: Option<String>,
}

/// `[scheduler]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SchedulerSection {
    /// Runs at the same time.
    pub workers: usize,
    /// IANA name: schedules, and the wall time of `scheduler_logs`.
    pub time_zone: String,
    /// None is `workers_config.json` in the data folder.
    pub jobs_file: Option<PathBuf>,
    /// A run that makes no progress for this long is stopped.
    pub time_limit_minutes: u64,
    /// A waiting run rises by one priority after this long.
    pub rises_after_minutes: u64,
    /// Runs of an account at the same time; 0 = no limit. (Jobs that write to one account exclude each other anyway.)
    pub runs_per_account: u32,
    /// Runs of a job type at the same time, by job type. Which types there are, the program knows that is put together.
    pub runs_per_type: BTreeMap<String, u32>,
    /// How long running runs may go on after a request to stop.
    pub shutdown_grace_seconds: u64,
    /// How long lines of `scheduler_logs` are kept.
    pub keep_logs_days: u32,
    /// How long ended runs are kept.
    pub keep_runs_days: u32,
    /// How long buyers' names and addresses are kept after the end of their orders.
    pub keep_buyers_days: u32,
    /// Entries of the audit stay this long.
    pub keep_audit_days: u32,
}

impl Default for SchedulerSection {
    fn default() -> Self {
        Self {
            workers: 8,
            time_zone: "Europe/Berlin".to_owned(),
            jobs_file: None,
            time_limit_minutes: 15,
            rises_after_minutes: 10,
            runs_per_account: 0,
            runs_per_type: BTreeMap::new(),
            shutdown_grace_seconds: 10,
            keep_logs_days: 90,
            keep_runs_days: 90,
            keep_buyers_days: 90,
            keep_audit_days: 365,
        }
    }
}

/// `[erp]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ErpSection {
    pub(super) jtl: JtlSettings,
}

/// `[orders]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrdersSection {
    /// How far back the first run of an account looks.
    pub first_days: u32,
    /// How long JTL may take to show an order that was handed over.
    pub hand_over_minutes: u32,
    /// How long Marktwerk's own next step may take: reading, handing over, reporting.
    pub step_hours: u32,
    /// How long a buyer's wish or a check may be open before the hand-over.
    pub hold_hours: u32,
    /// How long the marketplace may take to release an order.
    pub pending_days: u32,
    /// How long JTL may take to ship an order.
    pub shipment_days: u32,
    /// How long the rest may take once a part has left.
    pub part_days: u32,
    /// How long a tracking number may be missing.
    pub number_hours: u32,
    /// How long before an order must leave it is an entry.
    pub warn_hours: u32,
    /// How long a reported order is watched on both sides.
    pub watch_days: u32,
    /// When watching ends without agreement, after the last change.
    pub give_up_days: u32,
}

impl OrdersSection {
    /// The same as the judgement of orders takes it.
    pub fn limits(&self) -> Limits {
        let hours = |hours: u32| SignedDuration::from_hours(hours.into());
        let days = |days: u32| SignedDuration::from_hours(i64::from(days) * 24);
        Limits {
            hand_over: SignedDuration::from_mins(self.hand_over_minutes.into()),
            without_number: hours(self.number_hours),
            before_deadline: hours(self.warn_hours),
            own_step: hours(self.step_hours),
            hold: hours(self.hold_hours),
            pending: days(self.pending_days),
            part: days(self.part_days),
            shipment: days(self.shipment_days),
            watch: days(self.watch_days),
            give_up: days(self.give_up_days),
        }
    }
}

impl Default for OrdersSection {
    fn default() -> Self {
        Self {
            first_days: 30,
            hand_over_minutes: 30,
            step_hours: 2,
            hold_hours: 24,
            pending_days: 14,
            shipment_days: 7,
            part_days: 3,
            number_hours: 24,
            warn_hours: 12,
            watch_days: 30,
            give_up_days: 60,
        }
    }
}

/// `[inventory]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct InventorySection {
    /// Units of each article that are never offered, on top of JTL's own buffer.
    pub buffer: i64,
}

/// `[sandbox]`: the simulated outside world.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SandboxSection {
    /// Use it in place of everything that is configured. Without an account it is used anyway.
    pub enabled: bool,
    /// Where the simulated marketplace answers; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The same seed makes the same world.
    pub seed: u64,
    /// Nothing happens by itself but what JTL does with orders: for tests and measurements.
    pub quiet: bool,
    /// Orders at the first start.
    pub initial_orders: u32,
    /// Articles at the first start.
    pub initial_articles: u32,
    /// Mean time between two new orders; 0 = none comes by itself.
    pub order_every_seconds: u64,
    /// Time from an order's arrival in JTL to its first parcel.
    pub ship_after_seconds: u64,
    /// Latency of every answer of the marketplace.
    pub latency_milliseconds: u64,
    /// What the marketplace permits; 0 = no limit.
    pub calls_per_second: u32,
    /// A test's whole world in place of the figures above; not part of the settings file.
    #[serde(skip)]
    pub world: Option<WorldOptions>,
}

impl Default for SandboxSection {
    fn default() -> Self {
        Self {
            enabled: false,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            seed: 1,
            quiet: false,
            initial_orders: 25,
            initial_articles: 60,
            order_every_seconds: 20,
            ship_after_seconds: 25,
            latency_milliseconds: 20,
            calls_per_second: 20,
            world: None,
        }
    }
}
