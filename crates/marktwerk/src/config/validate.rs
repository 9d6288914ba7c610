//! What a value may be beyond its type; makes the settings complete.

use jiff::tz::TimeZone;
use marktwerk_server::check_token;

use super::alerts::AlertSettings;
use super::codes::{check_currencies, check_language};
use super::environment::Environment;
use super::error::{Faults, SettingsError};
use super::log_filter;
use super::origin::Origins;
use super::people::Person;
use super::root::{Root, ServerSection};
use super::secret::Secret;
use super::secret_source::read_secret;
use super::settings::{ServerSettings, Settings};
use super::sqlserver;

/// Characters of a token that other machines can try, at the least.
const SHORTEST_TOKEN: usize = 16;

/// The settings; what cannot be used is told and has its default.
pub(super) fn complete(
    root: Root,
    accounts: Vec<marktwerk_connectors::AccountSettings>,
    people: Vec<Person>,
    environment: &Environment,
    mut origins: Origins,
    faults: &mut Faults,
) -> Settings {
    let fault = |key: &str, reason: String| SettingsError::new(origins.near(key).to_string(), key, reason);
    let zone = |key: &str, name: &str| {
        let unknown = |_| {
            let reason =
                format!("`{name}` is not a time zone on this machine; write one such as Europe/Berlin");
            fault(key, reason)
        };
        TimeZone::get(name).map_err(unknown)
    };
    let log = log_filter::checked(&root.log).map_err(|reason| fault("log", reason));
    let log = faults.keep(log).unwrap_or_else(|| Root::default().log);
    let time_zone = faults.keep(zone("scheduler.time_zone", &root.scheduler.time_zone));
    let jtl = &root.erp.jtl;
    faults.keep(zone("erp.jtl.time_zone", &jtl.time_zone));
    faults.keep(check_language(&jtl.language).map_err(|reason| fault("erp.jtl.language", reason)));
    faults.keep(check_currencies(&jtl.currencies).map_err(|reason| fault("erp.jtl.currencies", reason)));
    for (key, url) in [("store.url", root.store.url.as_deref()), ("erp.jtl.url", Some(jtl.url.as_str()))] {
        if let Some(url) = url.filter(|url| !url.is_empty()) {
            faults.keep(supported(url).map_err(|reason| fault(key, reason)));
        }
    }
    if let Some(url) = &root.server.public_url {
        faults.keep(check_public_url(url).map_err(|reason| fault("server.public_url", reason)));
    }
    // What follows from several values is asked only where each of them can be used.
    let is_well = ["sqlserver", "store", "erp"].iter().all(|section| !faults.concern(section));
    let sqlserver = if is_well { faults.keep(sqlserver::complete(&root, environment, &fault)) } else { None };
    let token = faults.keep(token(&root.server, &fault)).flatten();
    let ServerSection { listen, public_url, connections, connections_per_address, .. } = root.server;
    let server = ServerSettings { listen, public_url, token, people, connections, connections_per_address };
    if !faults.concern("server") {
        check_access(&server, &origins, &fault, faults);
    }
    let alerts =
        if faults.concern("alerts") { None } else { faults.keep(root.alerts.complete(environment, &fault)) };
    for (name, key) in [("webhook", "alerts.webhook.url"), ("email", "alerts.email.server")] {
        origins.set(AlertSettings::origin_key(name), origins.near(key));
    }
    Settings {
        data_dir: root.data_dir,
        log,
        server,
        store: root.store,
        sqlserver: sqlserver.unwrap_or_default(),
        scheduler: root.scheduler,
        time_zone: time_zone.unwrap_or(TimeZone::UTC),
        alerts: alerts.unwrap_or_default(),
        jtl: root.erp.jtl,
        accounts,
        orders: root.orders,
        inventory: root.inventory,
        sandbox: root.sandbox,
        origins,
        ..Settings::default()
    }
}

/// Who is let in, and whether that can be.
fn check_access(
    server: &ServerSettings,
    origins: &Origins,
    fault: &impl Fn(&str, String) -> SettingsError,
    faults: &mut Faults,
) {
    let is_open = !server.listen.ip().is_loopback();
    if is_open && !server.has_access_control() {
        let reason = "is open to other machines, which needs access control: set [server] token or token_file, or add \
                      [[server.people]], or listen on 127.0.0.1";
        faults.add(fault("server.listen", reason.to_owned()));
    }
    if let Some(token) = &server.token
        && let Some(person) = server.people.iter().find(|person| person.token.expose() == token.expose())
    {
        let reason = format!("{} has the same token as [server] token; give each their own", person.name);
        faults.add(fault("server.people", reason));
    }
    if is_open || server.public_url.is_some() {
        let too_short = |token: &Secret| token.expose().chars().count() < SHORTEST_TOKEN;
        let cure = format!(
            "is too short for an address that other machines can reach: write at least {SHORTEST_TOKEN} characters at random, such as \
             those of `openssl rand -hex 32`"
        );
        if server.token.as_ref().is_some_and(too_short) {
            faults.add(fault("server.token", cure.clone()));
        }
        for person in server.people.iter().filter(|person| too_short(&person.token)) {
            let place = origins.of(&person.origin_key()).to_string();
            let reason = format!("that of {} {cure}", person.name);
            faults.add(SettingsError::new(place, "server.people.token", reason));
        }
    }
}

fn check_public_url(url: &str) -> Result<(), String> {
    let expected = "must be the address that people use, such as https://marktwerk.example";
    let parsed = reqwest::Url::parse(url).map_err(|_| expected.to_owned())?;
    match (parsed.scheme(), parsed.host_str()) {
        ("https" | "http", Some(_)) if parsed.username().is_empty() && parsed.password().is_none() => Ok(()),
        ("https" | "http", Some(_)) => Err(format!("{expected}; without a login")),
        _ => Err(format!("{expected}: it begins with https:// or http://")),
    }
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
