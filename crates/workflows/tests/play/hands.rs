//! What people do in JTL and at the marketplace without telling anybody, and what the warehouse does.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use marktwerk_sandbox::ParcelSeed;

use crate::book::Bought;
use crate::later::Later;
use crate::play::Play;
use crate::records::{JtlOrder, Snapshot};

impl Play {
    /// The shelves at the beginning: few pieces of everything, so that the last one matters.
    pub(crate) fn set_the_shelves(&mut self) {
        for number in 1..=self.world.articles {
            let sku = format!("MW-{number:04}");
            let pieces = self.dice.between(2, 14) as i64;
            self.ground.jtl().set_stock(&sku, 1, pieces).unwrap();
            self.ground.jtl().set_stock(&sku, 2, 0).unwrap();
        }
        self.tell("The shelves are filled, with two to fourteen pieces of each article.");
    }

    /// One thing that anybody does.
    pub(crate) async fn act(&mut self, snapshot: &Snapshot) {
        match self.dice.between(0, 99) {
            0..=39 => self.buys(),
            40..=49 => self.changes_mind(),
            50 => self.cancels_late(),
            51..=60 => self.moves_stock(),
            61..=63 => self.changes_article(),
            64..=67 => self.ships_at_the_marketplace(snapshot),
            68..=70 => self.enters_in_jtl(snapshot),
            71..=83 => self.works_in_jtl(snapshot),
            84..=93 => self.packs(snapshot),
            _ => self.storm().await,
        }
    }

    fn article(&mut self) -> String {
        format!("MW-{:04}", self.dice.between(1, u64::from(self.world.articles)))
    }

    /// Somebody does something with an article.
    pub(crate) fn touches(&mut self, sku: &str) {
        let now = self.ground.now();
        self.oracle.book.articles_touched.insert(sku.to_owned(), now);
    }

    fn moves_stock(&mut self) {
        let sku = self.article();
        let is_delivery = self.dice.happens(70);
        let pieces = if is_delivery { self.dice.between(3, 15) } else { self.dice.between(1, 6) } as i64;
        let is_done = if is_delivery {
            self.ground.jtl().receive(&sku, pieces).map(|()| format!("{pieces} pieces of {sku} arrive."))
        } else {
            self.ground
                .jtl()
                .sell_elsewhere(&sku, pieces)
                .map(|()| format!("{pieces} pieces of {sku} are sold over another channel."))
        };
        self.touches(&sku);
        if let Ok(sentence) = is_done {
            self.tell(sentence);
        }
    }

    /// An article is renamed, made inactive, or has another buffer.
    fn changes_article(&mut self) {
        if self.weather.is_mandant_gone {
            return;
        }
        let sku = self.article();
        let after = self.minutes(120, 30 * 60);
        let jtl = self.ground.jtl().clone();
        self.touches(&sku);
        match self.dice.between(0, 2) {
            0 => {
                let name = format!("{sku}-ALT");
                if jtl.rename_article(&sku, &name).is_ok() {
                    self.tell(format!("A person gives {sku} the number {name} in JTL."));
                    self.plan(after, Later::ArticleIsBack { sku, now: name });
                }
            }
            1 => {
                if jtl.set_article_active(&sku, false).is_ok() {
                    self.tell(format!("A person makes {sku} inactive in JTL."));
                    self.plan(after, Later::ArticleIsBack { sku: sku.clone(), now: sku });
                }
            }
            _ => {
                let pieces = self.dice.between(0, 2) as i64;
                if jtl.set_buffer(&sku, pieces).is_ok() {
                    self.tell(format!("A person keeps a buffer of {pieces} pieces of {sku} in JTL."));
                }
            }
        }
    }

    /// A parcel leaves without JTL, or a parcel of JTL is reported by hand.
    fn ships_at_the_marketplace(&mut self, snapshot: &Snapshot) {
        let is_possible = |bought: &Bought| {
            bought.is_to_be_shipped() && !bought.is_held() && !bought.is_hidden && bought.shown_at.is_none()
        };
        let Some(sn) = self.pick(is_possible) else { return };
        let number = format!("0034043499{:010}", self.dice.between(0, 9_999_999_999));
        let of_jtl =
            snapshot.with_number(&sn).flat_map(|order| &order.parcels).find(|parcel| parcel.has_left);
        let of_jtl = of_jtl.map(|parcel| parcel.tracking.clone()).filter(|number| !number.is_empty());
        let is_of_jtl = of_jtl.is_some();
        // What has left in part is no parcel with everything.
        let has_left = self.oracle.book.get(&sn).sent.values().sum::<i64>() > 0;
        if has_left && !is_of_jtl {
            return;
        }
        self.reports_by_hand(&sn, &of_jtl.unwrap_or(number), !is_of_jtl);
    }

