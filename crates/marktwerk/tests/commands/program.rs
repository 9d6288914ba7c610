//! The real program in a folder of its own, and its commands against it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A small world that stands still, so that a start is quick.
const WORLD: [(&str, &str); 4] = [
    ("MARKTWERK_SANDBOX__INITIAL_ORDERS", "2"),
    ("MARKTWERK_SANDBOX__INITIAL_ARTICLES", "3"),
    ("MARKTWERK_SANDBOX__ORDER_EVERY_SECONDS", "0"),
    ("MARKTWERK_SANDBOX__LATENCY_MILLISECONDS", "0"),
];

/// A program that serves; killed when the test ends before it.
pub(crate) struct Program {
    pub(crate) folder: TempDir,
    variables: Vec<(String, String)>,
    child: Child,
    pub(crate) url: String,
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) error: String,
}

impl Program {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// With more variables than the small world's.
    pub(crate) fn with(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let all = WORLD.iter().chain(variables);
        let variables: Vec<_> = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (child, url) = serve(folder.path(), &variables, "127.0.0.1:0");
        Self { folder, variables, child, url }
    }

    /// Starts it again where it was, after a stop.
    pub(crate) fn start_again(&mut self) {
        let address = self.url.trim_start_matches("http://").to_owned();
        (self.child, self.url) = serve(self.folder.path(), &self.variables, &address);
    }

    /// Ends it as a service manager does.
    pub(crate) fn stop(&mut self) {
        let number = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &number]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }

    /// A command against it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(self.folder.path(), &self.variables);
        command.args(arguments).args(["--server", &self.url]);
        command
    }

    /// What a command says.
    pub(crate) fn say(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// What a command says that goes well.
    pub(crate) fn ask(&self, arguments: &[&str]) -> String {
        let said = self.say(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.error);
        said.out
    }

    /// The same as JSON.
    pub(crate) fn read(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.ask(&[arguments, &["--json"]].concat())).unwrap()
    }

    /// The jobs file.
    pub(crate) fn jobs_file(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("data/workers_config.json")).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code().unwrap(), out: text(output.stdout), error: text(output.stderr) }
    }
}

fn program(folder: &Path, variables: &[(String, String)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
    command.current_dir(folder).env_clear().envs(variables.iter().cloned());
    command
}

fn serve(folder: &Path, variables: &[(String, String)], address: &str) -> (Child, String) {
    let mut command = program(folder, variables);
    let mut child = command.args(["--listen", address]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let ready = lines.find_map(|line| line.strip_prefix("Marktwerk is ready: ").map(str::to_owned));
    let ready = ready.expect("the program says where it is");
    // Nobody reads on, but a full pipe would hold the program up.
    std::thread::spawn(move || lines.for_each(drop));
    (child, ready.split(' ').next().unwrap().trim_end_matches('/').to_owned())
}
