//! What keeps an order from being handed over, and what people should know who send it.

use serde::{Deserialize, Serialize};

use crate::language::Language;
use crate::order::{LABEL_WIDTH, LabelLine};

/// An open wish or check that keeps an order from being handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// The buyer asks to cancel.
    Cancellation,
    /// The buyer asks for another address.
    Address,
    /// The marketplace checks the order.
    Risk,
    /// The buyer has not paid yet.
    Payment,
}

impl Hold {
    /// The word stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancellation => "cancellation",
            Self::Address => "address",
            Self::Risk => "risk",
            Self::Payment => "payment",
        }
    }

    /// What is open, for a sentence.
    pub fn words(self, language: Language) -> &'static str {
        language.of(match self {
            Self::Cancellation => ["the buyer asks to cancel", "der Käufer möchte stornieren"],
            Self::Address => {
                ["the buyer asks for another address", "der Käufer möchte eine andere Lieferadresse"]
            }
            Self::Risk => {
                ["the marketplace is still checking the order", "der Marktplatz prüft die Bestellung noch"]
            }
            Self::Payment => ["the order is not paid yet", "die Bestellung ist noch nicht bezahlt"],
        })
    }
}

/// Something that people should know who send an order. It keeps nothing from being done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// The parcel must be handed over against a signature.
    SignatureRequired,
    /// The marketplace calls it overdue.
    Overdue,
    /// The shop may not send it with tracking numbers of its own.
    OwnShippingRestricted,
    /// These carriers are not taken, as the marketplace numbers them.
    CarriersBarred(String),
    /// The buyer's wish for another address was granted.
    AddressWasChanged,
    /// The buyer pays when the parcel arrives.
    CashOnDelivery,
    /// These lines of the address are longer than a label.
    LongerThanLabel(Vec<LabelLine>),
}

impl Notice {
    /// The same as a sentence.
    pub fn words(&self, language: Language) -> String {
        let known = |words: [&str; 2]| language.of(words).to_owned();
        match self {
            Self::SignatureRequired => {
                known(["to be delivered against a signature", "Zustellung nur gegen Unterschrift"])
            }
            Self::Overdue => known(["overdue at the marketplace", "am Marktplatz überfällig"]),
            Self::OwnShippingRestricted => known([
                "may not be sent with tracking numbers of the shop's own",
                "darf nicht mit eigenen Sendungsnummern versandt werden",
            ]),
            Self::CarriersBarred(carriers) => language.of([
                format!("the marketplace does not take these carriers: {carriers}"),
                format!("der Marktplatz nimmt diese Versanddienstleister nicht an: {carriers}"),
            ]),
            Self::AddressWasChanged => known([
                "the address was changed at the buyer's wish",
                "die Adresse wurde auf Wunsch des Käufers geändert",
            ]),
            Self::CashOnDelivery => known(["to be paid on delivery", "Zahlung per Nachnahme"]),
            Self::LongerThanLabel(lines) => {
                let lines: Vec<&str> = lines.iter().map(|line| line.words(language)).collect();
                let lines = lines.join(", ");
                language.of([
                    format!("a label prints {LABEL_WIDTH} characters of a line, and this is longer: {lines}"),
                    format!("ein Versandetikett druckt {LABEL_WIDTH} Zeichen je Zeile, das hier ist länger: {lines}"),
                ])
            }
        }
    }
}
