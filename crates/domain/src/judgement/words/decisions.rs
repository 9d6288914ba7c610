//! What each decision is called, and what it does.

use super::super::decision::Decision;
use super::super::rows::Row;
use crate::language::Language;

impl Decision {
    /// What its button says.
    pub fn label(self, language: Language) -> &'static str {
        language.of(match self {
            Self::ShipAllTheSame => ["Ship all the same", "Trotzdem versenden"],
            Self::HandOverAgain => ["Hand over again", "Erneut an JTL übergeben"],
            Self::NoneOfThese => ["None of these", "Keiner davon"],
            Self::ThisIsIt => ["This is it", "Das ist sie"],
            Self::ReadAgain => ["Read again", "Neu einlesen"],
            Self::ReportAgain => ["Report again", "Erneut melden"],
            Self::ChooseCarrier => ["Choose the carrier", "Versanddienstleister wählen"],
            Self::AcceptCancellation => ["Accept the cancellation", "Stornierung annehmen"],
            Self::CancelThere => ["Cancel at the marketplace", "Am Marktplatz stornieren"],
            Self::DoneByHand => ["Done by hand", "Von Hand erledigt"],
            Self::LeaveOut => ["Leave out", "Nicht bearbeiten"],
            Self::GoOn => ["Go on", "Normal fortfahren"],
            Self::RemindMe => ["Remind me", "Später erinnern"],
            Self::TakeBack => ["Take back", "Zurücknehmen"],
        })
    }

    /// What it does in this situation, as a sentence.
    pub fn sentence_in(self, row: Row, language: Language) -> &'static str {
        match self {
            Self::DoneByHand if row.is_changed() => language.of([
                "JTL has what the marketplace has now: the order goes on, and its shipment is reported.",
                "JTL hat jetzt, was der Marktplatz hat: Die Bestellung geht weiter, und ihr Versand wird gemeldet.",
            ]),
            decision => decision.sentence(language),
        }
    }

    /// What it does, as a sentence.
    pub fn sentence(self, language: Language) -> &'static str {
        language.of(match self {
            Self::ShipAllTheSame => [
                "The order goes on as JTL has it; its shipment is reported once all of it has left.",
                "Die Bestellung geht so weiter, wie sie in JTL steht; der Versand wird gemeldet, sobald alles unterwegs ist.",
            ],
            Self::HandOverAgain => [
                "JTL is searched for the order; only if nothing is found is it handed over a second time.",
                "JTL wird nach der Bestellung durchsucht; nur wenn sich nichts findet, wird sie ein zweites Mal übergeben.",
            ],
            Self::NoneOfThese => [
                "None of the orders shown is this one: it is handed over to JTL again.",
                "Keiner der gezeigten Aufträge ist diese Bestellung: Sie wird erneut an JTL übergeben.",
            ],
            Self::ThisIsIt => [
                "JTL's order is this one: it is followed from the next run on, and its shipment is reported.",
                "Der Auftrag in JTL ist diese Bestellung: Ab dem nächsten Lauf wird er verfolgt und sein Versand gemeldet.",
            ],
            Self::ReadAgain => [
                "The next run fetches and reads the order again.",
                "Der nächste Lauf holt und liest die Bestellung noch einmal.",
            ],
            Self::ReportAgain => [
                "The next run tries to report the shipment again at once.",
                "Der nächste Lauf versucht sofort, den Versand erneut zu melden.",
            ],
            Self::ChooseCarrier => [
                "The shipment is reported with the carrier that you name.",
                "Der Versand wird mit dem Versanddienstleister gemeldet, den Sie nennen.",
            ],
            Self::AcceptCancellation => [
                "The next run accepts the buyer's wish at the marketplace; if JTL has the order, cancel it there too.",
                "Der nächste Lauf teilt dem Marktplatz mit, dass Sie den Wunsch des Käufers annehmen; hat JTL den Auftrag, stornieren Sie ihn dort auch.",
            ],
            Self::CancelThere => [
                "The next run asks the marketplace to cancel the order as not deliverable; this may count against your account.",
                "Der nächste Lauf beantragt am Marktplatz die Stornierung als nicht lieferbar; das kann sich auf Ihr Konto auswirken.",
            ],
            Self::DoneByHand => [
                "You have dealt with it, in JTL or at the marketplace, the report of its shipment included. You are asked again if something changes on either side.",
                "Sie haben es in JTL oder am Marktplatz erledigt, auch die Meldung des Versands. Wenn sich auf einer Seite etwas ändert, werden Sie erneut gefragt.",
            ],
            Self::LeaveOut => [
                "Nothing is done with this order, and its units no longer reduce the stock offered. You are asked again if something changes.",
                "Mit dieser Bestellung geschieht nichts, und ihre Stückzahlen mindern den angebotenen Bestand nicht mehr. Wenn sich etwas ändert, werden Sie erneut gefragt.",
            ],
            Self::GoOn => [
                "The earlier decision is dropped, and the order goes its usual way.",
                "Die frühere Entscheidung entfällt, und die Bestellung geht ihren üblichen Weg.",
            ],
            Self::RemindMe => [
                "The entry is hidden until the time that you name, or until the order's shipping deadline is near, unless it says something else before.",
                "Der Eintrag ist bis zu dem Zeitpunkt verborgen, den Sie nennen, oder bis die Versandfrist der Bestellung naht, außer er sagt vorher etwas anderes.",
            ],
            Self::TakeBack => [
                "The decision is taken back; nothing that was sent already is undone.",
                "Die Entscheidung wird zurückgenommen; was schon gesendet wurde, bleibt gesendet.",
            ],
        })
    }
}
