//! The oracle's own book: what each buyer ordered and paid, what left for whom, who decided what. Written from what the play does and
//! from the sandbox's own records, never from what the product believes.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use marktwerk_domain::judgement::Decision;
use marktwerk_sandbox::MarketOrder;

use crate::records::{JtlOrder, Position, Snapshot};

/// Since when something holds, and how many runs of the order job have ended since it should have been seen.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wait {
    pub(crate) since: Timestamp,
    pub(crate) unseen_runs: u32,
}

/// A buyer's order.
#[derive(Debug, Clone)]
pub(crate) struct Bought {
    pub(crate) account: usize,
    pub(crate) sn: String,
    pub(crate) placed: Timestamp,
    /// The marketplace's own record, as it was read last.
    pub(crate) there: MarketOrder,
    /// Pieces by article number as it was ordered at first.
    pub(crate) ordered: BTreeMap<String, i64>,
    /// Pieces that left in parcels of JTL.
    pub(crate) sent: BTreeMap<String, i64>,
    /// The list does not show it.
    pub(crate) is_hidden: bool,
    /// It was hidden until then.
    pub(crate) shown_at: Option<Timestamp>,
    /// When anybody but the product did something with it last.
    pub(crate) touched: Timestamp,
    /// When its record at the marketplace changed last, as far as was looked.
    pub(crate) changed_there: Timestamp,
    /// A person has dealt with a tracking number that changed.
    pub(crate) are_numbers_settled: bool,
    /// Reported at the marketplace by a person, with this number.
    pub(crate) by_hand: Option<(String, Timestamp)>,
    /// A parcel left without JTL.
    pub(crate) left_by_hand: bool,
    /// An entry about it was open since a person reported it.
    pub(crate) was_told: bool,
    /// Runs of the order job that ended well since then.
    pub(crate) runs_since_by_hand: u32,
    /// Since when it is not to be handed over.
    pub(crate) barred_since: Option<Timestamp>,
    /// What people decided, and when.
    pub(crate) decided: Vec<(Decision, Timestamp)>,
    /// JTL had it, in whatever form.
    pub(crate) was_in_jtl: bool,
    /// A person entered it in JTL.
    pub(crate) is_entered_by_hand: bool,
    /// So many orders with its number came and went in JTL before any run could read it.
    pub(crate) gone_unseen: usize,
    /// A person entered it in JTL although JTL had it.
    pub(crate) is_doubled: bool,
    /// People did something because of which two parcels are their own doing.
    pub(crate) is_excused: bool,
    /// The address changed when JTL had it already, and the program had read it before.
    pub(crate) moved_at: Option<Timestamp>,
    /// Tracking numbers of JTL's parcels when the marketplace took the report.
    pub(crate) reported: Option<Vec<String>>,
    /// What JTL is to be given, in cents, when it was handed over.
    pub(crate) due_cents: Option<i64>,
    /// Put off until then.
    pub(crate) put_off: Option<Timestamp>,
    pub(crate) waits: BTreeMap<&'static str, Wait>,
    /// Nothing is to be checked any more.
    pub(crate) is_over: bool,
}

impl Bought {
    pub(crate) fn new(account: usize, there: MarketOrder, now: Timestamp) -> Self {
        let mut ordered: BTreeMap<String, i64> = BTreeMap::new();
        for line in &there.lines {
            *ordered.entry(number_of(&line.sku)).or_default() += line.quantity();
        }
        Self {
            account,
            sn: there.parent_order_sn.clone(),
            placed: now,
            there,
            ordered,
            sent: BTreeMap::new(),
            is_hidden: false,
            shown_at: None,
            touched: now,
            changed_there: now,
            are_numbers_settled: false,
            by_hand: None,
            left_by_hand: false,
            was_told: false,
            runs_since_by_hand: 0,
            barred_since: None,
            decided: Vec::new(),
            was_in_jtl: false,
            is_entered_by_hand: false,
            gone_unseen: 0,
            is_doubled: false,
            is_excused: false,
            moved_at: None,
            reported: None,
            due_cents: None,
            put_off: None,
            waits: BTreeMap::new(),
            is_over: false,
        }
    }

    pub(crate) fn status(&self) -> i64 {
        self.there.status
    }

    pub(crate) fn is_to_be_shipped(&self) -> bool {
        self.there.status == 2
    }

