//! The parts put together inside one process: which outside world is used under which settings, and what a first
//! start leaves behind.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::time;
use marktwerk::clock::SystemClock;
use marktwerk::compose::{Program, StartError, sandbox_options};
use marktwerk::config::{SandboxSection, Secret, Settings};
use marktwerk_connectors::{AccountSettings, TemuAccount};
use marktwerk_domain::job::{JobId, Parameters};
use marktwerk_domain::schedule::Schedule;
use marktwerk_sandbox::{Sandbox, SandboxError, WorldOptions};

/// A quiet world on free ports, everything below `folder`.
fn settings(folder: &Path) -> Settings {
    let mut settings = Settings { data_dir: folder.join("data"), ..Settings::default() };
    settings.server.listen.set_port(0);
    settings.scheduler.shutdown_grace_seconds = 1;
    settings.sandbox.world = Some(WorldOptions { initial_articles: 3, ..WorldOptions::quiet() });
    settings
}

fn account(name: &str, endpoint: &str) -> AccountSettings {
    let credentials = Sandbox::credentials();
    TemuAccount {
        name: name.to_owned(),
        endpoint: endpoint.to_owned(),
        app_key: credentials.app_key.to_owned(),
        app_secret: credentials.app_secret.into(),
        access_token: credentials.access_token.into(),
        calls_per_second: None,
    }
    .into()
}

async fn start(settings: Settings) -> Program {
    Program::start(settings, SystemClock::shared()).await.unwrap()
}

async fn refused(settings: Settings) -> String {
    let error = Program::start(settings, SystemClock::shared()).await.err().unwrap();
    assert!(error.is::<StartError>());
    error.to_string()
}

