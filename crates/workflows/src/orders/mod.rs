//! Orders: fetched from the marketplace, imported, exported to JTL, tracked, confirmed.
//!
//! Steps 1–3 bring orders in and steps 4–5 carry shipments back; the two halves fail independently, so that a broken import
//! never stops tracking. Every step is idempotent: a run that is repeated does again only what is not done.

mod again;
mod basket;
mod by_parcel;
mod cancel;
mod candidates;
mod carriers;
mod confirm;
mod deep;
mod export;
mod fetch;
mod import;
mod page;
mod parcels;
mod probe;
mod reads;
mod resolve;
mod taken_over;
mod together;
mod tracking;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use marktwerk_connectors::kind::{JobType, StatusParameter};
use marktwerk_connectors::{Kind, Marketplace, OrderEntry};
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::history::{Author, Happened, OrderEvent};
use marktwerk_domain::job::Parameters;
use marktwerk_domain::judgement::{Decision, Judgement, Limits};
use marktwerk_domain::run::{Outcome, WorkflowResult};
use marktwerk_domain::stock::Work;
use marktwerk_engine::{RunContext, Step, Workflow, WorkflowDescription};
use marktwerk_store::judging::{self, Occasion};
use marktwerk_store::orders::{OrderChange, OrderPatch, OrderRecord};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) use self::reads::{Reading, Turns};
use self::together::SharedParcels;
use crate::connections::Connections;
use crate::metrics;
use crate::outage::Guarded;
use crate::repetition::Steps;

/// An open hand-over is looked up again at this distance.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// The fact that holds an account's cursor: the newest change that was read completely. Absent before the first complete read.
pub(crate) fn cursor_name(account: &str) -> String {
    format!("orders.cursor.{account}")
}

/// What a start may say. A run with a status or a number of days reads that window and never moves the cursor.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OrderParameters {
    /// Only orders of this status, in the marketplace's own word: from the parameter that its [`Kind`] names.
    #[serde(skip)]
    #[schemars(skip)]
    pub status: Option<String>,
    /// Orders changed in the last this many days.
    #[schemars(range(min = 1, max = 365))]
    pub days_back: Option<u32>,
    /// Only the orders with these numbers, separated by commas.
    pub orders: Option<String>,
    /// With `until`: orders changed at or after this time, such as 2026-11-30T08:00:00+01:00.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub from: Option<Timestamp>,
    /// With `from`: orders changed before this time.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub until: Option<Timestamp>,
    /// A line per order.
    pub verbose: Option<bool>,
}

impl OrderParameters {
    /// What a start at a marketplace says.
    fn read(kind: &Kind, written: &Parameters) -> Result<Self, Failure> {
        let mut written = written.clone();
        let status = kind.jobs.status.and_then(|status| Some((status.name, written.remove(status.name)?)));
        let status = match status {
            None | Some((_, Value::Null)) => None,
            Some((name, value)) => Some(value.as_u64().ok_or_else(|| {
                Failure::refused(format!(
                    "the parameters of this job cannot be read: {name} must be a whole number"
                ))
            })?),
        };
        let own: Self = serde_json::from_value(Value::Object(written)).map_err(|error| {
            Failure::refused(format!("the parameters of this job cannot be read: {error}"))
        })?;
        Ok(Self { status: status.map(|status| status.to_string()), ..own })
    }

    /// Whether it is a usual run, which reads everything since the last one.
    fn is_scheduled(&self) -> bool {
        let Self { status, days_back, orders, from, until, verbose: _ } = self;
        status.is_none() && days_back.is_none() && orders.is_none() && from.is_none() && until.is_none()
    }

    fn numbers(&self) -> Option<Vec<String>> {
        let orders = self.orders.as_ref()?;
        let numbers = orders.split(',').map(str::trim).filter(|number| !number.is_empty());
        Some(numbers.map(str::to_owned).collect())
    }

    fn period(&self) -> Option<(Timestamp, Timestamp)> {
        (self.from.is_some() || self.until.is_some())
            .then(|| (self.from.unwrap_or(Timestamp::UNIX_EPOCH), self.until.unwrap_or(Timestamp::MAX)))
    }
}

/// The steps, in their order.
const STEPS: &[&str] = &["fetch", "import", "export", "tracking", "confirm"];

/// The order workflow of one marketplace.
#[derive(Clone)]
pub struct OrderWorkflow {
    connections: Arc<Connections>,
    kind: &'static Kind,
}

impl OrderWorkflow {
    /// For the accounts at a marketplace.
    pub fn new(kind: &'static Kind, connections: Arc<Connections>) -> Self {
        Self { connections, kind }
    }

