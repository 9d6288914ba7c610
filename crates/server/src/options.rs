//! How the server is started, and why it may refuse to.

use std::net::SocketAddr;

use jiff::tz::TimeZone;
use marktwerk_domain::judgement::Limits;
use marktwerk_domain::reason::Reason;

use crate::metrics::MetricsSource;
use crate::safety::Person;

/// Connections at the same time, where nothing else is said: a service manager usually gives a process 1,024 files.
pub const USUAL_CONNECTIONS: usize = 512;
/// Those of one address: ten people with a few pages each, behind one router.
pub const USUAL_CONNECTIONS_PER_ADDRESS: usize = 64;

/// How the server works.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The address under which people reach it, where that is not the one it listens on: `https://marktwerk.example`.
    pub public_url: Option<String>,
    /// The Argon2 hash (PHC text) of the access token, see [`crate::token_hash`]; whoever shows it is an admin. Without it and
    /// without people everybody who reaches the address may do everything, so it may only be this machine's own.
    pub token_hash: Option<String>,
    /// Other people who may use the server; their names differ.
    pub people: Vec<Person>,
    /// Connections at the same time.
    pub connections: usize,
    /// How many of them one address may have. Those of this machine may have more, for a proxy that speaks for everybody.
    pub connections_per_address: usize,
    /// Times in answers carry this zone's offset.
    pub zone: TimeZone,
    /// The program's version.
    pub version: &'static str,
    /// One line at the top of the screen, such as "sandbox: simulated marketplace and ERP".
    pub notice: Option<Reason>,
    /// How long an order's waits may last.
    pub limits: Limits,
    /// What `GET /metrics` answers; without it there is no such page.
    pub metrics: Option<MetricsSource>,
}

/// Why the server did not start, for people.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The port belongs to somebody else.
    #[error(
        "another program listens on {0}: stop it, or choose another address with --listen or [server] listen"
    )]
    AddressInUse(SocketAddr),
    /// The address cannot be listened on at all.
    #[error("cannot listen on {address}: {reason}; choose another address with --listen or [server] listen")]
    CannotListen {
        /// Which address.
        address: SocketAddr,
        /// Why.
        reason: std::io::Error,
    },
    /// Others could reach it, and nobody would have to say who they are.
    #[error(
        "{0} can be reached from other machines and no access token is set: set [server] token (MARKTWERK_SERVER__TOKEN) or \
         [[server.people]], or listen on 127.0.0.1"
    )]
    NoToken(SocketAddr),
    /// A setting that cannot be used.
    #[error("{setting} cannot be used: {reason}")]
    BadSetting {
        /// Which one.
        setting: &'static str,
        /// Why, and what would be accepted.
        reason: String,
    },
}
