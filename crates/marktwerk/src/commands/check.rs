//! `marktwerk config show` and `config check`: what would be used, where each value comes from, and what is odd.

use marktwerk_engine::jobs_file::JobsDocument;
use marktwerk_server::Role;
use serde_json::{Value, json};

use super::output::Output;
use crate::compose::StartError;
use crate::config::{AlertSettings, Person, Settings, origin_key};

/// What would be used and where it comes from.
pub(super) fn show(settings: &Settings, output: &Output) -> anyhow::Result<()> {
    if output.is_json() {
        return Ok(output.json(&document(settings)?)?);
    }
    tell(settings, output)
}

/// The same, with what is odd; and whether the jobs file can be read at all.
pub(super) fn check(settings: &Settings, output: &Output) -> anyhow::Result<()> {
    let jobs = jobs_in_file(settings)?;
    if output.is_json() {
        let mut document = document(settings)?;
        document["findings"] = json!(findings(settings));
        document["jobs_in_file"] = json!(jobs);
        return Ok(output.json(&document)?);
    }
    tell(settings, output)?;
    if let Some(count) = jobs {
        let path = settings.jobs_file();
        let place = path.display();
        output
            .line(&format!("jobs file {place}: {count} jobs; whether each can run is asked at the start"))?;
    }
    for finding in findings(settings) {
        output.line(&format!("note: {finding}"))?;
    }
    Ok(())
}

fn document(settings: &Settings) -> anyhow::Result<Value> {
    let values = values(settings)?.into_iter();
    let rows: Vec<Value> = values
        .map(|(key, value)| {
            json!({ "key": key, "value": value, "origin": settings.origins.of(&key).to_string() })
        })
        .collect();
    let accounts: Vec<Value> = settings
        .accounts
        .iter()
        .map(|account| {
            json!({ "name": account.name, "marketplace": account.kind.name, "endpoint": account.endpoint,
                "origin": settings.origins.of(&origin_key(account)).to_string() })
        })
        .collect();
    let alerts: Vec<Value> = alerts(settings)
        .map(|(name, host, origin)| json!({ "name": name, "host": host, "origin": origin }))
        .collect();
    let people: Vec<Value> = people(settings)
        .map(|(person, origin)| json!({ "name": person.name, "role": person.role, "origin": origin }))
        .collect();
    Ok(json!({ "settings": rows, "people": people, "accounts": accounts, "alerts": alerts }))
}

fn tell(settings: &Settings, output: &Output) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = values(settings)?
        .iter()
        .map(|(key, value)| vec![key.clone(), written(value), settings.origins.of(key).to_string()])
        .collect();
    output.table(&rows)?;
    for (person, origin) in people(settings) {
        output.line(&format!("person {}: {} ({origin})", person.name, person.role))?;
    }
    for account in &settings.accounts {
        let (name, marketplace, endpoint) = (&account.name, account.kind.name, &account.endpoint);
        let origin = settings.origins.of(&origin_key(account));
        output.line(&format!("account {name}: {marketplace} at {endpoint} ({origin})"))?;
    }
    for (name, host, origin) in alerts(settings) {
        output.line(&format!("alerts by {name}: {host} ({origin})"))?;
    }
    Ok(())
}

/// The people who may use the server besides the one token, and where each is configured.
fn people(settings: &Settings) -> impl Iterator<Item = (&Person, String)> {
    let people = settings.server.people.iter();
    people.map(|person| (person, settings.origins.of(&person.origin_key()).to_string()))
}

/// How many jobs the jobs file has, where there is one; a broken one is named with its place.
fn jobs_in_file(settings: &Settings) -> anyhow::Result<Option<usize>> {
    let document =
        JobsDocument::open(&settings.jobs_file()).map_err(|error| StartError::new(error.to_string()))?;
    Ok(document.map(|document| document.entries.len()))
}

/// Where alerts are sent, by host alone: a webhook's address is a secret, and mail addresses are personal data.
fn alerts(settings: &Settings) -> impl Iterator<Item = (&'static str, &str, String)> {
    settings
        .alerts
        .hosts()
        .into_iter()
        .map(|(name, host)| (name, host, settings.origins.of(&AlertSettings::origin_key(name)).to_string()))
}

/// All values by dotted key, secrets masked.
fn values(settings: &Settings) -> anyhow::Result<Vec<(String, Value)>> {
    let all = json!({
        "data_dir": settings.data_dir,
        "log": settings.log,
        "server": {
            "listen": settings.server.listen,
            "public_url": settings.server.public_url,
            "token": settings.server.token,
            "connections": settings.server.connections,
            "connections_per_address": settings.server.connections_per_address,
        },
        "store": { "url": settings.store_place() },
        "scheduler": settings.scheduler,
        "erp": { "jtl": settings.jtl },
        "orders": settings.orders,
        "inventory": settings.inventory,
        "sandbox": settings.sandbox,
    });
    let mut values = Vec::new();
    flatten("", all, &mut values);
    for (key, value) in &mut values {
        match key.as_str() {
            "scheduler.jobs_file" => *value = json!(settings.jobs_file()),
            // The address may hold a password; its place does not.
            "erp.jtl.url" => {
                if let Some(address) = &settings.sqlserver.jtl {
                    *value = json!(address.to_string());
                }
            }
            _ => {}
        }
    }
    Ok(values)
}

fn flatten(section: &str, value: Value, values: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let key = if section.is_empty() { name } else { format!("{section}.{name}") };
                flatten(&key, value, values);
            }
        }
        value => values.push((section.to_owned(), value)),
    }
}

/// As the settings file would write it.
fn written(value: &Value) -> String {
    if value.is_null() { "-".to_owned() } else { value.to_string() }
}

pub(super) fn findings(settings: &Settings) -> Vec<String> {
    let mut findings = settings.findings.clone();
    if settings.is_demonstration() {
        let why = if settings.sandbox.enabled { "it was asked for" } else { "no account is configured" };
        findings.push(format!("marketplace and JTL are simulated: {why}"));
        if !settings.accounts.is_empty() {
            findings.push("the accounts above are not used while the sandbox is asked for".to_owned());
        }
    } else if !settings.has_jtl() {
        findings.push(
            "JTL is simulated: neither [sqlserver] server nor [erp.jtl] url is set; nothing is sent to a marketplace beyond this machine"
                .to_owned(),
        );
    }
    let server = &settings.server;
    let has_admin = server.token.is_some() || server.people.iter().any(|person| person.role == Role::Admin);
    if server.has_access_control() && !has_admin {
        findings.push(
            "nobody is an admin, so jobs can be added and removed only in the jobs file: set [server] token, or give one of \
             [[server.people]] the role admin"
                .to_owned(),
        );
    }
    if !settings.is_demonstration() && settings.alerts.hosts().is_empty() {
        findings.push(
            "no alert is sent when a job is paused: neither [alerts.webhook] nor [alerts.email] is set"
                .to_owned(),
        );
    }
    findings
}
