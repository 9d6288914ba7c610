//! The one recorder of the process.

use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Runs take from nothing to an hour.
const DURATION: [f64; 11] = [0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3_600.0];
/// A run is late by milliseconds when all is well, and by an hour where the program stood still.
const LATENESS: [f64; 12] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 3_600.0];
/// A call is given up after 30 seconds.
const CALL: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// A call waits for the limit's pace, and for a pause that the marketplace asked for.
const WAIT: [f64; 7] = [0.01, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0];

/// Installs it, or finds it where that was done before.
pub(super) fn install() -> anyhow::Result<PrometheusHandle> {
    static INSTALLED: Mutex<Option<PrometheusHandle>> = Mutex::new(None);
    let mut installed = INSTALLED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(handle) = &*installed {
        return Ok(handle.clone());
    }
    let mut builder = PrometheusBuilder::new();
    for (name, buckets) in [
        (marktwerk_engine::metrics::RUN_DURATION, &DURATION[..]),
        (marktwerk_engine::metrics::RUN_LATENESS, &LATENESS),
        (marktwerk_connectors::metrics::CALL_DURATION, &CALL),
        (marktwerk_connectors::metrics::CALL_WAIT, &WAIT),
    ] {
        builder = builder.set_buckets_for_metric(Matcher::Full(name.to_owned()), buckets)?;
    }
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).context("another recorder of metrics is installed already")?;
    describe();
    *installed = Some(handle.clone());
    Ok(handle)
}

/// Says what is counted, room by room.
pub fn describe() {
    marktwerk_engine::metrics::describe();
    marktwerk_connectors::metrics::describe();
    marktwerk_workflows::metrics::describe();
}
