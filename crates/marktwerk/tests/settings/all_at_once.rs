//! All that is wrong is told at once, each with its place, in words that say what is expected.

use crate::case::case;

#[test]
fn every_fault_of_a_file_is_told_in_its_order() {
    let file = "\
log = \"lots\"
colour = \"red\"

[server]
listen = 8000
lisen = \"x\"
public_url = \"marktwerk\"

[scheduler]
workers = \"many\"
time_zone = \"Europe/Berlinn\"
keep_logs_days = -1
time_limit_minutes = \"15m\"

[erp.jtl]
language = \"de\"
  currencies = []
company = 1.5
customer = \"old\"
time_zone = \"\"

[[accounts]]
name = \"sand box\"
marketplace = \"temu\"
app_secret = \" \"
calls_per_second = -3

[[accounts]]
marketplace = \"amazon\"
app_key = \"k\"
";
    let error = case(file).error();
    let expected = [
        "marktwerk.toml:1:1: log: `lots` is not a level; write error, warn, info",
        "marktwerk.toml:2:1: has no key `colour`; known here: ",
        "marktwerk.toml:5:1: [server] listen: must be an address with its port, such as \"127.0.0.1:8000\"",
        "marktwerk.toml:6:1: [server] has no key `lisen`; did you mean `listen`?",
        "marktwerk.toml:7:1: [server] public_url: must be the address that people use",
        "marktwerk.toml:10:1: [scheduler] workers: must be a whole number, not a text",
        "marktwerk.toml:11:1: [scheduler] time_zone: `Europe/Berlinn` is not a time zone",
        "marktwerk.toml:12:1: [scheduler] keep_logs_days: must be at least 1",
        "marktwerk.toml:13:1: [scheduler] time_limit_minutes: must be a whole number of minutes, not a text",
        "marktwerk.toml:16:1: [erp.jtl] language: JTL writes this language in three letters: \"ger\"",
        "marktwerk.toml:17:3: [erp.jtl] currencies: names no currency",
        "marktwerk.toml:18:1: [erp.jtl] company: must be a whole number, not a fraction",
        "marktwerk.toml:19:1: [erp.jtl] customer: must be \"new\", \"email_and_name\" or { collective",
        "marktwerk.toml:20:1: [erp.jtl] time_zone: is empty; write a value, or remove the line",
        "marktwerk.toml:22:1: [accounts] app_key: is missing; add it",
        "marktwerk.toml:22:1: [accounts] access_token: is missing; add access_token,",
        "marktwerk.toml:23:1: [accounts] name: must be letters, digits, - and _",
        "marktwerk.toml:25:1: [accounts] app_secret: is empty",
        "marktwerk.toml:26:1: [accounts] calls_per_second: must be at least 0",
        "marktwerk.toml:28:1: [accounts] name: is missing; add it",
        "marktwerk.toml:29:1: [accounts] marketplace: amazon is not supported by this version yet",
    ];
    let told: Vec<&str> = error.lines().collect();
    for (line, expected) in told.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}\n{error}");
    }
    assert_eq!(told.len(), expected.len(), "{error}");
    for word in ["u64", "usize", "i64", "invalid type", "expected", "variant", "enum", "struct", "bool"] {
        assert!(!error.contains(word), "{word}: {error}");
    }
}

#[test]
fn a_key_that_is_there_twice_does_not_hide_the_rest() {
    let error = case("[scheduler]\nworkers = 2\nworkers = 3\nkeep_runs_days = \"x\"\n").error();
    let told: Vec<&str> = error.lines().collect();
    assert_eq!(told.len(), 2, "{error}");
    assert_eq!(told[0], "marktwerk.toml:3:1: `workers` is there twice; keep one of them");
    assert!(
        told[1].starts_with("marktwerk.toml:4:1: [scheduler] keep_runs_days: must be a whole number of days"),
        "{error}"
    );
    // After a quote that is not closed everything else would seem wrong.
    let error = case("[server]\nlisten = \"x\nfoo = 1\nbar = 2\n").error();
    assert!(error.lines().all(|line| line.contains(": is not TOML: ")), "{error}");
}

