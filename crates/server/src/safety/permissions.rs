//! Which role each route needs, as its declaration says ([`crate::routing`]).

use std::collections::HashMap;

use axum::extract::MatchedPath;
use axum::http::Method;

use super::people::Role;

/// Needs no role and no login: what tells nothing of the merchant.
pub(crate) const EVERYBODY: Option<Role> = None;

/// A route and the role that it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// Such as `POST`.
    pub method: Method,
    /// Such as `/api/jobs/{id}`.
    pub path: String,
    /// The lowest role that may use it; `None` lets everybody, without a login.
    pub role: Option<Role>,
}

/// The roles of all routes.
#[derive(Debug)]
pub(crate) struct Permissions(HashMap<String, Vec<(Method, Option<Role>)>>);

impl Permissions {
    pub(crate) fn new(permissions: Vec<Permission>) -> Self {
        let mut by_path: HashMap<String, Vec<(Method, Option<Role>)>> = HashMap::new();
        for Permission { method, path, role } in permissions {
            by_path.entry(path).or_default().push((method, role));
        }
        Self(by_path)
    }

    /// The role that a request needs. Whoever may read is told that there is nothing at an address, or not with this method;
    /// strangers are told nothing. A route that nobody has declared is the admin's.
    pub(crate) fn needed(&self, path: Option<&MatchedPath>, method: &Method) -> Option<Role> {
        let Some(path) = path else { return Some(Role::Viewer) };
        let Some(methods) = self.0.get(path.as_str()) else { return Some(Role::Admin) };
        let method = if method == Method::HEAD { &Method::GET } else { method };
        let declared = methods.iter().find(|(known, _)| known == method);
        declared.map_or(Some(Role::Viewer), |(_, role)| *role)
    }
}
