//! `marktwerk stock …`.

use serde_json::json;

use crate::program::Program;

#[test]
fn stock_is_listed_shown_and_pushed() {
    let program = Program::start();
    program.ask(&["jobs", "run", "order_workflow", "--wait"]);
    program.ask(&["jobs", "run", "inventory_workflow", "--param", "mode=full", "--wait"]);
    let listed = program.read(&["stock", "list", "--sku", "mw-0001"]);
    assert_eq!((listed.as_array().unwrap().len(), &listed[0]["sku"]), (1, &json!("MW-0001")));
    assert_eq!(listed[0]["live"], listed[0]["wanted"], "published: {listed}");
    let page = program.read(&["stock", "list", "--limit", "2"]);
    let cursor = page[1]["cursor"].as_str().unwrap();
    let rest = program.read(&["stock", "list", "--after", cursor]);
    assert!(rest.as_array().unwrap().iter().all(|one| one["cursor"].as_str().unwrap() > cursor), "{rest}");
    assert!(program.ask(&["stock", "list"]).contains("LAST SEEN"));

    let shown = program.ask(&["stock", "show", "MW-0001"]);
    for expected in ["AVAILABLE", "orders that are subtracted: ", "PUBLISHES"] {
        assert!(shown.contains(expected), "{expected}\n{shown}");
    }
    let dry = program.ask(&["stock", "push", "MW-0001", "--dry-run"]);
    assert!(dry.contains("nothing was started"), "{dry}");
    let pushed = program.read(&["stock", "push", "MW-0001"]);
    assert_eq!(
        (&pushed["dry_run"], &pushed["runs"][0]["parameters"]["sku"]),
        (&json!(false), &json!("MW-0001"))
    );

    let said = program.say(&["stock", "show", "MW-NOWHERE"]);
    assert!(said.code == 1 && said.error.contains("there is no article `MW-NOWHERE`"), "{said:?}");
    assert_eq!(program.say(&["stock", "push", "MW-NOWHERE"]).code, 1);
    let said = program.say(&["stock", "push", "MW-0001", "--account", "nobody"]);
    assert!(said.code == 1 && said.error.contains("does not list"), "{said:?}");
}
