//! Entries of the attention list about stock and accounts: a kind with facts, and its sentences in German and English. Each says
//! what happened, what it means and what to do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lost::LostReason;
use crate::attention::AttentionKind;
use crate::language::{Language, Reader};
use crate::reason::Reason;

/// Numbers that a sentence names at the most.
const NAMED: usize = 10;

/// An entry that is not about one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "entry")]
pub enum StockEntry {
    /// A listing lost its article.
    ArticleLost {
        /// The SKU at the marketplace.
        sku: String,
        /// Why.
        reason: LostReason,
    },
    /// So many lost theirs at once that none was set to 0.
    ArticlesLost {
        /// How many.
        lost: usize,
        /// Of how many matched ones.
        matched: usize,
        /// The first SKUs.
        skus: Vec<String>,
        /// Names the set, so that a decision is about these and no others.
        fingerprint: String,
    },
    /// Raises wait because the account's orders are not known.
    Blocked {
        /// The account.
        account: String,
        /// Since when.
        since: Timestamp,
        /// Why it cannot be read; `None` where only orders block it.
        cause: Option<Reason>,
        /// Orders whose articles are not known.
        orders: Vec<String>,
    },
    /// More pieces are sold than the ERP has.
    Oversold {
        /// The article number.
        sku: String,
        /// Units that are missing.
        missing: i64,
        /// The orders that hold it: account and number.
        orders: Vec<(String, String)>,
    },
    /// An account is not in the settings any more.
    AccountGone {
        /// The account.
        account: String,
        /// Its open orders.
        orders: u64,
        /// Units that they keep from stock.
        units: i64,
        /// Its listings.
        listings: u64,
        /// The accounts that are configured.
        configured: Vec<String>,
    },
    /// The marketplace refused a stock figure.
    Refused {
        /// The SKU at the marketplace.
        sku: String,
        /// The figure.
        quantity: i64,
        /// What the marketplace said.
        cause: Reason,
    },
    /// The marketplace does not let the account in.
    Unauthorised {
        /// The account.
        account: String,
        /// What the marketplace said.
        cause: Reason,
        /// Where the program reads them from, such as `environment variable TEMU_ACCESS_TOKEN`; `None` where it is not known.
        #[serde(default)]
        read_from: Option<String>,
    },
    /// Rows wait for the JTL-Worker, and it takes none.
    WorkerStopped {
        /// Orders that wait in its table for longer than usual.
        orders: Vec<String>,
        /// Since when the oldest one waits.
        since: Timestamp,
    },
    /// The last run of one of the account's jobs failed.
    RunFailed {
        /// The account.
        account: String,
        /// What the job does.
        work: Work,
        /// Why.
        cause: Reason,
    },
}

/// What a job does for an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Orders in, shipments back.
    Orders,
    /// Stock figures.
    Stock,
}

impl Work {
    /// The word stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Stock => "stock",
        }
    }
}

impl StockEntry {
    /// The entry whose facts these are.
    pub fn from_facts(facts: &Value) -> Option<Self> {
        serde_json::from_value(facts.clone()).ok()
    }

    /// Its facts, a JSON object.
    pub fn facts(&self) -> Value {
        serde_json::to_value(self).unwrap_or(Value::Null)
    }

    /// Its kind.
    pub fn kind(&self) -> AttentionKind {
        match self {
            Self::ArticleLost { .. } => AttentionKind::ArticleLost,
            Self::ArticlesLost { .. } => AttentionKind::ArticlesLost,
            Self::Blocked { .. } => AttentionKind::StockBlocked,
            Self::Oversold { .. } => AttentionKind::Oversold,
            Self::AccountGone { .. } => AttentionKind::AccountGone,
            Self::Refused { .. } => AttentionKind::StockRefused,
            Self::Unauthorised { .. } => AttentionKind::Unauthorised,
            Self::WorkerStopped { .. } => AttentionKind::WorkerStopped,
            Self::RunFailed { .. } => AttentionKind::RunFailed,
        }
    }

