//! Lines on the program's own output: one each, whatever a message holds, so that `pm2 logs | grep
//! order_workflow` works. Lines of a run begin with job type, execution and step. What must not be
//! logged never reaches this place: secrets mask themselves, documents are not logged.

mod lines;

use std::fmt::{self, Write};

use anyhow::Context;
use jiff::tz::TimeZone;
use marktwerk_domain::clock::SharedClock;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

/// The target of the lines that a run writes.
const RUN: &str = "run";

/// Begins to write lines to stdout, panics among them. `filter` is `RUST_LOG`'s grammar (`info`, `marktwerk_connectors=debug`).
pub fn start(filter: &str, zone: TimeZone, clock: SharedClock, has_colours: bool) -> anyhow::Result<()> {
    // The driver says nothing: with each error it repeats the server's words, values of buyers among them, and with each connection it
    // warns of `encrypt = "any-certificate"`, which somebody chose. Our own lines tell what went wrong. What is said later goes first.
    let filter = EnvFilter::try_new(format!("tiberius=off,{filter}")).with_context(|| {
        format!("log: `{filter}` is not a filter; write a level such as info, or target=level")
    })?;
    let (lost_zone, lost_clock) = (zone.clone(), clock.clone());
    lines::start(move |lost| {
        let time = stamp(&lost_clock, &lost_zone);
        format!("{time} WARNING marktwerk::telemetry: {lost} lines could not be written here and are lost\n")
    })
    .context("lines cannot be written")?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(has_colours)
        .with_writer(|| lines::Queue)
        .log_internal_errors(false)
        .event_format(LineFormat { zone, clock })
        .finish();
    tracing::subscriber::set_global_default(subscriber).context("lines are written already")?;
    // A panic is a line like any other: its own way, to stderr, would wait for a reader that stands still.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let reason = panic.payload_as_str().unwrap_or("without a message");
        tracing::error!("panicked at {place}: {reason}");
    }));
    Ok(())
}

/// Says a line for people or programs among the others, as it stands.
pub fn say(text: &str) {
    lines::say(format!("{text}\n").as_bytes());
}

/// Waits a moment until what was said is written, where anything can be written.
pub fn flush() {
    lines::flush();
}

fn stamp(clock: &SharedClock, zone: &TimeZone) -> String {
    clock.now().to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}

/// `2026-11-30T14:05:07.123+01:00 INFO order_workflow order_workflow_12 fetch: message`
struct LineFormat {
    zone: TimeZone,
    clock: SharedClock,
}

impl<S, N> FormatEvent<S, N> for LineFormat
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        _: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let (word, colour) = word_of(*event.metadata().level());
        let time = stamp(&self.clock, &self.zone);
        if writer.has_ansi_escapes() {
            write!(writer, "\x1b[2m{time}\x1b[0m \x1b[{colour}m{word}\x1b[0m ")?;
        } else {
            write!(writer, "{time} {word} ")?;
        }
        if event.metadata().target() == RUN {
            write!(writer, "{} {} {}: ", fields.job_type, fields.execution, fields.step)?;
        } else {
            write!(writer, "{}: ", event.metadata().target())?;
        }
        writeln!(writer, "{}{}", fields.message, fields.others)
    }
}

fn word_of(level: Level) -> (&'static str, u8) {
    match level {
        Level::ERROR => ("ERROR", 31),
        Level::WARN => ("WARNING", 33),
        Level::INFO => ("INFO", 32),
        Level::DEBUG => ("DEBUG", 34),
        Level::TRACE => ("TRACE", 35),
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    job_type: String,
    execution: String,
    step: String,
    others: String,
}

impl Fields {
    fn keep(&mut self, name: &str, value: &str) {
        let value = one_line(value);
        match name {
            "message" => self.message = value,
            "job_type" => self.job_type = value,
            "execution" => self.execution = value,
            "step" => self.step = value,
            // Writing into a String never fails.
            _ => drop(write!(self.others, " {name}={value}")),
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep(field.name(), &format!("{value:?}"));
    }
}

/// Line breaks and other control characters are written out: a text of others cannot fake a line or colour one.
fn one_line(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    text.chars().fold(String::new(), |mut line, letter| {
        if letter.is_control() {
            line.extend(letter.escape_default());
        } else {
            line.push(letter);
        }
        line
    })
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::clock::SystemClock;

    #[derive(Clone, Default)]
    struct Output(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Output {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines_of(work: impl FnOnce()) -> Vec<String> {
        let output = Output::default();
        let writer = output.clone();
        let format = LineFormat { zone: TimeZone::UTC, clock: SystemClock::shared() };
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .event_format(format)
            .finish();
        tracing::subscriber::with_default(subscriber, work);
        let text = String::from_utf8(output.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect()
    }

    #[test]
    fn a_line_of_a_run_names_job_type_execution_and_step() {
        let lines = lines_of(|| {
            let (job_type, execution, step) = ("order_workflow", "order_workflow_12", "fetch");
            tracing::info!(target: "run", job_type, execution, step, "{} orders", 3);
        });
        assert_eq!(lines, ["INFO order_workflow order_workflow_12 fetch: 3 orders"]);
    }

    #[test]
    fn a_message_of_several_lines_stays_one_line() {
        let lines = lines_of(|| tracing::warn!(count = 2, "first\nsecond \u{1b}[31m"));
        assert_eq!(lines, [r"WARNING marktwerk::telemetry::tests: first\nsecond \u{1b}[31m count=2"]);
    }
}
