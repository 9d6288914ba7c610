//! `marktwerk doctor`: each check is told as it ends, and what the start would refuse is found before.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use crate::program::{Program, Said};

fn doctor(folder: &std::path::Path, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
    command.current_dir(folder).env_clear().envs(variables.iter().copied()).arg("doctor").args(arguments);
    command
}

#[test]
fn each_check_is_told_as_it_ends() {
    // A marketplace that takes the call and never answers: the checks before it are told meanwhile.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/", silent.local_addr().unwrap());
    let variables = [
        ("TEMU_APP_KEY", "k"),
        ("TEMU_APP_SECRET", "s"),
        ("TEMU_ACCESS_TOKEN", "t"),
        ("TEMU_API_ENDPOINT", endpoint.as_str()),
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut command = doctor(folder.path(), &variables, &["--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let (_call, _) = silent.accept().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let before: Vec<String> = lines.take_while(|line| !line.contains("JTL-Wawi: ")).collect();
    for about in ["data folder: ", "address: ", "time: ", "jobs file: ", "database: "] {
        assert!(before.iter().any(|line| line.contains(about)), "{about}: {before:#?}");
    }
    assert!(child.try_wait().unwrap().is_none(), "it is still waiting for the marketplace");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!folder.path().join("data").exists(), "it changes nothing");
}

#[test]
fn what_the_start_would_refuse_is_found() {
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let folder = tempfile::tempdir().unwrap();
    let say = |variables: &[(&str, &str)], arguments: &[&str]| -> Said {
        doctor(folder.path(), variables, arguments).output().unwrap().into()
    };
    let taken = say(&[], &["--listen", &address]);
    assert!(taken.code == 1 && taken.out.contains("WRONG  address: another program listens on"), "{taken:?}");
    let foreign = say(&[], &["--listen", "192.0.2.1:8000"]);
    assert_eq!(foreign.code, 1, "{foreign:?}");
    // All faults of the settings, and none of what follows.
    let faults = say(&[("MARKTWERK_LOG", "lots"), ("JTL_SPRACHE", "de")], &[]);
    let wrong = faults.out.lines().filter(|line| line.starts_with("WRONG  settings: ")).count();
    assert!(faults.code == 1 && wrong == 2, "{faults:?}");
    let alone = [("MARKTWERK_ERP__JTL__URL", "sqlite:jtl.db")];
    let told = say(&alone, &["--listen", "127.0.0.1:0"]);
    assert!(told.out.contains("a JTL is set, but no account is"), "{told:?}");
}

#[test]
fn beside_a_running_program_its_address_is_no_fault() {
    let program = Program::start();
    let address = program.url.trim_start_matches("http://").to_owned();
    let told = program.say(&["doctor", "--listen", &address]);
    assert!(told.out.contains("address: Marktwerk ") && told.out.contains("is running on"), "{told:?}");
    assert!(told.out.contains("limits: "), "{told:?}");
    assert_eq!(told.code, 0, "{told:?}");
}
