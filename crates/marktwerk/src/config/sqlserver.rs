//! `[sqlserver]`: the merchant's SQL Server, once for both of its databases. Where it is named, our store is `toci` on it and JTL is
//! `eazybusiness`, unless an url of their own says otherwise.

use std::path::PathBuf;

use figment::value::Value;
use marktwerk_sqlserver::{Address, Encryption};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use super::environment::Environment;
use super::error::SettingsError;
use super::layer::Layer;
use super::root::Root;
use super::secret::Secret;
use super::secret_source::SecretSource;

/// `[sqlserver]`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SqlServerSection {
    server: Option<String>,
    login: Option<String>,
    password: Option<Secret>,
    password_env: Option<String>,
    password_file: Option<PathBuf>,
    encrypt: EncryptWord,
    authority: Option<PathBuf>,
    store_database: String,
    jtl_database: String,
}

impl Default for SqlServerSection {
    fn default() -> Self {
        Self {
            server: None,
            login: None,
            password: None,
            password_env: None,
            password_file: None,
            encrypt: EncryptWord::Required,
            authority: None,
            store_database: "toci".to_owned(),
            jtl_database: "eazybusiness".to_owned(),
        }
    }
}

impl SqlServerSection {
    /// The variable that holds the password.
    pub(super) fn password_variable(&self) -> Option<&String> {
        self.password_env.as_ref()
    }

    /// A key that has no meaning, for no server is named to which it belongs: whoever wrote it meant one.
    fn of_no_server(&self, urls: &[Option<&str>]) -> Option<&'static str> {
        if self.server.is_some() {
            return None;
        }
        let default = Self::default();
        let of_databases = [
            ("store_database", self.store_database != default.store_database),
            ("jtl_database", self.jtl_database != default.jtl_database),
        ];
        // An url borrows these.
        let of_the_way = [
            ("login", self.login.is_some()),
            ("password", self.password.is_some()),
            ("password_env", self.password_env.is_some()),
            ("password_file", self.password_file.is_some()),
            ("encrypt", self.encrypt != default.encrypt),
            ("authority", self.authority.is_some()),
        ];
        let is_borrowed = urls.iter().flatten().any(|url| is_sql_server(url));
        let of_the_way = of_the_way.into_iter().filter(|_| !is_borrowed);
        of_databases.into_iter().chain(of_the_way).find(|(_, is_set)| *is_set).map(|(key, _)| key)
    }
}

/// How the connection is kept secret, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum EncryptWord {
    Required,
    AnyCertificate,
    LoginOnly,
}

/// The databases on SQL Server that the settings name.
#[derive(Debug, Clone, Default)]
pub struct SqlServers {
    /// Our own store.
    pub store: Option<Address>,
    /// JTL-Wawi.
    pub jtl: Option<Address>,
    /// Where the system in use today keeps its tables: the server's own `toci`, wherever our store is.
    pub old: Option<Address>,
}

/// The names of the system in use today, and the keys that they set.
pub(super) const OLD_NAMES: [(&str, &str); 3] =
    [("SQL_SERVER", "server"), ("SQL_USERNAME", "login"), ("SQL_PASSWORD", "password")];

/// Stands in old files, and the system in use today does not read it: its database is `toci`.
const OLD_DATABASE: &str = "SQL_DATABASE";

/// A sentence where that one names another database than the store's: nobody should find out by an empty report.
pub(super) fn unused_database(environment: &Environment, servers: &SqlServers) -> Option<String> {
    let (name, origin) = environment.get(OLD_DATABASE)?;
    let store = servers.old.as_ref().filter(|old| !old.database.eq_ignore_ascii_case(name))?;
    Some(format!(
        "{origin} is not used, as the system in use today did not: the database is `{}`; write store_database under [sqlserver] where another one is meant",
        store.database
    ))
}

/// What they say, weaker than `MARKTWERK_SQLSERVER__…`.
pub(super) fn legacy_layers(environment: &Environment) -> Vec<Layer> {
    let given = OLD_NAMES.into_iter().filter_map(|(name, key)| Some((key, environment.get(name)?)));
    given
        .map(|(key, (value, origin))| {
            Layer::of(origin.clone(), &format!("sqlserver.{key}"), Value::from(value.to_owned()))
        })
        .collect()
}