    /// Its sentences in English.
    pub fn english(&self, reader: &Reader) -> String {
        match self {
            Self::ArticleLost { sku, reason } => format!(
                "JTL has no article to sell for the listing {sku} any more: {}. Its stock at the marketplace was set to 0, once. If \
                 that is right, nothing is to be done; else mend it in JTL, and the next run publishes its stock again.",
                english_reason(reason)
            ),
            Self::ArticlesLost { lost, matched, skus, .. } => format!(
                "{lost} of {matched} listings have no article in JTL any more, such as {}. Their stock was left as it is, because this \
                 many at once often means a wrong mandant or an import that failed. Look at JTL; if the articles come back, this entry \
                 goes by itself. If they are gone for good, decide to set these listings to 0, or to leave them as they are.",
                named_of(skus, *lost)
            ),
            Self::Blocked { account, cause, orders, .. } => {
                let why = match (words(cause.as_ref(), Language::English), orders.as_slice()) {
                    (cause, []) => {
                        format!(
                            "its orders cannot be read: {}",
                            cause.as_deref().unwrap_or("no reason is known")
                        )
                    }
                    (None, orders) => format!("it is not known which articles are in {}", named(orders)),
                    (Some(cause), orders) => {
                        format!(
                            "its orders cannot be read: {cause}; nor is it known which articles are in {}",
                            named(orders)
                        )
                    }
                };
                let cure = match orders.as_slice() {
                    [] => "Mend what the reason says; the next run goes on by itself.",
                    _ => {
                        "Look at these orders at the marketplace, and decide to leave them out if they take nothing from stock."
                    }
                };
                format!(
                    "For more than 30 minutes no stock could be raised because of the account {account}: {why}. Figures still fall. {cure}"
                )
            }
            Self::Oversold { sku, missing, orders } => format!(
                "{missing} of article {sku} are sold and not there: JTL has less than the open orders hold ({}). Nothing is offered any \
                 more. Get the missing pieces, or cancel an order at the marketplace and in JTL.",
                named_orders(orders)
            ),
            Self::AccountGone { account, orders, units, listings, configured } => format!(
                "The account {account} is not in the settings any more. {orders} open orders and {listings} listings belong to it; \
                 nobody reads them, and {units} units stay subtracted from stock. If it has another name now ({}), decide to move \
                 them there; if it is given up, decide to leave them out.",
                configured.join(", ")
            ),
            Self::Refused { sku, quantity, cause } => format!(
                "The marketplace refused the stock {quantity} for {sku}: {}. Each run tries again; if the reason names something to \
                 mend, mend it at the marketplace.",
                sentence(cause, Language::English)
            ),
            Self::Unauthorised { account, cause, read_from } => format!(
                "The marketplace does not let {account} in: {}. Nothing of this account is read or told until then. Authorise the app \
                 again, enter the new token{}, and restart Marktwerk: it reads credentials when it starts. A job that was paused has to be \
                 enabled.",
                sentence(cause, Language::English),
                read_from.as_ref().map(|place| format!(" where it stands now ({place})")).unwrap_or_default()
            ),
            Self::WorkerStopped { orders, since } => format!(
                "The JTL-Worker takes no orders: {} {} waited for it since {}. They are in its table and not lost, but JTL does not show them, \
                 and nobody packs them. Look on the JTL server whether the worker runs and has the import of orders switched on, and start \
                 it again; this entry goes by itself once it has taken them.",
                named(orders),
                if orders.len() == 1 { "has" } else { "have" },
                reader.time(*since)
            ),
            Self::RunFailed { account, work, cause } => {
                let [what, meanwhile] = match work {
                    Work::Orders => ["orders", "Until then no orders come in and no shipments are reported"],
                    Work::Stock => ["stock", "Until then the marketplace keeps the last figures that it got"],
                };
                format!(
                    "The last run for the {what} of {account} failed: {}. {meanwhile}; nothing is lost, the next run goes on, and this \
                     entry goes by itself. If it lasts, look whether the marketplace and JTL can be reached from this machine.",
                    sentence(cause, Language::English)
                )
            }
        }
    }