    pub(crate) fn is_held(&self) -> bool {
        self.there.pending_cancellation || self.there.pending_address_change || self.there.pending_risk_alert
    }

    /// Somebody did something with it.
    pub(crate) fn touch(&mut self, now: Timestamp) {
        self.touched = now;
    }

    pub(crate) fn has_decided(&self, decision: Decision) -> bool {
        self.decided.iter().any(|(one, _)| *one == decision)
    }

    /// The last decision, and when it was made.
    pub(crate) fn last_decision(&self) -> Option<(Decision, Timestamp)> {
        self.decided.last().copied()
    }

    /// A person has taken it into their own hands.
    pub(crate) fn is_in_persons_hands(&self) -> bool {
        self.decided.iter().any(|(one, _)| matches!(one, Decision::DoneByHand | Decision::LeaveOut))
    }

    /// What the buyer pays the merchant for what is to be sent, as the marketplace said.
    pub(crate) fn marketplace_cents(&self) -> i64 {
        self.there.seller_total_cents()
    }

    /// (article number, pieces) still to be sent, for a person who enters it in JTL.
    pub(crate) fn lines(&self) -> Vec<(String, i64)> {
        self.there.shippable().map(|line| (line.sku.trim_end().to_uppercase(), line.quantity())).collect()
    }
}

/// As JTL compares article numbers.
pub(crate) fn number_of(sku: &str) -> String {
    sku.trim_end().to_uppercase()
}

/// All orders, and whose position in JTL is whose.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) orders: BTreeMap<String, Bought>,
    /// `kAuftragPosition` → the order of the buyer for whom it was written.
    owners: HashMap<i64, String>,
    /// `kAuftrag` → the number that it had when it was seen last.
    numbers: HashMap<i64, String>,
    /// Number → how many orders in JTL have begun with it.
    ever: HashMap<String, usize>,
    /// The newest note position that was counted.
    pub(crate) counted_notes: i64,
    /// When somebody did something with an article last.
    pub(crate) articles_touched: HashMap<String, Timestamp>,
    /// Orders that people enter in JTL and that were not seen there yet.
    pub(crate) by_people: Vec<String>,
}

impl Book {
    pub(crate) fn get(&self, sn: &str) -> &Bought {
        &self.orders[sn]
    }

    pub(crate) fn change(&mut self, sn: &str) -> &mut Bought {
        self.orders.get_mut(sn).unwrap()
    }

    /// Orders that are not over, of all accounts or of one.
    pub(crate) fn live(&self, account: Option<usize>) -> impl Iterator<Item = &Bought> {
        self.orders
            .values()
            .filter(move |order| !order.is_over && account.is_none_or(|account| order.account == account))
    }

    /// Notes whose the new orders and positions in JTL are. Returns the keys and numbers of orders seen for the first time.
    pub(crate) fn learn(&mut self, snapshot: &Snapshot) -> Vec<(i64, String)> {
        let mut new = Vec::new();
        for order in &snapshot.orders {
            let is_new = self.numbers.insert(order.key, order.number.clone()).is_none();
            if is_new {
                *self.ever.entry(order.number.clone()).or_default() += 1;
                new.push((order.key, order.number.clone()));
            }
            for position in &order.positions {
                self.owners.entry(position.key).or_insert_with(|| order.number.clone());
            }
            if let Some(bought) = self.orders.get_mut(&order.number) {
                bought.was_in_jtl = true;
            }
        }
        for number in snapshot.waiting.keys() {
            if let Some(bought) = self.orders.get_mut(number) {
                bought.was_in_jtl = true;
            }
        }
        new
    }

    /// How many orders in JTL have begun with this number.
    pub(crate) fn ever_in_jtl(&self, number: &str) -> usize {
        self.ever.get(number).copied().unwrap_or(0)
    }

    pub(crate) fn owner(&self, position: i64) -> Option<&str> {
        self.owners.get(&position).map(String::as_str)
    }

    /// The positions in JTL that are this buyer's, in whatever order they lie, with that order.
    pub(crate) fn positions_of<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        sn: &'a str,
    ) -> impl Iterator<Item = (&'a JtlOrder, &'a Position)> {
        snapshot.orders.iter().flat_map(move |order| {
            let own = order.positions.iter().filter(move |position| self.owner(position.key) == Some(sn));
            own.filter(|position| position.is_bought()).map(move |position| (order, position))
        })
    }
}
