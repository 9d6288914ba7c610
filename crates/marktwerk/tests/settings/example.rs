//! `marktwerk.example.toml` names every key, says the defaults, and can be used.

use std::path::PathBuf;

use marktwerk::config::Settings;

use crate::case::case;

fn example() -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../marktwerk.example.toml"))
        .unwrap()
}

/// Everything of the settings that a file can say, but for where it was said.
fn said(settings: &Settings) -> String {
    let Settings {
        data_dir,
        log,
        server,
        store,
        sqlserver,
        scheduler,
        alerts,
        jtl,
        accounts,
        orders,
        inventory,
        sandbox,
        ..
    } = settings;
    format!(
        "{data_dir:?} {log} {server:?} {store:?} {sqlserver:?} {scheduler:?} {alerts:?} {jtl:?} {accounts:?} {orders:?} {inventory:?} {sandbox:?}"
    )
}

#[test]
fn the_example_equals_the_defaults() {
    assert_eq!(said(&case(&example()).load().unwrap()), said(&case("").load().unwrap()));
}

#[test]
fn the_example_names_every_key_and_each_can_be_used() {
    let text = example();
    for (section, keys) in marktwerk::config::known_keys() {
        let heading = format!("[{section}]");
        let block = match section.as_str() {
            "" => text.as_str(),
            // Comments name sections, too; that of the accounts is a comment itself.
            _ => {
                let begins = |line: &str| line.trim_start_matches('#').trim_end() == heading;
                let at =
                    text.split_inclusive('\n').take_while(|line| !begins(line)).map(str::len).sum::<usize>();
                text.get(at + heading.len()..).unwrap_or_else(|| panic!("{heading} is missing"))
            }
        };
        let block = block.split("\n[").next().unwrap_or_default();
        let has = |key: &str| {
            let headings = [format!("[{section}.{key}]"), format!("[[{section}.{key}]]")];
            let is_heading =
                |line: &str| headings.iter().any(|heading| line.trim_start_matches('#') == heading);
            let is_table = text.lines().any(is_heading);
            is_table
                || block.lines().any(|line| line.trim_start_matches('#').starts_with(&format!("{key} =")))
        };
        let missing: Vec<&String> =
            keys.iter().filter(|key| !has(key) && !is_said_otherwise(&section, key)).collect();
        assert!(missing.is_empty(), "{heading} lacks {missing:?}");
    }
    // `#key` is a setting, `# text` is prose.
    let is_setting = |line: &&str| line.starts_with('#') && !line.starts_with("# ") && line.len() > 1;
    let used: Vec<String> = text
        .lines()
        .map(|line| if is_setting(&line) { line[1..].to_owned() } else { line.to_owned() })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "hush-hush-hush-hush").unwrap();
    let secret = secret.display().to_string();
    let used = used
        .join("\n")
        .replace("/etc/marktwerk/access_token", &secret)
        .replace("/etc/marktwerk/webhook_secret", &secret)
        .replace("/etc/marktwerk/warehouse_token", &secret)
        // Of two ways to say the same, one.
        .replace("token_file = \"/etc/marktwerk/token\"", "")
        // Who signs in somewhere writes to somebody.
        .replace("\nserver = \"\"", "\nserver = \"smtp.example.org\"")
        .replace("\nfrom = \"\"", "\nfrom = \"Marktwerk <alerts@example.org>\"")
        .replace("\nto = []", "\nto = [\"you@example.org\"]");
    let variables = [
        ("SHOP_APP_SECRET", "hush"),
        ("ALERTS_WEBHOOK_URL", "https://hooks.example.org/x"),
        ("ALERTS_EMAIL_PASSWORD", "hush"),
        ("SHOP_SQL_PASSWORD", "hush"),
    ];
    let settings = case(&used).with(&variables).load().unwrap();
    assert_eq!(settings.accounts[0].name, "shop");
    assert_eq!(settings.scheduler.runs_per_type["order_workflow"], 2);
    let [person] = &settings.server.people[..] else { panic!("{:?}", settings.server.people) };
    assert_eq!((person.name.as_str(), person.role.as_str()), ("warehouse", "viewer"));
    let hosts = [("webhook", "hooks.example.org"), ("email", "smtp.example.org")];
    assert_eq!(settings.alerts.hosts(), hosts);
}

/// Explained in a comment, because only one of three ways can be used at a time.
const SAID_OTHERWISE: [(&str, [&str; 2]); 8] = [
    ("[server.people]", ["token", "token_env"]),
    ("[accounts]", ["app_secret", "app_secret_file"]),
    ("[accounts]", ["access_token", "access_token_env"]),
    // Tables with headings of their own.
    ("[accounts]", ["jtl", "stock"]),
    ("alerts.webhook", ["url", "url_file"]),
    ("alerts.webhook", ["secret", "secret_env"]),
    ("alerts.email", ["password", "password_file"]),
    ("sqlserver", ["password", "password_file"]),
];

fn is_said_otherwise(section: &str, key: &str) -> bool {
    SAID_OTHERWISE.iter().any(|(of, keys)| *of == section && keys.contains(&key))
}
