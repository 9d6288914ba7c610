//! Puts the sources together: file, old names, `MARKTWERK_…`, flags; the later one wins.

use std::collections::BTreeMap;
use std::path::PathBuf;

use figment::Figment;
use figment::error::Kind;
use figment::value::Value;

use super::account_rules::{AccountRules, refuse_colliding_prefixes};
use super::accounts::{Account, AccountSection};
use super::document::Document;
use super::environment::Environment;
use super::error::SettingsError;
use super::layer::Layer;
use super::legacy;
use super::origin::{Origin, Origins};
use super::people::{Person, PersonSection};
use super::root::Root;
use super::settings::Settings;
use super::{sqlserver, validate};

/// The settings file in the working directory.
pub const CONFIG_FILE: &str = "marktwerk.toml";

/// Variables of the program that are no settings.
const NO_SETTINGS: [&str; 3] = ["CONFIG", "TOKEN", "SERVER_URL"];

/// Beginnings of variables that belong to the project's tests.
const OF_TESTS: [&str; 2] = ["TEST_", "SKIP_"];

/// The list of people.
const PEOPLE: &str = "server.people";

/// Where settings come from.
#[derive(Debug, Default)]
pub struct Sources {
    /// Where `marktwerk.toml` is looked for; empty is the working directory.
    pub directory: PathBuf,
    /// The file that was asked for; it must exist then.
    pub file: Option<PathBuf>,
    /// The variables.
    pub environment: Environment,
    /// (flag, dotted key, value)
    pub flags: Vec<(&'static str, &'static str, String)>,
}

/// Reads, layers, checks.
pub fn load(sources: &Sources) -> Result<Settings, SettingsError> {
    let document = read_document(sources)?;
    let figment = layers(sources, &document)?;
    let environment = &sources.environment;
    let root: Root = figment.extract().map_err(|error| fault(&figment, &document, "", &error))?;
    let mut origins = origins(&figment, &document);
    let Accounts { accounts, rules, mut used } =
        accounts(&figment, &document, environment, &root.accounts, &mut origins)?;
    used.extend(root.sqlserver.password_variable().cloned());
    let people = people(&figment, &document, environment, &root.server.people, &mut origins, &mut used)?;
    let mut settings = validate::complete(root, accounts, people, environment, origins)?;
    settings.jtl.accounts = rules.iter().map(|(name, rules)| (name.clone(), rules.jtl.clone())).collect();
    settings.of_accounts = rules;
    let mut findings =
        [environment.remarks(), &legacy::misspelt(environment, &used), &legacy::renamed_tables(environment)]
            .concat();
    findings.extend(sqlserver::unused_database(environment, &settings.sqlserver));
    Ok(Settings { findings, ..settings })
}

fn read_document(sources: &Sources) -> Result<Document, SettingsError> {
    let named = sources.file.clone().or_else(|| {
        let (path, _) = sources.environment.get("MARKTWERK_CONFIG")?;
        Some(PathBuf::from(path))
    });
    let usual = sources.directory.join(CONFIG_FILE);
    match named {
        Some(path) => Document::read(&path),
        None if usual.is_file() => Document::read(&usual),
        None => Ok(Document::default()),
    }
}

fn layers(sources: &Sources, document: &Document) -> Result<Figment, SettingsError> {
    let defaults = Value::serialize(Root::default())
        .map_err(|error| SettingsError::new("defaults", "", format!("cannot be read: {error}")))?;
    let mut figment = Figment::new().merge(Layer::new(Origin::new(document.name()), document.values.clone()));
    for layer in legacy::erp_layers(&sources.environment, &defaults) {
        figment = figment.merge(layer);
    }
    for layer in sqlserver::legacy_layers(&sources.environment) {
        figment = figment.merge(layer);
    }
    for (name, value, origin) in sources.environment.with_prefix("MARKTWERK_") {
        if !NO_SETTINGS.contains(&name) && !OF_TESTS.iter().any(|beginning| name.starts_with(beginning)) {
            refuse_one_underscore(name, origin, &defaults)?;
            let key = name.to_lowercase().replace("__", ".");
            figment = figment.merge(Layer::single(origin.clone(), &key, value, &defaults));
        }
    }
    for (flag, key, value) in &sources.flags {
        figment = figment.merge(Layer::single(Origin::new(format!("flag {flag}")), key, value, &defaults));
    }
    Ok(figment)
}

/// `MARKTWERK_SERVER_TOKEN` in place of `MARKTWERK_SERVER__TOKEN` is the mistake that everybody makes once.
fn refuse_one_underscore(name: &str, origin: &Origin, defaults: &Value) -> Result<(), SettingsError> {
    let sections = defaults.as_dict().into_iter().flatten().filter(|(_, value)| value.as_dict().is_some());
    for (section, _) in sections {
        let beginning = format!("{}_", section.to_uppercase());
        if let Some(key) = name.strip_prefix(&beginning)
            && !key.starts_with('_')
        {
            let reason = format!(
                "is not a setting; did you mean MARKTWERK_{beginning}_{key}? Two underscores stand between section and key"
            );
            return Err(SettingsError::new(origin.to_string(), "", reason));
        }
    }
    Ok(())
}

