//! The ways to say a secret: itself, a variable that holds it, or a file that holds it and nothing else.

use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::error::SettingsError;
use super::secret::Secret;

/// `key`, `key_env` and `key_file`, of which one can be given.
pub(super) struct SecretSource {
    pub(super) key: &'static str,
    pub(super) text: Option<Secret>,
    pub(super) variable: Option<String>,
    pub(super) file: Option<PathBuf>,
}

impl SecretSource {
    /// Whether any of them is there.
    pub(super) fn is_given(&self) -> bool {
        self.text.is_some() || self.variable.is_some() || self.file.is_some()
    }

    /// A secret that may be missing altogether; half of one is a fault.
    pub(super) fn resolve_where_given(
        self,
        environment: &Environment,
        fault: &impl Fn(&str, String) -> SettingsError,
    ) -> Result<Option<Secret>, SettingsError> {
        if self.is_given() { self.resolve(environment, fault).map(Some) } else { Ok(None) }
    }

    /// A secret that must be there. `fault` is told the key within the section.
    pub(super) fn resolve(
        self,
        environment: &Environment,
        fault: &impl Fn(&str, String) -> SettingsError,
    ) -> Result<Secret, SettingsError> {
        let key = self.key;
        match (self.text, self.variable, self.file) {
            (Some(text), None, None) if !text.expose().trim().is_empty() => Ok(text),
            (None, Some(name), None) => {
                environment.get(&name).map(|(value, _)| Secret::new(value)).ok_or_else(|| {
                    fault(
                        &format!("{key}_env"),
                        format!("the environment variable {name} is not set; set it, or put it into .env"),
                    )
                })
            }
            (None, None, Some(path)) => {
                read_secret(&path).map_err(|reason| fault(&format!("{key}_file"), reason))
            }
            (None, None, None) | (Some(_), None, None) => Err(fault(
                key,
                format!("is missing; add {key}, {key}_env (a variable) or {key}_file (a file)"),
            )),
            _ => Err(fault(
                key,
                format!("is given more than once; keep one of {key}, {key}_env and {key}_file"),
            )),
        }
    }
}

/// A file that holds a secret and nothing else.
pub(super) fn read_secret(path: &Path) -> Result<Secret, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    match text.trim() {
        "" => Err(format!("{} is empty; it must hold the secret", path.display())),
        secret => Ok(Secret::new(secret)),
    }
}
