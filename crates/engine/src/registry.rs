//! The job types and questions that this program knows. Filled once, when the program is put together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_domain::account::{AccountHealth, AccountSummary};
use marktwerk_domain::failure::Failure;
use marktwerk_domain::job::Parameters;
use marktwerk_domain::words::nearest;

use crate::error::EngineError;
use crate::probe::Probe;
use crate::stock_desk::StockDesk;
use crate::workflow::{ParameterCheck, Workflow, WorkflowDescription};

/// Job types that the documents name and this version does not have yet: kept and shown, never run.
const DOCUMENTED: &[&str] = &[
    "fetch_invoices",
    "amazon_order_workflow",
    "amazon_tracking_workflow",
    "amazon_inventory_workflow",
    "amazon_fetch_invoices",
    "ebay_order_workflow",
    "ebay_tracking_workflow",
    "ebay_inventory_workflow",
    "kaufland_order_workflow",
    "kaufland_tracking_workflow",
    "kaufland_inventory_workflow",
    "kaufland_fetch_invoices",
    "otto_order_workflow",
    "otto_tracking_workflow",
    "otto_inventory_workflow",
    "otto_fetch_invoices",
];

/// What a screen asks of the outside world without knowing it.
#[async_trait]
pub trait Diagnose: Send + Sync {
    /// The accounts that are configured.
    fn accounts(&self) -> Vec<AccountSummary>;

    /// Asks the marketplace whether an account's credentials are good.
    async fn test_account(&self, name: &str) -> Result<AccountHealth, Failure>;

    /// Asks the ERP how it is; findings for people.
    async fn test_erp(&self) -> Result<Vec<String>, Failure>;

    /// Whether marketplace and ERP are simulated, for people.
    fn describe(&self) -> String;

    /// Where an account's credentials are read from, for people; `None` where it is not known.
    fn credentials_from(&self, _account: &str) -> Option<String> {
        None
    }

    /// Looks whether the ERP's worker takes the rows that wait for it, and keeps the entry about that on the attention list true. Rows
    /// may wait for `patience`.
    async fn look_after_worker(&self, _patience: Duration, _now: Timestamp) -> Result<(), Failure> {
        Ok(())
    }
}

/// How a job type is known.
#[derive(Debug, Clone, Copy)]
pub enum Known<'a> {
    /// This version runs it.
    Runs(&'a WorkflowDescription),
    /// Documented, not in this version.
    Planned,
}

struct Entry {
    workflow: Arc<dyn Workflow>,
    description: WorkflowDescription,
    parameters: ParameterCheck,
}

/// Job types by name.
#[derive(Default)]
pub struct Registry {
    entries: BTreeMap<&'static str, Entry>,
    diagnose: Option<Arc<dyn Diagnose>>,
    stock_desk: Option<Arc<dyn StockDesk>>,
    probes: BTreeMap<&'static str, Arc<dyn Probe>>,
}

impl Registry {
    /// Knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a job type.
    pub fn with(mut self, workflow: impl Workflow + 'static) -> Self {
        let description = workflow.description();
        let entry = Entry { workflow: Arc::new(workflow), description, parameters: ParameterCheck::new() };
        self.entries.insert(entry.description.job_type, entry);
        self
    }

    /// Adds the answers to a screen's questions.
    pub fn with_diagnose(mut self, diagnose: Arc<dyn Diagnose>) -> Self {
        self.diagnose = Some(diagnose);
        self
    }

    /// Adds the answers to questions about stock.
    pub fn with_stock_desk(mut self, stock_desk: Arc<dyn StockDesk>) -> Self {
        self.stock_desk = Some(stock_desk);
        self
    }

    /// The answers to questions about stock, where there are any.
    pub fn stock_desk(&self) -> Option<&Arc<dyn StockDesk>> {
        self.stock_desk.as_ref()
    }

    /// Adds the answer to the condition `new_data` of a job type.
    pub fn with_probe(mut self, job_type: &'static str, probe: Arc<dyn Probe>) -> Self {
        self.probes.insert(job_type, probe);
        self
    }

    /// The answer to the condition `new_data` of a job type, where it has one.
    pub fn probe(&self, job_type: &str) -> Option<&Arc<dyn Probe>> {
        self.probes.get(job_type)
    }

    /// The answers to a screen's questions, where there are any.
    pub fn diagnose(&self) -> Option<&Arc<dyn Diagnose>> {
        self.diagnose.as_ref()
    }

    /// All job types that this version runs, by name.
    pub fn descriptions(&self) -> impl Iterator<Item = &WorkflowDescription> {
        self.entries.values().map(|entry| &entry.description)
    }

    /// The description of a job type by its name.
    pub fn description(&self, job_type: &str) -> Option<&WorkflowDescription> {
        self.entries.get(job_type).map(|entry| &entry.description)
    }

    /// Job types that are documented and not in this version.
    pub fn planned(&self) -> impl Iterator<Item = &'static str> {
        DOCUMENTED.iter().copied().filter(|name| !self.entries.contains_key(name))
    }

    /// The conditions that jobs of a type can have, in the words of a draft.
    pub fn conditions(&self, description: &WorkflowDescription) -> Vec<&'static str> {
        let has_diagnose = self.diagnose.is_some();
        let known = [
            ("new_data", self.probes.contains_key(description.job_type)),
            ("account_healthy", has_diagnose && !description.accounts.is_empty()),
            ("erp_reachable", has_diagnose),
            ("window", true),
            ("succeeded_within", true),
        ];
        known.into_iter().filter(|(_, can_be_asked)| *can_be_asked).map(|(word, _)| word).collect()
    }

    /// Refuses parameters that the job type does not take, naming the field. A job type that does not run here takes any.
    pub(crate) fn check_parameters(
        &self,
        job_type: &str,
        parameters: &Parameters,
    ) -> Result<(), EngineError> {
        match self.entries.get(job_type) {
            Some(entry) => entry.parameters.check(&entry.description, parameters),
            None => Ok(()),
        }
    }

    pub(crate) fn workflow(&self, job_type: &str) -> Option<Arc<dyn Workflow>> {
        self.entries.get(job_type).map(|entry| Arc::clone(&entry.workflow))
    }

    /// Resolves a written name (or an older one) to the job type and how it is known.
    pub fn resolve(&self, written: &str) -> Result<(String, Known<'_>), EngineError> {
        let found = self.entries.values().find(|entry| {
            entry.description.job_type == written || entry.description.aliases.contains(&written)
        });
        if let Some(entry) = found {
            return Ok((entry.description.job_type.to_owned(), Known::Runs(&entry.description)));
        }
        if DOCUMENTED.contains(&written) {
            return Ok((written.to_owned(), Known::Planned));
        }
        let known: Vec<&str> = self.entries.keys().copied().collect();
        let near =
            nearest(written, &known).map(|near| format!(" (did you mean {near}?)")).unwrap_or_default();
        Err(EngineError::invalid(
            "job_type",
            format!("`{written}` is not a job type; this version has {}{near}", known.join(", ")),
        ))
    }
}

/// Stands in for a job type that is gone from this version while runs of it still wait.
pub(crate) struct NotInThisVersion(pub(crate) String);

#[async_trait]
impl Workflow for NotInThisVersion {
    fn description(&self) -> WorkflowDescription {
        WorkflowDescription::of::<()>("not_in_this_version", "not in this version")
    }

    async fn run(&self, _: &crate::context::RunContext) -> marktwerk_domain::run::WorkflowResult {
        Err(Failure::refused(format!("the job type {} is not in this version", self.0)))
    }
}
