//! What an order in the ERP shows, as facts.

use jiff::Timestamp;

use super::facts::{ErpFacts, Taken};
use crate::order::Order;
use crate::shipment::{Content, ErpOrder, Parcel};

impl ErpFacts {
    /// The facts after the ERP showed `order` under the number of `ours`. Equal to these facts where it shows what it showed
    /// before.
    pub fn after(&self, order: &ErpOrder, ours: Option<&Order>, now: Timestamp) -> Self {
        self.after_both(order, 0, ours, now)
    }

    /// The same where import rows with the number wait beside the order. Each will be another order; only those that were there
    /// before count, for the ERP may remove a row a moment after it has made the order.
    pub fn after_both(
        &self,
        order: &ErpOrder,
        waiting_rows: u32,
        ours: Option<&Order>,
        now: Timestamp,
    ) -> Self {
        let to_come = if self.orders > 0 { self.waiting_rows.min(waiting_rows) } else { 0 };
        let has_all_left = !order.parcels.is_empty() && holds(&contents(&order.parcels), &order.ordered);
        let is_ended = order.is_cancelled || order.is_closed_unshipped;
        let has_buyers_left = !order.parcels.is_empty()
            && ours.is_some_and(|ours| holds(&contents(&order.parcels), &lines_of(ours)));
        let is_done = order.is_complete || has_buyers_left || (is_ended && has_all_left);
        let lacks_number =
            order.parcels.is_empty() || order.parcels.iter().any(|parcel| parcel.tracking.is_empty());
        let shown = Self {
            since: self.since,
            orders: to_come.saturating_add(if is_split(order, ours) { 1 } else { order.count }),
            waiting_rows,
            was_seen: true,
            is_cancelled: order.is_cancelled,
            is_complete: order.is_complete,
            is_closed_unshipped: order.is_closed_unshipped,
            has_all_left,
            has_buyers_left,
            without_number_since: (is_done && lacks_number).then(|| self.without_number_since.unwrap_or(now)),
            unknown_articles: Vec::new(),
            candidates: None,
            taken: None,
            numbers: self.numbers,
            parcels: self.parcels,
            parcels_without_number: self.parcels_without_number,
            unreported: self.unreported,
            differs_from_reported: self.differs_from_reported,
            words: self.words.clone(),
        };
        self.followed_by(shown, now)
    }

    /// The facts after the ERP had no order with the number, but this many waiting rows.
    pub fn without_order(&self, waiting_rows: u32, now: Timestamp) -> Self {
        let shown = Self {
            since: self.since,
            waiting_rows,
            was_seen: self.was_seen || self.orders > 0,
            unknown_articles: self.unknown_articles.clone(),
            candidates: self.candidates.clone(),
            numbers: self.numbers,
            parcels: self.parcels,
            parcels_without_number: self.parcels_without_number,
            unreported: self.unreported,
            differs_from_reported: self.differs_from_reported,
            words: self.words.clone(),
            ..Self::default()
        };
        self.followed_by(shown, now)
    }

    /// The facts after the ERP had an order with the number that is not this one.
    pub fn with_number_taken(&self, taken: Taken, now: Timestamp) -> Self {
        let without = self.without_order(0, now);
        self.followed_by(Self { since: self.since, taken: Some(taken), ..without }, now)
    }

    /// An answer that is the same as before does not move the time since when it holds.
    fn followed_by(&self, shown: Self, now: Timestamp) -> Self {
        let is_news = self.since.is_none() || shown != *self;
        Self { since: if is_news { Some(now) } else { self.since }, ..shown }
    }
}

/// Several orders that together hold no more of the buyer's articles than were ordered are parts of one order. They may hold a gift
/// too. If what is not the buyer's comes to as many units as were ordered, it may be a second order under other article numbers.
fn is_split(order: &ErpOrder, ours: Option<&Order>) -> bool {
    let Some(ours) = ours.map(lines_of) else { return false };
    let is_his = |held: &&Content| ours.iter().any(|line| same(&line.sku, &held.sku));
    let (his, rest): (Vec<&Content>, Vec<&Content>) = order.ordered.iter().partition(is_his);
    let his: Vec<Content> = his.into_iter().cloned().collect();
    let rest: i64 = rest.into_iter().map(|content| content.quantity).sum();
    let wanted: i64 = ours.iter().map(|line| line.quantity).sum();
    order.count > 1 && !his.is_empty() && holds(&ours, &his) && rest < wanted
}

/// What the buyer ordered.
fn lines_of(ours: &Order) -> Vec<Content> {
    ours.lines.iter().map(|line| Content { sku: line.sku.clone(), quantity: line.quantity() }).collect()
}

fn contents(parcels: &[Parcel]) -> Vec<Content> {
    parcels.iter().flat_map(|parcel| parcel.contents.iter().cloned()).collect()
}

/// Whether JTL's collation takes two article numbers for the same.
fn same(one: &str, other: &str) -> bool {
    one.trim_end().to_lowercase() == other.trim_end().to_lowercase()
}

