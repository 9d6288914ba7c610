//! What was begun and ends later: wishes, outages, articles that come back.

use crate::oracle::Job;
use crate::play::Play;

/// Something that is planned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Later {
    /// The buyer's wish to cancel is granted, or withdrawn.
    EndsWish {
        sn: String,
        is_granted: bool,
    },
    /// The buyer's wish for another address is granted, or withdrawn.
    EndsAddressWish {
        sn: String,
        is_granted: bool,
    },
    EndsRisk {
        sn: String,
    },
    /// The list shows the order.
    Shows {
        sn: String,
    },
    WorkerResumes,
    /// The faults of this number at an account's marketplace end.
    FaultEnds {
        account: usize,
        number: u64,
    },
    JtlIsBack,
    JobResumes {
        job: &'static str,
        account: usize,
    },
    MandantIsBack,
    /// The article has its number and is active.
    ArticleIsBack {
        sku: String,
        now: String,
    },
    /// Whatever of the order is open in JTL and belongs to no plan of the warehouse leaves.
    Leaves {
        sn: String,
    },
}

impl Play {
    /// Names the job.
    pub(crate) fn job_name(job: Job) -> &'static str {
        if job == Job::Orders { "order" } else { "stock" }
    }

    pub(crate) async fn happens_later(&mut self, later: Later) {
        let now = self.ground.now();
        match later {
            Later::EndsWish { sn, is_granted } => {
                let bought = self.oracle.book.get(&sn);
                if !bought.there.pending_cancellation || !bought.is_to_be_shipped() {
                    return;
                }
                let market = &self.ground.accounts[bought.account].market;
                if is_granted {
                    market.cancel(&sn).unwrap();
                    self.tell(format!("The marketplace cancels {sn}, as its buyer wished."));
                } else {
                    market.ask_cancellation(&sn, false).unwrap();
                    self.tell(format!("The buyer of {sn} wants it after all."));
                }
                self.oracle.book.change(&sn).touch(now);
            }
            Later::EndsAddressWish { sn, is_granted } => {
                let bought = self.oracle.book.get(&sn);
                if !bought.there.pending_address_change || !bought.is_to_be_shipped() {
                    return;
                }
                let market = self.ground.accounts[bought.account].market.clone();
                if is_granted {
                    self.moves(&sn);
                } else {
                    market.ask_address_change(&sn, false).unwrap();
                    self.tell(format!("The buyer of {sn} stays at the first address."));
                }
                self.oracle.book.change(&sn).touch(now);
            }
            Later::EndsRisk { sn } => {
                let bought = self.oracle.book.get(&sn);
                self.ground.accounts[bought.account].market.check_risk(&sn, false).unwrap();
                self.oracle.book.change(&sn).touch(now);
                self.tell(format!("The marketplace has checked {sn}."));
            }
            Later::Shows { sn } => {
                let bought = self.oracle.book.change(&sn);
                (bought.is_hidden, bought.shown_at) = (false, Some(now));
                bought.touch(now);
                self.ground.accounts[bought.account].market.hide(&sn, false).unwrap();
                self.tell(format!("The list of orders shows {sn} at last."));
            }
            Later::WorkerResumes => {
                self.ground.jtl().resume_worker();
                self.weather.is_worker_paused = false;
                self.tell("The JTL-Worker runs again.");
            }
            Later::FaultEnds { account, number } => {
                self.weather.end_fault(&self.ground.accounts[account].market, account, number);
                let name = self.ground.accounts[account].name;
                self.tell(format!("The marketplace of {name} answers again as it should."));
            }
            Later::JtlIsBack => {
                self.ground.jtl().set_jtl_away(false).unwrap();
                self.weather.is_jtl_away = false;
                self.tell("JTL's database answers again.");
            }
            Later::JobResumes { job, account } => {
                let name = self.ground.accounts[account].name;
                self.tell(format!("A person resumes the {job} job of {name}."));
            }
            Later::MandantIsBack => {
                self.ground.jtl().restore_mandant().unwrap();
                self.touches_all();
                self.weather.is_mandant_gone = false;
                self.tell("A person chooses the right mandant in JTL again.");
            }
            Later::ArticleIsBack { sku, now } => self.brings_back(&sku, &now),
            Later::Leaves { sn } => {
                // Nobody packs an order that was cancelled.
                let snapshot = self.oracle.snapshot();
                let is_live = snapshot.with_number(&sn).last().is_some_and(|newest| !newest.is_cancelled);
                if is_live && let Ok(numbers) = self.ground.jtl().ship_now(&sn, &[]) {
                    self.tell(format!(
                        "The warehouse ships what is open of {sn} in JTL: {}.",
                        numbers.join(", ")
                    ));
                }
            }
        }
    }

    /// The article has its old number and is active again.
    pub(crate) fn brings_back(&mut self, sku: &str, now: &str) {
        self.touches(sku);
        let jtl = self.ground.jtl();
        let is_there = jtl.rename_article(now, sku).and_then(|()| jtl.set_article_active(sku, true)).is_ok();
        if is_there {
            self.tell(format!("A person makes {sku} an article with its old number that may be sold."));
        }
    }

    /// The buyer's address changes.
    pub(crate) fn moves(&mut self, sn: &str) {
        let now = self.ground.now();
        let account = self.oracle.book.get(sn).account;
        self.ground.accounts[account].market.readdress(sn).unwrap();
        let read_from = self.oracle.read_from[account];
        let snapshot = self.oracle.snapshot();
        let own = snapshot.with_number(sn);
        let mut live = own
            .chain(self.oracle.book.positions_of(&snapshot, sn).map(|(order, _)| order))
            .filter(|order| !order.is_cancelled);
        let is_in_jtl = snapshot.rows_of(sn) > 0 || live.next().is_some();
        drop(live);
        let bought = self.oracle.book.change(sn);
        bought.touch(now);
        // A person may have entered it before anybody could read it: then nobody knows that it once went elsewhere.
        let is_surely_read = !bought.is_hidden && bought.shown_at.is_none() && read_from > bought.placed;
        // What was deleted in JTL and is handed over again goes there with the new address.
        if is_in_jtl && (is_surely_read || !bought.is_entered_by_hand) {
            bought.moved_at = Some(now);
        }
        self.tell(format!("{sn} goes to another address now."));
    }
}
