//! Puts the sources together: file, old names, `MARKTWERK_…`, flags; the later one wins.

use std::collections::BTreeMap;
use std::path::PathBuf;

use figment::Figment;
use figment::error::Kind;
use figment::value::{Dict, Value};
use marktwerk_connectors::AccountSettings;

use super::account_rules::{AccountRules, refuse_colliding_prefixes};
use super::accounts::{AccountSection, OwnKeys, origin_key, token_key};
use super::document::Document;
use super::environment::Environment;
use super::error::{Faults, SettingsError};
use super::layer::Layer;
use super::legacy;
use super::origin::{Origin, Origins};
use super::people::{Person, PersonSection};
use super::root::Root;
use super::settings::Settings;
use super::{plain, reading, sqlserver, validate};

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

/// Reads, layers, checks. The error tells everything that is wrong.
pub fn load(sources: &Sources) -> Result<Settings, SettingsError> {
    match load_what_can_be(sources) {
        (settings, None) => Ok(settings),
        (_, Some(error)) => Err(error),
    }
}

/// The same for somebody who only wants to know where the server is: what cannot be used has its default.
pub fn load_what_can_be(sources: &Sources) -> (Settings, Option<SettingsError>) {
    let mut faults = Faults::default();
    let environment = &sources.environment;
    environment.tell_faults(&mut faults);
    let document = read_document(sources, &mut faults);
    let figment = layers(sources, &document, &mut faults);
    let source = Source { figment: &figment, document: &document, environment };
    let mut origins = source.origins();
    let root = source.root(&mut faults);
    let Accounts { accounts, rules, mut used } = source.accounts(&root.accounts, &mut origins, &mut faults);
    used.extend(root.sqlserver.password_variable().cloned());
    let people = source.people(&root.server.people, &mut origins, &mut used, &mut faults);
    let mut settings = validate::complete(root, accounts, people, environment, origins, &mut faults);
    settings.jtl.accounts = rules.iter().map(|(name, rules)| (name.clone(), rules.jtl.clone())).collect();
    settings.of_accounts = rules;
    settings.findings.extend_from_slice(environment.remarks());
    settings.findings.extend(legacy::misspelt(environment, &used));
    settings.findings.extend(legacy::renamed_tables(environment));
    settings.findings.extend(sqlserver::unused_database(environment, &settings.sqlserver));
    (settings, faults.into_error())
}

fn read_document(sources: &Sources, faults: &mut Faults) -> Document {
    let named = sources.file.clone().or_else(|| {
        let (path, _) = sources.environment.get("MARKTWERK_CONFIG")?;
        Some(PathBuf::from(path))
    });
    let usual = sources.directory.join(CONFIG_FILE);
    match named {
        Some(path) => Document::read(&path, faults),
        None if usual.exists() => Document::read(&usual, faults),
        None => Document::default(),
    }
}

fn layers(sources: &Sources, document: &Document, faults: &mut Faults) -> Figment {
    let defaults = Value::serialize(Root::default()).unwrap_or_else(|_| Value::from(Dict::new()));
    let mut figment = Figment::new().merge(Layer::new(Origin::new(document.name()), document.values.clone()));
    for layer in legacy::erp_layers(&sources.environment, &defaults) {
        figment = figment.merge(layer);
    }
    for layer in sqlserver::legacy_layers(&sources.environment) {
        figment = figment.merge(layer);
    }
    for (name, value, origin) in sources.environment.with_prefix("MARKTWERK_") {
        if NO_SETTINGS.contains(&name) || OF_TESTS.iter().any(|beginning| name.starts_with(beginning)) {
            continue;
        }
        if faults.keep(refuse_one_underscore(name, origin, &defaults)).is_some() {
            let key = name.to_lowercase().replace("__", ".");
            figment = figment.merge(Layer::single(origin.clone(), &key, value, &defaults));
        }
    }
    for (flag, key, value) in &sources.flags {
        figment = figment.merge(Layer::single(Origin::new(format!("flag {flag}")), key, value, &defaults));
    }
    figment
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
    accounts: Vec<AccountSettings>,
    /// By account.
    rules: BTreeMap<String, AccountRules>,
    /// The variables that those of the file name.
    used: Vec<String>,
}

/// All sources put together, with where each value was said.
struct Source<'a> {
    figment: &'a Figment,
    document: &'a Document,
    environment: &'a Environment,
}

