//! From the parts of an address, as marketplaces tell them, to the domain's address. The same rules for every marketplace: street and
//! house number are put together, pick-up points and post numbers get their places, a company is a company. What must be there to send
//! a parcel is demanded here; nothing of an address is ever put into a reason.

mod company;
mod pickup;
mod street;

use marktwerk_domain::order::Address;

use crate::orders::Untranslatable;

/// Countries without postal codes, or where parcels arrive without one.
const WITHOUT_POSTAL_CODE: [&str; 6] = ["AE", "HK", "IE", "JM", "PA", "QA"];
/// Countries that are a town.
const WITHOUT_TOWN: [&str; 5] = ["GI", "HK", "MC", "SG", "VA"];

/// An address as a marketplace tells it. Empty texts count as missing.
#[derive(Default)]
pub struct AddressParts {
    /// Given name, where names are told apart.
    pub first_name: Option<String>,
    /// Family name, where names are told apart.
    pub last_name: Option<String>,
    /// The whole name.
    pub name: Option<String>,
    /// What stands beside the name: a company, a person to whose hands it goes, a post number.
    pub additional_name: Option<String>,
    /// Street, house number and what belongs to them, line by line.
    pub lines: Vec<String>,
    /// Where the parcel may be left.
    pub drop_point: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Town.
    pub city: Option<String>,
    /// State or province.
    pub state: Option<String>,
    /// Country, as ISO 3166 alpha-2; `None`: not told, or not known.
    pub country: Option<String>,
    /// Telephone.
    pub phone: Option<String>,
    /// E-mail.
    pub email: Option<String>,
    /// A tax number of any kind.
    pub tax_number: Option<String>,
}

/// Puts the parts in their places.
///
/// # Errors
/// If something is missing without which no parcel arrives, or hidden by the marketplace.
pub fn compose(parts: AddressParts) -> Result<Address, Untranslatable> {
    let text = |text: Option<String>| text.map(|text| text.trim().to_owned()).unwrap_or_default();
    let vat_id = company::vat_id(parts.tax_number.as_deref());
    let names = company::Names::of(
        [parts.first_name, parts.last_name, parts.name].map(text),
        text(parts.additional_name),
        vat_id.is_some(),
    );
    let lines: Vec<String> =
        parts.lines.into_iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
    let place = pickup::place(&lines, &names.beside).unwrap_or_else(|| street::place(lines, &names.beside));
    let drop_point = text(parts.drop_point);
    let (company, beside) = match names.company.is_empty() {
        true => (place.beside, String::new()),
        false => (names.company, place.beside),
    };
    let addition = [place.addition.as_str(), &beside, &drop_point]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>();
    let address = Address {
        first_name: names.first,
        last_name: names.last,
        company,
        street: place.street,
        addition: addition.join(", "),
        postal_code: without_country(text(parts.postal_code), parts.country.as_deref()),
        city: text(parts.city),
        state: text(parts.state),
        country: text(parts.country),
        phone: text(parts.phone),
        email: text(parts.email),
        vat_id: vat_id.unwrap_or_default(),
    };
    demand(&address)?;
    Ok(address)
}

/// Letters that people write before the postal code, where it is digits alone.
const BEFORE_POSTAL_CODE: [(&str, [&str; 2]); 3] =
    [("DE", ["D", "DE"]), ("AT", ["A", "AT"]), ("CH", ["CH", "CH"])];

/// `D-35390` is 35390 in Germany.
fn without_country(postal_code: String, country: Option<&str>) -> String {
    let known = BEFORE_POSTAL_CODE.iter().find(|(code, _)| Some(*code) == country);
    let is_before = |letters: &str| {
        known.is_some_and(|(_, before)| before.iter().any(|known| known.eq_ignore_ascii_case(letters)))
    };
    let Some(first) = postal_code.find(|letter: char| letter.is_ascii_digit()) else { return postal_code };
    let (letters, digits) = postal_code.split_at(first);
    let is_code = digits.bytes().all(|letter| letter.is_ascii_digit());
    match is_code && is_before(letters.trim_end_matches([' ', '-', '.'])) {
        true => digits.to_owned(),
        false => postal_code,
    }
}

fn demand(address: &Address) -> Result<(), Untranslatable> {
    let name = format!("{}{}{}", address.first_name, address.last_name, address.company);
    let has = |list: &[&str]| !list.contains(&address.country.as_str());
    let parts = [
        (["name", "der Name", "den Namen"], name.as_str(), true),
        (["street", "die Straße", "die Straße"], &address.street, true),
        (
            ["postal code", "die Postleitzahl", "die Postleitzahl"],
            &address.postal_code,
            has(&WITHOUT_POSTAL_CODE),
        ),
        (["town", "der Ort", "den Ort"], &address.city, has(&WITHOUT_TOWN)),
        (
            ["country that is known here", "ein Land, das hier bekannt ist", "das Land"],
            &address.country,
            true,
        ),
    ];
    for ([what, german, hidden], text, is_demanded) in parts {
        if text.is_empty() && is_demanded {
            return Err(Untranslatable::because([
                format!("the address has no {what}; look at the order at the marketplace"),
                format!("in der Adresse fehlt {german}; bitte die Bestellung am Marktplatz ansehen"),
            ]));
        }
        if text.contains('*') {
            return Err(Untranslatable::because([
                format!("the marketplace hides the {what} of the address; look at the order there"),
                format!("der Marktplatz zeigt {hidden} der Adresse nicht; bitte die Bestellung dort ansehen"),
            ]));
        }
    }
    Ok(())
}

/// Where in its town an address is.
struct Place {
    street: String,
    addition: String,
    /// What has no other place than the company's.
    beside: String,
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