async fn job_ids(program: &Program) -> Vec<String> {
    program.engine().jobs().await.unwrap().into_iter().map(|job| job.id.0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_account_everything_is_simulated_and_first_jobs_are_there() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(settings(folder.path())).await;
    assert!(program.sandbox().unwrap().control().orders().is_ok());
    assert_eq!(job_ids(&program).await, ["inventory_workflow", "inventory_workflow-full", "order_workflow"]);
    let mode = |job: &marktwerk_domain::job::Job| job.spec.parameters["mode"].clone();
    let full = program.engine().existing(&JobId("inventory_workflow-full".to_owned())).await.unwrap();
    assert_eq!(mode(&full), "full");
    assert_eq!(full.spec.schedule, Schedule::Daily { at: vec![time(3, 30, 0, 0)] });
    program.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_that_a_person_removed_do_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let program = start(settings(folder.path())).await;
    for id in job_ids(&program).await {
        program.engine().on_behalf_of("test").remove_job(&JobId(id), None).await.unwrap();
    }
    program.shutdown().await;
    // Not even where the file is gone as well: the database remembers that there were jobs.
    std::fs::remove_file(settings(folder.path()).jobs_file()).unwrap();
    let program = start(settings(folder.path())).await;
    assert!(job_ids(&program).await.is_empty());
    program.shutdown().await;
}

/// A marketplace of other people.
async fn market(folder: &Path, world: WorldOptions) -> Sandbox {
    let section = SandboxSection { world: Some(world), ..SandboxSection::default() };
    let options = sandbox_options(folder.join("elsewhere"), &section, &SystemClock::shared());
    Sandbox::start(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_configured_account_replaces_the_simulated_marketplace_but_not_jtl() {
    let folder = tempfile::tempdir().unwrap();
    let market = market(folder.path(), WorldOptions::quiet()).await;
    let mut settings = settings(folder.path());
    settings.accounts =
        vec![account("one", &market.temu_endpoint()), account("two", &market.temu_endpoint())];
    let program = start(settings).await;
    let orders = program.sandbox().unwrap().control().orders();
    assert!(matches!(orders, Err(SandboxError::NoMarketplace)));
    let diagnose = Arc::clone(program.engine().registry().diagnose().unwrap());
    let names: Vec<String> = diagnose.accounts().into_iter().map(|account| account.name).collect();
    assert_eq!(names, ["one", "two"]);
    diagnose.test_account("two").await.unwrap();
    assert!(job_ids(&program).await.contains(&"order_workflow-two".to_owned()));
    program.shutdown().await;
    market.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_jtl_configured_nothing_is_simulated_by_this_program() {
    let folder = tempfile::tempdir().unwrap();
    let world = market(folder.path(), WorldOptions::quiet()).await;
    let mut settings = settings(folder.path());
    settings.jtl.url = format!("sqlite:{}", world.jtl_database().display());
    let error = refused(settings.clone()).await;
    assert!(error.contains("a JTL is set, but no account is"), "{error}");

    settings.accounts = vec![account("shop", &world.temu_endpoint())];
    let program = start(settings.clone()).await;
    assert!(program.sandbox().is_none());
    program.shutdown().await;

    // Asked for, the sandbox takes the place of both.
    settings.sandbox.enabled = true;
    let program = start(settings).await;
    assert!(program.sandbox().unwrap().control().orders().is_ok());
    program.shutdown().await;
    world.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_keeps_strangers_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(folder.path());
    settings.server.token = Some(Secret::new("a long random text"));
    let program = start(settings).await;
    let jobs = format!("http://{}/api/jobs", program.address());
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build().unwrap();
    assert_eq!(http.get(&jobs).send().await.unwrap().status(), 401);
    assert_eq!(http.get(&jobs).bearer_auth("a long random text").send().await.unwrap().status(), 200);
    program.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_leaves_the_folder_free() {
    let folder = tempfile::tempdir().unwrap();
    let mut broken = settings(folder.path());
    broken.jtl.time_zone = "Nowhere".to_owned();
    let error = refused(broken).await;
    assert!(error.contains("[erp.jtl] time_zone"), "{error}");
    start(settings(folder.path())).await.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_for_a_job_type_that_is_none_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let limited = |job_types: &[&str]| {
        let mut settings = settings(folder.path());
        let limit = |name: &&str| ((*name).to_owned(), 1);
        settings.scheduler.runs_per_type = job_types.iter().map(limit).collect();
        settings
    };
    let error = refused(limited(&["order_workflw"])).await;
    assert!(
        error.contains(
            "[scheduler.runs_per_type] order_workflw: is not a job type; did you mean `order_workflow`?"
        ),
        "{error}"
    );
    assert!(!settings(folder.path()).jobs_file().exists());
    let error = refused(limited(&["order_workflow", "sync_orders"])).await;
    assert!(error.contains("sync_orders: order_workflow is there under an older name"), "{error}");
    // An older name, and one that a later version will have.
    start(limited(&["sync_orders", "fetch_invoices"])).await.shutdown().await;
}

/// The first attempts of the order jobs of two accounts that are started at once: each with its beginning and its end.
async fn two_at_once(program: &Program) -> Vec<(Timestamp, Timestamp)> {
    let mut runs = Vec::new();
    for job in ["order_workflow", "order_workflow-two"] {
        let run = program
            .engine()
            .on_behalf_of("test")
            .run_now(&JobId(job.to_owned()), Parameters::new())
            .await
            .unwrap();
        runs.push(run.id);
    }
    let mut changes = program.store().changes();
    while !program.engine().is_idle().await.unwrap() {
        changes.changed().await.unwrap();
    }
    let mut attempts = Vec::new();
    for run in runs {
        let attempt = program.store().attempts(run).await.unwrap().remove(0);
        attempts.push((attempt.started_at, attempt.ended_at.unwrap()));
    }
    attempts
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_of_a_job_type_holds_over_all_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let slow = WorldOptions { latency: Duration::from_millis(300), ..WorldOptions::quiet() };
    let market = market(folder.path(), slow).await;
    let mut settings = settings(folder.path());
    settings.accounts =
        vec![account("one", &market.temu_endpoint()), account("two", &market.temu_endpoint())];
    settings.scheduler.runs_per_type.insert("order_workflow".to_owned(), 1);
    let program = start(settings).await;
    let attempts = two_at_once(&program).await;
    assert!(attempts[1].0 >= attempts[0].1, "{attempts:?}");
    program.shutdown().await;
    market.shutdown().await;
}
