//! The condition `new_data` of the order workflow: whether any of its five steps has something to do, for one list call, one
//! look at JTL and a few looks at our own orders.
//!
//! The **marker** changes with what others do: the orders changed at the marketplace (steps 1 and 2), and in JTL everything
//! that tracking reads of our open orders (step 4). It does not change with the time, nor with what a run writes down here. A
//! run that reports shipments changes both outsides itself, and is followed by one that reads that.
//!
//! **Unfinished** is what would be done although nobody does anything: it starts a run whatever the marker says.
//!
//! | order | unfinished |
//! |---|---|
//! | fetched and not yet imported, or without its details | yes |
//! | imported | yes; if it waits for an article, once JTL has the article |
//! | on its way into JTL (*exporting*) | yes, until its outcome is known |
//! | handed over | once it should long be an order in JTL, until its entry is there; JTL's answer is in the marker then |
//! | shipped at the marketplace without us, or to be handed over again | until JTL was asked for it |
//! | reported | once an hour, while they are watched |
//! | any | once a day, for the deep read |
//! | shipped | once its report is due; one that waits for a person or for the time of its next try is not |
//! | set aside, unclear, marked | no: a person's decision makes it one of the above |

use async_trait::async_trait;
use jiff::Timestamp;
use marktwerk_connectors::OrderWindow;
use marktwerk_domain::failure::Failure;
use marktwerk_domain::judgement::{Act, Limits, Row};
use marktwerk_engine::{Probe, ProbeQuestion, ProbeResult};
use marktwerk_store::orders::OrderRecord;

use super::fetch::cursor;
use super::{OrderParameters, OrderWorkflow, confirm, export, tracking};
use crate::connections::Connections;

/// Orders read at once.
const PAGE: usize = 1_000;

#[async_trait]
impl Probe for OrderWorkflow {
    async fn look(&self, question: &ProbeQuestion) -> Result<ProbeResult, Failure> {
        let ProbeQuestion { account, parameters, now } = question;
        let parameters = OrderParameters::read(self.kind, parameters)?;
        let marketplace = self.connections.marketplace(account)?;
        let Some(cursor) = cursor(&self.connections, account).await? else {
            let unfinished = Some("the orders of this account were never read completely".to_owned());
            return Ok(ProbeResult { marker: "no orders were read yet".to_owned(), unfinished });
        };
        let window = OrderWindow {
            // From the beginning of a day, so that a run which only moves the cursor does not change the count.
            // A cursor ahead of the clock is put right by the next run.
            changed_from: start_of_day(cursor.min(*now) - marketplace.rules().overlap),
            changed_until: *now,
            status: parameters.status,
        };
        let there = marketplace.fingerprint(&window).await?;
        let may_report = self.connections.refuses_writes_to(&**marketplace).is_none();
        let open = Open::read(&self.connections, account, *now, may_report).await?;
        let in_erp = self.connections.erp.orders_marker(&open.in_erp).await?;
        let stuck = self.connections.erp.look_up(&open.stuck).await?;
        let is_deep_read_due = super::deep::is_due(&self.connections, account, *now).await?;
        let is_watch_due =
            open.has_reported && tracking::watches_reported(&self.connections, account, *now).await?;
        let waiting_rows: u32 = stuck.iter().map(|presence| presence.waiting_rows).sum();
        let mut unfinished = open.unfinished(is_deep_read_due, is_watch_due);
        if there.is_none() {
            unfinished =
                unfinished.or(Some("the list has to be read to see whether orders changed".to_owned()));
        }
        let there = there.unwrap_or_default();
        Ok(ProbeResult {
            marker: format!("{account}: {there}; JTL {in_erp}, {waiting_rows} rows waiting too long"),
            unfinished,
        })
    }
}

/// What our own orders say.
#[derive(Default)]
struct Open {
    /// Numbers in JTL of the orders that tracking asks about.
    in_erp: Vec<String>,
    /// Those among them whose rows JTL should have taken long ago, as was told.
    stuck: Vec<String>,
    has_unread: bool,
    /// Orders that are watched after their report.
    has_reported: bool,
    to_export: usize,
    exporting: usize,
    overdue: usize,
    to_look_up: usize,
    to_report: usize,
}

