//! The sentences of the table in both languages: what a row means, what an entry says, and what a person is to do about it.

mod advice;
mod decisions;
mod meaning;

use super::facts::{Document, OrderFacts, RefusalCause, Taken, TakenBecause};
use super::holds::Hold;
use super::rows::Row;
use super::{Difference, EntryFacts};
use crate::language::{Language, Reader};
use crate::order::OrderState;
use crate::reason::Reason;

/// Numbers of orders that a sentence names; the others are counted.
const NAMED: usize = 5;

/// What an order's facts have to say about their row.
pub(super) fn facts(row: Row, facts: &OrderFacts) -> EntryFacts {
    let OrderFacts { there, erp, ours, .. } = facts;
    let mut said = EntryFacts::of(row);
    match row {
        Row::SetAside | Row::UnreadableWaiting | Row::UnreadableOpen | Row::UnreadableLeft => {
            said.cause = match &there.document {
                Document::Refused { reason } | Document::Untranslatable { reason } => Some(reason.clone()),
                Document::Missing | Document::Translated => None,
            };
        }
        Row::Held | Row::WishWaiting | Row::WishOpen | Row::WishLeft => said.holds.clone_from(&there.holds),
        Row::ChangedWaiting | Row::ChangedOpen | Row::ChangedLeft => said.difference = there.difference,
        Row::UnknownArticle => said.articles.clone_from(&erp.unknown_articles),
        Row::Several => said.orders = Some(erp.orders),
        Row::PartLeft
        | Row::PartReported
        | Row::RestClosed
        | Row::RestToCancel
        | Row::WithoutNumber
        | Row::WithoutNumberLong => {
            said.parcels = Some(erp.parcels);
            said.words.clone_from(&erp.words);
        }
        Row::UnknownCarrier | Row::Refused | Row::ReportUnanswered => {
            said.cause = ours.refused.as_ref().map(|refused| Reason::quoted(&refused.message));
            said.refusal = ours.refused.as_ref().and_then(|refused| refused.cause.clone());
        }
        Row::NumberTaken => said.taken.clone_from(&erp.taken),
        Row::Candidates => {
            let candidates = erp.candidates.clone().unwrap_or_default();
            said.cause = candidates.shortcoming;
            said.candidates = candidates.found;
        }
        Row::AskedAgain | Row::AskedAgainInErp => {
            said.lapsed = facts.decided.as_ref().map(|decided| decided.decision);
        }
        _ => {}
    }
    said
}

impl EntryFacts {
    /// Nothing but the row.
    pub(super) fn of(row: Row) -> Self {
        Self {
            row,
            cause: None,
            refusal: None,
            difference: None,
            holds: Vec::new(),
            articles: Vec::new(),
            orders: None,
            parcels: None,
            words: None,
            candidates: Vec::new(),
            taken: None,
            lapsed: None,
            deadline: None,
            waits_since: None,
        }
    }
}

/// Why an order waits, or needs a person. `None` where it goes its usual way.
pub(super) fn reason(facts: &EntryFacts, reader: &Reader) -> Option<String> {
    let language = reader.language;
    let waits = language.of(["waits: ", "wartet: "]);
    let is_urgent = facts.deadline.is_some() || facts.waits_since.is_some();
    match facts.row {
        row if row.line().kind.is_some() || is_urgent => Some(message(facts, reader)),
        Row::Held => Some(format!("{waits}{}", holds(&facts.holds, language))),
        Row::PartLeft | Row::PartReported => {
            let [english, german] = match facts.parcels.unwrap_or(0) {
                1 => ["one parcel has left".to_owned(), "ein Paket ist unterwegs".to_owned()],
                parcels => {
                    [format!("{parcels} parcels have left"), format!("{parcels} Pakete sind unterwegs")]
                }
            };
            Some(language.of([
                format!("waits: {english}, JTL has not shipped all lines yet"),
                format!("wartet: {german}, JTL hat noch nicht alle Positionen versandt"),
            ]))
        }
        Row::WithoutNumber => Some(without_number(facts, language).to_owned()),
        Row::SharesParcel => Some(format!("{waits}{}", facts.row.meaning(language))),
        _ => None,
    }
}

