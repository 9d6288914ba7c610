//! `marktwerk logs`.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::program::Program;

#[test]
fn following_goes_on_over_a_restart_and_loses_no_line() {
    let mut program = Program::start();
    program.ask(&["jobs", "run", "order_workflow", "--wait"]);
    let mut following = program
        .command(&["logs", "--follow", "--since", "1h", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut asides = BufReader::new(following.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut seen: Vec<i64> = Vec::new();
    let mut until_end_of = |run: i64| {
        for line in lines.by_ref() {
            let row: Value = serde_json::from_str(&line).unwrap();
            seen.push(row["log_id"].as_i64().unwrap());
            if row["run"] == run && !row["status"].is_null() {
                return;
            }
        }
        panic!("the output ended before run {run}");
    };
    let run = |program: &Program| {
        program.read(&["jobs", "run", "order_workflow", "--wait"])["id"].as_i64().unwrap()
    };
    until_end_of(run(&program));
    program.stop();
    let lost = asides.next().unwrap();
    assert!(lost.contains("no Marktwerk answers on") && lost.contains("trying again"), "{lost}");
    program.start_again();
    let found = asides.next().unwrap();
    assert!(found.ends_with("answers again"), "{found}");
    until_end_of(run(&program));
    following.kill().unwrap();
    following.wait().unwrap();

    let last = *seen.last().unwrap();
    let all = program.ask(&["logs", "--since", "1h", "--json"]);
    let all: Vec<i64> = all
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["log_id"].as_i64().unwrap())
        .filter(|number| *number <= last)
        .collect();
    assert_eq!(seen.len(), seen.iter().collect::<HashSet<_>>().len(), "a line came twice");
    let missing: Vec<&i64> = all.iter().filter(|number| !seen.contains(number)).collect();
    assert!(missing.is_empty(), "{missing:?} of {all:?}");
}

/// A backup was put back, or the data folder was emptied: the numbers begin again.
#[test]
fn following_over_another_database_says_so_and_goes_on_from_its_end() {
    let mut program = Program::start();
    for _ in 0..3 {
        program.ask(&["jobs", "run", "order_workflow", "--wait"]);
    }
    let mut following = program
        .command(&["logs", "--follow", "-n", "1", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut asides = BufReader::new(following.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines().map(Result::unwrap);
    lines.next().unwrap();
    program.stop();
    std::fs::remove_dir_all(program.folder.path().join("data")).unwrap();
    program.start_again();
    let told = asides.find(|line| line.contains("another database")).unwrap();
    assert!(told.contains("going on from its end"), "{told}");
    program.ask(&["jobs", "run", "order_workflow", "--wait"]);
    assert!(lines.next().is_some(), "lines come again");
    following.kill().unwrap();
    following.wait().unwrap();
}

#[test]
fn lines_are_narrowed_by_job_level_time_and_number() {
    let program = Program::start();
    let run = program.read(&["jobs", "run", "order_workflow", "--wait"])["id"].to_string();
    let execution = format!("order_workflow_{run}");
    let lines = program.ask(&["logs", "--job", &execution, "--since", "1h"]);
    assert!(lines.lines().count() > 2 && lines.lines().all(|line| line.contains(&execution)), "{lines}");
    assert_eq!(program.ask(&["logs", "--job", &execution, "-n", "1"]).lines().count(), 1);
    let closing = program.ask(&["logs", "--job", &execution, "-n", "1"]);
    assert!(lines.ends_with(&closing), "{closing}");
    assert_eq!(program.ask(&["logs", "--job", &execution, "--level", "ERROR"]), "");
    assert_eq!(program.ask(&["logs", "--since", "2999-01-01T00:00:00Z"]), "");
    assert_eq!(program.say(&["logs", "--level", "loud"]).code, 2);
    assert!(
        program
            .say(&["logs", "--level", "loud"])
            .error
            .contains("must be one of DEBUG, INFO, WARNING, ERROR")
    );
    let all = program.ask(&["logs", "--since", "yesterday"]);
    assert!(all.contains(&execution), "{all}");
    for since in ["today", "2 hours", "1h 30m", "monday", "2020-01-01", "01.01.2020 08:00"] {
        assert!(
            program.ask(&["logs", "--since", since, "--job", &execution]).contains(&execution),
            "{since}"
        );
    }
    let said = program.say(&["logs", "--since", "soon"]);
    assert!(
        said.code == 2 && said.error.contains("--since: `soon` is not a time; write yesterday"),
        "{said:?}"
    );
    assert_eq!(program.ask(&["logs", "--until", "1h"]), "");
    let whole = program.ask(&["logs", "--job", &execution, "--until", "2999-01-01T00:00:00Z"]);
    assert_eq!(whole, lines);
    assert_eq!(
        program.ask(&["logs", "--job", &execution, "--until", "2999-01-01T00:00:00Z", "-n", "1"]),
        closing
    );
    assert_eq!(program.say(&["logs", "--until", "1h", "--follow"]).code, 2);
    assert_eq!(program.say(&["logs", "--since", "1h", "--until", "2h"]).code, 2);
}

#[test]
fn a_level_means_at_least_this_one() {
    let program = Program::with(&crate::runs::NOBODY);
    program.ask(&["jobs", "edit", "order_workflow", "--retry-attempts", "1"]);
    let run = program.say(&["jobs", "run", "order_workflow", "--wait"]);
    assert_eq!(run.code, 1, "{run:?}");
    let levels = |level: &str| -> HashSet<String> {
        let lines = program.ask(&["logs", "--since", "1h", "--json", "--level", level]);
        let level =
            |line: &str| serde_json::from_str::<Value>(line).unwrap()["level"].as_str().unwrap().to_owned();
        lines.lines().map(level).collect()
    };
    let (all, from_info) = (levels("DEBUG"), levels("info"));
    assert!(from_info.contains("INFO") && from_info.contains("ERROR"), "{all:?} {from_info:?}");
    assert_eq!(levels("ERROR"), HashSet::from(["ERROR".to_owned()]));
    let from_warning = levels("warning");
    assert!(from_warning.contains("ERROR") && !from_warning.contains("INFO"), "{from_warning:?}");
}
