//! Which lines go to the program's own output, as `log` says it: a level, or TARGET=LEVEL, separated by commas. A word that is neither
//! would be taken as the name of a target that nobody writes under, and so silence everything.

use super::error::suggestion;

const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// Beginnings of the targets that this program writes under.
const OURS: [&str; 13] = [
    "marktwerk",
    "marktwerk_alerts",
    "marktwerk_connectors",
    "marktwerk_domain",
    "marktwerk_engine",
    "marktwerk_erp",
    "marktwerk_sandbox",
    "marktwerk_server",
    "marktwerk_sqlserver",
    "marktwerk_store",
    "marktwerk_takeover",
    "marktwerk_workflows",
    "run",
];

/// The filter in the words that the library knows, or why it is none.
pub(super) fn checked(written: &str) -> Result<String, String> {
    let parts = written.split(',').map(str::trim).filter(|part| !part.is_empty());
    let parts: Vec<String> = parts.map(part).collect::<Result<_, _>>()?;
    if parts.is_empty() {
        Err(format!("is empty; write a level: {}", LEVELS.join(", ")))
    } else {
        Ok(parts.join(","))
    }
}

fn part(part: &str) -> Result<String, String> {
    match part.split_once('=') {
        None => level(part).ok_or_else(|| {
            format!(
                "`{part}` is not a level; write {}, or TARGET=LEVEL such as marktwerk_connectors=debug",
                LEVELS.join(", ")
            )
        }),
        Some((target, word)) => {
            let (target, word) = (target.trim(), word.trim());
            check_target(target)?;
            let level = level(word).ok_or_else(|| {
                format!("`{word}` of `{target}` is not a level; write {}", LEVELS.join(", "))
            })?;
            Ok(format!("{target}={level}"))
        }
    }
}

fn level(word: &str) -> Option<String> {
    let word = word.to_ascii_lowercase();
    let word = if word == "warning" { "warn".to_owned() } else { word };
    LEVELS.contains(&word.as_str()).then_some(word)
}

fn check_target(target: &str) -> Result<(), String> {
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_:-".contains(letter);
    if target.is_empty() || !target.chars().all(is_name) {
        return Err(format!(
            "`{target}` is not the name of a target; write one such as marktwerk_connectors"
        ));
    }
    let first = target.split(':').next().unwrap_or(target);
    if first.starts_with("marktwerk") && !OURS.contains(&first) {
        return Err(format!("nothing writes under `{target}`; {}", suggestion(first, &OURS)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_or_a_target_with_one_is_a_filter_and_nothing_else() {
        for (written, meant) in [
            ("info", "info"),
            ("WARNING", "warn"),
            ("info, marktwerk_connectors=debug", "info,marktwerk_connectors=debug"),
            ("off", "off"),
            ("warn,marktwerk_server::live=trace,hyper=off", "warn,marktwerk_server::live=trace,hyper=off"),
        ] {
            assert_eq!(checked(written).unwrap(), meant);
        }
        for (written, part) in [
            ("lots", "`lots` is not a level"),
            ("info,lots", "`lots` is not a level"),
            ("marktwerk_connectors=loud", "`loud` of `marktwerk_connectors` is not a level"),
            ("marktwerk_conectors=debug", "did you mean `marktwerk_connectors`?"),
            ("=debug", "is not the name of a target"),
            ("info warn", "`info warn` is not a level"),
            (",", "is empty"),
            ("5", "`5` is not a level"),
        ] {
            let reason = checked(written).unwrap_err();
            assert!(reason.contains(part), "{written}: {reason}");
        }
    }
}
