//! A reader of Prometheus' text format 0.0.4 that forgives nothing: what the format forbids and what `promtool check metrics`
//! finds fault with is a panic.

use std::collections::{BTreeMap, BTreeSet};

/// Labels by name.
pub(crate) type Labels = BTreeMap<String, String>;

/// A scrape.
pub(crate) struct Page {
    pub(crate) text: String,
    families: BTreeMap<String, Family>,
}

#[derive(Default)]
struct Family {
    help: Option<String>,
    kind: Option<String>,
    samples: Vec<Sample>,
}

struct Sample {
    name: String,
    labels: Labels,
    value: f64,
}

impl Page {
    /// Reads and checks it.
    pub(crate) fn read(text: String) -> Self {
        assert!(text.ends_with('\n'), "the last line has no end");
        let mut families: BTreeMap<String, Family> = BTreeMap::new();
        // Lines of one figure stand together.
        let mut current = String::new();
        let mut closed: BTreeSet<String> = BTreeSet::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let name = match line.strip_prefix("# ") {
                Some(comment) => comment.split(' ').nth(1).unwrap().to_owned(),
                None => family_of(&families, sample(line).name),
            };
            if name != current {
                assert!(closed.insert(name.clone()), "{name} stands in several places");
                current.clone_from(&name);
            }
            let family = families.entry(name.clone()).or_default();
            if let Some(help) = line.strip_prefix("# HELP ") {
                let help = help.split_once(' ').map(|(_, help)| help.to_owned());
                assert!(family.help.is_none() && family.kind.is_none(), "{name}: HELP comes first, and once");
                family.help = help;
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                assert!(
                    family.kind.is_none() && family.samples.is_empty(),
                    "{name}: TYPE comes once, before samples"
                );
                family.kind = kind.split_once(' ').map(|(_, kind)| kind.to_owned());
            } else {
                assert!(!line.starts_with('#'), "a comment that is neither: {line}");
                family.samples.push(sample(line));
            }
        }
        let page = Self { text, families };
        page.families.iter().for_each(|(name, family)| lint(name, family));
        page
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.families.keys().map(String::as_str)
    }

    /// What tells a series from all others.
    pub(crate) fn series(&self) -> BTreeSet<String> {
        let samples = self.families.values().flat_map(|family| &family.samples);
        samples.map(|sample| format!("{}{:?}", sample.name, sample.labels)).collect()
    }

    /// Every value that a label has, but for the bounds of histograms.
    pub(crate) fn label_values(&self) -> BTreeSet<&str> {
        let samples = self.families.values().flat_map(|family| &family.samples);
        let labels = samples.flat_map(|sample| &sample.labels).filter(|(label, _)| *label != "le");
        labels.map(|(_, value)| value.as_str()).collect()
    }

    /// The sum of a sample over the series that have these labels.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let is_meant = |sample: &&Sample| {
            sample.name == name
                && labels
                    .iter()
                    .all(|(label, value)| sample.labels.get(*label).is_some_and(|own| own == value))
        };
        self.families
            .values()
            .flat_map(|family| &family.samples)
            .filter(is_meant)
            .map(|sample| sample.value)
            .sum()
    }

    /// The values of a figure by some of its labels, without those at zero.
    pub(crate) fn by<const LABELS: usize>(
        &self,
        name: &str,
        labels: [&str; LABELS],
    ) -> BTreeMap<[String; LABELS], u64> {
        let mut values = BTreeMap::new();
        for sample in self
            .families
            .get(name)
            .iter()
            .flat_map(|family| &family.samples)
            .filter(|sample| sample.value != 0.0)
        {
            let key = labels.map(|label| sample.labels[label].clone());
            *values.entry(key).or_default() += sample.value as u64;
        }
        values
    }
}

