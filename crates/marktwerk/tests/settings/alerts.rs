//! `[alerts]`: whoever is to be told can be; what cannot be is said with its place, and a secret never.

use crate::case::case;

#[test]
fn nobody_is_told_unless_somebody_is_named() {
    for file in ["", "[alerts]\n", "[alerts.webhook]\n[alerts.email]\nport = 25\nsecurity = \"none\"\n"] {
        assert!(case(file).load().unwrap().alerts.hosts().is_empty(), "{file}");
    }
}

#[test]
fn both_ways_are_set_by_the_file_or_by_the_environment() {
    let file = "[alerts.webhook]\nurl = \"https://hooks.example.org/hush\"\nsecret = \"hush\"\n\
                [alerts.email]\nserver = \"smtp.example.org\"\nuser = \"u\"\npassword = \"hush\"\n\
                from = \"a@example.org\"\nto = [\"b@example.org\"]\n";
    let hosts = [("webhook", "hooks.example.org"), ("email", "smtp.example.org")];
    let settings = case(file).load().unwrap();
    assert_eq!(settings.alerts.hosts(), hosts);
    assert!(!format!("{settings:?}").contains("hush"));
    let origin = |key: &str| settings.origins.of(key).to_string();
    assert!(origin("alerts.webhook").ends_with("marktwerk.toml:2:1"), "{}", origin("alerts.webhook"));
    assert!(origin("alerts.email").ends_with("marktwerk.toml:5:1"), "{}", origin("alerts.email"));

    let variables = [
        ("MARKTWERK_ALERTS__WEBHOOK__URL", "https://hooks.example.org/hush"),
        ("MARKTWERK_ALERTS__EMAIL__SERVER", "smtp.example.org"),
        ("MARKTWERK_ALERTS__EMAIL__PORT", "2525"),
        ("MARKTWERK_ALERTS__EMAIL__FROM", "a@example.org"),
        ("MARKTWERK_ALERTS__EMAIL__TO", "[\"b@example.org\", \"C <c@example.org>\"]"),
    ];
    let settings = case("").with(&variables).load().unwrap();
    assert_eq!(settings.alerts.hosts(), hosts);
    assert_eq!(
        settings.origins.of("alerts.webhook").to_string(),
        "environment variable MARKTWERK_ALERTS__WEBHOOK__URL"
    );
}

#[test]
fn an_address_is_refused_without_being_repeated() {
    let webhook = |url: &str| case(&format!("[alerts.webhook]\nurl = \"{url}\"\n")).error();
    let error = webhook("http://hooks.example.org/hush");
    assert!(error.starts_with("marktwerk.toml:2:1: [alerts.webhook] url: must be an address"), "{error}");
    assert!(error.contains("in clear") && !error.contains("hush"), "{error}");
    let error = webhook("hush");
    assert!(error.contains("[alerts.webhook] url: ") && !error.contains("hush"), "{error}");

    let from_elsewhere = case("[alerts.webhook]\nurl_env = \"HOOK\"\n");
    let error = from_elsewhere.error();
    assert_eq!(
        error,
        "marktwerk.toml:2:1: [alerts.webhook] url_env: the environment variable HOOK is not set; set it, or put it into .env"
    );
    // A variable that is wrong stands where it is named.
    let error = case("[alerts.webhook]\nurl_env = \"HOOK\"\n").with(&[("HOOK", "ftp://hush")]).error();
    assert!(error.starts_with("marktwerk.toml:2:1: [alerts.webhook] url: "), "{error}");
    assert!(!error.contains("hush"), "{error}");
}

#[test]
fn half_of_a_way_is_told_with_what_is_missing() {
    for (file, expected) in [
        ("[alerts.webhook]\nsecret = \"s\"\n", "marktwerk.toml:2:1: [alerts.webhook] url: is missing"),
        (
            "[alerts.webhook]\nurl = \"https://example.org\"\nsecret = \" \"\n",
            "marktwerk.toml:3:1: [alerts.webhook] secret: is empty",
        ),
        (
            "[alerts.webhook]\nurl = \"https://example.org\"\nurl_env = \"X\"\n",
            "marktwerk.toml:2:1: [alerts.webhook] url: is given more than once",
        ),
        (
            "[alerts.email]\nto = [\"b@example.org\"]\n",
            "marktwerk.toml:2:1: [alerts.email] server: is missing",
        ),
        (
            "[alerts.email]\nserver = \"smtp.example.org\"\nfrom = \"a@example.org\"\n",
            "marktwerk.toml:3:1: [alerts.email] to: is empty",
        ),
        (
            "[alerts.email]\nserver = \"smtp.example.org\"\nuser = \"u\"\n",
            "marktwerk.toml:2:1: [alerts.email] password: is missing",
        ),
        (
            "[alerts.email]\nserver = \"smtp.example.org\"\nsecurity = \"ssl\"\n",
            "marktwerk.toml:3:1: [alerts.email] security: must be tls, starttls or none",
        ),
        (
            "[alerts.email]\nto = \"b@example.org\"\n",
            "marktwerk.toml:2:1: [alerts.email] to: must be a list of addresses such as",
        ),
        ("[alerts.mail]\n", "marktwerk.toml:1:9: [alerts] has no key `mail`; did you mean `email`?"),
    ] {
        let error = case(file).error();
        assert!(error.starts_with(expected), "{error}");
    }
}
