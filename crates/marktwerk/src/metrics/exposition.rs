//! Prometheus' text format 0.0.4, as far as figures need it that are asked for at a scrape.

use std::fmt::Write;

/// One figure and its series.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
}

/// What a figure does over time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Kind {
    /// It rises and falls.
    Gauge,
    /// It only rises while the process lives.
    Counter,
}

/// A page under way.
pub(super) struct Exposition(String);

impl Exposition {
    /// Goes on after what the recorder rendered.
    pub(super) fn after(text: String) -> Self {
        Self(text)
    }

    /// Adds a figure with one series.
    pub(super) fn one(&mut self, family: &Family, value: f64) {
        self.add(family, [([], value)]);
    }

    /// Adds a figure with its series, each with its labels. A figure that has none is left out.
    pub(super) fn add<const LABELS: usize>(
        &mut self,
        family: &Family,
        series: impl IntoIterator<Item = ([(&'static str, String); LABELS], f64)>,
    ) {
        let Family { name, kind, help } = family;
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
        };
        for (number, (labels, value)) in series.into_iter().enumerate() {
            if number == 0 {
                self.write(format_args!("# HELP {name} {help}\n# TYPE {name} {kind}\n"));
            }
            let labels: Vec<String> =
                labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
            match labels.is_empty() {
                true => self.write(format_args!("{name} {value}\n")),
                false => self.write(format_args!("{name}{{{}}} {value}\n", labels.join(","))),
            }
        }
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into a String never fails.
        let _ = self.0.write_fmt(text);
    }
}

/// A label's value may hold anything.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILY: Family = Family { name: "shops", kind: Kind::Gauge, help: "Shops." };

    #[test]
    fn what_a_label_holds_cannot_break_the_page() {
        let mut page = Exposition::after("one 1\n".to_owned());
        page.add(&FAMILY, [([("name", "\"A\\B\"\nC".to_owned())], 1.5)]);
        let told = "one 1\n# HELP shops Shops.\n# TYPE shops gauge\nshops{name=\"\\\"A\\\\B\\\"\\nC\"} 1.5\n";
        assert_eq!(page.into_text(), told);
    }

    #[test]
    fn a_figure_without_series_is_not_named() {
        let mut page = Exposition::after(String::new());
        page.add::<0>(&FAMILY, []);
        assert_eq!(page.into_text(), "");
    }
}