fn without_number(facts: &EntryFacts, language: Language) -> &'static str {
    language.of(match facts.parcels {
        None | Some(0) => [
            "waits: JTL says that it is delivered, but there is no parcel to report",
            "wartet: JTL nennt sie ausgeliefert, es gibt aber kein Paket, das gemeldet werden kann",
        ],
        Some(_) => {
            ["waits: a parcel has no tracking number yet", "wartet: ein Paket hat noch keine Sendungsnummer"]
        }
    })
}

/// What happened, what it means, and what to do.
pub(super) fn message(facts: &EntryFacts, reader: &Reader) -> String {
    let language = reader.language;
    let advice = facts.row.advice(language);
    if let Some(urgent) = urgent(facts, reader) {
        return urgent;
    }
    let happened = happened(facts, language);
    let happened = happened.trim_end_matches('.');
    let by = facts.deadline.map(|deadline| reader.time(deadline));
    let by = by
        .map_or_else(String::new, |by| leaves_by(facts.row, ["the order", "Die Bestellung"], &by, language));
    match language {
        _ if advice.is_empty() => format!("{happened}{by}"),
        Language::English => format!("{happened}: {advice}{by}"),
        Language::German => format!("{}. {advice}.{by}", capitalised(happened)),
    }
}

/// What is added to an entry that has a cause of its own, where the order may become late by it.
fn leaves_by(row: Row, which: [&str; 2], by: &str, language: Language) -> String {
    let which = language.of(which);
    // What has left must not be sent once more.
    let has_left = row.line().state == OrderState::Shipped
        || matches!(
            row,
            Row::WithoutNumberLong
                | Row::PartNumberChanged
                | Row::WishLeft
                | Row::ChangedLeft
                | Row::UnreadableLeft
        );
    language.of(match has_left {
        true => [
            format!("; {which} must be reported as shipped by {by}"),
            format!(" {which} muss bis {by} als versandt gemeldet sein."),
        ],
        false => [format!("; {which} must leave by {by}"), format!(" {which} muss bis {by} versandt sein.")],
    })
}

/// As a sentence begins.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What happened, without the advice.
fn happened(facts: &EntryFacts, language: Language) -> String {
    let none = || Reason::new(["no reason is known", "ein Grund ist nicht bekannt"]);
    let cause = facts.cause.clone().unwrap_or_else(none).words(language);
    match facts.row {
        Row::SetAside => {
            language.of([cause.clone(), format!("Die Bestellung kann nicht übernommen werden: {cause}")])
        }
        Row::UnknownCarrier | Row::Refused | Row::ReportUnanswered => refusal(facts, cause, language),
        Row::UnknownArticle => language.of([
            format!("JTL does not know {}", facts.articles.join(", ")),
            format!("JTL kennt den Artikel {} nicht", facts.articles.join(", ")),
        ]),
        Row::Several => {
            let orders = facts.orders.unwrap_or(0);
            language.of([
                format!("JTL has {orders} orders with this number"),
                format!("JTL hat {orders} Aufträge mit dieser Nummer"),
            ])
        }
        Row::WithoutNumberLong if facts.words.is_some() => {
            let words = facts.words.as_deref().unwrap_or_default();
            language.of([
                format!("all of it has left, and in JTL “{words}” is in the field of the tracking number"),
                format!("alles ist unterwegs, und in JTL steht „{words}“, wo die Sendungsnummer hingehört"),
            ])
        }
        Row::NumberTaken => number_taken(facts, language),
        Row::Candidates => candidates(facts, language),
        Row::AskedAgain | Row::AskedAgainInErp => {
            let lapsed = facts.lapsed.map_or("–", |decision| decision.label(language));
            language.of([
                format!("it was decided as “{lapsed}”, and something has changed since on one of the two sides"),
                format!("Die Bestellung war als „{lapsed}“ entschieden, und seitdem hat sich auf einer der beiden Seiten etwas geändert"),
            ])
        }
        Row::ChangedWaiting | Row::ChangedOpen | Row::ChangedLeft => {
            let what =
                facts.difference.map_or(language.of(["it", "sie"]), |what| Difference::words(what, language));
            let place = where_it_is(facts.row, language);
            language.of([
                format!("{what} changed at the marketplace, {place}"),
                format!("Am Marktplatz geändert: {what}; {place}"),
            ])
        }
        Row::UnreadableWaiting | Row::UnreadableOpen | Row::UnreadableLeft => {
            let place = where_it_is(facts.row, language);
            language.of([
                format!("it changed at the marketplace and cannot be translated any more ({cause}), {place}"),
                format!(
                    "Die Bestellung wurde am Marktplatz geändert und kann nicht mehr gelesen werden ({cause}); {place}"
                ),
            ])
        }
        Row::WishWaiting | Row::WishOpen | Row::WishLeft => {
            format!("{}, {}", holds(&facts.holds, language), where_it_is(facts.row, language))
        }
        row => row.meaning(language).to_owned(),
    }
}

