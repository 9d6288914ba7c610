//! Lines: stored before shown, in order, each once; what is dropped is counted.

use marktwerk_domain::log::Level;
use marktwerk_engine::journal::{LiveTail, TailItem};
use marktwerk_store::logs::LogFilter;

use crate::house::{Act, House};

#[tokio::test(start_paused = true)]
async fn a_reader_sees_each_stored_line_once_and_in_order() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    let mut tail = LiveTail::after(house.store.clone(), 0);
    house.stage.then(Act::Chatter(300));
    let run = house.start(&job.id).await;
    house.end_of(run.id).await;
    let stored =
        house.store.logs(&LogFilter { after: Some(0), limit: 10_000, ..LogFilter::default() }).await.unwrap();
    assert!(stored.len() > 300);
    for row in &stored {
        assert_eq!(tail.next().await.unwrap(), TailItem::Line(Box::new(row.clone())));
    }
    let lines: Vec<i64> = stored.iter().filter_map(|row| row.line).collect();
    assert!(lines.is_sorted(), "numbers of one run's lines rise");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_fell_behind_is_told_what_it_missed() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    let mut tail = LiveTail::after(house.store.clone(), 0);
    house.stage.then(Act::Chatter(3_000));
    let run = house.start(&job.id).await;
    house.end_of(run.id).await;
    let highest = house.store.highest_log_id().await.unwrap();
    let expected = TailItem::Lagged { after: 0, dropped: u64::try_from(highest).unwrap() };
    assert_eq!(tail.next().await.unwrap(), expected);
    house.start(&job.id).await;
    let TailItem::Line(row) = tail.next().await.unwrap() else { panic!("a line comes next") };
    assert_eq!(row.log_id, highest + 1);
}

#[tokio::test(start_paused = true)]
async fn under_pressure_plain_lines_are_dropped_and_counted_and_others_never() {
    let house = House::open().await;
    let job = house.add("play", 600).await;
    // More than the lane holds, without a pause for the writer.
    house.stage.then(Act::Chatter(25_000));
    let run = house.start(&job.id).await;
    house.end_of(run.id).await;
    let log = house.log().await;
    let kept = log.iter().filter(|line| line.contains(" line ")).count() as u64;
    assert!(kept < 25_000);
    assert_eq!(kept + house.engine.dropped_lines(), 25_000);
    let marker = format!("{} lines of level INFO or DEBUG were dropped", house.engine.dropped_lines());
    assert_eq!(log.iter().filter(|line| line.contains(&marker)).count(), 1);
    assert_eq!(log.iter().filter(|line| line.contains("a warning among them")).count(), 1);
    assert_eq!(log.iter().filter(|line| line.ends_with("[SUCCESS]")).count(), 1);
}

/// today.md, fault 29.
#[tokio::test(start_paused = true)]
async fn lines_of_runs_at_the_same_time_stay_with_their_runs() {
    let house = House::open().await;
    let jobs = [house.add("play", 600).await, house.add("reader", 600).await];
    house.stage.then(Act::Chatter(50)).then(Act::Chatter(50));
    let mut runs = Vec::new();
    for job in &jobs {
        runs.push(house.start(&job.id).await);
    }
    for run in &runs {
        house.end_of(run.id).await;
    }
    let rows =
        house.store.logs(&LogFilter { after: Some(0), limit: 10_000, ..LogFilter::default() }).await.unwrap();
    for (run, job) in runs.iter().zip(&jobs) {
        let own: Vec<_> = rows.iter().filter(|row| row.job_id == run.execution_id()).collect();
        assert!(own.iter().all(|row| row.run == Some(run.id.0) && row.job_type == job.spec.job_type));
        assert_eq!(own.iter().filter(|row| row.status.is_some()).count(), 1);
        assert!(own.last().unwrap().status.is_some(), "the closing line is the last one");
        assert!(own.iter().any(|row| row.level == Level::Warning.as_str()));
    }
}