/// The figure that a sample belongs to: a histogram has three kinds.
fn family_of(families: &BTreeMap<String, Family>, sample: String) -> String {
    let is_histogram =
        |name: &&str| families.get(*name).is_some_and(|family| family.kind.as_deref() == Some("histogram"));
    let base = ["_bucket", "_sum", "_count"].iter().find_map(|suffix| sample.strip_suffix(suffix));
    base.filter(is_histogram).map(str::to_owned).unwrap_or(sample)
}

/// `name{label="value",…} number`
fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).unwrap_or_else(|| panic!("no sample: {line}"));
    let (name, mut rest) = line.split_at(end);
    let mut labels = Labels::new();
    if let Some(inner) = rest.strip_prefix('{') {
        rest = inner;
        while !rest.starts_with('}') {
            let (label, value) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}"));
            let (value, after) = unescape(value);
            assert!(labels.insert(label.to_owned(), value).is_none(), "{label} stands twice: {line}");
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        rest = &rest[1..];
    }
    let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("no value: {line}"));
    let value = value.parse().unwrap_or_else(|_| panic!("no number (or a time behind it): {line}"));
    Sample { name: name.to_owned(), labels, value }
}

/// A label's value up to its closing quote, and what follows.
fn unescape(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match letters.next() {
                Some((_, 'n')) => '\n',
                Some((_, letter @ ('\\' | '"'))) => letter,
                other => panic!("no escape: {other:?}"),
            }),
            letter => value.push(letter),
        }
    }
    panic!("a label's value has no end: {text}")
}

/// Units that have a base unit, and what `promtool` takes for an abbreviation of one.
const NO_UNITS: [&str; 29] = [
    "minute",
    "minutes",
    "hour",
    "hours",
    "day",
    "days",
    "week",
    "weeks",
    "bit",
    "bits",
    "millisecond",
    "milliseconds",
    "microseconds",
    "nanoseconds",
    "kilobytes",
    "megabytes",
    "percent",
    "sec",
    "s",
    "ms",
    "us",
    "ns",
    "m",
    "h",
    "d",
    "b",
    "kb",
    "mb",
    "gb",
];
const KINDS: [&str; 5] = ["counter", "gauge", "histogram", "summary", "untyped"];

/// The rules of `promtool check metrics`.
fn lint(name: &str, family: &Family) {
    let kind = family.kind.as_deref().unwrap_or_else(|| panic!("{name} has no TYPE"));
    assert!(family.help.as_deref().is_some_and(|help| !help.is_empty()), "{name} has no HELP");
    assert!(["counter", "gauge", "histogram"].contains(&kind), "{name} is a {kind}");
    assert!(!family.samples.is_empty(), "{name} has no series");
    let is_plain = |text: &str| {
        text.chars().all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_')
    };
    assert!(
        is_plain(name) && name.starts_with(|letter: char| letter.is_ascii_lowercase()),
        "{name} is no name"
    );
    assert!(name.starts_with("marktwerk_") || name.starts_with("process_"), "{name} has no prefix");
    assert_eq!(
        name.ends_with("_total"),
        kind == "counter",
        "{name}: counters end with _total, and nothing else does"
    );
    for suffix in ["_count", "_sum", "_bucket"] {
        assert!(!name.ends_with(suffix), "{name} ends as a part of a histogram does");
    }
    for word in name.split('_') {
        assert!(!NO_UNITS.contains(&word), "{name}: `{word}` is no base unit");
        assert!(!KINDS.contains(&word), "{name} names its own kind");
    }
    if kind == "histogram" {
        assert!(name.ends_with("_seconds"), "{name}: which unit?");
    }
    let mut seen = BTreeSet::new();
    for sample in &family.samples {
        assert!(seen.insert((&sample.name, &sample.labels)), "{name}: {:?} stands twice", sample.labels);
        assert!(sample.value.is_finite() && sample.value >= 0.0, "{name}: {}", sample.value);
        for label in sample.labels.keys() {
            assert!(is_plain(label) && !label.starts_with("__"), "{name}: {label} is no label");
            // Prometheus gives each sample these two: what it scraped, and where.
            assert!(label != "job" && label != "instance", "{name}: {label} is Prometheus' own");
            assert!(
                label != "quantile" && (label != "le" || kind == "histogram"),
                "{name}: {label} is a histogram's"
            );
        }
    }
    if kind == "histogram" {
        check_histogram(name, family);
    }
}

