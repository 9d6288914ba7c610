//! An old order in our own words: what goes into the store for it. Pure. No buyer's name or address is taken over: the
//! marketplace tells it again where it is still needed.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil::DateTime};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::history::Author;
use marktwerk_domain::judgement::{Baseline, Document, Limits, OrderFacts, Remark};
use marktwerk_domain::money::{Currency, Money, VatRate};
use marktwerk_domain::order::{Address, Order, OrderLine, PricedUnits, TAKEN_OVER};
use marktwerk_domain::reason::Reason;
use marktwerk_domain::run::Epoch;
use marktwerk_domain::shipment::{Content, ErpOrder, ReportedParcel, ShipmentReport};
use marktwerk_store::attention::NewAttention;
use marktwerk_store::judging::{self, Occasion};
use marktwerk_store::orders::{FetchedOrder, OrderChange, OrderPatch, OrderRecord, ReportIntent};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::json;

use crate::decision::Decision;
use crate::old::{OldLine, OldOrder};

/// In which zone the old system wrote its times nobody knows: the marketplace's own change is never before this much earlier.
const DOUBT: SignedDuration = SignedDuration::from_hours(24);
/// TEMU began to sell in Europe later than that.
const FIRST_YEAR: i16 = 2020;
/// More pieces than this, or a higher amount in cents, is a mistake of the old table.
const MOST_PIECES: i64 = 1_000_000;
const MOST: i64 = 1_000_000_000;
const GONE_LONG: [&str; 2] = [
    "JTL has neither an order nor a waiting row, and it was bought before the time that the marketplace is asked about",
    "JTL hat weder einen Auftrag noch eine wartende Zeile, und sie wurde vor der Zeit gekauft, nach der der Marktplatz gefragt wird",
];

/// When it was bought, as far as the old rows tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) bought_at: Timestamp,
    /// The marketplace did not change it last before this.
    pub(crate) changed_after: Timestamp,
    pub(crate) is_recent: bool,
    /// The date is missing or absurd.
    pub(crate) is_guessed: bool,
}

impl Times {
    pub(crate) fn of(old: &OldOrder, zone: &TimeZone, now: Timestamp, window: SignedDuration) -> Self {
        let begin = now.saturating_sub(window).unwrap_or(now);
        let known = |wall: Option<DateTime>| {
            let wall = wall.filter(|wall| wall.year() >= FIRST_YEAR)?;
            let time = zone.to_ambiguous_timestamp(wall).compatible().ok()?;
            (time <= now.saturating_add(DOUBT).unwrap_or(now)).then_some(time)
        };
        match (known(old.bought_at), known(old.created_at)) {
            (Some(bought_at), _) => Self {
                bought_at,
                changed_after: bought_at.saturating_sub(DOUBT).unwrap_or(bought_at),
                is_recent: bought_at >= begin,
                is_guessed: false,
            },
            (None, created_at) => {
                let bought_at = created_at.unwrap_or(now);
                // Bought before the old system saw it, nobody knows how long.
                let changed_after = begin.min(bought_at);
                Self { bought_at, changed_after, is_recent: bought_at >= begin, is_guessed: true }
            }
        }
    }
}

/// One old order on its way into the store.
pub(crate) struct Import<'a> {
    pub(crate) account: &'a str,
    pub(crate) number: &'a str,
    pub(crate) old: &'a OldOrder,
    pub(crate) decision: Decision,
    pub(crate) times: Times,
    pub(crate) in_jtl: Option<&'a ErpOrder>,
    pub(crate) now: Timestamp,
}

