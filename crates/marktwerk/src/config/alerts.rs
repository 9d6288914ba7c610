//! `[alerts]`: who is told when a job is paused, degraded or works again. What comes out is ready to send and shows its host
//! alone; what is told when is the engine's business.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use marktwerk_alerts::{AlertError, Email, EmailSettings, Security, Webhook, WebhookSettings};
use marktwerk_domain::attention::AttentionKind;
use marktwerk_engine::JobAlerts;
use serde::{Deserialize, Serialize};

use super::environment::Environment;
use super::error::SettingsError;
use super::secret::Secret;
use super::secret_source::SecretSource;
use super::suggestion;

/// The ways to tell people. Nothing set: nobody is told, and the screen shows it anyway.
#[derive(Debug, Clone, Default)]
pub struct AlertSettings {
    /// A POST to an address.
    pub webhook: Option<Arc<Webhook>>,
    /// A mail.
    pub email: Option<Arc<Email>>,
    /// What is told, and from when on.
    pub rules: AlertRules,
}

/// From when on something is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRules {
    /// Rows wait for the JTL-Worker for this long.
    pub worker_minutes: u64,
    /// Credentials end within this time.
    pub credentials_days: u64,
    /// Less is free on the disk of the data folder.
    pub free_disk_megabytes: u64,
    /// Entries of the attention list of these kinds.
    pub attention: Vec<AttentionKind>,
    /// Of every job.
    pub all_jobs: JobAlerts,
    /// By job id, in place of it.
    pub jobs: BTreeMap<String, JobAlerts>,
}

impl Default for AlertRules {
    fn default() -> Self {
        Self {
            worker_minutes: 5,
            credentials_days: 14,
            free_disk_megabytes: 500,
            attention: vec![
                AttentionKind::Late,
                AttentionKind::Waiting,
                AttentionKind::Unclear,
                AttentionKind::Duplicate,
                AttentionKind::StockBlocked,
                AttentionKind::Oversold,
                AttentionKind::AccountGone,
            ],
            all_jobs: JobAlerts::default(),
            jobs: BTreeMap::new(),
        }
    }
}

impl AlertSettings {
    /// Each way that is set by its name, with the host that is talked to: all of it that may be shown.
    pub fn hosts(&self) -> Vec<(&'static str, &str)> {
        let webhook = self.webhook.iter().map(|webhook| ("webhook", webhook.host()));
        webhook.chain(self.email.iter().map(|email| ("email", email.host()))).collect()
    }

    /// Under which key the origin of a way is kept.
    pub fn origin_key(name: &str) -> String {
        format!("alerts.{name}")
    }
}

/// `[alerts]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct AlertsSection {
    worker_minutes: u64,
    credentials_days: u64,
    free_disk_megabytes: u64,
    attention: Vec<String>,
    failures: u32,
    without_success_minutes: u64,
    /// By job id; what is not said there is as for all.
    jobs: BTreeMap<String, JobSection>,
    webhook: WebhookSection,
    email: EmailSection,
}

impl Default for AlertsSection {
    fn default() -> Self {
        let AlertRules { worker_minutes, credentials_days, free_disk_megabytes, attention, .. } =
            AlertRules::default();
        Self {
            worker_minutes,
            credentials_days,
            free_disk_megabytes,
            attention: attention.into_iter().map(|kind| kind.as_str().to_owned()).collect(),
            failures: 0,
            without_success_minutes: 0,
            jobs: BTreeMap::new(),
            webhook: WebhookSection::default(),
            email: EmailSection::default(),
        }
    }
}

/// `[alerts.jobs.JOB]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct JobSection {
    failures: Option<u32>,
    without_success_minutes: Option<u64>,
}

