//! Steps of a chore, one after the other: each is announced, runs with its output as it comes, and stands in
//! the table at the end. A step that fails does not keep the next from telling what it knows.

use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

const RULE: &str = "════════════════════════════════════════════════════════════════════════════════";

enum End {
    Passed,
    Failed(String),
    /// Not done, and why.
    LeftOut(String),
}

struct Step {
    name: String,
    took: Duration,
    end: End,
}

/// The steps so far.
#[derive(Default)]
pub(crate) struct Steps {
    steps: Vec<Step>,
    /// Groups of tests that did not run, and what they lack.
    skipped: Vec<(String, String)>,
}

impl Steps {
    /// Runs a command.
    pub(crate) fn run(&mut self, name: &str, mut command: Command) {
        println!("\n── {name}\n   $ {}", written(&command));
        let began = Instant::now();
        let end = match command.status() {
            Ok(status) if status.success() => End::Passed,
            Ok(status) => End::Failed(status.to_string()),
            Err(error) => End::Failed(format!("could not be started: {error}")),
        };
        self.steps.push(Step { name: name.to_owned(), took: began.elapsed(), end });
    }

    /// Notes a step that cannot be done here, and that nobody has to mind.
    pub(crate) fn leave_out(&mut self, name: &str, why: &str) {
        println!("\n── {name}: left out, {why}");
        let end = End::LeftOut(why.to_owned());
        self.steps.push(Step { name: name.to_owned(), took: Duration::ZERO, end });
    }

    /// Notes a group of tests that does not run here.
    pub(crate) fn skip_tests(&mut self, group: &str, why: &str) {
        self.skipped.push((group.to_owned(), why.to_owned()));
    }

    /// Says how it all went.
    pub(crate) fn end(self) -> ExitCode {
        println!("\n{RULE}");
        for step in &self.steps {
            let seconds = step.took.as_secs_f64();
            match &step.end {
                End::Passed => println!("  ok       {:<22} {seconds:>7.1} s", step.name),
                End::Failed(how) => println!("  FAILED   {:<22} {seconds:>7.1} s   {how}", step.name),
                End::LeftOut(why) => println!("  left out {:<22}             {why}", step.name),
            }
        }
        println!("{RULE}");
        if !self.skipped.is_empty() {
            println!("!!! {} GROUP(S) OF TESTS DID NOT RUN HERE:", self.skipped.len());
            for (group, why) in &self.skipped {
                println!("!!!   {group}: {why}");
            }
            println!("{RULE}");
        }
        let failed = self.steps.iter().filter(|step| matches!(step.end, End::Failed(_))).count();
        match failed {
            0 => println!("everything that ran has passed"),
            _ => println!("{failed} of {} steps FAILED", self.steps.len()),
        }
        ExitCode::from(u8::from(failed > 0))
    }
}

/// The command as one would type it.
fn written(command: &Command) -> String {
    let variables = command.get_envs().filter_map(|(name, value)| {
        let (name, value) = (name.to_string_lossy(), value?.to_string_lossy());
        Some(if value.contains(' ') { format!("{name}='{value}'") } else { format!("{name}={value}") })
    });
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words = words.map(|word| word.to_string_lossy().into_owned());
    variables.chain(words).collect::<Vec<_>>().join(" ")
}
