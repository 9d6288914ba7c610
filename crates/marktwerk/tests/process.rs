//! The real program: started in an empty folder, asked by its own commands, stopped by a signal; and every way
//! in which a start can fail: one sentence, exit code 2, nothing overwritten.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test's helpers fail with their test, and tell what is skipped"
)]

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// A small world that stands still, so that a start is quick.
const WORLD: [(&str, &str); 4] = [
    ("MARKTWERK_SANDBOX__INITIAL_ORDERS", "2"),
    ("MARKTWERK_SANDBOX__INITIAL_ARTICLES", "3"),
    ("MARKTWERK_SANDBOX__ORDER_EVERY_SECONDS", "0"),
    ("MARKTWERK_SANDBOX__LATENCY_MILLISECONDS", "0"),
];

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
    command.args(arguments).current_dir(folder).env_clear().envs(WORLD);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// A start that fails: exit code 2 and this text.
fn refused(output: &Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

/// A program that serves; killed when the test ends before it.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
    url: String,
}

impl Running {
    fn start(folder: &Path) -> Self {
        let mut child = command(folder, &["--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.by_ref().map(Result::unwrap).find(|line| line.starts_with("Marktwerk is ready: "));
        let url = ready.unwrap().split(' ').nth(3).unwrap().trim_end_matches('/').to_owned();
        Self { child, lines, url }
    }

    /// A command against it; its stdout.
    fn ask(&self, folder: &Path, arguments: &[&str]) -> String {
        let output = run(folder, &[arguments, &["--server", &self.url]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Ends it as a service manager does; its last lines.
    fn stop(mut self) -> Vec<String> {
        let number = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &number]).status().unwrap().success());
        let rest: Vec<String> = self.lines.by_ref().map(Result::unwrap).collect();
        assert_eq!(self.child.wait().unwrap().code(), Some(0), "{rest:?}");
        rest
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_empty_folder_is_enough_and_a_signal_ends_it_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let program = Running::start(folder.path());
    let jobs: serde_json::Value =
        serde_json::from_str(&program.ask(folder.path(), &["jobs", "list", "--json"])).unwrap();
    let names: Vec<&str> = jobs.as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap()).collect();
    assert_eq!(names, ["inventory_workflow", "inventory_workflow-full", "order_workflow"]);
    assert!(folder.path().join("data/workers_config.json").is_file());
    assert!(
        program.ask(folder.path(), &["accounts", "test", "sandbox"]).starts_with("sandbox: TEMU accepts")
    );

    let rest = program.stop();
    assert!(rest.last().unwrap().ends_with(" INFO marktwerk::commands::serve: shut down"), "{rest:?}");
    // The same folder starts again at once, with the same jobs.
    let again = Running::start(folder.path());
    assert!(again.ask(folder.path(), &["jobs", "list"]).contains("inventory_workflow-full"));
    again.stop();
}

#[test]
fn the_database_is_checked_and_copied_beside_the_running_program() {
    let folder = tempfile::tempdir().unwrap();
    let missing = refused(&run(folder.path(), &["db", "check"]));
    assert!(missing.contains("there is no database data/marktwerk.db"), "{missing}");
    let program = Running::start(folder.path());
    assert!(run(folder.path(), &["db", "check"]).status.success());
    assert!(run(folder.path(), &["db", "backup", "copy.db"]).status.success());
    assert!(folder.path().join("copy.db").is_file());
    assert_eq!(run(folder.path(), &["db", "backup", "copy.db"]).status.code(), Some(2));
    program.stop();
}

#[test]
fn a_second_program_on_the_same_folder_is_told_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let program = Running::start(folder.path());
    let error = refused(&run(folder.path(), &["--listen", "127.0.0.1:0"]));
    assert!(
        error.contains(&format!("process {}: marktwerk", program.child.id())) && error.contains("--data-dir"),
        "{error}"
    );
    program.stop();
}

#[test]
fn a_taken_port_is_named_before_any_work_begins() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = refused(&run(folder.path(), &["--listen", &address]));
    assert!(error.contains(&address) && error.contains("--listen"), "{error}");
    assert!(!folder.path().join("data/workers_config.json").exists());
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data"), "a file").unwrap();
    let error = refused(&run(folder.path(), &["--listen", "127.0.0.1:0"]));
    assert!(error.starts_with("marktwerk: data cannot be used: ") && error.contains("--data-dir"), "{error}");
}

