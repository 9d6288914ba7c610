//! Settings: which source wins, and that each fault is one sentence with place, key and cure.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

mod alerts;
mod all_at_once;
mod case;
mod example;
mod limits;
mod people;
mod sqlserver;

use std::path::Path;

use case::case;
use marktwerk::config::{Environment, Sources, load};
use secrecy::ExposeSecret;

#[test]
fn nothing_said_means_the_defaults() {
    let settings = case("").load().unwrap();
    assert_eq!(settings.server.listen.to_string(), "127.0.0.1:8000");
    assert!(settings.is_demonstration());
    assert_eq!(settings.jobs_file(), Path::new("data/workers_config.json"));
    assert_eq!(settings.database(), Path::new("data/marktwerk.db"));
    assert_eq!(settings.origins.of("server.listen").to_string(), "default");
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\n[scheduler]\nworkers = 1\n[orders]\nfirst_days = 1\n";
    let variables = [("MARKTWERK_SERVER__LISTEN", "127.0.0.1:2"), ("MARKTWERK_SCHEDULER__WORKERS", "2")];
    let case = case(file).with(&variables).flag("--listen", "server.listen", "127.0.0.1:3");
    let settings = case.load().unwrap();
    assert_eq!(settings.server.listen.port(), 3);
    assert_eq!(settings.scheduler.workers, 2);
    assert_eq!(settings.orders.first_days, 1);
    let origin = |key: &str| settings.origins.of(key).to_string();
    assert_eq!(origin("server.listen"), "flag --listen");
    assert_eq!(origin("scheduler.workers"), "environment variable MARKTWERK_SCHEDULER__WORKERS");
    assert!(origin("orders.first_days").ends_with("marktwerk.toml:6:1"), "{}", origin("orders.first_days"));
}

#[test]
fn a_misspelt_key_is_named_with_its_line_and_the_nearest_known_one() {
    let error = case("[server]\n\nlisen = \"127.0.0.1:1\"\n").error();
    assert_eq!(
        error,
        "marktwerk.toml:3:1: [server] has no key `lisen`; did you mean `listen`? Known here: listen, public_url, token, token_file, people, connections, connections_per_address"
    );
    let error = case("[erp.jtl]\ncompagny = 1\n").error();
    assert!(
        error.starts_with("marktwerk.toml:2:1: [erp.jtl] has no key `compagny`; did you mean `company`?"),
        "{error}"
    );
    let error = case("[sever]\n").error();
    assert!(error.starts_with("marktwerk.toml:1:2: has no key `sever`; did you mean `server`?"), "{error}");
    let error = case("").with(&[("MARKTWERK_SERVER__LISEN", "x")]).error();
    assert!(
        error.starts_with(
            "environment variable MARKTWERK_SERVER__LISEN: [server] has no key `lisen`; did you mean"
        ),
        "{error}"
    );
    let account = "[[accounts]]\nname = \"shop\"\nmarketplace = \"temu\"\nappkey = \"x\"\napp_secret = \"s\"\naccess_token = \"t\"\n";
    let error = case(account).error();
    assert_eq!(error.lines().count(), 1, "what is misspelt is not also missing: {error}");
    assert!(
        error.starts_with("marktwerk.toml:4:1: [accounts] has no key `appkey`; did you mean `app_key`?"),
        "{error}"
    );
}

#[test]
fn a_wrong_type_is_named_without_its_value() {
    let error = case("[scheduler]\nworkers = \"many\"\n").error();
    assert!(
        error.starts_with("marktwerk.toml:2:1: [scheduler] workers: must be a whole number, not a text"),
        "{error}"
    );
    let error = case("[server]\ntoken = 123456\n").error();
    assert!(error.starts_with("marktwerk.toml:2:1: [server] token: must be a text, not a number"), "{error}");
    assert!(!error.contains("123456"), "{error}");
    let error = case("").with(&[("MARKTWERK_SERVER__LISTEN", "8000")]).error();
    assert!(
        error.contains("MARKTWERK_SERVER__LISTEN: [server] listen: ") && error.contains("127.0.0.1:8000"),
        "{error}"
    );
    let error = case("[server\n").error();
    assert!(error.starts_with("marktwerk.toml:1:8: is not TOML: "), "{error}");
    let error = case("[scheduler]\ntime_zone = \"Europe/Berlinn\"\n").error();
    assert!(
        error.starts_with("marktwerk.toml:2:1: [scheduler] time_zone: `Europe/Berlinn` is not a time zone"),
        "{error}"
    );
}