/// An order that goes its usual way, but not in time.
fn urgent(facts: &EntryFacts, reader: &Reader) -> Option<String> {
    if facts.row.line().kind.is_some() {
        return None;
    }
    let language = reader.language;
    let meaning = match facts.row {
        Row::Held => holds(&facts.holds, language),
        row => row.meaning(language).to_owned(),
    };
    if let Some(deadline) = facts.deadline {
        let by = reader.time(deadline);
        return Some(language.of([
            format!("it must leave by {by} and is not reported yet; {meaning}: look at what keeps it, and ship it in time; if the order job is paused, resume it first"),
            format!("Die Versandfrist ist {by}, und der Versand ist noch nicht gemeldet; {meaning}: Prüfen Sie, was die Bestellung aufhält, und versenden Sie sie; ist der Bestelljob pausiert, setzen Sie ihn zuerst fort"),
        ]));
    }
    let since = reader.time(facts.waits_since?);
    if facts.row == Row::Held {
        return Some(language.of([
            format!("it has waited since {since}: {meaning}; decide on it at the marketplace, or ask there"),
            format!("Die Bestellung wartet seit {since}: {meaning}; entscheiden Sie am Marktplatz darüber, oder fragen Sie dort nach"),
        ]));
    }
    Some(language.of([
        format!("nothing has happened with it since {since}; {meaning}: is the order job running, and does the other side answer?"),
        format!("Seit {since} hat sich nichts getan; {meaning}: Läuft der Bestelljob, und antwortet die andere Seite?"),
    ]))
}

/// Why it is not reported.
fn refusal(facts: &EntryFacts, cause: String, language: Language) -> String {
    let Some(refusal) = &facts.refusal else { return cause };
    let german = match refusal {
        RefusalCause::Carrier(carrier) => {
            format!("Der Marktplatz kennt den Versanddienstleister „{carrier}“ nicht")
        }
        RefusalCause::OtherNumbers => {
            "Am Marktplatz ist die Bestellung schon mit anderen Sendungsnummern als versandt gemeldet"
                .to_owned()
        }
        RefusalCause::LinesUnknown => {
            "Die Bestellung kann nicht gelesen werden, daher sind ihre Positionen nicht bekannt".to_owned()
        }
        RefusalCause::SentLess => {
            "JTL hat weniger versandt als bestellt wurde, oder sagt nicht, was in welchem Paket liegt"
                .to_owned()
        }
        RefusalCause::TakenOver => {
            "Die Bestellung stammt aus dem früheren System, und der Marktplatz hat ihre Daten nicht geliefert"
                .to_owned()
        }
        RefusalCause::Marketplace { code, message } => {
            format!("Der Marktplatz hat die Versandmeldung abgelehnt: „{message}“ (Code {code})")
        }
        RefusalCause::NoAnswer(message) => {
            format!("Der Marktplatz gibt zu dieser Bestellung keine Auskunft („{message}“)")
        }
    };
    language.of([cause, german])
}

fn candidates(facts: &EntryFacts, language: Language) -> String {
    let found: Vec<String> = facts
        .candidates
        .iter()
        .map(|candidate| match candidate.external_number.as_str() {
            "" => candidate.erp_number.clone(),
            number => format!("{} ({number})", candidate.erp_number),
        })
        .collect();
    let mut text = match found.is_empty() {
        true => language
            .of([
                "JTL shows no other order that may be this one",
                "JTL zeigt keinen anderen Auftrag, der diese Bestellung sein könnte",
            ])
            .to_owned(),
        false => language.of([
            format!("JTL has orders that may be this one: {}", found.join(", ")),
            format!("JTL hat Aufträge, die diese Bestellung sein können: {}", found.join(", ")),
        ]),
    };
    if let Some(shortcoming) = &facts.cause {
        let shortcoming = shortcoming.words(language);
        text.push_str(&language.of([
            format!("; the search was not complete ({shortcoming})"),
            format!("; die Suche war nicht vollständig ({shortcoming})"),
        ]));
    }
    text
}

