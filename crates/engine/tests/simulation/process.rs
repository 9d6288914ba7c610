//! A process of the program: alive, suspended, or dead. Everything that it does to others goes through [`Process::pass`]; in a
//! dead process nothing ever comes back from there, which is what a crash looks like to all others.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::watch;

use crate::dice::{Dice, named};
use crate::world::World;

/// How a process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// At work.
    Alive,
    /// It stands still and does not know it.
    Suspended,
    /// Its workers go on and do not know that others have taken over. (What queues and claims stands still for good: two
    /// processes on one embedded database are refused by a lock file.)
    Haunting,
    /// Gone.
    Dead,
}

/// Who wants to pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passing {
    /// A worker, or what it tells the store.
    Worker,
    /// Everybody else.
    Other,
}

/// A process.
pub(crate) struct Process {
    pub(crate) number: u32,
    life: watch::Sender<Life>,
    /// It dies at the call of the store after so many more, before or after that is carried out.
    last_call: Mutex<Option<(u64, bool)>>,
    dice: Mutex<Dice>,
    slow_calls: u64,
}

impl Process {
    pub(crate) fn new(world: &World, number: u32) -> Self {
        let mut dice = Dice::of([world.seed, named("process"), number.into()]);
        // Some die while they begin.
        let last_call = dice.happens(5).then(|| (dice.between(0, 12), dice.happens(50)));
        Self {
            number,
            life: watch::Sender::new(Life::Alive),
            last_call: Mutex::new(last_call),
            dice: Mutex::new(dice),
            slow_calls: world.slow_calls,
        }
    }

    pub(crate) fn become_so(&self, life: Life) {
        self.life.send_replace(life);
    }

    pub(crate) fn is(&self, life: Life) -> bool {
        *self.life.borrow() == life
    }

    /// Lets it die in the midst of a call of the store.
    pub(crate) fn die_at_call(&self, calls: u64, is_carried_out: bool) {
        *self.last_call.lock().unwrap() = Some((calls, is_carried_out));
    }

    /// Ends when the process is not alive any more.
    pub(crate) async fn is_out(&self) {
        let mut life = self.life.subscribe();
        // The sender lives as long as the process.
        let _ = life.wait_for(|life| *life != Life::Alive).await;
    }

    /// It does not die of itself any more.
    pub(crate) fn live_on(&self) {
        *self.last_call.lock().unwrap() = None;
    }

    /// Lets whoever comes pass as long as the process lives.
    pub(crate) async fn pass(&self, who: Passing) {
        let may_pass = |life: &Life| match life {
            Life::Alive => true,
            Life::Haunting => who == Passing::Worker,
            Life::Suspended | Life::Dead => false,
        };
        if !may_pass(&self.life.borrow()) {
            let _ = self.life.subscribe().wait_for(may_pass).await;
        }
    }

    /// How long the next call of the store takes, before and after it is carried out.
    pub(crate) fn next_call_takes(&self) -> [Option<Duration>; 2] {
        let mut dice = self.dice.lock().unwrap();
        [(); 2].map(|()| dice.happens(self.slow_calls).then(|| Duration::from_millis(dice.between(0, 150))))
    }

    /// Whether this is the call at which the process dies; then whether it is carried out.
    pub(crate) fn is_last_call(&self) -> Option<bool> {
        let mut last_call = self.last_call.lock().unwrap();
        let (calls, is_carried_out) = last_call.as_mut()?;
        match calls.checked_sub(1) {
            Some(left) => *calls = left,
            None => {
                let is_carried_out = *is_carried_out;
                *last_call = None;
                return Some(is_carried_out);
            }
        }
        None
    }
}
