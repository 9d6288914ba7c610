//! Step 1: lists what changed at the marketplace and keeps each raw document. Details are fetched only for orders that are
//! new or changed; an unchanged world costs list calls and nothing else.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use marktwerk_connectors::{ConnectorError, OrderEntry, OrderPage, OrderWindow, WindowReader};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::order::MarketplaceStatus;
use marktwerk_domain::shipment::Content;
use marktwerk_engine::Step;
use marktwerk_store::attention::NewAttention;
use marktwerk_store::orders::FetchedOrder;
use serde_json::{Value, json};

use super::{Orders, cursor_name};
use crate::connections::Connections;
use crate::{crash, metrics};

/// The marketplace's and our clock differ, and changes become visible late: windows overlap by this much.
pub(super) const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// Orders kept in one transaction.
const KEPT_AT_ONCE: usize = 25;
/// Orders whose details are fetched at the same time; the limiter sets the pace.
const AT_ONCE: usize = 16;
/// Orders without details that are looked through for the oldest one; more of them wait their turn.
const INCOMPLETE_AT_MOST: usize = 1_000;
/// A slice of work fetches for so long at the most, and then exports.
const LONGEST: Duration = Duration::from_secs(300);
/// Windows that follow each other in one run, where orders keep changing while they are read.
const WINDOWS: usize = 5;

/// What came of the details of one page and is not kept yet, and what failed.
#[derive(Default)]
struct Details {
    fetched: Vec<FetchedOrder>,
    /// The marketplace refuses these for good: (number, reason).
    refused: Vec<(String, String)>,
    /// The first failure that may go away.
    failure: Option<Failure>,
    failed: usize,
}

