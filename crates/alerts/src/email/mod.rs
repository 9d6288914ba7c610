//! One mail, handed to a mail server over SMTP.
//!
//! It is plain text; subject and text are the alert's own. `Message-ID` is made from the alert, so that a repeated delivery is shown
//! once by most mail programs; `Auto-Submitted` keeps out-of-office notes away; `X-Marktwerk-Change` is for mail rules.
//!
//! A recipient that the server refuses does not keep the others from being told: they get the mail, and the error, which is not worth
//! another try, says who did not.

#[cfg(test)]
mod fake;
mod fault;
mod letter;
mod mailbox;
mod session;
mod settings;
#[cfg(test)]
mod settings_tests;
#[cfg(test)]
mod tests;

use std::fmt;

use lettre::message::Mailbox;
use lettre::transport::smtp::client::{Certificate, TlsParameters};
use marktwerk_domain::alert::Alert;

use self::session::Server;
pub use self::settings::{EmailSettings, Security};
use crate::error::AlertError;
use crate::sender::Sender;

/// A way to send mails, ready. Its `Debug` shows the mail server alone.
pub struct Email {
    server: Server,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Email {
    /// Checks the settings; nothing is sent. Connecting will take 5 s at most, a delivery 60 s: mail servers let strangers wait
    /// on purpose.
    pub fn new(settings: EmailSettings) -> Result<Self, AlertError> {
        Self::trusting(settings, None)
    }

    /// `root` is trusted beside the authorities that this machine trusts.
    fn trusting(settings: EmailSettings, root: Option<Certificate>) -> Result<Self, AlertError> {
        let host = settings::host(&settings.server)?;
        settings::check_security(&settings, &host)?;
        let credentials = settings::credentials(&settings)?;
        let port = settings.port.unwrap_or(settings.security.usual_port());
        if port == 0 {
            return Err(AlertError::settings("port", "must be at least 1; remove the key for the usual one"));
        }
        let from = mailbox::sender(&settings.from)?;
        let to = mailbox::recipients(&settings.to)?;
        let tls = match settings.security {
            Security::None => None,
            Security::Tls | Security::StartTls => Some(tls(&host, root)?),
        };
        Ok(Self { server: Server { host, port, security: settings.security, tls, credentials }, from, to })
    }

    /// The mail server's name.
    pub fn host(&self) -> &str {
        &self.server.host
    }

    /// Hands an alert to the mail server once. `Ok` means that it took it for every recipient.
    pub async fn send(&self, alert: &Alert, sender: &Sender) -> Result<(), AlertError> {
        let letter = letter::write(alert, sender, &self.from, &self.to)?;
        let to: Vec<_> = self.to.iter().map(|recipient| &recipient.email).collect();
        session::deliver(&self.server, &self.from.email, &to, &letter).await
    }
}

/// Certificates are checked as this machine checks them; TLS 1.2 at least.
fn tls(host: &str, root: Option<Certificate>) -> Result<TlsParameters, AlertError> {
    let builder = TlsParameters::builder(host.to_owned());
    let builder = match root {
        Some(root) => builder.add_root_certificate(root),
        None => builder,
    };
    builder.build().map_err(|error| AlertError::Setup(format!("no TLS client can be made: {error}")))
}

impl fmt::Debug for Email {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Server { host, port, security, .. } = &self.server;
        let mut shown = formatter.debug_struct("Email");
        shown.field("host", host).field("port", port).field("security", security).finish_non_exhaustive()
    }
}
