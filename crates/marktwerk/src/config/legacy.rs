//! The variable names of the system in use today, so that its `.env` keeps working.

use figment::value::Value;
use marktwerk_connectors::{AccountSettings, TemuAccount, temu};

use super::accounts::check_endpoint;
use super::environment::Environment;
use super::error::{Faults, SettingsError};
use super::layer::Layer;
use super::origin::Origin;
use super::secret::Secret;
use super::sqlserver;

const KEY: &str = "TEMU_APP_KEY";
const SECRET: &str = "TEMU_APP_SECRET";
const TOKEN: &str = "TEMU_ACCESS_TOKEN";
const ENDPOINT: &str = "TEMU_API_ENDPOINT";

const CURRENCY: &str = "JTL_WAEHRUNG";
const OF_JTL: [(&str, &str); 3] = [
    ("JTL_SPRACHE", "erp.jtl.language"),
    ("JTL_K_BENUTZER", "erp.jtl.user"),
    ("JTL_K_FIRMA", "erp.jtl.company"),
];

/// Names of old tables that may be set, and the only ones that the take-over reads.
const OLD_TABLES: [(&str, &str); 3] = [
    ("TABLE_ORDERS", "temu_orders"),
    ("TABLE_ORDER_ITEMS", "temu_order_items"),
    ("TABLE_XML_EXPORT", "temu_xml_export"),
];

/// Old tables with names of their own, each a sentence: nobody should find out by an empty report.
pub(super) fn renamed_tables(environment: &Environment) -> Vec<String> {
    let other = |(variable, table): (&str, &str)| {
        let (name, origin) = environment.get(variable)?;
        let bare = name.rsplit('.').next().unwrap_or(name).trim_matches(['[', ']']);
        (!bare.eq_ignore_ascii_case(table)).then(|| {
            format!("{origin} is not used: `marktwerk takeover` reads dbo.{table}; make a view of this name over {name} before")
        })
    };
    OLD_TABLES.into_iter().filter_map(other).collect()
}

/// Variables that look like one of these that is not set, each a sentence. Those in `used` have a meaning of their own.
pub(super) fn misspelt(environment: &Environment, used: &[String]) -> Vec<String> {
    let known: Vec<&str> = [KEY, SECRET, TOKEN, ENDPOINT, CURRENCY]
        .into_iter()
        .chain(OF_JTL.into_iter().chain(sqlserver::OLD_NAMES).map(|(name, _)| name))
        .collect();
    let variables = ["TEMU_", "JTL_", "SQL_"].into_iter().flat_map(|prefix| {
        environment.with_prefix(prefix).map(move |(rest, _, origin)| (format!("{prefix}{rest}"), origin))
    });
    let unknown = variables.filter(|(name, _)| !known.contains(&name.as_str()) && !used.contains(name));
    let sentence = |(name, origin): (String, &Origin)| {
        let unset = known.iter().filter(|known| environment.get(known).is_none());
        let near = unset.map(|known| (strsim::jaro_winkler(&name, known), known));
        let (_, near) = near.filter(|(likeness, _)| *likeness > 0.9).max_by(|a, b| a.0.total_cmp(&b.0))?;
        Some(format!("{origin} is not known, and not used; did you mean {near}?"))
    };
    unknown.filter_map(sentence).collect()
}

/// What the ERP's names say, weaker than `MARKTWERK_ERP__JTL__…`.
pub(super) fn erp_layers(environment: &Environment, defaults: &Value) -> Vec<Layer> {
    let mut layers = Vec::new();
    if let Some((currency, origin)) = environment.get(CURRENCY) {
        let currencies: Vec<Value> =
            currency.split(',').map(|one| Value::from(one.trim().to_owned())).collect();
        layers.push(Layer::of(origin.clone(), "erp.jtl.currencies", Value::from(currencies)));
    }
    for (name, key) in OF_JTL {
        if let Some((value, origin)) = environment.get(name) {
            layers.push(Layer::single(origin.clone(), key, value, defaults));
        }
    }
    layers
}

/// The account that the TEMU names describe. Names in `used_elsewhere` belong to an account of the file. What it lacks is told.
pub(super) fn temu_account(
    environment: &Environment,
    used_elsewhere: &[String],
    faults: &mut Faults,
) -> Option<AccountSettings> {
    let own = |name: &str| environment.get(name).filter(|_| !used_elsewhere.iter().any(|used| used == name));
    let given: Vec<&str> =
        [KEY, SECRET, TOKEN, ENDPOINT].into_iter().filter(|name| own(name).is_some()).collect();
    let first = given.first()?;
    let mut needed = |name: &'static str| {
        let value = own(name).map(|(value, _)| value.to_owned()).ok_or_else(|| {
            let reason =
                format!("{name} is missing: a TEMU account needs {KEY}, {SECRET} and {TOKEN}; set it, or unset {first}");
            SettingsError::new("environment", "", reason)
        });
        faults.keep(value)
    };
    let (app_key, app_secret, access_token) = (needed(KEY), needed(SECRET), needed(TOKEN));
    let endpoint =
        own(ENDPOINT).map_or_else(|| temu::KIND.endpoint.to_owned(), |(value, _)| value.to_owned());
    let checked = check_endpoint(&endpoint, temu::KIND.endpoint)
        .map_err(|reason| SettingsError::new("environment", "", format!("{ENDPOINT} {reason}")));
    faults.keep(checked)?;
    let account = TemuAccount {
        name: "temu".to_owned(),
        app_key: app_key?,
        app_secret: Secret::new(app_secret?).into_inner(),
        access_token: Secret::new(access_token?).into_inner(),
        endpoint,
        calls_per_second: Some(20),
    };
    Some(account.into())
}