fn number_taken(facts: &EntryFacts, language: Language) -> String {
    let Some(Taken { erp_number, because }) = &facts.taken else {
        return facts.row.meaning(language).to_owned();
    };
    match because {
        TakenBecause::OfAccount(account) => language.of([
            format!("JTL's order {erp_number} has this number, and it is an order of the account {account}"),
            format!("Der Auftrag {erp_number} in JTL hat diese Nummer, gehört aber zum Konto {account}"),
        ]),
        TakenBecause::Lacks(contents) => {
            let contents: Vec<String> =
                contents.iter().map(|content| format!("{} × {}", content.quantity, content.sku)).collect();
            let lacking = contents.join(", ");
            language.of([
                format!("JTL's order {erp_number} has this number, and lacks what the buyer ordered: {lacking}"),
                format!("Dem Auftrag {erp_number} in JTL, der diese Nummer hat, fehlt, was der Käufer bestellt hat: {lacking}"),
            ])
        }
    }
}

fn holds(holds: &[Hold], language: Language) -> String {
    match holds {
        [] => {
            language.of(["something is open at the marketplace", "am Marktplatz ist etwas offen"]).to_owned()
        }
        holds => holds.iter().map(|hold| hold.words(language)).collect::<Vec<_>>().join(", "),
    }
}

fn where_it_is(row: Row, language: Language) -> &'static str {
    language.of(match row {
        Row::WishLeft | Row::ChangedLeft | Row::UnreadableLeft => {
            ["and a parcel has left already", "ein Paket ist schon unterwegs"]
        }
        _ => ["already in JTL", "der Auftrag ist schon in JTL"],
    })
}

/// The text of an entry that stands for several orders; `all` are their facts, as far as they have some.
pub(super) fn of_several(numbers: &[&str], all: &[EntryFacts], text: &str, reader: &Reader) -> String {
    let language = reader.language;
    let (count, named) = (numbers.len(), numbers.iter().take(NAMED).copied().collect::<Vec<_>>().join(", "));
    let orders = match count.saturating_sub(NAMED) {
        0 => language.of([format!("{count} orders ({named})"), format!("{count} Bestellungen ({named})")]),
        more => language.of([
            format!("{count} orders ({named} and {more} more)"),
            format!("{count} Bestellungen ({named} und {more} weitere)"),
        ]),
    };
    let Some(first) = all.first() else { return format!("{orders}: {text}") };
    let meaning = first.row.meaning(language);
    let deadline = all.iter().filter_map(|facts| facts.deadline).min().map(|time| reader.time(time));
    let since = all.iter().filter_map(|facts| facts.waits_since).min().map(|time| reader.time(time));
    match (deadline, since) {
        (by, _) if first.row.line().kind.is_some() => {
            let by = by.map(|by| leaves_by(first.row, ["the first", "Die erste"], &by, language)).unwrap_or_default();
            language.of([
                format!("{orders}, the same with each of them: {text}{by}"),
                format!("{orders}, für jede gilt: {text}{by}"),
            ])
        }
        (Some(by), _) => language.of([
            format!("{orders} have to be shipped, the first by {by}, and are not reported yet, as of the order job's last run; {meaning}: look at what keeps them, and ship them in time; if the job is paused, resume it first"),
            format!("{orders} sind zu versenden, die erste bis {by}, und laut dem letzten Lauf des Bestelljobs noch nicht gemeldet; {meaning}: Prüfen Sie, was sie aufhält, und versenden Sie sie rechtzeitig; ist der Job pausiert, setzen Sie ihn zuerst fort"),
        ]),
        (None, Some(since)) => language.of([
            format!("{orders} have waited for too long, the first since {since}; {meaning}: is the order job running, and does the other side answer?"),
            format!("{orders} warten zu lange, die erste seit {since}; {meaning}: Läuft der Bestelljob, und antwortet die andere Seite?"),
        ]),
        (None, None) => language.of([
            format!("{orders}, the same with each of them: {text}"),
            format!("{orders}, für jede gilt: {text}"),
        ]),
    }
}