#[test]
fn a_number_in_the_environment_may_be_a_text() {
    let settings = case("").with(&[("MARKTWERK_SERVER__TOKEN", "123456")]).load().unwrap();
    assert_eq!(settings.server.token.unwrap().expose(), "123456");
}

#[test]
fn one_underscore_too_few_is_told() {
    let error = case("").with(&[("MARKTWERK_SERVER_TOKEN", "hush")]).error();
    assert_eq!(
        error,
        "environment variable MARKTWERK_SERVER_TOKEN: is not a setting; did you mean MARKTWERK_SERVER__TOKEN? Two underscores \
         stand between section and key"
    );
    // The project's own tests have variables too.
    case("").with(&[("MARKTWERK_TEST_BROWSER", "x"), ("MARKTWERK_DATA_DIR", "y")]).load().unwrap();
}

#[test]
fn a_missing_secret_is_named_with_its_cure() {
    let account = "[[accounts]]\nname = \"shop\"\nmarketplace = \"temu\"\napp_key = \"k\"\n";
    let error = case(account).error();
    assert!(
        error.starts_with("marktwerk.toml:1:1: [accounts] app_secret: is missing; add app_secret,"),
        "{error}"
    );
    let with_name = format!("{account}app_secret_env = \"SHOP_SECRET\"\naccess_token = \"t\"\n");
    let error = case(&with_name).error();
    assert_eq!(
        error,
        "marktwerk.toml:5:1: [accounts] app_secret_env: the environment variable SHOP_SECRET is not set; set it, or put it into .env"
    );
    let settings = case(&with_name).with(&[("SHOP_SECRET", "s")]).load().unwrap();
    let account = &settings.accounts[0];
    assert_eq!(account.secret("app_secret").unwrap().expose_secret(), "s");
    assert!(!settings.is_demonstration());
}

#[test]
fn two_ways_to_say_a_secret_are_one_too_many() {
    let account =
        "[[accounts]]\nname = \"shop\"\nmarketplace = \"temu\"\napp_key = \"k\"\napp_secret = \"s\"\n";
    let error = case(&format!("{account}app_secret_env = \"X\"\n")).error();
    assert!(error.contains("app_secret: is given more than once"), "{error}");
}

#[test]
fn a_table_of_carriers_names_carriers_that_exist_and_each_name_once() {
    let account = |table: &str| {
        format!(
            "[[accounts]]\nname = \"shop\"\nmarketplace = \"temu\"\napp_key = \"k\"\napp_secret = \"s\"\naccess_token = \"t\"\n\
             [accounts.carriers]\n{table}\n"
        )
    };
    let settings = case(&account("\"Lager 2\" = \"dhl\"\n\"Abendbote\" = \"DHL Express\"")).load().unwrap();
    let table = &settings.of_accounts["shop"].carriers;
    assert_eq!(table["lager 2"].as_str(), "DHL");
    assert_eq!(table["abendbote"].as_str(), "DHL Express");
    let unknown = case(&account("\"Lager 2\" = \"DHLL\"")).load().unwrap_err().to_string();
    assert!(
        unknown.contains("`DHLL` is not a carrier known here") && unknown.contains("Deutsche Post"),
        "{unknown}"
    );
    let twice =
        case(&account("\"Lager 2\" = \"DHL\"\n\"lager 2 \" = \"GLS\"")).load().unwrap_err().to_string();
    assert!(twice.contains("is in the table twice"), "{twice}");
}

fn account_with(name: &str, rules: &str) -> String {
    format!(
        "[[accounts]]\nname = \"{name}\"\nmarketplace = \"temu\"\napp_key = \"k\"\napp_secret = \"s\"\naccess_token = \"t\"\n{rules}\n"
    )
}

#[test]
fn an_account_has_rules_of_its_own() {
    let text = account_with(
        "shop",
        "order_number_prefix = \"DE-\"\npartial_shipments = \"wait\"\n\
         [accounts.jtl]\nshipping_method = { default = \"DHL Paket\", AT = \"DHL Paket International\" }\nplatform = 30\n\
         [accounts.stock]\nbuffer = 2\nmaximum = 50\npercentage = 80\nnever = [\"GS-1\"]\n",
    );
    let settings = case(&format!("{text}[inventory]\nbuffer = 1\n")).load().unwrap();
    let rules = &settings.of_accounts["shop"];
    assert_eq!(rules.order_number_prefix, "DE-");
    assert_eq!(settings.jtl.accounts["shop"].platform, Some(30));
    let offering = rules.stock.offering(settings.inventory.buffer);
    assert_eq!((offering.buffer, offering.maximum, offering.percentage), (2, Some(50), 80));
    assert!(!offering.allows("gs-1"));
}

