//! How it looks: tables that fit, colours where they belong, and what shells and manuals are given.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::program::{Program, Said};

#[test]
fn tables_fit_the_width_and_are_whole_in_a_pipe() {
    let program = Program::start();
    program.ask(&["jobs", "run", "order_workflow", "--wait"]);
    program.ask(&["jobs", "run", "inventory_workflow", "--param", "mode=full", "--wait"]);
    let description =
        "a description that is long enough to leave no room beside it, whatever else is in the row";
    program.ask(&["jobs", "edit", "order_workflow", "--description", description]);
    let commands: [&[&str]; 12] = [
        &["jobs", "list"],
        &["jobs", "show", "order_workflow"],
        &["jobs", "types"],
        &["runs", "list"],
        &["runs", "show", "1"],
        &["orders", "list"],
        &["stock", "list"],
        &["stock", "show", "MW-0001"],
        &["audit", "list"],
        &["accounts", "list"],
        &["attention", "list"],
        &["status"],
    ];
    for arguments in commands {
        for columns in ["80", "40"] {
            let said: Said = program.command(arguments).env("COLUMNS", columns).output().unwrap().into();
            let most: usize = columns.parse().unwrap();
            assert_eq!(said.code, 0, "{said:?}");
            let too_long = said.out.lines().find(|line| line.chars().count() > most && line.contains("  "));
            assert_eq!(too_long, None, "{arguments:?} at {columns}:\n{}", said.out);
            let is_cut = arguments.contains(&"show") && said.out.contains('…');
            assert!(!is_cut, "{arguments:?} at {columns}:\n{}", said.out);
        }
    }
    assert!(program.ask(&["jobs", "list"]).contains(description));
    let listed: Said = program.command(&["jobs", "list"]).env("COLUMNS", "80").output().unwrap().into();
    let title = listed.out.lines().next().unwrap();
    assert!(title.starts_with("JOB ") && title.contains("STATUS") && title.contains("NEXT RUN"), "{title}");
}

#[test]
fn colours_are_for_terminals_and_never_with_no_color() {
    let program = Program::start();
    program.ask(&["jobs", "run", "order_workflow", "--wait"]);
    assert!(!program.ask(&["jobs", "list"]).contains('\u{1b}'));
    assert!(program.ask(&["jobs", "list", "--color", "always"]).contains("\u{1b}[32mSUCCESS"));
    // A terminal that does not say its width counts as one of 80 columns; where the system has a program that makes one.
    let description =
        "a description that is long enough to leave no room beside it, whatever else is in the row";
    program.ask(&["jobs", "edit", "order_workflow", "--description", description]);
    let on_terminal = |variable: Option<(&str, &str)>| {
        let command = format!("{} jobs list --server {}", env!("CARGO_BIN_EXE_marktwerk"), program.url);
        let mut script = Command::new("script");
        script.args(["-qec", &command, "/dev/null"]).current_dir(program.folder.path()).env("TERM", "xterm");
        script.env_remove("NO_COLOR").env_remove("COLUMNS").envs(variable).stdin(Stdio::null());
        script.output().ok().map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let Some(told) = on_terminal(None) else { return };
    assert!(told.contains("\u{1b}[1mJOB"), "{told:?}");
    let plain = on_terminal(Some(("NO_COLOR", "1"))).unwrap();
    assert!(!plain.contains('\u{1b}') && plain.starts_with("JOB"), "{plain:?}");
    assert!(plain.lines().all(|line| line.trim_end().chars().count() <= 80), "{plain}");
}

#[test]
fn shells_and_manuals_are_served_beside_settings_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("marktwerk.toml"), "broken").unwrap();
    let say = |arguments: &[&str]| -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_marktwerk"));
        command.current_dir(folder.path()).env_clear().args(arguments).output().unwrap().into()
    };
    for (shell, part) in
        [("bash", "_marktwerk()"), ("zsh", "#compdef marktwerk"), ("fish", "complete -c marktwerk")]
    {
        let said = say(&["completions", shell]);
        assert!(said.code == 0 && said.out.contains(part), "{shell}: {said:?}");
    }
    let said = say(&["completions", "csh"]);
    assert!(said.code == 2 && said.error.contains("possible values: bash"), "{said:?}");
    let page = say(&["man"]);
    assert!(page.code == 0 && page.out.contains(".TH marktwerk 1"), "{page:?}");
    let said = say(&["man", "pages"]);
    assert!(said.code == 0 && said.out.starts_with("pages has the pages of all commands"), "{said:?}");
    assert!(folder.path().join("pages/marktwerk-jobs-run.1").is_file());
}

#[test]
fn a_reader_who_goes_away_is_no_failure_and_no_panic() {
    let program = Program::start();
    let commands: [&[&str]; 7] = [
        &["jobs", "list", "--json"],
        &["config", "show"],
        &["logs", "--since", "1h"],
        &["openapi"],
        &["completions", "zsh"],
        &["man"],
        &["doctor"],
    ];
    for arguments in commands {
        let mut command = program.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut error = String::new();
        child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        let code = child.wait().unwrap().code();
        assert_eq!((code, error.as_str()), (Some(0), ""), "{arguments:?}");
    }
}
