//! What is done to the program, and what it must do about it at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use reqwest::Method;
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::sync::RwLock;
use tokio_util::sync::CancellationToken;

use crate::clients::Client;
use crate::ledger::{Ledger, Standing};
use crate::shop::{LOOK_EVERY, Output, PATIENCE, Shop};

const CLIENTS: usize = 5;
/// The job that is changed in the file alone.
const HAND: &str = "hand";
/// Steps of the clock, in seconds, either way.
const STEPS: [i64; 4] = [3, 90, 3_700, 36 * 3_600];

/// What is done while clients ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    Kill,
    KillAtTheStart,
    Terminate,
    DeadPipe,
    ClockStep,
    HandEdit,
    HandEditThenKill,
    JobsFileRemoved,
    DatabaseMoved,
    LogOfTheDatabaseRemoved,
    LockRemoved,
}

const TROUBLES: [Trouble; 11] = [
    Trouble::Kill,
    Trouble::KillAtTheStart,
    Trouble::Terminate,
    Trouble::DeadPipe,
    Trouble::ClockStep,
    Trouble::HandEdit,
    Trouble::HandEditThenKill,
    Trouble::JobsFileRemoved,
    Trouble::DatabaseMoved,
    Trouble::LogOfTheDatabaseRemoved,
    Trouble::LockRemoved,
];

/// What goes on until the health answer shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Siege {
    DiskFull,
    DatabaseLocked,
}

pub(crate) struct Storm {
    shop: Shop,
    dice: ChaCha8Rng,
    clients: Vec<Client>,
    hand: Ledger,
    /// Closed while the jobs file is edited: the edit would be of an older file otherwise, as a person's who saves what he opened before.
    gate: Arc<RwLock<()>>,
    orders: usize,
    told: Vec<String>,
    done: BTreeMap<String, u32>,
}

impl Storm {
    pub(crate) async fn over(mut shop: Shop, mut dice: ChaCha8Rng) -> Self {
        shop.start(Output::File).await;
        for job in ["order_workflow", "inventory_workflow", "inventory_workflow-full"] {
            // Work that died with the program comes back at once.
            let patch = json!({ "retry": { "first_delay_seconds": 1, "longest_delay_seconds": 2 } });
            must(&shop, Method::PATCH, &format!("/api/v1/jobs/{job}"), patch).await;
        }
        let job = json!({ "id": HAND, "job_type": "inventory_workflow", "parameters": { "mode": "quick" }, "every": 7,
            "retry": { "attempts": 2, "first_delay_seconds": 1, "longest_delay_seconds": 2 } });
        must(&shop, Method::POST, "/api/v1/jobs", job).await;
        let mut hand = Ledger::default();
        hand.is_now(HAND, Some(Standing { every: 7, enabled: true, description: String::new() }));
        let clients = (0..CLIENTS)
            .map(|number| Client::new(number, shop.asking(), ChaCha8Rng::seed_from_u64(dice.next_u64())))
            .collect();
        let (gate, told, done) = (Arc::default(), Vec::new(), BTreeMap::new());
        Self { shop, dice, clients, hand, gate, orders: 0, told, done }
    }

