//! How many runs may be at work at the same time.

use std::time::Duration;

use marktwerk_engine::EngineOptions;
use marktwerk_store::runs::Limits;
use serde_json::json;

use crate::house::{Act, House};

async fn at_work_at_the_most(limits: Limits, jobs: usize, instances: u32) -> usize {
    let house = House::open_with(EngineOptions { limits, ..EngineOptions::default() }).await;
    for _ in 0..jobs {
        let job = json!({ "job_type": "reader", "manual": true, "max_instances": instances });
        let job = house.add_written(job).await;
        for _ in 0..4 {
            house.stage.then(Act::Work(Duration::from_secs(60)));
            house.start(&job.id).await;
        }
    }
    house.minutes(60).await;
    assert!(house.runs().await.iter().all(|run| run.state.is_ended()));
    let (_, at_the_most) = *house.stage.at_work.lock().unwrap();
    at_the_most
}

#[tokio::test(start_paused = true)]
async fn a_job_has_as_many_runs_at_work_as_it_says() {
    assert_eq!(at_work_at_the_most(Limits::default(), 1, 1).await, 1);
    assert_eq!(at_work_at_the_most(Limits::default(), 1, 3).await, 3);
}

#[tokio::test(start_paused = true)]
async fn an_account_and_a_job_type_have_limits_of_their_own() {
    let per_account = Limits { per_account: Some(2), ..Limits::default() };
    assert_eq!(at_work_at_the_most(per_account, 4, 1).await, 2);
    let per_type = Limits { per_type: [("reader".to_owned(), 3)].into(), ..Limits::default() };
    assert_eq!(at_work_at_the_most(per_type, 4, 4).await, 3);
}
