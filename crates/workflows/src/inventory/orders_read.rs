//! How far the orders of the accounts are known: read where they are not, and shown to a person where they cannot be read for long.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use marktwerk_connectors::Marketplace;
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::reason::Reason;
use marktwerk_domain::stock::{AccountReads, OwnRead, StockEntry};
use marktwerk_engine::Step;
use marktwerk_store::stock;
use serde_json::Value;

use super::Inventory;
use crate::orders::{Reading, cursor_name};

/// If raises have waited for this long, an entry says why.
const BLOCKED_FOR: SignedDuration = SignedDuration::from_mins(30);

/// What a run saw of the accounts.
#[derive(Default)]
pub(super) struct OrdersRead {
    pub(super) own: OwnRead,
    pub(super) reads: BTreeMap<String, AccountReads>,
}

impl Inventory<'_> {
    /// Makes the own account's orders known up to JTL's figures. Where they cannot be read, its listings are read live, unless that
    /// was done in this run already.
    pub(super) async fn see_own(
        &self,
        step: &Step,
        figure_at: Timestamp,
        is_live: bool,
    ) -> Result<OrdersRead, Failure> {
        let account = self.account().to_owned();
        let (reads, failure) = self.see(step, &account, figure_at).await?;
        let own = match failure {
            None if reads.cover(figure_at, self.now()) => OwnRead::Read,
            None => OwnRead::NotAsked,
            Some(failure) => {
                step.warning(format!("the orders of {account} cannot be read: {failure}"), Value::Null).await;
                // Another list, which may be had although this one is not.
                self.marketplace.begin_step();
                let is_live = is_live || (!self.context.should_stop() && self.read_live(step).await?);
                if is_live { OwnRead::Live } else { OwnRead::Nothing }
            }
        };
        Ok(OrdersRead { own, reads: BTreeMap::from([(account, reads)]) })
    }

    /// Reads the listings live, because figures that are not known would be written beside orders that are not known.
    pub(super) async fn see_figures(&self, step: &Step) -> Result<(), Failure> {
        if self.context.should_stop() {
            return Ok(());
        }
        match self.read_listings(step).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.class == FailureClass::Unauthorised => Err(failure),
            Err(failure) => {
                let message =
                    format!("the listings cannot be read live before their figures are written: {failure}");
                step.warning(message, Value::Null).await;
                Ok(())
            }
        }
    }

    /// Whether the listings could be read live. Where the account is not let in, nothing can be written either.
    async fn read_live(&self, step: &Step) -> Result<bool, Failure> {
        match self.read_listings(step).await {
            Ok(_) => {
                step.info("the listings were read live instead: what they show is not raised", Value::Null);
                Ok(true)
            }
            Err(failure) if failure.class == FailureClass::Unauthorised => Err(failure),
            Err(failure) => {
                let message = format!("nor can the listings: {failure}; what has to fall falls to 0");
                step.warning(message, Value::Null).await;
                Ok(false)
            }
        }
    }

    /// Makes the orders of other accounts known up to JTL's figures.
    pub(super) async fn see_others(
        &self,
        step: &Step,
        sight: &mut OrdersRead,
        accounts: BTreeSet<String>,
        figure_at: Timestamp,
    ) -> Result<(), Failure> {
        for account in accounts {
            if sight.reads.contains_key(&account) {
                continue;
            }
            let (reads, failure) = self.see(step, &account, figure_at).await?;
            if let Some(failure) = failure {
                step.warning(format!("the orders of {account} cannot be read: {failure}"), Value::Null).await;
            }
            sight.reads.insert(account, reads);
        }
        Ok(())
    }

    /// How far an account's orders are known after an attempt to read them, and why it failed.
    async fn see(
        &self,
        step: &Step,
        account: &str,
        figure_at: Timestamp,
    ) -> Result<(AccountReads, Option<String>), Failure> {
        let connections = self.connections;
        let mut failure = None;
        let mut reads = AccountReads::default();
        let marketplace = match account == self.account() {
            true => Ok(Arc::clone(&self.marketplace)),
            false => connections.guarded(account),
        };
        match marketplace {
            Err(_) => {
                reads.cause = Some(Reason::new([
                    "it is not in the settings any more",
                    "es steht nicht mehr in den Einstellungen",
                ]))
            }
            // The first read takes long, and is the order job's.
            Ok(_) if connections.store.fact(&cursor_name(account)).await?.is_none() => {
                reads.cause = Some(Reason::new([
                    "they were never read: its order job reads them first",
                    "sie wurden noch nie gelesen: Das tut zuerst der Bestelljob",
                ]));
            }
            Ok(marketplace) => {
                reads.lag = marketplace.rules().lag;
                let needed = figure_at - reads.lag;
                match connections.read_orders_until(self.context, step, &marketplace, needed).await {
                    Ok(Reading::Done) => {}
                    Ok(Reading::NoRoom) => {
                        reads.cause = Some(Reason::new([
                            "the calls that are left belong to its order job",
                            "die übrigen Aufrufe gehören dem Bestelljob",
                        ]));
                    }
                    Err(error) => failure = Some(error.message),
                }
            }
        }
        reads.until = connections.read_until(account).await?;
        reads.unknown_orders = connections.unknown_orders(account).await?;
        reads.cause = reads.cause.or(failure.clone().map(Reason::quoted));
        Ok((reads, failure))
    }

    /// Raises wait for these accounts, and for the others they do not. What lasts is shown.
    pub(super) async fn note_blocked(
        &self,
        sight: &OrdersRead,
        blocked: &BTreeSet<String>,
    ) -> Result<(), Failure> {
        let now = self.now();
        for (account, reads) in &sight.reads {
            if !blocked.contains(account) {
                self.connections.unblock(account, now).await?;
                continue;
            }
            let since = self.connections.block(account, now).await?;
            if now.duration_since(since) < BLOCKED_FOR {
                continue;
            }
            let entry = StockEntry::Blocked {
                account: account.clone(),
                since,
                cause: reads.cause.clone(),
                orders: reads.unknown_orders.clone(),
            };
            self.connections.store.raise(&[stock::attention(account, account, &entry)], now).await?;
        }
        Ok(())
    }
}
