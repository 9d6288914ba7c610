//! Settings as a test says them.

use marktwerk::config::{Environment, Settings, Sources, load};

/// A folder with this `marktwerk.toml`, read under these variables.
pub(crate) struct Case {
    folder: tempfile::TempDir,
    environment: Environment,
    flags: Vec<(&'static str, &'static str, String)>,
}

/// Nothing but this file is said.
pub(crate) fn case(toml: &str) -> Case {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("marktwerk.toml"), toml).unwrap();
    Case { folder, environment: Environment::default(), flags: Vec::new() }
}

impl Case {
    pub(crate) fn with(mut self, pairs: &[(&str, &str)]) -> Self {
        self.environment = Environment::of_pairs(pairs.iter().copied());
        self
    }

    pub(crate) fn flag(mut self, flag: &'static str, key: &'static str, value: &str) -> Self {
        self.flags.push((flag, key, value.to_owned()));
        self
    }

    pub(crate) fn load(&self) -> Result<Settings, String> {
        let sources = Sources {
            directory: self.folder.path().to_owned(),
            file: None,
            environment: self.environment.clone(),
            flags: self.flags.clone(),
        };
        let folder = format!("{}/", self.folder.path().display());
        load(&sources).map_err(|error| error.to_string().replace(&folder, ""))
    }

    pub(crate) fn error(&self) -> String {
        self.load().unwrap_err()
    }
}