    /// A person reports a parcel at the marketplace; it left without JTL, or it is one of JTL's.
    pub(crate) fn reports_by_hand(&mut self, sn: &str, number: &str, has_left: bool) {
        let now = self.ground.now();
        let account = self.oracle.book.get(sn).account;
        if self.ground.accounts[account].market.ship_by_hand(sn, number).is_err() {
            return;
        }
        let bought = self.oracle.book.change(sn);
        bought.by_hand = Some((number.to_owned(), now));
        bought.left_by_hand = has_left;
        (bought.was_told, bought.runs_since_by_hand) = (false, 0);
        bought.touch(now);
        self.tell(match has_left {
            true => format!(
                "A person ships {sn} at the marketplace by hand, with the parcel {number} and without JTL."
            ),
            false => format!("A person reports JTL's parcel {number} of {sn} at the marketplace by hand."),
        });
    }

    fn enters_in_jtl(&mut self, snapshot: &Snapshot) {
        let is_there = |bought: &Bought| {
            snapshot.with_number(&bought.sn).next().is_some() || snapshot.rows_of(&bought.sn) > 0
        };
        let is_possible = |bought: &Bought| {
            bought.is_to_be_shipped()
                && !bought.is_held()
                && !bought.is_hidden
                && !is_there(bought)
                && !bought.was_in_jtl
        };
        let is_doubled = |bought: &Bought| {
            bought.is_to_be_shipped() && !bought.is_held() && is_there(bought) && bought.sent.is_empty()
        };
        if self.dice.happens(35)
            && let Some(sn) = self.pick(is_doubled)
        {
            self.tell(format!("Somebody does not see that JTL has {sn} already."));
            self.oracle.book.change(&sn).is_doubled = true;
            self.enters(&sn, true);
            return;
        }
        let Some(sn) = self.pick(is_possible) else { return };
        self.enters(&sn, true);
    }

    /// A person enters an order in JTL with its number; the warehouse ships it later, if it `leaves`.
    pub(crate) fn enters(&mut self, sn: &str, leaves: bool) -> bool {
        let now = self.ground.now();
        let lines = self.oracle.book.get(sn).lines();
        if lines.is_empty() || self.ground.jtl().enter_order_in_jtl(sn, &lines).is_err() {
            return false;
        }
        self.oracle.book.by_people.push(sn.to_owned());
        let bought = self.oracle.book.change(sn);
        bought.is_entered_by_hand = true;
        bought.touch(now);
        self.tell(format!("A person enters {sn} in JTL by hand."));
        if leaves {
            let after = self.minutes(60, 20 * 60);
            self.plan(after, Later::Leaves { sn: sn.to_owned() });
        }
        true
    }

