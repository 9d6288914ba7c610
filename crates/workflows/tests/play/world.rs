//! What the seed decides before anything happens: how many accounts, how fast the warehouse is, how busy the shop. What then happens
//! in the course of it, the dice of the play decide.

use std::time::Duration;

use crate::dice::{Dice, named};

/// How long a play lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) days: u64,
}

impl Size {
    pub(crate) fn lasts(self) -> Duration {
        Duration::from_secs(self.days * 86_400)
    }
}

/// A shop.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) size: Size,
    /// One or two, which share one JTL.
    pub(crate) accounts: usize,
    /// Ordinary articles, `MW-0001` and so on.
    pub(crate) articles: u32,
    /// From an order's arrival in JTL to its parcel.
    pub(crate) ship_after: Duration,
    /// From one run of the order job to the next.
    pub(crate) orders_every: Duration,
    /// From one run of the stock job to the next.
    pub(crate) stock_every: Duration,
    /// Mean time between two things that buyers, people or machines do.
    pub(crate) acts_every: Duration,
}

impl World {
    pub(crate) fn of(seed: u64, size: Size) -> Self {
        let mut dice = Dice::of([seed, named("world")]);
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let accounts = if dice.happens(30) { 2 } else { 1 };
        Self {
            seed,
            size,
            accounts,
            articles: 12,
            ship_after: minutes(60 * dice.between(2, 26)),
            orders_every: minutes(dice.between(30, 60)),
            stock_every: minutes(60),
            acts_every: minutes(dice.between(40, 90) / accounts as u64),
        }
    }

    /// In a sentence.
    pub(crate) fn described(&self) -> String {
        format!(
            "Seed {}: {} of {} days. The order job runs every {} minutes, the stock job every {}; the warehouse ships {} hours \
             after an order arrives.",
            self.seed,
            if self.accounts == 1 { "one account" } else { "two accounts with one JTL" },
            self.size.days,
            self.orders_every.as_secs() / 60,
            self.stock_every.as_secs() / 60,
            self.ship_after.as_secs() / 3_600,
        )
    }
}
