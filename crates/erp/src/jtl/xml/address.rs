//! The buyer's address, fitted into JTL's columns. Lengths are those of `tkunde` and `tAdresse`; over-length
//! text is cut with a warning that names the field, never the value.

use std::io;

use marktwerk_domain::order::Address;

use super::country::written;
use super::text::{Warnings, clean, split_at_limit};
use super::writer::Writer;
use crate::jtl::CountryStyle;

const LONG: usize = 255;
const COMPANY: usize = 128;
const POSTAL_CODE: usize = 24;
const TELEPHONE: usize = 30;
const VAT_ID: usize = 20;

/// An address whose fields fit. It is both the invoice's and the delivery's.
pub(crate) struct FittedAddress {
    first_name: String,
    last_name: String,
    company: String,
    street: String,
    addition: String,
    postal_code: String,
    city: String,
    state: String,
    country: String,
    phone: String,
    email: String,
    vat_id: String,
}

impl FittedAddress {
    /// Fits the address.
    pub(crate) fn new(address: &Address, style: CountryStyle, warnings: &mut Warnings) -> Self {
        let (street, addition) = street_and_addition(address, warnings);
        Self {
            first_name: warnings.fit("first name", &address.first_name, LONG),
            last_name: warnings.fit("last name", &address.last_name, LONG),
            company: warnings.fit("company", &address.company, COMPANY),
            street,
            addition,
            postal_code: warnings.fit("postal code", &address.postal_code, POSTAL_CODE),
            city: warnings.fit("town", &address.city, LONG),
            state: warnings.fit("state", &address.state, LONG),
            country: written(&address.country, style, warnings),
            phone: warnings.fit("telephone", &address.phone, TELEPHONE),
            email: warnings.fit("e-mail", &address.email, LONG),
            vat_id: warnings.fit("VAT id", &address.vat_id, VAT_ID),
        }
    }

    /// Writes `tkunde`. JTL knows customers by their number alone, and an empty one makes a new customer.
    pub(crate) fn write_customer(
        &self,
        writer: &mut Writer,
        number: &str,
        origin: &str,
        created: &str,
    ) -> io::Result<()> {
        writer.element("tkunde", &[], |writer| {
            writer.text("cKundenNr", number)?;
            writer.empty(&["cAnrede", "cTitel"])?;
            writer.text("cVorname", &self.first_name)?;
            writer.text("cNachname", &self.last_name)?;
            self.write_place(writer)?;
            writer.text("cUSTID", &self.vat_id)?;
            writer.empty(&["cWWW"])?;
            writer.text("cHerkunft", origin)?;
            writer.text("dErstellt", created)
        })
    }

    /// Writes `tlieferadresse`, in its own order of elements.
    pub(crate) fn write_delivery(&self, writer: &mut Writer) -> io::Result<()> {
        writer.element("tlieferadresse", &[], |writer| {
            writer.empty(&["cAnrede"])?;
            writer.text("cVorname", &self.first_name)?;
            writer.text("cNachname", &self.last_name)?;
            writer.empty(&["cTitel"])?;
            self.write_place(writer)
        })
    }

    fn write_place(&self, writer: &mut Writer) -> io::Result<()> {
        writer.text("cFirma", &self.company)?;
        writer.text("cStrasse", &self.street)?;
        writer.text("cAdressZusatz", &self.addition)?;
        writer.text("cPLZ", &self.postal_code)?;
        writer.text("cOrt", &self.city)?;
        writer.text("cBundesland", &self.state)?;
        writer.text("cLand", &self.country)?;
        writer.text("cTel", &self.phone)?;
        writer.empty(&["cMobil", "cFax"])?;
        writer.text("cMail", &self.email)
    }
}

/// What does not fit into the street goes first into the addition; only what fits into neither is cut.
fn street_and_addition(address: &Address, warnings: &mut Warnings) -> (String, String) {
    let street = clean(&address.street);
    let (kept, overflow) = split_at_limit(&street, LONG);
    if overflow.is_empty() {
        return (street, warnings.fit("address addition", &address.addition, LONG));
    }
    warnings.add(format!("street longer than {LONG} characters: the rest is in the address addition"));
    let addition = format!("{overflow} {}", clean(&address.addition));
    (kept.trim_end().to_owned(), warnings.fit("address addition", &addition, LONG))
}