    /// One round: troubles while clients ask, and every second time a siege.
    pub(crate) async fn rage(&mut self, round: u32) {
        self.told.clear();
        let new = self.dice.random_range(2..6);
        self.shop.world.place(new).await;
        self.orders += new;
        if self.dice.random_bool(0.5) {
            self.shop.world.move_stock().await;
        }
        let over = CancellationToken::new();
        let playing: Vec<_> = std::mem::take(&mut self.clients)
            .into_iter()
            .map(|client| tokio::spawn(client.play(Arc::clone(&self.gate), over.clone())))
            .collect();
        for _ in 0..self.dice.random_range(4..8) {
            let trouble = TROUBLES[self.dice.random_range(0..TROUBLES.len())];
            self.note(&format!("{trouble:?}"));
            self.make(trouble).await;
            let pause = self.dice.random_range(0..2_500);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        over.cancel();
        for client in playing {
            self.clients.push(client.await.unwrap());
        }
        // Among the tests there is one siege: a database that is locked has a test of its own.
        let siege = match round % 4 {
            1 => Some(Siege::DiskFull),
            3 => Some(Siege::DatabaseLocked),
            _ => None,
        };
        if let Some(siege) = siege {
            self.note(&format!("{siege:?}"));
            self.besiege(siege).await;
        }
    }

    /// What must hold once nobody does anything any more.
    pub(crate) async fn calm_down(&mut self) {
        self.shop.set_clock(0);
        self.shop.health_is_well().await;
        let jobs = self.shop.agreed().await;
        for client in &mut self.clients {
            client.ledger.settle(&client.name, &jobs);
        }
        self.hand.settle(HAND, &jobs);
        for job in jobs.iter().filter(|job| job["state"]["health"]["mark"] == "paused") {
            let path = format!("/api/v1/jobs/{}/resume", job["id"].as_str().unwrap());
            must(&self.shop, Method::POST, &path, json!({})).await;
        }
        // The fuse may have paused some, which count as they stand from here on.
        let jobs = self.shop.agreed().await;
        for client in &mut self.clients {
            for job in &jobs {
                let id = job["id"].as_str().unwrap();
                if id.starts_with(&client.name) {
                    client.ledger.is_now(id, Standing::read(job));
                }
            }
        }
        self.shop.everything_runs().await;
    }

    /// Every order is in JTL once and every parcel reported once.
    pub(crate) async fn end(&mut self) {
        let began = Instant::now();
        loop {
            let _ = self.shop.request(Method::POST, "/api/temu/orders/sync").send().await;
            let (_, told) = self.shop.get("/api/temu/stats").await.unwrap();
            if told["orders"]["tracked"] == self.orders {
                break;
            }
            if began.elapsed() >= PATIENCE * 2 {
                let attention = self.shop.get("/api/v1/attention").await;
                panic!("not all of {} orders are reported: {told}\n{attention:?}", self.orders);
            }
            tokio::time::sleep(LOOK_EVERY * 10).await;
        }
        self.shop.world.must_be_right(self.orders).await;
        assert_eq!(self.shop.stop().await.code(), Some(0), "{}", self.shop.last_lines());
    }

    /// What was done in this round.
    pub(crate) fn story(&self) -> String {
        self.told.join(", ")
    }

    /// What was done in all.
    pub(crate) fn sum(&self) -> String {
        let counts: Vec<String> = self.done.iter().map(|(what, count)| format!("{what} {count}")).collect();
        format!("{} orders; {}", self.orders, counts.join(", "))
    }

    fn note(&mut self, what: &str) {
        self.told.push(what.to_owned());
        *self.done.entry(what.to_owned()).or_default() += 1;
    }

    async fn make(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::Kill => {
                self.shop.kill();
                self.shop.start(Output::File).await;
            }
            Trouble::KillAtTheStart => {
                self.shop.kill();
                self.shop.begin_start(Output::File);
                let moment = self.dice.random_range(0..400);
                tokio::time::sleep(Duration::from_millis(moment)).await;
                self.shop.kill();
                self.shop.start(Output::File).await;
            }
            Trouble::Terminate => {
                let status = self.shop.stop().await;
                assert_eq!(status.code(), Some(0), "{}", self.shop.last_lines());
                self.shop.start(Output::File).await;
            }
            Trouble::DeadPipe => {
                self.shop.kill();
                self.shop.start(Output::DeadPipe).await;
            }
            Trouble::ClockStep => {
                let step = STEPS[self.dice.random_range(0..STEPS.len())];
                let step = if self.dice.random_bool(0.5) { step } else { -step };
                self.shop.set_clock(step);
                let lasts = self.dice.random_range(200..2_500);
                tokio::time::sleep(Duration::from_millis(lasts)).await;
                // Or it stays wrong until the calm.
                if self.dice.random_bool(0.7) {
                    self.shop.set_clock(0);
                }
            }
            Trouble::HandEdit => self.edit_by_hand().await,
            Trouble::HandEditThenKill => {
                self.edit_by_hand().await;
                self.shop.kill();
                self.shop.start(Output::File).await;
            }
            Trouble::JobsFileRemoved => {
                // It may not be there at this moment.
                let _ = fs::remove_file(self.shop.jobs_file());
            }
            Trouble::DatabaseMoved => {
                let (here, away) = (self.shop.data("marktwerk.db"), self.shop.data("away.db"));
                fs::rename(&here, &away).unwrap();
                self.ends_because_of_a_loss().await;
                fs::rename(&away, &here).unwrap();
                self.shop.start(Output::File).await;
            }
            Trouble::LogOfTheDatabaseRemoved => self.remove(self.shop.data("marktwerk.db-wal")).await,
            Trouble::LockRemoved => {
                let name = ["marktwerk.db.lock", "marktwerk.lock"][self.dice.random_range(0..2)];
                self.remove(self.shop.data(name)).await;
            }
        }
    }

