//! The server dies in the middle of order runs, again and again. It is killed and started by the command that
//! `MARKTWERK_TEST_MSSQL_RESTART` holds; other tests on the same server would not survive that, so this one is run alone.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use marktwerk_domain::run::RunState;
use serde_json::Value;

use crate::shop::Shop;
use crate::worker::work;

const ORDERS: usize = 400;
const KILLS: u64 = 20;

#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a test's own setting, and a loud word where it is missing"
)]
fn restart() -> Option<String> {
    let command = std::env::var("MARKTWERK_TEST_MSSQL_RESTART").ok();
    if command.is_none() {
        eprintln!(
            "!!! SKIPPED: MARKTWERK_TEST_MSSQL_RESTART names no command that kills SQL Server and starts it again"
        );
    }
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_kills_of_the_server_lose_nothing_and_double_nothing() {
    let Some(restart) = restart() else { return };
    let Some(shop) = Shop::open(40).await else { return };
    let mut handed_over: BTreeMap<String, u32> = BTreeMap::new();
    let mut placed = Vec::new();
    for kill in 0..KILLS {
        placed.extend(shop.place(ORDERS / KILLS as usize));
        let id = shop.start("order_workflow", Value::Null).await;
        // At another moment each time, over the whole length of a run.
        tokio::time::sleep(Duration::from_millis(20 + kill * 37 % 700)).await;
        let killed = Command::new("sh").args(["-c", &restart]).status().unwrap();
        assert!(killed.success());
        let run = shop.end_of(id).await;
        assert!(
            matches!(run.state, RunState::Succeeded | RunState::Failed),
            "{:?} {:?}",
            run.state,
            run.error
        );
        for number in work(&shop).await {
            *handed_over.entry(number).or_default() += 1;
        }
    }
    // What a failed run left is taken up by the next ones.
    for _ in 0..3 {
        let run = shop.run("order_workflow", Value::Null).await;
        assert_eq!(run.state, RunState::Succeeded, "{:?}", run.error);
        for number in work(&shop).await {
            *handed_over.entry(number).or_default() += 1;
        }
    }
    let expected: BTreeMap<String, u32> = placed.into_iter().map(|number| (number, 1)).collect();
    assert_eq!(handed_over, expected, "every order exactly once");
    shop.program.shutdown().await;
}
