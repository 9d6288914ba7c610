//! Addresses as people type them.

use super::*;

fn parts(lines: &[&str]) -> AddressParts {
    AddressParts {
        name: Some("Änne Bär".to_owned()),
        lines: lines.iter().map(|line| (*line).to_owned()).collect(),
        postal_code: Some("35390".to_owned()),
        city: Some("Gießen".to_owned()),
        country: Some("DE".to_owned()),
        ..AddressParts::default()
    }
}

fn place_of(lines: &[&str]) -> (String, String) {
    let address = compose(parts(lines)).unwrap();
    (address.street, address.addition)
}

fn both(street: &str, addition: &str) -> (String, String) {
    (street.to_owned(), addition.to_owned())
}

#[test]
fn street_and_house_number_are_put_together() {
    assert_eq!(place_of(&["Eliasstr.", "8"]), both("Eliasstr. 8", ""));
    assert_eq!(place_of(&["8", "Eliasstr."]), both("Eliasstr. 8", ""));
    assert_eq!(place_of(&["Eliasstr.", "c/o Meier", "5"]), both("Eliasstr. 5", "c/o Meier"));
    assert_eq!(place_of(&["Eliasstr.", "", "5"]), both("Eliasstr. 5", ""));
    assert_eq!(place_of(&["c/o Meier", "Eliasstr.", "8"]), both("Eliasstr. 8", "c/o Meier"));
    assert_eq!(place_of(&["c/o Meier", "Eliasstr. 8"]), both("Eliasstr. 8", "c/o Meier"));
    assert_eq!(place_of(&["Hinterhaus", "Eliasstr.", "8"]), both("Eliasstr. 8", "Hinterhaus"));
    assert_eq!(place_of(&["Straße des 17. Juni", "135"]), both("Straße des 17. Juni 135", ""));
    for number in ["8a", "8 a", "12-14", "5/3", "Nr. 8", "8 bis"] {
        assert_eq!(place_of(&["Am Weg", number]), both(&format!("Am Weg {number}"), ""), "{number}");
    }
    assert_eq!(place_of(&["Am Weg 8", "a"]), both("Am Weg 8 a", ""));
    assert_eq!(place_of(&["Am Weg 8", "a", "2. OG"]), both("Am Weg 8 a", "2. OG"));
    assert_eq!(place_of(&["Am Weg 8b", "a"]), both("Am Weg 8b", "a"));
    // A street that has its number keeps it, and not every number is a house number.
    assert_eq!(place_of(&["Eliasstr. 8", "5"]), both("Eliasstr. 8", "5"));
    assert_eq!(place_of(&["Straße \"A\" 5 b", "2. OG", "links"]), both("Straße \"A\" 5 b", "2. OG, links"));
    assert_eq!(place_of(&["Dorfplatz", "2. OG links"]), both("Dorfplatz", "2. OG links"));
    assert_eq!(place_of(&["C 7, 12"]), both("C 7, 12", ""));
}

#[test]
fn a_pick_up_point_and_the_post_number_have_their_places() {
    let number = "1234567890";
    for lines in [
        &["Packstation 145", number][..],
        &[number, "Packstation 145"],
        &["packstation 145", "Postnummer: 1234567890"],
        &["Postnr. 1234567890", "PACKSTATION Nr. 145"],
        &["Packstation 145, 1234567890"],
    ] {
        assert_eq!(place_of(lines), both("Packstation 145", number), "{lines:?}");
    }
    assert_eq!(place_of(&["Postfiliale 502", "123456"]), both("Postfiliale 502", "123456"));
    let beside = AddressParts { additional_name: Some(number.to_owned()), ..parts(&["Packstation 145"]) };
    assert_eq!(compose(beside).unwrap().addition, number);
    // A person to whose hands it goes does not push the number out of its place.
    let careful = AddressParts {
        additional_name: Some("c/o Meier".to_owned()),
        ..parts(&["1234567890", "Packstation 145"])
    };
    let careful = compose(careful).unwrap();
    assert_eq!((careful.street.as_str(), careful.addition.as_str()), ("Packstation 145", number));
    assert_eq!(careful.company, "c/o Meier");
    assert_eq!(place_of(&["Packstation-Weg 3"]), both("Packstation-Weg 3", ""));
}

#[test]
fn a_company_stands_above_or_below_the_street() {
    for lines in [["Bärenbau GmbH", "Weg 1"], ["Weg 1", "Bärenbau GmbH"]] {
        let address = compose(parts(&lines)).unwrap();
        assert_eq!(
            (address.company.as_str(), address.street.as_str(), address.addition.as_str()),
            ("Bärenbau GmbH", "Weg 1", ""),
            "{lines:?}"
        );
    }
}

