//! One program per database file and per data folder, as an operator meets it: the second one is refused by name whatever way leads to
//! the file, one whose files were taken away ends, and nobody else reads what is stored.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test's helpers fail with their test")]

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// A small world that stands still, so that a start is quick.
const WORLD: [(&str, &str); 5] = [
    ("MARKTWERK_SANDBOX__INITIAL_ORDERS", "2"),
    ("MARKTWERK_SANDBOX__INITIAL_ARTICLES", "3"),
    ("MARKTWERK_SANDBOX__ORDER_EVERY_SECONDS", "0"),
    ("MARKTWERK_SANDBOX__LATENCY_MILLISECONDS", "0"),
    ("PATH", "/usr/bin:/bin"),
];

/// By way of a shell, which sets the rights that most systems give to new files.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", "umask 022; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_marktwerk")]);
    command.args(arguments).current_dir(folder).env_clear().envs(WORLD);
    command
}

/// A program with a data folder and a database of these names.
fn serve(folder: &Path, data: &str, database: &Path) -> Command {
    let mut command = command(folder, &["--listen", "127.0.0.1:0", "--data-dir", data]);
    command.env("MARKTWERK_STORE__URL", format!("sqlite:{}", database.display()));
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A start that fails: exit code 2 and this line.
fn refused(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error.lines().count(), 1, "{error}");
    error
}

/// A program that serves; killed when the test ends before it.
struct Running {
    child: Child,
    lines: std::io::Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let ready = lines.by_ref().map(Result::unwrap).any(|line| line.starts_with("Marktwerk is ready: "));
        if !ready {
            let mut error = String::new();
            child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
            panic!("it did not start: {error}");
        }
        Self { child, lines }
    }

    /// Waits for it to end by itself with exit code 1; its error line.
    fn ended(mut self) -> String {
        let rest: Vec<String> = self.lines.by_ref().map(Result::unwrap).collect();
        let mut error = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(1), "{error}{rest:?}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(
            rest.iter().any(|line| line.contains("ERROR") && line.contains("while the program ran")),
            "{rest:?}"
        );
        error
    }

    /// `kill -9`.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
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
fn a_second_program_on_the_same_database_is_refused_by_name_whatever_way_leads_there() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let database = folder.join("shop.db");
    let first = Running::start(serve(folder, "one", &database));
    let (linked, elsewhere) = (folder.join("linked.db"), folder.join("elsewhere"));
    symlink(&database, &linked).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    fs::hard_link(&database, elsewhere.join("hard.db")).unwrap();
    let number = first.child.id();
    for way in [database.as_path(), Path::new("shop.db"), Path::new("elsewhere/../shop.db"), &linked] {
        let error = refused(serve(folder, "two", way));
        assert!(error.contains(&format!("process {number}: marktwerk on 127.0.0.1:0, since 20")), "{error}");
        assert!(error.contains(&format!("{} is in use", way.display())), "{error}");
        assert!(error.contains("another [store] url"), "{error}");
    }
    let by_hard_link = refused(serve(folder, "two", Path::new("elsewhere/hard.db")));
    assert!(by_hard_link.contains(&format!("process {number}, since 20")), "{by_hard_link}");
    // Other commands that would write, and those that only look.
    let mut migrate = command(folder, &["db", "migrate", "--data-dir", "two"]);
    migrate.env("MARKTWERK_STORE__URL", format!("sqlite:{}", database.display()));
    assert!(migrate.output().unwrap().status.success(), "there is nothing to do");

    // By hand, in the moment before a second start.
    fs::remove_file(folder.join("shop.db.lock")).unwrap();
    fs::remove_file(folder.join("one/marktwerk.lock")).unwrap();
    for data in ["one", "two"] {
        let error = refused(serve(folder, data, &database));
        assert!(error.contains(&format!("process {number}, since 20")), "{error}");
    }
    let error = first.ended();
    assert!(error.contains(".lock was re"), "{error}");
    Running::start(serve(folder, "two", &database)).kill();
}

#[test]
fn a_killed_program_leaves_its_database_to_the_next_one_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("shop.db");
    Running::start(serve(folder.path(), "one", &database)).kill();
    Running::start(serve(folder.path(), "two", &database)).kill();
    Running::start(serve(folder.path(), "one", &database)).kill();
}

/// What is done to a running program's files, and the name that its last line begins with.
type Harm = (&'static str, fn(&Path), &'static str);

