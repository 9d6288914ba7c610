//! `marktwerk status` and `marktwerk health`.

use serde_json::json;

use crate::program::Program;
use crate::runs::NOBODY;

#[test]
fn one_look_tells_what_runs_what_is_next_and_what_failed() {
    let program = Program::with(&NOBODY);
    program.ask(&["jobs", "edit", "order_workflow", "--retry-attempts", "1"]);
    program.say(&["jobs", "run", "order_workflow", "--wait"]);
    program.ask(&["jobs", "pause", "inventory_workflow"]);
    let told = program.ask(&["status"]);
    for part in [
        "Marktwerk ",
        "Running: ",
        "Next: ",
        "Failed last time: ",
        "Paused: inventory_workflow",
        "Needs a person: ",
    ] {
        assert!(told.contains(part), "{part}\n{told}");
    }
    let failed = told.split("Failed last time").nth(1).unwrap();
    assert!(failed.lines().any(|line| line.starts_with("order_workflow ")), "{told}");
    let document = program.read(&["status"]);
    assert_eq!(document["failed"][0]["id"], json!("order_workflow"), "{document}");
    assert!(
        document["next"].as_array().unwrap().iter().all(|job| job["id"] != "inventory_workflow"),
        "{document}"
    );
    assert!(document["health"]["status"].is_string() && document["attention"].is_array(), "{document}");
}

#[test]
fn health_is_an_exit_code() {
    let mut program = Program::start();
    let told = program.ask(&["health"]);
    assert!(told.starts_with("ok (http://"), "{told}");
    assert!(program.ask(&["health", "--probe", "live"]).starts_with("ok ("));
    assert_eq!(program.read(&["health"])["status"], "ok");
    assert_eq!(program.say(&["health", "--probe", "deep"]).code, 2);
    program.stop();
    let said = program.say(&["health"]);
    assert!(said.code == 1 && said.error.contains("no Marktwerk answers on"), "{said:?}");
}
