//! How SQLite finds what is asked for: the promises about many orders and long queues are promises
//! about indexes, and hold for any number of rows.

use marktwerk_domain::run::RunId;
use rusqlite::{Connection, StatementStatus};

use super::log_filter::Conditions;
use super::orders::read;
use super::runs::{self, claim};
use super::{audit, connection, migrations, stock};
use crate::audit::AuditFilter;
use crate::logs::LogSource;
use crate::runs::{RANKS, RunFilter};

fn database() -> Connection {
    let mut connection = connection::open_memory().unwrap();
    connection::prepare_writer(&connection).unwrap();
    migrations::migrate(&mut connection, "memory").unwrap();
    connection
}

/// The steps of a statement's plan.
fn plan(sql: &str) -> Vec<String> {
    let connection = database();
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let count = statement.parameter_count();
    let parameters = rusqlite::params_from_iter(vec![1_i64; count]);
    statement.query_map(parameters, |row| row.get(3)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn a_page_of_orders_is_read_in_the_order_of_its_index() {
    let expected = "SEARCH orders USING COVERING INDEX orders_state (state=? AND account=? AND number>?)";
    assert_eq!(plan(read::PAGE), [expected]);
}

#[test]
fn unread_orders_are_read_from_the_index_of_the_unread() {
    let steps = plan(&read::unread_statement());
    assert_eq!(steps[0], "SEARCH o USING INDEX orders_unread (account=? AND number>?)");
    assert!(!steps.iter().any(|step| step.contains("SCAN") || step.contains("TEMP B-TREE")), "{steps:?}");
}

#[test]
fn open_orders_and_those_to_be_judged_are_read_from_their_indexes() {
    for (sql, expected) in [
        (read::open_statement(), "SEARCH o USING INDEX orders_open (account=? AND number>?)"),
        (read::to_judge_statement(), "SEARCH o USING INDEX orders_to_judge (next_judged_at<?)"),
    ] {
        assert_eq!(plan(&sql), [expected]);
    }
}

#[test]
fn open_units_are_summed_over_the_open_orders_alone() {
    let steps = plan(read::OPEN_UNITS);
    // The whole of this index is the orders that take stock.
    assert_eq!(steps[0], "SEARCH o USING COVERING INDEX orders_taking_stock (takes_stock=?)");
    assert!(steps[1].starts_with("SEARCH c USING PRIMARY KEY (order_id=?)"), "{steps:?}");
}

#[test]
fn open_contents_are_read_from_the_orders_that_take_stock_or_just_stopped() {
    let steps = plan(stock::OPEN_CONTENTS);
    assert!(!steps.iter().any(|step| step.contains("SCAN")), "{steps:?}");
    assert!(steps.iter().any(|step| step.contains("INDEX orders_freed (freed>?)")), "{steps:?}");
    assert!(!plan(stock::MARK).iter().any(|step| step == "SCAN orders"), "{:?}", plan(stock::MARK));
}

#[test]
fn the_queue_is_read_in_its_order_without_a_row() {
    let expected = "SEARCH runs USING COVERING INDEX runs_ready (priority=? AND ready_at<?)";
    for rank in 0..RANKS {
        assert_eq!(plan(&claim::queue(rank)), [expected]);
    }
}

#[test]
fn the_queue_is_counted_in_its_index() {
    let steps = plan(runs::read::QUEUE_LENGTH);
    assert_eq!(steps, ["SEARCH runs USING COVERING INDEX runs_ready (priority=?)"]);
}

#[test]
fn what_follows_on_an_end_is_one_look_at_a_key() {
    let expected = "SEARCH chains USING PRIMARY KEY (parent=?)";
    assert_eq!(plan(runs::chain::CHILDREN), [expected]);
}

#[test]
fn the_live_runs_of_a_job_are_read_from_their_index() {
    let expected = "SEARCH runs USING INDEX runs_live (job_id=?)";
    for sql in [runs::fire::LIVE, runs::merge::WAITING_ALIKE] {
        assert_eq!(plan(sql), [expected]);
    }
}

#[test]
fn what_a_run_has_caused_is_read_from_its_index() {
    let filter = RunFilter { caused_by: Some(RunId(1)), ..RunFilter::default() };
    let (sql, _) = runs::read::page_statement(&filter, "");
    assert_eq!(plan(&sql), ["SEARCH runs USING INDEX runs_caused_by (caused_by=? AND rowid<?)"]);
}

#[test]
fn what_somebody_did_or_what_was_done_to_something_is_read_from_its_index() {
    let who = AuditFilter { who: Some(String::new()), ..AuditFilter::default() };
    let subject = AuditFilter { subject: Some(String::new()), ..AuditFilter::default() };
    let run = AuditFilter { run: Some(RunId(1)), ..AuditFilter::default() };
    for (filter, expected) in [
        (AuditFilter::default(), "SEARCH audit USING INTEGER PRIMARY KEY (rowid<?)"),
        (who, "SEARCH audit USING INDEX audit_who (who=? AND id<?)"),
        (subject, "SEARCH audit USING INDEX audit_subject (subject=? AND id<?)"),
        (run, "SEARCH audit USING INDEX audit_run (run_id=? AND id<?)"),
    ] {
        assert_eq!(plan(&audit::page_statement(&filter).0), [expected]);
    }
}

#[test]
fn the_newest_run_of_a_job_is_found_at_once() {
    assert_eq!(plan(runs::skip::NEWEST), ["SEARCH runs USING INDEX runs_job (job_id=?)"]);
}

#[test]
fn a_statement_is_not_compiled_again_for_other_parameters() {
    let connection = database();
    let queue = claim::queue(1);
    let texts = [
        read::PAGE,
        &queue,
        runs::read::QUEUE_LENGTH,
        runs::chain::CHILDREN,
        runs::fire::LIVE,
        runs::merge::WAITING_ALIKE,
        runs::skip::NEWEST,
        "SELECT id FROM runs WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
    ];
    for sql in texts {
        for value in 0..3 {
            let mut statement = connection.prepare_cached(sql).unwrap();
            (1..=statement.parameter_count())
                .for_each(|index| statement.raw_bind_parameter(index, value).unwrap());
            let mut rows = statement.raw_query();
            while rows.next().unwrap().is_some() {}
            drop(rows);
            assert_eq!(statement.get_status(StatementStatus::RePrepare), 0, "{sql}");
        }
    }
}

#[test]
fn the_lines_of_a_job_come_newest_first_from_their_index() {
    let mut conditions = Conditions::default();
    conditions.add_source(&LogSource::Job("order_workflow".to_owned()));
    let sql =
        format!("SELECT message FROM scheduler_logs {} ORDER BY log_id DESC LIMIT 100", conditions.clause());
    assert_eq!(plan(&sql), ["SEARCH scheduler_logs USING INDEX scheduler_logs_job (<expr>=?)"]);
}

#[test]
fn the_newest_lines_and_the_newest_errors_need_no_sorting() {
    for (condition, way) in [("", "SCAN scheduler_logs"), ("WHERE level = ?", "scheduler_logs_level")] {
        let sql = format!("SELECT message FROM scheduler_logs {condition} ORDER BY log_id DESC LIMIT 100");
        let steps = plan(&sql);
        assert!(steps.len() == 1 && steps[0].contains(way), "{steps:?}");
    }
}
