//! Opening a connection: the port of a named instance, TCP, TLS, login, and what each session of ours is set to.

use std::net::SocketAddr;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tiberius::error::Error as Tiberius;
use tiberius::{AuthMethod, Client, Config, EncryptionLevel, SqlBrowser};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use crate::address::{Address, Encryption};
use crate::error::SqlError;

/// The driver's connection.
pub(crate) type Tds = Client<Compat<TcpStream>>;

/// Time limit for each of: TCP, the login with its TLS, and the settings of the session.
const PATIENCE: Duration = Duration::from_secs(10);
/// As Microsoft's own clients do: a server that went without a word is noticed within a minute, and a firewall does not forget a
/// connection that lies idle.
const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_secs(30)).with_interval(Duration::from_secs(1));
/// Set once for each session. Messages are in the language in which this program knows them, whatever the login's; an error ends the whole transaction; another program's lock is waited for so long; German logins
/// read dates the other way round.
const SESSION: &str = "SET XACT_ABORT ON; SET LANGUAGE us_english; SET NOCOUNT OFF; SET LOCK_TIMEOUT 5000; SET DATEFORMAT ymd; \
    SET ANSI_NULLS ON; SET QUOTED_IDENTIFIER ON; SET ANSI_PADDING ON; SET ANSI_WARNINGS ON; \
    SET ARITHABORT ON; SET CONCAT_NULL_YIELDS_NULL ON; SET NUMERIC_ROUNDABORT OFF";

/// Bytes of a packet, the clients' usual choice; and by how much the next connection's packets are longer, of so many lengths.
///
/// Babelfish for PostgreSQL misreads a bulk load whose last token (13 bytes) happens to begin in one packet and to end in the next:
/// it answers twice. That is found out, the connection is closed and the work tried again ([`SqlError`]'s `Lost`); with packets
/// of the same length it would happen again.
const PACKET: u32 = 8_000;
const LONGER: u32 = 16;
const LENGTHS: u32 = 16;

/// Opens a connection; `number` counts those of the pool.
pub(crate) async fn connect(address: &Address, number: u32) -> Result<Tds, SqlError> {
    let mut config = config(address)?;
    config.packet_size(PACKET + LONGER * (number % LENGTHS));
    let stream = tcp(address, &config).await?;
    let login = Client::connect(config, stream.compat_write());
    let mut client = match tokio::time::timeout(PATIENCE, login).await {
        Err(_) => return Err(unreachable(address, "the login was not answered within 10 s")),
        Ok(Err(error)) => return Err(refused(address, error)),
        Ok(Ok(client)) => client,
    };
    let session = async { client.simple_query(SESSION).await?.into_results().await };
    match tokio::time::timeout(PATIENCE, session).await {
        Err(_) => return Err(unreachable(address, "nothing was answered within 10 s after the login")),
        Ok(answer) => answer.map_err(|error| SqlError::of_statement(error, "set the session up"))?,
    };
    Ok(client)
}

fn config(address: &Address) -> Result<Config, SqlError> {
    let mut config = Config::new();
    config.host(&address.host);
    config.database(&address.database);
    config.application_name("Marktwerk");
    config.authentication(AuthMethod::sql_server(&address.user, address.password()));
    // Our own limits are per class of statement.
    config.command_timeout(None);
    config.handshake_timeout(Some(PATIENCE));
    // A stored text that is no UTF-16 is shown with a replacement character; it must not stop an import.
    config.lossy_utf16_decoding(true);
    match address.known_port() {
        Some(port) => config.port(port),
        None => config.instance_name(address.instance.as_deref().unwrap_or_default()),
    }
    match &address.encryption {
        Encryption::Required => config.encryption(EncryptionLevel::Required),
        Encryption::Authority(file) => {
            config.encryption(EncryptionLevel::Required);
            let bundle = std::fs::read(file).map_err(|error| SqlError::Encryption {
                place: address.to_string(),
                reason: format!("the file {} cannot be read: {error}", file.display()),
            })?;
            config.trust_cert_ca_bundle(bundle);
        }
        Encryption::AnyCertificate => {
            config.encryption(EncryptionLevel::Required);
            config.trust_cert();
        }
        Encryption::LoginOnly => {
            config.encryption(EncryptionLevel::Off);
            config.trust_cert();
        }
    }
    Ok(config)
}

