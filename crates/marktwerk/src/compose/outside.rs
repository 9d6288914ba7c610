//! The outside world: the accounts and the JTL that are configured, or simulated ones in their place. Simulated
//! orders never go to a JTL that somebody configured.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use marktwerk_connectors::{Budgets, HttpClient, Marketplace, Temu, TemuAccount};
use marktwerk_domain::clock::SharedClock;
use marktwerk_engine::Registry;
use marktwerk_erp::{Erp, Jtl};
use marktwerk_sandbox::{Sandbox, SandboxOptions, SandboxTime, UnknownArticles, WorldOptions};
use marktwerk_store::data_folder::DataFolder;
use marktwerk_store::sqlite::SqliteStore;
use marktwerk_workflows::WorkflowSettings;

use super::databases::{jtl_settings, open_jtl, receipt_table};
use crate::config::{Account, SIMULATED, SandboxSection, Settings};

/// Everything beyond our own walls.
pub(super) struct Outside {
    pub(super) sandbox: Option<Sandbox>,
    /// `marktwerk sandbox` may work on the same data folder: a world has one process.
    pub(super) sandbox_folder: Option<DataFolder>,
    pub(super) marketplaces: Vec<Arc<dyn Marketplace>>,
    pub(super) erp: Arc<dyn Erp>,
    /// One line for people; empty where everything is real.
    pub(super) notice: String,
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
            let names: Vec<&str> = settings.accounts.iter().map(Account::name).collect();
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
            Some(sandbox) if is_demonstration => vec![simulated_account(sandbox, &settings.sandbox)],
            _ => settings.accounts.clone(),
        };
        let budgets = Budgets::new(clock.clone());
        let http = HttpClient::new()?;
        let marketplaces: Vec<Arc<dyn Marketplace>> =
            accounts.into_iter().map(|account| connect(account, clock, &budgets, &http)).collect();
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
    let budgets = Budgets::new(clock.clone());
    let http = HttpClient::new()?;
    let accounts = settings.accounts.iter().cloned();
    let marketplaces = accounts.map(|account| connect(account, clock, &budgets, &http)).collect();
    let erp = Arc::new(open_jtl(settings).await?);
    let store = Arc::new(SqliteStore::open_in_memory(settings.time_zone.clone())?);
    Ok(marktwerk_workflows::registry(marketplaces, erp, store, WorkflowSettings::default()))
}

/// An account's client; nobody is called yet.
pub(crate) fn connect(
    account: Account,
    clock: &SharedClock,
    budgets: &Budgets,
    http: &HttpClient,
) -> Arc<dyn Marketplace> {
    match account {
        Account::Temu(account) => Arc::new(Temu::new(account, clock.clone(), budgets, http.clone())),
    }
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

fn simulated_account(sandbox: &Sandbox, section: &SandboxSection) -> Account {
    let credentials = Sandbox::credentials();
    let limit = section.world.as_ref().map_or(Some(section.calls_per_second), |world| world.calls_per_second);
    Account::Temu(TemuAccount {
        name: SIMULATED.to_owned(),
        endpoint: sandbox.temu_endpoint(),
        app_key: credentials.app_key.to_owned(),
        app_secret: credentials.app_secret.into(),
        access_token: credentials.access_token.into(),
        calls_per_second: limit,
    })
}

fn notice(is_demonstration: bool, is_simulated: bool, marketplaces: &[Arc<dyn Marketplace>]) -> String {
    let has_real = marketplaces.iter().any(|marketplace| !marketplace.account().is_loopback);
    match (is_demonstration, is_simulated) {
        (true, _) => "sandbox: simulated marketplace and simulated JTL".to_owned(),
        (false, true) if has_real => {
            "simulated JTL: orders are read, but no shipment and no stock is sent to the marketplace"
                .to_owned()
        }
        (false, true) => "simulated JTL".to_owned(),
        (false, false) => String::new(),
    }
}
