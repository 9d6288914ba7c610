//! What a person is to do about each row that has an entry.

use super::super::rows::Row;
use crate::language::Language;

impl Row {
    /// What a person is to do. Empty where there is no entry.
    pub fn advice(self, language: Language) -> &'static str {
        language.of(match self {
            Self::SetAside => [
                "mend what the reason says and choose “Read again”; or enter the order in JTL by hand, with the marketplace's number as its external number",
                "Beheben Sie den Grund und wählen Sie „Neu einlesen“; oder geben Sie den Auftrag in JTL von Hand ein, mit der Nummer des Marktplatzes als externer Nummer",
            ],
            Self::UnknownArticle => [
                "add the article there and the order goes on by itself",
                "Legen Sie den Artikel in JTL an, dann geht es von selbst weiter",
            ],
            Self::NumberTaken => [
                "look at that order in JTL. If it is this one, complete it there and choose “This is it”. If it is not, give the account an `order_number_prefix` of its own in the settings, so that JTL can hold both, and choose “Hand over again”",
                "Sehen Sie sich den Auftrag in JTL an. Ist es diese Bestellung, ergänzen Sie ihn dort und wählen Sie „Das ist sie“. Ist es eine andere, geben Sie dem Konto in den Einstellungen ein eigenes `order_number_prefix`, damit JTL beide führen kann, und wählen Sie „Erneut an JTL übergeben“",
            ],
            Self::PartlyShippedElsewhere => [
                "look at it there; if JTL has to book something, enter the order there with the marketplace's number as its external number; otherwise choose “Done by hand”",
                "Sehen Sie am Marktplatz nach; wenn JTL etwas buchen muss, geben Sie den Auftrag dort mit der Nummer des Marktplatzes als externer Nummer ein, sonst wählen Sie „Von Hand erledigt“",
            ],
            Self::ShippedElsewhere => [
                "book it in JTL (an order with the marketplace's number as its external number) and do not ship it again; until then its units stay subtracted from stock",
                "Buchen Sie sie in JTL (ein Auftrag mit der Nummer des Marktplatzes als externer Nummer) und versenden Sie sie nicht noch einmal; bis dahin bleiben ihre Stückzahlen vom Bestand abgezogen",
            ],
            Self::Unclear => [
                "it may have been taken and dropped: look in the worker's log; “Hand over again” searches JTL first",
                "Vielleicht wurde sie angenommen und verworfen: Sehen Sie im Protokoll des JTL-Workers nach; „Erneut an JTL übergeben“ durchsucht JTL vorher",
            ],
            Self::WorkerStuck => [
                "is the JTL-Worker running? While the order job is paused, JTL is not asked",
                "Läuft der JTL-Worker? Solange der Bestelljob pausiert, wird JTL nicht gefragt",
            ],
            Self::Dropped => [
                "look in the worker's log; “Hand over again” searches JTL first",
                "Sehen Sie im Protokoll des JTL-Workers nach; „Erneut an JTL übergeben“ durchsucht JTL vorher",
            ],
            Self::Deleted => [
                "was it deleted there, or merged with another? “Hand over again” searches JTL first; if nothing is to be sent, cancel it at the marketplace",
                "Wurde er dort gelöscht oder mit einem anderen zusammengefasst? „Erneut an JTL übergeben“ durchsucht JTL vorher; wenn nichts zu senden ist, stornieren Sie am Marktplatz",
            ],
            Self::Candidates => [
                "look at these orders in JTL; if one of them is this order, choose “Done by hand” and report its shipment at the marketplace yourself; else “None of these” hands it over again",
                "Sehen Sie sich diese Aufträge in JTL an; ist es einer davon, wählen Sie „Von Hand erledigt“ und melden Sie den Versand am Marktplatz selbst; sonst wählen Sie „Keiner davon“, und die Bestellung wird erneut übergeben",
            ],
            Self::CancelledWaiting => [
                "cancel it in JTL as soon as it is an order there; the entry then goes by itself",
                "Stornieren Sie in JTL, sobald dort ein Auftrag daraus geworden ist; der Eintrag geht dann von selbst",
            ],
            Self::ShippedWaiting => [
                "do not ship it again: as soon as it is an order in JTL, book it there as shipped",
                "Versenden Sie sie nicht noch einmal: Sobald sie in JTL ein Auftrag ist, buchen Sie ihn dort als versandt",
            ],
            Self::WishWaiting | Self::WishOpen => [
                "decide on it at the marketplace; until then do not ship it in JTL. Its shipment is not reported meanwhile",
                "Entscheiden Sie am Marktplatz darüber; versenden Sie bis dahin nicht aus JTL. Der Versand wird solange nicht gemeldet",
            ],
            Self::WishLeft => [
                "decide on it at the marketplace, knowing that a parcel is on its way. Its shipment is not reported meanwhile",
                "Entscheiden Sie am Marktplatz darüber und bedenken Sie, dass ein Paket unterwegs ist. Der Versand wird solange nicht gemeldet",
            ],
            Self::ChangedWaiting | Self::ChangedOpen => [
                "change it there: where only articles or quantities differ, the entry then goes by itself, else choose “Done by hand”; “Ship all the same” leaves it as it was",
                "Ändern Sie den Auftrag in JTL: Bei Artikeln und Mengen geht der Eintrag dann von selbst, sonst wählen Sie „Von Hand erledigt“; mit „Trotzdem versenden“ bleibt er, wie er war",
            ],
            Self::ChangedLeft => [
                "if the parcel went out as it was before, stop or redirect it at the carrier, or inform the buyer; with “Ship all the same” its shipment is reported",
                "Ging das Paket mit den alten Angaben hinaus, halten Sie es beim Versanddienstleister an, leiten Sie es um oder informieren Sie den Käufer; mit „Trotzdem versenden“ wird der Versand gemeldet",
            ],
            Self::UnreadableWaiting | Self::UnreadableOpen => [
                "compare it there and in JTL, then choose “Ship all the same”",
                "Vergleichen Sie Marktplatz und JTL und wählen Sie dann „Trotzdem versenden“",
            ],
            Self::UnreadableLeft => [
                "compare it there with the parcel that left, then choose “Ship all the same” and its shipment is reported",
                "Vergleichen Sie mit dem Paket, das unterwegs ist; mit „Trotzdem versenden“ wird der Versand gemeldet",
            ],
            Self::CancelledOpen => [
                "cancel it in JTL; the entry then goes by itself",
                "Stornieren Sie den Auftrag in JTL; der Eintrag geht dann von selbst",
            ],
            Self::CancelledLeft => [
                "stop the parcel at the carrier or expect a return, and book that in JTL; then choose “Done by hand”",
                "Halten Sie das Paket beim Versanddienstleister an oder rechnen Sie mit einer Rücksendung, und buchen Sie das in JTL; wählen Sie dann „Von Hand erledigt“",
            ],
            Self::ShippedWithoutUs => [
                "do not ship it a second time: book it in JTL as shipped, with the tracking number that the marketplace has",
                "Versenden Sie sie nicht ein zweites Mal: Buchen Sie sie in JTL als versandt, mit der Sendungsnummer, die der Marktplatz hat",
            ],
            Self::PartlyWithoutUs => [
                "do not ship that part a second time: book it in JTL as shipped, with the tracking number that the marketplace has",
                "Versenden Sie diesen Teil nicht ein zweites Mal: Buchen Sie ihn in JTL als versandt, mit der Sendungsnummer, die der Marktplatz hat",
            ],
            Self::WithoutNumberLong => [
                "enter the number at the parcel in JTL, or report the shipment at the marketplace by hand",
                "Tragen Sie die Nummer in JTL am Paket ein, oder melden Sie den Versand am Marktplatz von Hand",
            ],
            Self::RestClosed => [
                "cancel the rest at the marketplace, and report the part that left by hand: it takes an order as a whole",
                "Stornieren Sie den Rest am Marktplatz und melden Sie den versandten Teil dort von Hand: Er nimmt eine Bestellung nur als Ganzes an",
            ],
            Self::ClosedUnshipped => ["cancel it there", "Stornieren Sie sie am Marktplatz"],
            Self::CancelledInErp => ["cancel it there too", "Stornieren Sie sie auch am Marktplatz"],
            Self::Several => ["cancel all but one", "Stornieren Sie alle bis auf einen"],
            Self::ReportUnanswered => [
                "look at it there; we ask again by ourselves before anything is reported",
                "Sehen Sie dort nach; bevor etwas gemeldet wird, fragen wir von selbst noch einmal",
            ],
            Self::UnknownCarrier => [
                "choose the carrier here, or enter it for all parcels of that shipping method as `carriers` of the account in the settings; or report it at the marketplace by hand",
                "Wählen Sie hier den Versanddienstleister, oder tragen Sie ihn für alle Pakete dieser Versandart in den Einstellungen unter `carriers` des Kontos ein; oder melden Sie den Versand am Marktplatz von Hand",
            ],
            Self::Refused => [
                "correct what the reason says: the report is tried again by itself, or at once with “Report again”; or report the shipment at the marketplace by hand",
                "Beheben Sie den Grund: Die Meldung wird von selbst wiederholt, mit „Erneut melden“ sofort; oder melden Sie den Versand am Marktplatz von Hand",
            ],
            Self::CancelledAfterReport => [
                "expect the parcel back, and book the return in JTL; then choose “Done by hand”",
                "Rechnen Sie mit der Rücksendung und buchen Sie sie in JTL; wählen Sie dann „Von Hand erledigt“",
            ],
            Self::RestToCancel => [
                "cancel the rest at the marketplace; the order is then over by itself",
                "Stornieren Sie den Rest am Marktplatz; die Bestellung ist dann von selbst erledigt",
            ],
            Self::OtherNumbers => [
                "two parcels may be on their way: find out which one left, and stop the other at the carrier or expect it back; then enter the number of the marketplace at the parcel in JTL, or choose “Done by hand”",
                "Vielleicht sind zwei Pakete unterwegs: Klären Sie, welches versandt wurde, und halten Sie das andere beim Versanddienstleister an oder rechnen Sie mit seiner Rücksendung; tragen Sie dann in JTL am Paket die Nummer des Marktplatzes ein, oder wählen Sie „Von Hand erledigt“",
            ],
            Self::NumberChanged | Self::PartNumberChanged => [
                "correct the number at the marketplace by hand, then choose “Done by hand”",
                "Berichtigen Sie die Nummer am Marktplatz von Hand und wählen Sie dann „Von Hand erledigt“",
            ],
            Self::AskedAgain | Self::AskedAgainInErp => [
                "look at both sides and decide again; until then nothing is sent",
                "Sehen Sie auf beiden Seiten nach und entscheiden Sie neu; bis dahin wird nichts gesendet",
            ],
            Self::NotAgreed | Self::NotAgreedInErp => [
                "end it at the marketplace and in JTL, then choose “Done by hand”; it is no longer watched",
                "Beenden Sie sie am Marktplatz und in JTL und wählen Sie dann „Von Hand erledigt“; sie wird nicht mehr beobachtet",
            ],
            Self::History
            | Self::FulfilledThere
            | Self::Pending
            | Self::DetailsMissing
            | Self::Held
            | Self::Ready
            | Self::ShippedElsewhereUnknown
            | Self::CancelledUnknown
            | Self::CancelledBefore
            | Self::HandOverOpen
            | Self::HandedOver
            | Self::InErp
            | Self::InErpUnread
            | Self::CancelledBoth
            | Self::PartLeft
            | Self::PartToReport
            | Self::PartReported
            | Self::ShippedBoth
            | Self::WithoutNumber
            | Self::LeftUnread
            | Self::ToReport
            | Self::SharesParcel
            | Self::ReportOpen
            | Self::ReportedByHand
            | Self::Reported
            | Self::CancelDue
            | Self::CancelDueInErp
            | Self::CancelAsked
            | Self::CancelAskedInErp
            | Self::LookForIt
            | Self::HandOverAgain
            | Self::LeftOut
            | Self::DoneByHand
            | Self::DoneByHandInErp
            | Self::Over
            | Self::OverByHand
            | Self::OverByHandInErp => ["", ""],
        })
    }
}
