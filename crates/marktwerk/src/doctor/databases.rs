//! Our own database and JTL's.

use std::fs::OpenOptions;
use std::path::Path;

use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::finding::Finding;
use marktwerk_erp::{Erp, ErpError};
use marktwerk_sqlserver::Address;
use marktwerk_store::files::network_mount;
use marktwerk_store::sqlite::SqliteStore;
use marktwerk_store::sqlserver;

use crate::compose::{belongs_to, open_jtl, open_store_for_a_look};
use crate::config::{Origin, Settings};

/// Which databases on SQL Server are meant, and who said so: most mistakes are a wrong name.
pub(super) fn named(settings: &Settings) -> Vec<Finding> {
    let servers = &settings.sqlserver;
    let both = [
        ("our own", &servers.store, "store.url", "sqlserver.store_database"),
        ("JTL's", &servers.jtl, "erp.jtl.url", "sqlserver.jtl_database"),
    ];
    let named = |(what, address, url, database): (&str, &Option<Address>, &str, &str)| {
        let address = address.as_ref()?;
        let by = |key: &str| settings.origins.near(key);
        let url = settings.origins.of(url);
        let by = if url == Origin::default_value() {
            let database = settings.origins.of(database);
            let (server, login) = (by("sqlserver.server"), by("sqlserver.login"));
            format!(
                "server: {server}; name: {database}; login: {login}; password: {}",
                by("sqlserver.password")
            )
        } else {
            url.to_string()
        };
        Some(Finding::Well(format!("{what}: {address}, login {} ({by})", address.user)))
    };
    both.into_iter().filter_map(named).collect()
}

pub(super) async fn store(settings: &Settings, clock: &SharedClock) -> Vec<Finding> {
    if let Some(address) = &settings.sqlserver.store {
        return sqlserver::examine(address, || clock.now(), &settings.time_zone).await;
    }
    let path = settings.database();
    let shown = path.display();
    let mut findings = Vec::new();
    if let Some(share) = network_mount(&path) {
        findings.push(Finding::Wrong(format!(
            "{shown} lies on {share}: locks and the write-ahead log are not safe there. Put it on a local disk ([store] url, --data-dir), or \
             use SQL Server"
        )));
    }
    match path.try_exists() {
        Ok(true) => {}
        Ok(false) => {
            findings.push(Finding::Well(format!("{shown} does not exist yet: the first start makes it")));
            return findings;
        }
        Err(error) => {
            let cure = "let the doctor be the user that the program runs as";
            findings.push(Finding::Wrong(format!("{shown} cannot be looked at ({error}): {cure}")));
            return findings;
        }
    }
    // The log is made beside it.
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = OpenOptions::new().append(true).open(&path).map(drop);
    if let Err(error) = written.and_then(|()| super::machine::write_and_remove(folder)) {
        findings.push(Finding::Wrong(format!(
            "{shown} cannot be written to ({error}): give this user the right to write to it and in its folder, or name another file with \
             [store] url"
        )));
    }
    let examined = match SqliteStore::version(&path) {
        Ok(_) => SqliteStore::examine(&path, false),
        Err(error) => Err(error),
    };
    match examined {
        Ok(examined) => {
            if !examined.iter().any(|finding| matches!(finding, Finding::Wrong(_))) {
                findings.push(Finding::Well(format!("{shown} is well")));
            }
            findings.extend(examined);
        }
        Err(error) => findings.push(Finding::Wrong(error.to_string())),
    }
    findings
}

/// Whether the orders of the database went to the JTL that is configured now: the start refuses another one.
pub(super) async fn belonging(settings: &Settings) -> Vec<Finding> {
    let Ok(store) = open_store_for_a_look(settings).await else {
        // Why not, the check of the database says.
        return Vec::new();
    };
    let is_simulated = settings.is_demonstration() || !settings.has_jtl();
    match belongs_to(&store, settings, is_simulated).await {
        Ok(_) => Vec::new(),
        Err(error) => vec![Finding::Wrong(error.to_string())],
    }
}

pub(super) async fn jtl(settings: &Settings) -> Vec<Finding> {
    if !settings.has_jtl() {
        return vec![Finding::Odd(
            "it is simulated: set [sqlserver] server (SQL_SERVER) or [erp.jtl] url to use a real one"
                .to_owned(),
        )];
    }
    match examine_jtl(settings).await {
        Ok(findings) => findings,
        Err(error) => vec![Finding::Wrong(error.to_string())],
    }
}

async fn examine_jtl(settings: &Settings) -> Result<Vec<Finding>, ErpError> {
    let erp = open_jtl(settings).await?;
    let wrong = erp.check().await?;
    // What it found out about the database is in its description now.
    let mut findings = vec![Finding::Well(erp.describe())];
    if wrong.is_empty() {
        findings.push(Finding::Well("every table, column, right and name that is used is there".to_owned()));
    }
    findings.extend(wrong.into_iter().map(Finding::Wrong));
    findings.extend(erp.advice().await?.into_iter().map(Finding::Odd));
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Environment, Sources, load};

    #[test]
    fn who_named_a_database_is_told() {
        let environment = Environment::of_pairs([
            ("SQL_SERVER", "srv,1433"),
            ("SQL_USERNAME", "temu"),
            ("SQL_PASSWORD", "secret"),
            ("MARKTWERK_ERP__JTL__URL", "mssql://other/mandant2"),
        ]);
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().to_owned();
        let settings = load(&Sources { directory, environment, ..Sources::default() }).unwrap();
        let told: Vec<String> = named(&settings).iter().map(Finding::to_string).collect();
        let [own, jtl] = &told[..] else { panic!("{told:?}") };
        assert!(own.starts_with("our own: database toci on srv,1433, login temu"), "{own}");
        assert!(own.contains("server: environment variable SQL_SERVER; name: default;"), "{own}");
        assert!(own.ends_with("password: environment variable SQL_PASSWORD)"), "{own}");
        assert!(jtl.ends_with("login temu (environment variable MARKTWERK_ERP__JTL__URL)"), "{jtl}");
    }
}
