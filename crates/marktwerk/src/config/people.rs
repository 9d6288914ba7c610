//! `[[server.people]]`: people and programs with a role and a token of their own, beside the one token of `[server]`.

use std::path::PathBuf;

use marktwerk_server::{RESERVED_NAMES, Role, check_token};
use serde::Deserialize;

use super::environment::Environment;
use super::error::{Faults, SettingsError};
use super::secret::Secret;
use super::secret_source::SecretSource;

/// Letters of a name at the most.
const LONGEST_NAME: usize = 60;

/// A person or program, complete.
#[derive(Debug, Clone)]
pub struct Person {
    /// How the audit names them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// What they must show: itself, or its Argon2 hash.
    pub token: Secret,
}

impl Person {
    /// Under which key their origin is kept.
    pub fn origin_key(&self) -> String {
        format!("people.{}", self.name)
    }
}

/// A person as they are written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PersonSection {
    name: Option<String>,
    role: Option<Role>,
    token: Option<Secret>,
    token_env: Option<String>,
    token_file: Option<PathBuf>,
}

impl PersonSection {
    /// The variable that it refers to.
    pub(super) fn variable(&self) -> Option<&String> {
        self.token_env.as_ref()
    }

    /// Resolves the token. `place` returns where a key of this person is written; `others` are the people before. What is wrong is
    /// told, and then there is no such person.
    pub(super) fn complete(
        self,
        environment: &Environment,
        others: &[Person],
        place: impl Fn(&str) -> String,
        faults: &mut Faults,
    ) -> Option<Person> {
        let fault = |key: &str, reason: String| {
            SettingsError::new(place(key), format!("server.people.{key}"), reason)
        };
        let missing = |key: &str| fault(key, "is missing; add it".to_owned());
        let name = self.name.ok_or_else(|| missing("name")).and_then(|name| {
            check_name(&name).map_err(|reason| fault("name", reason))?;
            if others.iter().any(|other| other.name.to_lowercase() == name.to_lowercase()) {
                return Err(fault("name", "two people have this name; give each their own".to_owned()));
            }
            Ok(name)
        });
        let name = faults.keep(name);
        let role = faults.keep(self.role.ok_or_else(|| missing("role")));
        let key = match (&self.token_env, &self.token_file) {
            (Some(_), _) => "token_env",
            (None, Some(_)) => "token_file",
            (None, None) => "token",
        };
        let token =
            SecretSource { key: "token", text: self.token, variable: self.token_env, file: self.token_file };
        let token = token.resolve(environment, &fault).and_then(|token| {
            check_token(token.expose()).map_err(|reason| fault(key, reason))?;
            match others.iter().find(|other| other.token.expose() == token.expose()) {
                Some(other) => {
                    Err(fault(key, format!("{} has the same token; give each their own", other.name)))
                }
                None => Ok(token),
            }
        });
        Some(Person { token: faults.keep(token)?, name: name?, role: role? })
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let is_letter = |letter: char| letter.is_alphanumeric() || "-_".contains(letter);
    if name.is_empty() || name.chars().count() > LONGEST_NAME || !name.chars().all(is_letter) {
        return Err(format!("must be 1 to {LONGEST_NAME} letters, digits, - and _"));
    }
    if RESERVED_NAMES.contains(&name.to_lowercase().as_str()) {
        return Err(format!("`{name}` means something else in the audit; choose another name"));
    }
    Ok(())
}
