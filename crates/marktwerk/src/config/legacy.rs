//! The variable names of the system in use today, so that its `.env` keeps working.

use figment::value::Value;
use marktwerk_connectors::TemuAccount;
use marktwerk_sqlserver::Address;

use super::accounts::{Account, check_endpoint};
use super::environment::Environment;
use super::error::SettingsError;
use super::layer::Layer;
use super::secret::Secret;

/// Where TEMU's interface for sellers in Europe answers.
pub(super) const TEMU_ENDPOINT: &str = "https://openapi-b-eu.temu.com/openapi/router";

/// Where the system in use today keeps its own tables, unless it says otherwise.
const OLD_DATABASE: &str = "toci";

const KEY: &str = "TEMU_APP_KEY";
const SECRET: &str = "TEMU_APP_SECRET";
const TOKEN: &str = "TEMU_ACCESS_TOKEN";
const ENDPOINT: &str = "TEMU_API_ENDPOINT";

/// What the ERP's names say, weaker than `MARKTWERK_ERP__JTL__…`.
pub(super) fn erp_layers(environment: &Environment, defaults: &Value) -> Vec<Layer> {
    let mut layers = Vec::new();
    if let Some((currency, origin)) = environment.get("JTL_WAEHRUNG") {
        let currencies: Vec<Value> =
            currency.split(',').map(|one| Value::from(one.trim().to_owned())).collect();
        layers.push(Layer::of(origin.clone(), "erp.jtl.currencies", Value::from(currencies)));
    }
    for (name, key) in [
        ("JTL_SPRACHE", "erp.jtl.language"),
        ("JTL_K_BENUTZER", "erp.jtl.user"),
        ("JTL_K_FIRMA", "erp.jtl.company"),
    ] {
        if let Some((value, origin)) = environment.get(name) {
            layers.push(Layer::single(origin.clone(), key, value, defaults));
        }
    }
    layers
}

/// SQL Server is asked for: an error, never a silent fall-back. Its other names alone are worth a word.
pub(super) fn refuse_sql_server(environment: &Environment) -> Result<Option<String>, SettingsError> {
    if let Some((_, origin)) = environment.get("SQL_SERVER") {
        return Err(SettingsError::new(
            origin.to_string(),
            "",
            "SQL Server is not supported by this version yet; unset SQL_SERVER to use the simulated JTL",
        ));
    }
    let lonely: Vec<&str> =
        ["SQL_USERNAME", "SQL_PASSWORD"].into_iter().filter(|name| environment.get(name).is_some()).collect();
    let finding =
        format!("{} has no effect: SQL Server is not supported by this version yet", lonely.join(" and "));
    Ok((!lonely.is_empty()).then_some(finding))
}

/// The account that the TEMU names describe. Names in `used_elsewhere` belong to an account of the file.
pub(super) fn temu_account(
    environment: &Environment,
    used_elsewhere: &[String],
) -> Result<Option<Account>, SettingsError> {
    let own = |name: &str| environment.get(name).filter(|_| !used_elsewhere.iter().any(|used| used == name));
    let given: Vec<&str> =
        [KEY, SECRET, TOKEN, ENDPOINT].into_iter().filter(|name| own(name).is_some()).collect();
    let Some(first) = given.first() else { return Ok(None) };
    let needed = |name: &'static str| {
        own(name).map(|(value, _)| value.to_owned()).ok_or_else(|| {
            let reason =
                format!("{name} is missing: a TEMU account needs {KEY}, {SECRET} and {TOKEN}; set it, or unset {first}");
            SettingsError::new("environment", "", reason)
        })
    };
    let endpoint = own(ENDPOINT).map_or_else(|| TEMU_ENDPOINT.to_owned(), |(value, _)| value.to_owned());
    check_endpoint(&endpoint)
        .map_err(|reason| SettingsError::new("environment", "", format!("{ENDPOINT} {reason}")))?;
    Ok(Some(Account::Temu(TemuAccount {
        name: "temu".to_owned(),
        app_key: needed(KEY)?,
        app_secret: Secret::new(needed(SECRET)?).into_inner(),
        access_token: Secret::new(needed(TOKEN)?).into_inner(),
        endpoint,
        calls_per_second: Some(20),
    })))
}

/// The database of the system in use today, where its own names say which.
pub(crate) fn old_database(environment: &Environment) -> Result<Option<Address>, SettingsError> {
    let Some((server, origin)) = environment.get("SQL_SERVER") else { return Ok(None) };
    let fault = |reason: String| SettingsError::new(origin.to_string(), "", reason);
    let needed = |name: &str| {
        let missing =
            || fault(format!("{name} is missing: Marktwerk logs in to SQL Server by name and password"));
        environment.get(name).map(|(value, _)| value.to_owned()).ok_or_else(missing)
    };
    let database = environment.get("SQL_DATABASE").map_or(OLD_DATABASE, |(name, _)| name);
    let address = Address::of_server(server, database).map_err(|error| fault(error.to_string()))?;
    Ok(Some(Address { user: needed("SQL_USERNAME")?, password: needed("SQL_PASSWORD")?.into(), ..address }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_database_is_named_by_its_own_variables() {
        let all = [("SQL_SERVER", "SRV\\JTLWAWI"), ("SQL_USERNAME", "shop"), ("SQL_PASSWORD", "hush")];
        let address = old_database(&Environment::of_pairs(all)).unwrap().unwrap();
        assert_eq!(address.to_string(), "database toci on SRV\\JTLWAWI");
        assert_eq!(address.user, "shop");
        let named = Environment::of_pairs(all.into_iter().chain([("SQL_DATABASE", "shop_toci")]));
        assert_eq!(old_database(&named).unwrap().unwrap().database, "shop_toci");
        assert!(old_database(&Environment::default()).unwrap().is_none());
        for (lacking, told) in
            [(&all[..2], "SQL_PASSWORD is missing"), (&all[..1], "SQL_USERNAME is missing")]
        {
            let error =
                old_database(&Environment::of_pairs(lacking.iter().copied())).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
    }
}