#[test]
fn a_broken_jobs_file_is_named_with_its_place_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    let file = folder.path().join("data/workers_config.json");
    let broken = "{\"jobs\": [\n  {\"job_type\": \"order_workflow\",}\n]}";
    std::fs::write(&file, broken).unwrap();
    let error = refused(&run(folder.path(), &["--listen", "127.0.0.1:0"]));
    assert!(error.contains("data/workers_config.json:2:"), "{error}");
    assert!(!folder.path().join("data/marktwerk.db").exists(), "refused before anything was made");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), broken);
}

#[test]
fn settings_that_cannot_be_used_end_the_start() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("marktwerk.toml"), "[server]\nlisen = \"127.0.0.1:1\"\n").unwrap();
    let error = refused(&run(folder.path(), &[]));
    assert!(
        error.starts_with(
            "marktwerk: marktwerk.toml:2:1: [server] has no key `lisen`; did you mean `listen`?"
        ),
        "{error}"
    );
    std::fs::write(folder.path().join("marktwerk.toml"), "").unwrap();

    let error = refused(&command(folder.path(), &[]).env("SQL_SERVER", "db").output().unwrap());
    assert!(error.contains("add [sqlserver] login (SQL_USERNAME)"), "{error}");
    let error = refused(
        &command(folder.path(), &[])
            .envs([("TEMU_APP_KEY", "k"), ("TEMU_ACCESS_TOKEN", "t")])
            .output()
            .unwrap(),
    );
    assert!(error.contains("TEMU_APP_SECRET is missing"), "{error}");
    let error = refused(&command(folder.path(), &[]).env("MARKTWERK_LOG", "a=b=c").output().unwrap());
    assert!(error.contains("MARKTWERK_LOG: log: `b=c` of `a` is not a level"), "{error}");
    std::fs::write(folder.path().join("marktwerk.toml"), "[erp.jtl]\nurl = \"sqlite:jtl.db\"\n").unwrap();
    let error = refused(&run(folder.path(), &["--listen", "127.0.0.1:0"]));
    assert!(error.contains("marktwerk.toml:2:1: a JTL is set, but no account is"), "{error}");
    assert!(!folder.path().join("data/marktwerk.db-wal").exists() && !folder.path().join("jtl.db").exists());
}

#[test]
fn config_check_names_each_origin_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(".env"),
        "TEMU_APP_KEY=k\nTEMU_APP_SECRET=hush\nTEMU_ACCESS_TOKEN=hush\n",
    )
    .unwrap();
    let file = "[server]\ntoken = \"hush\"\n\
                [alerts.webhook]\nurl = \"https://hooks.example.org/hush\"\nsecret = \"hush\"\n\
                [alerts.email]\nserver = \"smtp.example.org\"\nfrom = \"hush@example.org\"\nto = [\"hush@example.org\"]\n";
    std::fs::write(folder.path().join("marktwerk.toml"), file).unwrap();
    let output = run(folder.path(), &["config", "check", "--listen", "127.0.0.1:9"]);
    let told = String::from_utf8(output.stdout).unwrap();
    let line = |key: &str| told.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line("server.listen").ends_with("flag --listen"), "{told}");
    assert!(line("server.token").ends_with("marktwerk.toml:2:1"), "{told}");
    assert!(
        line("sandbox.initial_orders").ends_with("environment variable MARKTWERK_SANDBOX__INITIAL_ORDERS"),
        "{told}"
    );
    assert!(
        line("account temu").ends_with("(TEMU_APP_KEY in .env)")
            && line("note: ").contains("JTL is simulated"),
        "{told}"
    );
    assert_eq!(line("alerts by webhook"), "alerts by webhook: hooks.example.org (marktwerk.toml:4:1)");
    assert_eq!(line("alerts by email"), "alerts by email: smtp.example.org (marktwerk.toml:7:1)");
    assert!(!told.contains("hush"), "{told}");
    let output = run(folder.path(), &["config", "check", "--json"]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(told.contains("hooks.example.org") && !told.contains("hush"), "{told}");
}