impl AlertsSection {
    /// Resolves the secrets and checks the rest. `fault` makes an error of a dotted key and a reason.
    pub(super) fn complete(
        self,
        environment: &Environment,
        fault: &impl Fn(&str, String) -> SettingsError,
    ) -> Result<AlertSettings, SettingsError> {
        let within = |section: &'static str| {
            move |key: &str, reason: String| fault(&format!("{section}.{key}"), reason)
        };
        let rules = self.rules(fault);
        let webhook = self.webhook.complete(environment, &within("alerts.webhook"));
        let email = self.email.complete(environment, &within("alerts.email"));
        let (webhook, email) = SettingsError::together(webhook, email)?;
        Ok(AlertSettings { webhook: webhook.map(Arc::new), email: email.map(Arc::new), rules: rules? })
    }

    fn rules(&self, fault: &impl Fn(&str, String) -> SettingsError) -> Result<AlertRules, SettingsError> {
        for (key, value) in [
            ("worker_minutes", self.worker_minutes),
            ("credentials_days", self.credentials_days),
            ("free_disk_megabytes", self.free_disk_megabytes),
        ] {
            if value == 0 {
                return Err(fault(&format!("alerts.{key}"), "must be at least 1".to_owned()));
            }
        }
        let kind = |word: &String| {
            AttentionKind::of_word(word).ok_or_else(|| {
                let known = AttentionKind::ALL.map(AttentionKind::as_str);
                let reason = format!("`{word}` is not a kind of entry; {}", suggestion(word, &known));
                fault("alerts.attention", reason)
            })
        };
        let job = |failures: u32, minutes: u64| JobAlerts {
            failures: (failures > 0).then_some(failures),
            without_success: (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60))),
        };
        let jobs = self.jobs.iter().map(|(id, own)| {
            let minutes = own.without_success_minutes.unwrap_or(self.without_success_minutes);
            (id.clone(), job(own.failures.unwrap_or(self.failures), minutes))
        });
        Ok(AlertRules {
            worker_minutes: self.worker_minutes,
            credentials_days: self.credentials_days,
            free_disk_megabytes: self.free_disk_megabytes,
            attention: self.attention.iter().map(kind).collect::<Result<_, _>>()?,
            all_jobs: job(self.failures, self.without_success_minutes),
            jobs: jobs.collect(),
        })
    }
}

/// `[alerts.webhook]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WebhookSection {
    url: Option<Secret>,
    url_env: Option<String>,
    url_file: Option<PathBuf>,
    secret: Option<Secret>,
    secret_env: Option<String>,
    secret_file: Option<PathBuf>,
}

impl WebhookSection {
    /// `None` where neither address nor secret is given.
    fn complete(
        self,
        environment: &Environment,
        fault: &impl Fn(&str, String) -> SettingsError,
    ) -> Result<Option<Webhook>, SettingsError> {
        let url = SecretSource { key: "url", text: self.url, variable: self.url_env, file: self.url_file };
        let secret = SecretSource {
            key: "secret",
            text: self.secret,
            variable: self.secret_env,
            file: self.secret_file,
        };
        if !url.is_given() && !secret.is_given() {
            return Ok(None);
        }
        let settings = WebhookSettings {
            url: url.resolve(environment, fault)?.into_inner(),
            secret: secret.resolve_where_given(environment, fault)?.map(Secret::into_inner),
        };
        Webhook::new(settings).map(Some).map_err(|error| unusable(&error, "url", fault))
    }
}

/// `[alerts.email]`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EmailSection {
    server: String,
    /// 0: the usual one of `security`.
    port: u16,
    security: SecurityWord,
    allow_clear_text: bool,
    user: Option<String>,
    password: Option<Secret>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    from: String,
    to: Vec<String>,
}

/// How the connection to the mail server is protected, as it is written.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum SecurityWord {
    #[default]
    Tls,
    StartTls,
    None,
}

impl From<SecurityWord> for Security {
    fn from(word: SecurityWord) -> Self {
        match word {
            SecurityWord::Tls => Self::Tls,
            SecurityWord::StartTls => Self::StartTls,
            SecurityWord::None => Self::None,
        }
    }
}

impl EmailSection {
    /// `None` where nothing names a server, a sender, a recipient or who signs in.
    fn complete(
        self,
        environment: &Environment,
        fault: &impl Fn(&str, String) -> SettingsError,
    ) -> Result<Option<Email>, SettingsError> {
        let password = SecretSource {
            key: "password",
            text: self.password,
            variable: self.password_env,
            file: self.password_file,
        };
        let names_nobody = self.server.is_empty() && self.from.is_empty() && self.to.is_empty();
        if names_nobody && self.user.is_none() && !password.is_given() {
            return Ok(None);
        }
        let settings = EmailSettings {
            server: self.server,
            port: (self.port > 0).then_some(self.port),
            security: self.security.into(),
            allow_clear_text: self.allow_clear_text,
            user: self.user,
            password: password.resolve_where_given(environment, fault)?.map(Secret::into_inner),
            from: self.from,
            to: self.to,
        };
        Email::new(settings).map(Some).map_err(|error| unusable(&error, "server", fault))
    }
}

/// What cannot be used stands at its key; what is no setting's fault, at `first`.
fn unusable(
    error: &AlertError,
    first: &str,
    fault: &impl Fn(&str, String) -> SettingsError,
) -> SettingsError {
    match error {
        AlertError::Settings { field, reason } => fault(field, reason.clone()),
        other => fault(first, other.to_string()),
    }
}
