//! Our own database and JTL's.

use marktwerk_domain::clock::SharedClock;
use marktwerk_domain::finding::Finding;
use marktwerk_erp::{Erp, ErpError};
use marktwerk_store::meta::MetaStore;
use marktwerk_store::sqlite::SqliteStore;
use marktwerk_store::sqlserver;

use crate::compose::open_jtl;
use crate::config::Settings;

pub(super) async fn store(settings: &Settings, clock: &SharedClock) -> Vec<Finding> {
    if let Some(address) = &settings.sqlserver.store {
        return sqlserver::examine(address, || clock.now(), &settings.time_zone).await;
    }
    let path = settings.database();
    let shown = path.display();
    if !path.exists() {
        return vec![Finding::Well(format!("{shown} does not exist yet: the first start makes it"))];
    }
    let checked = match SqliteStore::open(&path, settings.time_zone.clone()) {
        Ok(store) => store.check().await,
        Err(error) => Err(error),
    };
    match checked {
        Ok(findings) if findings.is_empty() => vec![Finding::Well(format!("{shown} is well"))],
        Ok(findings) => findings.into_iter().map(Finding::Wrong).collect(),
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
