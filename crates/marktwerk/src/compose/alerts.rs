//! The ways to tell people as the engine takes them. Alerts go out whatever else is simulated.

use std::sync::Arc;

use async_trait::async_trait;
use marktwerk_alerts::{AlertError, Email, Sender, Webhook};
use marktwerk_domain::alert::Alert;
use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::failure::{Failure, FailureClass};
use marktwerk_engine::AlertChannel;

use crate::config::{AlertSettings, Settings};

/// Everyone who is to be told. The names are those under which the database knows how far each one is.
pub(super) fn channels(
    settings: &AlertSettings,
    sender: &Sender,
    clock: &SharedClock,
) -> Vec<Arc<dyn AlertChannel>> {
    let mut channels: Vec<Arc<dyn AlertChannel>> = Vec::new();
    if let Some(webhook) = &settings.webhook {
        channels.push(Arc::new(Channel(Way::Webhook(Arc::clone(webhook)), sender.clone(), clock.clone())));
    }
    if let Some(email) = &settings.email {
        channels.push(Arc::new(Channel(Way::Email(Arc::clone(email)), sender.clone(), clock.clone())));
    }
    channels
}

/// Which Marktwerk it is: this machine's name, and where its screen is.
pub(super) fn sender(settings: &Settings) -> Sender {
    let link = match (&settings.server.public_url, settings.server.listen) {
        (Some(url), _) => Some(url.clone()),
        // The port is not known yet.
        (None, listen) if listen.port() == 0 => None,
        (None, listen) => Some(format!("http://{listen}/")),
    };
    Sender { host: host_name(), link }
}

fn host_name() -> String {
    let name = gethostname::gethostname();
    name.to_string_lossy().into_owned()
}

struct Channel(Way, Sender, SharedClock);

enum Way {
    Webhook(Arc<Webhook>),
    Email(Arc<Email>),
}

#[async_trait]
impl AlertChannel for Channel {
    fn name(&self) -> &'static str {
        match self.0 {
            Way::Webhook(_) => "webhook",
            Way::Email(_) => "email",
        }
    }

    async fn tell(&self, alert: &Alert) -> Result<(), Failure> {
        let Self(way, sender, clock) = self;
        let sent = match way {
            Way::Webhook(webhook) => webhook.send(alert, sender).await,
            Way::Email(email) => email.send(alert, sender).await,
        };
        sent.map_err(|error| failure(error, clock))
    }
}

/// A receiver that asks for patience gets it.
fn failure(error: AlertError, clock: &SharedClock) -> Failure {
    match error.wait().map(|wait| clock.now().checked_add(wait).ok()) {
        Some(until) => Failure::new(FailureClass::RateLimited { until }, error.to_string()),
        None => error.into(),
    }
}