/// For each set of labels: rising bounds, counts that rise with them up to `+Inf`, which is the count, and a sum.
fn check_histogram(name: &str, family: &Family) {
    let mut sets: BTreeMap<Labels, Vec<&Sample>> = BTreeMap::new();
    for sample in &family.samples {
        let labels = sample.labels.iter().filter(|(label, _)| *label != "le");
        sets.entry(labels.map(|(label, value)| (label.clone(), value.clone())).collect())
            .or_default()
            .push(sample);
    }
    for (labels, samples) in sets {
        let one = |suffix: &str| {
            let mut found = samples.iter().filter(|sample| sample.name == format!("{name}{suffix}"));
            let value = found.next().unwrap_or_else(|| panic!("{name}{labels:?} has no {suffix}")).value;
            assert!(found.next().is_none(), "{name}{labels:?} has two {suffix}");
            value
        };
        let (count, _) = (one("_count"), one("_sum"));
        let buckets = samples.iter().filter(|sample| sample.name.ends_with("_bucket"));
        let buckets: Vec<(f64, f64)> = buckets
            .map(|sample| (sample.labels["le"].replace("+Inf", "inf").parse().unwrap(), sample.value))
            .collect();
        assert_eq!(buckets.last(), Some(&(f64::INFINITY, count)), "{name}{labels:?}");
        assert!(
            buckets.is_sorted_by(|one, next| one.0 < next.0 && one.1 <= next.1),
            "{name}{labels:?}: {buckets:?}"
        );
    }
}

#[test]
fn what_promtool_finds_fault_with_is_found() {
    let well = "# HELP marktwerk_runs_total Runs.\n# TYPE marktwerk_runs_total counter\nmarktwerk_runs_total{state=\"a\"} 1\n";
    let histogram = "# HELP marktwerk_x_seconds X.\n# TYPE marktwerk_x_seconds histogram\nmarktwerk_x_seconds_bucket{le=\"1\"} 2\n\
                     marktwerk_x_seconds_bucket{le=\"+Inf\"} 3\nmarktwerk_x_seconds_sum 4\nmarktwerk_x_seconds_count 3\n";
    Page::read(format!("{well}\n{histogram}"));
    let broken = [
        well.replace("# HELP marktwerk_runs_total Runs.\n", ""),
        well.replace("# TYPE marktwerk_runs_total counter\n", ""),
        well.replace("counter", "gauge"),
        well.replace("runs_total", "runs"),
        well.replace("runs_total", "runs_minutes_total"),
        well.replace("runs_total", "runsGone_total"),
        well.replace("state=", "job="),
        well.replace("} 1", "} NaN"),
        well.replace("} 1", "} 1 1700000000"),
        well.replace("\"a\"", "\"a\",state=\"b\""),
        format!("{well}marktwerk_runs_total{{state=\"a\"}} 2\n"),
        format!("{well}{histogram}{well}"),
        histogram.replace("le=\"+Inf\"} 3", "le=\"+Inf\"} 4"),
        histogram.replace("marktwerk_x_seconds_bucket{le=\"+Inf\"} 3\n", ""),
        histogram.replace("marktwerk_x_seconds_sum 4\n", ""),
        histogram.replace("le=\"1\"} 2", "le=\"1\"} 5"),
    ];
    for page in broken {
        let told = page.clone();
        assert!(std::panic::catch_unwind(|| Page::read(page)).is_err(), "passed: {told}");
    }
}