impl Orders<'_> {
    /// Fetches; answers whether a next slice has to go on.
    pub(super) async fn fetch(&self, step: &Step) -> Result<bool, Failure> {
        if let Some(numbers) = self.parameters.numbers() {
            let changed = self.read_by_number(step, &numbers).await?;
            step.info(
                format!("read {} orders again, {} had changed", numbers.len(), changed.len()),
                json!({ "orders": numbers }),
            );
            return Ok(false);
        }
        let cursor = cursor(self.connections, self.account()).await?;
        let is_scheduled = self.parameters.is_scheduled();
        let mut window = self.window(cursor);
        if is_scheduled && let Some(ahead) = cursor.filter(|cursor| *cursor > self.now()) {
            let message = format!(
                "this account was read up to {ahead}, which is ahead of the clock: it is read from now on"
            );
            step.warning(message, Value::Null).await;
        }
        if is_scheduled && let Some(oldest) = self.oldest_incomplete().await? {
            window.changed_from = window.changed_from.min(oldest);
        }
        let first_read = self.first_read().await?;
        let mut newest = cursor;
        let begin = window.changed_from;
        let mut failure: Option<Failure> = None;
        for _ in 0..WINDOWS {
            let mut reader = WindowReader::new();
            while let Some(number) = reader.next_page() {
                // What is fetched is to be exported within the same slice.
                if self.context.should_stop() || self.context.elapsed() >= LONGEST {
                    return failure.map_or(Ok(true), Err);
                }
                let page = self.marketplace.order_page(&window, number).await?;
                step.count("pages", 1);
                newest = newest.max(page.entries.iter().map(|entry| entry.changed_at).max());
                reader.accept(&page)?;
                // One order that cannot be had must not hide the pages behind it.
                let incomplete = self.keep(step, &page, first_read).await?;
                failure = failure.or(incomplete);
            }
            if !reader.has_shrunk() {
                break;
            }
            // Some orders changed while the list was read and left the window: their newest state lies after its end.
            window.changed_from = window.changed_until;
            window.changed_until = self.now();
        }
        if is_scheduled && failure.is_none() {
            self.note_unlisted(step, begin).await?;
        }
        // Without any order yet: from now on. Incomplete ones are listed again wherever the cursor is.
        let newest = newest.or(Some(window.changed_until));
        if is_scheduled && newest != cursor {
            self.set_cursor(newest).await?;
        }
        failure.map_or(Ok(false), Err)
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

    /// What is read: by default everything since the cursor, whatever its status, so that cancellations are seen.
    fn window(&self, cursor: Option<Timestamp>) -> OrderWindow {
        let now = self.now();
        if let Some((changed_from, changed_until)) = self.parameters.period() {
            let status = self.parameters.parent_order_status.filter(|status| *status != 0);
            return OrderWindow { changed_from, changed_until: changed_until.min(now), status };
        }
        let days_ago = |days: u32| now - SignedDuration::from_hours(24 * i64::from(days));
        let first_days = self.connections.settings.orders.first_days;
        let changed_from = match (self.parameters.days_back, cursor) {
            (Some(days), _) => days_ago(days),
            // A cursor ahead of the clock would hide everything until then.
            (None, Some(cursor)) if self.parameters.parent_order_status.is_none() => {
                cursor.min(now) - OVERLAP
            }
            (None, _) => days_ago(first_days),
        };
        let status = self.parameters.parent_order_status.filter(|status| *status != 0);
        OrderWindow { changed_from, changed_until: now, status }
    }

    /// The oldest change of the orders that lack their details: they have to be listed again, wherever the cursor is.
    async fn oldest_incomplete(&self) -> Result<Option<Timestamp>, Failure> {
        let unread = self.connections.store.unread_orders(self.account(), None, INCOMPLETE_AT_MOST).await?;
        let incomplete =
            unread.iter().filter(|order| order.status == MarketplaceStatus::Ready && !order.is_complete);
        Ok(incomplete.map(|order| order.changed_at).min())
    }

    /// Keeps what is new or changed on a page. Answers with a failure that left orders
    /// incomplete and may go away; one that concerns the whole account is an error.
    pub(super) async fn keep(
        &self,
        step: &Step,
        page: &OrderPage,
        first_read: Timestamp,
    ) -> Result<Option<Failure>, Failure> {
        self.show_malformed(step, page).await?;
        let numbers: Vec<String> = page.entries.iter().map(|entry| entry.number.clone()).collect();
        let known = self.connections.store.known_changes(self.account(), &numbers).await?;
        let is_news = |entry: &&OrderEntry| match known.get(&entry.number) {
            None => true,
            Some(known) => {
                // An incomplete one that was looked at is refused for good, until it changes.
                let is_to_be_completed = !known.is_complete && known.is_unread;
                entry.changed_at > known.changed_at
                    || entry.status != known.status
                    || (entry.status == MarketplaceStatus::Ready && is_to_be_completed)
            }
        };
        let news: Vec<&OrderEntry> = page.entries.iter().filter(is_news).collect();
        if news.is_empty() {
            return Ok(None);
        }
        self.keep_news(step, &news, first_read).await
    }

    /// Fetches the details of what is new. A page of a hundred takes ten seconds at TEMU's pace: what is there is kept
    /// meanwhile, some at a time and each time in one transaction, without a pause in the calls.
    async fn keep_news(
        &self,
        step: &Step,
        news: &[&OrderEntry],
        first_read: Timestamp,
    ) -> Result<Option<Failure>, Failure> {
        // Boxed: the compiler cannot prove a stream of borrowing futures to be Send.
        let calls: Vec<BoxFuture<'_, _>> =
            news.iter().map(|entry| self.detail(entry, first_read).boxed()).collect();
        let mut answers = futures::stream::iter(calls).buffer_unordered(AT_ONCE);
        let mut details = Details::default();
        loop {
            let answer = answers.next().await;
            let is_over = answer.is_none();
            if let Some((fetched, error)) = answer {
                self.note(step, &mut details, fetched, error).await;
            }
            if is_over || details.fetched.len() >= KEPT_AT_ONCE {
                self.keep_some(step, &mut details).await?;
            }
            match &details.failure {
                Some(failure) if is_over => {
                    let message = format!(
                        "{} orders could not be fetched completely; the first: {failure}",
                        details.failed
                    );
                    return Ok(Some(Failure::new(failure.class, message)));
                }
                None if is_over => return Ok(None),
                _ => {}
            }
        }
    }

    /// Keeps what has come so far. A failure that concerns the whole account ends the fetching.
    async fn keep_some(&self, step: &Step, details: &mut Details) -> Result<(), Failure> {
        let (fetched, refused) = (std::mem::take(&mut details.fetched), std::mem::take(&mut details.refused));
        self.connections.store.save_fetched(self.account(), &fetched, self.now()).await?;
        metrics::orders_fetched(self.account(), fetched.len());
        self.set_aside_refused(&refused).await?;
        crash::point("fetch.page_saved");
        step.count("orders", i64::try_from(fetched.len()).unwrap_or(i64::MAX));
        match &details.failure {
            Some(failure) if concerns_account(failure) => Err(failure.clone()),
            _ => Ok(()),
        }
    }

    /// Entries of the list that cannot be read: shown once, and the others go on.
    async fn show_malformed(&self, step: &Step, page: &OrderPage) -> Result<(), Failure> {
        if page.malformed.is_empty() {
            return Ok(());
        }
        let open = self.connections.store.attentions().await?;
        for malformed in &page.malformed {
            let subject = malformed.number.as_deref().unwrap_or("without a number");
            let message = format!(
                "an entry of the order list cannot be read: {}; look at it in the marketplace",
                malformed.reason
            );
            let attention = NewAttention {
                account: self.account().to_owned(),
                kind: AttentionKind::SetAside,
                subject: subject.to_owned(),
                message,
            };
            let is_shown = open.iter().any(|item| {
                (item.account.as_str(), item.kind, item.subject.as_str())
                    == (self.account(), attention.kind, subject)
            });
            if !is_shown {
                step.warning(format!("order {subject}: {}", attention.message), Value::Null).await;
                self.connections.store.raise(&[attention], self.now()).await?;
            }
        }
        Ok(())
    }

    /// Sorts one answer.
    async fn note(
        &self,
        step: &Step,
        details: &mut Details,
        fetched: FetchedOrder,
        error: Option<ConnectorError>,
    ) {
        step.context().progress();
        let number = fetched.number.clone();
        if let Some(error) = &error {
            let failure = error.failure();
            if error.concerns_one_order() {
                step.warning(format!("order {number}: {failure}"), Value::Null).await;
                details.refused.push((number, failure.message));
            } else {
                step.info(format!("order {number} stays incomplete for now: {failure}"), Value::Null);
                // An order that the marketplace itself has not finished is no failure.
                if !matches!(error, ConnectorError::NotReady { .. }) {
                    details.failed += 1;
                    details.failure.get_or_insert(failure);
                }
            }
        }
        if self.parameters.verbose.unwrap_or(false) {
            let fields = json!({ "status": fetched.status.as_str() });
            step.info(format!("order {} fetched", fetched.number), fields);
        }
        // A pending order whose articles are not known would reserve nothing: it is read again.
        if error.is_none() || fetched.status == MarketplaceStatus::Ready {
            details.fetched.push(fetched);
        }
    }

    /// One order with everything that can be had. Only what is to be shipped has details: a pending one may vanish, and
    /// after shipment the marketplace gives no address.
    async fn detail(
        &self,
        entry: &OrderEntry,
        first_read: Timestamp,
    ) -> (FetchedOrder, Option<ConnectorError>) {
        let is_over = matches!(entry.status, MarketplaceStatus::Shipped | MarketplaceStatus::Cancelled);
        let mut fetched = FetchedOrder {
            number: entry.number.clone(),
            changed_at: entry.changed_at,
            ordered_at: entry.ordered_at,
            status: entry.status,
            raw: json!({ "order": entry.raw }),
            is_complete: false,
            contents: Vec::new(),
            was_over: is_over && entry.changed_at < first_read,
        };
        match self.marketplace.order_contents(entry).await {
            Ok(contents) => fetched.contents = contents,
            Err(error) => return (fetched, Some(error)),
        }
        if entry.status != MarketplaceStatus::Ready {
            return (fetched, None);
        }
        match self.marketplace.order_details(entry).await {
            Ok(raw) => {
                // Here is what will be handed over, to the unit.
                if let Ok(order) = self.marketplace.translate(&raw) {
                    let content = |line: &marktwerk_domain::order::OrderLine| Content {
                        sku: line.sku.clone(),
                        quantity: line.quantity(),
                    };
                    fetched.contents = order.lines.iter().map(content).collect();
                }
                fetched.raw = raw;
                fetched.is_complete = true;
                (fetched, None)
            }
            Err(error) => (fetched, Some(error)),
        }
    }

    /// The marketplace refuses these orders' details.
    async fn set_aside_refused(&self, refused: &[(String, String)]) -> Result<(), Failure> {
        let mut changes = Vec::with_capacity(refused.len());
        for (number, reason) in refused {
            if let Some(record) = self.connections.store.order(self.account(), number).await? {
                changes.push(self.set_aside(&record, reason.clone()));
            }
        }
        self.save(&changes).await.map(drop)
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

/// Whether every other order would fail in the same way.
fn concerns_account(failure: &Failure) -> bool {
    matches!(
        failure.class,
        FailureClass::Unauthorised | FailureClass::RateLimited { .. } | FailureClass::Refused
    )
}
