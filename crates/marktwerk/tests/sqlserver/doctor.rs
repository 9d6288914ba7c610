//! `doctor` names each prepared fault.

use marktwerk::clock::SystemClock;
use marktwerk::config::Settings;
use marktwerk::doctor::examine;
use marktwerk_connectors::TemuAccount;
use marktwerk_domain::finding::Finding;
use marktwerk_erp::testing::{Eazybusiness, Schema};
use marktwerk_sqlserver::testing::{TestDatabase, database};
use marktwerk_sqlserver::{Address, Encryption, Pool, SqlError, reading};
use marktwerk_store::sqlserver::SqlServerStore;

/// Settings of a shop where all is well but the marketplace, which is not asked here.
struct Practice {
    settings: Settings,
    jtl: Eazybusiness,
    _store: TestDatabase,
    _folder: tempfile::TempDir,
}

async fn practice() -> Option<Practice> {
    let store = database("marktwerk_doctor").await?;
    let jtl = Eazybusiness::new("marktwerk_doctor_jtl", Schema::Newer).await?;
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings { data_dir: folder.path().join("data"), ..Settings::default() };
    settings.sqlserver.store = Some(store.address.clone());
    settings.sqlserver.jtl = Some(Address::parse(&jtl.url()).unwrap());
    Some(Practice { settings, jtl, _store: store, _folder: folder })
}

/// What is wrong, each with what it is about.
async fn wrong(settings: &Settings) -> Vec<String> {
    let examined = examine(settings, &SystemClock::shared()).await;
    let wrong = examined.into_iter().filter(|one| matches!(one.finding, Finding::Wrong(_)));
    wrong.map(|one| format!("{}: {}", one.about, one.finding)).collect()
}

/// Nothing is wrong but the marketplace: no account is set, and the program would refuse to start.
async fn all_else_is_well(settings: &Settings) {
    let wrong = wrong(settings).await;
    assert!(wrong.iter().all(|line| line.starts_with("account -: ")), "{wrong:#?}");
}

async fn must_be_named(settings: &Settings, about: &str, words: &str) {
    let wrong = wrong(settings).await;
    assert!(
        wrong.iter().any(|line| line.starts_with(about) && line.contains(words)),
        "{about}, {words}: {wrong:#?}"
    );
}

async fn batch(pool: &Pool, sql: &str) {
    let done: Result<(), SqlError> = reading!(pool, "prepare", |connection| connection.batch("prepare", sql));
    done.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_named_each_with_its_cure() {
    let Some(mut practice) = practice().await else { return };
    let well = practice.settings.clone();
    all_else_is_well(&well).await;
    // The login of the tests may do everything: that works. And which JTL it is was found out.
    let examined = examine(&well, &SystemClock::shared()).await;
    let is_odd =
        |finding: &Finding| matches!(finding, Finding::Odd(sentence) if sentence.contains("sysadmin"));
    assert!(examined.iter().any(|one| is_odd(&one.finding)), "{examined:#?}");
    let tells = |finding: &Finding| finding.to_string().contains("orders in Verkauf.tAuftrag");
    assert!(examined.iter().any(|one| tells(&one.finding)), "{examined:#?}");
    let address = well.sqlserver.store.clone().unwrap();
    // With the tables there, rights to their rows are asked for.
    SqlServerStore::open(address.clone(), well.time_zone.clone()).await.unwrap();
    all_else_is_well(&well).await;
    let pool = Pool::new(address.clone());
    // A name of its own: a login belongs to the whole server.
    let login = format!("reader_{}", std::process::id());
    for sql in [
        format!("CREATE LOGIN {login} WITH PASSWORD = 'Only-reads-4'"),
        format!("CREATE USER {login} FOR LOGIN {login}"),
        format!("GRANT SELECT ON SCHEMA::marktwerk TO {login}"),
        format!("GRANT SELECT, INSERT ON dbo.scheduler_logs TO {login}"),
    ] {
        batch(&pool, &sql).await;
    }
    let with = |change: &dyn Fn(&mut Address)| {
        let mut settings = well.clone();
        let mut address = address.clone();
        change(&mut address);
        settings.sqlserver.store = Some(address);
        settings
    };
    let reader = with(&|address| {
        (address.user, address.password) = (login.clone(), "Only-reads-4".to_owned().into());
    });
    must_be_named(
        &reader,
        "database",
        "rights (DELETE on dbo.scheduler_logs, INSERT on marktwerk.orders, UPDATE on",
    )
    .await;
    for sql in [
        format!("REVOKE SELECT, INSERT ON dbo.scheduler_logs FROM {login}"),
        format!("REVOKE SELECT ON SCHEMA::marktwerk FROM {login}"),
        format!("DROP USER {login}"),
        format!("DROP LOGIN {login}"),
    ] {
        batch(&pool, &sql).await;
    }
    let wrong_password = with(&|address| address.password = "wrong".to_owned().into());
    must_be_named(&wrong_password, "database", "was refused: check user and password").await;
    let no_database = with(&|address| address.database = "no_such_database".to_owned());
    must_be_named(&no_database, "database", "does not exist").await;
    let port_closed = with(&|address| address.port = Some(9));
    must_be_named(&port_closed, "database", "TCP/IP is enabled").await;
    let no_instance = with(&|address| (address.port, address.instance) = (None, Some("NOSUCH".to_owned())));
    must_be_named(&no_instance, "database", "SQL Server Browser").await;
    let not_trusted = with(&|address| address.encryption = Encryption::Required);
    must_be_named(&not_trusted, "database", "cannot be encrypted").await;

    let mut settings = well.clone();
    settings.jtl.shipping_method = "Brieftaube".to_owned();
    must_be_named(&settings, "JTL-Wawi", "Brieftaube").await;
    let mut settings = well.clone();
    settings.data_dir = "/proc/nowhere".into();
    must_be_named(&settings, "data folder", "cannot be written to").await;
    let mut settings = well.clone();
    settings.accounts = vec![
        TemuAccount {
            name: "shop".to_owned(),
            endpoint: "http://127.0.0.1:9/openapi/router".to_owned(),
            app_key: "k".to_owned(),
            app_secret: "s".into(),
            access_token: "t".into(),
            calls_per_second: None,
        }
        .into(),
    ];
    must_be_named(&settings, "account shop", "no connection").await;
    std::fs::create_dir_all(&well.data_dir).unwrap();
    std::fs::write(well.jobs_file(), "[{\"job_type\": ").unwrap();
    must_be_named(&well, "jobs file", "workers_config.json").await;
    std::fs::remove_file(well.jobs_file()).unwrap();
    batch(&practice.jtl.pool, "ALTER TABLE dbo.tVersand DROP COLUMN cIdentCode").await;
    must_be_named(&well, "JTL-Wawi", "cIdentCode").await;
    practice.settings = well;
}
