//! Settings: `marktwerk.toml`, then the environment (and `.env`), then flags. The one place that reads the
//! environment. All faults are told at once, each with key, place and cure; secrets never show in any output.

mod account_rules;
mod accounts;
mod alerts;
mod codes;
mod document;
mod dotenv;
mod environment;
mod error;
mod known;
mod layer;
mod legacy;
mod load;
mod log_filter;
mod origin;
mod people;
mod plain;
mod reading;
mod root;
mod secret;
mod secret_source;
mod settings;
mod sqlserver;
mod validate;

pub use account_rules::AccountRules;
pub(crate) use accounts::SIMULATED;
pub use accounts::{origin_key, token_key};
pub use alerts::{AlertRules, AlertSettings};
pub use environment::Environment;
pub(crate) use error::suggestion;
pub use error::{Fault, SettingsError};
pub use known::known_keys;
pub use load::{CONFIG_FILE, Sources, load, load_what_can_be};
pub use origin::{Origin, Origins};
pub use people::Person;
pub use root::{InventorySection, OrdersSection, SandboxSection, SchedulerSection, StoreSection};
pub use secret::Secret;
pub use settings::{ServerSettings, Settings};
pub use sqlserver::SqlServers;
