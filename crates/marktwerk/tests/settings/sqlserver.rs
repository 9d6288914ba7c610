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

#[test]
fn what_is_missing_or_cannot_be_is_told_with_its_place() {
    for (text, error) in [
        ("[sqlserver]\nserver = 'srv,x'\n", "marktwerk.toml:2: [sqlserver] server: `x` is no port"),
        ("[sqlserver]\nserver = 'srv'\n", "[sqlserver] login: names no login; add [sqlserver] login"),
        (
            "[sqlserver]\nserver = 'srv'\nlogin = \"l\"\n",
            "[sqlserver] password: is missing; add password, password_env",
        ),
        ("[sqlserver]\nencrypt = \"no\"\n", "marktwerk.toml:2: [sqlserver] encrypt"),
        (
            "[sqlserver]\nencrypt = \"login-only\"\nauthority = \"x\"\n",
            "[sqlserver] authority: has no effect",
        ),
        (
            "[store]\nurl = \"mssql://a:sec%ret@srv/toci\"\n",
            "marktwerk.toml:2: [store] url: a `%` is followed by two",
        ),
        ("[erp.jtl]\nurl = \"mssql://srv\"\n", "marktwerk.toml:2: [erp.jtl] url: no database is named"),
        (
            "[erp.jtl]\nurl = \"mssql://srv/eazybusiness\"\n",
            "marktwerk.toml:2: [erp.jtl] url: names no login",
        ),
    ] {
        let told = case(text).error();
        assert!(told.contains(error) && !told.contains("sec%ret"), "{text}: {told}");
    }
}
