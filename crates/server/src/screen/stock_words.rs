//! The words of the stock page, in German and in English.

/// The words of one language.
pub(super) struct StockWords {
    pub(super) sku: &'static str,
    pub(super) account: &'static str,
    pub(super) title: &'static str,
    pub(super) listing: &'static str,
    pub(super) live: &'static str,
    pub(super) known: &'static str,
    pub(super) wanted: &'static str,
    pub(super) published: &'static str,
    pub(super) leaves: &'static str,
    pub(super) note: &'static str,
    pub(super) none: &'static str,
    pub(super) more: &'static str,
    pub(super) in_jtl: &'static str,
    pub(super) buffer: &'static str,
    pub(super) read_at: &'static str,
    pub(super) orders: &'static str,
    pub(super) no_orders: &'static str,
    pub(super) push: &'static str,
    pub(super) push_note: &'static str,
    pub(super) not_in_jtl: &'static str,
    never_matched: &'static str,
    in_flight: &'static str,
    unseen: &'static str,
    held: &'static str,
    refused: &'static str,
    lost: [(&'static str, &'static str); 6],
}

static GERMAN: StockWords = StockWords {
    sku: "Artikelnummer",
    account: "Konto",
    title: "Bezeichnung",
    listing: "Angebot",
    live: "Zuletzt gesehen",
    known: "Am Marktplatz",
    wanted: "Soll",
    published: "Nächster Lauf meldet",
    leaves: "nichts",
    note: "Hinweis",
    none: "Keine Angebote.",
    more: "Weitere Angebote",
    in_jtl: "In JTL verfügbar",
    buffer: "Puffer",
    read_at: "Gelesen",
    orders: "Offene Bestellungen, die abgezogen werden",
    no_orders: "Keine.",
    push: "Jetzt melden",
    push_note: "Startet einen Lauf nach denselben Regeln wie jeder andere: Erhöht wird nur, wenn die Bestellungen aller Konten \
        bekannt sind, die den Artikel verkaufen.",
    not_in_jtl: "JTL hat unter dieser Nummer keinen verkaufbaren Artikel.",
    never_matched: "in JTL nie gefunden, es wird nichts gemeldet",
    in_flight: "eine Meldung ist unterwegs oder ohne Antwort",
    unseen: "verkauft, die Bestellung ist noch nicht zu sehen",
    held: "zurückgehalten, bis die Bestellungen bekannt sind von",
    refused: "abgelehnt",
    lost: [
        ("deleted", "der Artikel wurde in JTL gelöscht"),
        ("renamed", "der Artikel heißt in JTL jetzt anders"),
        ("inactive", "der Artikel ist in JTL nicht aktiv"),
        ("parent", "der Artikel ist in JTL jetzt ein Vaterartikel"),
        ("ambiguous", "mehrere Artikel in JTL haben diese Nummer"),
        ("sku_changed", "das Angebot hat eine andere SKU, die JTL nicht kennt"),
    ],
};

static ENGLISH: StockWords = StockWords {
    sku: "Article number",
    account: "Account",
    title: "Title",
    listing: "Listing",
    live: "Last seen",
    known: "At the marketplace",
    wanted: "Should be",
    published: "Next run publishes",
    leaves: "nothing",
    note: "Note",
    none: "No listings.",
    more: "More listings",
    in_jtl: "Available in JTL",
    buffer: "Buffer",
    read_at: "Read",
    orders: "Open orders that are subtracted",
    no_orders: "None.",
    push: "Publish now",
    push_note: "Starts a run by the same rules as any other: a figure is raised only if the orders of all accounts that sell the \
        article are known.",
    not_in_jtl: "JTL has no article under this number that may be sold.",
    never_matched: "never found in JTL, so that nothing is published",
    in_flight: "a write is under way, or without an answer",
    unseen: "sold, and the order is not seen yet",
    held: "held back until the orders are known of",
    refused: "refused",
    lost: [
        ("deleted", "the article was deleted in JTL"),
        ("renamed", "the article has another number in JTL now"),
        ("inactive", "the article is not active in JTL"),
        ("parent", "the article is the parent of variations in JTL now"),
        ("ambiguous", "several articles in JTL have this number"),
        ("sku_changed", "the listing has another SKU, which JTL does not know"),
    ],
};

impl StockWords {
    /// Of a language as `<html lang>` says it.
    pub(super) fn of(language: &str) -> &'static Self {
        if language == "de" { &GERMAN } else { &ENGLISH }
    }

    /// Everything odd about a listing, as sentences without a full stop.
    pub(super) fn notes(&self, listing: &Oddities<'_>) -> Vec<String> {
        let Oddities { is_matched, lost, in_flight, unseen, held_by, error } = listing;
        let mut notes = Vec::new();
        if !is_matched {
            notes.push(self.never_matched.to_owned());
        }
        let of = |word: &str| self.lost.iter().find(|(known, _)| *known == word).map(|(_, words)| *words);
        notes.extend(lost.and_then(of).map(str::to_owned));
        if *in_flight {
            notes.push(self.in_flight.to_owned());
        }
        if *unseen > 0 {
            notes.push(format!("{unseen} {}", self.unseen));
        }
        if !held_by.is_empty() {
            notes.push(format!("{} {}", self.held, held_by.join(", ")));
        }
        notes.extend(error.map(|error| format!("{}: {error}", self.refused)));
        notes
    }
}

/// What may be odd about a listing.
pub(super) struct Oddities<'a> {
    pub(super) is_matched: bool,
    pub(super) lost: Option<&'a str>,
    pub(super) in_flight: bool,
    pub(super) unseen: i64,
    pub(super) held_by: &'a [String],
    pub(super) error: Option<&'a str>,
}
