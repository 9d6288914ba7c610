//! What people read is plain English: turns of phrase that make a reader stop do not come back, in documents and in messages.

use std::fs;
use std::path::{Path, PathBuf};

/// A turn, and what is written instead.
const TURNS: [(&str, &str); 13] = [
    (" is none", "is not valid, is not one of"),
    (" are none", "are not valid, are not among"),
    (" but for ", "except"),
    (" anew", "again"),
    (" so many ", "this many, up to n"),
    (" says not ", "does not say"),
    (" tells not ", "does not tell"),
    (" must be of ", "must be one of"),
    ("fit to how", "not possible in the current state"),
    ("new beginning", "restart"),
    (" he ", "they"),
    (" his ", "their"),
    (" him ", "them"),
];

/// The turns in a text, each with what is written instead.
fn turns(text: &str) -> Vec<String> {
    let line = format!(" {} ", text.split_whitespace().collect::<Vec<_>>().join(" "));
    let mut found: Vec<String> = TURNS
        .into_iter()
        .filter(|(turn, _)| line.contains(turn))
        .map(|(turn, instead)| format!("`{}`: write {instead}", turn.trim()))
        .collect();
    // `there is no order` and `is no longer` are English.
    let negated = line.match_indices(" is no ").any(|(at, turn)| {
        let (before, after) = (&line[..at], &line[at + turn.len()..]);
        !before.to_lowercase().ends_with("there") && !after.starts_with("longer")
    });
    if negated {
        found.push("`is no`: write is not a".to_owned());
    }
    let is_headless = |sentence: &str| sentence.starts_with("Who ") && !sentence.contains('?');
    if line.trim().split(". ").any(is_headless) {
        found.push("a sentence that begins with `Who`: name the one who does it".to_owned());
    }
    found
}

#[expect(clippy::unwrap_used, reason = "a file that cannot be read is a failed test")]
fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, extension, found),
            false if path.extension().is_some_and(|its| its == extension) => found.push(path),
            false => {}
        }
    }
}

/// The paragraphs of a document, and the rows of its tables.
fn paragraphs(text: &str) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    for line in text.lines() {
        if line.trim().is_empty() || line.starts_with(['|', '-', '#', '*']) {
            paragraphs.push(String::new());
        }
        if let Some(last) = paragraphs.last_mut() {
            last.push_str(line);
            last.push(' ');
        }
    }
    paragraphs
}

/// The string literals of a source before its unit tests, without those that are a single word.
fn literals(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]").next().unwrap_or_default();
    let mut literals = Vec::new();
    for line in source.replace("\\\n", "").lines().filter(|line| !line.trim_start().starts_with("//")) {
        // An odd part between quotation marks is inside of them.
        let parts = line.replace("\\\"", "").replace("'\"'", "");
        literals
            .extend(parts.split('"').skip(1).step_by(2).filter(|part| part.contains(' ')).map(str::to_owned));
    }
    literals
}

#[test]
fn what_people_read_is_plain_english() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut documents = vec![root.join("README.md"), root.join("CHANGELOG.md")];
    files(&root.join("docs"), "md", &mut documents);
    let mut sources = Vec::new();
    files(&root.join("crates"), "rs", &mut sources);
    sources.retain(|path| path.components().any(|part| part.as_os_str() == "src"));
    let texts = documents.into_iter().map(|path| (paragraphs(&fs::read_to_string(&path).unwrap()), path));
    let messages = sources.into_iter().map(|path| (literals(&fs::read_to_string(&path).unwrap()), path));
    let mut found = Vec::new();
    for (texts, path) in texts.chain(messages) {
        let name = path.strip_prefix(root).unwrap().display().to_string();
        for text in &texts {
            found.extend(turns(text).into_iter().map(|turn| format!("{name}: {turn}: {text}")));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_turns_are_found() {
    for text in [
        "must be of IDLE, RUNNING",
        "`x` is no number",
        "It is so. Who reads this must think.",
        "and `y` is none",
        "tried anew",
        "every so many minutes",
    ] {
        assert_eq!(turns(text).len(), 1, "{text}: {:?}", turns(text));
    }
    for text in ["there is no order `7`", "it is no longer watched", "Who decided? A person.", "none is left"]
    {
        assert_eq!(turns(text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(literals("let x = (\"a text\", \"word\");\n// \"a comment\"\n"), ["a text"]);
}
