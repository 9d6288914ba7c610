//! How a play went, for people: that all is well, or which promise was broken, with the story that led to it and the command that plays
//! it again.

use std::time::Duration;

use marktwerk_domain::mutant::Mutant;

use crate::story::{Story, Violation};
use crate::world::World;

/// How a play went.
pub(crate) struct Report {
    pub(crate) world: World,
    pub(crate) violation: Option<Violation>,
    /// Orders that buyers placed.
    pub(crate) orders: usize,
    /// Runs after which every promise was checked.
    pub(crate) checks: u64,
    /// Entries whose advice a person has followed.
    pub(crate) followed: u64,
    /// On the machine's own clock.
    pub(crate) took: Duration,
    pub(crate) story: Story,
    /// The newest lines of the log, where a promise was broken.
    pub(crate) log: String,
}

impl Report {
    /// The accounts' weeks in it.
    pub(crate) fn account_weeks(&self) -> f64 {
        self.world.size.days as f64 * self.world.accounts as f64 / 7.0
    }

    /// In one line.
    pub(crate) fn line(&self) -> String {
        format!(
            "seed {:>5}: {} × {} days, {:>4} orders, {:>5} checks, {:>3} entries followed, {:>5} sentences, {:.1} s",
            self.world.seed,
            self.world.accounts,
            self.world.size.days,
            self.orders,
            self.checks,
            self.followed,
            self.story.sentences(),
            self.took.as_secs_f64()
        )
    }

    /// The command that plays it again.
    pub(crate) fn command(&self, mutant: Option<Mutant>) -> String {
        let mutant = mutant.map(|mutant| format!(" --mutant {}", mutant.name())).unwrap_or_default();
        format!(
            "cargo xtask play --days {} --seeds 1 --first-seed {}{mutant}",
            self.world.size.days, self.world.seed
        )
    }

    /// What is wrong: the story of the orders that it is about, the promise, the command.
    pub(crate) fn complaint(&self, mutant: Option<Mutant>) -> String {
        let Some(violation) = &self.violation else { return String::new() };
        format!(
            "{}\n{}\n  the log's last lines:\n{}\nseed {}: broken is «{}»\n  {}\nplay it again: {}",
            self.world.described(),
            self.story.text(&violation.about),
            self.log,
            self.world.seed,
            violation.rule,
            violation.what,
            self.command(mutant)
        )
    }
}