    /// The schema of its parameters, with the marketplace's own one.
    fn parameters(&self, mut schema: Value) -> Value {
        if let Some(StatusParameter { name, description, values }) = self.kind.jobs.status {
            let values: Vec<Value> = values.iter().map(|value| json!(value)).chain([Value::Null]).collect();
            schema["properties"][name] = json!({ "description": description, "type": ["integer", "null"], "enum": values, "default": null });
        }
        schema
    }
}

#[async_trait]
impl Workflow for OrderWorkflow {
    fn description(&self) -> WorkflowDescription {
        let JobType { name, aliases } = self.kind.jobs.orders;
        let description =
            WorkflowDescription::of::<OrderParameters>(name, "Orders: marketplace → JTL → shipped");
        WorkflowDescription {
            aliases,
            marketplace: Some(self.kind.name),
            accounts: self.connections.accounts_at(self.kind.name),
            writes: true,
            steps: STEPS,
            parameters: self.parameters(description.parameters.clone()),
            ..description
        }
    }

    async fn run(&self, context: &RunContext) -> WorkflowResult {
        let parameters = OrderParameters::read(self.kind, &context.run().parameters)?;
        let marketplace = self.connections.of_run(context)?;
        let steps = Steps::of(context, STEPS);
        if !steps.left_out().is_empty() {
            let left_out = steps.left_out().join(", ");
            context.info(format!("begins with {}; left out: {left_out}", steps.first()));
        }
        let orders = Orders {
            connections: &self.connections,
            context,
            marketplace,
            parameters,
            steps,
            shared: Mutex::default(),
            to_cancel: Mutex::default(),
            late: Mutex::default(),
        };
        let inbound = orders.bring_in().await;
        let outbound = orders.carry_back().await;
        let failures: Vec<&Failure> =
            [&inbound, &outbound].into_iter().filter_map(|half| half.as_ref().err()).collect();
        let refused = failures.iter().find(|failure| failure.class == FailureClass::Unauthorised);
        // Only a run that asked the marketplace for something can tell that the credentials are good again.
        if refused.is_some() || orders.steps.include("fetch") {
            self.connections.note_credentials(context, orders.account(), refused.copied()).await?;
        }
        if orders.parameters.is_scheduled() && (!failures.is_empty() || orders.steps.include("fetch")) {
            let failure = refused.or(failures.first()).copied();
            self.connections.note_end(context, orders.account(), Work::Orders, failure).await?;
        }
        combine(context, inbound, outbound)
    }
}

/// One run over one account.
struct Orders<'a> {
    connections: &'a Connections,
    context: &'a RunContext,
    marketplace: Arc<Guarded>,
    parameters: OrderParameters,
    steps: Steps,
    /// What tracking found of parcels that hold several orders.
    shared: Mutex<SharedParcels>,
    /// Numbers of orders that are to be cancelled at the marketplace.
    to_cancel: Mutex<Vec<String>>,
    /// News of orders that failed in an earlier run: they are fetched after all others.
    late: Mutex<Vec<OrderEntry>>,
}

/// What a half left open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Rest {
    /// Stopped at a good place; the next slice goes on.
    has_more: bool,
    /// Hand-overs whose outcome is not known yet.
    is_unresolved: bool,
}

