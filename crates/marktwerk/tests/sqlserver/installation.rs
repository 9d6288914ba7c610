//! A folder from which the real program is started: its settings, in the words of an old installation.

use std::path::Path;

use marktwerk_connectors::TemuAccount;
use marktwerk_sandbox::Sandbox;
use marktwerk_sqlserver::{Address, Encryption};
use secrecy::ExposeSecret;

/// The files from which the real program reads the same, in the words of an old installation.
pub(crate) fn write_settings(folder: &Path, account: &TemuAccount, store: &Address, jtl: &Address) {
    let server = match (store.port, &store.instance) {
        (Some(port), _) => format!("{},{port}", store.host),
        (None, Some(instance)) => format!("{}\\{instance}", store.host),
        (None, None) => store.host.clone(),
    };
    let credentials = Sandbox::credentials();
    let lines = [
        ("TEMU_APP_KEY", account.app_key.as_str()),
        ("TEMU_APP_SECRET", credentials.app_secret),
        ("TEMU_ACCESS_TOKEN", credentials.access_token),
        ("TEMU_API_ENDPOINT", account.endpoint.as_str()),
        ("JTL_WAEHRUNG", "EUR"),
        ("JTL_K_FIRMA", "1"),
        ("JTL_K_BENUTZER", "1"),
        ("SQL_SERVER", server.as_str()),
        ("SQL_USERNAME", store.user.as_str()),
        ("SQL_PASSWORD", store.password.expose_secret()),
    ];
    let env: String = lines.iter().map(|(name, value)| format!("{name}='{value}'\n")).collect();
    let encrypt = match &store.encryption {
        Encryption::Required => "encrypt = \"required\"".to_owned(),
        Encryption::Authority(file) => format!("authority = '{}'", file.display()),
        Encryption::AnyCertificate => "encrypt = \"any-certificate\"".to_owned(),
        Encryption::LoginOnly => "encrypt = \"login-only\"".to_owned(),
    };
    let toml = format!(
        "data_dir = '{}'\n[server]\nlisten = \"127.0.0.1:0\"\n[sqlserver]\n{encrypt}\n\
         store_database = \"{}\"\njtl_database = \"{}\"\n",
        folder.join("data").display(),
        store.database,
        jtl.database
    );
    std::fs::write(folder.join(".env"), env).unwrap();
    std::fs::write(folder.join("marktwerk.toml"), toml).unwrap();
}
