//! What each row means, as a sentence without its full stop.

use super::super::rows::Row;
use crate::language::Language;

impl Row {
    /// What the row means, as a sentence without its full stop.
    pub fn meaning(self, language: Language) -> &'static str {
        language.of(match self {
            Self::History => {
                ["shipped before the account was first read", "versandt, bevor das Konto zum ersten Mal gelesen wurde"]
            }
            Self::FulfilledThere => [
                "shipped by the marketplace from its own warehouse",
                "wird vom Marktplatz aus seinem eigenen Lager versandt",
            ],
            Self::Pending => [
                "the marketplace has not released it yet",
                "der Marktplatz hat sie noch nicht freigegeben",
            ],
            Self::DetailsMissing => [
                "to be shipped; its document is not there or not read yet",
                "zu versenden; ihre Daten fehlen noch oder sind noch nicht gelesen",
            ],
            Self::SetAside => [
                "it cannot be translated, or not be handed over as it is",
                "sie kann nicht gelesen oder nicht so übergeben werden",
            ],
            Self::Held => [
                "to be shipped once an open wish or check is decided",
                "zu versenden, sobald ein offener Wunsch oder eine Prüfung entschieden ist",
            ],
            Self::UnknownArticle => ["JTL does not know an article", "JTL kennt einen Artikel nicht"],
            Self::NumberTaken => [
                "an order in JTL has its number and is not this one",
                "ein Auftrag in JTL hat ihre Nummer und ist nicht diese Bestellung",
            ],
            Self::Ready => ["to be handed over", "an JTL zu übergeben"],
            Self::PartlyShippedElsewhere => [
                "partly shipped at the marketplace, and not by way of JTL",
                "am Marktplatz teilweise versandt, und nicht über JTL",
            ],
            Self::ShippedElsewhereUnknown => [
                "shipped at the marketplace without us; JTL was not asked yet",
                "am Marktplatz ohne uns versandt; JTL ist noch nicht gefragt",
            ],
            Self::ShippedElsewhere => [
                "shipped at the marketplace without us, and JTL has no order for it",
                "am Marktplatz ohne uns versandt, und JTL hat keinen Auftrag dazu",
            ],
            Self::CancelledUnknown => [
                "cancelled at the marketplace; JTL was not asked since",
                "am Marktplatz storniert; JTL ist seitdem nicht gefragt",
            ],
            Self::CancelledBefore => {
                ["cancelled before JTL had it", "storniert, bevor JTL sie hatte"]
            }
            Self::HandOverOpen => [
                "the hand-over began, and its outcome is not known yet",
                "die Übergabe hat begonnen, ihr Ausgang ist noch nicht bekannt",
            ],
            Self::Unclear => [
                "the hand-over was interrupted, and since then JTL has shown neither a waiting row nor an order with this number",
                "die Übergabe wurde unterbrochen, und seitdem zeigt JTL weder eine wartende Zeile noch einen Auftrag mit dieser Nummer",
            ],
            Self::HandedOver => [
                "handed over; the JTL-Worker has not made an order of it yet",
                "übergeben; der JTL-Worker hat noch keinen Auftrag daraus gemacht",
            ],
            Self::WorkerStuck => [
                "handed over longer ago than it should take, and JTL has not shown an order for it since",
                "schon länger übergeben, als es dauern sollte, und JTL zeigt noch keinen Auftrag dazu",
            ],
            Self::Dropped => [
                "the JTL-Worker took its row and there is no order",
                "der JTL-Worker hat die Bestellung aus seiner Tabelle genommen, und es gibt keinen Auftrag",
            ],
            Self::Deleted => [
                "JTL had the order and does not have it any more",
                "JTL hatte den Auftrag und hat ihn nicht mehr",
            ],
            Self::CancelledWaiting => [
                "cancelled at the marketplace, and its row waits in JTL to become an order",
                "am Marktplatz storniert, und die Bestellung wartet in JTL noch auf den JTL-Worker",
            ],
            Self::ShippedWaiting => [
                "shipped at the marketplace without us, and its row waits in JTL to become an order",
                "am Marktplatz ohne uns versandt, und die Bestellung wartet in JTL noch auf den JTL-Worker",
            ],
            Self::WishWaiting => [
                "a wish or check is open, and its row waits in JTL",
                "ein Wunsch oder eine Prüfung ist offen, und die Bestellung wartet in JTL noch auf den JTL-Worker",
            ],
            Self::ChangedWaiting => [
                "changed at the marketplace, and its row waits in JTL",
                "am Marktplatz geändert, und die Bestellung wartet in JTL noch auf den JTL-Worker",
            ],
            Self::UnreadableWaiting => [
                "changed so that it cannot be read, and its row waits in JTL",
                "so geändert, dass sie nicht gelesen werden kann, und die Bestellung wartet in JTL noch auf den JTL-Worker",
            ],
            Self::InErp => ["in JTL; nothing has left", "in JTL; es ist noch nichts unterwegs"],
            Self::InErpUnread => [
                "in JTL; the marketplace's newest word is not read yet",
                "in JTL; der neueste Stand des Marktplatzes ist noch nicht gelesen",
            ],
            Self::WishOpen => [
                "a wish or check is open; nothing has left",
                "ein Wunsch oder eine Prüfung ist offen; es ist noch nichts unterwegs",
            ],
            Self::WishLeft => [
                "a wish or check is open; a parcel has left",
                "ein Wunsch oder eine Prüfung ist offen; ein Paket ist unterwegs",
            ],
            Self::ChangedOpen => [
                "changed at the marketplace; nothing has left",
                "am Marktplatz geändert; es ist noch nichts unterwegs",
            ],
            Self::ChangedLeft => [
                "changed at the marketplace; a parcel has left",
                "am Marktplatz geändert; ein Paket ist unterwegs",
            ],
            Self::UnreadableOpen => [
                "changed so that it cannot be read; nothing has left",
                "so geändert, dass sie nicht gelesen werden kann; es ist noch nichts unterwegs",
            ],
            Self::UnreadableLeft => [
                "changed so that it cannot be read; a parcel has left",
                "so geändert, dass sie nicht gelesen werden kann; ein Paket ist unterwegs",
            ],
            Self::CancelledOpen => [
                "cancelled at the marketplace, already in JTL",
                "am Marktplatz storniert, der Auftrag ist schon in JTL",
            ],
            Self::CancelledLeft => [
                "cancelled at the marketplace, and a parcel has left already",
                "am Marktplatz storniert, und ein Paket ist schon unterwegs",
            ],
            Self::CancelledBoth => {
                ["cancelled at the marketplace and in JTL", "am Marktplatz und in JTL storniert"]
            }
            Self::ShippedWithoutUs => [
                "shipped at the marketplace without us, and JTL has not shipped it",
                "am Marktplatz ohne uns versandt, und JTL hat sie nicht versandt",
            ],
            Self::PartlyWithoutUs => [
                "partly shipped at the marketplace without us, and JTL has not shipped anything",
                "am Marktplatz ohne uns teilweise versandt, und JTL hat nichts versandt",
            ],
            Self::PartLeft => ["a part has left", "ein Teil ist unterwegs"],
            Self::PartToReport => [
                "a part has left, and the marketplace takes each parcel by itself; to be reported",
                "ein Teil ist unterwegs, und der Marktplatz nimmt jedes Paket einzeln an; zu melden",
            ],
            Self::PartReported => [
                "a part has left and is reported; the rest is to follow",
                "ein Teil ist unterwegs und gemeldet; der Rest fehlt noch",
            ],
            Self::PartNumberChanged => [
                "a part is reported, and JTL has changed one of its parcels since: another tracking number, or another parcel with the same units",
                "ein Teil ist gemeldet, und JTL hat seitdem eines der Pakete geändert: eine andere Sendungsnummer, oder ein weiteres Paket mit denselben Stücken",
            ],
            Self::RestToCancel => [
                "JTL sent a part of it, which is reported, and closed the rest, and the marketplace waits for all of it",
                "JTL hat einen Teil versandt, der gemeldet ist, und den Rest abgeschlossen; der Marktplatz wartet auf alles",
            ],
            Self::WithoutNumber => [
                "all of it has left; a tracking number is missing",
                "alles ist unterwegs; eine Sendungsnummer fehlt",
            ],
            Self::WithoutNumberLong => [
                "all of it has left, and a tracking number has been missing for too long",
                "alles ist unterwegs, und eine Sendungsnummer fehlt seit zu langer Zeit",
            ],
            Self::RestClosed => [
                "JTL sent a part of it and closed the rest, and the marketplace waits for all of it",
                "JTL hat einen Teil versandt und den Rest geschlossen, und der Marktplatz wartet auf alles",
            ],
            Self::ClosedUnshipped => [
                "closed in JTL without shipment, and the marketplace waits for it",
                "in JTL ohne Versand geschlossen, und der Marktplatz wartet darauf",
            ],
            Self::CancelledInErp => [
                "cancelled in JTL, and the marketplace waits for it",
                "in JTL storniert, und der Marktplatz wartet darauf",
            ],
            Self::Several => [
                "JTL has several orders with this number",
                "JTL hat mehrere Aufträge mit dieser Nummer",
            ],
            Self::LeftUnread => [
                "all of it has left; the marketplace's newest word is not read yet",
                "alles ist unterwegs; der neueste Stand des Marktplatzes ist noch nicht gelesen",
            ],
            Self::ToReport => [
                "all of it has left; to be reported",
                "alles ist unterwegs; der Versand ist zu melden",
            ],
            Self::SharesParcel => [
                "all of it has left, in one parcel with another order that cannot be reported yet",
                "alles ist unterwegs, in einem Paket mit einer anderen Bestellung, die noch nicht gemeldet werden kann",
            ],
            Self::ReportOpen => [
                "its report was begun, and the outcome is not known yet",
                "die Versandmeldung hat begonnen, ihr Ausgang ist noch nicht bekannt",
            ],
            Self::ReportUnanswered => [
                "its report was begun, and the marketplace does not say what became of it",
                "die Versandmeldung hat begonnen, und der Marktplatz sagt nicht, was daraus wurde",
            ],
            Self::UnknownCarrier => [
                "the marketplace does not know the carrier",
                "der Marktplatz kennt den Versanddienstleister nicht",
            ],
            Self::Refused => [
                "the marketplace refused the report, or it cannot be composed",
                "der Marktplatz hat die Versandmeldung abgelehnt, oder sie lässt sich nicht zusammenstellen",
            ],
            Self::ShippedBoth => [
                "shipped in JTL, and at the marketplace without us; the tracking numbers are not compared yet",
                "in JTL versandt, und am Marktplatz ohne uns; die Sendungsnummern sind noch nicht verglichen",
            ],
            Self::OtherNumbers => [
                "shipped in JTL, and at the marketplace without us with other tracking numbers",
                "in JTL versandt, und am Marktplatz ohne uns mit anderen Sendungsnummern",
            ],
            Self::ReportedByHand => [
                "shipped in JTL, and reported at the marketplace by hand",
                "in JTL versandt, und am Marktplatz von Hand gemeldet",
            ],
            Self::Reported => ["reported, and still watched", "gemeldet, und noch beobachtet"],
            Self::CancelledAfterReport => [
                "cancelled at the marketplace after its shipment was reported",
                "am Marktplatz storniert, nachdem der Versand gemeldet war",
            ],
            Self::NumberChanged => [
                "a tracking number changed in JTL after the shipment was reported",
                "eine Sendungsnummer wurde in JTL geändert, nachdem der Versand gemeldet war",
            ],
            Self::CancelDue => [
                "to be cancelled at the marketplace, as a person decided; JTL does not have it",
                "am Marktplatz zu stornieren, wie ein Mensch entschieden hat; JTL hat sie nicht",
            ],
            Self::CancelDueInErp => [
                "to be cancelled at the marketplace, as a person decided; JTL has it",
                "am Marktplatz zu stornieren, wie ein Mensch entschieden hat; JTL hat sie",
            ],
            Self::CancelAsked => [
                "the marketplace was asked to cancel it and has not done so yet; JTL does not have it",
                "der Marktplatz soll sie stornieren und hat es noch nicht getan; JTL hat sie nicht",
            ],
            Self::CancelAskedInErp => [
                "the marketplace was asked to cancel it and has not done so yet; JTL has it",
                "der Marktplatz soll sie stornieren und hat es noch nicht getan; JTL hat sie",
            ],
            Self::LookForIt => [
                "to be handed over again once JTL was searched for it",
                "erneut zu übergeben, sobald JTL danach durchsucht ist",
            ],
            Self::Candidates => [
                "JTL has orders that may be this one, or could not be searched completely",
                "JTL hat Aufträge, die diese Bestellung sein können, oder war nicht vollständig zu durchsuchen",
            ],
            Self::HandOverAgain => ["to be handed over again", "erneut an JTL zu übergeben"],
            Self::LeftOut => {
                ["left out because a person decided so", "bleibt unbearbeitet, weil ein Mensch so entschieden hat"]
            }
            Self::DoneByHand => {
                ["done by hand; JTL does not have it", "von Hand erledigt; JTL hat sie nicht"]
            }
            Self::DoneByHandInErp => ["done by hand; JTL has it", "von Hand erledigt; JTL hat sie"],
            Self::AskedAgain => [
                "a person's decision no longer fits; JTL does not have it",
                "die Entscheidung eines Menschen passt nicht mehr; JTL hat sie nicht",
            ],
            Self::AskedAgainInErp => [
                "a person's decision no longer fits; JTL has it",
                "die Entscheidung eines Menschen passt nicht mehr; JTL hat sie",
            ],
            Self::NotAgreed => [
                "nothing has changed for a long time, and marketplace and JTL do not agree that it is over; its units stay subtracted",
                "lange hat sich nichts geändert, und Marktplatz und JTL sind sich nicht einig, dass sie erledigt ist; ihre Stückzahlen bleiben abgezogen",
            ],
            Self::NotAgreedInErp => [
                "nothing has changed for a long time, and marketplace and JTL do not agree that it is over",
                "lange hat sich nichts geändert, und Marktplatz und JTL sind sich nicht einig, dass sie erledigt ist",
            ],
            Self::Over => ["reported, and no longer watched", "gemeldet, und nicht mehr beobachtet"],
            Self::OverByHand => [
                "done by hand or left out, and no longer watched; JTL does not have it",
                "von Hand erledigt oder nicht bearbeitet, und nicht mehr beobachtet; JTL hat sie nicht",
            ],
            Self::OverByHandInErp => [
                "done by hand, and no longer watched; JTL has it",
                "von Hand erledigt, und nicht mehr beobachtet; JTL hat sie",
            ],
        })
    }
}