impl Orders<'_> {
    /// Steps 1 to 3. A step that failed does not keep the next from doing what can be done, and what was left out stays as it
    /// is stored: only what the marketplace wanted shipped when it was last read goes out.
    async fn bring_in(&self) -> Result<Rest, Failure> {
        let (mut fetched, mut imported, mut exported) = (Ok(false), Ok(false), Ok(Rest::default()));
        if self.steps.include("fetch") {
            let step = self.begin_step("fetch").await;
            fetched = self.fetch(&step).await;
            fetched = step.end(fetched).await;
        }
        if self.steps.include("import") {
            let step = self.begin_step("import").await;
            imported = self.import(&step).await;
            imported = step.end(imported).await;
        }
        if self.steps.include("export") {
            let step = self.begin_step("export").await;
            exported = self.export(&step).await;
            exported = step.end(exported).await;
        }
        let has_more =
            [&fetched, &imported].into_iter().any(|result| result.as_ref().is_ok_and(|has_more| *has_more));
        let rest = exported
            .as_ref()
            .map(|rest| Rest { has_more: has_more || rest.has_more, ..*rest })
            .unwrap_or_default();
        worst([fetched.err(), imported.err(), exported.err()]).map_or(Ok(rest), Err)
    }

    /// Steps 4 and 5.
    async fn carry_back(&self) -> Result<Rest, Failure> {
        let (mut tracked, mut confirmed) = (Ok(()), Ok(false));
        if self.steps.include("tracking") {
            let step = self.begin_step("tracking").await;
            tracked = self.track(&step).await;
            tracked = step.end(tracked).await;
        }
        if self.steps.include("confirm") {
            let step = self.begin_step("confirm").await;
            confirmed = self.confirm(&step).await;
            confirmed = self.cancel_there(&step).await.and(confirmed);
            if self.steps.include("fetch") && confirmed.is_ok() {
                confirmed = self.read_deep(&step).await.and(confirmed);
            }
            confirmed = step.end(confirmed).await;
        }
        let has_more = confirmed.as_ref().is_ok_and(|has_more| *has_more);
        let rest = Rest { has_more, is_unresolved: false };
        worst([tracked.err(), confirmed.err(), None]).map_or(Ok(rest), Err)
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

    /// The change of an order that a patch and the judgement of the facts after it come to.
    fn judged(&self, record: &OrderRecord, patch: OrderPatch) -> OrderChange {
        judging::judged(record, patch, &self.occasion())
    }

    /// What the facts of an order come to now.
    fn judgement(&self, record: &OrderRecord) -> Judgement {
        record.judgement(self.limits(), self.now())
    }

    fn limits(&self) -> &Limits {
        &self.connections.settings.orders.limits
    }

    fn occasion(&self) -> Occasion {
        Occasion { now: self.now(), by: self.author(), limits: *self.limits() }
    }

    fn author(&self) -> Author {
        Author::Run(self.context.run().id.0)
    }

    /// What an order's history says once a decision's intent is committed.
    fn used(&self, decision: Option<Decision>) -> Vec<OrderEvent> {
        let event = |decision| OrderEvent {
            at: self.now(),
            by: self.author(),
            what: Happened::DecisionUsed(decision),
        };
        decision.map(event).into_iter().collect()
    }

    async fn save(&self, changes: &[OrderChange]) -> Result<Vec<bool>, Failure> {
        if changes.is_empty() {
            return Ok(Vec::new());
        }
        let done = self.connections.store.change_orders(self.account(), changes, self.now()).await?;
        metrics::orders_moved(self.account(), changes, &done);
        Ok(done)
    }

    /// Stores a change of one order, and brings its record up to date. Returns whether it had an effect: if not, the
    /// order was changed meanwhile, and the next run sees how.
    async fn save_one(&self, record: &mut OrderRecord, patch: OrderPatch) -> Result<bool, Failure> {
        let change = self.judged(record, patch);
        let has_effect = self.save(std::slice::from_ref(&change)).await? == [true];
        if has_effect {
            record.apply(change.patch);
        }
        Ok(has_effect)
    }

    /// Warns of an order that needs a person now and did not before, or for another reason.
    async fn warn_of(&self, step: &Step, record: &OrderRecord, change: &OrderChange) {
        let needs_a_person = change.entries.as_ref().is_some_and(|entries| !entries.is_empty());
        if let (true, Some(Some(reason))) = (needs_a_person, &change.patch.reason) {
            step.warning(format!("order {}: {reason}", record.number), Value::Null).await;
        }
    }
}

fn combine(
    context: &RunContext,
    inbound: Result<Rest, Failure>,
    outbound: Result<Rest, Failure>,
) -> WorkflowResult {
    let rests = match (inbound, outbound) {
        (Ok(inbound), Ok(outbound)) => [inbound, outbound],
        (inbound, outbound) => {
            let failures = [inbound.err(), outbound.err(), None];
            return Err(worst(failures).unwrap_or_else(|| Failure::transient("the run failed")));
        }
    };
    if rests.iter().any(|rest| rest.has_more) {
        return Ok(Outcome::MoreToDo);
    }
    if rests.iter().any(|rest| rest.is_unresolved) {
        let until = context.clock().now().checked_add(LOOK_AGAIN).unwrap_or(Timestamp::MAX);
        let why = "the outcome of a hand-over is not known yet; JTL is asked again in a minute".to_owned();
        return Ok(Outcome::Snooze { until, why });
    }
    Ok(Outcome::Done)
}

/// The failure that speaks for a run: one that is worth another try before one that is not, for what the other could not do
/// stays undone in any case.
fn worst(failures: [Option<Failure>; 3]) -> Option<Failure> {
    let mut failures: Vec<Failure> = failures.into_iter().flatten().collect();
    let first_retryable = failures.iter().position(|failure| failure.class.is_worth_retrying());
    match (first_retryable, failures.is_empty()) {
        (_, true) => None,
        (Some(index), false) => Some(failures.swap_remove(index)),
        (None, false) => Some(failures.swap_remove(0)),
    }
}