async fn tcp(address: &Address, config: &Config) -> Result<TcpStream, SqlError> {
    let addresses = resolve(address).await?;
    let stream = match address.known_port() {
        Some(port) => {
            let connecting = TcpStream::connect(&addresses[..]);
            match tokio::time::timeout(PATIENCE, connecting).await {
                Err(_) => Err(format!("no answer on TCP port {port} within 10 s: check the firewall")),
                Ok(Err(error)) => Err(format!(
                    "TCP port {port}: {error}; check that SQL Server runs, that TCP/IP is enabled in its configuration manager, \
                     and that it listens on this port"
                )),
                Ok(Ok(stream)) => Ok(stream),
            }
        }
        None => {
            let instance = address.instance.as_deref().unwrap_or_default();
            match tokio::time::timeout(PATIENCE, TcpStream::connect_named(config)).await {
                Err(_) => Err("no answer within 10 s".to_owned()),
                Ok(Err(error)) => Err(error.to_string()),
                Ok(Ok(stream)) => Ok(stream),
            }
            .map_err(|reason| {
                format!(
                    "the instance {instance} was not found: {reason}; start the service SQL Server Browser (UDP 1434), enable TCP/IP for \
                     the instance, or give its port as {},PORT (the system in use before went to 1433 whatever the instance)",
                    address.host
                )
            })
        }
    };
    let stream = stream.map_err(|reason| unreachable(address, reason))?;
    // Small requests wait for their answers: nothing is gained by collecting them.
    let set = stream.set_nodelay(true).and_then(|()| SockRef::from(&stream).set_tcp_keepalive(&KEEPALIVE));
    set.map_err(|error| unreachable(address, error.to_string()))?;
    Ok(stream)
}

/// A name that nobody knows is another mistake than a server that does not answer.
async fn resolve(address: &Address) -> Result<Vec<SocketAddr>, SqlError> {
    let host = address.host.as_str();
    let found = tokio::net::lookup_host((host, address.known_port().unwrap_or_default()));
    let unknown = |reason: String| {
        unreachable(
            address,
            format!(
                "the name {host} is not known to this machine ({reason}): check its spelling, or write the server's IP address"
            ),
        )
    };
    match tokio::time::timeout(PATIENCE, found).await {
        Err(_) => Err(unknown("no answer within 10 s".to_owned())),
        Ok(Err(error)) => Err(unknown(error.to_string())),
        Ok(Ok(addresses)) => Ok(addresses.collect()),
    }
}

fn unreachable(address: &Address, reason: impl Into<String>) -> SqlError {
    SqlError::Unreachable { place: address.to_string(), reason: reason.into() }
}

/// The ways out of a certificate that is not trusted.
const TRUST: &str = "install a certificate that this machine trusts, name the file of its authority (`authority`), or take any \
    certificate (`encrypt`: `any-certificate`); both stand in [sqlserver], or behind the `?` of an url";

/// What a failed handshake or login means. 18456 is told for every cause, so that nobody can guess users.
fn refused(address: &Address, error: Tiberius) -> SqlError {
    let place = address.to_string();
    match error {
        Tiberius::Server(token) => match token.code() {
            18_456 | 18_452 | 18_470 | 18_486 | 18_487 | 18_488 => {
                SqlError::Login { place, user: address.user.clone() }
            }
            4_060 | 4_064 | 911 | 916 => SqlError::NoDatabase { place },
            number => unreachable(
                address,
                format!("SQL Server refused the login with {number}: {}", token.message()),
            ),
        },
        Tiberius::Tls(reason) => SqlError::Encryption {
            place,
            reason: match reason.contains("CaUsedAsEndEntity") || reason.contains("UnknownIssuer") {
                // Nearly always: SQL Server makes one for itself.
                true => format!("the server's certificate is of its own making, or its authority is not known here; {TRUST}"),
                // What the driver goes on with is advice to programmers.
                false => format!("{}; {TRUST}", reason.split(". To connect anyway").next().unwrap_or(&reason)),
            },
        },
        // The only word of the driver's for it.
        Tiberius::Protocol(reason) if reason.contains("encryption level") => SqlError::Encryption {
            place,
            reason: "the server does not encrypt, and was told nothing; let it encrypt, or write `encrypt=login-only` where everybody in \
                     the network may read what is sent"
                .to_owned(),
        },
        Tiberius::Io { message, .. } if message.contains("certificate") => SqlError::Encryption {
            place,
            reason: format!("{message}; {TRUST}"),
        },
        // It hung up on the first thing that was said. A server that restarts does so, too: it is asked again.
        Tiberius::Io { message, .. } => unreachable(
            address,
            format!(
                "the connection was cut while encryption was agreed on ({message}); unless the server restarts, look whether SQL Server \
                 and no other program listens on this port, and whether it offers TLS 1.2 with ECDHE and AES-GCM (Windows Server 2016 or newer)"
            ),
        ),
        other => unreachable(address, other.to_string()),
    }
}
