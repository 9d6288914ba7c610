//! One page of the order list: what is new or changed is kept with its raw document. Details are fetched only for that; an unchanged
//! world costs list calls and nothing else. Entries whose articles are not known are noted, because they keep stock from being raised.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::PoisonError;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::Timestamp;
use marktwerk_connectors::{ConnectorError, Marketplace, OrderBatch, OrderEntry, OrderUnits};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_domain::order::MarketplaceStatus;
use marktwerk_domain::reason::Reason;
use marktwerk_domain::shipment::Content;
use marktwerk_domain::stock::lost::fingerprint;
use marktwerk_engine::Step;
use marktwerk_store::attention::NewAttention;
use marktwerk_store::orders::{FetchedOrder, KnownChange};
use marktwerk_store::stock::UnreadEntry;
use serde_json::{Value, json};

use super::Orders;
use crate::outage::Call;
use crate::{crash, metrics};

/// Orders kept in one transaction.
const KEPT_AT_ONCE: usize = 25;
/// Orders whose details are fetched at the same time; the limiter sets the pace.
const AT_ONCE: usize = 16;

/// An order as it was fetched.
struct Fetched {
    order: FetchedOrder,
    error: Option<ConnectorError>,
    /// What it takes from stock is not known.
    lacks_articles: bool,
}

/// What came of the details of one page and is not kept yet, and what failed.
#[derive(Default)]
struct Details {
    fetched: Vec<FetchedOrder>,
    /// Orders whose articles are not known.
    unknown: Vec<UnreadEntry>,
    /// Numbers of those whose articles are known.
    known: Vec<String>,
    /// The marketplace refuses these for good: (number, reason).
    refused: Vec<(String, String)>,
    /// The first failure that may go away.
    failure: Option<Failure>,
    failed: usize,
}