/// Whether `all` holds at least as much as `wanted` of each article, as JTL's collation compares them.
fn holds(all: &[Content], wanted: &[Content]) -> bool {
    let sum = |of: &[Content], sku: &str| -> i64 {
        of.iter().filter(|content| same(&content.sku, sku)).map(|content| content.quantity).sum()
    };
    wanted.iter().all(|content| sum(all, &content.sku) >= sum(wanted, &content.sku))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::{Currency, Money, VatRate};
    use crate::order::{Address, OrderLine, PricedUnits};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn content(sku: &str, quantity: i64) -> Content {
        Content { sku: sku.to_owned(), quantity }
    }

    fn parcel(tracking: &str, contents: &[Content]) -> Parcel {
        let (tracking, contents) = (tracking.to_owned(), contents.to_vec());
        Parcel { id: 1, tracking, carrier: "DHL".to_owned(), contents, ..Parcel::default() }
    }

    fn in_erp(count: u32, ordered: &[Content], parcels: Vec<Parcel>) -> ErpOrder {
        ErpOrder {
            number: "PO-1".to_owned(),
            erp_number: "B-1".to_owned(),
            count,
            is_cancelled: false,
            is_complete: false,
            is_closed_unshipped: false,
            ordered: ordered.to_vec(),
            parcels,
        }
    }

    fn ours(lines: &[(&str, i64)]) -> Order {
        let line = |(sku, quantity): &(&str, i64)| OrderLine {
            number: format!("line-{sku}"),
            sku: (*sku).to_owned(),
            name: String::new(),
            vat_rate: VatRate::percent(19),
            units: vec![PricedUnits { quantity: *quantity, unit_gross: 100 }],
            warehouse: None,
        };
        Order {
            number: "PO-1".to_owned(),
            ordered_at: at(0),
            ship_until: None,
            deliver_until: None,
            hints: None,
            total: Money::new(100, Currency::EUR),
            pays_on_delivery: false,
            lines: lines.iter().map(line).collect(),
            shipping: Vec::new(),
            delivery: Address::default(),
        }
    }

    #[test]
    fn the_same_answer_is_no_news() {
        let order = in_erp(1, &[content("A", 1)], Vec::new());
        let first = ErpFacts::default().after(&order, None, at(1));
        assert_eq!((first.since, first.orders), (Some(at(1)), 1));
        assert_eq!(first.after(&order, None, at(2)), first);
        let gone = first.without_order(0, at(3));
        assert_eq!((gone.since, gone.was_seen, gone.orders), (Some(at(3)), true, 0));
        assert_eq!(gone.without_order(0, at(4)), gone);
    }

    #[test]
    fn halves_of_a_split_order_are_one_and_copies_are_several() {
        let ours = ours(&[("A", 1), ("B", 2)]);
        let split = in_erp(2, &[content("a", 1), content("B", 2)], Vec::new());
        assert_eq!(ErpFacts::default().after(&split, Some(&ours), at(1)).orders, 1);
        let copies = in_erp(2, &[content("A", 2), content("B", 4)], Vec::new());
        assert_eq!(ErpFacts::default().after(&copies, Some(&ours), at(1)).orders, 2);
        assert_eq!(ErpFacts::default().after(&split, None, at(1)).orders, 2, "what it holds is not known");
        let with = |more: Content| {
            let held = in_erp(2, &[content("A", 1), content("B", 2), more], Vec::new());
            ErpFacts::default().after(&held, Some(&ours), at(1)).orders
        };
        assert_eq!(with(content("GIFT", 1)), 1, "a gift beside them");
        assert_eq!(with(content("OTHER", 3)), 2, "as much as the buyer ordered, in other words");
        let components = in_erp(2, &[content("PART", 2)], Vec::new());
        assert_eq!(ErpFacts::default().after(&components, Some(&ours), at(1)).orders, 2);
    }

    /// A gift that a person put on the order in JTL, and that stays.
    #[test]
    fn the_buyers_lines_decide_whether_all_has_left() {
        let ordered = [content("A", 1), content("GIFT", 1)];
        let order = in_erp(1, &ordered, vec![parcel("T", &[content("a", 1)])]);
        let facts = ErpFacts::default().after(&order, Some(&ours(&[("A", 1)])), at(1));
        assert!(facts.has_buyers_left && !facts.has_all_left);
        let more = ErpFacts::default().after(&order, Some(&ours(&[("A", 2)])), at(1));
        assert!(!more.has_buyers_left);
        let nothing = in_erp(1, &ordered, Vec::new());
        assert!(!ErpFacts::default().after(&nothing, Some(&ours(&[])), at(1)).has_buyers_left);
    }

    #[test]
    fn all_that_was_ordered_has_left_whatever_was_closed() {
        let ordered = [content("A", 1), content("B", 2)];
        let part = in_erp(1, &ordered, vec![parcel("T", &[content("A", 1)])]);
        assert!(!ErpFacts::default().after(&part, None, at(1)).has_all_left);
        let all = vec![parcel("T", &[content("A", 1)]), parcel("", &[content("b", 2)])];
        let all = ErpOrder { is_closed_unshipped: true, ..in_erp(1, &ordered, all) };
        let facts = ErpFacts::default().after(&all, None, at(1));
        assert!(facts.has_all_left);
        assert_eq!(facts.without_number_since, Some(at(1)));
        assert_eq!(facts.after(&all, None, at(9)).without_number_since, Some(at(1)), "it goes on waiting");
    }
}