#[test]
fn commands_say_how_to_start_what_is_not_running() {
    let folder = tempfile::tempdir().unwrap();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let output = run(folder.path(), &["jobs", "list", "--listen", &nobody]);
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(error.contains(&nobody) && error.contains("start it with `marktwerk`"), "{error}");
    assert_eq!(run(folder.path(), &["jobs", "edit", "order_workflow"]).status.code(), Some(2));
    assert_eq!(run(folder.path(), &["logs", "--since", "someday"]).status.code(), Some(2));
}

#[test]
fn the_simulated_world_alone_tells_how_to_use_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = command(folder.path(), &["sandbox", "--listen", "127.0.0.1:0", "--json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(world.stdout.take().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    let text = |field: &str| told[field].as_str().unwrap().to_owned();

    // The same data folder for both: the program has nothing to simulate.
    std::fs::write(folder.path().join("marktwerk.toml"), format!("[erp.jtl]\nurl = {}\n", told["jtl_url"]))
        .unwrap();
    let variables = format!(
        "TEMU_APP_KEY={}\nTEMU_APP_SECRET={}\nTEMU_ACCESS_TOKEN={}\nTEMU_API_ENDPOINT={}\n",
        text("app_key"),
        text("app_secret"),
        text("access_token"),
        text("endpoint")
    );
    std::fs::write(folder.path().join(".env"), variables).unwrap();
    let program = Running::start(folder.path());
    assert!(program.ask(folder.path(), &["accounts", "test"]).starts_with("temu: TEMU accepts"));
    program.ask(folder.path(), &["jobs", "run", "order_workflow", "--wait"]);
    program.stop();

    world.kill().unwrap();
    world.wait().unwrap();
    line.clear();
    lines.read_to_string(&mut line).unwrap();
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// A pipe whose opening waits for a writer, as a share that hangs does.
#[test]
fn a_jobs_file_whose_opening_blocks_is_refused_and_holds_nothing_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/workers_config.json");
    std::fs::create_dir(folder.path().join("data")).unwrap();
    make_pipe(&file);
    for arguments in [&["--listen", "127.0.0.1:0"][..], &["config", "check"]] {
        let error = refused(&run(folder.path(), arguments));
        assert!(error.contains("workers_config.json cannot be read: it is a pipe"), "{error}");
    }
    std::fs::remove_file(&file).unwrap();
    let program = Running::start(folder.path());
    std::fs::remove_file(&file).unwrap();
    make_pipe(&file);
    let pause = ["jobs", "pause", "order_workflow", "--server", &program.url];
    let output = run(folder.path(), &pause);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("it is a pipe"), "{told}");
    program.stop();
}

/// A single file that is mounted into a container: nothing can take its place.
#[test]
fn a_file_that_is_mounted_by_itself_is_written_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let (file, outside) =
        (folder.path().join("data/workers_config.json"), folder.path().join("outside.json"));
    std::fs::create_dir(folder.path().join("data")).unwrap();
    std::fs::write(&file, "").unwrap();
    std::fs::write(&outside, r#"[{"job_type": "sync_orders", "interval_minutes": 60, "colour": "red"}]"#)
        .unwrap();
    let mounted = Command::new("mount").arg("--bind").args([&outside, &file]).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: nothing can be mounted here");
        return;
    }
    let program = Running::start(folder.path());
    let output = run(folder.path(), &["jobs", "pause", "order_workflow", "--server", &program.url]);
    let (told, text) = (String::from_utf8_lossy(&output.stderr), std::fs::read_to_string(&outside).unwrap());
    program.stop();
    let again = Running::start(folder.path());
    let jobs = again.ask(folder.path(), &["jobs", "list", "--json"]);
    again.stop();
    assert!(Command::new("umount").arg(&file).status().unwrap().success());
    assert!(output.status.success() && told.is_empty(), "{told}");
    assert!(text.contains("\"enabled\": false") && text.contains("red"), "{text}");
    assert!(jobs.contains("\"enabled\": false"), "{jobs}");
}
