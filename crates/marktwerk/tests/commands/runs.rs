//! `marktwerk jobs run`, `marktwerk runs …`, `marktwerk alerts …`.

use serde_json::json;

use crate::program::Program;

/// A marketplace that nobody answers for: each run fails.
pub(crate) const NOBODY: [(&str, &str); 4] = [
    ("TEMU_APP_KEY", "key"),
    ("TEMU_APP_SECRET", "secret"),
    ("TEMU_ACCESS_TOKEN", "token"),
    ("TEMU_API_ENDPOINT", "http://127.0.0.1:9/"),
];

#[test]
fn a_run_is_waited_for_and_read_back() {
    let program = Program::start();
    let told = program.ask(&["jobs", "run", "order_workflow", "--param", "days_back=3", "--wait"]);
    let number = told.split(' ').nth(1).unwrap();
    assert!(told.contains("fetch done ") && told.ends_with(&format!("run {number}: succeeded\n")), "{told}");
    let run = program.read(&["runs", "show", number]);
    assert_eq!((&run["state"], &run["parameters"]["days_back"]), (&json!("succeeded"), &json!(3)));
    let shown = program.ask(&["runs", "show", number]);
    assert!(shown.contains("STATE       succeeded") && shown.contains("\nfetch "), "{shown}");

    let again = program.read(&["runs", "retry", number, "--from-step", "tracking", "--wait"]);
    assert_eq!((&again["from_step"], &again["trigger"]), (&json!("tracking"), &json!("again")));
    let first = program.ask(&["runs", "show", number]);
    let fresh = &again["id"];
    assert!(first.contains(&format!("caused run {fresh} of order_workflow (again, succeeded)")), "{first}");
    assert!(
        program.ask(&["runs", "show", &fresh.to_string()]).contains(&format!("caused by run {number} of"))
    );
    let listed = program.read(&["runs", "list", "--trigger", "again", "--job", "order_workflow"]);
    assert_eq!(listed.as_array().unwrap().len(), 1);

    let cut = program.say(&["runs", "list", "--limit", "1"]);
    assert!(cut.error.contains("the first 1, and there are more"), "{cut:?}");
    assert!(cut.error.contains("--before "), "{cut:?}");
    let all = program.say(&["runs", "list", "--limit", "100"]);
    assert_eq!(all.error, "", "a list that is complete says nothing");

    let said = program.say(&["runs", "retry", number, "--from-step", "nothing"]);
    assert!(said.code == 2 && said.error.contains("from_step: `nothing` is not a step"), "{said:?}");
    let said = program.say(&["runs", "cancel", number]);
    assert!(said.code == 1 && said.error.contains("there is nothing to cancel"), "{said:?}");
    assert_eq!(program.say(&["runs", "show", "999999"]).code, 1);
    // The same words everywhere, in capitals or not; an unknown one is answered by those that there are.
    for state in ["succeeded", "SUCCEEDED", "Succeeded,failed"] {
        assert!(!program.read(&["runs", "list", "--state", state]).as_array().unwrap().is_empty(), "{state}");
    }
    let said = program.say(&["runs", "list", "--state", "odd"]);
    assert!(
        said.code == 2 && said.error.contains("waiting, running, retrying, succeeded, failed"),
        "{said:?}"
    );
    assert!(!program.read(&["jobs", "list", "--status", "success,idle"]).as_array().unwrap().is_empty());
    let said = program.say(&["runs", "show", "abc"]);
    assert!(said.code == 2 && said.error.contains("must be a whole number"), "{said:?}");
    let said = program.say(&["runs", "list", "--from", "someday"]);
    assert!(
        said.code == 2 && said.error.contains("--from (or --since): `someday` is not a time"),
        "{said:?}"
    );
    assert!(!program.read(&["runs", "list", "--from", "1h"]).as_array().unwrap().is_empty());
}

#[test]
fn the_exit_code_tells_how_a_run_ended() {
    let program = Program::with(&NOBODY);
    program.ask(&["jobs", "edit", "order_workflow", "--retry-attempts", "1"]);
    let said = program.say(&["jobs", "run", "order_workflow", "--wait"]);
    assert!(said.code == 1 && said.error.contains("ended as failed: "), "{said:?}");
    let said = program.say(&["jobs", "run", "order_workflow", "--wait", "--param", "dayz_back=3"]);
    assert!(said.code == 2 && said.error.contains("dayz_back"), "{said:?}");
    assert_eq!(program.say(&["jobs", "run", "order_workflow", "--param", "mode"]).code, 2);
    let said = program.say(&["jobs", "run", "nothing", "--wait"]);
    assert_eq!((said.code, said.error.as_str()), (1, "marktwerk: there is no job `nothing`\n"));
    // Without --wait nobody knows yet.
    assert_eq!(program.say(&["jobs", "run", "order_workflow"]).code, 0);
}

#[test]
fn alerts_are_tested() {
    let program = Program::start();
    assert_eq!(program.ask(&["alerts", "list"]), "none\n");
    let said = program.say(&["alerts", "test"]);
    assert!(said.code == 1 && said.error.contains("no alerts are sent"), "{said:?}");
    let program = Program::with(&[("MARKTWERK_ALERTS__WEBHOOK__URL", "http://127.0.0.1:9/hook")]);
    let said = program.say(&["alerts", "test"]);
    assert!(said.code == 1 && said.out.starts_with("webhook: not sent: "), "{said:?}");
}
