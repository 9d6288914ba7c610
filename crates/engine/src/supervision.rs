//! The program's long-lived tasks, and what became of them. A task without which nothing can go on ends the program when it ends
//! (whoever keeps the program running starts it again, on a clean slate); every other one begins again after a pause. Not for
//! work that ends by itself.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use jiff::Timestamp;
use marktwerk_domain::clock::SharedClock;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::metrics;

/// The pause before a task begins again; twice as long after each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// A task that has worked for so long begins with the first pause again.
const STEADY: Duration = Duration::from_secs(600);

/// Lines that could not be written to the process's own output. It belongs to the process, and so does this.
static LOST_LINES: AtomicU64 = AtomicU64::new(0);

/// A line of the process's own output was lost: nobody reads it, or there is no room for it.
pub fn line_was_lost() {
    LOST_LINES.fetch_add(1, Ordering::Relaxed);
    metrics::output_line_lost();
}

/// Watches tasks; clones share what they know.
#[derive(Debug, Clone)]
pub struct Supervision {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    restarts: Mutex<BTreeMap<&'static str, Restarts>>,
    ended: watch::Sender<Option<Ended>>,
}

/// What there is to tell, for people who ask how the program is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Tasks that ended unexpectedly and began again, by name.
    pub restarts: Vec<Restarts>,
    /// The task whose end ends the program.
    pub ended: Option<Ended>,
    /// Lines of the process's own output that could not be written since its start.
    pub lost_lines: u64,
}

/// A task that began again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restarts {
    /// Its name.
    pub task: &'static str,
    /// How often since the start.
    pub times: u32,
    /// When it ended last.
    pub last_at: Timestamp,
    /// Why, for people.
    pub reason: String,
}

/// A task that the program cannot do without, and that ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Its name.
    pub task: &'static str,
    /// Why, for people.
    pub reason: String,
}

impl fmt::Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the {} ended unexpectedly: {}", self.task, self.reason)
    }
}

impl Default for Supervision {
    fn default() -> Self {
        Self { shared: Arc::new(Shared { restarts: Mutex::default(), ended: watch::Sender::new(None) }) }
    }
}

impl Supervision {
    /// Starts a task that the program cannot do without. Its end is what [`Supervision::vital_end`] waits for, unless it returns and
    /// `is_expected` says so.
    pub fn vital(
        &self,
        task: &'static str,
        is_expected: impl Fn() -> bool + Send + 'static,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let this = self.clone();
        tokio::spawn(async move {
            let reason = match AssertUnwindSafe(work).catch_unwind().await {
                Ok(()) if is_expected() => return,
                Ok(()) => "its work was over".to_owned(),
                Err(panic) => format!("it panicked: {}", words(&*panic)),
            };
            let ended = Ended { task, reason };
            tracing::error!("{ended}");
            this.shared.ended.send_if_modified(|first| first.is_none() && first.replace(ended).is_none());
        })
    }

    /// Starts a task that begins again after a pause where it panics. One that returns has ended on purpose.
    pub fn keep<W>(
        &self,
        task: &'static str,
        clock: SharedClock,
        mut begin: impl FnMut() -> W + Send + 'static,
    ) -> JoinHandle<()>
    where
        W: Future<Output = ()> + Send + 'static,
    {
        let this = self.clone();
        tokio::spawn(async move {
            let mut pause = FIRST_PAUSE;
            loop {
                let began = clock.monotonic();
                let Err(panic) = AssertUnwindSafe(begin()).catch_unwind().await else { return };
                if clock.monotonic().saturating_sub(began) >= STEADY {
                    pause = FIRST_PAUSE;
                }
                let reason = words(&*panic);
                tracing::error!("{task}: panicked, and begins again in {} s: {reason}", pause.as_secs());
                this.note(task, clock.now(), reason);
                clock.sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        })
    }

    /// Completes at the unexpected end of a task that the program cannot do without.
    pub async fn vital_end(&self) -> Ended {
        let mut ended = self.shared.ended.subscribe();
        // The sender is here.
        let first = ended.wait_for(Option::is_some).await.ok().and_then(|first| first.clone());
        match first {
            Some(ended) => ended,
            None => std::future::pending().await,
        }
    }

    /// What became of the tasks so far.
    pub fn report(&self) -> Report {
        let restarts = self.shared.restarts.lock().unwrap_or_else(PoisonError::into_inner);
        Report {
            restarts: restarts.values().cloned().collect(),
            ended: self.shared.ended.borrow().clone(),
            lost_lines: LOST_LINES.load(Ordering::Relaxed),
        }
    }

    fn note(&self, task: &'static str, at: Timestamp, reason: String) {
        metrics::task_restarted(task);
        let mut restarts = self.shared.restarts.lock().unwrap_or_else(PoisonError::into_inner);
        let times = restarts.get(task).map_or(0, |before| before.times);
        restarts.insert(task, Restarts { task, times: times.saturating_add(1), last_at: at, reason });
    }
}

/// What a panic says.
pub(crate) fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use marktwerk_domain::clock::{Clock, ManualClock};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_begins_again_after_longer_and_longer_pauses() {
        let clock = ManualClock::starting_at(Timestamp::UNIX_EPOCH);
        let supervision = Supervision::default();
        let begun = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&begun);
        let task = supervision.keep("sweeper", clock.clone(), move || {
            let time = count.fetch_add(1, Ordering::Relaxed);
            async move {
                if time < 3 {
                    std::panic::resume_unwind(Box::new("a broken broom"));
                }
            }
        });
        task.await.unwrap();
        assert_eq!(begun.load(Ordering::Relaxed), 4);
        assert_eq!(clock.monotonic().as_secs(), 1 + 2 + 4);
        let [restarts] = <[_; 1]>::try_from(supervision.report().restarts).unwrap();
        assert_eq!((restarts.task, restarts.times), ("sweeper", 3));
        assert_eq!(restarts.reason, "a broken broom");
    }

    #[tokio::test(start_paused = true)]
    async fn the_end_of_a_vital_task_is_told_unless_it_was_asked_for() {
        let supervision = Supervision::default();
        supervision.vital("clerk", || true, async {}).await.unwrap();
        assert_eq!(supervision.report().ended, None);

        let heart = async { std::panic::resume_unwind(Box::new("it broke".to_owned())) };
        supervision.vital("heart", || false, heart).await.unwrap();
        let ended = supervision.vital_end().await;
        assert_eq!(ended.to_string(), "the heart ended unexpectedly: it panicked: it broke");
        assert_eq!(supervision.report().ended, Some(ended));
    }
}
