//! The outside world: the accounts and the JTL that are configured, or simulated ones in their place. Simulated
//! orders never go to a JTL that somebody configured.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use marktwerk_connectors::kind::{self, Form, Setting};
use marktwerk_connectors::{AccountSettings, Budgets, HttpClient, Marketplace, Surroundings};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::reason::Reason;
use marktwerk_engine::Registry;
use marktwerk_erp::{Erp, Jtl};
use marktwerk_sandbox::{
    Sandbox, SandboxOptions, SandboxTime, SimulatedAccount, UnknownArticles, WorldOptions,
};
use marktwerk_store::data_folder::DataFolder;
use marktwerk_store::sqlite::SqliteStore;
use marktwerk_workflows::WorkflowSettings;

use super::databases::{jtl_settings, open_jtl, receipt_table};
use crate::config::{SIMULATED, SandboxSection, Settings};

/// Everything beyond our own walls.
pub(super) struct Outside {
    pub(super) sandbox: Option<Sandbox>,
    /// `marktwerk sandbox` may work on the same data folder: a world has one process.
    pub(super) sandbox_folder: Option<DataFolder>,
    pub(super) marketplaces: Vec<Arc<dyn Marketplace>>,
    pub(super) erp: Arc<dyn Erp>,
    /// One line for people, where not everything is real.
    pub(super) notice: Option<Reason>,
}

/// Refuses a JTL without an account, before anything is made.
pub(crate) fn insist_on_account(settings: &Settings) -> anyhow::Result<()> {
    if settings.is_demonstration() && !settings.sandbox.enabled && settings.has_jtl() {
        anyhow::bail!(
            "{}: a JTL is set, but no account is; simulated orders are never handed to a JTL that somebody \
             configured: add [[accounts]] (or TEMU_APP_KEY, …), or remove [erp.jtl] url and [sqlserver] server",
            origin_of_jtl(settings)
        );
    }
    Ok(())
}

impl Outside {
    pub(super) async fn open(settings: &Settings, clock: &SharedClock) -> anyhow::Result<Self> {
        let is_demonstration = settings.is_demonstration();
        if settings.sandbox.enabled && !settings.accounts.is_empty() {
            let names: Vec<&str> = settings.accounts.iter().map(|account| account.name.as_str()).collect();
            tracing::warn!(
                "the sandbox was asked for: {}, the configured JTL and [sqlserver] are not used",
                names.join(", ")
            );
        }
        let needs_sandbox = is_demonstration || !settings.has_jtl();
        let lock = || DataFolder::lock(&settings.sandbox_dir(), "marktwerk with its own sandbox");
        let sandbox_folder = needs_sandbox.then(lock).transpose()?;
        let sandbox = if needs_sandbox { Some(start_sandbox(settings, clock).await?) } else { None };
        let mut jtl = jtl_settings(settings);
        if let Some(sandbox) = &sandbox {
            jtl.url = format!("sqlite:{}", sandbox.jtl_database().display());
            // What a configured marketplace sells is no article of the simulated JTL.
            jtl.accept_unknown_articles |= !is_demonstration;
        }
        let erp = Jtl::open_beside(jtl, receipt_table(settings)).await?;
        let accounts = match &sandbox {
            Some(sandbox) if is_demonstration => simulated_accounts(sandbox, &settings.sandbox)?,
            _ => settings.accounts.clone(),
        };
        let marketplaces = connect(&accounts, clock)?;
        let notice = notice(is_demonstration, erp.is_simulated(), &marketplaces);
        Ok(Self { sandbox, sandbox_folder, marketplaces, erp: Arc::new(erp), notice })
    }
}

/// Where somebody said that there is a JTL.
fn origin_of_jtl(settings: &Settings) -> String {
    let key = if settings.jtl.url.is_empty() { "sqlserver.server" } else { "erp.jtl.url" };
    settings.origins.of(key).to_string()
}

/// The job types with what is configured, for a look: nobody is called, nothing is simulated, and nothing is written.
pub(crate) async fn job_types(settings: &Settings, clock: &SharedClock) -> anyhow::Result<Registry> {
    let marketplaces = connect(&settings.accounts, clock)?;
    let erp = Arc::new(open_jtl(settings).await?);
    let store = Arc::new(SqliteStore::open_in_memory(settings.time_zone.clone())?);
    Ok(marktwerk_workflows::registry(marketplaces, erp, store, WorkflowSettings::default()))
}