#[test]
fn file_and_environment_are_told_together_each_with_its_place() {
    let variables = [
        ("MARKTWERK_LOG", "lots"),
        ("MARKTWERK_SCHEDULER__WORKERS", "many"),
        ("MARKTWERK_SERVER_TOKEN", "hush"),
        ("MARKTWERK_INVENTORY__BUFFER", "-1"),
        ("JTL_SPRACHE", "de"),
        ("JTL_WAEHRUNG", "eur"),
        ("TEMU_APP_KEY", "k"),
    ];
    let error = case("[orders]\nstep_hours = 0\n").with(&variables).error();
    for expected in [
        "marktwerk.toml:2:1: [orders] step_hours: must be at least 1",
        "environment variable MARKTWERK_LOG: log: `lots` is not a level",
        "environment variable MARKTWERK_SCHEDULER__WORKERS: [scheduler] workers: must be a whole number, not a text",
        "environment variable MARKTWERK_SERVER_TOKEN: is not a setting; did you mean MARKTWERK_SERVER__TOKEN?",
        "environment variable MARKTWERK_INVENTORY__BUFFER: [inventory] buffer: must be at least 0",
        "environment variable JTL_SPRACHE: [erp.jtl] language: JTL writes this language in three letters: \"ger\"",
        "environment variable JTL_WAEHRUNG: [erp.jtl] currencies: `eur` must be in capitals: \"EUR\"",
        "environment: TEMU_APP_SECRET is missing",
        "environment: TEMU_ACCESS_TOKEN is missing",
    ] {
        assert!(error.lines().any(|line| line.starts_with(expected)), "{expected}\n{error}");
    }
    assert_eq!(error.lines().count(), 9, "{error}");
}

/// A wrong token is not also a door without one.
#[test]
fn what_follows_from_a_fault_is_not_told() {
    for file in [
        "[server]\nlisten = \"0.0.0.0:8000\"\ntoken = 5\n",
        "[sqlserver]\nserver = 5\nlogin = \"l\"\n",
        "[alerts.webhook]\nurl = 5\nsecret = \"s\"\n",
        "[[accounts]]\nname = 5\nmarketplace = \"temu\"\napp_key = \"k\"\napp_secret = \"s\"\naccess_token = \"t\"\n",
    ] {
        let error = case(file).error();
        assert!(error.lines().count() == 1 && error.contains("must be a text, not a number"), "{error}");
    }
}

#[test]
fn figures_are_within_reason_and_texts_say_something() {
    for (file, expected) in [
        ("[scheduler]\nworkers = 100000000\n", "workers: must be at most 1000"),
        ("[scheduler]\nworkers = 99999999999999999999\n", "workers: is too big a number"),
        ("[scheduler]\nkeep_logs_days = 4000000000\n", "keep_logs_days: must be at most 36500"),
        ("[alerts.email]\nport = 70000\n", "port: must be at most 65535"),
        ("[sandbox]\nseed = -1\n", "seed: must be at least 0"),
        ("[erp.jtl]\nwarehouses = [1, -2]\n", "warehouses: must be at least 1"),
        ("[erp.jtl]\nwarehouses = [\"main\"]\n", "warehouses: must be a list of whole numbers"),
        ("[erp.jtl]\npaid = \"yes\"\n", "paid: must be true or false, not a text"),
        ("[erp.jtl]\nshipping_method = \"  \"\n", "shipping_method: is empty"),
        ("[erp.jtl.customer]\ncollective = 5\n", "collective: must be \"new\", \"email_and_name\" or {"),
        ("[erp.jtl]\ndate_style = \"us\"\n", "date_style: must be iso or dotted"),
        ("[erp.jtl]\ncurrencies = \"EUR\"\n", "currencies: must be a list such as [\"EUR\"]"),
        ("[erp.jtl]\ntime_zone = \"Berlin\"\n", "[erp.jtl] time_zone: `Berlin` is not a time zone"),
        ("data_dir = \"\"\n", "data_dir: is empty"),
        ("log = \"\"\n", "log: is empty"),
        ("[server]\ntoken = \"\"\n", "token: is empty"),
        ("server = 5\n", "server: must be a section, not a number"),
        ("accounts = 5\n", "accounts: must be a list, not a number"),
        ("[accounts]\nname = \"x\"\n", "accounts: must be a list, not a section"),
    ] {
        let error = case(file).error();
        assert!(error.contains(expected) && error.lines().count() == 1, "{file}: {error}");
    }
}
