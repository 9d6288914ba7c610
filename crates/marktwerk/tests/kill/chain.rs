//! A chain of jobs while the program dies between any two of them: a → b → c, and d where a fails.

use std::time::Duration;

use rand::RngExt;
use serde_json::{Value, json};

use crate::serving::Serving;
use crate::world::World;

const JOBS: [(&str, &str, &str); 4] = [
    ("chain-a", "order_workflow", "[]"),
    ("chain-b", "inventory_workflow", r#"["chain-a"]"#),
    ("chain-c", "order_workflow", r#"[{"job": "chain-b", "on": "always"}]"#),
    ("chain-d", "order_workflow", r#"[{"job": "chain-a", "on": "failure"}]"#),
];

/// The jobs of a first start rest, so that only the chain is at work.
async fn prepare(program: &Serving) {
    for id in ["order_workflow", "inventory_workflow", "inventory_workflow-full"] {
        program.post(&format!("/api/v1/jobs/{id}/pause"), json!({})).await;
    }
    for (id, job_type, after) in JOBS {
        let after: Value = serde_json::from_str(after).unwrap();
        let retry = json!({ "attempts": 100, "first_delay_seconds": 0 });
        let job = json!({ "id": id, "job_type": job_type, "manual": true, "priority": "low", "after": after, "retry": retry });
        program.post("/api/v1/jobs", job).await;
    }
    program.patch("/api/v1/jobs/chain-a", json!({ "priority": "high" })).await;
}

/// Kills the program at random moments, which come later and later, until a run of `last` has ended; answers with the program that saw it.
async fn killed_until(world: &World, program: Serving, last: &str) -> (Serving, u32) {
    let (mut program, mut kills) = (program, 0);
    loop {
        let at_the_most = 250 + 100 * u64::from(kills);
        tokio::time::sleep(Duration::from_millis(rand::rng().random_range(0..at_the_most))).await;
        let ended = program.runs(last).await.iter().any(|run| !run["ended_at"].is_null());
        if ended {
            return (program, kills);
        }
        assert!(kills < 100, "the chain never came to {last}");
        program.kill();
        kills += 1;
        program = Serving::start(world, None).await;
    }
}

/// The only run of a job, which must have succeeded.
async fn only_run(program: &Serving, job: &str) -> Value {
    let runs = program.runs(job).await;
    assert_eq!(runs.len(), 1, "{job}: {runs:?}");
    assert_eq!(runs[0]["state"], "succeeded", "{}", runs[0]);
    runs[0].clone()
}

#[tokio::test]
async fn a_chain_survives_kills_between_any_two() {
    let world = World::start().await;
    world.place(30).await;
    let program = Serving::start(&world, None).await;
    prepare(&program).await;
    program.post("/api/v1/jobs/chain-a/run", json!({ "parameters": { "verbose": true } })).await;
    let (program, kills) = killed_until(&world, program, "chain-c").await;
    assert!(kills > 0, "nothing was killed");

    let [a, b, c] = [
        only_run(&program, "chain-a").await,
        only_run(&program, "chain-b").await,
        only_run(&program, "chain-c").await,
    ];
    assert_eq!((&b["caused_by"], &c["caused_by"]), (&a["id"], &b["id"]));
    for run in [&b, &c] {
        assert_eq!(
            (run["trigger"].as_str(), run["priority"].as_str()),
            (Some("chain"), Some("high")),
            "{run}"
        );
        assert_eq!(run["parameters"]["verbose"], true, "handed on: {run}");
    }
    assert!(program.runs("chain-d").await.is_empty(), "a did not fail");
    let page = program.details(&b["id"]).await;
    assert_eq!(
        (&page["cause"]["job_id"], &page["caused"][0]["job_id"]),
        (&json!("chain-a"), &json!("chain-c"))
    );
    program.must_have_no_open_run().await;

    // The other branch: a cannot succeed while its credentials are refused.
    world.refuse_tokens(true).await;
    program.post("/api/v1/jobs/chain-a/run", json!({})).await;
    let failed = loop {
        let runs = program.runs("chain-a").await;
        if let Some(run) = runs.into_iter().find(|run| run["state"] == "failed") {
            break run;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    program.kill();
    world.refuse_tokens(false).await;
    let program = Serving::start(&world, None).await;
    let (program, _) = killed_until(&world, program, "chain-d").await;
    assert_eq!(only_run(&program, "chain-d").await["caused_by"], failed["id"]);
    assert_eq!(program.runs("chain-b").await.len(), 1, "a did not succeed");
}

impl World {
    /// Whether the marketplace refuses the program's token.
    async fn refuse_tokens(&self, refuses: bool) {
        let fault = json!({ "what": { "kind": "token_expired" } });
        let faults = if refuses { vec![fault] } else { Vec::new() };
        self.control("set_faults", json!(faults)).await;
    }
}