impl Source<'_> {
    /// All but the accounts and the people, which are read one by one.
    fn root(&self, faults: &mut Faults) -> Root {
        let mut values = match self.figment.find_value("") {
            Ok(Value::Dict(_, values)) => values,
            _ => Dict::new(),
        };
        plain::check(&mut values, &mut |key, reason| {
            faults.add(SettingsError::new(self.place(key), plain::plain(key), reason));
        });
        let mut values = Value::from(values);
        let root = reading::read(&mut values, |path, kind| faults.add(self.fault("", path, kind)));
        root.unwrap_or_default()
    }

    fn accounts(&self, written: &[Value], origins: &mut Origins, faults: &mut Faults) -> Accounts {
        let mut accounts: Vec<AccountSettings> = Vec::new();
        let mut rules: BTreeMap<String, AccountRules> = BTreeMap::new();
        let mut used = Vec::new();
        for (index, value) in written.iter().enumerate() {
            let at = format!("accounts.{index}");
            let mut value = value.clone();
            let keys = OwnKeys::take(&mut value);
            let read = reading::read(&mut value, |path, kind| {
                faults.add(self.account_fault(&at, path, kind, &keys));
            });
            let Some(section): Option<AccountSection> = read else { continue };
            used.extend(keys.variables());
            let place = |key: &str| self.place(&format!("{at}.{key}"));
            let own = section.rules(&keys, place, faults);
            let name = section.name.clone().unwrap_or_default();
            faults.keep(refuse_colliding_prefixes(&rules, &name, &own.order_number_prefix, place));
            let token = keys.token_origin(self.environment, place);
            let refuse = |key: &str, kind: &Kind| self.fault(&at, key, kind);
            let account = section.complete(&keys, self.environment, place, refuse, faults);
            if rules.contains_key(&name) {
                let reason = "two accounts have this name; give each its own";
                faults.add(SettingsError::new(place("name"), "accounts.name", reason));
            }
            rules.insert(name, own);
            if let Some(account) = account {
                origins.set(origin_key(&account), Origin::new(self.place(&at)));
                origins.set(token_key(&account), token);
                accounts.push(account);
            }
        }
        if let Some(account) = legacy::temu_account(self.environment, &used, faults) {
            if rules.contains_key(&account.name) {
                let reason = "has an account `temu`, and TEMU_APP_KEY in the environment describes another of this name; remove one";
                faults.add(SettingsError::new(self.place("accounts"), "accounts", reason));
            }
            let origin = self.environment.get("TEMU_APP_KEY").map(|(_, origin)| origin.clone());
            origins.set(origin_key(&account), origin.unwrap_or_else(Origin::default_value));
            if let Some((_, origin)) = self.environment.get("TEMU_ACCESS_TOKEN") {
                origins.set(token_key(&account), origin.clone());
            }
            accounts.push(account);
        }
        Accounts { accounts, rules, used }
    }

    /// The people, with the variables that they refer to added to `used`.
    fn people(
        &self,
        written: &[Value],
        origins: &mut Origins,
        used: &mut Vec<String>,
        faults: &mut Faults,
    ) -> Vec<Person> {
        let mut people: Vec<Person> = Vec::new();
        for (index, value) in written.iter().enumerate() {
            let at = format!("{PEOPLE}.{index}");
            let mut value = value.clone();
            let read = reading::read(&mut value, |path, kind| faults.add(self.fault(&at, path, kind)));
            let Some(section): Option<PersonSection> = read else { continue };
            used.extend(section.variable().cloned());
            let place = |key: &str| self.place(&format!("{at}.{key}"));
            if let Some(person) = section.complete(self.environment, &people, place, faults) {
                origins.set(person.origin_key(), Origin::new(place("name")));
                people.push(person);
            }
        }
        people
    }

    /// The same of an account, whose marketplace has keys of its own.
    fn account_fault(&self, at: &str, path: &str, kind: &Kind, keys: &OwnKeys) -> SettingsError {
        match kind {
            Kind::UnknownField(name, common) if !path.contains('.') => {
                let own = keys.known();
                let known: Vec<&str> = common.iter().copied().chain(own.iter().map(String::as_str)).collect();
                let full = format!("{at}.{path}");
                SettingsError::unknown_key(self.place(&full), &plain::plain(&full), name, &known)
            }
            kind => self.fault(at, path, kind),
        }
    }

    /// figment's fault at a path below `base`, with its place.
    fn fault(&self, base: &str, path: &str, kind: &Kind) -> SettingsError {
        let full = if base.is_empty() || path.is_empty() {
            format!("{base}{path}")
        } else {
            format!("{base}.{path}")
        };
        // People count accounts by the line, not by a number.
        SettingsError::from_kind(self.place(&full), &plain::plain(&full), kind)
    }

    /// Where a key was said: a place in the file, a variable, a flag. Of what is missing, or within a list, its section's.
    fn place(&self, key: &str) -> String {
        let mut near = Some(key);
        while let Some(section) = near {
            match self.figment.find_metadata(section) {
                Some(_) if self.is_of_file(section) => break,
                Some(metadata) => return metadata.name.to_string(),
                None => near = section.rsplit_once('.').map(|(section, _)| section),
            }
        }
        self.document.place(key)
    }

    fn is_of_file(&self, key: &str) -> bool {
        let metadata = self.figment.find_metadata(key);
        !self.document.name().is_empty()
            && metadata.is_some_and(|metadata| metadata.name == self.document.name())
    }

    fn origin(&self, key: &str) -> Option<Origin> {
        let metadata = self.figment.find_metadata(key)?;
        Some(Origin::new(match self.is_of_file(key) {
            true => self.document.place(key),
            false => metadata.name.to_string(),
        }))
    }

    fn origins(&self) -> Origins {
        let mut origins = Origins::default();
        if let Ok(Value::Dict(_, values)) = self.figment.find_value("") {
            self.note("", &values, &mut origins);
        }
        origins
    }

    fn note(&self, section: &str, values: &Dict, origins: &mut Origins) {
        for (name, value) in values {
            let key = if section.is_empty() { name.clone() } else { format!("{section}.{name}") };
            if let Value::Dict(_, inner) = value {
                self.note(&key, inner, origins);
            } else if let Some(origin) = self.origin(&key) {
                origins.set(key, origin);
            }
        }
    }
}
