//! `marktwerk`: everything, until a signal says stop.

use std::time::Duration;

use marktwerk_domain::reason::Reason;
use serde_json::json;

use super::output::Output;
use super::signals::Signals;
use crate::clock::SystemClock;
use crate::compose::Program;
use crate::config::Settings;
use crate::telemetry;

/// What the end may take beyond the grace of running runs.
const LAST_WRITES: Duration = Duration::from_secs(10);

/// For `--crash-at`: a task that the program cannot do without panics right after the start.
#[cfg(feature = "crash-points")]
const VITAL_TASK: &str = "vital_task";

pub(super) async fn run(settings: Settings, output: &Output) -> anyhow::Result<()> {
    let mut signals = Signals::listen()?;
    #[cfg(feature = "crash-points")]
    if let Some(path) = settings.clock_offset.clone() {
        crate::clock::offset::follow(path);
    }
    let clock = SystemClock::shared();
    start_telemetry(&settings, output)?;
    #[cfg(feature = "crash-points")]
    let vital_task_fails = settings.crash_at.as_deref() == Some(VITAL_TASK);
    #[cfg(feature = "crash-points")]
    if let Some(name) = settings.crash_at.as_ref().filter(|name| *name != VITAL_TASK) {
        marktwerk_workflows::crash::arm(name)
            .map_err(|reason| crate::compose::StartError::new(format!("--crash-at {reason}")))?;
    }
    for finding in &settings.findings {
        tracing::warn!("{finding}");
    }
    if let Some(finding) = crate::doctor::at_the_start() {
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
    say_ready(&program, output);
    #[cfg(feature = "crash-points")]
    if vital_task_fails {
        let fails = async { panic!("asked for by --crash-at") };
        program.engine().supervision().vital("heart", || false, fails);
    }

    let broken = tokio::select! {
        signal = signals.next() => {
            tracing::info!("{signal}: shutting down; running runs get their grace, a second signal ends at once");
            None
        }
        ended = program.vital_end() => {
            tracing::error!("{ended}; running runs get their grace, then the program ends, so that it is started again");
            Some(ended)
        }
        lost = program.lost() => {
            tracing::error!("{lost}");
            anyhow::bail!(lost);
        }
    };
    tokio::select! {
        () = program.shutdown() => tracing::info!("shut down"),
        signal = signals.next() => anyhow::bail!("{signal} again: ended at once; what was running is taken up at the next start"),
        () = clock.sleep(patience) => anyhow::bail!("the shutdown took longer than {} s: ended at once", patience.as_secs()),
    }
    match broken {
        None => Ok(()),
        Some(ended) => anyhow::bail!("{ended}; the program has ended and is to be started again"),
    }
}

/// Lines on the output, in the zone and with the filter of the settings.
pub(super) fn start_telemetry(settings: &Settings, output: &Output) -> anyhow::Result<()> {
    let zone = settings.time_zone.clone();
    telemetry::start(&settings.log, zone, SystemClock::shared(), output.has_colour())
        .map_err(|error| crate::compose::StartError::from_causes(&error).into())
}

fn say_ready(program: &Program, output: &Output) {
    let (address, notice) = (program.address(), program.notice().map(Reason::to_string));
    let levers = program.levers();
    if output.is_json() {
        let url = format!("http://{address}/");
        let ready =
            json!({ "ready": true, "url": url, "notice": notice.unwrap_or_default(), "control": levers });
        return telemetry::say(&ready.to_string());
    }
    match notice {
        None => telemetry::say(&format!("Marktwerk is ready: http://{address}/")),
        Some(notice) => telemetry::say(&format!("Marktwerk is ready: http://{address}/ ({notice})")),
    }
    if let Some(levers) = levers {
        telemetry::say(&format!("Levers of the simulated world: {levers}"));
    }
}
