//! How far each account's orders were read. Stock is raised only over orders that were read, so that whoever publishes it asks here,
//! and reads them itself where nobody else has. Reads of one account take turns, and one serves all who wait for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use marktwerk_connectors::{Budget, Marketplace};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::Failure;
use marktwerk_engine::{RunContext, Step};
use tokio::sync::OwnedMutexGuard;

use super::{OrderParameters, Orders, STEPS};
use crate::connections::Connections;
use crate::outage::Guarded;
use crate::repetition::Steps;

/// The fact that holds the end of the last complete read of an account's orders.
fn read_name(account: &str) -> String {
    format!("orders.read.{account}")
}

/// The fact that holds since when raises wait for an account's orders; empty if none does.
fn blocked_name(account: &str) -> String {
    format!("stock.blocked.{account}")
}

/// One read of an account at a time.
#[derive(Default)]
pub(crate) struct Turns(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    /// Waits until nobody else reads the account's orders.
    pub(crate) async fn of(&self, account: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(account.to_owned()).or_default())
        };
        turn.lock_owned().await
    }
}

/// What came of a read that stock needs.
pub(crate) enum Reading {
    /// The orders are known up to the needed time.
    Done,
    /// The order job needs what is left of the budget.
    NoRoom,
}

impl Connections {
    /// The end of the last complete read of an account's orders.
    pub(crate) async fn read_until(&self, account: &str) -> Result<Option<Timestamp>, Failure> {
        time(self.store.fact(&read_name(account)).await?)
    }

    /// The orders of an account are known up to then. Raises that waited for it go on.
    pub(super) async fn note_read(
        &self,
        account: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), Failure> {
        self.store.set_fact(&read_name(account), &until.to_string()).await?;
        if self.blocked_since(account).await?.is_some() && self.unknown_orders(account).await?.is_empty() {
            self.unblock(account, now).await?;
        }
        Ok(())
    }

    /// Orders of an account whose articles are not known and that nobody left out.
    pub(crate) async fn unknown_orders(&self, account: &str) -> Result<Vec<String>, Failure> {
        let entries = self.store.unread_entries(account).await?;
        Ok(entries
            .into_iter()
            .filter(|entry| entry.left_out_at.is_none())
            .map(|entry| entry.number)
            .collect())
    }

    /// Since when raises wait for the account's orders.
    pub(crate) async fn blocked_since(&self, account: &str) -> Result<Option<Timestamp>, Failure> {
        time(self.store.fact(&blocked_name(account)).await?)
    }

    /// Raises wait for the account's orders, since now if they did not before. Returns since when.
    pub(crate) async fn block(&self, account: &str, now: Timestamp) -> Result<Timestamp, Failure> {
        if let Some(since) = self.blocked_since(account).await? {
            return Ok(since.min(now));
        }
        self.store.set_fact(&blocked_name(account), &now.to_string()).await?;
        Ok(now)
    }

    /// No raise waits for the account's orders any more.
    pub(crate) async fn unblock(&self, account: &str, now: Timestamp) -> Result<(), Failure> {
        if self.blocked_since(account).await?.is_some() {
            self.store.set_fact(&blocked_name(account), "").await?;
        }
        let entry = (account.to_owned(), AttentionKind::StockBlocked, account.to_owned());
        Ok(self.store.settle(&[entry], now).await?)
    }

    /// Reads the orders of an account for a stock run, unless they are known up to `needed` already. What is new is kept, so that its
    /// units count; the order job does everything else with it.
    pub(crate) async fn read_orders_until(
        &self,
        context: &RunContext,
        step: &Step,
        marketplace: &Arc<Guarded>,
        needed: Timestamp,
    ) -> Result<Reading, Failure> {
        let account = marketplace.account().name.clone();
        let turn = tokio::select! {
            turn = self.turns.of(&account) => turn,
            () = context.stopped() => return Err(Failure::transient("the run was asked to stop")),
        };
        let now = context.clock().now();
        let is_known = |until: Option<Timestamp>| until.is_some_and(|until| until >= needed && until <= now);
        if is_known(self.read_until(&account).await?) {
            return Ok(Reading::Done);
        }
        if !has_room(marketplace.budget()) {
            return Ok(Reading::NoRoom);
        }
        let orders = Orders {
            connections: self,
            context,
            marketplace: Arc::clone(marketplace),
            parameters: OrderParameters::default(),
            steps: Steps::of(context, STEPS),
            shared: Default::default(),
            to_cancel: Default::default(),
            late: Default::default(),
        };
        let fetched = orders.fetch_in_turn(step).await;
        drop(turn);
        // An order that could not be fetched completely keeps its account from being raised only if its articles are not known.
        let now = context.clock().now();
        let until = self.read_until(&account).await?;
        match fetched {
            _ if until.is_some_and(|until| until >= needed && until <= now) => Ok(Reading::Done),
            Err(failure) => Err(failure),
            Ok(_) => Err(Failure::transient("the list of orders was not read to its end")),
        }
    }
}

/// Whether a read beside the order job's own calls leaves it half of what a minute has.
fn has_room(budget: Budget) -> bool {
    let Budget { limit, remaining, pause } = budget;
    let is_half_left =
        limit.zip(remaining).is_none_or(|(limit, remaining)| remaining.saturating_mul(2) >= limit);
    pause.is_zero() && is_half_left
}

fn time(fact: Option<String>) -> Result<Option<Timestamp>, Failure> {
    let broken = |error| Failure::refused(format!("a stored time of a read is broken: {error}"));
    fact.filter(|fact| !fact.is_empty()).map(|fact| fact.parse().map_err(broken)).transpose()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn half_of_a_minute_is_left_to_the_order_job() {
        let budget =
            |remaining| Budget { limit: Some(100), remaining: Some(remaining), pause: Duration::ZERO };
        assert!(has_room(budget(50)) && !has_room(budget(49)));
        assert!(has_room(Budget::default()), "there is no limit");
        assert!(!has_room(Budget { pause: Duration::from_secs(1), ..Budget::default() }));
    }
}