    /// Its sentences in German.
    pub fn german(&self, reader: &Reader) -> String {
        match self {
            Self::ArticleLost { sku, reason } => format!(
                "JTL hat zum Angebot {sku} keinen verkaufbaren Artikel mehr: {}. Der Bestand am Marktplatz wurde einmal auf 0 gesetzt. \
                 Ist das richtig, ist nichts zu tun; sonst in JTL in Ordnung bringen, der nächste Lauf meldet den Bestand wieder.",
                german_reason(reason)
            ),
            Self::ArticlesLost { lost, matched, skus, .. } => format!(
                "{lost} von {matched} Angeboten haben in JTL keinen Artikel mehr, zum Beispiel {}. Ihr Bestand am Marktplatz blieb, wie \
                 er ist, denn so viele auf einmal bedeuten oft einen falschen Mandanten oder einen missglückten Import. Bitte in JTL \
                 nachsehen; kommen die Artikel zurück, verschwindet dieser Eintrag von selbst. Sind sie endgültig fort: entscheiden, \
                 ob diese Angebote auf 0 gesetzt werden oder bleiben, wie sie sind.",
                named_of(skus, *lost)
            ),
            Self::Blocked { account, cause, orders, .. } => {
                let why = match (words(cause.as_ref(), Language::German), orders.as_slice()) {
                    (cause, []) => format!(
                        "seine Bestellungen sind nicht lesbar: {}",
                        cause.as_deref().unwrap_or("ein Grund ist nicht bekannt")
                    ),
                    (None, orders) => {
                        format!("es ist nicht bekannt, welche Artikel in {} stecken", named(orders))
                    }
                    (Some(cause), orders) => format!(
                        "seine Bestellungen sind nicht lesbar: {cause}; auch ist nicht bekannt, welche Artikel in {} stecken",
                        named(orders)
                    ),
                };
                let cure = match orders.as_slice() {
                    [] => "Die genannte Ursache beheben; der nächste Lauf macht von selbst weiter.",
                    _ => {
                        "Diese Bestellungen am Marktplatz ansehen und entscheiden, ob sie außer Acht bleiben, weil sie keinen Bestand \
                         kosten."
                    }
                };
                format!(
                    "Seit mehr als 30 Minuten konnte wegen des Kontos {account} kein Bestand erhöht werden: {why}. Gesenkt wird \
                     weiterhin. {cure}"
                )
            }
            Self::Oversold { sku, missing, orders } => format!(
                "Vom Artikel {sku} {}: JTL hat weniger, als die offenen Bestellungen \
                 brauchen ({}). Angeboten wird nichts mehr. Fehlende Ware beschaffen, oder eine Bestellung am Marktplatz und in JTL \
                 stornieren.",
                match missing {
                    1 => "ist 1 Stück verkauft, das nicht da ist".to_owned(),
                    missing => format!("sind {missing} Stück verkauft, die nicht da sind"),
                },
                named_orders(orders)
            ),
            Self::AccountGone { account, orders, units, listings, configured } => format!(
                "Das Konto {account} steht nicht mehr in den Einstellungen. {orders} offene Bestellungen und {listings} Angebote \
                 gehören dazu; niemand liest sie, und {units} Stück bleiben vom Bestand abgezogen. Heißt es jetzt anders ({}), bitte \
                 entscheiden, dass sie dorthin gehören; gibt es das Konto nicht mehr, entscheiden, dass sie außer Acht bleiben.",
                configured.join(", ")
            ),
            Self::Refused { sku, quantity, cause } => format!(
                "Der Marktplatz hat den Bestand {quantity} für {sku} abgelehnt: {}. Jeder Lauf versucht es wieder; nennt der Grund \
                 etwas, das zu beheben ist, bitte am Marktplatz beheben.",
                sentence(cause, Language::German)
            ),
            Self::Unauthorised { account, cause, read_from } => format!(
                "Der Marktplatz lässt {account} nicht hinein: {}. So lange wird für dieses Konto nichts gelesen und nichts gemeldet. \
                 Bitte die App am Marktplatz neu autorisieren, das neue Token eintragen{} und Marktwerk neu starten, denn es liest \
                 Zugangsdaten beim Start; ein pausierter Job ist danach wieder einzuschalten.",
                sentence(cause, Language::German),
                read_from.as_ref().map(|place| format!(", wo es jetzt steht ({place}),")).unwrap_or_default()
            ),
            Self::WorkerStopped { orders, since } => format!(
                "Der JTL-Worker holt keine Bestellungen ab: {} {} auf ihn seit {}. Sie stehen in seiner Tabelle und sind nicht \
                 verloren, aber JTL zeigt sie nicht, und niemand packt sie. Bitte auf dem JTL-Server nachsehen, ob der Worker läuft und \
                 der Import von Aufträgen eingeschaltet ist, und ihn neu starten; dieser Eintrag verschwindet von selbst, sobald er sie \
                 geholt hat.",
                named(orders),
                if orders.len() == 1 { "wartet" } else { "warten" },
                reader.time(*since)
            ),
            Self::RunFailed { account, work, cause } => {
                let [what, meanwhile] = match work {
                    Work::Orders => [
                        "Bestellungen",
                        "Bis ein Lauf gelingt, kommen keine Bestellungen herein, und kein Versand wird gemeldet",
                    ],
                    Work::Stock => [
                        "Bestände",
                        "Bis ein Lauf gelingt, behält der Marktplatz die Bestände, die ihm zuletzt gemeldet wurden",
                    ],
                };
                format!(
                    "Der letzte Lauf für die {what} von {account} ist gescheitert: {}. {meanwhile}; verloren geht nichts, der nächste \
                     Lauf macht weiter, und dieser Eintrag verschwindet von selbst. Dauert es an, bitte prüfen, ob der Marktplatz und \
                     JTL von diesem Rechner aus erreichbar sind.",
                    sentence(cause, Language::German)
                )
            }
        }
    }
}