impl Import<'_> {
    /// The order as the old system saw it. The marketplace's own document takes its place with the next fetch, where it is
    /// still needed.
    pub(crate) fn fetched(&self) -> FetchedOrder {
        let old = self.old;
        let raw = json!({ TAKEN_OVER: {
            "id": old.id,
            "bestellstatus": old.told,
            "status": old.status,
            "kaufdatum": old.bought_at.map(|wall| wall.to_string()),
            "xml_erstellt": old.is_exported,
            "temu_gemeldet": old.is_reported,
            "trackingnummer": old.tracking,
            "versanddienstleister": old.carrier,
        }});
        // What nobody ships any more keeps back no stock.
        let takes_stock =
            matches!(self.decision, Decision::FetchAnew | Decision::Lost | Decision::HandedOver);
        FetchedOrder {
            number: self.number.to_owned(),
            changed_at: self.times.changed_after,
            ordered_at: self.times.bought_at,
            status: self.decision.status(),
            raw,
            is_complete: false,
            contents: if takes_stock { contents(&old.lines) } else { Vec::new() },
            cancelled: Vec::new(),
            was_over: self.decision == Decision::ShippedElsewhere,
            fingerprint: String::new(),
        }
    }

    /// The facts that bring it from *fetched* into its state, with what is odd about it; `None` where it stays there.
    pub(crate) fn change(&self, odd: &[NewAttention]) -> Option<OrderChange> {
        let mut facts = OrderFacts::default();
        let remark =
            |item: &NewAttention| Remark { kind: item.kind, message: item.message.clone(), german: None };
        facts.remarks = odd.iter().chain(self.warning().as_ref()).map(remark).collect();
        let mut patch = OrderPatch { is_unread: Some(false), ..OrderPatch::default() };
        match self.decision {
            Decision::FetchAnew => return None,
            // The next fetch completes it.
            Decision::Lost => {
                patch.is_unread = None;
                return Some(self.judged(facts, patch));
            }
            Decision::TooOld | Decision::LostTooOld => {
                let [english, german] = match self.decision {
                    Decision::LostTooOld => [
                        "marked as exported by the system used before, but",
                        "im früheren System als übertragen vermerkt, aber",
                    ],
                    _ => ["taken over from the system used before:", "aus dem früheren System übernommen:"],
                };
                let [gone_long, lange_fort] = GONE_LONG;
                let reason =
                    Reason::new([format!("{english} {gone_long}"), format!("{german} {lange_fort}")]);
                facts.there.document = Document::Refused { reason };
            }
            Decision::InJtl | Decision::CancelledAfterHandOver | Decision::HandedOver => {
                facts.ours.handed_over_at = Some(self.now);
                // The next fetch completes it, or the next import sees that it is cancelled.
                let is_cancelled = self.decision == Decision::CancelledAfterHandOver;
                patch.is_unread = Some(self.times.is_recent || is_cancelled);
                patch.report = self.intent().map(Some);
            }
            // Where the marketplace still waits for it, it is asked what was told before anything is told again.
            Decision::Reported => {
                // It was reported at some time after it was bought; what is old is not watched any more.
                facts.ours.reported_at = Some(self.times.bought_at);
                patch.report = self.intent().map(Some);
            }
            Decision::Cancelled | Decision::ShippedElsewhere => {}
        }
        patch.order = self.translation();
        // The old lines are what there is until its own document comes; its address is not known.
        if facts.there.document == Document::Missing {
            facts.there.document = Document::Translated;
        }
        facts.ours.baseline =
            patch.order.as_ref().map(|order| Baseline { address: None, ..Baseline::of(order) });
        if let Some(order) = self.in_jtl {
            patch.erp_number = Some(order.erp_number.clone());
            patch.parcels = Some(order.parcels.clone());
            facts.erp = facts.erp.after(order, patch.order.as_ref(), self.now);
        } else if self.decision == Decision::HandedOver {
            facts.erp = facts.erp.without_order(1, self.now);
        }
        Some(self.judged(facts, patch))
    }

    fn judged(&self, facts: OrderFacts, patch: OrderPatch) -> OrderChange {
        let record = OrderRecord::new(self.account, &self.fetched(), self.now);
        let patch = OrderPatch { kept: Some(facts), ..patch };
        let occasion = Occasion { now: self.now, by: Author::TakeOver, limits: Limits::default() };
        OrderChange {
            seen_change: Some(self.times.changed_after),
            // It may have been kept by an earlier take-over that was interrupted.
            seen_revision: None,
            ..judging::judged(&record, patch, &occasion)
        }
    }

    /// What people are to know before it is imported.
    pub(crate) fn warning(&self) -> Option<NewAttention> {
        let message = "the system used before marked it as exported, and JTL has neither an order nor a waiting row: it was lost there, is \
             fetched again and handed over with the next run; this entry goes by itself then";
        (self.decision == Decision::Lost).then(|| self.attention(AttentionKind::SetAside, message.to_owned()))
    }

    pub(crate) fn has_unreadable_lines(&self) -> bool {
        self.old.lines.iter().any(|old| line(old).is_none())
    }

    pub(crate) fn attention(&self, kind: AttentionKind, message: String) -> NewAttention {
        let (account, subject) = (self.account.to_owned(), self.number.to_owned());
        NewAttention { account, kind, subject, message, facts: serde_json::Value::Null }
    }

    /// A tracking number is stored: the old system may have told it, whether it lived to mark that or not. The marketplace is asked
    /// for it before anything is told again.
    fn intent(&self) -> Option<ReportIntent> {
        let tracking = self.old.tracking.clone()?;
        let lines: Vec<(String, i64)> = self
            .old
            .lines
            .iter()
            .map(|line| Some((line.number.clone()?, pieces(line)?)))
            .collect::<Option<_>>()?;
        // Without a line any answer would look like the right one.
        if lines.is_empty() {
            return None;
        }
        let parcel = ReportedParcel { tracking, lines, ..ReportedParcel::default() };
        let number = self.number.to_owned();
        let report = ShipmentReport { number, parcels: vec![parcel], ..ShipmentReport::default() };
        Some(ReportIntent { epoch: Epoch(0), at: self.now, report })
    }

    /// The order as the old rows tell it: lines for the history and for the report of its shipment, nobody's address. `None` where a
    /// line is not readable.
    fn translation(&self) -> Option<Order> {
        let lines: Vec<OrderLine> = self.old.lines.iter().map(line).collect::<Option<_>>()?;
        if lines.is_empty() {
            return None;
        }
        let total = Money::new(lines.iter().map(OrderLine::gross).sum(), Currency::EUR);
        Some(Order {
            number: self.number.to_owned(),
            ordered_at: self.times.bought_at,
            ship_until: None,
            deliver_until: None,
            hints: None,
            total,
            pays_on_delivery: false,
            lines,
            shipping: Vec::new(),
            delivery: Address::default(),
        })
    }
}