#[test]
fn a_rule_of_an_account_that_cannot_be_is_refused_with_its_place() {
    let refused = |rules: &str, expected: &str| {
        let error = case(&account_with("shop", rules)).load().unwrap_err().to_string();
        assert!(error.starts_with("marktwerk.toml:") && error.contains(expected), "{error}");
    };
    refused("order_number_prefix = \"DE \"", "order_number_prefix: must be at most 20");
    refused("order_number_prefix = \"ABCDEFGHIJKLMNOPQRSTU\"", "order_number_prefix: must be at most 20");
    refused("partial_shipments = \"report\"", "for the whole order only");
    refused("partial_shipments = \"maybe\"", "must be \"wait\" or \"report\"");
    refused("[accounts.jtl]\nshipping_method = { Austria = \"DHL\" }", "two capitals");
    refused("[accounts.jtl]\nshipping_method = \" \"", "is empty");
    refused("[accounts.jtl]\nwarehouse = 2", "warehouse");
    refused("[accounts.stock]\npercentage = 101", "percentage: must be at most 100");
    refused("[accounts.stock]\nbuffer = -1", "buffer: must be at least 0");
    refused("[accounts.stock]\nnever = [\" \"]", "empty article number");
}

/// JTL does not tell capitals apart.
#[test]
fn prefixes_that_begin_alike_would_make_two_accounts_numbers_collide() {
    let two = |one: &str, other: &str| {
        let prefix = |prefix: &str| format!("order_number_prefix = \"{prefix}\"");
        account_with("one", &prefix(one)) + &account_with("two", &prefix(other))
    };
    for (one, other) in [("DE-", "DE-"), ("DE-", "de-"), ("D", "DE-"), ("DE-", "D")] {
        let error = case(&two(one, other)).load().unwrap_err().to_string();
        assert!(error.contains("marktwerk.toml:14:1") && error.contains("begin alike"), "{error}");
        assert!(error.contains("of the account two") && error.contains("of one"), "{error}");
    }
    for (one, other) in [("DE-", "AT-"), ("", "AT-"), ("", "")] {
        case(&two(one, other)).load().unwrap();
    }
}

#[test]
fn the_simulated_accounts_name_is_taken() {
    let account = account_with("sandbox", "");
    let error = case(&account).error();
    assert!(
        error.starts_with("marktwerk.toml:2:1: [accounts] name: `sandbox` is the simulated account"),
        "{error}"
    );
}

#[test]
fn another_database_is_refused_and_never_replaced_silently() {
    let error = case("[store]\nurl = \"postgres://db\"\n").error();
    assert!(
        error.starts_with("marktwerk.toml:2:1: [store] url: ")
            && error.contains("not supported by this version yet"),
        "{error}"
    );
    for marketplace in ["amazon", "ebay", "kaufland", "otto"] {
        let account =
            format!("[[accounts]]\nname = \"a\"\nmarketplace = \"{marketplace}\"\napp_key = \"k\"\n");
        let error = case(&account).error();
        assert!(
            error.starts_with("marktwerk.toml:3:1: ") && error.contains("not supported by this version yet"),
            "{error}"
        );
    }
}

#[test]
fn the_names_of_the_system_in_use_today_are_understood() {
    let variables = [
        ("TEMU_APP_KEY", "k"),
        ("TEMU_APP_SECRET", "s"),
        ("TEMU_ACCESS_TOKEN", "t"),
        ("JTL_WAEHRUNG", "EUR"),
        ("JTL_SPRACHE", "eng"),
        ("JTL_K_BENUTZER", "3"),
        ("JTL_K_FIRMA", "2"),
    ];
    let settings = case("[erp.jtl]\ncompany = 7\n").with(&variables).load().unwrap();
    let account = &settings.accounts[0];
    assert_eq!((account.name.as_str(), account.text("app_key").unwrap().as_str()), ("temu", "k"));
    assert_eq!(account.endpoint, "https://openapi-b-eu.temu.com/openapi/router");
    assert_eq!((settings.jtl.company, settings.jtl.user), (2, 3));
    assert_eq!((settings.jtl.language.as_str(), settings.jtl.currencies), ("eng", vec!["EUR".to_owned()]));

    let error = case("").with(&variables[..2]).error();
    assert!(error.contains("TEMU_ACCESS_TOKEN is missing"), "{error}");
    let error = case("").with(&[("JTL_K_FIRMA", "one")]).error();
    assert!(error.starts_with("environment variable JTL_K_FIRMA: [erp.jtl] company: "), "{error}");
}

