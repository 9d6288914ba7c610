//! A history from its beginning to its end: processes come and go, deeds are done, and at last the world is left in peace.

use std::sync::Arc;
use std::time::Duration;

use marktwerk_domain::clock::Clock;
use marktwerk_engine::{Engine, EngineError, EngineOptions};

use crate::dice::{Dice, named};
use crate::ground::Ground;
use crate::oracle::{finale, violation};
use crate::process::{Life, Process};
use crate::report::Report;
use crate::script::{Deed, Script};
use crate::size::Size;
use crate::stage::Stage;
use crate::tapped::Tapped;
use crate::trace::What;
use crate::world::World;

/// A process tries again after so long where it could not begin.
const BEGINS_AGAIN: Duration = Duration::from_secs(2);
/// In peace everything is fired that is due, after so long …
const SETTLES: Duration = Duration::from_secs(20);
/// … and every run ends within this.
const PEACE: Duration = Duration::from_secs(2 * 3_600);
const LOOKS_EVERY: Duration = Duration::from_secs(5);
/// A dense history has enough happening in it long before this.
const AT_THE_MOST: Duration = Duration::from_secs(40 * 86_400);

/// Plays the history of a seed on a runtime of its own.
pub(crate) fn play(seed: u64, size: Size) -> Report {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async move {
        let ground = Ground::new(World::of(seed, size));
        let process = Arc::new(Process::new(&ground.world, 0));
        let mut play = Play { ground, engine: None, process, down: Duration::ZERO };
        play.go_through().await;
        play.report()
    })
}

pub(crate) struct Play {
    pub(crate) ground: Arc<Ground>,
    /// None between two processes.
    pub(crate) engine: Option<Arc<Engine>>,
    pub(crate) process: Arc<Process>,
    /// The next process begins so long after this one has died in a call of the store.
    down: Duration,
}

impl Play {
    async fn go_through(&mut self) {
        self.begin().await;
        for job in self.ground.world.jobs.clone() {
            self.with(|engine| async move { engine.on_behalf_of("test").add_job(job).await.map(drop) }).await;
        }
        let mut script = Script::of(self.ground.world.seed, self.ground.world.size);
        while !self.is_enough() {
            let step = script.next();
            tokio::select! {
                biased;
                () = self.process.is_out() => self.go_on_after(self.down).await,
                () = self.ground.clock.sleep(step.after) => {}
            }
            self.carry_out(step.deed).await;
        }
        if !self.ground.trace.has_failed() {
            self.leave_in_peace().await;
        }
    }

    fn is_enough(&self) -> bool {
        let (trace, size) = (&self.ground.trace, self.ground.world.size);
        let is_long_enough = trace.weight() >= size.events && trace.since() >= size.lasts;
        is_long_enough || trace.has_failed() || trace.since() > size.lasts + AT_THE_MOST
    }

    /// Begins a process, again and again until it is up.
    async fn begin(&mut self) {
        loop {
            let process = Arc::new(Process::new(&self.ground.world, self.process.number + 1));
            self.process = Arc::clone(&process);
            let ground = Arc::clone(&self.ground);
            ground.trace.note(process.number, What::Begins, Vec::new());
            let stage = Stage { ground: Arc::clone(&ground), process: Arc::clone(&process) };
            let store = Arc::new(Tapped { ground: Arc::clone(&ground), process: Arc::clone(&process) });
            let seed = Dice::of([ground.world.seed, named("engine"), process.number.into()]).number();
            let options = EngineOptions { seed: Some(seed), ..ground.world.options.clone() };
            let clock = ground.clock.clone();
            let begins = async move { Engine::start(options, store, clock, stage.registry()).await };
            if let Some(Ok(engine)) = self.in_process(begins).await {
                self.engine = Some(engine);
                ground.trace.note(process.number, What::IsUp, Vec::new());
                return;
            }
            if ground.trace.has_failed() {
                return;
            }
            self.end_here();
            ground.clock.sleep(BEGINS_AGAIN).await;
        }
    }

    /// The process is dead from now on.
    pub(crate) fn end_here(&mut self) {
        self.engine = None;
        if !self.process.is(Life::Dead) {
            self.process.become_so(Life::Dead);
            self.ground.trace.note(self.process.number, What::Dies, Vec::new());
        }
    }

    /// The process has died or stands still; the next begins after so long.
    pub(crate) async fn go_on_after(&mut self, down: Duration) {
        self.engine = None;
        self.ground.clock.sleep(down).await;
        self.begin().await;
    }

