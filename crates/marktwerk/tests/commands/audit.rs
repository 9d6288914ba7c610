//! `marktwerk audit …`, and the commands in the hands of people with a role.

use crate::program::{Program, Said};

const PEOPLE: &str = "[{name=\"office\",role=\"operator\",token=\"hush-2\"},{name=\"warehouse\",role=\"viewer\",token=\"hush-3\"}]";

#[test]
fn who_changed_what_is_listed_and_a_role_that_is_too_low_is_told() {
    let program =
        Program::with(&[("MARKTWERK_SERVER__TOKEN", "hush-1"), ("MARKTWERK_SERVER__PEOPLE", PEOPLE)]);
    let say = |token: &str, arguments: &[&str]| -> Said {
        program.command(arguments).env("MARKTWERK_TOKEN", token).output().unwrap().into()
    };
    program.ask(&["jobs", "pause", "order_workflow"]);
    assert_eq!(say("hush-2", &["jobs", "resume", "order_workflow"]).code, 0);
    let refused = say("hush-3", &["jobs", "pause", "order_workflow"]);
    assert_eq!(
        (refused.code, refused.error.as_str()),
        (1, "marktwerk: this needs the role operator, and warehouse has the role viewer\n")
    );
    let refused = say("hush-2", &["jobs", "remove", "order_workflow"]);
    assert!(refused.code == 1 && refused.error.contains("needs the role admin"), "{refused:?}");
    let stranger = say("hush", &["jobs", "list"]);
    assert!(stranger.code == 1 && stranger.error.contains("asks for a token"), "{stranger:?}");

    let listed = say("hush-3", &["audit", "list", "--subject", "order_workflow", "--limit", "2"]).out;
    let rows: Vec<&str> = listed.lines().collect();
    assert!(rows[0].starts_with("ENTRY  AT ") && rows[0].ends_with("AFTER"), "{listed}");
    assert!(rows[1].contains("office") && rows[1].contains("job_resumed"), "{listed}");
    assert!(rows[2].contains("token") && rows[2].contains("job_paused"), "{listed}");
    assert!(rows[2].ends_with("enabled yes  enabled no"), "{listed}");
    let first = program.read(&["audit", "list", "--who", "jobs file", "--action", "job_added"]);
    assert_eq!(first.as_array().unwrap().len(), 3, "{first}");
    let last = first[2]["id"].to_string();
    assert_eq!(program.ask(&["audit", "list", "--before", &last]), "none\n");
    assert_eq!(program.say(&["audit", "list", "--action", "odd"]).code, 2);

    let shown = program.ask(&["config", "show"]);
    let person = "person office: operator (environment variable MARKTWERK_SERVER__PEOPLE)";
    assert!(shown.contains(person) && !shown.contains("hush"), "{shown}");
}

#[test]
fn a_person_who_cannot_be_ends_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let file = "[[server.people]]\nname = \"office\"\nrole = \"viewer\"\ntoken = \"$2b$12$hush\"\n";
    std::fs::write(folder.path().join("marktwerk.toml"), file).unwrap();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_marktwerk"));
    let said: Said = program.current_dir(folder.path()).env_clear().output().unwrap().into();
    assert!(said.code == 2 && said.error.contains("marktwerk.toml:4:1: [server.people] token: "), "{said:?}");
    assert!(!said.error.contains("hush") && !folder.path().join("data").exists(), "{said:?}");
}

#[test]
fn people_without_an_admin_are_a_finding() {
    let program = Program::with(&[("MARKTWERK_SERVER__PEOPLE", PEOPLE), ("MARKTWERK_TOKEN", "hush-3")]);
    assert!(program.ask(&["config", "check"]).contains("note: nobody is an admin"));
    assert_eq!(program.say(&["config", "import", "data/workers_config.json"]).code, 1);
}
