//! What buyers and the marketplace do: orders of every kind, wishes, cancellations, other addresses.

use jiff::SignedDuration;
use marktwerk_sandbox::{LineSeed, OrderSeed};

use crate::book::Bought;
use crate::later::Later;
use crate::play::Play;

impl Play {
    /// A buyer orders something.
    pub(crate) fn buys(&mut self) {
        let account = self.dice.index(self.ground.accounts.len());
        let count = self.dice.pick(&[1, 1, 1, 2, 2, 3]);
        let mut lines: Vec<LineSeed> = Vec::new();
        let offered = self.ground.accounts[account].market.listings().unwrap();
        for _ in 0..count {
            let line = self.line();
            let listing = offered.iter().find(|listing| listing.sku.eq_ignore_ascii_case(&line.sku));
            // Nobody can buy more than is offered.
            let is_offered = listing.is_some_and(|listing| listing.stock >= line.quantity);
            if is_offered && lines.iter().all(|other| !other.sku.eq_ignore_ascii_case(&line.sku)) {
                lines.push(line);
            }
        }
        if lines.is_empty() {
            return;
        }
        let mut seed = OrderSeed { lines, ..OrderSeed::default() };
        seed.shipping_gross_cents = Some(self.dice.pick(&[0, 0, 399, 490]));
        let mut about = String::new();
        if self.dice.happens(5) {
            seed.currency = Some("CHF".to_owned());
            about.push_str(" in Swiss francs, which JTL is not set up for");
        }
        let is_hidden = self.dice.happens(8);
        let market = self.ground.accounts[account].market.clone();
        let sn = market.add_order(seed).unwrap();
        if is_hidden {
            market.hide(&sn, true).unwrap();
            about.push_str("; the list of orders does not show it yet");
        }
        let mut bought = Bought::new(account, market.order(&sn).unwrap(), self.ground.now());
        bought.is_hidden = is_hidden;
        let what: Vec<String> =
            bought.there.lines.iter().map(|line| format!("{} × {}", line.quantity(), line.sku)).collect();
        self.oracle.book.orders.insert(sn.clone(), bought);
        let name = self.ground.accounts[account].name;
        self.tell(format!("A buyer orders {} at {name}: {sn}{about}.", what.join(" and ")));
        if is_hidden {
            let after = self.minutes(25, 600);
            self.plan(after, Later::Shows { sn });
        }
    }

    fn line(&mut self) -> LineSeed {
        let number = self.dice.between(1, u64::from(self.world.articles));
        let pieces = self.dice.pick(&[1, 1, 1, 2, 3]);
        match self.dice.between(0, 19) {
            0..=1 => LineSeed::new("MW-BUNDLE", 1),
            2 => LineSeed::new(format!("mw-{number:04}"), pieces),
            // Three pieces for ten euros: the price of one is rounded.
            3 => LineSeed {
                unit_gross_cents: Some(333),
                total_gross_cents: Some(1000),
                ..LineSeed::new(format!("MW-{number:04}"), 3)
            },
            _ => LineSeed::new(format!("MW-{number:04}"), pieces),
        }
    }

    /// A buyer or the marketplace changes an order that is to be shipped.
    pub(crate) fn changes_mind(&mut self) {
        let is_possible = |bought: &Bought| {
            bought.is_to_be_shipped() && !bought.is_held() && !bought.is_hidden && bought.shown_at.is_none()
        };
        // What waits for something, or was decided on, changes as often as all others together.
        let waits =
            |bought: &Bought| is_possible(bought) && (!bought.was_in_jtl || !bought.decided.is_empty());
        let chosen = if self.dice.happens(50) { self.pick(waits) } else { None };
        let Some(sn) = chosen.or_else(|| self.pick(is_possible)) else { return };
        let account = self.oracle.book.get(&sn).account;
        let market = self.ground.accounts[account].market.clone();
        let now = self.ground.now();
        let is_granted = self.dice.happens(60);
        let after = self.minutes(60, 30 * 60);
        match self.dice.between(0, 9) {
            0..=3 => {
                market.ask_cancellation(&sn, true).unwrap();
                self.tell(format!("The buyer of {sn} wishes to cancel it."));
                self.plan(after, Later::EndsWish { sn: sn.clone(), is_granted });
            }
            4..=5 => {
                market.cancel(&sn).unwrap();
                self.tell(format!("{sn} is cancelled at the marketplace."));
            }
            6 => {
                market.ask_address_change(&sn, true).unwrap();
                self.tell(format!("The buyer of {sn} wishes another address."));
                self.plan(after, Later::EndsAddressWish { sn: sn.clone(), is_granted });
            }
            7..=8 => self.moves(&sn),
            _ => {
                market.check_risk(&sn, true).unwrap();
                self.tell(format!("The marketplace checks {sn} for a risk."));
                self.plan(after, Later::EndsRisk { sn: sn.clone() });
            }
        }
        self.oracle.book.change(&sn).touch(now);
    }

    /// A parcel was reported, and the buyer cancels all the same.
    pub(crate) fn cancels_late(&mut self) {
        let week = self.ground.now() - SignedDuration::from_hours(24 * 7);
        let is_possible =
            |bought: &Bought| bought.status() == 4 && bought.placed > week && bought.by_hand.is_none();
        let Some(sn) = self.pick(is_possible) else { return };
        let account = self.oracle.book.get(&sn).account;
        self.ground.accounts[account].market.cancel(&sn).unwrap();
        let now = self.ground.now();
        self.oracle.book.change(&sn).touch(now);
        self.tell(format!("{sn} is cancelled at the marketplace although its shipment was reported."));
    }

    /// Any order of which this holds.
    pub(crate) fn pick(&mut self, is_possible: impl Fn(&Bought) -> bool) -> Option<String> {
        let possible: Vec<String> = self
            .oracle
            .book
            .live(None)
            .filter(|bought| is_possible(bought))
            .map(|bought| bought.sn.clone())
            .collect();
        (!possible.is_empty()).then(|| self.dice.pick(&possible))
    }
}