#[test]
fn an_old_table_of_another_name_is_told() {
    let tables = [("TABLE_ORDERS", "[dbo].[temu_orders]"), ("TABLE_XML_EXPORT", "dbo.exports")];
    let settings = case("").with(&tables).load().unwrap();
    let [finding] = &settings.findings[..] else { panic!("{:?}", settings.findings) };
    assert!(finding.starts_with("environment variable TABLE_XML_EXPORT is not used"), "{finding}");
}

#[test]
fn a_dot_env_file_counts_less_than_the_process() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "TEMU_APP_KEY=from-file\nPATH=/nowhere\n").unwrap();
    let environment = Environment::of_process(folder.path());
    assert_eq!(environment.get("TEMU_APP_KEY").unwrap().0, "from-file");
    assert_ne!(environment.get("PATH").unwrap().0, "/nowhere");

    std::fs::write(folder.path().join(".env"), "GOOD=1\nSQL_PASSWORD='secret\n").unwrap();
    let environment = Environment::of_process(folder.path());
    let directory = folder.path().to_owned();
    let error = load(&Sources { directory, environment, ..Sources::default() }).unwrap_err().to_string();
    assert!(error.ends_with(".env:2: SQL_PASSWORD cannot be read: its quote is not closed"), "{error}");
}

#[test]
fn the_old_dot_env_file_means_what_it_meant() {
    let folder = tempfile::tempdir().unwrap();
    let text = "LOG_DIR=C:\\temu\nsome words of another program\nSQL_SERVER=JTL-SERVER\\newshop\nSQL_DATABASE=toci # since 2024\n\
                SQL_USERNAME=temu\nSQL_PASSWORD=a$b#c\"d e\n";
    std::fs::write(folder.path().join(".env"), text).unwrap();
    let environment = Environment::of_process(folder.path());
    let directory = folder.path().to_owned();
    let settings = load(&Sources { directory, environment, ..Sources::default() }).unwrap();
    let store = settings.sqlserver.store.unwrap();
    assert_eq!(
        (store.to_string().as_str(), store.user.as_str()),
        ("database toci on JTL-SERVER\\newshop", "temu")
    );
    assert_eq!(store.password.expose_secret(), "a$b#c\"d e");
    let [remark] = &settings.findings[..] else { panic!("{:?}", settings.findings) };
    assert!(remark.ends_with(".env:2 is passed over: it is not NAME=value"), "{remark}");
}

#[test]
fn other_machines_are_let_in_only_with_a_token() {
    let error = case("[server]\nlisten = \"0.0.0.0:8000\"\n").error();
    assert!(
        error.contains("[server] listen: is open to other machines") && error.contains("token"),
        "{error}"
    );
    case("[server]\nlisten = \"0.0.0.0:8000\"\ntoken = \"long-and-at-random\"\n").load().unwrap();
    let error = case("[server]\nlisten = \"0.0.0.0:8000\"\ntoken = \"short\"\n").error();
    assert!(
        error.starts_with("marktwerk.toml:3:1: [server] token: is too short") && !error.contains("short\""),
        "{error}"
    );
    case("[server]\ntoken = \"short\"\n").load().unwrap();
}

#[test]
fn secrets_do_not_show() {
    let account =
        "[server]\ntoken = \"hush\"\n[[accounts]]\nname = \"a\"\nmarketplace = \"temu\"\napp_key = \"k\"\n";
    let settings =
        case(&format!("{account}app_secret = \"hush\"\naccess_token = \"hush\"\n")).load().unwrap();
    assert!(!format!("{settings:?}").contains("hush"));
}

#[test]
fn an_endpoint_that_is_none_or_speaks_in_clear_is_refused_wherever_it_is_written() {
    let names = [("TEMU_APP_KEY", "k"), ("TEMU_APP_SECRET", "s"), ("TEMU_ACCESS_TOKEN", "t")];
    for (endpoint, word) in [
        ("nonsense", "not a valid address"),
        ("ftp://127.0.0.1/", "ftp"),
        ("http://marketplace.example/router", "clear"),
    ] {
        let with = [names.as_slice(), &[("TEMU_API_ENDPOINT", endpoint)]].concat();
        let error = case("").with(&with).error();
        assert!(error.contains("TEMU_API_ENDPOINT") && error.contains(word), "{error}");
    }
    let with = [names.as_slice(), &[("TEMU_API_ENDPOINT", "http://127.0.0.1:9/openapi/router")]].concat();
    assert!(case("").with(&with).load().is_ok());
}
