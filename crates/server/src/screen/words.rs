//! Every word of the screen, in German and in English.

use std::convert::Infallible;
use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use marktwerk_domain::attention::AttentionKind;
use marktwerk_domain::language::Language;

use crate::safety::Role;

/// Declares the words once: a word that one language lacks does not compile.
macro_rules! words {
    ($($name:ident: $german:literal, $english:literal;)*) => {
        /// The words of one language.
        #[derive(Debug)]
        pub(crate) struct Dictionary {
            /// As `<html lang>` says it.
            pub(crate) language: &'static str,
            $(pub(crate) $name: &'static str,)*
        }

        static GERMAN: Dictionary = Dictionary { language: "de", $($name: $german,)* };
        static ENGLISH: Dictionary = Dictionary { language: "en", $($name: $english,)* };
    };
}

words! {
    other_language: "English", "Deutsch";
    skip: "Zum Inhalt", "Skip to content";
    interface: "Schnittstelle", "Interface";
    log_out: "Abmelden", "Log out";
    log_in: "Anmelden", "Log in";
    token: "Zugangstoken", "Access token";
    wrong_token: "Dieses Token ist nicht richtig.", "That token is not right.";
    role_viewer: "liest mit", "viewer";
    role_operator: "bedient", "operator";
    role_admin: "verwaltet", "admin";
    live: "live", "live";
    not_live: "keine Verbindung – wird wieder aufgebaut", "no connection – trying again";
    jobs: "Jobs", "Jobs";
    no_jobs: "Noch keine Jobs.", "No jobs yet.";
    name: "Name", "Name";
    job_type: "Typ", "Type";
    status: "Status", "Status";
    interval: "Intervall", "Interval";
    minutes: "Minuten", "minutes";
    last_run: "Letzter Lauf", "Last run";
    duration: "Dauer", "Duration";
    next_run: "Nächster Lauf", "Next run";
    last_error: "Letzter Fehler", "Last error";
    actions: "Aktionen", "Actions";
    run_now: "Jetzt starten", "Run now";
    with_parameters: "Mit Parametern …", "With parameters …";
    job_default: "wie eingestellt", "as configured";
    yes: "ja", "yes";
    no: "nein", "no";
    pause: "Pausieren", "Pause";
    resume: "Fortsetzen", "Resume";
    paused: "pausiert", "paused";
    not_in_this_version: "nicht in dieser Version", "not in this version";
    save: "Speichern", "Save";
    degraded: "gestört", "degraded";
    fuse: "Sicherung ausgelöst", "paused by the fuse";
    high_priority: "hohe Priorität", "high priority";
    low_priority: "niedrige Priorität", "low priority";
    runs: "Läufe", "Runs";
    run: "Lauf", "Run";
    no_runs: "Keine Läufe.", "No runs.";
    older: "Ältere Läufe", "Older runs";
    show: "Anzeigen", "Show";
    job: "Job", "Job";
    state: "Zustand", "State";
    trigger: "Auslöser", "Trigger";
    planned: "Geplant", "Planned";
    started_at: "Beginn", "Started";
    ended: "Ende", "Ended";
    result: "Ergebnis", "Result";
    times_more: "weitere gleiche", "more like it";
    merged: "verpasste Zeiten zusammengefasst", "late times merged";
    steps: "Schritte", "Steps";
    step: "Schritt", "Step";
    attempts: "Versuche", "Attempts";
    attempt: "Versuch", "Attempt";
    outcome: "Ausgang", "Outcome";
    timed_out: "Zeit überschritten", "timed out";
    put_back: "Zurückgestellt", "put back";
    warnings: "Warnungen", "Warnings";
    parameters: "Parameter", "Parameters";
    caused_by: "Ausgelöst von", "Caused by";
    caused: "Löste aus", "Caused";
    of_job: "von", "of";
    last_lines: "Letzte Zeilen", "Latest lines";
    cancel: "Abbrechen", "Cancel";
    cancelling: "Wird nach dem laufenden Aufruf beendet.", "Ends after the call under way.";
    run_again: "Erneut ausführen", "Run again";
    from_start: "von vorn", "from the start";
    waiting_state: "Wartend", "Waiting";
    running_state: "Laufend", "Running";
    retrying_state: "Wiederholung geplant", "Retry planned";
    cancelled_state: "Abgebrochen", "Cancelled";
    skipped_state: "Übersprungen", "Skipped";
    lost_state: "Verloren", "Lost";
    with_warnings: "Mit Warnungen", "With warnings";
    by_schedule: "Zeitplan", "Schedule";
    manually: "Manuell", "Manual";
    by_chain: "Kette", "Chain";
    at_start: "Programmstart", "Start of the program";
    as_repetition: "Wiederholung", "Repetition";
    as_continuation: "Fortsetzung", "Continuation";
    idle: "Bereit", "Idle";
    running: "Läuft", "Running";
    success: "Erfolgreich", "Succeeded";
    failed: "Fehlgeschlagen", "Failed";
    orders: "Bestellungen", "Orders";
    total: "gesamt", "total";
    imported: "importiert", "imported";
    xml_generated: "XML erzeugt", "XML written";
    uploaded: "an JTL übergeben", "handed to JTL";
    tracked: "Versand gemeldet", "shipment reported";
    inventory: "Lagerbestand", "Stock";
    total_skus: "Artikel gesamt", "articles in total";
    synced: "abgeglichen", "in step";
    pending: "ausstehend", "pending";
    errors: "Fehler", "errors";
    last_sync: "zuletzt abgeglichen", "last synchronised";
    attention: "Braucht einen Menschen", "Needs a person";
    no_attention: "Nichts offen.", "Nothing is open.";
    kind: "Grund", "Reason";
    orders_title: "Bestellungen", "Orders";
    order: "Bestellung", "Order";
    account: "Konto", "Account";
    article: "Artikel", "Article";
    tracking_number: "Sendungsnummer", "Tracking number";
    carrier: "Versanddienstleister", "Carrier";
    number: "Nummer", "Number";
    erp_number: "Nummer in JTL", "Number in JTL";
    search: "Suchen", "Search";
    no_orders: "Keine Bestellungen.", "No orders.";
    next_page: "Weitere", "More";
    situation: "Lage", "Situation";
    ship_until: "Spätestens zu versenden", "To be shipped by";
    notices: "Zu beachten", "To be noted";
    next_act: "Als Nächstes", "Next";
    history: "Verlauf", "Timeline";
    parcels: "Pakete", "Parcels";
    lines: "Positionen", "Lines";
    decide: "Entscheiden", "Decide";
    decided: "Entschieden.", "Decided.";
    decided_as: "Entschieden", "Decided";
    put_off_until: "Erinnerung am", "Reminds on";
    in_an_hour: "in einer Stunde", "in an hour";
    tomorrow: "morgen", "tomorrow";
    in_a_week: "in einer Woche", "in a week";
    subject: "Betrifft", "About";
    message: "Meldung", "Message";
    since: "Seit", "Since";
    accounts: "Konten", "Accounts";
    no_accounts: "Keine Konten eingerichtet.", "No accounts are configured.";
    marketplace: "Marktplatz", "Marketplace";
    endpoint: "Adresse", "Endpoint";
    simulated: "auf diesem Rechner", "on this machine";
    test: "Testen", "Test";
    log: "Live-Log", "Live log";
    no_logs: "Keine Logs verfügbar", "No logs yet";
    level: "Level", "Level";
    time: "Zeit", "Time";
    all: "alle", "all";
    lagged: "Zeilen wurden übersprungen, weil diese Ansicht nicht nachkam", "lines were passed over because this view fell behind";
    jobs_file: "Die Jobs-Datei stimmt nicht mit den Jobs überein", "The jobs file does not agree with the jobs";
    started: "Gestartet: Lauf", "Started: run";
    saved: "Gespeichert.", "Saved.";
    not_done: "Das ging nicht", "That did not work";
    back: "Zurück", "Back";
}

impl Dictionary {
    /// What a caller may do.
    pub(crate) fn role_of(&self, role: Role) -> &'static str {
        match role {
            Role::Viewer => self.role_viewer,
            Role::Operator => self.role_operator,
            Role::Admin => self.role_admin,
        }
    }

    /// Where a run stands.
    pub(crate) fn state_of(&self, state: &str, warnings: u32) -> &'static str {
        match state {
            "waiting" => self.waiting_state,
            "running" => self.running_state,
            "retrying" => self.retrying_state,
            "succeeded" if warnings > 0 => self.with_warnings,
            "succeeded" => self.success,
            "cancelled" => self.cancelled_state,
            "skipped" => self.skipped_state,
            "lost" => self.lost_state,
            _ => self.failed,
        }
    }

    /// What an attempt came to.
    pub(crate) fn outcome_of(&self, outcome: &str) -> &'static str {
        match outcome {
            "timed_out" => self.timed_out,
            "put_back" => self.put_back,
            state => self.state_of(state, 0),
        }
    }

    /// Why a run exists.
    pub(crate) fn trigger_of(&self, trigger: &str) -> &'static str {
        match trigger {
            "schedule" => self.by_schedule,
            "chain" => self.by_chain,
            "start_up" => self.at_start,
            "again" => self.as_repetition,
            "more_to_do" => self.as_continuation,
            _ => self.manually,
        }
    }

    /// Why something is on the attention list, by the word that the interface uses.
    pub(crate) fn kind_of_word(&self, word: &str) -> &'static str {
        let kind = AttentionKind::ALL.into_iter().find(|kind| kind.as_str() == word);
        kind.map_or("", |kind| kind.words(self.spoken()))
    }

    /// The language of sentences.
    pub(crate) fn spoken(&self) -> Language {
        if self.language == "de" { Language::German } else { Language::English }
    }
}

