//! The environment: the process's variables over those of a `.env` file in the working directory. The only
//! place that reads them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use super::dotenv::{self, Statement};
use super::error::SettingsError;
use super::origin::Origin;

/// Variables by name, each with where it was set. An empty value counts as not set.
#[derive(Clone, Default)]
pub struct Environment {
    values: BTreeMap<String, (String, Origin)>,
    remarks: Vec<String>,
}

/// Beginnings of the names that settings have. The file may hold other programs' variables, too.
const OURS: [&str; 4] = ["MARKTWERK_", "TEMU_", "JTL_", "SQL_"];

impl Environment {
    /// The process's environment over the `.env` file in `directory`, where there is one.
    pub fn of_process(directory: &Path) -> Result<Self, SettingsError> {
        let mut environment = Self::default();
        let texts =
            |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        let process: BTreeMap<String, String> = std::env::vars_os().filter_map(texts).collect();
        environment.read_file(&directory.join(".env"), &process)?;
        for (name, value) in process {
            let origin = Origin::new(format!("environment variable {name}"));
            environment.set(name, value, origin);
        }
        Ok(environment)
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

    fn read_file(&mut self, path: &Path, process: &BTreeMap<String, String>) -> Result<(), SettingsError> {
        if !path.is_file() {
            return Ok(());
        }
        let place = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| SettingsError::new(&place, "", format!("cannot be read: {error}")))?;
        for statement in dotenv::read(&text, |name| process.get(name).cloned()) {
            match statement {
                Statement::Set { name, value } => {
                    self.set(name.to_owned(), value, Origin::new(format!("{name} in {place}")));
                }
                Statement::Unreadable { line, beginning, reason } => {
                    let place = format!("{place}:{line}");
                    if OURS.iter().any(|prefix| beginning.starts_with(prefix)) {
                        let reason = format!("{beginning} cannot be read: {reason}");
                        return Err(SettingsError::new(place, "", reason));
                    }
                    self.remarks.push(format!("{place} is passed over: {reason}"));
                }
            }
        }
        Ok(())
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