#[test]
fn a_program_whose_files_are_taken_away_ends_with_a_line() {
    let harms: [Harm; 7] = [
        (
            "the database removed",
            |data| fs::remove_file(data.join("marktwerk.db")).unwrap(),
            "data/marktwerk.db was removed",
        ),
        (
            "the database replaced",
            |data| {
                fs::copy(data.join("marktwerk.db"), data.join("copy")).unwrap();
                fs::rename(data.join("copy"), data.join("marktwerk.db")).unwrap();
            },
            "data/marktwerk.db was replaced",
        ),
        ("the folder removed", |data| fs::remove_dir_all(data).unwrap(), "data was removed"),
        (
            "the folder moved",
            |data| fs::rename(data, data.with_extension("old")).unwrap(),
            "data was removed",
        ),
        (
            "the folder replaced",
            |data| {
                fs::rename(data, data.with_extension("older")).unwrap();
                fs::create_dir(data).unwrap();
            },
            "data was replaced",
        ),
        (
            "the lock removed",
            |data| fs::remove_file(data.join("marktwerk.lock")).unwrap(),
            "data/marktwerk.lock was removed",
        ),
        (
            "the log removed",
            |data| fs::remove_file(data.join("marktwerk.db-wal")).unwrap(),
            "marktwerk.db-wal was removed",
        ),
    ];
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    for (what, harm, line) in harms {
        let program = Running::start(command(folder.path(), &["--listen", "127.0.0.1:0"]));
        harm(&data);
        let error = program.ended();
        assert!(error.starts_with("marktwerk: ") && error.contains(line), "{what}: {error}");
        if what == "the log removed" {
            assert!(error.contains("written into the database"), "{error}");
            let checked = run(folder.path(), &["db", "check"]);
            assert!(checked.status.success(), "{}", said(&checked));
        } else {
            let _ = fs::remove_dir_all(&data);
        }
    }
    // With what was moved away work can go on.
    let _ = fs::remove_dir_all(&data);
    fs::rename(folder.path().join("data.old"), &data).unwrap();
    Running::start(command(folder.path(), &["--listen", "127.0.0.1:0"])).kill();
}

fn everything_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            if path.is_dir() { [vec![path.clone()], everything_in(&path)].concat() } else { vec![path] }
        })
        .collect()
}

fn rights(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_stored_is_its_users_alone_though_others_may_read_new_files() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let program = Running::start(command(folder.path(), &["--listen", "127.0.0.1:0"]));
    for name in ["copy.db", "data/copy.db"] {
        let made = run(folder.path(), &["db", "backup", name]);
        assert!(made.status.success(), "{}", said(&made));
    }
    let all = [everything_in(&data), vec![data.clone(), folder.path().join("copy.db")]].concat();
    assert!(
        all.iter().any(|path| path.ends_with("marktwerk.db-wal"))
            && all.iter().any(|path| path.ends_with("sandbox"))
    );
    assert!(all.iter().any(|path| path.ends_with("workers_config.json")), "{all:?}");
    for path in &all {
        assert_eq!(rights(path), if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
    }
    program.kill();

    // As an older program left it: doctor tells, the next start corrects.
    fs::set_permissions(&data, Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(data.join("marktwerk.db"), Permissions::from_mode(0o644)).unwrap();
    let told = said(&run(folder.path(), &["doctor"]));
    assert!(told.contains("data is open to others (755)"), "{told}");
    assert!(told.contains("data/marktwerk.db is open to others (644)"), "{told}");
    let program = Running::start(command(folder.path(), &["--listen", "127.0.0.1:0"]));
    assert_eq!((rights(&data), rights(&data.join("marktwerk.db"))), (0o700, 0o600));
    let told = said(&run(folder.path(), &["doctor"]));
    assert!(!told.contains("open to others"), "{told}");
    // Credentials are the user's own, which no start changes.
    let secrets = folder.path().join(".env");
    fs::write(&secrets, "MARKTWERK_LOG=info\n").unwrap();
    fs::set_permissions(&secrets, Permissions::from_mode(0o644)).unwrap();
    let told = said(&run(folder.path(), &["doctor"]));
    assert!(told.contains(".env is open to others (644)") && told.contains("chmod 600 .env"), "{told}");
    program.kill();
}

#[test]
fn the_folder_that_the_program_was_started_in_keeps_its_rights() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    Running::start(command(folder.path(), &["--listen", "127.0.0.1:0", "--data-dir", "."])).kill();
    assert_eq!(rights(folder.path()), 0o755);
    assert_eq!(rights(&folder.path().join("marktwerk.db")), 0o600);
}

#[test]
fn an_older_database_is_checked_and_copied_without_being_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("data/marktwerk.db");
    Running::start(command(folder.path(), &["--listen", "127.0.0.1:0"])).kill();
    let connection = rusqlite::Connection::open(&file).unwrap();
    connection.execute_batch("DELETE FROM schema_migrations WHERE number > 3").unwrap();
    drop(connection);
    let before = fs::read(&file).unwrap();
    let checked = run(folder.path(), &["db", "check"]);
    assert!(checked.status.success(), "{}", said(&checked));
    assert!(
        said(&checked).contains("hint: ") && said(&checked).contains("schema version 3"),
        "{}",
        said(&checked)
    );
    assert!(run(folder.path(), &["db", "backup", "copy.db"]).status.success());
    run(folder.path(), &["doctor"]);
    assert!(fs::read(&file).unwrap() == before, "the file was changed");
    assert!(!folder.path().join("data/marktwerk.db-wal").exists(), "nothing is left beside it");
}