    async fn remove(&mut self, file: PathBuf) {
        fs::remove_file(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.ends_because_of_a_loss().await;
        self.shop.start(Output::File).await;
    }

    async fn ends_because_of_a_loss(&mut self) {
        let status = self.shop.ended().await;
        assert_eq!(status.code(), Some(1), "{}", self.shop.last_lines());
    }

    /// Changes the hand's job in the file, in place or as an editor that writes a new file.
    async fn edit_by_hand(&mut self) {
        let gate = Arc::clone(&self.gate);
        let _closed = gate.write().await;
        // What clients left behind is carried out and written first.
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.shop.agreed().await;
        let path = self.shop.jobs_file();
        let mut file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let every = self.dice.random_range(5..16);
        let description = format!("by hand {}", self.dice.random_range(0..1_000_000));
        let jobs = file["jobs"].as_array_mut().unwrap();
        let job = jobs.iter_mut().find(|job| job["id"] == HAND).unwrap();
        job["every"] = json!(every);
        job["description"] = json!(description);
        let text = serde_json::to_string_pretty(&file).unwrap();
        if self.dice.random_bool(0.5) {
            fs::write(&path, text).unwrap();
        } else {
            let new = path.with_extension("edited");
            fs::write(&new, text).unwrap();
            fs::rename(new, path).unwrap();
        }
        self.hand.is_now(HAND, Some(Standing { every, enabled: true, description }));
    }

    /// The program cannot write until health has said so; what it says is stored by then must be.
    async fn besiege(&mut self, siege: Siege) {
        self.shop.set_clock(0);
        let other = Connection::open(self.shop.data("marktwerk.db")).unwrap();
        other.busy_timeout(PATIENCE).unwrap();
        match siege {
            Siege::DiskFull => self.shop.can_write(false),
            Siege::DatabaseLocked => other.execute_batch("BEGIN IMMEDIATE").unwrap(),
        }
        let id = format!("{}besieged{}", self.clients[0].name, self.told.len());
        let job = json!({ "id": id, "job_type": "inventory_workflow", "parameters": { "mode": "quick" }, "every": 9 });
        let answer = self.shop.request(Method::POST, "/api/v1/jobs").json(&job).send().await;
        if let Ok(answer) = answer {
            assert!(!answer.status().is_success(), "acknowledged, though nothing can be stored");
        }
        let standing = Standing { every: 9, enabled: true, description: String::new() };
        self.clients[0].ledger.may_be(&id, Some(standing));
        let told = self.shop.health_becomes(503).await;
        let codes: Vec<&Value> =
            told["reasons"].as_array().into_iter().flatten().map(|reason| &reason["code"]).collect();
        assert!(codes.iter().any(|code| **code == "database_not_writable"), "{told}");
        match siege {
            Siege::DiskFull => self.shop.can_write(true),
            Siege::DatabaseLocked => other.execute_batch("ROLLBACK").unwrap(),
        }
    }
}

/// A change that has to be accepted.
async fn must(shop: &Shop, method: Method, path: &str, body: Value) {
    let answer = shop.request(method, path).json(&body).send().await.unwrap();
    let status = answer.status();
    assert!(status.is_success(), "{path}: {status}: {}", answer.text().await.unwrap_or_default());
}
