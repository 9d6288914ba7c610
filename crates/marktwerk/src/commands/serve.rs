//! `marktwerk`: everything, until a signal says stop.

use std::time::Duration;

use serde_json::json;

use super::output::Output;
use super::signals::Signals;
use crate::clock::SystemClock;
use crate::compose::Program;
use crate::config::Settings;
use crate::telemetry;

/// What the end may take beyond the grace of running runs.
const LAST_WRITES: Duration = Duration::from_secs(10);

pub(super) async fn run(settings: Settings, output: &Output) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    let clock = SystemClock::shared();
    start_telemetry(&settings)?;
    #[cfg(feature = "crash-points")]
    if let Some(name) = &settings.crash_at {
        marktwerk_workflows::crash::arm(name)
            .map_err(|reason| crate::compose::StartError::new(format!("--crash-at {reason}")))?;
    }
    for finding in &settings.findings {
        tracing::warn!("{finding}");
    }
    let patience = Duration::from_secs(settings.scheduler.shutdown_grace_seconds) + LAST_WRITES;
    let starting = Program::start(settings, clock.clone());
    let program = tokio::select! {
        started = starting => started?,
        signal = signals.next() => {
            tracing::info!("{signal} during the start: not started");
            return Ok(());
        }
    };
    if let Err(error) = say_ready(&program, output) {
        // Nobody reads the output: no reason to stop working.
        tracing::warn!("the address could not be printed: {error}");
    }

    let signal = signals.next().await;
    tracing::info!("{signal}: shutting down; running runs get their grace, a second signal ends at once");
    tokio::select! {
        () = program.shutdown() => tracing::info!("shut down"),
        signal = signals.next() => anyhow::bail!("{signal} again: ended at once; what was running is taken up at the next start"),
        () = clock.sleep(patience) => anyhow::bail!("the shutdown took longer than {} s: ended at once", patience.as_secs()),
    }
    Ok(())
}

/// Lines on the output, in the zone and with the filter of the settings.
pub(super) fn start_telemetry(settings: &Settings) -> anyhow::Result<()> {
    telemetry::start(&settings.log, settings.time_zone.clone(), SystemClock::shared())
        .map_err(|error| crate::compose::StartError::from_causes(&error).into())
}

fn say_ready(program: &Program, output: &Output) -> std::io::Result<()> {
    let (address, notice) = (program.address(), program.notice());
    let levers = program.levers();
    if output.is_json() {
        let url = format!("http://{address}/");
        let ready = json!({ "ready": true, "url": url, "notice": notice, "control": levers });
        return output.line(&ready.to_string());
    }
    match notice {
        "" => output.line(&format!("Marktwerk is ready: http://{address}/"))?,
        notice => output.line(&format!("Marktwerk is ready: http://{address}/ ({notice})"))?,
    }
    match levers {
        Some(levers) => output.line(&format!("Levers of the simulated world: {levers}")),
        None => Ok(()),
    }
}
