//! What people type wrong: one sentence that names the field and the reason, exit code 2, and nothing changed.

use crate::program::Program;

#[test]
fn a_job_that_cannot_be_is_refused_by_field_and_nothing_is_changed() {
    let program = Program::start();
    program.ask(&["jobs", "add", "inventory_workflow", "--id", "b", "--manual", "--after", "order_workflow"]);
    let before = (program.ask(&["config", "export"]), program.jobs_file());
    let long = "x".repeat(100_000);
    let cases: [(&[&str], &str); 18] = [
        (&["--cron", "0 0 31 2 *"], "cron: "),
        (&["--cron", "*/0 * * * *"], "cron: "),
        (&["--cron", "0 2 * * *", "--time-zone", "Europe/Atlantis"], "time_zone: "),
        (&["--manual", "--after", "ghost"], "after: there is no job `ghost`"),
        (&["--manual", "--condition", "succeeded_within:ghost:5"], "conditions: there is no job `ghost`"),
        (&["--manual", "--condition", "full_moon"], "conditions"),
        (
            &["--manual", "--param", "days_back=many"],
            "days_back: must be a whole number from 1 to 365, not `many`",
        ),
        (&["--manual", "--param", "verbose=perhaps"], "verbose: must be true or false, not `perhaps`"),
        (&["--manual", "--param", "days_back=0"], "days_back: must be a whole number from 1 to 365, not 0"),
        (&["--manual", "--param", "dayz=1"], "no parameter dayz; it takes "),
        (&["--manual", "--param", "dayz_back=1"], "(did you mean days_back?)"),
        (&["--interval-minutes", "0"], "interval_minutes: "),
        (&["--interval-minutes", "1000000000"], "interval_minutes: "),
        (&["--every", "5"], "write it with its unit"),
        (&["--every", "90s", "--cron", "0 2 * * *"], "every and cron"),
        (&["--manual", "--description", &long[..2_001]], "description: has 2001 characters"),
        (&["--manual", "--description", &long], "larger than"),
        (&["--manual", "--max-instances", "0"], "max_instances: "),
    ];
    for (flags, told) in cases {
        for command in [&["jobs", "add", "order_workflow"][..], &["jobs", "edit", "order_workflow"][..]] {
            let said = program.say(&[command, flags].concat());
            assert!(said.code == 2 && said.error.contains(told), "{flags:?}: {said:?}");
            assert!(said.out.is_empty(), "{said:?}");
        }
        assert_eq!((program.ask(&["config", "export"]), program.jobs_file()), before, "{flags:?}");
    }
    let mode = program.say(&["jobs", "run", "inventory_workflow", "--param", "mode=fast"]);
    assert!(mode.code == 2 && mode.error.contains("mode: must be quick or full, not `fast`"), "{mode:?}");
    let time = program.say(&["jobs", "run", "order_workflow", "--param", "from=yesterday"]);
    assert!(
        time.code == 2 && time.error.contains("from: must be a time with its offset, such as"),
        "{time:?}"
    );
    let limit = program.say(&["runs", "list", "--limit", "99999"]);
    assert_eq!(limit.error, "marktwerk: limit: must be a whole number from 1 to 500, not 99999\n");
    assert!(program.say(&["jobs", "show", ""]).error.contains("is empty"));
    let unset = program.say(&["jobs", "edit", "order_workflow", "--unset", "foo"]);
    assert!(unset.code == 2 && unset.error.contains("'foo' for '--unset <FIELD>'"), "{unset:?}");
    for (flags, told) in [
        (["--interval-minutes", "many"], "must be a whole number"),
        (["--retry-attempts", "-1"], "retry.attempts"),
        (["--retry-factor", "twice"], "must be a number"),
        (["--priority", "urgent"], "possible values: high, medium, low"),
        (["--overlap", "perhaps"], "possible values: skip, queue_one"),
    ] {
        let said = program.say(&[&["jobs", "edit", "order_workflow"][..], &flags].concat());
        assert!(said.code == 2 && said.error.contains(told), "{flags:?}: {said:?}");
        for word in ["i64", "u32", "invalid digit", "invalid float", "invalid type"] {
            assert!(!said.error.contains(word), "{said:?}");
        }
    }
    let chain = program.say(&["jobs", "edit", "order_workflow", "--after", "b"]);
    assert!(chain.code == 2 && chain.error.contains("order_workflow → b → order_workflow"), "{chain:?}");
    let twice = program.say(&["jobs", "add", "order_workflow", "--id", "b", "--manual"]);
    assert!(twice.code == 1 && twice.error.contains("id: `b` is the id of another job"), "{twice:?}");
    let needed = program.say(&["jobs", "remove", "order_workflow"]);
    assert!(needed.code == 2 && needed.error.contains("`b` still names it"), "{needed:?}");
    assert_eq!((program.ask(&["config", "export"]), program.jobs_file()), before);
    assert_eq!(program.say(&["jobs", "edit", "order_workflow"]).code, 2);
}