/// The words of the language that a request asks for: `?lang=`, then the remembered one, then what the browser prefers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Words {
    dictionary: &'static Dictionary,
    /// Whether the request names the language itself: then it is remembered.
    pub(crate) is_chosen: bool,
}

/// The cookie that remembers the language.
pub(crate) const COOKIE: &str = "marktwerk_language";

impl Deref for Words {
    type Target = Dictionary;

    fn deref(&self) -> &Dictionary {
        self.dictionary
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Words {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        let chosen = query.split('&').filter_map(|pair| pair.strip_prefix("lang=")).find_map(known);
        let headers = parts.headers.get_all(header::COOKIE).iter();
        let cookies = headers.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
        let mut named = cookies.filter_map(|cookie| cookie.trim().split_once('='));
        let remembered = named.find_map(|(name, value)| if name == COOKIE { known(value) } else { None });
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let preferred = accepted.and_then(|accepted| accepted.split(',').find_map(known));
        let dictionary = chosen.or(remembered).or(preferred).unwrap_or(&GERMAN);
        Ok(Self { dictionary, is_chosen: chosen.is_some() })
    }
}

fn known(tag: &str) -> Option<&'static Dictionary> {
    let tag = tag.trim().to_ascii_lowercase();
    [&GERMAN, &ENGLISH].into_iter().find(|dictionary| tag.starts_with(dictionary.language))
}