#[test]
fn a_database_that_cannot_be_used_ends_the_start_with_its_place_and_the_cure() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    fs::create_dir(folder.join("a folder.db")).unwrap();
    fs::write(folder.join("a text.db"), "no database, but long enough for the header of one: ".repeat(20))
        .unwrap();
    fs::set_permissions(folder.join("a text.db"), Permissions::from_mode(0o644)).unwrap();
    assert!(Command::new("mkfifo").arg(folder.join("a pipe.db")).status().unwrap().success());
    Running::start(serve(folder, "data", Path::new("newer.db"))).kill();
    let connection = rusqlite::Connection::open(folder.join("newer.db")).unwrap();
    let newer = "INSERT INTO schema_migrations (number, name, checksum) VALUES (99, 'future', 'x')";
    connection.execute_batch(newer).unwrap();
    drop(connection);
    for (name, cure) in [
        ("a folder.db", "name a file in it with [store] url"),
        ("a text.db", "restore a backup, or move the file away"),
        ("a pipe.db", "not a regular file"),
        ("newer.db", "start the newer program"),
        ("a text.db/shop.db", "correct [store] url"),
    ] {
        let error = refused(serve(folder, "data", Path::new(name)));
        assert!(error.starts_with(&format!("marktwerk: {}", name.split('/').next().unwrap())), "{error}");
        assert!(error.contains(cure), "{name}: {error}");
    }
    assert_eq!(rights(&folder.join("a text.db")), 0o644, "what is not ours is left alone");
}

/// The commands of docs/OPERATING.md, after a program that was killed in the middle of its work.
#[test]
fn a_backup_is_restored_as_documented() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path();
    let document =
        fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OPERATING.md")).unwrap();
    let program = Running::start(command(folder, &["--listen", "127.0.0.1:0"]));
    assert!(run(folder, &["db", "backup", "marktwerk-2026-11-30.db"]).status.success());
    let marked = |file: &str| {
        let connection = rusqlite::Connection::open(folder.join(file)).unwrap();
        connection
            .query_row("SELECT count(*) FROM facts WHERE name = 'mark'", [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    let connection = rusqlite::Connection::open(folder.join("data/marktwerk.db")).unwrap();
    connection
        .execute_batch("INSERT INTO facts (name, value) VALUES ('mark', 'stored after the backup')")
        .unwrap();
    drop(connection);
    program.kill();
    assert!(folder.join("data/marktwerk.db-wal").exists());
    for step in [
        "mv data/marktwerk.db data/damaged.db",
        "mv data/marktwerk.db-wal data/damaged.db-wal",
        "rm -f data/marktwerk.db-shm",
        "cp /somewhere/marktwerk-2026-11-30.db data/marktwerk.db",
    ] {
        assert!(document.contains(&format!("`{step}`")), "{step}");
        let done =
            Command::new("sh").args(["-c", &step.replace("/somewhere/", "")]).current_dir(folder).status();
        assert!(done.unwrap().success(), "{step}");
    }
    let checked = run(folder, &["db", "check"]);
    assert!(checked.status.success(), "{}", said(&checked));
    Running::start(command(folder, &["--listen", "127.0.0.1:0"])).kill();
    assert_eq!(
        (marked("data/marktwerk.db"), marked("data/damaged.db")),
        (0, 1),
        "nothing is lost that was kept"
    );
}
