//! What went wrong, for people and for programs: a server that is away or another program, a token that is wrong, settings that cannot be
//! used. The exit code says which kind it is.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use serde_json::Value;

use crate::program::{Program, Said};

/// A command in an empty folder, without a server.
fn alone(arguments: &[&str], variables: &[(&str, &str)]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
    command.current_dir(folder.path()).env_clear().envs(variables.iter().copied()).args(arguments);
    command.output().unwrap().into()
}

fn document(said: &Said) -> Value {
    assert_eq!(said.error.lines().count(), 1, "{said:?}");
    serde_json::from_str::<Value>(&said.error).unwrap()["error"].clone()
}

/// A program that is not Marktwerk: it answers one page to everything.
fn stranger() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = [0; 4_096];
            let _ = stream.read(&mut head);
            let page = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\nconnection: close\r\n\r\nHello";
            let _ = stream.write_all(page.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn a_server_that_is_away_is_named_with_the_cure() {
    for arguments in [&["jobs", "list"][..], &["status"], &["health"], &["runs", "show", "1"], &["logs"]] {
        let said = alone(&[arguments, &["--server", "http://127.0.0.1:9"]].concat(), &[]);
        assert_eq!(said.code, 1, "{said:?}");
        let expected = "marktwerk: no Marktwerk answers on http://127.0.0.1:9: start it with `marktwerk`, or name another";
        assert!(said.error.starts_with(expected), "{said:?}");
    }
    // Without http://, as people type it.
    assert!(alone(&["jobs", "list", "--server", "127.0.0.1:9"], &[]).error.contains("http://127.0.0.1:9:"));
    let said = alone(&["jobs", "list", "--server", "ftp://x"], &[]);
    assert!(
        said.code == 2 && said.error.contains("--server: `ftp://x` is not the address of a server"),
        "{said:?}"
    );
    let said = alone(&["jobs", "list"], &[("MARKTWERK_SERVER_URL", "http://")]);
    assert!(said.code == 2 && said.error.contains("MARKTWERK_SERVER_URL: `http://` is not"), "{said:?}");
}

#[test]
fn another_program_is_not_taken_for_an_empty_marktwerk() {
    let stranger = stranger();
    for arguments in [&["jobs", "list"][..], &["status"], &["health"], &["attention", "list"]] {
        let said = alone(&[arguments, &["--server", &stranger]].concat(), &[]);
        assert!(said.code == 1 && said.error.contains("not as Marktwerk does: another program"), "{said:?}");
        assert_eq!(said.out, "");
    }
}

#[test]
fn a_wrong_token_is_told_from_none_with_where_it_was_said() {
    let program = Program::with(&[("MARKTWERK_SERVER__TOKEN", "hush-1")]);
    let with = |token: &str| -> Said {
        program.command(&["jobs", "list"]).env("MARKTWERK_TOKEN", token).output().unwrap().into()
    };
    let said = with("wrong");
    let expected = "does not accept the token of environment variable MARKTWERK_TOKEN";
    assert!(said.code == 1 && said.error.contains(expected) && !said.error.contains("wrong"), "{said:?}");
    let mut stranger = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
    stranger.current_dir(std::env::temp_dir()).env_clear().args(["jobs", "list", "--server", &program.url]);
    let said: Said = stranger.output().unwrap().into();
    assert!(
        said.code == 1 && said.error.contains("asks for a token: set the environment variable"),
        "{said:?}"
    );
}

#[test]
fn errors_are_json_where_json_is_asked_for() {
    let away = alone(&["jobs", "list", "--json", "--server", "http://127.0.0.1:9"], &[]);
    let error = document(&away);
    assert_eq!(
        (away.code, &error["kind"], &error["exit_code"]),
        (1, &"unavailable".into(), &1.into()),
        "{error}"
    );
    assert!(error["message"].as_str().unwrap().starts_with("no Marktwerk answers on"), "{error}");

    let usage = alone(&["runs", "list", "--limit", "many", "--json"], &[]);
    let error = document(&usage);
    assert_eq!((usage.code, &error["kind"]), (2, &"usage".into()), "{error}");
    assert!(error["message"].as_str().unwrap().contains("must be a whole number"), "{error}");

    let settings = alone(&["config", "check", "--json"], &[("MARKTWERK_LOG", "lots"), ("JTL_SPRACHE", "de")]);
    let error = document(&settings);
    assert_eq!((settings.code, &error["kind"]), (2, &"settings".into()), "{error}");
    let faults = error["faults"].as_array().unwrap();
    assert_eq!(faults.len(), 2, "{error}");
    assert!(
        faults
            .iter()
            .any(|fault| fault["place"] == "environment variable MARKTWERK_LOG" && fault["key"] == "log")
    );

    let program = Program::start();
    let said = program.say(&["jobs", "show", "nothing", "--json"]);
    let error = document(&said);
    assert_eq!(
        (said.code, &error["kind"], &error["problem"]["status"]),
        (1, &"refused".into(), &404.into()),
        "{error}"
    );
    let said =
        program.say(&["jobs", "add", "order_workflow", "--every", "5m", "--param", "dayz=1", "--json"]);
    let error = document(&said);
    assert_eq!((said.code, &error["problem"]["errors"][0]["field"]), (2, &"parameters".into()), "{error}");
    assert_eq!(said.out, "");
}

#[test]
fn settings_that_cannot_be_used_do_not_stop_what_is_asked_of_the_server() {
    let program = Program::start();
    let file = program.folder.path().join("marktwerk.toml");
    std::fs::write(&file, "[scheduler]\nworkers = \"many\"\n").unwrap();
    let said = program.say(&["jobs", "pause", "order_workflow"]);
    assert!(
        said.code == 0 && said.error.contains("note: the settings cannot be used for a start: "),
        "{said:?}"
    );
    // Which server is meant is not certain then, unless it is named.
    std::fs::write(&file, "[server]\nlisten = \"nowhere\"\n").unwrap();
    assert_eq!(program.say(&["jobs", "resume", "order_workflow"]).code, 0);
    let mut unnamed = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
    unnamed.current_dir(program.folder.path()).env_clear().args(["jobs", "list"]);
    let said: Said = unnamed.output().unwrap().into();
    assert!(said.code == 2 && said.error.contains("marktwerk.toml:2:1: [server] listen: "), "{said:?}");
    // A start, and what is about the settings, is refused.
    let said = program.say(&["config", "check"]);
    assert_eq!(said.code, 2, "{said:?}");
}
