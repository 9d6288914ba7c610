//! What is wrong with the program as a whole, by fixed codes: for the health answer, the screen, the metrics and `doctor`. What needs a
//! person for one order or one article is an entry of the attention list, not a concern.

use jiff::Timestamp;

use crate::language::Language;
use crate::reason::Reason;

/// What is wrong. The words of [`ConcernCode::as_str`] stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConcernCode {
    /// The dispatcher has not looked for work within its time.
    DispatcherLate,
    /// For a minute nothing could be stored.
    DatabaseNotWritable,
    /// Nobody stores the log and the ends of runs any more.
    JournalStopped,
    /// Nothing could be stored the last time; it may pass.
    DatabaseAway,
    /// The disk of the data folder is nearly full.
    DiskLow,
    /// A marketplace does not accept an account's credentials.
    CredentialsRefused,
    /// An account's credentials end soon.
    CredentialsEnd,
    /// The JTL-Worker does not take the rows that wait for it.
    WorkerStuck,
    /// Orders wait for longer than they may.
    OrdersLate,
    /// A job fails again and again, or was paused because of that.
    JobsFailing,
    /// A job is enabled and cannot run.
    JobsCannotRun,
    /// An alert cannot be sent.
    AlertsFailing,
    /// The jobs file cannot be taken over.
    JobsFileUnreadable,
    /// Log lines were dropped.
    LinesDropped,
    /// A part of the program ended unexpectedly and was started again.
    TasksRestart,
}

impl ConcernCode {
    /// All of them, the worst first.
    pub const ALL: [Self; 15] = [
        Self::DispatcherLate,
        Self::DatabaseNotWritable,
        Self::JournalStopped,
        Self::DatabaseAway,
        Self::DiskLow,
        Self::CredentialsRefused,
        Self::CredentialsEnd,
        Self::WorkerStuck,
        Self::OrdersLate,
        Self::JobsFailing,
        Self::JobsCannotRun,
        Self::AlertsFailing,
        Self::JobsFileUnreadable,
        Self::LinesDropped,
        Self::TasksRestart,
    ];

    /// The word in answers and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DispatcherLate => "dispatcher_late",
            Self::DatabaseNotWritable => "database_not_writable",
            Self::JournalStopped => "journal_stopped",
            Self::DatabaseAway => "database_away",
            Self::DiskLow => "disk_low",
            Self::CredentialsRefused => "credentials_refused",
            Self::CredentialsEnd => "credentials_end",
            Self::WorkerStuck => "worker_stuck",
            Self::OrdersLate => "orders_late",
            Self::JobsFailing => "jobs_failing",
            Self::JobsCannotRun => "jobs_cannot_run",
            Self::AlertsFailing => "alerts_failing",
            Self::JobsFileUnreadable => "jobs_file_unreadable",
            Self::LinesDropped => "lines_dropped",
            Self::TasksRestart => "tasks_restart",
        }
    }

    /// Whether this process cannot do its work: then it may help to restart it or to send its work elsewhere.
    pub fn stops_work(self) -> bool {
        matches!(self, Self::DispatcherLate | Self::DatabaseNotWritable | Self::JournalStopped)
    }

    /// A sentence that names nothing of the merchant, for everybody.
    pub fn sentence(self, language: Language) -> &'static str {
        language.of(match self {
            Self::DispatcherLate => [
                "The scheduler has not looked for work within its time.",
                "Der Zeitplaner hat nicht rechtzeitig nach Arbeit gesehen.",
            ],
            Self::DatabaseNotWritable => [
                "For a minute nothing could be stored in the database.",
                "Seit einer Minute ließ sich nichts in der Datenbank speichern.",
            ],
            Self::JournalStopped => [
                "The log and the ends of runs are not stored any more.",
                "Protokoll und Enden von Läufen werden nicht mehr gespeichert.",
            ],
            Self::DatabaseAway => ["The database is not available.", "Die Datenbank ist nicht erreichbar."],
            Self::DiskLow => ["The disk is nearly full.", "Der Datenträger ist fast voll."],
            Self::CredentialsRefused => [
                "A marketplace does not accept an account's credentials.",
                "Ein Marktplatz nimmt die Zugangsdaten eines Kontos nicht an.",
            ],
            Self::CredentialsEnd => {
                ["An account's credentials end soon.", "Die Zugangsdaten eines Kontos laufen bald ab."]
            }
            Self::WorkerStuck => {
                ["The JTL-Worker does not take orders.", "Der JTL-Worker holt keine Bestellungen ab."]
            }
            Self::OrdersLate => {
                ["Orders wait for longer than they may.", "Bestellungen warten länger, als sie dürfen."]
            }
            Self::JobsFailing => ["A job fails again and again.", "Ein Job scheitert immer wieder."],
            Self::JobsCannotRun => {
                ["A job is enabled and cannot run.", "Ein Job ist eingeschaltet und kann nicht laufen."]
            }
            Self::AlertsFailing => ["Alerts cannot be sent.", "Meldungen lassen sich nicht senden."],
            Self::JobsFileUnreadable => [
                "The jobs file was edited and cannot be read, or it cannot be written.",
                "Die Jobs-Datei wurde geändert und ist nicht lesbar, oder sie lässt sich nicht schreiben.",
            ],
            Self::LinesDropped => [
                "Log lines were dropped within the last hour.",
                "In der letzten Stunde gingen Protokollzeilen verloren.",
            ],
            Self::TasksRestart => [
                "A part of the program had to be started again.",
                "Ein Teil des Programms musste neu gestartet werden.",
            ],
        })
    }
}

/// Something that is wrong now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// What.
    pub code: ConcernCode,
    /// Whom it concerns: an account, a job, a channel; empty for the whole program.
    pub subject: String,
    /// What it means here and what to do, for people who may see the shop's names.
    pub details: Reason,
    /// Since when it is known.
    pub since: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_a_word_of_its_own_and_a_sentence_in_both_languages() {
        let mut words: Vec<&str> = ConcernCode::ALL.iter().map(|code| code.as_str()).collect();
        assert!(ConcernCode::ALL.is_sorted(), "the worst first");
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), ConcernCode::ALL.len());
        for code in ConcernCode::ALL {
            let sentences = [Language::English, Language::German].map(|language| code.sentence(language));
            assert_ne!(sentences[0], sentences[1]);
            assert!(sentences.iter().all(|sentence| sentence.ends_with('.')), "{sentences:?}");
        }
    }
}