    /// Does something in the process; `None` where that does not live to see the answer. A task of its own: what is half done when
    /// a process dies stays so, and is not undone by being dropped.
    async fn in_process<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let task = tokio::spawn(work);
        tokio::select! {
            biased;
            answer = task => answer.ok(),
            () = self.process.is_out() => None,
        }
    }

    /// Asks the engine for something. Where its process dies of it, the next begins.
    pub(crate) async fn with<F, A>(&mut self, ask: F) -> Option<Result<(), EngineError>>
    where
        F: FnOnce(Arc<Engine>) -> A,
        A: Future<Output = Result<(), EngineError>> + Send + 'static,
    {
        let engine = self.engine.clone()?;
        let answer = self.in_process(ask(engine)).await;
        if answer.is_none() {
            self.go_on_after(self.down).await;
        }
        answer
    }

    /// The deeds of fate; those of people are in `people`.
    async fn carry_out(&mut self, deed: Deed) {
        match deed {
            Deed::Outage(duration) => self.take_the_database_away(duration),
            Deed::Crash(down) => {
                self.end_here();
                self.go_on_after(down).await;
            }
            Deed::CrashAtCall { calls, is_carried_out, down } => {
                self.process.die_at_call(calls, is_carried_out);
                self.down = down;
            }
            Deed::ShutDown(down) => {
                self.ground.trace.note(self.process.number, What::ShutsDown, Vec::new());
                if let Some(engine) = self.engine.clone() {
                    self.in_process(async move { engine.shutdown().await }).await;
                }
                if self.process.is(Life::Alive) {
                    self.ground.trace.note(self.process.number, What::HasShutDown, Vec::new());
                }
                self.end_here();
                self.go_on_after(down).await;
            }
            Deed::Suspend { down, stands_still } => {
                self.suspend(stands_still);
                self.go_on_after(down).await;
            }
            Deed::Jump(seconds) => self.ground.jump(seconds),
            asked => self.ask_for(asked).await,
        }
    }

    fn take_the_database_away(&self, duration: Duration) {
        if self.ground.is_away() {
            return;
        }
        self.ground.set_away(true);
        let ground = Arc::clone(&self.ground);
        tokio::spawn(async move {
            ground.clock.sleep(duration).await;
            ground.set_away(false);
        });
    }

    /// The process stands still; later its workers go on for a while.
    fn suspend(&mut self, stands_still: Duration) {
        let (ground, process) = (Arc::clone(&self.ground), Arc::clone(&self.process));
        process.become_so(Life::Suspended);
        ground.trace.note(process.number, What::Suspended, Vec::new());
        tokio::spawn(async move {
            ground.clock.sleep(stands_still).await;
            ground.trace.note(process.number, What::Haunts, Vec::new());
            process.become_so(Life::Haunting);
        });
    }

    /// Nobody does anything any more, the database is there, the clock is right, and everything works well. Then every planned
    /// time has its turn, and every run ends.
    async fn leave_in_peace(&mut self) {
        self.ground.set_away(false);
        self.ground.jump(self.ground.behind());
        self.process.live_on();
        while !self.process.is(Life::Alive) && !self.ground.trace.has_failed() {
            self.go_on_after(Duration::ZERO).await;
            self.process.live_on();
        }
        self.ground.clock.sleep(SETTLES).await;
        self.ground.calm_down();
        let began = self.ground.trace.since();
        while !self.is_idle() && !self.ground.trace.has_failed() {
            // A failure from before the peace may blow a fuse within it.
            self.let_all_end().await;
            self.ground.clock.sleep(LOOKS_EVERY).await;
            if self.ground.trace.since() - began > PEACE {
                let live: Vec<_> = self.live_runs().iter().map(|run| (run.id, run.state)).collect();
                self.ground
                    .trace
                    .fail(violation("every run ends", format!("live after two hours of peace: {live:?}")));
            }
        }
        if let Some(engine) = self.engine.clone() {
            // A promise that is broken while it shuts down ends the process, and nobody waits for it then.
            self.in_process(async move { engine.shutdown().await }).await;
        }
        self.end_here();
        if !self.ground.trace.has_failed()
            && let Err(violation) = finale::compare(&self.ground)
        {
            self.ground.trace.fail(violation);
        }
    }

    fn is_idle(&self) -> bool {
        self.engine.as_ref().is_some_and(|_| self.live_runs().is_empty())
    }

    fn report(self) -> Report {
        let since = self.ground.trace.since();
        let (events, weight, violation) = self.ground.trace.close();
        Report::new(&self.ground.world, since, weight, events, violation)
    }
}
