//! What keeps strangers out, in the order in which a request meets it: answer headers, panics, host and origin, size and
//! time, access. Nothing here knows what a route does.

mod access;
mod guard;
mod headers;
mod host;
mod limits;
mod login;
mod sessions;

pub(crate) use access::Access;
pub use access::hash_token;
pub(crate) use guard::require_access;
pub(crate) use headers::set_headers;
pub(crate) use host::{Hosts, refuse_foreign};
pub(crate) use limits::{LARGEST_BODY, LARGEST_DOCUMENT, limit_size, limit_time, without_trace};
pub(crate) use login::routes as login_routes;
