//! `marktwerk sandbox`: the simulated outside world alone, and what to set so that a program uses it.

use marktwerk_sandbox::Sandbox;
use marktwerk_store::data_folder::DataFolder;
use serde_json::json;

use super::output::Output;
use super::serve::start_telemetry;
use super::signals::Signals;
use crate::clock::SystemClock;
use crate::compose::{StartError, sandbox_options};
use crate::config::Settings;

/// Where the world listens when nothing else is said.
const LISTEN: &str = "127.0.0.1:8100";

/// The levers of the world, for `--help`.
pub(super) fn levers() -> String {
    let levers = marktwerk_sandbox::LEVERS.iter().map(|(lever, about)| format!("  {lever:<26} {about}\n"));
    format!(
        "Levers, as POST /control/<lever> with a JSON object of what they take; GET /control lists them:\n{}",
        levers.collect::<String>()
    )
}

pub(super) async fn run(mut settings: Settings, output: &Output) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    start_telemetry(&settings, output)?;
    if settings.origins.of("sandbox.listen") == crate::config::Origin::default_value() {
        settings.sandbox.listen = LISTEN.parse()?;
    }
    let folder = settings.sandbox_dir();
    let missing = |error: anyhow::Error| StartError::from_causes(&error);
    let _lock = DataFolder::lock(&folder, "marktwerk sandbox").map_err(|error| missing(error.into()))?;
    let options = sandbox_options(folder, &settings.sandbox, &SystemClock::shared());
    let sandbox = Sandbox::start(options).await.map_err(|error| missing(error.into()))?;
    describe(&sandbox, output)?;
    let signal = signals.next().await;
    tracing::info!("{signal}: the simulated world ends");
    tokio::select! {
        () = sandbox.shutdown() => Ok(()),
        _ = signals.next() => anyhow::bail!("a second signal: ended at once"),
    }
}

fn describe(sandbox: &Sandbox, output: &Output) -> std::io::Result<()> {
    let credentials = Sandbox::credentials();
    let endpoint = sandbox.temu_endpoint();
    let database = sandbox.jtl_database();
    let database = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    let url = format!("sqlite:{}", database.display());
    if output.is_json() {
        let all = json!({
            "endpoint": endpoint,
            "app_key": credentials.app_key,
            "app_secret": credentials.app_secret,
            "access_token": credentials.access_token,
            "jtl_url": url,
            "control": sandbox.control_url(),
        });
        return output.line(&all.to_string());
    }
    for line in [
        format!("The simulated world is ready: {}", sandbox.base_url()),
        format!("Its levers: GET {}", sandbox.control_url()),
        "To use it, put this into .env …".to_owned(),
        format!("TEMU_APP_KEY={}", credentials.app_key),
        format!("TEMU_APP_SECRET={}", credentials.app_secret),
        format!("TEMU_ACCESS_TOKEN={}", credentials.access_token),
        format!("TEMU_API_ENDPOINT={endpoint}"),
        "… and this into marktwerk.toml:".to_owned(),
        "[erp.jtl]".to_owned(),
        format!("url = {:?}", url),
    ] {
        output.line(&line)?;
    }
    Ok(())
}