impl Open {
    async fn read(
        connections: &Connections,
        account: &str,
        now: Timestamp,
        may_report: bool,
    ) -> Result<Self, Failure> {
        let has_unread = !connections.store.unread_orders(account, None, 1).await?.is_empty();
        let mut open = Self { has_unread, ..Self::default() };
        let mut after: Option<String> = None;
        loop {
            let page = connections.store.open_orders(account, after.as_deref(), PAGE).await?;
            let Some(last) = page.last() else { return Ok(open) };
            after = Some(last.number.clone());
            open.to_export += released(connections, &page, now).await?;
            let limits = &connections.settings.orders.limits;
            for record in &page {
                open.note(record, &connections.numbers_in_erp(record), limits, now, may_report);
            }
        }
    }

    fn note(
        &mut self,
        record: &OrderRecord,
        numbers: &[String],
        limits: &Limits,
        now: Timestamp,
        may_report: bool,
    ) {
        let judgement = record.judgement(limits, now);
        self.has_reported |= judgement.row == Row::Reported;
        if judgement.row != Row::Reported {
            self.in_erp.extend_from_slice(numbers);
        }
        let facts = record.facts();
        let has_row = facts.erp.waiting_rows > 0;
        if has_row && (facts.erp.orders > 0 || facts.ours.handed_over_at.is_none()) {
            self.stuck.extend_from_slice(numbers);
        }
        // The second look shows that the row stays.
        self.to_look_up += usize::from(has_row && facts.erp.orders == 1);
        match judgement.row {
            Row::Ready | Row::HandOverAgain => self.to_export += 1,
            Row::LookForIt => self.to_look_up += 1,
            Row::HandOverOpen => self.exporting += 1,
            Row::ShippedElsewhereUnknown | Row::CancelledUnknown => self.to_look_up += 1,
            _ if tracking::is_overdue(record, limits, now) => match record.reason {
                None => self.overdue += 1,
                Some(_) => self.stuck.extend_from_slice(numbers),
            },
            _ => self.to_report += usize::from(may_report && confirm::is_due(&judgement, now)),
        }
    }

    fn unfinished(&self, is_deep_read_due: bool, is_watch_due: bool) -> Option<String> {
        let counts = [
            (self.to_export, "to be handed over"),
            (self.exporting, "on their way into JTL"),
            (self.overdue, "too long on their way into JTL"),
            (self.to_look_up, "to be looked up in JTL"),
            (self.to_report, "shipped and not reported"),
        ];
        let mut words: Vec<String> = Vec::new();
        if self.has_unread {
            words.push("fetched and not imported".to_owned());
        }
        if is_deep_read_due {
            words.push("the daily deep read is due".to_owned());
        }
        if is_watch_due {
            words.push("reported ones are to be looked at again".to_owned());
        }
        words.extend(
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")),
        );
        (!words.is_empty()).then(|| format!("orders: {}", words.join(", ")))
    }
}

/// How many of the imported orders that wait for an article can go on, because JTL has it now.
async fn released(connections: &Connections, page: &[OrderRecord], now: Timestamp) -> Result<usize, Failure> {
    let waiting: Vec<Vec<String>> = page
        .iter()
        .filter(|record| {
            record.judgement(&connections.settings.orders.limits, now).next_act == Act::CheckArticles
        })
        .map(|record| record.order.iter().flat_map(export::skus).collect())
        .collect();
    if waiting.is_empty() {
        return Ok(0);
    }
    let unknown = connections.erp.unknown_articles(&waiting.concat()).await?;
    Ok(waiting.iter().filter(|skus| !skus.iter().any(|sku| unknown.contains(sku))).count())
}

/// The first moment of a time's day in UTC.
fn start_of_day(time: Timestamp) -> Timestamp {
    const DAY: i64 = 86_400;
    Timestamp::from_second(time.as_second().div_euclid(DAY) * DAY).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_midnight_in_utc() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(start_of_day(at("2026-11-02T23:59:59.9Z")), at("2026-11-02T00:00:00Z"));
        assert_eq!(start_of_day(at("2026-11-02T00:00:00Z")), at("2026-11-02T00:00:00Z"));
    }
}
