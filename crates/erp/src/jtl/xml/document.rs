//! The whole document: one order within `<tBestellungen>`, its elements in the order of JTL's examples.
//!
//! Left out are `fGuthaben`, `fBezahlt`, `nZahlungsziel` and `cSeriennummer`: each occurs in a single published
//! example, and an empty number would not be one.

use std::io;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use marktwerk_domain::mutant::{self, Mutant};
use marktwerk_domain::order::Order;
use marktwerk_domain::reason::Reason;
use rust_decimal::Decimal;

use super::address::FittedAddress;
use super::price::{Position, positions};
use super::text::{Warnings, clean};
use super::writer::Writer;
use crate::jtl::settings::OfAccount;
use crate::jtl::{DateStyle, JtlSettings};
use crate::{ErpError, Rendered};

/// `tAuftrag.cExterneAuftragsnummer`; a cut number would never be found again.
const NUMBER_LIMIT: usize = 50;
const NAME_LIMIT: usize = 255;
/// ISO 4217 currencies whose minor unit is not a hundredth; JTL's prices have two decimals.
const NOT_HUNDREDTHS: [&str; 11] =
    ["BHD", "CLP", "IQD", "ISK", "JOD", "JPY", "KRW", "KWD", "OMR", "TND", "VND"];

/// Renders an order. Pure: the same order and settings give the same text.
pub(crate) fn render(
    order: &Order,
    number: &str,
    settings: &OfAccount<'_>,
    customer: Option<&str>,
    zone: &TimeZone,
) -> Result<Rendered, ErpError> {
    let refuse =
        |reason: [String; 2]| ErpError::Order { number: order.number.clone(), reason: Reason::new(reason) };
    check_head(order, number, settings.jtl).map_err(refuse)?;
    let mut warnings = Warnings::default();
    let positions = positions(order, settings.jtl, &mut warnings).map_err(refuse)?;
    let shipping_method = settings.shipping_method(&order.delivery.country);
    let document = Document {
        order,
        number,
        settings: settings.jtl,
        customer: customer.unwrap_or_default(),
        address: FittedAddress::new(&order.delivery, settings.jtl.country_style, &mut warnings),
        origin: warnings.fit("account name", settings.account, NAME_LIMIT),
        shipping_method: warnings.fit("shipping_method", shipping_method, NAME_LIMIT),
        payment_method: warnings.fit("payment_method", settings.payment_method, NAME_LIMIT),
        ordered_on: date(order.ordered_at, zone, settings.jtl.date_style),
        deliver_until: order
            .deliver_until
            .map(|until| date(until, zone, settings.jtl.date_style))
            .unwrap_or_default(),
        positions,
    };
    let document = document.write().map_err(|error| ErpError::Defect {
        action: "write an order's XML",
        reason: error.kind().to_string(),
    })?;
    Ok(Rendered { document, warnings: warnings.into_sentences() })
}

/// What makes an order impossible as a whole.
fn check_head(order: &Order, number: &str, settings: &JtlSettings) -> Result<(), [String; 2]> {
    let length = number.encode_utf16().count();
    if length == 0 || length > NUMBER_LIMIT {
        return Err([
            format!("its number has {length} characters; JTL takes 1 to {NUMBER_LIMIT}"),
            format!("ihre Nummer hat {length} Zeichen; JTL nimmt 1 bis {NUMBER_LIMIT}"),
        ]);
    }
    if clean(number) != number {
        return Err([
            "its number holds control characters or outer spaces; JTL would store another one",
            "ihre Nummer enthält Steuerzeichen oder Leerzeichen am Rand; JTL würde eine andere speichern",
        ]
        .map(str::to_owned));
    }
    if order.lines.is_empty() {
        return Err(["it has no lines to ship", "sie hat keine Positionen zum Versenden"].map(str::to_owned));
    }
    let currency = order.total.currency.code();
    if !settings.currencies.iter().any(|accepted| accepted == currency) {
        let accepted = settings.currencies.join(", ");
        return Err([
            format!(
                "JTL is set up for {accepted}, the order is in {currency}: import it by hand, or add the currency to \
                 [erp.jtl] currencies"
            ),
            format!(
                "JTL ist für {accepted} eingerichtet, die Bestellung lautet auf {currency}: von Hand anlegen, oder die \
                 Währung unter [erp.jtl] currencies ergänzen"
            ),
        ]);
    }
    if NOT_HUNDREDTHS.contains(&currency) {
        return Err([
            format!("{currency} has no hundredths, and JTL's prices have two decimals: import it by hand"),
            format!(
                "{currency} kennt keine Hundertstel, JTLs Preise haben zwei Nachkommastellen: von Hand anlegen"
            ),
        ]);
    }
    Ok(())
}

