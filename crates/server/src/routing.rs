//! Builds the routes. There is no way to add one without saying which role it needs: that is enforced before its handler is called,
//! and described in the interface's document.

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{get, post};
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use crate::openapi;
use crate::safety::{Permission, Permissions, Role};
use crate::state::AppState;

/// Routes with the role that each needs; [`EVERYBODY`](crate::safety::EVERYBODY) stands for none.
pub(crate) struct Routes {
    router: OpenApiRouter<AppState>,
    permissions: Vec<Permission>,
}

impl Routes {
    pub(crate) fn new() -> Self {
        Self { router: OpenApiRouter::new(), permissions: Vec::new() }
    }

    /// Routes that are added to the description of the interface.
    pub(crate) fn described_in(document: Document) -> Self {
        Self { router: OpenApiRouter::with_openapi(document), ..Self::new() }
    }

    /// Adds routes with their description, which then also tells the role.
    pub(crate) fn routes(
        mut self,
        role: impl Into<Option<Role>>,
        (schemas, mut paths, handlers): UtoipaMethodRouter<AppState>,
    ) -> Self {
        let role = role.into();
        for (path, item) in &mut paths.paths {
            for (method, operation) in openapi::operations(item) {
                openapi::complete_answers(path, &method, operation, role);
                self.permissions.push(Permission { method, path: path.clone(), role });
            }
        }
        self.router = self.router.routes((schemas, paths, handlers));
        self
    }

    /// Adds a page or an asset, which the description leaves out.
    pub(crate) fn get<H, T>(self, role: impl Into<Option<Role>>, path: &str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        let permission = Permission { method: Method::GET, path: path.to_owned(), role: role.into() };
        self.with(permission, |router| router.route(path, get(handler)))
    }

    /// Adds an action of a page, which the description leaves out.
    pub(crate) fn post<H, T>(self, role: impl Into<Option<Role>>, path: &str, handler: H) -> Self
    where
        H: Handler<T, AppState>,
        T: 'static,
    {
        let permission = Permission { method: Method::POST, path: path.to_owned(), role: role.into() };
        self.with(permission, |router| router.route(path, post(handler)))
    }

    /// Adds the pages of a library. One of its paths that `paths` leaves out is the admin's alone.
    pub(crate) fn pages(mut self, role: Role, paths: &[&str], router: Router<AppState>) -> Self {
        let page =
            |path: &&str| Permission { method: Method::GET, path: (*path).to_owned(), role: Some(role) };
        self.permissions.extend(paths.iter().map(page));
        self.router = self.router.merge(router.into());
        self
    }

    pub(crate) fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.permissions.extend(other.permissions);
        self
    }

    /// Takes the description of what was added so far.
    pub(crate) fn take_description(&mut self) -> Document {
        self.router.to_openapi()
    }

    /// Each route with its role, in the order of their declaration.
    pub(crate) fn into_permissions(self) -> Vec<Permission> {
        self.permissions
    }

    pub(crate) fn into_parts(self) -> (Router<AppState>, Permissions) {
        (self.router.into(), Permissions::new(self.permissions))
    }

    fn with(
        mut self,
        permission: Permission,
        add: impl FnOnce(OpenApiRouter<AppState>) -> OpenApiRouter<AppState>,
    ) -> Self {
        self.permissions.push(permission);
        self.router = add(self.router);
        self
    }
}
