//! Step 1: lists what changed at the marketplace, window by window, and says how far the orders are known. What becomes of each page
//! is in `page.rs`.

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use marktwerk_connectors::{Marketplace, OrderWindow};
use marktwerk_domain::failure::Failure;
use marktwerk_domain::order::MarketplaceStatus;
use marktwerk_engine::Step;
use marktwerk_store::inventory::ListingFilter;
use serde_json::{Value, json};

use super::{Orders, cursor_name};
use crate::connections::Connections;

/// Orders without details that are looked through for the oldest one; more of them wait their turn.
const INCOMPLETE_AT_MOST: usize = 1_000;
/// A slice of work fetches for at most this long, and then exports.
const LONGEST: Duration = Duration::from_secs(300);

impl Orders<'_> {
    /// Fetches; answers whether a next slice has to go on. Nobody else reads the account's orders meanwhile.
    pub(super) async fn fetch(&self, step: &Step) -> Result<bool, Failure> {
        if let Some(numbers) = self.parameters.numbers() {
            let again = self.read_by_number(step, &numbers).await?;
            let text = format!("orders read again: {}", numbers.join(", "));
            step.info(text, json!({ "orders": numbers, "changed": again.has_changed }));
            if !again.unknown.is_empty() {
                step.count("unknown", i64::try_from(again.unknown.len()).unwrap_or(i64::MAX));
                let text = format!("the marketplace does not know {}", again.unknown.join(", "));
                step.warning(text, json!({ "orders": again.unknown })).await;
            }
            return again.failure.map_or(Ok(false), Err);
        }
        let turn = self.connections.turns.of(self.account()).await;
        let fetched = self.fetch_in_turn(step).await;
        drop(turn);
        fetched
    }

    /// The same for a caller whose turn it is.
    pub(super) async fn fetch_in_turn(&self, step: &Step) -> Result<bool, Failure> {
        let is_scheduled = self.parameters.is_scheduled();
        let stored = cursor(self.connections, self.account()).await?;
        let cursor = stored.map(|cursor| if cursor > self.now() { self.first_window() } else { cursor });
        if is_scheduled && cursor != stored {
            self.restart_reading(step, stored).await?;
        }
        let mut window = self.window(cursor);
        if is_scheduled && let Some(oldest) = self.oldest_incomplete().await? {
            window.changed_from = window.changed_from.min(oldest);
        }
        if is_scheduled && let Some(sale) = self.oldest_unseen().await? {
            window.changed_from = window.changed_from.min(sale);
        }
        let first_read = self.first_read().await?;
        let mut newest = cursor.filter(|_| cursor == stored);
        let (begin, end) = (window.changed_from, window.changed_until);
        let unread = self.unread_numbers().await?;
        let mut failure: Option<Failure> = None;
        let mut reader = self.marketplace.read_orders(window);
        while !reader.is_complete() {
            // What is fetched is to be exported within the same slice.
            if self.context.should_stop() || self.context.elapsed() >= LONGEST {
                return failure.map_or(Ok(true), Err);
            }
            let batch = reader.next().await?;
            step.count("pages", 1);
            newest = newest.max(batch.entries.iter().map(|entry| entry.changed_at).max());
            // One order that cannot be had must not hide the pages behind it.
            let incomplete = self.keep(step, &batch, first_read, &unread).await?;
            failure = failure.or(incomplete);
        }
        let read_until = reader.read_until();
        drop(reader);
        match self.keep_late(step, first_read, &unread).await {
            Ok(late) => failure = failure.or(late),
            // They are known to be incomplete, and are listed again wherever the cursor is.
            Err(late) if self.marketplace.outage().is_some() => failure = failure.or(Some(late)),
            Err(error) => return Err(error),
        }
        if is_scheduled && failure.is_none() {
            self.note_unlisted(step, begin).await?;
        }
        // Without any order yet: from now on. Incomplete ones are listed again wherever the cursor is.
        let newest = newest.or(read_until).or(Some(end));
        if is_scheduled && newest != cursor {
            self.set_cursor(newest).await?;
        }
        // Orders that could not be fetched completely count with their articles, or are known not to be known.
        if let Some(until) = read_until.filter(|_| is_scheduled) {
            self.connections.note_read(self.account(), until, self.now()).await?;
        }
        failure.map_or(Ok(false), Err)
    }

    /// Numbers of the entries whose articles are not known.
    pub(super) async fn unread_numbers(&self) -> Result<HashSet<String>, Failure> {
        let unread = self.connections.store.unread_entries(self.account()).await?;
        Ok(unread.into_iter().map(|entry| entry.number).collect())
    }

    /// When the account was read for the first time. What was over before, and is not known, is history.
    pub(super) async fn first_read(&self) -> Result<Timestamp, Failure> {
        let name = format!("orders.first_read.{}", self.account());
        let stored = self.connections.store.fact(&name).await?.and_then(|stored| stored.parse().ok());
        if let Some(stored) = stored {
            return Ok(stored);
        }
        let now = self.now();
        self.connections.store.set_fact(&name, &now.to_string()).await?;
        Ok(now)
    }

    /// From where the first run of an account reads.
    fn first_window(&self) -> Timestamp {
        self.now() - SignedDuration::from_hours(24 * i64::from(self.connections.settings.orders.first_days))
    }

    /// Up to where the list is complete.
    fn list_end(&self) -> Timestamp {
        self.now() - self.marketplace.rules().lag
    }

    /// The clock was put back: what was read while it was ahead is not known. Read as for the first time, which finds nothing that is
    /// known already to be new. Said once, because the cursor is right from now on.
    async fn restart_reading(&self, step: &Step, ahead: Option<Timestamp>) -> Result<(), Failure> {
        let begin = self.first_window();
        let message = format!(
            "the orders of this account seem to be read up to {}, which lies ahead of the clock ({}): the clock was put back. \
             They are read again from {begin} on; what is known already is not fetched again",
            ahead.unwrap_or(begin),
            self.now()
        );
        step.warning(message, Value::Null).await;
        Ok(self.connections.store.set_fact(&cursor_name(self.account()), &begin.to_string()).await?)
    }

    /// What is read: by default everything since the cursor, whatever its status, so that cancellations are seen.
    fn window(&self, cursor: Option<Timestamp>) -> OrderWindow {
        if let Some((changed_from, changed_until)) = self.parameters.period() {
            let status = self.parameters.status.clone();
            return OrderWindow { changed_from, changed_until: changed_until.min(self.list_end()), status };
        }
        let changed_from = match (self.parameters.days_back, cursor) {
            (Some(days), _) => self.now() - SignedDuration::from_hours(24 * i64::from(days)),
            (None, Some(cursor)) if self.parameters.status.is_none() => {
                cursor - self.marketplace.rules().overlap
            }
            (None, _) => self.first_window(),
        };
        let status = self.parameters.status.clone();
        OrderWindow { changed_from, changed_until: self.list_end(), status }
    }

    /// The oldest change of the orders that lack their details: they have to be listed again, wherever the cursor is.
    async fn oldest_incomplete(&self) -> Result<Option<Timestamp>, Failure> {
        let unread = self.connections.store.unread_orders(self.account(), None, INCOMPLETE_AT_MOST).await?;
        let incomplete =
            unread.iter().filter(|order| order.status == MarketplaceStatus::Ready && !order.is_complete);
        Ok(incomplete.map(|order| order.changed_at).min())
    }

    /// Before the oldest sale that no order explains: its order may be shown behind newer ones, where the cursor would pass it by.
    async fn oldest_unseen(&self) -> Result<Option<Timestamp>, Failure> {
        let account = self.account();
        let filter =
            ListingFilter { account: Some(account.to_owned()), has_unseen: true, ..ListingFilter::default() };
        let found = self.connections.store.find_listings(&filter).await?;
        let read_until = self.connections.read_until(account).await?.filter(|until| *until <= self.now());
        let within = self.connections.visible_within(account);
        let unseen = found.iter().map(|(_, record)| record.figures.without_what_was_read(read_until, within));
        let noticed = unseen.filter_map(|figures| figures.unseen_at).min();
        Ok(noticed.and_then(|noticed| noticed.checked_sub(within * 2).ok()))
    }

    async fn set_cursor(&self, newest: Option<Timestamp>) -> Result<(), Failure> {
        let Some(newest) = newest else { return Ok(()) };
        // A change in the future would hide all others until then.
        let newest = newest.min(self.now());
        Ok(self.connections.store.set_fact(&cursor_name(self.account()), &newest.to_string()).await?)
    }
}

/// The newest change that was read completely.
pub(super) async fn cursor(connections: &Connections, account: &str) -> Result<Option<Timestamp>, Failure> {
    let stored = connections.store.fact(&cursor_name(account)).await?;
    let broken = |error| Failure::refused(format!("the cursor of the account {account} is broken: {error}"));
    stored.map(|text| text.parse().map_err(broken)).transpose()
}