fn line(old: &OldLine) -> Option<OrderLine> {
    let quantity = pieces(old)?;
    // The server converted it to 15 digits before the point: no overflow.
    let scaled = |value: Option<Decimal>, factor: i64| {
        let scaled = value.and_then(|value| (value * Decimal::from(factor)).round().to_i64());
        scaled.filter(|scaled| (0..=MOST).contains(scaled)).unwrap_or(0)
    };
    Some(OrderLine {
        number: old.number.clone()?,
        sku: old.sku.clone()?,
        name: old.name.clone().unwrap_or_default(),
        vat_rate: VatRate(scaled(old.vat, 1_000_000)),
        units: vec![PricedUnits { quantity, unit_gross: scaled(old.gross, 100) }],
        warehouse: None,
    })
}

fn contents(lines: &[OldLine]) -> Vec<Content> {
    let content = |line: &OldLine| Some(Content { sku: line.sku.clone()?, quantity: pieces(line)? });
    lines.iter().filter_map(content).collect()
}

/// Units of a line, where the number can be one.
fn pieces(line: &OldLine) -> Option<i64> {
    line.quantity.filter(|quantity| (1..=MOST_PIECES).contains(quantity))
}

#[cfg(test)]
mod tests {
    use marktwerk_domain::order::OrderState;

    use super::*;

    fn at(hours: i64) -> Timestamp {
        let morning: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        morning + SignedDuration::from_hours(hours)
    }

    fn in_jtl(is_cancelled: bool) -> ErpOrder {
        ErpOrder {
            number: "PO-1".to_owned(),
            erp_number: "B-1".to_owned(),
            count: 1,
            is_cancelled,
            is_complete: false,
            is_closed_unshipped: false,
            ordered: vec![Content { sku: "A".to_owned(), quantity: 1 }],
            parcels: Vec::new(),
        }
    }

    fn old() -> OldOrder {
        OldOrder {
            id: 1,
            stored_number: Some("PO-1".to_owned()),
            told: None,
            status: None,
            bought_at: None,
            created_at: None,
            is_exported: true,
            is_reported: false,
            tracking: None,
            carrier: None,
            lines: Vec::new(),
        }
    }

    /// The facts that a decision comes with are judged as it was meant.
    #[test]
    fn the_facts_of_a_decision_come_to_its_state() {
        let old = old();
        let times = Times { bought_at: at(-9), changed_after: at(-9), is_recent: true, is_guessed: false };
        for decision in Decision::ALL {
            let order = match decision {
                Decision::Reported | Decision::InJtl | Decision::CancelledAfterHandOver => {
                    Some(in_jtl(false))
                }
                Decision::Cancelled => Some(in_jtl(true)),
                _ => None,
            };
            let (account, number) = ("shop", "PO-1");
            let import =
                Import { account, number, old: &old, decision, times, in_jtl: order.as_ref(), now: at(0) };
            let Some(change) = import.change(&[]) else {
                assert_eq!(decision.state(), OrderState::Fetched, "{decision:?}");
                continue;
            };
            let mut record = OrderRecord::new("shop", &import.fetched(), at(0));
            let entries = change.entries.clone().unwrap_or_default();
            record.apply(change.patch);
            assert_eq!(record.state, decision.state(), "{decision:?}");
            assert_eq!(!entries.is_empty(), decision.needs_a_person(), "{decision:?}: {entries:?}");
            let takes_stock = matches!(
                decision,
                Decision::HandedOver | Decision::Lost | Decision::TooOld | Decision::LostTooOld
            );
            assert_eq!(record.takes_stock, takes_stock, "{decision:?}");
        }
    }

    /// What is odd stays on the list as long as the facts say so.
    #[test]
    fn what_is_odd_is_an_entry_of_the_order() {
        let old = old();
        let times = Times { bought_at: at(-9), changed_after: at(-9), is_recent: true, is_guessed: false };
        let (account, number) = ("shop", "PO-1");
        let decision = Decision::Reported;
        let import = Import { account, number, old: &old, decision, times, in_jtl: None, now: at(0) };
        let odd = import.attention(AttentionKind::Duplicate, "JTL has 2 orders".to_owned());
        let change = import.change(&[odd]).unwrap();
        let entries = change.entries.unwrap();
        assert_eq!(entries.iter().map(|entry| entry.kind).collect::<Vec<_>>(), [AttentionKind::Duplicate]);
    }
}
