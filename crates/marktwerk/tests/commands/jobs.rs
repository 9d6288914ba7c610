//! `marktwerk jobs …`, `marktwerk config export` and `config import`.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::program::{Program, Said};

#[test]
fn a_job_is_added_shown_changed_and_removed_with_a_flag_for_each_field() {
    let program = Program::start();
    let added = program.read(&[
        "jobs",
        "add",
        "order_workflow",
        "--id",
        "nightly",
        "--cron",
        "30 2,14 * * MON-FRI",
        "--description",
        "nachts",
        "--time-zone",
        "Europe/Vienna",
        "--jitter",
        "30s",
        "--misfire",
        "skip",
        "--grace",
        "5m",
        "--overlap",
        "queue_one",
        "--max-instances",
        "2",
        "--time-limit",
        "1h",
        "--priority",
        "low",
        "--retry-attempts",
        "5",
        "--retry-first-delay",
        "10",
        "--retry-factor",
        "1.5",
        "--retry-longest-delay",
        "60",
        "--condition",
        "new_data",
        "--condition",
        "window:mon,tue/08:00-18:30",
        "--condition",
        "succeeded_within:order_workflow:60",
        "--after",
        "inventory_workflow:failure",
        "--param",
        "days_back=3",
        "--paused",
    ]);
    let mut own = added.as_object().unwrap().clone();
    own.retain(|name, _| !matches!(name.as_str(), "state" | "version"));
    assert_eq!(
        Value::Object(own),
        json!({
            "id": "nightly", "job_type": "order_workflow", "cron": "30 2,14 * * MON-FRI", "description": "nachts",
            "time_zone": "Europe/Vienna", "jitter": 30, "misfire": "skip", "grace": 300, "overlap": "queue_one",
            "max_instances": 2, "time_limit": 3_600, "priority": "low", "enabled": false,
            "retry": { "attempts": 5, "first_delay_seconds": 10, "factor": 1.5, "longest_delay_seconds": 60 },
            "conditions": [
                "new_data",
                { "window": { "days": ["mon", "tue"], "from": "08:00", "to": "18:30" } },
                { "succeeded_within": { "job": "order_workflow", "minutes": 60 } },
            ],
            "after": [{ "job": "inventory_workflow", "on": "failure" }], "parameters": { "days_back": 3 },
        })
    );
    let shown = program.ask(&["jobs", "show", "nightly"]);
    assert!(
        shown.contains("Monday to Friday at 02:30 and 14:30; after inventory_workflow (on failure)"),
        "{shown}"
    );
    let listed = program.ask(&["jobs", "list", "--enabled", "false"]);
    assert!(listed.contains("nightly") && !listed.contains("inventory_workflow-full"), "{listed}");

    // What is not named stays; another kind of schedule takes the old one's place.
    let edited = program.read(&[
        "jobs",
        "edit",
        "nightly",
        "--every",
        "90s",
        "--unset",
        "conditions",
        "--unset",
        "after",
    ]);
    assert_eq!(
        (&edited["every"], &edited["cron"], &edited["grace"]),
        (&json!(90), &Value::Null, &json!(300))
    );
    assert_eq!((&edited["conditions"], &edited["version"]), (&Value::Null, &json!(2)));
    let edited = program.read(&["jobs", "edit", "nightly", "--daily", "02:00,14:30"]);
    assert_eq!((&edited["daily"], &edited["every"]), (&json!(["02:00", "14:30"]), &Value::Null));
}

