//! What keeps strangers out, in the order in which a request meets it: answer headers, panics, host and origin, size and
//! time, access. Nothing here knows what a route does: which role it needs stands where it is declared ([`crate::routing`]).

mod access;
mod guard;
mod headers;
mod host;
mod limits;
mod login;
mod people;
mod permissions;
mod sessions;
mod token;
mod turns;

pub(crate) use access::Access;
pub(crate) use guard::{peer_of, require_access};
pub(crate) use headers::set_headers;
pub(crate) use host::{Hosts, refuse_foreign};
pub(crate) use limits::{
    LARGEST_BODY, LARGEST_DOCUMENT, limit_size, limit_time, refuse_unreadable, without_trace,
};
pub(crate) use login::{SESSION_COOKIE, routes as login_routes};
pub(crate) use people::Caller;
pub use people::{Person, RESERVED_NAMES, Role};
pub use permissions::Permission;
pub(crate) use permissions::{EVERYBODY, Permissions};
pub use token::{check_token, hash_token, token_hash};
