//! `[scheduler]`: priorities and limits.

use crate::case::case;

#[test]
fn limits_come_from_the_file_and_from_the_environment() {
    let settings = case("").load().unwrap();
    assert_eq!((settings.scheduler.rises_after_minutes, settings.scheduler.runs_per_account), (10, 0));
    assert!(settings.scheduler.runs_per_type.is_empty());

    let file = "[scheduler]\nruns_per_account = 3\n[scheduler.runs_per_type]\norder_workflow = 2\n";
    let variables = [
        ("MARKTWERK_SCHEDULER__RISES_AFTER_MINUTES", "7"),
        ("MARKTWERK_SCHEDULER__RUNS_PER_TYPE__INVENTORY_WORKFLOW", "4"),
    ];
    let settings = case(file).with(&variables).load().unwrap();
    assert_eq!((settings.scheduler.rises_after_minutes, settings.scheduler.runs_per_account), (7, 3));
    let types: Vec<(&str, u32)> =
        settings.scheduler.runs_per_type.iter().map(|(name, runs)| (name.as_str(), *runs)).collect();
    assert_eq!(types, [("inventory_workflow", 4), ("order_workflow", 2)]);
    let origin = settings.origins.of("scheduler.runs_per_type.order_workflow").to_string();
    assert!(origin.ends_with("marktwerk.toml:4:1"), "{origin}");
}

#[test]
fn a_limit_that_lets_nothing_through_is_refused() {
    let error = case("[scheduler]\nrises_after_minutes = 0\n").error();
    assert_eq!(error, "marktwerk.toml:2:1: [scheduler] rises_after_minutes: must be at least 1");
    let error = case("[scheduler.runs_per_type]\norder_workflow = 0\n").error();
    assert!(
        error.starts_with(
            "marktwerk.toml:2:1: [scheduler.runs_per_type] order_workflow: must be at least 1; remove the line"
        ),
        "{error}"
    );
    let error = case("[scheduler.runs_per_type]\norder_workflow = \"two\"\n").error();
    assert!(
        error.starts_with(
            "marktwerk.toml:2:1: [scheduler.runs_per_type] order_workflow: must be a whole number, not a text"
        ),
        "{error}"
    );
    let error = case("").with(&[("MARKTWERK_SCHEDULER__RUNS_PER_TYPE__ORDER_WORKFLOW", "two")]).error();
    assert!(error.contains("MARKTWERK_SCHEDULER__RUNS_PER_TYPE__ORDER_WORKFLOW: "), "{error}");
}
