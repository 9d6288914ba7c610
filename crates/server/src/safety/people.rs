//! People and programs that may use the server, what each may do, and who a request comes from.

use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use marktwerk_domain::audit::Actor;
use serde::{Deserialize, Serialize};

use crate::error::{ApiError, ApiResult};

/// The name of whoever shows the token of `[server] token`.
const TOKEN: &str = "token";
/// The name of every caller without access control.
const LOCAL: &str = "local";

/// Names that no person can have, because the audit uses them.
pub const RESERVED_NAMES: [&str; 2] = [TOKEN, LOCAL];

/// What somebody may do. Each role may do what the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Read.
    Viewer,
    /// Daily work: start, pause, cancel, change jobs, decide on entries of the attention list.
    Operator,
    /// Everything: also add, remove and replace jobs, and delete.
    Admin,
}

impl Role {
    /// The word in the settings and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A person or program that the settings name.
#[derive(Debug, Clone)]
pub struct Person {
    /// How the audit names them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The Argon2 hash (PHC text) of their token, see [`crate::token_hash`].
    pub token_hash: String,
}

/// The caller of a request. Handlers of routes that need a role can take it as an argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) name: String,
    pub(crate) role: Role,
}

impl Caller {
    /// Everybody who reaches an address without access control.
    pub(crate) fn local() -> Self {
        Self { name: LOCAL.to_owned(), role: Role::Admin }
    }

    /// Whoever shows the token of `[server] token`.
    pub(crate) fn with_token() -> Self {
        Self { name: TOKEN.to_owned(), role: Role::Admin }
    }

    /// Refuses a caller whose role is lower than `needed`.
    pub(crate) fn require(&self, needed: Role) -> ApiResult<()> {
        if self.role >= needed {
            return Ok(());
        }
        Err(ApiError::Forbidden { name: self.name.clone(), role: self.role, needed })
    }

    /// The caller as the audit knows them.
    pub(crate) fn actor(&self) -> Actor {
        Actor::named(&self.name)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> ApiResult<Self> {
        // Missing only on a route that is open to everybody.
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::Unauthorised)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_may_what_lower_ones_may() {
        let roles = [Role::Viewer, Role::Operator, Role::Admin];
        for (rank, role) in roles.into_iter().enumerate() {
            let caller = Caller { name: "office".to_owned(), role };
            let allowed: Vec<bool> = roles.map(|needed| caller.require(needed).is_ok()).to_vec();
            let expected: Vec<bool> = (0..roles.len()).map(|needed| needed <= rank).collect();
            assert_eq!(allowed, expected, "{role}");
            assert_eq!(serde_json::to_value(role).unwrap(), role.as_str());
        }
    }
}
