//! How this process is, as far as it knows by itself: whether the dispatcher looks for work, whether something could be stored, which
//! parts were started again. What the health answer says is put together here without asking anybody, so that it comes at once, whatever
//! hangs.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::concern::{Concern, ConcernCode};
use marktwerk_domain::reason::Reason;

use crate::supervision::{Report, Restarts};

/// The dispatcher looks every few seconds; after this long without a look it does no work.
const DISPATCHER_PATIENCE: Duration = Duration::from_secs(60);
/// Nothing could be stored for this long: this process does no work.
const WRITE_PATIENCE: Duration = Duration::from_secs(60);
/// What was dropped is told for this long.
const DROPPED_FOR: Duration = Duration::from_secs(3_600);
/// What was started again is told for this long.
const RESTARTED_FOR: SignedDuration = SignedDuration::from_mins(15);

/// The signs of life of one process.
pub struct Vitals {
    clock: SharedClock,
    signs: Mutex<Signs>,
}

struct Signs {
    /// Monotonic time of the dispatcher's last look.
    looked: Duration,
    is_draining: bool,
    /// Monotonic time of the last write that is known to have succeeded.
    wrote: Duration,
    /// Since when and why the last write failed.
    write_fault: Option<(Timestamp, String)>,
    /// Since when and why a channel of alerts fails.
    channels: BTreeMap<&'static str, (Timestamp, String)>,
    dropped: u64,
    dropped_at: Option<(Duration, Timestamp)>,
    free_space: Option<u64>,
    /// What was found in the database.
    found: Vec<Concern>,
}

impl Vitals {
    pub(crate) fn new(clock: SharedClock) -> Self {
        let now = clock.monotonic();
        let signs = Signs {
            looked: now,
            is_draining: false,
            wrote: now,
            write_fault: None,
            channels: BTreeMap::new(),
            dropped: 0,
            dropped_at: None,
            free_space: None,
            found: Vec::new(),
        };
        Self { clock, signs: Mutex::new(signs) }
    }

    /// The dispatcher has looked for work.
    pub(crate) fn looked(&self) {
        self.lock().looked = self.clock.monotonic();
    }

    /// The dispatcher will not look any more, because the program ends.
    pub(crate) fn drains(&self) {
        self.lock().is_draining = true;
    }

    /// Something was stored, or could not be.
    pub(crate) fn wrote(&self, result: Result<(), String>) {
        let (now, at) = (self.clock.monotonic(), self.clock.now());
        let mut signs = self.lock();
        match result {
            Ok(()) => (signs.wrote, signs.write_fault) = (now, None),
            Err(reason) => {
                let since = signs.write_fault.as_ref().map_or(at, |(since, _)| *since);
                signs.write_fault = Some((since, reason));
            }
        }
    }

    /// An alert could not be sent by this channel, or could be.
    pub(crate) fn told_by(&self, channel: &'static str, result: Result<(), String>) {
        let now = self.clock.now();
        let mut signs = self.lock();
        match result {
            Ok(()) => drop(signs.channels.remove(channel)),
            Err(reason) => {
                let since = signs.channels.get(channel).map_or(now, |(since, _)| *since);
                signs.channels.insert(channel, (since, reason));
            }
        }
    }

    /// Log lines that were dropped, or could not be written to the output, since the start.
    pub(crate) fn dropped(&self, count: u64) {
        let at = (self.clock.monotonic(), self.clock.now());
        let mut signs = self.lock();
        if count > signs.dropped {
            (signs.dropped, signs.dropped_at) = (count, Some(at));
        }
    }

    pub(crate) fn has_free_space(&self, bytes: u64) {
        self.lock().free_space = Some(bytes);
    }

    /// What is free on the disk of the data folder, bytes, where it is known.
    pub fn free_space(&self) -> Option<u64> {
        self.lock().free_space
    }

    /// What was found in the database, in place of what was found before.
    pub(crate) fn found(&self, concerns: Vec<Concern>) {
        self.lock().found = concerns;
    }

