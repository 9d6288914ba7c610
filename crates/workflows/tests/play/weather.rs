//! What happens to everybody: outages, faults on the wire, jobs that are paused, a wrong mandant.

use jiff::{SignedDuration, Timestamp};
use marktwerk_sandbox::{Control, Fault, FaultKind, Faults};

use crate::later::Later;
use crate::oracle::Job;
use crate::play::Play;

/// What is out of order now.
#[derive(Debug)]
pub(crate) struct Weather {
    pub(crate) is_worker_paused: bool,
    pub(crate) is_jtl_away: bool,
    pub(crate) is_mandant_gone: bool,
    /// By account: number and faults.
    faults: Vec<Vec<(u64, Vec<Fault>)>>,
    /// By account: until when the order job and the stock job are paused.
    paused: Vec<[Timestamp; 2]>,
    numbers: u64,
}

impl Weather {
    pub(crate) fn new(accounts: usize) -> Self {
        Self {
            is_worker_paused: false,
            is_jtl_away: false,
            is_mandant_gone: false,
            faults: vec![Vec::new(); accounts],
            paused: vec![[Timestamp::MIN; 2]; accounts],
            numbers: 0,
        }
    }

    pub(crate) fn is_paused(&self, job: Job, account: usize, now: Timestamp) -> bool {
        self.paused[account][job as usize] > now
    }

    fn begin_fault(&mut self, market: &Control, account: usize, faults: Vec<Fault>) -> u64 {
        self.numbers += 1;
        self.faults[account].push((self.numbers, faults));
        self.set(market, account);
        self.numbers
    }

    pub(crate) fn end_fault(&mut self, market: &Control, account: usize, number: u64) {
        self.faults[account].retain(|(one, _)| *one != number);
        self.set(market, account);
    }

    fn set(&self, market: &Control, account: usize) {
        let all = self.faults[account].iter().flat_map(|(_, faults)| faults.clone()).collect();
        market.set_faults(Faults(all)).unwrap();
    }
}

impl Play {
    /// Something goes out of order, or a person restarts the program.
    pub(crate) async fn storm(&mut self) {
        let account = self.dice.index(self.ground.accounts.len());
        match self.dice.between(0, 99) {
            0..=14 => self.market_is_away(account),
            15..=34 => self.wire_is_bad(account),
            35..=49 => self.list_is_away(account),
            50..=62 => self.worker_stands(),
            63..=72 => self.jtl_is_away(),
            73..=82 => self.job_is_paused(Job::Orders, account),
            83..=88 => self.job_is_paused(Job::Stock, account),
            89..=91 => self.mandant_is_wrong(),
            _ => {
                let seed = self.dice.number();
                self.ground.restart(seed).await;
                self.tell("The program is restarted.");
            }
        }
    }

    fn market_is_away(&mut self, account: usize) {
        let lasts = self.minutes(120, 48 * 60);
        let fault =
            Fault::new(self.dice.pick(&[FaultKind::Maintenance, FaultKind::ServerError { status: 502 }]));
        self.fault(account, vec![fault], lasts, "is away");
    }

    fn list_is_away(&mut self, account: usize) {
        let lasts = self.minutes(60, 20 * 60);
        let fault = Fault::new(FaultKind::ServerError { status: 502 }).only("bg.order.list.v2.get");
        self.fault(account, vec![fault], lasts, "does not give its list of orders");
    }

    fn wire_is_bad(&mut self, account: usize) {
        let lasts = self.minutes(60, 12 * 60);
        let kinds = [
            FaultKind::Cut,
            FaultKind::CutAfterChange,
            FaultKind::TooManyRequests { retry_after_seconds: 20 },
            FaultKind::ServerError { status: 500 },
            FaultKind::BrokenJson,
            FaultKind::Html,
            FaultKind::RateLimited,
        ];
        let share = self.dice.between(3, 30) as f64 / 100.0;
        let faults = vec![Fault::new(self.dice.pick(&kinds)).with_probability(share)];
        self.fault(account, faults, lasts, "answers badly now and then");
    }

    fn fault(&mut self, account: usize, faults: Vec<Fault>, lasts: SignedDuration, what: &str) {
        let market = self.ground.accounts[account].market.clone();
        let number = self.weather.begin_fault(&market, account, faults);
        self.plan(lasts, Later::FaultEnds { account, number });
        let name = self.ground.accounts[account].name;
        self.tell(format!("The marketplace of {name} {what} for {lasts:#}."));
    }

    fn worker_stands(&mut self) {
        if self.weather.is_worker_paused {
            return;
        }
        let lasts = self.minutes(30, 36 * 60);
        self.ground.jtl().pause_worker();
        self.weather.is_worker_paused = true;
        self.plan(lasts, Later::WorkerResumes);
        self.tell(format!("The JTL-Worker stands still for {lasts:#} unless somebody starts it."));
    }

    fn jtl_is_away(&mut self) {
        if self.weather.is_jtl_away {
            return;
        }
        let lasts = self.minutes(10, 12 * 60);
        self.ground.jtl().set_jtl_away(true).unwrap();
        self.weather.is_jtl_away = true;
        self.plan(lasts, Later::JtlIsBack);
        self.tell(format!("JTL's database answers nobody for {lasts:#}."));
    }

    fn job_is_paused(&mut self, job: Job, account: usize) {
        let now = self.ground.now();
        if self.weather.is_paused(job, account, now) {
            return;
        }
        let lasts = self.minutes(120, 48 * 60);
        self.weather.paused[account][job as usize] = now + lasts;
        let name = self.ground.accounts[account].name;
        self.plan(lasts, Later::JobResumes { job: Self::job_name(job), account });
        self.tell(format!("A person pauses the {} job of {name} for {lasts:#}.", Self::job_name(job)));
    }

    /// Somebody does something with all articles.
    pub(crate) fn touches_all(&mut self) {
        for number in 1..=self.world.articles {
            self.touches(&format!("MW-{number:04}"));
        }
    }

    fn mandant_is_wrong(&mut self) {
        if self.weather.is_mandant_gone {
            return;
        }
        let lasts = self.minutes(60, 10 * 60);
        self.ground.jtl().empty_mandant().unwrap();
        self.touches_all();
        self.weather.is_mandant_gone = true;
        self.plan(lasts, Later::MandantIsBack);
        self.tell(format!("A person chooses another mandant in JTL: all articles are gone for {lasts:#}."));
    }
}
