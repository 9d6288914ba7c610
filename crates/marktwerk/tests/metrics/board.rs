//! The Grafana board: every name in its queries is measured, and every figure that is measured is on it, and explained.

use std::collections::BTreeSet;
use std::sync::Mutex;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use serde_json::Value;

const BOARD: &str = include_str!("../../../../docs/grafana/marktwerk.json");
const OPERATING: &str = include_str!("../../../../docs/OPERATING.md");

/// What PromQL understands by itself, as far as the board uses it.
const WORDS: [&str; 10] =
    ["by", "histogram_quantile", "increase", "label_values", "le", "max", "min", "rate", "sum", "time"];

/// Writes down what is described.
#[derive(Default)]
struct Described(Mutex<BTreeSet<String>>);

impl Described {
    fn add(&self, names: impl IntoIterator<Item = String>) {
        self.0.lock().unwrap().extend(names);
    }
}

impl Recorder for Described {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.add([key.as_str().to_owned()]);
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.add([key.as_str().to_owned()]);
    }

    fn describe_histogram(&self, key: KeyName, _: Option<Unit>, _: SharedString) {
        self.add(["_bucket", "_sum", "_count"].map(|part| format!("{}{part}", key.as_str())));
    }

    fn register_counter(&self, _: &Key, _: &Metadata<'_>) -> Counter {
        Counter::noop()
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

/// The names that a query can use.
pub(crate) fn measured() -> BTreeSet<String> {
    let described = Described::default();
    metrics::with_local_recorder(&described, marktwerk::metrics::describe);
    described.add(marktwerk::metrics::standing_names().map(str::to_owned));
    described.0.into_inner().unwrap()
}

/// A histogram has three names.
fn whole(name: &str) -> String {
    ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name).to_owned()
}

/// Every text under one of these keys, wherever it stands.
fn texts<'a>(value: &'a Value, keys: &[&str], found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if keys.contains(&key.as_str()) => found.push(text),
                    value => texts(value, keys, found),
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| texts(value, keys, found)),
        _ => {}
    }
}

/// The names in a query: what is no label, no text, no range, no number and no word of PromQL.
fn names(query: &str) -> BTreeSet<String> {
    let mut bare = String::new();
    let mut depth = 0;
    let mut is_text = false;
    for letter in query.chars() {
        match letter {
            '"' => is_text = !is_text,
            _ if is_text => {}
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ if depth == 0 => bare.push(letter),
            _ => {}
        }
    }
    // `by (state, job_id)` names labels.
    let mut parts = bare.split("by (");
    let mut rest = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        rest.push_str(part.split_once(')').expect("a closing bracket").1);
    }
    let words = rest.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_' && letter != ':');
    let is_name =
        |word: &&str| word.starts_with(|letter: char| letter.is_ascii_alphabetic()) && !WORDS.contains(word);
    words.filter(is_name).map(str::to_owned).collect()
}

#[test]
fn names_of_a_query_are_found() {
    let query = r#"histogram_quantile(0.5, sum by (le, job_type) (rate(a_bucket{state=~"b|c"}[$__rate_interval]))) / c_total > 0"#;
    assert_eq!(names(query), BTreeSet::from(["a_bucket".to_owned(), "c_total".to_owned()]));
}

#[test]
fn the_board_asks_only_for_what_is_measured() {
    let board: Value = serde_json::from_str(BOARD).unwrap();
    let mut queries = Vec::new();
    texts(&board["panels"], &["expr"], &mut queries);
    assert!(queries.len() > 40, "{} queries", queries.len());
    let mut asked: BTreeSet<String> = queries.into_iter().flat_map(names).collect();
    let mut variables = Vec::new();
    texts(&board["templating"], &["definition"], &mut variables);
    // `label_values(name, label)`
    let named = variables.iter().map(|variable| variable.split(['(', ',']).nth(1).unwrap().to_owned());
    asked.extend(named);

    let measured = measured();
    let unknown: Vec<&String> = asked.difference(&measured).collect();
    assert!(unknown.is_empty(), "nobody measures {unknown:?}");
    let shown: BTreeSet<String> = asked.iter().map(|name| whole(name)).collect();
    let hidden: BTreeSet<String> =
        measured.iter().map(|name| whole(name)).filter(|name| !shown.contains(name)).collect();
    assert_eq!(hidden, BTreeSet::new(), "measured and shown nowhere");
}

#[test]
fn every_figure_is_explained_to_operators() {
    let explained: BTreeSet<&str> = OPERATING.split('`').collect();
    let missing: BTreeSet<String> =
        measured().iter().map(|name| whole(name)).filter(|name| !explained.contains(name.as_str())).collect();
    assert_eq!(missing, BTreeSet::new(), "measured and not explained in docs/OPERATING.md");
}

#[test]
fn the_board_can_be_imported_anywhere() {
    let board: Value = serde_json::from_str(BOARD).unwrap();
    let variable = &board["templating"]["list"][0];
    assert_eq!((&variable["type"], &variable["name"]), (&"datasource".into(), &"datasource".into()));
    assert_eq!(board["id"], Value::Null, "an id is of one Grafana");
    let mut sources = Vec::new();
    texts(&board["panels"], &["uid"], &mut sources);
    assert!(sources.iter().all(|source| *source == "${datasource}"), "{sources:?}");
}
