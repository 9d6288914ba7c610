//! `[sqlserver]`, the urls that name it, and the words of the system in use today.

use marktwerk::config::Settings;

use crate::case::case;

const OLD: [(&str, &str); 3] =
    [("SQL_SERVER", "srv\\JTLWAWI"), ("SQL_USERNAME", "temu"), ("SQL_PASSWORD", "p@ss word")];

/// Our store's address and JTL's, as programs read them.
fn urls(settings: &Settings) -> [Option<String>; 2] {
    let servers = &settings.sqlserver;
    [&servers.store, &servers.jtl].map(|address| address.as_ref().map(|address| address.url_with_password()))
}

#[test]
fn the_old_names_mean_both_databases() {
    let settings = case("").with(&OLD).load().unwrap();
    let url = |database: &str| Some(format!("mssql://temu:p%40ss%20word@srv/{database}?instance=JTLWAWI"));
    assert_eq!(urls(&settings), [url("toci"), url("eazybusiness")]);
    assert_eq!(settings.store_place(), "database toci on srv\\JTLWAWI");
    assert!(settings.has_jtl() && !format!("{settings:?}").contains("p@ss"));
    case("").with(&[("SQL_SERVER", "")]).load().unwrap();
}

#[test]
fn an_url_of_its_own_goes_first_and_borrows_the_login() {
    let text = "[store]\nurl = \"sqlite:x.db\"\n[erp.jtl]\nurl = \"mssql://other:1444/mandant2\"\n\
        [sqlserver]\nserver = 'srv,1433'\nlogin = \"l\"\npassword = \"p\"\nencrypt = \"any-certificate\"\n";
    let settings = case(text).load().unwrap();
    assert_eq!(urls(&settings), [None, Some("mssql://l:p@other:1444/mandant2".to_owned())]);
    let text = "[store]\nurl = \"mssql://a:b@srv/toci?encrypt=login-only\"\n";
    let settings = case(text).load().unwrap();
    assert_eq!(urls(&settings), [Some("mssql://a:b@srv/toci?encrypt=login-only".to_owned()), None]);
    assert!(!settings.has_jtl());
}

/// Its orders would lie among the real ones for ever.
#[test]
fn the_sandbox_never_gets_a_merchants_database() {
    let sandbox = |text: &str| case(text).with(&OLD).flag("--sandbox", "sandbox.enabled", "true");
    let settings = sandbox("").load().unwrap();
    assert_eq!(urls(&settings), [None, None]);
    assert_eq!(settings.store_place(), "sqlite:data/marktwerk.db");
    let error = sandbox("[store]\nurl = \"mssql://srv/toci\"\n").error();
    assert!(
        error.starts_with("marktwerk.toml:2:1: [store] url: names a SQL Server, and the sandbox"),
        "{error}"
    );
}

#[test]
fn what_is_missing_or_cannot_be_is_told_with_its_place() {
    for (text, error) in [
        ("[sqlserver]\nserver = 'srv,x'\n", "marktwerk.toml:2:1: [sqlserver] server: `x` is not a port"),
        ("[sqlserver]\nserver = 'srv'\n", "[sqlserver] login: names no login; add [sqlserver] login"),
        (
            "[sqlserver]\nserver = 'srv'\nlogin = \"l\"\n",
            "[sqlserver] password: is missing; add password, password_env",
        ),
        ("[sqlserver]\nencrypt = \"no\"\n", "marktwerk.toml:2:1: [sqlserver] encrypt"),
        (
            "[sqlserver]\nserver = 'srv'\nencrypt = \"login-only\"\nauthority = \"x\"\n",
            "[sqlserver] authority: has no effect",
        ),
        // A server that is not named is not a simulated JTL.
        (
            "[sqlserver]\nencrypt = \"any-certificate\"\n",
            "marktwerk.toml:2:1: [sqlserver] encrypt: is set, but no server is named; add [sqlserver] server (SQL_SERVER)",
        ),
        (
            "[store]\nurl = \"mssql://a:b@srv/toci\"\n[sqlserver]\njtl_database = \"x\"\n",
            "marktwerk.toml:4:1: [sqlserver] jtl_database: is set, but no server",
        ),
        (
            "[store]\nurl = \"mssql://a:sec%ret@srv/toci\"\n",
            "marktwerk.toml:2:1: [store] url: a `%` is followed by two",
        ),
        ("[erp.jtl]\nurl = \"mssql://srv\"\n", "marktwerk.toml:2:1: [erp.jtl] url: no database is named"),
        (
            "[erp.jtl]\nurl = \"mssql://srv/eazybusiness\"\n",
            "marktwerk.toml:2:1: [erp.jtl] url: names no login",
        ),
    ] {
        let told = case(text).error();
        assert!(told.contains(error) && !told.contains("sec%ret"), "{text}: {told}");
    }
}

#[test]
fn an_url_alone_borrows_the_login_too() {
    let text =
        "[erp.jtl]\nurl = \"mssql://srv/eazybusiness\"\n[sqlserver]\nlogin = \"l\"\npassword = \"p\"\n";
    let settings = case(text).load().unwrap();
    assert_eq!(urls(&settings), [None, Some("mssql://l:p@srv/eazybusiness".to_owned())]);
}

#[test]
fn a_misspelt_name_of_the_system_in_use_today_is_told() {
    let error = case("").with(&[("SQL_SERVR", "srv"), ("SQL_USERNAME", "temu")]).error();
    assert!(error.contains("SQL_USERNAME: [sqlserver] login: is set, but no server"), "{error}");
    let with_all_but = |name: &'static str, wrong: &'static str| {
        let names = OLD.iter().copied().chain([("JTL_SPRACHE", "ger"), ("JTL_K_FIRMA", "1")]);
        let names: Vec<_> =
            names.map(|(known, value)| (if known == name { wrong } else { known }, value)).collect();
        case("").with(&names).load().unwrap().findings
    };
    assert_eq!(
        with_all_but("JTL_SPRACHE", "JTL_SPRACH"),
        ["environment variable JTL_SPRACH is not known, and not used; did you mean JTL_SPRACHE?"]
    );
    assert_eq!(with_all_but("JTL_K_FIRMA", "JTL_FIRMA").len(), 1);
    // Others are none of ours.
    assert_eq!(with_all_but("JTL_K_FIRMA", "SQL_HOME"), [""; 0]);
    let used = case("[sqlserver]\npassword_env = \"SQL_PASSWORT\"\n").with(&[
        OLD[0],
        OLD[1],
        ("SQL_PASSWORT", "p"),
        ("SQL_SERVER_2", "other"),
    ]);
    assert_eq!(used.load().unwrap().findings, [""; 0]);
}

#[test]
fn a_database_that_the_system_in_use_today_did_not_read_either_is_told_and_not_used() {
    let with = |text: &str, name: &'static str| {
        let names: Vec<_> = OLD.iter().copied().chain([("SQL_DATABASE", name)]).collect();
        case(text).with(&names).load().unwrap()
    };
    let settings = with("", "toci_dev");
    let [told] = &settings.findings[..] else { panic!("{:?}", settings.findings) };
    assert!(told.starts_with("environment variable SQL_DATABASE is not used"), "{told}");
    assert!(told.contains("the database is `toci`; write store_database"), "{told}");
    assert_eq!(settings.sqlserver.store.unwrap().database, "toci");
    assert_eq!(with("", "TOCI").findings, [""; 0]);
    let meant = with("[sqlserver]\nstore_database = \"toci_dev\"\n", "toci_dev");
    assert_eq!((meant.findings.len(), meant.sqlserver.store.unwrap().database.as_str()), (0, "toci_dev"));
}
