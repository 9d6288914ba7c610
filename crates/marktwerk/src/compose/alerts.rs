//! The ways to tell people as the engine takes them. Alerts go out whatever else is simulated.

use std::sync::Arc;

use async_trait::async_trait;
use marktwerk_alerts::{Email, Webhook};
use marktwerk_domain::alert::Alert;
use marktwerk_domain::failure::Failure;
use marktwerk_engine::AlertChannel;

use crate::config::AlertSettings;

/// Everyone who is to be told. The names are those under which the database knows how far each one is.
pub(super) fn channels(settings: &AlertSettings) -> Vec<Arc<dyn AlertChannel>> {
    let mut channels: Vec<Arc<dyn AlertChannel>> = Vec::new();
    if let Some(webhook) = &settings.webhook {
        channels.push(Arc::new(ByWebhook(Arc::clone(webhook))));
    }
    if let Some(email) = &settings.email {
        channels.push(Arc::new(ByEmail(Arc::clone(email))));
    }
    channels
}

struct ByWebhook(Arc<Webhook>);

#[async_trait]
impl AlertChannel for ByWebhook {
    fn name(&self) -> &'static str {
        "webhook"
    }

    async fn tell(&self, alert: &Alert) -> Result<(), Failure> {
        self.0.send(alert).await.map_err(Failure::from)
    }
}

struct ByEmail(Arc<Email>);

#[async_trait]
impl AlertChannel for ByEmail {
    fn name(&self) -> &'static str {
        "email"
    }

    async fn tell(&self, alert: &Alert) -> Result<(), Failure> {
        self.0.send(alert).await.map_err(Failure::from)
    }
}
