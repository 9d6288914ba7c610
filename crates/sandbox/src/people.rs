//! Buyers that nobody is: names and addresses put together from word lists, with the letters that break
//! encodings (umlauts, Polish and Turkish letters, now and then an emoji).

use crate::chance::Chance;
use crate::temu::Address;

const FIRST: [&str; 20] = [
    "Änne", "Jörn", "Käthe", "Łucja", "Żaneta", "Çağla", "Işıl", "Göksel", "Bożena", "Ørjan", "Wiebke",
    "Tjark", "Svea", "Mirko", "Fenja", "Léonie", "Håkon", "Ulrike", "Günter", "Noël",
];
const LAST_START: [&str; 14] = [
    "Bär", "Wald", "Grün", "Mühl", "Stein", "Brücken", "Öl", "Kraut", "Wiesen", "Łąk", "Şim", "Tannen",
    "Nord", "Süß",
];
const LAST_END: [&str; 10] =
    ["mann", "feld", "hauser", "bach", "ński", "oğlu", "berger", "müller", "wicz", "kamp"];
const STREET_START: [&str; 12] = [
    "Linden",
    "Bahnhof",
    "Mühlen",
    "Gärtner",
    "Schiller",
    "Kirch",
    "Öster",
    "Fähr",
    "Ring",
    "Ulmen",
    "Ährenfeld",
    "Schloß",
];
const STREET_END: [&str; 6] = ["straße", "weg", "allee", "gasse", "platz", "ufer"];
const EXTRA: [&str; 8] = [
    "",
    "",
    "",
    "",
    "Hinterhaus, 2. OG",
    "c/o Büro „Möwe“",
    "Whg. 3 – bitte klingeln 🔔",
    "bei Gärtnerei & Söhne",
];
const GERMANY: [(&str, &str, &str); 8] = [
    ("Bayern", "Würzburg", "97070"),
    ("Hessen", "Gießen", "35390"),
    ("Sachsen", "Görlitz", "02826"),
    ("Bremen", "Bremen", "28195"),
    ("Niedersachsen", "Göttingen", "37073"),
    ("Schleswig-Holstein", "Flensburg", "24937"),
    ("Baden-Württemberg", "Tübingen", "72070"),
    ("Berlin", "Berlin", "10115"),
];
const AUSTRIA: [(&str, &str, &str); 4] = [
    ("Kärnten", "Villach", "9500"),
    ("Wien", "Wien", "1010"),
    ("Niederösterreich", "St. Pölten", "3100"),
    ("Tirol", "Wörgl", "6300"),
];

/// A buyer's address in Germany (region 76) or Austria (13).
pub(crate) fn address(chance: &mut Chance, region_id: i64) -> Address {
    let first_name = chance.word(&FIRST).to_owned();
    let mut last_name = format!("{}{}", chance.word(&LAST_START), chance.word(&LAST_END));
    if chance.happens(0.04) {
        last_name.push_str(" 😀");
    }
    let (country, places): (&str, &[_]) =
        if region_id == 13 { ("Austria", &AUSTRIA) } else { ("Germany", &GERMANY) };
    let index = usize::try_from(chance.below(places.len() as u64)).unwrap_or(0);
    let (state, city, post_code) = places.get(index).copied().unwrap_or(GERMANY[0]);
    let street =
        format!("{}{} {}", chance.word(&STREET_START), chance.word(&STREET_END), chance.between(1, 180));
    // The marketplace hands out a relay address per order and never the buyer's own.
    let relay = format!("{:012x}@relay.sandbox.invalid", chance.below(1 << 48));
    Address {
        first_name,
        last_name,
        third_line: String::new(),
        tax_code: String::new(),
        additional_name: String::new(),
        country: country.to_owned(),
        state: state.to_owned(),
        city: city.to_owned(),
        post_code: post_code.to_owned(),
        street,
        addition: chance.word(&EXTRA).to_owned(),
        phone: format!("+49 000 {:07}", chance.below(10_000_000)),
        mail: relay,
    }
}
