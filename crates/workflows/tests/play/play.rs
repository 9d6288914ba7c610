//! A play from its beginning to its end: time jumps from event to event; jobs run, buyers, people and machines act, and after each run
//! the oracle checks every promise.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::rc::Rc;
use std::time::{Duration, Instant};

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};
use marktwerk_domain::run::RunState;
use marktwerk_store::inventory::ListingFilter;
use marktwerk_store::judging;
use serde_json::{Value, json};

use crate::dice::{Dice, named};
use crate::ground::{Database, Ground};
use crate::later::Later;
use crate::oracle::{Ended, Job, Oracle};
use crate::records::Snapshot;
use crate::report::Report;
use crate::story::{Story, Violation};
use crate::weather::Weather;
use crate::world::{Size, World};

/// What plays have in common.
#[derive(Debug, Clone)]
pub(crate) struct Stage {
    pub(crate) size: Size,
    /// Whether the product stores on SQL Server.
    pub(crate) is_on_sql_server: bool,
}

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Orders(usize),
    Stock(usize),
    Act,
    /// A person looks at the attention list.
    Look,
}

/// A play.
pub(crate) struct Play {
    pub(crate) ground: Ground,
    pub(crate) world: World,
    pub(crate) dice: Dice,
    pub(crate) story: Story,
    pub(crate) oracle: Oracle,
    pub(crate) weather: Weather,
    later: BinaryHeap<Reverse<(Timestamp, u64, Later)>>,
    planned: u64,
    /// Entries that a person has taken up, with when they will look at them again.
    pub(crate) taken_up: BTreeSet<i64>,
    pub(crate) followed: u64,
    stock_runs: u64,
}

/// Plays a seed on a runtime of its own.
pub(crate) fn play(seed: u64, stage: &Stage) -> Report {
    let began = Instant::now();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let mut report = runtime.block_on(async {
        let world = World::of(seed, stage.size);
        let database = match stage.is_on_sql_server {
            true => Database::Given(crate::server::empty_store().await),
            false => Database::Memory,
        };
        let ground = Ground::open(&world, database).await;
        let mut play = Play::new(ground, world);
        let violation = play.go_through().await.err();
        play.report(violation).await
    });
    report.took = began.elapsed();
    report
}

impl Play {
    fn new(ground: Ground, world: World) -> Self {
        let accounts = ground.accounts.len();
        Self {
            oracle: Oracle::new(&ground),
            dice: Dice::of([world.seed, named("play")]),
            story: Story::default(),
            weather: Weather::new(accounts),
            later: BinaryHeap::new(),
            planned: 0,
            taken_up: BTreeSet::new(),
            followed: 0,
            stock_runs: 0,
            ground,
            world,
        }
    }

    async fn go_through(&mut self) -> Result<(), Violation> {
        let begins = self.ground.now();
        let ends = begins + self.world.size.lasts();
        self.set_the_shelves();
        let mut next: BinaryHeap<Reverse<(Timestamp, Next)>> = BinaryHeap::new();
        for account in 0..self.ground.accounts.len() {
            let minutes = SignedDuration::from_mins(7 * account as i64);
            next.push(Reverse((begins + minutes, Next::Orders(account))));
            next.push(Reverse((begins + minutes + SignedDuration::from_mins(3), Next::Stock(account))));
        }
        next.push(Reverse((begins + SignedDuration::from_mins(20), Next::Act)));
        next.push(Reverse((begins + SignedDuration::from_hours(3), Next::Look)));
        while let Some(Reverse((at, what))) = next.pop() {
            if at >= ends {
                break;
            }
            self.until(at).await?;
            let after = self.happens(what).await?;
            next.push(Reverse((self.ground.now().max(at) + after, what)));
        }
        Ok(())
    }

    /// Lets time pass; what was planned happens in between.
    async fn until(&mut self, at: Timestamp) -> Result<(), Violation> {
        while let Some(Reverse((when, ..))) = self.later.peek() {
            if *when > at {
                break;
            }
            let Some(Reverse((when, _, later))) = self.later.pop() else { break };
            self.sleep_until(when).await;
            self.look()?;
            self.happens_later(later).await;
            self.look()?;
        }
        self.sleep_until(at).await;
        Ok(())
    }

    /// Waits for the first half second from `at` on. The sandbox's own rounds begin with a whole second, on another thread: at the same
    /// moment, the machine would decide who of the two is first.
    async fn sleep_until(&self, at: Timestamp) {
        let half = SignedDuration::from_millis(500);
        let next_second = TimestampRound::new().smallest(Unit::Second).mode(RoundMode::Ceil);
        let begins = (at.max(self.ground.now()) - half).round(next_second).unwrap() + half;
        let left = begins.duration_since(self.ground.now());
        if let Ok(left) = Duration::try_from(left) {
            self.ground.clock.sleep(left).await;
        }
    }

    /// Plans something.
    pub(crate) fn plan(&mut self, after: SignedDuration, later: Later) {
        self.planned += 1;
        self.later.push(Reverse((self.ground.now() + after, self.planned, later)));
    }

    pub(crate) fn look(&mut self) -> Result<Rc<Snapshot>, Violation> {
        self.oracle.look(&self.ground, None)
    }

    pub(crate) fn tell(&mut self, sentence: impl Into<String>) {
        self.story.tell(self.ground.now(), sentence);
    }