#[test]
fn a_country_before_the_postal_code_goes() {
    let code = |written: &str, country: &str| {
        let (postal_code, country) = (Some(written.to_owned()), Some(country.to_owned()));
        compose(AddressParts { postal_code, country, ..parts(&["Weg 1"]) }).unwrap().postal_code
    };
    for (written, country, expected) in [
        ("D-35390", "DE", "35390"),
        ("DE 35390", "DE", "35390"),
        ("d - 35390", "DE", "35390"),
        ("A-1010", "AT", "1010"),
        ("CH-8000", "CH", "8000"),
        ("35390", "DE", "35390"),
        ("A-1010", "DE", "A-1010"),
        ("LV-1010", "LV", "LV-1010"),
        ("EC1A 1BB", "GB", "EC1A 1BB"),
    ] {
        assert_eq!(code(written, country), expected, "{written} {country}");
    }
}

fn named(names: [Option<&str>; 3], beside: Option<&str>, tax: Option<&str>) -> Address {
    let [first_name, last_name, name] = names.map(|name| name.map(str::to_owned));
    let (additional_name, tax_number) = (beside.map(str::to_owned), tax.map(str::to_owned));
    compose(AddressParts { first_name, last_name, name, additional_name, tax_number, ..parts(&["Weg 1"]) })
        .unwrap()
}

#[test]
fn a_company_is_a_company() {
    let whole = named([None, None, Some("Müller GmbH & Co. KG")], None, Some("DE 123 456 789"));
    assert_eq!((whole.company.as_str(), whole.last_name.as_str()), ("Müller GmbH & Co. KG", ""));
    assert_eq!(whole.vat_id, "DE123456789");
    let cut = named([Some("Müller GmbH & Co."), Some("KG"), Some("Müller GmbH & Co. KG")], None, None);
    assert_eq!((cut.company.as_str(), cut.first_name.as_str()), ("Müller GmbH & Co. KG", ""));
    let person = named([Some("Änne"), Some("Bär"), Some("Bär e.K.")], None, None);
    assert_eq!((person.company.as_str(), person.last_name.as_str()), ("Bär e.K.", "Bär"));
    let beside = named([None, None, Some("Änne Bär")], Some("Bärenbau AG"), None);
    assert_eq!(
        (beside.company.as_str(), beside.last_name.as_str(), beside.addition.as_str()),
        ("Bärenbau AG", "Bär", "")
    );
    for company in [
        "Nowak Sp. z o.o.",
        "Rossi S.r.l.",
        "Bär UG (haftungsbeschränkt)",
        "Sportverein Bär e. V.",
        "Bär Ltd.",
    ] {
        let name = named([None, None, Some(company)], None, None);
        assert_eq!(name.company, company);
    }
    for person in ["Kim Se", "Maria Sa", "Ag Bär", "Änne von Bär"] {
        assert_eq!(named([None, None, Some(person)], None, None).company, "", "{person}");
    }
    assert_eq!(
        named([None, None, Some("Änne Bär")], None, Some("BRRNNA80A41H501X")).vat_id,
        "",
        "a person's tax number"
    );
}

#[test]
fn what_is_missing_or_hidden_is_named_without_personal_data() {
    let broken = |change: fn(&mut AddressParts)| {
        let mut parts = parts(&["Weg 1"]);
        change(&mut parts);
        compose(parts).unwrap_err().reason.english
    };
    for (reason, word) in [
        (broken(|parts| parts.name = None), "no name"),
        (broken(|parts| parts.lines.clear()), "no street"),
        (broken(|parts| parts.postal_code = Some(" ".to_owned())), "no postal code"),
        (broken(|parts| parts.city = None), "no town"),
        (broken(|parts| parts.country = None), "no country"),
        (broken(|parts| parts.city = Some("B***".to_owned())), "hides the town"),
        (broken(|parts| parts.postal_code = Some("35**0".to_owned())), "hides the postal code"),
        (broken(|parts| parts.lines = vec!["W** 1".to_owned()]), "hides the street"),
        (broken(|parts| parts.name = Some("Ä*** B**".to_owned())), "hides the name"),
    ] {
        assert!(reason.contains(word), "{reason}");
        assert!(!reason.contains("Bär") && !reason.contains("Weg"), "{reason}");
    }
    let dublin = AddressParts { postal_code: None, country: Some("IE".to_owned()), ..parts(&["Weg 1"]) };
    assert!(compose(dublin).is_ok(), "not every country has postal codes");
}
