//! `marktwerk config show` and `config check`.

use crate::program::Program;

#[test]
fn each_value_tells_where_it_comes_from_and_no_secret_is_shown() {
    let program = Program::with(&[("MARKTWERK_SERVER__TOKEN", "hush"), ("MARKTWERK_TOKEN", "hush")]);
    let shown = program.ask(&["config", "show", "--listen", "127.0.0.1:9"]);
    let line = |key: &str| shown.lines().find(|line| line.starts_with(key)).unwrap().to_owned();
    assert!(line("server.listen").ends_with("flag --listen"), "{shown}");
    assert!(line("server.token").ends_with("environment variable MARKTWERK_SERVER__TOKEN"), "{shown}");
    assert!(!shown.contains("hush") && !shown.contains("note: "), "{shown}");
    let document = program.read(&["config", "show"]);
    assert!(
        document["settings"].as_array().is_some_and(|rows| rows.iter().all(|row| row["origin"].is_string()))
    );
}

#[test]
fn the_jobs_file_is_checked_without_the_program() {
    let mut program = Program::start();
    program.stop();
    let checked = program.ask(&["config", "check"]);
    assert!(checked.contains("jobs file data/workers_config.json: 3 jobs"), "{checked}");
    std::fs::write(program.folder.path().join("data/workers_config.json"), "{\"jobs\": [\n{]}").unwrap();
    let said = program.say(&["config", "check"]);
    assert!(said.code == 2 && said.error.contains("workers_config.json:2:"), "{said:?}");
}