impl Orders<'_> {
    /// Keeps what is new or changed on a page. Answers with a failure that left orders
    /// incomplete and may go away; one that concerns the whole account is an error.
    pub(super) async fn keep(
        &self,
        step: &Step,
        batch: &OrderBatch,
        first_read: Timestamp,
        unread: &HashSet<String>,
    ) -> Result<Option<Failure>, Failure> {
        self.show_malformed(step, batch).await?;
        self.note_unread(batch, unread).await?;
        let numbers: Vec<String> = batch.entries.iter().map(|entry| entry.number.clone()).collect();
        let known = self.connections.store.known_changes(self.account(), &numbers).await?;
        let is_news = |entry: &&OrderEntry| match known.get(&entry.number) {
            None => true,
            Some(known) => {
                // An incomplete one that was looked at is refused for good, until it changes.
                let is_to_be_completed = !known.is_complete && known.is_unread;
                // What an earlier version has stored is looked at once more while it is to be shipped.
                let says_the_same = match &known.fingerprint {
                    Some(fingerprint) => *fingerprint == entry.fingerprint,
                    None => entry.status != MarketplaceStatus::Ready,
                };
                entry.changed_at > known.changed_at
                    || entry.status != known.status
                    || (entry.changed_at == known.changed_at && !says_the_same)
                    || (entry.status == MarketplaceStatus::Ready && is_to_be_completed)
            }
        };
        let news: Vec<&OrderEntry> = batch.entries.iter().filter(is_news).collect();
        self.note_read_again(batch, &known, &news, unread).await?;
        let last = self.marketplace.last_in_line(&[Call::Contents, Call::Details]);
        let (late, news): (Vec<&OrderEntry>, Vec<&OrderEntry>) =
            news.into_iter().partition(|entry| last.contains(&entry.number));
        self.late.lock().unwrap_or_else(PoisonError::into_inner).extend(late.into_iter().cloned());
        self.keep_news(step, &news, first_read, unread).await
    }

    /// Keeps what was put off because it failed before. To be called after the last page.
    pub(super) async fn keep_late(
        &self,
        step: &Step,
        first_read: Timestamp,
        unread: &HashSet<String>,
    ) -> Result<Option<Failure>, Failure> {
        let late = std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner));
        // A list that was read twice shows them twice.
        let late: BTreeMap<&str, &OrderEntry> =
            late.iter().map(|entry| (entry.number.as_str(), entry)).collect();
        self.keep_news(step, &late.into_values().collect::<Vec<_>>(), first_read, unread).await
    }

    /// Entries that cannot be read keep back what they may have sold.
    async fn note_unread(&self, batch: &OrderBatch, unread: &HashSet<String>) -> Result<(), Failure> {
        let entries = batch.malformed.iter().map(|malformed| UnreadEntry {
            number: malformed.number.clone().unwrap_or_else(|| nameless(&malformed.raw)),
            reason: malformed.reason.clone(),
            since: self.now(),
            left_out_at: None,
        });
        let entries: Vec<UnreadEntry> = entries.filter(|entry| !unread.contains(&entry.number)).collect();
        Ok(self.connections.store.change_unread_entries(self.account(), &entries, &[]).await?)
    }

    /// Entries that could not be read once, and say what is known already.
    async fn note_read_again(
        &self,
        batch: &OrderBatch,
        known: &HashMap<String, KnownChange>,
        news: &[&OrderEntry],
        unread: &HashSet<String>,
    ) -> Result<(), Failure> {
        let is_read = |entry: &&OrderEntry| {
            let is_whole =
                |known: &KnownChange| known.is_complete || entry.status != MarketplaceStatus::Ready;
            unread.contains(&entry.number)
                && known.get(&entry.number).is_some_and(is_whole)
                && news.iter().all(|new| new.number != entry.number)
        };
        let read: Vec<String> =
            batch.entries.iter().filter(is_read).map(|entry| entry.number.clone()).collect();
        Ok(self.connections.store.change_unread_entries(self.account(), &[], &read).await?)
    }

    /// Fetches the details of what is new. A page of a hundred takes ten seconds at TEMU's pace: what is there is kept
    /// meanwhile, some at a time and each time in one transaction, without a pause in the calls.
    async fn keep_news(
        &self,
        step: &Step,
        news: &[&OrderEntry],
        first_read: Timestamp,
        unread: &HashSet<String>,
    ) -> Result<Option<Failure>, Failure> {
        // Boxed: the compiler cannot prove a stream of borrowing futures to be Send.
        let calls: Vec<BoxFuture<'_, _>> =
            news.iter().map(|entry| self.detail(entry, first_read).boxed()).collect();
        let mut answers = self.marketplace.each(AT_ONCE, calls);
        let mut details = Details::default();
        loop {
            let answer = answers.next().await;
            let is_over = answer.is_none();
            if let Some(fetched) = answer {
                self.note(step, &mut details, fetched).await;
            }
            if is_over || details.fetched.len() >= KEPT_AT_ONCE {
                self.keep_some(step, &mut details, unread).await?;
            }
            if let (true, Some(failure)) = (is_over, self.marketplace.outage()) {
                return Err(failure);
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
    async fn keep_some(
        &self,
        step: &Step,
        details: &mut Details,
        unread: &HashSet<String>,
    ) -> Result<(), Failure> {
        let (fetched, refused) = (std::mem::take(&mut details.fetched), std::mem::take(&mut details.refused));
        let (mut unknown, mut known) =
            (std::mem::take(&mut details.unknown), std::mem::take(&mut details.known));
        unknown.retain(|entry| !unread.contains(&entry.number));
        known.retain(|number| unread.contains(number));
        let store = &self.connections.store;
        store.save_fetched(self.account(), &fetched, self.now()).await?;
        store.change_unread_entries(self.account(), &unknown, &known).await?;
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
    async fn show_malformed(&self, step: &Step, batch: &OrderBatch) -> Result<(), Failure> {
        if batch.malformed.is_empty() {
            return Ok(());
        }
        let open = self.connections.store.attentions().await?;
        for malformed in &batch.malformed {
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
                facts: Value::Null,
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
    async fn note(&self, step: &Step, details: &mut Details, fetched: Fetched) {
        step.context().progress();
        let Fetched { order: fetched, error, lacks_articles } = fetched;
        let number = fetched.number.clone();
        if lacks_articles {
            let reason = error.as_ref().map(|error| error.failure().message).unwrap_or_default();
            let entry = UnreadEntry { number: number.clone(), reason, since: self.now(), left_out_at: None };
            details.unknown.push(entry);
        } else {
            details.known.push(number.clone());
        }
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
    async fn detail(&self, entry: &OrderEntry, first_read: Timestamp) -> Fetched {
        let is_over = matches!(entry.status, MarketplaceStatus::Shipped | MarketplaceStatus::Cancelled);
        let mut fetched = FetchedOrder {
            number: entry.number.clone(),
            changed_at: entry.changed_at,
            ordered_at: entry.ordered_at,
            status: entry.status,
            raw: json!({ "order": entry.raw }),
            is_complete: false,
            contents: Vec::new(),
            cancelled: Vec::new(),
            was_over: is_over && entry.changed_at < first_read,
            fingerprint: entry.fingerprint.clone(),
        };
        match self.marketplace.order_contents(entry).await {
            Ok(OrderUnits { taken, cancelled }) => {
                (fetched.contents, fetched.cancelled) = (taken, cancelled);
            }
            Err(error) => {
                let takes_nothing = fetched.was_over || entry.status == MarketplaceStatus::Cancelled;
                return Fetched { order: fetched, error: Some(error), lacks_articles: !takes_nothing };
            }
        }
        let whole = |order| Fetched { order, error: None, lacks_articles: false };
        if entry.status != MarketplaceStatus::Ready {
            return whole(fetched);
        }
        if self.marketplace.standing(&fetched.raw).is_fulfilled {
            fetched.is_complete = true;
            return whole(fetched);
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
                whole(fetched)
            }
            Err(error) => Fetched { order: fetched, error: Some(error), lacks_articles: false },
        }
    }

    /// The marketplace refuses these orders' details.
    async fn set_aside_refused(&self, refused: &[(String, String)]) -> Result<(), Failure> {
        let mut changes = Vec::with_capacity(refused.len());
        for (number, reason) in refused {
            if let Some(record) = self.connections.store.order(self.account(), number).await? {
                changes.push(self.set_aside(&record, Reason::quoted(reason)));
            }
        }
        self.save(&changes).await.map(drop)
    }
}

/// What stands for the number of an entry that has none: the same for the same entry.
fn nameless(raw: &Value) -> String {
    format!("without a number ({})", fingerprint([raw.to_string().as_str()]))
}

/// Whether every other order would fail in the same way.
fn concerns_account(failure: &Failure) -> bool {
    matches!(
        failure.class,
        FailureClass::Unauthorised | FailureClass::RateLimited { .. } | FailureClass::Refused
    )
}
