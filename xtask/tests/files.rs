//! Rooms keep their walls: source files are short, and each says at its top what it is for.

use std::fs;
use std::path::{Path, PathBuf};

/// Lines that half of the files may have.
const MEDIAN: usize = 120;
/// Lines that nine of ten files may have.
const NINTH_DECILE: usize = 350;
/// Lines that no file may have more of, but these.
const LONGEST: usize = 600;
/// Path from the root, and why it cannot be cut.
const LONGER: [(&str, &str); 0] = [];

/// All Rust files of the workspace: path from the root, text.
#[expect(clippy::unwrap_used, reason = "a file that cannot be read is a failed test")]
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut folders: Vec<PathBuf> = vec![root.join("crates"), root.join("xtask")];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                sources.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources.sort();
    sources
}

#[test]
fn files_are_short() {
    let sources = sources();
    let mut lengths: Vec<(usize, &str)> =
        sources.iter().map(|(name, text)| (text.lines().count(), name.as_str())).collect();
    lengths.sort_unstable();
    let at = |share: f64| lengths[((lengths.len() - 1) as f64 * share).round() as usize];
    let (median, ninth_decile) = (at(0.5), at(0.9));
    assert!(median.0 <= MEDIAN, "half of the files have more than {} lines", median.0);
    assert!(ninth_decile.0 <= NINTH_DECILE, "one file of ten has more than {} lines", ninth_decile.0);
    let is_excused = |name: &str| LONGER.iter().any(|(longer, _)| *longer == name);
    let too_long = lengths.iter().filter(|(lines, name)| *lines > LONGEST && !is_excused(name));
    let too_long: Vec<_> = too_long.collect();
    assert!(too_long.is_empty(), "find the wall that is missing: {too_long:?}");
}

#[test]
fn files_say_what_they_are_for() {
    let sources = sources();
    let silent = sources.iter().filter(|(_, text)| !text.starts_with("//! "));
    let silent: Vec<&str> = silent.map(|(name, _)| name.as_str()).collect();
    assert!(silent.is_empty(), "the first line of a file is `//! what it is for`: {silent:#?}");
}
