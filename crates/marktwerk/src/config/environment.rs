//! The environment: the process's variables over those of a `.env` file in the working directory. The only
//! place that reads them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use marktwerk_engine::jobs_file::text_of;

use super::dotenv::{self, Statement};
use super::error::{Faults, SettingsError};
use super::origin::Origin;

/// Variables by name, each with where it was set. An empty value counts as not set.
#[derive(Clone, Default)]
pub struct Environment {
    values: BTreeMap<String, (String, Origin)>,
    remarks: Vec<String>,
    faults: Vec<SettingsError>,
}

/// Beginnings of the names that settings have. The file may hold other programs' variables, too.
const OURS: [&str; 4] = ["MARKTWERK_", "TEMU_", "JTL_", "SQL_"];

fn is_ours(name: &str) -> bool {
    OURS.iter().any(|prefix| name.starts_with(prefix))
}

impl Environment {
    /// The process's environment over the `.env` file in `directory`, where there is one. What of them cannot be read is a fault of the
    /// settings that are read from it.
    pub fn of_process(directory: &Path) -> Self {
        let mut environment = Self::default();
        let process: BTreeMap<String, String> =
            std::env::vars_os().filter_map(|variable| environment.text(variable)).collect();
        environment.read_file(&directory.join(".env"), &process);
        for (name, value) in process {
            let origin = Origin::new(format!("environment variable {name}"));
            environment.set(name, value, origin);
        }
        environment
    }

    /// A variable as text; one of ours that is none is a fault.
    fn text(&mut self, (name, value): (OsString, OsString)) -> Option<(String, String)> {
        let name = name.into_string().ok()?;
        match value.into_string() {
            Ok(value) => Some((name, value)),
            Err(_) => {
                if is_ours(&name) {
                    let place = format!("environment variable {name}");
                    self.faults.push(SettingsError::new(place, "", "is not a text in UTF-8"));
                }
                None
            }
        }
    }

    /// These variables and no others.
    pub fn of_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut environment = Self::default();
        for (name, value) in pairs {
            let origin = Origin::new(format!("environment variable {name}"));
            environment.set(name.to_owned(), value.to_owned(), origin);
        }
        environment
    }

    fn read_file(&mut self, path: &Path, process: &BTreeMap<String, String>) {
        if !path.is_file() {
            return;
        }
        let place = path.display().to_string();
        let read = std::fs::read(path).map_err(|error| (place.clone(), format!("cannot be read: {error}")));
        let text = read.and_then(|bytes| {
            text_of(&bytes)
                .map_err(|error| (format!("{place}:{}:{}", error.line, error.column), error.reason))
        });
        let text = match text {
            Ok(text) => text,
            Err((place, reason)) => {
                self.faults.push(SettingsError::new(place, "", reason));
                return;
            }
        };
        for statement in dotenv::read(&text, |name| process.get(name).cloned()) {
            match statement {
                Statement::Set { name, value } => {
                    self.set(name.to_owned(), value, Origin::new(format!("{name} in {place}")));
                }
                Statement::Unreadable { line, beginning, reason } => {
                    let place = format!("{place}:{line}");
                    if is_ours(beginning) {
                        let reason = format!("{beginning} cannot be read: {reason}");
                        self.faults.push(SettingsError::new(place, "", reason));
                    } else {
                        self.remarks.push(format!("{place} is passed over: {reason}"));
                    }
                }
            }
        }
    }

    fn set(&mut self, name: String, value: String, origin: Origin) {
        if value.trim().is_empty() {
            self.values.remove(&name);
        } else {
            self.values.insert(name, (value, origin));
        }
    }

    /// The value of a variable and where it was set.
    pub fn get(&self, name: &str) -> Option<(&str, &Origin)> {
        self.values.get(name).map(|(value, origin)| (value.as_str(), origin))
    }

    /// Tells what could not be read.
    pub(super) fn tell_faults(&self, faults: &mut Faults) {
        for fault in &self.faults {
            faults.add(fault.clone());
        }
    }

    /// What of the file was passed over, each a sentence.
    pub(super) fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// All variables whose names begin so, with the rest of the name.
    pub(super) fn with_prefix<'a>(
        &'a self,
        prefix: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a str, &'a Origin)> + 'a {
        self.values.iter().filter_map(move |(name, (value, origin))| {
            name.strip_prefix(prefix).map(|rest| (rest, value.as_str(), origin))
        })
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Values may be secrets.
        formatter.debug_set().entries(self.values.keys()).finish()
    }
}
