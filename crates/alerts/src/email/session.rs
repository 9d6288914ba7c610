//! The conversation with a mail server: connect, sign in, sender, recipients, text.
//!
//! Step by step and not by the library's `send`, which gives up at the first refused recipient, knows no time limit once it is
//! connected, and tells no difference between a refused sign-in and a refused mail.

use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::fault::{self, Refusals};
use super::settings::Security;
use crate::error::AlertError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(60);
/// The mail is delivered by then; a server that does not say goodbye is left.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(2);

/// The mail server.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    /// Where `security` is not none.
    pub(super) tls: Option<TlsParameters>,
    pub(super) credentials: Option<(String, SecretString)>,
}

/// Delivers a mail. Recipients that are refused are named in the error; the others have it then.
pub(super) async fn deliver(
    server: &Server,
    from: &Address,
    to: &[&Address],
    letter: &[u8],
) -> Result<(), AlertError> {
    let conversation = async {
        let mut connection = connect(server).await?;
        sign_in(server, &mut connection).await?;
        let refusals = hand_over(server, &mut connection, from, to, letter).await?;
        Ok((connection, refusals))
    };
    let (mut connection, refusals) =
        timeout(TOTAL_TIMEOUT, conversation).await.unwrap_or_else(|_| Err(fault::too_slow(server)))?;
    // Nothing depends on its answer.
    let _ = timeout(GOODBYE_TIMEOUT, connection.quit()).await;
    refusals.verdict(server, to.len())
}

/// Connects, protected as the settings say: nothing but STARTTLS itself goes over a connection that is to be protected later.
async fn connect(server: &Server) -> Result<AsyncSmtpConnection, AlertError> {
    // The name of this machine is nobody's business; a literal is what RFC 5321 §4.1.4 offers in place of one.
    let hello = ClientId::default();
    let at_once = server.tls.clone().filter(|_| server.security == Security::Tls);
    let place = (server.host.as_str(), server.port);
    let mut connection =
        AsyncSmtpConnection::connect_tokio1(place, Some(CONNECT_TIMEOUT), &hello, at_once, None)
            .await
            .map_err(|error| fault::at_connection(server, &error))?;
    if server.security == Security::StartTls
        && let Some(tls) = &server.tls
    {
        if !connection.can_starttls() {
            return Err(fault::no_starttls(server));
        }
        connection
            .starttls(tls.clone(), &hello)
            .await
            .map_err(|error| fault::at_connection(server, &error))?;
    }
    Ok(connection)
}

async fn sign_in(server: &Server, connection: &mut AsyncSmtpConnection) -> Result<(), AlertError> {
    let Some((user, password)) = &server.credentials else { return Ok(()) };
    let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
    match connection.auth(DEFAULT_MECHANISMS, &credentials).await {
        Ok(_) => Ok(()),
        Err(error) => Err(fault::at_sign_in(server, &error)),
    }
}

async fn hand_over(
    server: &Server,
    connection: &mut AsyncSmtpConnection,
    from: &Address,
    to: &[&Address],
    letter: &[u8],
) -> Result<Refusals, AlertError> {
    let cure = "; check that from is an address that this server may send for";
    let mail = connection.command(Mail::new(Some(from.clone()), Vec::new())).await;
    mail.map_err(|error| fault::answer(server, "to the sender", &error, cure))?;
    let mut refusals = Refusals::default();
    for (index, address) in to.iter().enumerate() {
        match connection.command(Rcpt::new((*address).clone(), Vec::new())).await {
            Ok(_) => {}
            Err(error) if error.status().is_some() => refusals.note(index, address.domain(), &error),
            Err(error) => return Err(fault::answer(server, "to a recipient", &error, "")),
        }
    }
    if refusals.len() < to.len() {
        let text = |error: Error| fault::answer(server, "to the text", &error, "");
        connection.command(Data).await.map_err(text)?;
        connection.message(letter).await.map_err(text)?;
    }
    Ok(refusals)
}