    /// Between `least` and `most` minutes.
    pub(crate) fn minutes(&mut self, least: u64, most: u64) -> SignedDuration {
        SignedDuration::from_secs(self.dice.between(60 * least, 60 * most) as i64)
    }

    async fn happens(&mut self, what: Next) -> Result<Duration, Violation> {
        match what {
            Next::Orders(account) => {
                // The program judges what waits, whether jobs run or not.
                let now = self.ground.now();
                judging::judge_due(&*self.ground.store, &self.ground.limits, now).await.unwrap();
                if !self.weather.is_paused(Job::Orders, account, now) {
                    self.run(Job::Orders, account, Value::Null).await?;
                }
                Ok(self.world.orders_every)
            }
            Next::Stock(account) => {
                if !self.weather.is_paused(Job::Stock, account, self.ground.now()) {
                    let mode = if self.stock_runs.is_multiple_of(6) { "full" } else { "quick" };
                    self.stock_runs += 1;
                    self.run(Job::Stock, account, json!({ "mode": mode })).await?;
                }
                Ok(self.world.stock_every)
            }
            Next::Act => {
                let snapshot = self.look()?;
                self.act(&snapshot).await;
                self.look()?;
                let mean = self.world.acts_every.as_secs();
                Ok(Duration::from_secs(self.dice.between(mean / 4, mean * 7 / 4)))
            }
            Next::Look => {
                self.look()?;
                self.person_looks().await?;
                self.look()?;
                Ok(Duration::from_secs(60 * self.dice.between(60, 300)))
            }
        }
    }

    async fn run(&mut self, job: Job, account: usize, parameters: Value) -> Result<(), Violation> {
        self.look()?;
        self.oracle.note_offers(&self.ground);
        let started = self.ground.now();
        let is_full = parameters["mode"] == "full";
        let job_type = if job == Job::Orders { "order_workflow" } else { "inventory_workflow" };
        let run = self.ground.run(job_type, account, parameters).await;
        let is_success = run.state == RunState::Succeeded;
        if !is_success {
            let name = self.ground.accounts[account].name;
            let error = run.error.as_deref().unwrap_or("it gave no reason").to_owned();
            let what = if job == Job::Orders { "order" } else { "stock" };
            self.tell(format!("The {what} job of {name} failed: {error}"));
        }
        let ended = Ended { job, account, started, is_success, is_full };
        self.oracle.check(&self.ground, ended).await
    }

    /// How every order stands on each side, for a story that ends badly, and what is known of the listings that it is about.
    async fn standing(&self, about: &[String]) -> String {
        let snapshot = self.oracle.snapshot();
        let list = self.ground.store.attentions().await.unwrap();
        let mut text = String::new();
        for sku in about {
            let filter = ListingFilter { sku: Some(sku.clone()), ..ListingFilter::default() };
            for (account, record) in self.ground.store.find_listings(&filter).await.unwrap() {
                text.push_str(&format!("  known of {sku} at {account}: {:?}\n", record.figures));
            }
        }
        text.push_str("  how the orders stand:\n");
        for bought in self.oracle.book.live(None) {
            let account = self.ground.accounts[bought.account].name;
            let stored = self.ground.store.order(account, &bought.sn).await.unwrap();
            if let Some(stored) = stored.as_ref().filter(|_| about.contains(&bought.sn)) {
                text.push_str(&format!("    last fetched {}\n", stored.fetched_at));
                for event in &stored.history {
                    text.push_str(&format!("      {} {:?} {:?}\n", event.at, event.by, event.what));
                }
            }
            let state = stored.map_or("unknown".to_owned(), |stored| {
                let row = stored.judgement(&self.ground.limits, self.ground.now()).row;
                format!("{} ({row:?}), takes stock: {}", stored.state.as_str(), stored.takes_stock)
            });
            let entries: Vec<&str> = list
                .iter()
                .filter(|entry| entry.subject == bought.sn)
                .map(|entry| entry.kind.as_str())
                .collect();
            let in_jtl: Vec<String> = snapshot
                .with_number(&bought.sn)
                .map(|order| {
                    let open = order.positions.iter().any(|one| one.is_bought() && one.noted < one.pieces);
                    format!(
                        "{}{}",
                        order.key,
                        if order.is_cancelled {
                            " cancelled"
                        } else if open {
                            " open"
                        } else {
                            " gone"
                        }
                    )
                })
                .collect();
            let lines: Vec<String> =
                bought.there.lines.iter().map(|line| format!("{} × {}", line.quantity(), line.sku)).collect();
            text.push_str(&format!(
                "    {account} {} ({}): status {} there, {state} here, rows {}, in JTL {in_jtl:?}, entries {entries:?}\n",
                bought.sn,
                lines.join(", "),
                bought.status(),
                snapshot.rows_of(&bought.sn),
            ));
        }
        text
    }

    async fn report(mut self, violation: Option<Violation>) -> Report {
        let log = match &violation {
            Some(violation) => {
                format!("{}{}", self.ground.log(25).await, self.standing(&violation.about).await)
            }
            None => String::new(),
        };
        let now = self.ground.now();
        self.story.tell(now, "The play ends.");
        let report = Report {
            violation,
            orders: self.oracle.book.orders.len(),
            checks: self.oracle.checks,
            followed: self.followed,
            took: Duration::ZERO,
            story: self.story,
            log,
            world: self.world,
        };
        self.ground.close().await;
        report
    }
}
