//! Other schedulers, measured by programs of their own below `xtask/peers/`: each prints one JSON object per figure. What
//! cannot be measured here is a figure too: it has no value, and its note says why.

mod apalis;
mod apscheduler;
mod process;

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::{cargo, environment};

pub(crate) use process::figures;

/// The system that is measured.
pub(crate) const NAMES: [&str; 2] = [apscheduler::NAME, apalis::NAME];

/// The measure of the figure that stands for everything a peer did not get to tell.
pub(crate) const ALL: &str = "all";

/// What is asked of each peer.
pub(crate) struct Load {
    /// Jobs per second, where it is not as many as it can.
    pub(crate) per_second: u32,
    /// How long that lasts.
    pub(crate) seconds: u32,
    /// Schedules that are stored.
    pub(crate) schedules: u32,
}

/// One figure of one peer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PeerFigure {
    /// Whose it is.
    pub(crate) peer: &'static str,
    /// What was measured; its unit is the end of its name. [`ALL`] where the peer was skipped, or failed.
    pub(crate) measure: String,
    /// `None` where the peer does not offer it.
    pub(crate) value: Option<f64>,
    /// How it was measured, or why not.
    pub(crate) note: String,
}

/// Sets up and measures one after the other; it takes about three minutes. Nothing is left out silently.
pub(crate) fn measure_peers(load: &Load) -> Vec<PeerFigure> {
    let mut figures = measure(apscheduler::NAME, apscheduler::set_up(load));
    figures.extend(measure(apalis::NAME, apalis::set_up(load)));
    figures
}

fn measure(peer: &'static str, set_up: Result<Command>) -> Vec<PeerFigure> {
    println!("\n── {peer}");
    let without_value = |note| PeerFigure { peer, measure: ALL.to_owned(), value: None, note };
    let command = match set_up {
        Ok(command) => command,
        Err(error) => return vec![without_value(format!("skipped: {error:#}"))],
    };
    let (mut figures, end) = process::figures(peer, command);
    if let Err(error) = end {
        figures.push(without_value(format!("failed: {error:#}")));
    }
    figures
}

/// Where a peer's program is.
fn source(peer: &str) -> PathBuf {
    environment::root().join("xtask").join("peers").join(peer)
}

/// Where what it needs, and what it writes, is put: on the disk that we build on.
fn target(peer: &str) -> Result<PathBuf> {
    Ok(cargo::target_directory()?.join("peers").join(peer))
}