    /// Whether the dispatcher has looked for work within its time.
    pub fn is_live(&self) -> bool {
        let now = self.clock.monotonic();
        let signs = self.lock();
        signs.is_draining || now.saturating_sub(signs.looked) < DISPATCHER_PATIENCE
    }

    /// Why nothing could be stored for a minute, where that is so; and since when.
    pub(crate) fn cannot_write(&self) -> Option<(Timestamp, String)> {
        let (now, at) = (self.clock.monotonic(), self.clock.now());
        let signs = self.lock();
        let silent = now.saturating_sub(signs.wrote);
        (silent >= WRITE_PATIENCE).then(|| {
            let since = at.checked_sub(silent).unwrap_or(at);
            signs
                .write_fault
                .clone()
                .unwrap_or_else(|| (since, "a write does not come to its end".to_owned()))
        })
    }

    /// What is wrong now, the worst first. `watches_writes`: somebody tries every few seconds whether something can be stored.
    /// `report`: what became of the long-lived tasks.
    pub(crate) fn concerns(&self, watches_writes: bool, report: &Report) -> Vec<Concern> {
        let (now, at) = (self.clock.monotonic(), self.clock.now());
        let cannot_write = self.cannot_write().filter(|_| watches_writes);
        let mut concerns = Vec::new();
        let mut note = |code, subject: &str, since, texts: [String; 2]| {
            let details = Reason::new(texts);
            concerns.push(Concern { code, subject: subject.to_owned(), details, since });
        };
        if !self.is_live() {
            let since = at.checked_sub(now.saturating_sub(self.lock().looked)).unwrap_or(at);
            let texts = [
                "The scheduler has not looked for work for more than a minute: no job starts. Restart Marktwerk; if it happens again, \
                 report it with the log.",
                "Der Zeitplaner hat seit mehr als einer Minute nicht nach Arbeit gesehen: Kein Job startet. Bitte Marktwerk neu \
                 starten; kommt das wieder vor, bitte mit dem Protokoll melden.",
            ];
            note(ConcernCode::DispatcherLate, "", since, texts.map(str::to_owned));
        }
        let signs = self.lock();
        match (cannot_write, &signs.write_fault) {
            (Some((since, reason)), _) => {
                note(ConcernCode::DatabaseNotWritable, "", since, not_written(&reason))
            }
            (None, Some((since, reason))) => note(ConcernCode::DatabaseAway, "", *since, not_written(reason)),
            (None, None) => {}
        }
        if report.ended.as_ref().is_some_and(|ended| ended.task == "journal") {
            let since = at;
            let texts = [
                "The log and the ends of runs are not stored any more. Restart Marktwerk, and report it with the program's own output.",
                "Protokoll und Enden von Läufen werden nicht mehr gespeichert. Bitte Marktwerk neu starten und das mit der Ausgabe des \
                 Programms melden.",
            ];
            note(ConcernCode::JournalStopped, "", since, texts.map(str::to_owned));
        }
        for (channel, (since, reason)) in &signs.channels {
            let texts = [
                format!(
                    "An alert cannot be sent by {channel}: {reason}. Check [alerts.{channel}], then: marktwerk alerts test."
                ),
                format!(
                    "Eine Meldung lässt sich nicht über {channel} senden: „{reason}“. Bitte [alerts.{channel}] prüfen, dann: marktwerk \
                     alerts test."
                ),
            ];
            note(ConcernCode::AlertsFailing, channel, *since, texts);
        }
        if let Some((last, since)) = signs.dropped_at
            && now.saturating_sub(last) < DROPPED_FOR
        {
            let count = signs.dropped;
            let texts = [
                format!(
                    "{count} log lines were dropped since the start, because they could not be stored or written in time."
                ),
                format!(
                    "Seit dem Start gingen {count} Protokollzeilen verloren, weil sie sich nicht rechtzeitig speichern oder ausgeben ließen."
                ),
            ];
            note(ConcernCode::LinesDropped, "", since, texts);
        }
        for Restarts { task, times, last_at, reason } in &report.restarts {
            if at.duration_since(*last_at) >= RESTARTED_FOR {
                continue;
            }
            let texts = [
                format!(
                    "The part “{task}” ended unexpectedly and began again ({times} times since the start): {reason}. Please report it."
                ),
                format!(
                    "Der Teil „{task}“ endete unerwartet und begann von vorn ({times}-mal seit dem Start): „{reason}“. Bitte melden."
                ),
            ];
            note(ConcernCode::TasksRestart, task, *last_at, texts);
        }
        concerns.extend(signs.found.iter().cloned());
        drop(signs);
        concerns.sort_by(|one, other| (one.code, &one.subject).cmp(&(other.code, &other.subject)));
        concerns
    }

