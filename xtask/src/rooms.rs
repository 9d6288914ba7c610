//! The rooms of the workspace and who knows whom, as `cargo metadata` reports it.

#[cfg(test)]
mod arrows;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cargo;

/// What the names of our packages begin with, except the program's and that of the chores.
const PREFIX: &str = "marktwerk-";

/// One room's dependency on another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrow {
    /// The package that is known.
    pub(crate) to: String,
    /// Whether only tests and benchmarks know it.
    pub(crate) is_for_tests: bool,
}

/// Every package of the workspace with its arrows to other packages of the workspace.
#[derive(Debug)]
pub(crate) struct Rooms(pub(crate) BTreeMap<String, Vec<Arrow>>);

impl Rooms {
    /// Asks Cargo.
    pub(crate) fn read() -> Result<Self> {
        Self::of(&cargo::metadata()?).context("cargo metadata has another shape than its format version 1")
    }

    fn of(metadata: &Value) -> Option<Self> {
        let packages = metadata["packages"].as_array()?;
        let names: Option<BTreeSet<&str>> = packages.iter().map(|package| package["name"].as_str()).collect();
        let names = names?;
        let mut rooms = BTreeMap::new();
        for package in packages {
            let name = package["name"].as_str()?;
            let mut arrows = Vec::new();
            for dependency in package["dependencies"].as_array()? {
                let to = dependency["name"].as_str()?;
                if to != name && names.contains(to) {
                    let is_for_tests = dependency["kind"] == "dev";
                    arrows.push(Arrow { to: to.to_owned(), is_for_tests });
                }
            }
            rooms.insert(name.to_owned(), arrows);
        }
        Some(Self(rooms))
    }

    /// The package of a room, which may be named with or without `marktwerk-`.
    pub(crate) fn package(&self, room: &str) -> Result<&str> {
        let with_prefix = format!("{PREFIX}{room}");
        let found = self.0.keys().find(|name| *name == room || **name == with_prefix);
        let Some(name) = found else {
            let names: Vec<&str> =
                self.0.keys().map(|name| name.strip_prefix(PREFIX).unwrap_or(name)).collect();
            bail!("there is no room `{room}`; the rooms are {}", names.join(", "))
        };
        Ok(name)
    }

    /// This package and all that depend on it, directly or not, tests included.
    pub(crate) fn dependents(&self, package: &str) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        let mut open = vec![package];
        while let Some(next) = open.pop() {
            for (name, arrows) in &self.0 {
                if (name == next || arrows.iter().any(|arrow| arrow.to == next))
                    && found.insert(name.as_str())
                {
                    open.push(name);
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rooms() -> Rooms {
        let metadata = json!({ "packages": [
            { "name": "marktwerk", "dependencies": [{ "name": "marktwerk-store", "kind": null }] },
            { "name": "marktwerk-store", "dependencies": [
                { "name": "marktwerk-domain", "kind": null },
                { "name": "marktwerk-store", "kind": "dev" },
                { "name": "serde", "kind": null },
            ] },
            { "name": "marktwerk-domain", "dependencies": [] },
            { "name": "marktwerk-sandbox", "dependencies": [{ "name": "marktwerk-domain", "kind": "dev" }] },
        ] });
        Rooms::of(&metadata).unwrap()
    }

    #[test]
    fn a_room_is_found_by_either_name() {
        let rooms = rooms();
        assert_eq!(rooms.package("store").unwrap(), "marktwerk-store");
        assert_eq!(rooms.package("marktwerk-store").unwrap(), "marktwerk-store");
        assert_eq!(rooms.package("marktwerk").unwrap(), "marktwerk");
        let error = rooms.package("stores").unwrap_err().to_string();
        assert!(error.contains("`stores`") && error.contains("domain, sandbox, store"), "{error}");
    }

    #[test]
    fn dependents_are_found_through_others_and_through_tests() {
        let rooms = rooms();
        let dependents = |package| rooms.dependents(package).into_iter().collect::<Vec<_>>();
        assert_eq!(dependents("marktwerk"), ["marktwerk"]);
        assert_eq!(dependents("marktwerk-store"), ["marktwerk", "marktwerk-store"]);
        let all = ["marktwerk", "marktwerk-domain", "marktwerk-sandbox", "marktwerk-store"];
        assert_eq!(dependents("marktwerk-domain"), all);
    }
}