fn english_reason(reason: &LostReason) -> String {
    match reason {
        LostReason::Deleted => "it was deleted".to_owned(),
        LostReason::Renamed { to } => format!("its number there is {to} now"),
        LostReason::Inactive => "it is not active".to_owned(),
        LostReason::Parent => "it is the parent of variations now, which is not sold itself".to_owned(),
        LostReason::Ambiguous => {
            "several articles have this number, and it is not clear which one is meant".to_owned()
        }
        LostReason::SkuChanged => {
            "the listing has another SKU at the marketplace now, and JTL does not know it".to_owned()
        }
    }
}

fn german_reason(reason: &LostReason) -> String {
    match reason {
        LostReason::Deleted => "er wurde gelöscht".to_owned(),
        LostReason::Renamed { to } => format!("seine Artikelnummer ist dort jetzt {to}"),
        LostReason::Inactive => "er ist nicht aktiv".to_owned(),
        LostReason::Parent => "er ist jetzt ein Vaterartikel und wird selbst nicht verkauft".to_owned(),
        LostReason::Ambiguous => {
            "mehrere Artikel haben diese Nummer, und es ist nicht klar, welcher gemeint ist".to_owned()
        }
        LostReason::SkuChanged => {
            "das Angebot hat am Marktplatz jetzt eine andere SKU, und JTL kennt sie nicht".to_owned()
        }
    }
}