    fn lock(&self) -> MutexGuard<'_, Signs> {
        self.signs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn not_written(reason: &str) -> [String; 2] {
    [
        format!(
            "Nothing can be stored: {reason}. Look at the disk and at the database; nothing is acknowledged that was not stored, and work \
             goes on by itself once it can be."
        ),
        format!(
            "Nichts lässt sich speichern: „{reason}“. Bitte Datenträger und Datenbank ansehen; was nicht gespeichert ist, gilt nicht als \
             erledigt, und die Arbeit geht von selbst weiter, sobald es geht."
        ),
    ]
}

#[cfg(test)]
mod tests {
    use marktwerk_domain::clock::ManualClock;

    use super::*;

    fn codes(vitals: &Vitals) -> Vec<&'static str> {
        codes_with(vitals, &Report::default())
    }

    fn codes_with(vitals: &Vitals, report: &Report) -> Vec<&'static str> {
        vitals.concerns(true, report).iter().map(|concern| concern.code.as_str()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_minute_without_a_write_or_a_look_stops_the_work() {
        let clock: SharedClock = ManualClock::starting_at("2026-11-02T09:00:00Z".parse().unwrap());
        let vitals = Vitals::new(clock.clone());
        assert_eq!(codes(&vitals), [""; 0]);
        vitals.wrote(Err("disk full".to_owned()));
        assert_eq!(codes(&vitals), ["database_away"], "it may pass");
        clock.sleep(Duration::from_secs(59)).await;
        vitals.wrote(Err("disk full".to_owned()));
        assert_eq!(codes(&vitals), ["database_away"]);
        clock.sleep(Duration::from_secs(1)).await;
        assert_eq!(codes(&vitals), ["dispatcher_late", "database_not_writable"]);
        assert!(vitals.concerns(true, &Report::default())[1].details.english.contains("disk full"));
        assert!(!vitals.is_live());
        vitals.looked();
        vitals.wrote(Ok(()));
        assert_eq!(codes(&vitals), [""; 0]);
        assert!(vitals.is_live());
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_dropped_or_restarted_is_told_for_a_while() {
        let clock: SharedClock = ManualClock::starting_at("2026-11-02T09:00:00Z".parse().unwrap());
        let vitals = Vitals::new(clock.clone());
        vitals.dropped(3);
        let (task, reason) = ("retention", "it panicked".to_owned());
        let restarts = vec![Restarts { task, times: 1, last_at: clock.now(), reason }];
        let report = Report { restarts, ..Report::default() };
        assert_eq!(codes_with(&vitals, &report), ["lines_dropped", "tasks_restart"]);
        clock.sleep(Duration::from_secs(900)).await;
        vitals.looked();
        vitals.wrote(Ok(()));
        vitals.dropped(3);
        assert_eq!(codes_with(&vitals, &report), ["lines_dropped"]);
        clock.sleep(DROPPED_FOR).await;
        vitals.looked();
        vitals.wrote(Ok(()));
        assert_eq!(codes(&vitals), [""; 0]);
    }
}