struct Document<'order> {
    order: &'order Order,
    number: &'order str,
    settings: &'order JtlSettings,
    /// `cKundenNr`; empty makes a new customer.
    customer: &'order str,
    address: FittedAddress,
    origin: String,
    shipping_method: String,
    payment_method: String,
    ordered_on: String,
    deliver_until: String,
    positions: Vec<Position>,
}

impl Document<'_> {
    fn write(&self) -> io::Result<String> {
        let mut writer = Writer::start()?;
        let attributes = [("kFirma", self.settings.company), ("kBenutzer", self.settings.user)];
        // A bare <tBestellung> is not taken: the import wants the list around it.
        writer.element("tBestellungen", &[], |writer| {
            writer.element("tBestellung", &attributes, |writer| {
                self.write_head(writer)?;
                self.positions.iter().try_for_each(|position| self.write_position(writer, position))?;
                self.address.write_customer(writer, self.customer, &self.origin, &self.ordered_on)?;
                self.address.write_delivery(writer)?;
                write_payment(writer)
            })
        })?;
        writer.finish()
    }

    fn total(&self) -> Decimal {
        let shipping: i64 = self.order.shipping.iter().map(|charge| charge.gross).sum();
        let dropped = if mutant::is(Mutant::ShippingDropped) { shipping } else { 0 };
        Decimal::new(self.order.total.minor - dropped, 2)
    }

    fn write_head(&self, writer: &mut Writer) -> io::Result<()> {
        writer.text("cSprache", &self.settings.language)?;
        writer.text("cWaehrung", self.order.total.currency.code())?;
        writer.text("fGesamtsumme", &self.total().to_string())?;
        // Empty: JTL gives the order its own number.
        writer.empty(&["cBestellNr"])?;
        writer.text("cExterneBestellNr", self.number)?;
        writer.text("cVersandartName", &self.shipping_method)?;
        writer.empty(&["cVersandInfo", "dVersandDatum", "cTracking"])?;
        writer.text("dLieferDatum", &self.deliver_until)?;
        writer.empty(&["cKommentar", "cBemerkung"])?;
        writer.text("dErstellt", &self.ordered_on)?;
        writer.text("cZahlungsartName", &self.payment_method)?;
        let is_paid = self.settings.paid && !self.order.pays_on_delivery;
        writer.text("dBezahltDatum", if is_paid { &self.ordered_on } else { "" })
    }

    fn write_position(&self, writer: &mut Writer, position: &Position) -> io::Result<()> {
        writer.element("twarenkorbpos", &[], |writer| {
            writer.text("cName", &position.name)?;
            writer.text("cArtNr", &position.sku)?;
            // Empty, so that the article is found by its number alone.
            writer.empty(&["cBarcode"])?;
            writer.text("cEinheit", &self.settings.unit)?;
            writer.text("fPreisEinzelNetto", &position.net.to_string())?;
            writer.text("fPreis", &position.gross.to_string())?;
            writer.text("fMwSt", &position.percent.to_string())?;
            writer.text("fAnzahl", &format!("{:.2}", position.quantity))?;
            writer.text("cPosTyp", position.kind)?;
            writer.text("fRabatt", "0.00")
        })
    }
}

/// The payment is the marketplace's: card and bank data never go into the document.
fn write_payment(writer: &mut Writer) -> io::Result<()> {
    writer.element("tzahlungsinfo", &[], |writer| {
        writer.empty(&[
            "cBankName",
            "cBLZ",
            "cKontoNr",
            "cKartenNr",
            "dGueltigkeit",
            "cCVV",
            "cKartenTyp",
        ])?;
        writer.empty(&["cInhaber", "cIBAN", "cBIC"])
    })
}

/// The day in JTL's own zone: an order of 23:30 UTC is the next day's there.
fn date(time: Timestamp, zone: &TimeZone, style: DateStyle) -> String {
    let pattern = match style {
        DateStyle::Iso => "%Y-%m-%d",
        DateStyle::Dotted => "%d.%m.%Y",
    };
    time.to_zoned(zone.clone()).strftime(pattern).to_string()
}
