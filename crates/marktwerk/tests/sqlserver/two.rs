//! Two processes on one `toci`: one in the test, and a real one that dies.
//!
//! What is not shown here is that they read past each other's locks (READPAST): Babelfish for PostgreSQL knows no such thing, and our
//! writers follow each other under an application lock anyway.

use std::collections::BTreeMap;
use std::time::Duration;

use marktwerk_connectors::TemuAccount;
use marktwerk_domain::run::{Run, RunId, RunState};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::installation::write_settings;
use crate::process::Process;
use crate::shop::Shop;
use crate::worker::work;

/// Another process on the same databases, with a folder of its own.
fn neighbour(shop: &Shop) -> (Process, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let [account] = &shop.settings.accounts[..] else { panic!("one account") };
    let account = &TemuAccount::try_from(account).unwrap();
    let databases = &shop.settings.sqlserver;
    let (store, jtl) = (databases.store.as_ref().unwrap(), databases.jtl.as_ref().unwrap());
    write_settings(folder.path(), account, store, jtl);
    (Process::start(folder.path(), &[]), folder)
}

async fn start_at(neighbour: &Process) -> RunId {
    let request = neighbour.request(Method::POST, "/api/v1/jobs/order_workflow/run").json(&json!({}));
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
    let run: Value = answer.json().await.unwrap();
    RunId(run["id"].as_i64().unwrap())
}

fn once(numbers: &[String]) -> BTreeMap<String, u32> {
    numbers.iter().map(|number| (number.clone(), 1)).collect()
}

async fn hand_over(shop: &Shop, handed_over: &mut BTreeMap<String, u32>) {
    for number in work(shop).await {
        *handed_over.entry(number).or_default() += 1;
    }
}

async fn succeeded(shop: &Shop, id: RunId) -> Run {
    let run = shop.end_of(id).await;
    assert_eq!(run.state, RunState::Succeeded, "{:?} {:?}", run.error, run.steps);
    run
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stderr, reason = "a loud word on what is not shown")]
async fn two_processes_do_everything_once_and_one_takes_over_from_the_other() {
    // With a server, too: the one of the tests may be Babelfish.
    eprintln!(
        "!!! NOT SHOWN: that two processes read past each other's locks (READPAST), which Babelfish does not know"
    );
    let Some(shop) = Shop::open(40).await else { return };
    let dying = neighbour(&shop);
    let mut handed_over = BTreeMap::new();

    // Both are told to bring the same orders, at once.
    let mut placed = shop.place(60);
    let (mine, theirs) = tokio::join!(shop.start("order_workflow", Value::Null), start_at(&dying.0));
    let (mine, theirs) = (succeeded(&shop, mine).await, succeeded(&shop, theirs).await);
    let [one, next] = if mine.started_at < theirs.started_at { [&mine, &theirs] } else { [&theirs, &mine] };
    assert!(one.ended_at <= next.started_at, "one at a time: {one:?} {next:?}");
    hand_over(&shop, &mut handed_over).await;
    assert_eq!(handed_over, once(&placed));
    let seen = dying.0.get(&format!("/api/v1/runs/{}", mine.id)).await;
    assert_eq!(seen["state"], "succeeded", "each shows the other one's runs: {seen}");

    // One dies in the middle of a run. It may also have been the other one's to do: then there is another try.
    let mut left = Some(dying);
    let mut taken_over = false;
    for _ in 0..5 {
        placed.extend(shop.place(200));
        let dying = left.take().unwrap_or_else(|| neighbour(&shop));
        let id = start_at(&dying.0).await;
        let mut every = tokio::time::interval(Duration::from_millis(20));
        while shop.program.store().run(id).await.unwrap().unwrap().state == RunState::Waiting {
            every.tick().await;
        }
        drop(dying);
        let run = succeeded(&shop, id).await;
        hand_over(&shop, &mut handed_over).await;
        if run.attempt > 1 {
            taken_over = true;
            break;
        }
    }
    assert!(taken_over, "no run was the dead one's");
    assert_eq!(handed_over, once(&placed));
    shop.program.shutdown().await;
}