/// Connectors for the accounts. No call is made yet.
pub(crate) fn connect(
    accounts: &[AccountSettings],
    clock: &SharedClock,
) -> anyhow::Result<Vec<Arc<dyn Marketplace>>> {
    let surroundings =
        Surroundings { clock: clock.clone(), budgets: Budgets::new(clock.clone()), http: HttpClient::new()? };
    accounts.iter().map(|account| Ok((account.kind.connect)(account, &surroundings)?)).collect()
}

async fn start_sandbox(settings: &Settings, clock: &SharedClock) -> anyhow::Result<Sandbox> {
    let mut options = sandbox_options(settings.sandbox_dir(), &settings.sandbox, clock);
    if !settings.is_demonstration() {
        options.marketplace = false;
        options.world.unknown_articles = UnknownArticles::FreeText;
    }
    Ok(Sandbox::start(options).await?)
}

/// How the simulated world is started: with the settings, on the program's clock.
pub fn sandbox_options(folder: PathBuf, section: &SandboxSection, clock: &SharedClock) -> SandboxOptions {
    let (watch, sleeper) = (clock.clone(), clock.clone());
    let time = SandboxTime {
        now_ms: Arc::new(move || watch.now().as_millisecond()),
        sleep: Arc::new(move |duration| sleeper.sleep(duration)),
    };
    let seconds = Duration::from_secs;
    let lively = WorldOptions {
        initial_orders: section.initial_orders,
        order_every: (section.order_every_seconds > 0).then(|| seconds(section.order_every_seconds)),
        ..WorldOptions::default()
    };
    let world = WorldOptions {
        initial_articles: section.initial_articles,
        ship_after: seconds(section.ship_after_seconds),
        latency: Duration::from_millis(section.latency_milliseconds),
        calls_per_second: (section.calls_per_second > 0).then_some(section.calls_per_second),
        ..if section.quiet { WorldOptions::quiet() } else { lively }
    };
    SandboxOptions {
        listen: section.listen,
        seed: section.seed,
        world: section.world.clone().unwrap_or(world),
        ..SandboxOptions::new(folder, time)
    }
}

/// The accounts at the simulated marketplaces; the first one is `sandbox`, as ever.
fn simulated_accounts(sandbox: &Sandbox, section: &SandboxSection) -> anyhow::Result<Vec<AccountSettings>> {
    let limit = section.world.as_ref().map_or(Some(section.calls_per_second), |world| world.calls_per_second);
    let account = |(index, simulated): (usize, SimulatedAccount)| {
        let kind = kind::kind(simulated.marketplace)
            .with_context(|| format!("{} is simulated and no marketplace here", simulated.marketplace))?;
        let name = if index == 0 { SIMULATED.to_owned() } else { format!("{SIMULATED}-{}", kind.name) };
        let values = kind.keys.iter().map(|key| {
            let said = || simulated.values.iter().find(|(name, _)| *name == key.name);
            let setting = match key.form {
                Form::Text => said().map(|(_, text)| Setting::Text(text.clone())),
                Form::Secret => said().map(|(_, text)| Setting::Secret(text.as_str().into())),
                Form::Number(_) => Some(Setting::Number(limit.unwrap_or(0))),
            };
            let setting = setting
                .with_context(|| format!("the simulated account of {} lacks {}", kind.name, key.name))?;
            Ok((key.name, setting))
        });
        let values: Vec<_> = values.collect::<anyhow::Result<_>>()?;
        Ok(AccountSettings::new(kind, name, simulated.endpoint.clone(), values))
    };
    sandbox.accounts().into_iter().enumerate().map(account).collect()
}

fn notice(
    is_demonstration: bool,
    is_simulated: bool,
    marketplaces: &[Arc<dyn Marketplace>],
) -> Option<Reason> {
    let has_real = marketplaces.iter().any(|marketplace| !marketplace.account().is_loopback);
    let notice = match (is_demonstration, is_simulated) {
        (true, _) => [
            "sandbox: simulated marketplace and simulated JTL",
            "Sandbox: simulierter Marktplatz und simuliertes JTL",
        ],
        (false, true) if has_real => [
            "simulated JTL: orders are read, but no shipment and no stock is sent to the marketplace",
            "Simuliertes JTL: Bestellungen werden gelesen, aber weder Versand noch Bestand geht an den Marktplatz",
        ],
        (false, true) => ["simulated JTL", "Simuliertes JTL"],
        (false, false) => return None,
    };
    Some(Reason::new(notice))
}
