//! When and how work runs. The engine knows no marketplace: it fires schedules, queues and claims runs, gives
//! each a worker with a lease, and writes down what happened.
//!
//! ```text
//! timer ─► dispatcher ─► queue (in the store) ─► worker ─► workflow
//!                                                  └─► journal: number ─► store ─► publish
//! ```
//!
//! Four laws hold here: runs are made and claimed by the dispatcher alone; what happens between claim and end
//! goes through the journal's writer with the attempt's epoch; a line is stored before it is shown; no row is
//! locked while a workflow works.

pub mod alerts;
mod book;
mod chance;
pub mod commands;
mod conditions;
pub mod context;
mod decide;
mod dispatcher;
pub mod engine;
pub mod error;
pub mod jobs;
pub mod jobs_file;
pub mod journal;
mod lease;
mod lookout;
pub mod metrics;
mod planner;
pub mod probe;
pub mod prune;
pub mod registry;
mod steps;
pub mod stock_desk;
pub mod strict_json;
pub mod supervision;
mod timer;
mod vitals;
mod worker;
pub mod workflow;

pub use alerts::AlertChannel;
pub use book::Import;
pub use commands::{Commands, Started};
pub use context::{RunContext, Step};
pub use engine::{Engine, EngineOptions};
pub use error::EngineError;
pub use lookout::{FreeSpace, JobAlerts, LookoutOptions};
pub use probe::{Probe, ProbeQuestion, ProbeResult};
pub use registry::{Diagnose, Registry};
pub use stock_desk::StockDesk;
pub use supervision::Supervision;
pub use vitals::Vitals;
pub use workflow::{Workflow, WorkflowDescription};