struct Accounts {
    accounts: Vec<Account>,
    /// By account.
    rules: BTreeMap<String, AccountRules>,
    /// The variables that those of the file name.
    used: Vec<String>,
}

fn accounts(
    figment: &Figment,
    document: &Document,
    environment: &Environment,
    written: &[Value],
    origins: &mut Origins,
) -> Result<Accounts, SettingsError> {
    let mut accounts: Vec<Account> = Vec::new();
    let mut rules: BTreeMap<String, AccountRules> = BTreeMap::new();
    let mut used = Vec::new();
    for (index, value) in written.iter().enumerate() {
        let at = format!("accounts.{index}");
        let section: AccountSection =
            value.deserialize().map_err(|error| fault(figment, document, &at, &error))?;
        used.extend(section.variables().cloned());
        let place = |key: &str| document.place(&format!("{at}.{key}"));
        let own = section.rules(place)?;
        refuse_colliding_prefixes(&rules, &section.name, &own.order_number_prefix, place)?;
        let account = section.complete(environment, place)?;
        if accounts.iter().any(|other| other.name() == account.name()) {
            let place = document.place(&format!("{at}.name"));
            return Err(SettingsError::new(
                place,
                "accounts.name",
                "two accounts have this name; give each its own",
            ));
        }
        origins.set(account.origin_key(), Origin::new(document.place(&at)));
        rules.insert(account.name().to_owned(), own);
        accounts.push(account);
    }
    if let Some(account) = legacy::temu_account(environment, &used)? {
        if accounts.iter().any(|other| other.name() == account.name()) {
            let place = document.place("accounts");
            let reason = "has an account `temu`, and TEMU_APP_KEY in the environment describes another of this name; remove one";
            return Err(SettingsError::new(place, "accounts", reason));
        }
        let origin = environment.get("TEMU_APP_KEY").map(|(_, origin)| origin.clone());
        origins.set(account.origin_key(), origin.unwrap_or_else(Origin::default_value));
        accounts.push(account);
    }
    Ok(Accounts { accounts, rules, used })
}

/// The people, with the variables that they refer to added to `used`.
fn people(
    figment: &Figment,
    document: &Document,
    environment: &Environment,
    written: &[Value],
    origins: &mut Origins,
    used: &mut Vec<String>,
) -> Result<Vec<Person>, SettingsError> {
    let mut people: Vec<Person> = Vec::new();
    let list = origin(figment, document, PEOPLE).map(|origin| origin.to_string());
    for (index, value) in written.iter().enumerate() {
        let at = format!("{PEOPLE}.{index}");
        let section: PersonSection =
            value.deserialize().map_err(|error| fault(figment, document, &at, &error))?;
        used.extend(section.variable().cloned());
        let place = |key: &str| match &list {
            // A list in the environment has no lines.
            Some(list) if *list != document.place(PEOPLE) => list.clone(),
            _ => document.place(&format!("{at}.{key}")),
        };
        let person = section.complete(environment, &people, place)?;
        origins.set(person.origin_key(), Origin::new(place("name")));
        people.push(person);
    }
    Ok(people)
}

/// figment's error with its place. Unknown keys and texts where none belongs are looked up by their path.
fn fault(figment: &Figment, document: &Document, base: &str, error: &figment::Error) -> SettingsError {
    let mut names: Vec<&str> = Vec::from_iter((!base.is_empty()).then_some(base));
    names.extend(error.path.iter().map(String::as_str));
    if let Kind::UnknownField(name, _) = &error.kind
        && names.last() != Some(&name.as_str())
    {
        names.push(name);
    }
    let path = names.join(".");
    let place =
        origin(figment, document, &path).map_or_else(|| document.place(&path), |origin| origin.to_string());
    // People count accounts by the line, not by a number.
    let list = base.rsplit_once('.').map_or(base, |(list, _)| list);
    let shown = path.replacen(base, list, usize::from(!base.is_empty()));
    SettingsError::from_kind(place, &shown, &error.kind)
}

fn origin(figment: &Figment, document: &Document, path: &str) -> Option<Origin> {
    let metadata = figment.find_metadata(path)?;
    let is_file = !document.name().is_empty() && metadata.name == document.name();
    Some(Origin::new(if is_file { document.place(path) } else { metadata.name.to_string() }))
}

fn origins(figment: &Figment, document: &Document) -> Origins {
    let mut origins = Origins::default();
    if let Ok(Value::Dict(_, values)) = figment.find_value("") {
        note(figment, document, "", &values, &mut origins);
    }
    origins
}

fn note(
    figment: &Figment,
    document: &Document,
    section: &str,
    values: &figment::value::Dict,
    origins: &mut Origins,
) {
    for (name, value) in values {
        let key = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
        if let Value::Dict(_, inner) = value {
            note(figment, document, &key, inner, origins);
        } else if let Some(origin) = origin(figment, document, &key) {
            origins.set(key, origin);
        }
    }
}
