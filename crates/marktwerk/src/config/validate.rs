//! What a value may be beyond its type; makes the settings complete.

use jiff::tz::TimeZone;
use marktwerk_server::check_token;

use super::accounts::Account;
use super::alerts::AlertSettings;
use super::environment::Environment;
use super::error::SettingsError;
use super::origin::Origins;
use super::people::Person;
use super::root::{Root, SchedulerSection, ServerSection};
use super::secret::Secret;
use super::secret_source::read_secret;
use super::settings::{ServerSettings, Settings};
use super::sqlserver;

pub(super) fn complete(
    root: Root,
    accounts: Vec<Account>,
    people: Vec<Person>,
    environment: &Environment,
    mut origins: Origins,
) -> Result<Settings, SettingsError> {
    let fault = |key: &str, reason: String| SettingsError::new(origins.near(key).to_string(), key, reason);
    let scheduler = &root.scheduler;
    check_scheduler(scheduler, &fault)?;
    at_least_one("orders.first_days", root.orders.first_days.into(), &fault)?;
    for (name, value) in root.orders.named_limits() {
        at_least_one(&format!("orders.{name}"), value.into(), &fault)?;
    }
    if root.inventory.buffer < 0 {
        return Err(fault("inventory.buffer", "must not be negative".to_owned()));
    }
    let zone = &scheduler.time_zone;
    let time_zone = TimeZone::get(zone).map_err(|_| {
        fault(
            "scheduler.time_zone",
            format!("`{zone}` is not a time zone on this machine; write one such as Europe/Berlin"),
        )
    })?;
    if let Some(url) = &root.store.url {
        supported(url).map_err(|reason| fault("store.url", reason))?;
    }
    if !root.erp.jtl.url.is_empty() {
        supported(&root.erp.jtl.url).map_err(|reason| fault("erp.jtl.url", reason))?;
    }
    if let Some(url) = &root.server.public_url
        && !url.starts_with("https://")
        && !url.starts_with("http://")
    {
        return Err(fault("server.public_url", "must begin with https:// or http://".to_owned()));
    }
    let sqlserver = sqlserver::complete(&root, environment, &fault)?;
    let token = token(&root.server, &fault)?;
    let server =
        ServerSettings { listen: root.server.listen, public_url: root.server.public_url, token, people };
    if !server.listen.ip().is_loopback() && !server.has_access_control() {
        let reason = "is open to other machines, which needs access control: set [server] token or token_file, or add \
                      [[server.people]], or listen on 127.0.0.1";
        return Err(fault("server.listen", reason.to_owned()));
    }
    if let Some(token) = &server.token
        && let Some(person) = server.people.iter().find(|person| person.token.expose() == token.expose())
    {
        let reason = format!("{} has the same token as [server] token; give each their own", person.name);
        return Err(fault("server.people", reason));
    }
    let alerts = root.alerts.complete(environment, &fault)?;
    for (name, key) in [("webhook", "alerts.webhook.url"), ("email", "alerts.email.server")] {
        origins.set(AlertSettings::origin_key(name), origins.near(key));
    }
    Ok(Settings {
        data_dir: root.data_dir,
        log: root.log,
        server,
        store: root.store,
        sqlserver,
        scheduler: root.scheduler,
        time_zone,
        alerts,
        jtl: root.erp.jtl,
        accounts,
        orders: root.orders,
        inventory: root.inventory,
        sandbox: root.sandbox,
        origins,
        ..Settings::default()
    })
}

fn check_scheduler(
    scheduler: &SchedulerSection,
    fault: &impl Fn(&str, String) -> SettingsError,
) -> Result<(), SettingsError> {
    at_least_one("scheduler.workers", scheduler.workers as u64, fault)?;
    at_least_one("scheduler.time_limit_minutes", scheduler.time_limit_minutes, fault)?;
    at_least_one("scheduler.rises_after_minutes", scheduler.rises_after_minutes, fault)?;
    at_least_one("scheduler.keep_logs_days", scheduler.keep_logs_days.into(), fault)?;
    at_least_one("scheduler.keep_runs_days", scheduler.keep_runs_days.into(), fault)?;
    at_least_one("scheduler.keep_audit_days", scheduler.keep_audit_days.into(), fault)?;
    match scheduler.runs_per_type.iter().find(|(_, runs)| **runs == 0) {
        None => Ok(()),
        Some((job_type, _)) => Err(fault(
            &format!("scheduler.runs_per_type.{job_type}"),
            "must be at least 1; remove the line where there is no limit, and pause jobs that are not to run"
                .to_owned(),
        )),
    }
}

fn at_least_one(
    key: &str,
    value: u64,
    fault: &impl Fn(&str, String) -> SettingsError,
) -> Result<(), SettingsError> {
    if value == 0 { Err(fault(key, "must be at least 1".to_owned())) } else { Ok(()) }
}

/// A database that this version can use; the reason otherwise. The url itself is not repeated: it may hold a password.
fn supported(url: &str) -> Result<(), String> {
    match url.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => Ok(()),
        Some(("postgres" | "postgresql", _)) => Err(
            "PostgreSQL is not supported by this version yet; write sqlite:PATH or mssql://HOST/DATABASE, or remove the key"
                .to_owned(),
        ),
        Some(("mssql" | "sqlserver", _)) => Ok(()),
        _ => Err("is not a database address; write sqlite:PATH or mssql://HOST/DATABASE".to_owned()),
    }
}

fn token(
    server: &ServerSection,
    fault: &impl Fn(&str, String) -> SettingsError,
) -> Result<Option<Secret>, SettingsError> {
    let (key, token) = match (&server.token, &server.token_file) {
        (Some(_), Some(_)) => {
            let reason = "is given more than once; keep one of token and token_file".to_owned();
            return Err(fault("server.token", reason));
        }
        (Some(token), None) if token.expose().trim().is_empty() => {
            let reason = "is empty; write a long random text, or remove the key".to_owned();
            return Err(fault("server.token", reason));
        }
        (Some(token), None) => ("server.token", token.clone()),
        (None, Some(path)) => {
            let token = read_secret(path).map_err(|reason| fault("server.token_file", reason))?;
            ("server.token_file", token)
        }
        (None, None) => return Ok(None),
    };
    check_token(token.expose()).map_err(|reason| fault(key, reason))?;
    Ok(Some(token))
}