#[test]
fn a_draft_comes_from_a_file_or_the_input_and_flags_change_it() {
    let program = Program::start();
    let draft = json!({ "job_type": "order_workflow", "id": "a", "interval_minutes": 7, "enabled": false });
    std::fs::write(program.folder.path().join("draft.json"), draft.to_string()).unwrap();
    let added = program.read(&["jobs", "add", "--file", "draft.json", "--priority", "high"]);
    assert_eq!((&added["interval_minutes"], &added["priority"]), (&json!(7), &json!("high")));

    let mut adding = program
        .command(&["jobs", "add", "--file", "-", "--id", "b", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    adding.stdin.take().unwrap().write_all(draft.to_string().as_bytes()).unwrap();
    let said: Said = adding.wait_with_output().unwrap().into();
    assert_eq!(serde_json::from_str::<Value>(&said.out).unwrap()["id"], "b", "{said:?}");

    let said = program.say(&["jobs", "add", "--file", "nowhere.json"]);
    assert!(said.code == 2 && said.error.contains("nowhere.json cannot be read"), "{said:?}");
    let file = program.folder.path().join("draft.json");
    let by_file = |content: &[u8]| {
        std::fs::write(&file, content).unwrap();
        program.say(&["jobs", "add", "--file", "draft.json"])
    };
    for (content, told) in [
        ("{\"job_type\": }", "draft.json is not a job: 1:14: "),
        ("{\"manual\": true,\n \"manual\": false}", "draft.json is not a job: 2:2: "),
        ("[]", "it has to be one object"),
    ] {
        let said = by_file(content.as_bytes());
        assert!(said.code == 2 && said.error.contains(told), "{content}: {said:?}");
    }
    // As Windows editors save it.
    let draft = json!({ "job_type": "order_workflow", "id": "wide", "manual": true });
    let wide: Vec<u8> = format!("\u{feff}{draft}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let said = by_file(&wide);
    assert_eq!(said.code, 0, "{said:?}");
}

#[test]
fn planned_times_are_shown_of_a_job_of_a_change_and_of_a_draft() {
    let program = Program::start();
    program.ask(&[
        "jobs",
        "edit",
        "order_workflow",
        "--cron",
        "30 2 25 10 *",
        "--time-zone",
        "Europe/Berlin",
    ]);
    let times = program.read(&["jobs", "preview", "order_workflow", "--count", "2"]);
    assert_eq!(times["time_zone"], "Europe/Berlin");
    let first = times["times"][0].as_str().unwrap();
    assert!(first.contains("-10-25T02:30:00.000+02:00"), "{times}");
    let changed = program.ask(&["jobs", "preview", "order_workflow", "--daily", "04:00", "-n", "3"]);
    assert_eq!(changed.matches("T04:00:00.000").count(), 3, "{changed}");
    let draft = program.ask(&["jobs", "preview", "--type", "order_workflow", "--manual"]);
    assert!(draft.ends_with("none: it never runs by itself\n"), "{draft}");
    // Nothing of it was saved.
    assert_eq!(program.read(&["jobs", "show", "order_workflow"])["cron"], "30 2 25 10 *");
    assert_eq!(program.say(&["jobs", "preview"]).code, 2);
}

#[test]
fn a_job_is_paused_resumed_and_removed() {
    let program = Program::start();
    assert_eq!(program.ask(&["jobs", "pause", "order_workflow"]), "order_workflow is paused\n");
    assert!(program.jobs_file().contains("\"enabled\": false"));
    let resumed = program.ask(&["jobs", "resume", "order_workflow"]);
    assert!(resumed.starts_with("order_workflow runs by its schedule again; next run 20"), "{resumed}");
    let removed = program.ask(&["jobs", "remove", "inventory_workflow-full"]);
    assert_eq!(removed, "inventory_workflow-full is removed; its history stays\n");
    assert!(!program.jobs_file().contains("inventory_workflow-full"));
    let said = program.say(&["jobs", "remove", "inventory_workflow-full"]);
    assert_eq!(
        (said.code, said.error.as_str()),
        (1, "marktwerk: there is no job `inventory_workflow-full`\n")
    );
    let types = program.ask(&["jobs", "types"]);
    assert!(types.contains("order_workflow") && types.contains("fetch, import, "), "{types}");
}

#[test]
fn all_jobs_go_out_and_come_in_again() {
    let program = Program::start();
    let exported = program.ask(&["config", "export"]);
    assert_eq!(exported, program.jobs_file());
    program.ask(&["config", "export", "copy.json"]);
    let said = program.say(&["config", "export", "copy.json"]);
    assert!(said.code == 2 && said.error.contains("copy.json exists already"), "{said:?}");

    program.ask(&["jobs", "edit", "order_workflow", "--every", "9m"]);
    program.ask(&["jobs", "add", "order_workflow", "--manual"]);
    let changed = program.jobs_file();
    let told = program.ask(&["config", "import", "copy.json", "--dry-run"]);
    assert_eq!(
        told,
        "changed: order_workflow\nremoved: order_workflow-2\nunchanged: 2; nothing was changed yet; without --dry-run copy.json \
         takes the place of all jobs\n"
    );
    assert_eq!(program.jobs_file(), changed);
    let told = program.read(&["config", "import", "copy.json"]);
    assert_eq!((&told["removed"], &told["dry_run"]), (&json!(["order_workflow-2"]), &json!(false)));
    assert_eq!(program.jobs_file(), exported);

    std::fs::write(program.folder.path().join("copy.json"), "{\"jobs\": [\n  {\"job_type\": 5}\n]}").unwrap();
    let said = program.say(&["config", "import", "copy.json"]);
    assert!(said.code == 2 && said.error.contains("job_type: ") && said.error.contains("line 2"), "{said:?}");
    assert_eq!(program.jobs_file(), exported);
}

/// The account was renamed in the settings, say, and the jobs file was edited beside it: the start says what rests, and who wants
/// everything to stand still gets it.
#[test]
fn a_job_whose_account_is_gone_rests_and_can_be_paused_and_removed() {
    let mut program = Program::start();
    program.stop();
    let file = program.folder.path().join("data/workers_config.json");
    let jobs = r#"{"jobs": [{"job_type": "order_workflow", "interval_minutes": 5},
        {"id": "gone", "job_type": "order_workflow", "account": "nobody", "interval_minutes": 5}]}"#;
    std::fs::write(&file, jobs).unwrap();
    program.start_again();
    let job = program.read(&["jobs", "show", "gone"]);
    assert_eq!((&job["enabled"], &job["state"]["next_run"]), (&Value::Bool(true), &Value::Null));
    let refused = program.say(&["jobs", "edit", "gone", "--every", "7m"]);
    assert!(refused.error.contains("account: `nobody` is not configured"), "{}", refused.error);

    let paused = program.ask(&["jobs", "pause", "--all"]);
    assert_eq!(paused.trim_end(), "2 jobs are paused: gone, order_workflow");
    assert_eq!(program.ask(&["jobs", "pause", "--all"]).trim_end(), "every job is paused already");
    let resumed = program.ask(&["jobs", "resume", "--all"]);
    assert_eq!(resumed.trim_end(), "order_workflow runs by its schedule again");
    assert_eq!(program.say(&["jobs", "resume", "gone"]).code, 2);
    program.ask(&["jobs", "pause", "gone"]);
    program.ask(&["jobs", "remove", "gone"]);
    assert!(!program.jobs_file().contains("nobody"));
    assert_eq!(program.say(&["jobs", "pause"]).code, 2);
    assert_eq!(program.say(&["jobs", "pause", "order_workflow", "--all"]).code, 2);
}
