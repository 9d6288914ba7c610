//! Inventory: what the marketplace lists, what JTL has, and the difference.
//!
//! Mode `full` reads the listings first; mode `quick` goes on with what the last full run knew. Both match the listings with JTL's
//! articles. What may be published follows from the facts in `picture`, by the rules of [`marktwerk_domain::stock`].

mod desk;
mod levels;
mod listings;
mod matching;
mod orders_read;
mod oversold;
mod picture;
mod probe;
mod push;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_connectors::kind::JobType;
use marktwerk_connectors::{Kind, Marketplace};
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::run::{Outcome, WorkflowResult};
use marktwerk_domain::stock::Work;
use marktwerk_engine::{RunContext, Step, Workflow, WorkflowDescription};
use marktwerk_store::inventory::ListingPatch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::connections::Connections;
use crate::orders::cursor_name;
use crate::outage::Guarded;
use crate::repetition::Steps;

/// How much is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Levels and push.
    #[default]
    Quick,
    /// Listings and mapping too.
    Full,
}

/// What a start may say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct InventoryParameters {
    /// How much is done.
    pub mode: Mode,
    /// A line per article that is pushed.
    pub verbose: Option<bool>,
    /// Only the article with this number.
    pub sku: Option<String>,
}

/// The steps, in their order.
const STEPS: &[&str] = &["listings", "map", "levels", "push"];

/// The inventory workflow of one marketplace.
#[derive(Clone)]
pub struct InventoryWorkflow {
    connections: Arc<Connections>,
    kind: &'static Kind,
}

impl InventoryWorkflow {
    /// For the accounts at a marketplace.
    pub fn new(kind: &'static Kind, connections: Arc<Connections>) -> Self {
        Self { connections, kind }
    }
}

#[async_trait]
impl Workflow for InventoryWorkflow {
    fn description(&self) -> WorkflowDescription {
        let JobType { name, aliases } = self.kind.jobs.inventory;
        WorkflowDescription {
            aliases,
            marketplace: Some(self.kind.name),
            accounts: self.connections.accounts_at(self.kind.name),
            writes: true,
            steps: STEPS,
            ..WorkflowDescription::of::<InventoryParameters>(name, "Inventory: JTL → marketplace")
        }
    }

    async fn run(&self, context: &RunContext) -> WorkflowResult {
        let parameters: InventoryParameters = context.parameters()?;
        let marketplace = self.connections.of_run(context)?;
        let steps = Steps::of(context, STEPS);
        let inventory = Inventory { connections: &self.connections, context, marketplace, parameters, steps };
        let result = inventory.run().await;
        let failure = result.as_ref().err();
        // That they are good again, the order run finds out, which asks for more.
        let refused = failure.filter(|failure| failure.class == FailureClass::Unauthorised);
        if refused.is_some() {
            self.connections.note_credentials(context, inventory.account(), refused).await?;
        }
        self.connections.note_end(context, inventory.account(), Work::Stock, failure).await?;
        result
    }
}

/// The fact that an account's listings were read and mapped completely at least once.
fn mapped_name(account: &str) -> String {
    format!("inventory.mapped.{account}")
}

/// One run over one account.
struct Inventory<'a> {
    connections: &'a Connections,
    context: &'a RunContext,
    marketplace: Arc<Guarded>,
    parameters: InventoryParameters,
    steps: Steps,
}

impl Inventory<'_> {
    async fn run(&self) -> WorkflowResult {
        self.say_what_is_left_out();
        let is_full = self.is_full().await?;
        let mut read = None;
        if is_full && self.steps.include("listings") {
            let step = self.begin_step("listings").await;
            let listings = self.read_listings(&step).await;
            read = Some(step.end(listings).await?);
        }
        let mut matched = None;
        if self.steps.first() == "map" || (is_full && self.steps.include("map")) {
            let step = self.begin_step("map").await;
            let articles = self.match_articles(&step, read.as_ref(), true).await;
            matched = Some(step.end(articles).await?);
        }
        // Mapping alone does not make what a broken read left behind complete.
        if is_full && self.steps.include("listings") {
            self.connections.store.set_fact(&mapped_name(self.account()), "yes").await?;
        }
        // Without our own open orders JTL's stock would be published over sales that it does not know.
        if self.connections.store.fact(&cursor_name(self.account())).await?.is_none() {
            self.context
                .info("no orders of this account were read yet: nothing is published before they are");
            return Ok(Outcome::Done);
        }
        let step = self.begin_step("levels").await;
        let levels = self.levels(&step, matched, read.is_some()).await;
        let levels = step.end(levels).await?;

        let step = self.begin_step("push").await;
        let pushed = self.push(&step, levels).await;
        let has_more = step.end(pushed).await?;
        Ok(if has_more { Outcome::MoreToDo } else { Outcome::Done })
    }

    /// What is pushed must be what JTL has now, so the levels are never left out.
    fn say_what_is_left_out(&self) {
        let left_out: Vec<&str> =
            self.steps.left_out().iter().copied().filter(|name| *name != "levels").collect();
        if !left_out.is_empty() {
            let note = if self.steps.first() == "push" { "; levels are read again for it" } else { "" };
            let left_out = left_out.join(", ");
            self.context.info(format!("begins with {}{note}; left out: {left_out}", self.steps.first()));
        }
    }

    /// A quick run has to read the listings as long as no full one came to its end.
    async fn is_full(&self) -> Result<bool, Failure> {
        if self.parameters.mode == Mode::Full {
            return Ok(true);
        }
        let was_mapped = self.connections.store.fact(&mapped_name(self.account())).await?.is_some();
        if !was_mapped && self.steps.include("listings") {
            self.context.info("no listings are known yet: this quick run reads them like a full one");
        }
        Ok(!was_mapped)
    }

    async fn begin_step(&self, name: &'static str) -> Step {
        self.marketplace.begin_step();
        self.context.begin_step(name).await
    }

    fn account(&self) -> &str {
        &self.marketplace.account().name
    }

    fn now(&self) -> Timestamp {
        self.context.clock().now()
    }

    async fn save(&self, patches: &[ListingPatch]) -> Result<(), Failure> {
        if patches.is_empty() {
            return Ok(());
        }
        Ok(self.connections.store.change_listings(self.account(), patches).await?)
    }
}