/// Puts section and urls together. `fault` makes an error of a dotted key and a reason.
pub(super) fn complete(
    root: &Root,
    environment: &Environment,
    fault: &impl Fn(&str, String) -> SettingsError,
) -> Result<SqlServers, SettingsError> {
    let section = root.sqlserver.clone();
    let within = |key: &str, reason: String| fault(&format!("sqlserver.{key}"), reason);
    if let Some(key) = section.of_no_server(&[root.store.url.as_deref(), Some(&root.erp.jtl.url)]) {
        let reason = "is set, but no server is named; add [sqlserver] server (SQL_SERVER)".to_owned();
        return Err(within(key, reason));
    }
    let password = SecretSource {
        key: "password",
        text: section.password,
        variable: section.password_env,
        file: section.password_file,
    };
    let password = password.resolve_where_given(environment, &within)?;
    let login = Login { user: section.login, password: password.map(Secret::into_inner) };
    let encryption = match (section.encrypt, section.authority) {
        (EncryptWord::Required, None) => Encryption::Required,
        (EncryptWord::Required, Some(file)) => Encryption::Authority(file),
        (EncryptWord::AnyCertificate, None) => Encryption::AnyCertificate,
        (EncryptWord::LoginOnly, None) => Encryption::LoginOnly,
        (_, Some(_)) => {
            let reason = "has no effect with this value of encrypt; keep one of the two".to_owned();
            return Err(within("authority", reason));
        }
    };
    let of_section = |database: &str| {
        // What is simulated never goes into a merchant's database.
        let server = section.server.as_ref().filter(|_| !root.sandbox.enabled);
        let Some(server) = server else { return Ok(None) };
        let address =
            Address::of_server(server, database).map_err(|error| within("server", error.to_string()))?;
        login
            .complete(Address { encryption: encryption.clone(), ..address }, "sqlserver.login", fault)
            .map(Some)
    };
    let of_url = |url: &str, key: &str| {
        let address = Address::parse(url).map_err(|error| fault(key, error.to_string()))?;
        login.complete(address, key, fault).map(Some)
    };
    let old = of_section(&section.store_database)?;
    let store = match root.store.url.as_deref() {
        None => old.clone(),
        Some(url) if is_sql_server(url) && root.sandbox.enabled => {
            let reason = "names a SQL Server, and the sandbox was asked for: simulated orders never go into a merchant's database; start \
                          without --sandbox ([sandbox] enabled), or name a file (sqlite:PATH)";
            return Err(fault("store.url", reason.to_owned()));
        }
        Some(url) if is_sql_server(url) => of_url(url, "store.url")?,
        Some(_) => None,
    };
    let jtl = match root.erp.jtl.url.as_str() {
        "" => of_section(&section.jtl_database)?,
        url if is_sql_server(url) => of_url(url, "erp.jtl.url")?,
        _ => None,
    };
    Ok(SqlServers { store, jtl, old })
}

/// Whether an url names a database on SQL Server.
pub(super) fn is_sql_server(url: &str) -> bool {
    matches!(url.split_once(':'), Some(("mssql" | "sqlserver", _)))
}

/// The login to use if the URL names none.
struct Login {
    user: Option<String>,
    password: Option<SecretString>,
}

impl Login {
    fn complete(
        &self,
        address: Address,
        key: &str,
        fault: &impl Fn(&str, String) -> SettingsError,
    ) -> Result<Address, SettingsError> {
        if !address.user.is_empty() {
            return Ok(address);
        }
        match (&self.user, &self.password) {
            (Some(user), Some(password)) => {
                Ok(Address { user: user.clone(), password: password.clone(), ..address })
            }
            (None, _) => Err(fault(
                key,
                "names no login; add [sqlserver] login (SQL_USERNAME), a SQL login with its rights as docs/OPERATING.md lists them"
                    .to_owned(),
            )),
            (Some(_), None) => Err(fault(
                "sqlserver.password",
                "is missing; add password, password_env (a variable), password_file (a file) or SQL_PASSWORD".to_owned(),
            )),
        }
    }
}
