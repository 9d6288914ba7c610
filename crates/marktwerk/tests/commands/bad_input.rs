//! What people type wrong: one sentence that names the field and the reason, exit code 2, and nothing changed.

use crate::program::Program;

#[test]
fn a_job_that_cannot_be_is_refused_by_field_and_nothing_is_changed() {
    let program = Program::start();
    program.ask(&["jobs", "add", "inventory_workflow", "--id", "b", "--manual", "--after", "order_workflow"]);
    let before = (program.ask(&["config", "export"]), program.jobs_file());
    let long = "x".repeat(100_000);
    let cases: [(&[&str], &str); 15] = [
        (&["--cron", "0 0 31 2 *"], "cron: "),
        (&["--cron", "*/0 * * * *"], "cron: "),
        (&["--cron", "0 2 * * *", "--time-zone", "Europe/Atlantis"], "time_zone: "),
        (&["--manual", "--after", "ghost"], "after: there is no job `ghost`"),
        (&["--manual", "--condition", "succeeded_within:ghost:5"], "conditions: there is no job `ghost`"),
        (&["--manual", "--condition", "full_moon"], "conditions"),
        (&["--manual", "--param", "days_back=many"], "days_back"),
        (&["--manual", "--param", "dayz_back=1"], "dayz_back"),
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
    let chain = program.say(&["jobs", "edit", "order_workflow", "--after", "b"]);
    assert!(chain.code == 2 && chain.error.contains("b → order_workflow → b"), "{chain:?}");
    let twice = program.say(&["jobs", "add", "order_workflow", "--id", "b", "--manual"]);
    assert!(twice.code == 1 && twice.error.contains("id: `b` is the id of another job"), "{twice:?}");
    let needed = program.say(&["jobs", "remove", "order_workflow"]);
    assert!(needed.code == 2 && needed.error.contains("`b` still names it"), "{needed:?}");
    assert_eq!((program.ask(&["config", "export"]), program.jobs_file()), before);
    assert_eq!(program.say(&["jobs", "edit", "order_workflow"]).code, 2);
}