fn named(names: &[String]) -> String {
    named_of(names, names.len())
}

/// The first of them, and how many of all there are more.
fn named_of(names: &[String], all: usize) -> String {
    let more = all.saturating_sub(names.len().min(NAMED));
    let shown = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    if more == 0 { shown } else { format!("{shown}, + {more}") }
}

fn words(cause: Option<&Reason>, language: Language) -> Option<String> {
    cause.map(|cause| sentence(cause, language))
}

/// A reason within a sentence that goes on or ends after it.
fn sentence(cause: &Reason, language: Language) -> String {
    let quoted = Reason { english: cause.english.trim_end_matches('.').to_owned(), ..cause.clone() };
    quoted.words(language)
}

fn named_orders(orders: &[(String, String)]) -> String {
    named(&orders.iter().map(|(account, number)| format!("{number} ({account})")).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> Vec<StockEntry> {
        let orders: Vec<String> = (0..12).map(|number| format!("PO-{number}")).collect();
        let blocked = |cause: &str, orders: Vec<String>| StockEntry::Blocked {
            account: "shop".to_owned(),
            since: Timestamp::UNIX_EPOCH,
            cause: (!cause.is_empty()).then(|| Reason::quoted(cause)),
            orders,
        };
        let failed = |work| StockEntry::RunFailed {
            account: "shop".to_owned(),
            work,
            cause: Reason::quoted("TEMU answers 502."),
        };
        let mut entries: Vec<StockEntry> = [
            LostReason::Deleted,
            LostReason::Renamed { to: "B".to_owned() },
            LostReason::Inactive,
            LostReason::Parent,
            LostReason::Ambiguous,
            LostReason::SkuChanged,
        ]
        .map(|reason| StockEntry::ArticleLost { sku: "A".to_owned(), reason })
        .into();
        entries.extend([
            StockEntry::ArticlesLost {
                lost: 7,
                matched: 9,
                skus: vec!["A".to_owned()],
                fingerprint: "0".to_owned(),
            },
            blocked("502", Vec::new()),
            blocked("", orders.clone()),
            blocked("502", orders),
            StockEntry::Refused { sku: "A".to_owned(), quantity: 3, cause: Reason::quoted("no") },
            StockEntry::Unauthorised {
                account: "shop".to_owned(),
                cause: Reason::quoted("token"),
                read_from: Some("environment variable TEMU_ACCESS_TOKEN".to_owned()),
            },
            failed(Work::Orders),
            failed(Work::Stock),
            StockEntry::WorkerStopped { orders: vec!["PO-1".to_owned()], since: Timestamp::UNIX_EPOCH },
            StockEntry::Oversold {
                sku: "A".to_owned(),
                missing: 1,
                orders: vec![("shop".to_owned(), "PO-1".to_owned())],
            },
            StockEntry::AccountGone {
                account: "old".to_owned(),
                orders: 2,
                units: 3,
                listings: 4,
                configured: vec!["new".to_owned()],
            },
        ]);
        entries
    }

    #[test]
    fn entries_survive_their_facts_and_say_what_to_do_in_both_languages() {
        for entry in all() {
            assert_eq!(StockEntry::from_facts(&entry.facts()).as_ref(), Some(&entry));
            let reader = Reader::of_the_store();
            let (english, german) = (entry.english(&reader), entry.german(&reader));
            assert_ne!(english, german);
            for text in [&english, &german] {
                assert!(
                    text.len() > 100 && text.ends_with('.') && !text.contains("  ") && !text.contains(".."),
                    "{text}"
                );
            }
            assert!(!entry.kind().is_of_an_order());
        }
    }

    #[test]
    fn a_sentence_names_ten_and_counts_the_rest() {
        let text = all().iter().map(|entry| entry.english(&Reader::of_the_store())).collect::<String>();
        assert!(text.contains("PO-9, + 2") && !text.contains("PO-10"), "{text}");
    }
}
