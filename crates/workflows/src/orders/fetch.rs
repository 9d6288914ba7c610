//! Step 1: lists what changed at the marketplace and keeps each raw document. Details are fetched only for orders that are
//! new or changed; an unchanged world costs list calls and nothing else.

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use jiff::{SignedDuration, Timestamp};
use marktwerk_connectors::{ConnectorError, OrderEntry, OrderPage, OrderWindow, WindowReader};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use marktwerk_domain::shipment::Content;
use marktwerk_engine::Step;
use marktwerk_store::orders::{FetchedOrder, OrderChange, OrderPatch};
use serde_json::{Value, json};

use super::Orders;
use crate::crash;

/// The marketplace's and our clock differ, and changes become visible late: windows overlap by this much.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// Orders whose details are fetched at the same time; the limiter sets the pace.
const AT_ONCE: usize = 16;
/// Orders without details that are looked through for the oldest one; more of them wait their turn.
const INCOMPLETE_AT_MOST: usize = 1_000;
/// Windows that follow each other in one run, where orders keep changing while they are read.
const WINDOWS: usize = 5;

/// What came of the details of one page.
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
        let cursor = self.cursor().await?;
        let is_scheduled =
            self.parameters.days_back.is_none() && self.parameters.parent_order_status.is_none();
        let mut window = self.window(cursor);
        if is_scheduled && let Some(oldest) = self.oldest_incomplete().await? {
            window.changed_from = window.changed_from.min(oldest);
        }
        let mut newest = cursor;
        for _ in 0..WINDOWS {
            let mut reader = WindowReader::new();
            while let Some(number) = reader.next_page() {
                if self.context.should_stop() {
                    return Ok(true);
                }
                let page = self.marketplace.order_page(&window, number).await?;
                step.count("pages", 1);
                newest = newest.max(page.entries.iter().map(|entry| entry.changed_at).max());
                reader.accept(&page)?;
                self.keep(step, &page).await?;
            }
            if !reader.has_shrunk() {
                break;
            }
            // Some orders changed while the list was read and left the window: their newest state lies after its end.
            window.changed_from = window.changed_until;
            window.changed_until = self.now();
        }
        if is_scheduled && newest != cursor {
            self.set_cursor(newest).await?;
        }
        Ok(false)
    }

    /// What is read: by default everything since the cursor, whatever its status, so that cancellations are seen.
    fn window(&self, cursor: Option<Timestamp>) -> OrderWindow {
        let now = self.now();
        let days_ago = |days: u32| now - SignedDuration::from_hours(24 * i64::from(days));
        let first_days = self.connections.settings.orders.first_days;
        let changed_from = match (self.parameters.days_back, cursor) {
            (Some(days), _) => days_ago(days),
            (None, Some(cursor)) if self.parameters.parent_order_status.is_none() => cursor - OVERLAP,
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

    /// Keeps a page: details of what is new or changed, then one transaction.
    async fn keep(&self, step: &Step, page: &OrderPage) -> Result<(), Failure> {
        for malformed in &page.malformed {
            let subject = malformed.number.as_deref().unwrap_or("without a number");
            let message = format!(
                "an entry of the order list cannot be read: {}; look at it in the marketplace",
                malformed.reason
            );
            step.warning(format!("order {subject}: {message}"), Value::Null).await;
            let attention = self.attention(AttentionKind::SetAside, subject, message);
            self.connections.store.raise(&[attention], self.now()).await?;
        }
        let numbers: Vec<String> = page.entries.iter().map(|entry| entry.number.clone()).collect();
        let known = self.connections.store.known_changes(self.account(), &numbers).await?;
        let is_news = |entry: &&OrderEntry| match known.get(&entry.number) {
            None => true,
            Some(known) => {
                entry.changed_at > known.changed_at
                    || entry.status != known.status
                    || (entry.status == MarketplaceStatus::Ready && !known.is_complete)
            }
        };
        let news: Vec<&OrderEntry> = page.entries.iter().filter(is_news).collect();
        if news.is_empty() {
            return Ok(());
        }
        let details = self.details(step, &news).await;
        self.connections.store.save_fetched(self.account(), &details.fetched, self.now()).await?;
        self.set_aside_refused(&details.refused).await?;
        crash::point("fetch.page_saved");
        step.count("orders", i64::try_from(details.fetched.len()).unwrap_or(i64::MAX));
        match details.failure {
            None => Ok(()),
            Some(failure) => {
                let message = format!(
                    "{} orders could not be fetched completely; the first: {failure}",
                    details.failed
                );
                Err(Failure::new(failure.class, message))
            }
        }
    }

    async fn details(&self, step: &Step, news: &[&OrderEntry]) -> Details {
        let mut details = Details::default();
        // Boxed: the compiler cannot prove a stream of borrowing futures to be Send.
        let calls: Vec<BoxFuture<'_, _>> = news.iter().map(|entry| self.detail(entry).boxed()).collect();
        let mut answers = futures::stream::iter(calls).buffered(AT_ONCE);
        while let Some((fetched, error)) = answers.next().await {
            step.context().progress();
            let number = fetched.number.clone();
            if let Some(error) = error {
                let failure = error.failure();
                if failure.class == FailureClass::Refused {
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
                step.info(
                    format!("order {} fetched", fetched.number),
                    json!({ "status": fetched.status.as_str() }),
                );
            }
            details.fetched.push(fetched);
        }
        details
    }

    /// One order with everything that can be had. Only what is to be shipped has details: a pending one may vanish, and
    /// after shipment the marketplace gives no address.
    async fn detail(&self, entry: &OrderEntry) -> (FetchedOrder, Option<ConnectorError>) {
        let mut fetched = FetchedOrder {
            number: entry.number.clone(),
            changed_at: entry.changed_at,
            ordered_at: entry.ordered_at,
            status: entry.status,
            raw: json!({ "order": entry.raw }),
            is_complete: false,
            contents: Vec::new(),
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

    async fn set_aside_refused(&self, refused: &[(String, String)]) -> Result<(), Failure> {
        let changes: Vec<OrderChange> = refused
            .iter()
            .map(|(number, reason)| OrderChange {
                number: number.clone(),
                from: vec![OrderState::Fetched],
                seen_change: None,
                patch: OrderPatch {
                    state: Some(OrderState::SetAside),
                    reason: Some(Some(reason.clone())),
                    is_unread: Some(false),
                    ..OrderPatch::default()
                },
                raise: vec![self.attention(AttentionKind::SetAside, number, reason.clone())],
                settle: Vec::new(),
            })
            .collect();
        self.save(&changes).await.map(drop)
    }

    fn cursor_name(&self) -> String {
        format!("orders.cursor.{}", self.account())
    }

    /// The newest change that was read completely.
    async fn cursor(&self) -> Result<Option<Timestamp>, Failure> {
        let stored = self.connections.store.fact(&self.cursor_name()).await?;
        stored
            .map(|text| {
                text.parse().map_err(|error| {
                    Failure::refused(format!("the cursor of this account is broken: {error}"))
                })
            })
            .transpose()
    }

    async fn set_cursor(&self, newest: Option<Timestamp>) -> Result<(), Failure> {
        let Some(newest) = newest else { return Ok(()) };
        // A change in the future would hide all others until then.
        let newest = newest.min(self.now());
        Ok(self.connections.store.set_fact(&self.cursor_name(), &newest.to_string()).await?)
    }
}