    /// Orders that lie in JTL once, of which nothing has left.
    fn untouched<'a>(&self, snapshot: &'a Snapshot) -> BTreeMap<String, &'a JtlOrder> {
        let usual = snapshot.orders.iter().filter(|order| {
            let is_alone = snapshot.with_number(&order.number).count() == 1;
            let is_whole = order.positions.iter().all(|position| position.noted == 0);
            is_alone && is_whole && !order.is_cancelled && order.parcels.is_empty()
        });
        let is_usual = |order: &&JtlOrder| {
            let bought = self.oracle.book.orders.get(&order.number);
            bought.is_some_and(|bought| {
                bought.is_to_be_shipped() && !bought.is_in_persons_hands() && !bought.is_over
            })
        };
        usual.filter(is_usual).map(|order| (order.number.clone(), order)).collect()
    }

    fn works_in_jtl(&mut self, snapshot: &Snapshot) {
        let orders = self.untouched(snapshot);
        let numbers: Vec<String> = orders.keys().cloned().collect();
        if numbers.is_empty() {
            return;
        }
        let sn = self.dice.pick(&numbers);
        let now = self.ground.now();
        let jtl = self.ground.jtl().clone();
        let goods = orders[&sn].positions.iter().filter(|position| position.is_bought()).count();
        match self.dice.between(0, 12) {
            0..=2 => {
                jtl.cancel_in_jtl(&sn).unwrap();
                self.tell(format!("A person cancels {sn} in JTL."));
            }
            3 => {
                jtl.delete_in_jtl(&sn).unwrap();
                self.tell(format!("A person deletes {sn} in JTL."));
            }
            4..=5 if goods > 1 => {
                jtl.split_in_jtl(&sn).unwrap();
                self.oracle.book.by_people.push(sn.clone());
                let after =
                    SignedDuration::from_secs(self.world.ship_after.as_secs() as i64) + self.minutes(0, 600);
                self.plan(after, Later::Leaves { sn: sn.clone() });
                self.tell(format!("A person splits {sn} in JTL into two orders with its number."));
            }
            6..=8 => {
                let sku = self.article();
                if jtl.add_gift_in_jtl(&sn, &sku).is_ok() {
                    self.tell(format!("A person puts {sku} on {sn} in JTL as a gift."));
                }
            }
            9..=10 => {
                jtl.add_packaging_in_jtl(&sn, "KARTON-1").unwrap();
                self.tell(format!("A person puts a carton on {sn} in JTL."));
            }
            // One that the product has not seen there yet would be a second order for it.
            11 if !self.oracle.book.get(&sn).is_entered_by_hand => {
                let other = format!("{sn}-NEU");
                jtl.renumber_in_jtl(&sn, &other).unwrap();
                self.tell(format!("A person gives {sn} the number {other} in JTL."));
            }
            _ => return,
        }
        self.oracle.book.change(&sn).touch(now);
    }

    /// The packing table does something unusual.
    fn packs(&mut self, snapshot: &Snapshot) {
        let jtl = self.ground.jtl().clone();
        let now = self.ground.now();
        if self.dice.happens(20) {
            let shipped: Vec<String> = snapshot
                .orders
                .iter()
                .filter(|order| order.parcels.len() == 1 && order.parcels[0].has_left)
                .map(|order| order.number.clone())
                .filter(|number| {
                    self.oracle
                        .book
                        .orders
                        .get(number)
                        .is_some_and(|bought| !bought.is_over && !bought.is_excused)
                })
                .collect();
            if shipped.is_empty() {
                return;
            }
            let sn = self.dice.pick(&shipped);
            if self.dice.happens(50) {
                if jtl.print_label_again(&sn).is_err() {
                    return;
                }
                self.tell(format!("A person prints the label of {sn} again and does not use it."));
            } else {
                let number = format!("0034043488{:010}", self.dice.between(0, 9_999_999_999));
                if jtl.renumber_parcels(&sn, &number).is_err() {
                    return;
                }
                self.tell(format!("A person corrects the tracking number of {sn} in JTL to {number}."));
            }
            self.oracle.book.change(&sn).touch(now);
            return;
        }
        let orders = self.untouched(snapshot);
        let numbers: Vec<String> = orders.keys().cloned().collect();
        if numbers.is_empty() {
            return;
        }
        let sn = self.dice.pick(&numbers);
        let skus: Vec<String> =
            orders[&sn].positions.iter().filter(|one| one.is_bought()).map(|one| one.sku.clone()).collect();
        let (parcel, how) = match self.dice.between(0, 5) {
            0 => (
                vec![ParcelSeed { tracking: Some(String::new()), ..ParcelSeed::default() }],
                "without a tracking number",
            ),
            1 => (
                vec![ParcelSeed { method: Some("Kurier Blitz".to_owned()), ..ParcelSeed::default() }],
                "with a carrier that nobody knows",
            ),
            2 if skus.len() > 1 => {
                let first = ParcelSeed { skus: Some(vec![skus[0].clone()]), ..ParcelSeed::default() };
                (vec![first, ParcelSeed::default()], "in two parcels")
            }
            3 if skus.len() > 1 => {
                let after = self.minutes(120, 48 * 60);
                self.plan(after, Later::Leaves { sn: sn.clone() });
                (vec![ParcelSeed { skus: Some(vec![skus[0].clone()]), ..ParcelSeed::default() }], "in part")
            }
            4 => (
                vec![ParcelSeed {
                    method: Some("DHL Paket".to_owned()),
                    contents_not_recorded: true,
                    ..ParcelSeed::default()
                }],
                "without recording what is in the parcel",
            ),
            _ => (Vec::new(), "at once"),
        };
        if let Ok(numbers) = jtl.ship_now(&sn, &parcel) {
            self.tell(format!("The warehouse ships {sn} {how}: {}.", numbers.join(", ")));
            self.oracle.book.change(&sn).touch(now);
        }
    }
}
