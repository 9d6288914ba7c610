//! The one suite that every database must pass: one function per promise of the traits, each given an
//! empty store. [`store_conformance!`](crate::store_conformance) makes a test of each for one database.
//!
//! Nothing here sleeps or asks for the time.
#![expect(clippy::unwrap_used, reason = "a failed promise ends the test that it belongs to")]

pub mod archiving;
pub mod attention;
pub mod cancel;
pub mod changes;
pub mod claim;
pub mod concurrency;
pub mod fire;
pub mod inventory;
pub mod jobs;
pub mod journal;
pub mod journal_end;
pub mod log_reading;
pub mod log_statistics;
pub mod meta;
pub mod order_changes;
pub mod order_counts;
pub mod order_fetching;
pub mod order_reading;
pub mod rescue;
pub mod runs;
mod samples;

/// Makes a module of tests for one database: its name, and how to open an empty store. The value is an expression that gives
/// `(guard, SharedStore)`; the guard lives as long as the test.
#[macro_export]
macro_rules! store_conformance {
    ($name:ident, $open:expr) => {
        mod $name {
            use super::*;

            $crate::store_conformance!(@tests $open;
                jobs: a_job_reads_as_it_was_written, a_living_job_is_not_added_twice, an_edit_raises_the_version,
                    an_outdated_edit_changes_nothing, a_group_of_edits_is_all_or_none;
                archiving: an_archived_job_is_out_of_sight_with_its_queue, an_archived_job_comes_back_with_its_history,
                    an_archived_job_is_not_edited;
                fire: a_firing_queues_and_advances, of_two_callers_one_fires, a_paused_job_does_not_fire,
                    an_overlap_is_recorded_as_skipped, a_streak_of_skips_is_one_run,
                    a_planned_time_has_one_run, firings_are_answered_in_their_order;
                claim: the_queue_has_an_order, a_run_is_not_claimed_before_it_is_ready, a_job_runs_once_at_a_time,
                    a_lane_runs_once_at_a_time, a_blocked_queue_hides_nobody, a_claim_opens_an_attempt,
                    the_limit_holds, the_queue_tells_when_it_is_ready, the_schedule_tells_when_it_is_due;
                runs: runs_are_read_newest_first, an_unknown_run_is_none, pruning_keeps_the_last_run_of_each_job;
                journal: lines_are_stored_in_their_order, an_outdated_epoch_has_no_effect,
                    a_run_that_does_not_run_is_fenced, a_heartbeat_holds_the_lease, steps_are_kept, nothing_is_committed_without_records;
                journal_end: a_success_is_remembered_by_its_job, a_failure_is_counted, a_retry_shows_as_failed_and_is_not_counted,
                    a_run_put_back_uses_no_attempt, a_run_ends_once, a_follow_up_is_queued_with_the_end,
                    a_late_wish_to_cancel_is_granted, the_lines_after_an_end_are_fenced;
                rescue: a_lost_run_is_tried_again, the_last_attempt_ends_as_lost, an_expired_lease_is_lost,
                    a_held_lease_is_left_alone, a_lost_run_that_was_to_be_cancelled_is_cancelled, what_was_lost_stays_fenced;
                cancel: a_waiting_run_ends_at_once, a_running_one_carries_the_wish, an_ended_one_stays,
                    an_unknown_run_is_not_found;
                log_reading: lines_read_as_they_were_written, newest_lines_come_first, lines_after_a_number_come_ascending,
                    a_job_is_matched_exactly, an_execution_is_matched_exactly, a_prefix_is_literal,
                    a_pattern_knows_percent_only, sources_are_joined, levels_and_times_narrow, pages_follow_each_other,
                    lines_are_counted_between_numbers;
                log_statistics: closing_lines_are_counted, statistics_have_a_source_and_a_time, nothing_ran,
                    old_lines_are_deleted;
                order_fetching: a_new_order_is_fetched_and_unread, a_newer_change_begins_again,
                    an_order_in_the_erp_keeps_its_state, an_older_change_has_no_effect, a_complete_document_beats_an_incomplete_one,
                    the_same_document_is_no_news, another_status_in_the_same_second_is_news,
                    a_new_order_lowers_known_stock, an_order_before_the_count_lowers_nothing,
                    a_doubtful_purchase_makes_the_stock_unknown, a_cancellation_makes_the_stock_unknown,
                    an_order_on_its_way_keeps_its_contents;
                order_reading: known_changes_are_told, unread_orders_come_in_pages, orders_come_in_pages_over_accounts,
                    documents_are_read_where_they_are_needed;
                order_changes: a_change_needs_its_state, a_change_needs_the_newest_document, fields_stay_or_are_cleared,
                    attention_follows_the_change, an_unknown_order_is_not_changed, buyers_of_old_orders_are_forgotten;
                order_counts: reached_counts_are_cumulative, states_are_counted, open_units_are_those_unknown_to_the_erp,
                    a_changed_order_takes_what_it_holds_now;
                inventory: listings_are_added_and_renewed, a_listing_without_a_stock_is_unknown, a_changed_sku_loses_its_mapping,
                    unlisted_goes, patches_change_what_they_name, listings_are_counted;
                attention: an_open_item_is_not_raised_twice, a_settled_item_may_be_raised_again, closing_clears_the_mark,
                    closing_twice_is_not_found;
                meta: facts_are_replaced, a_sound_store_has_no_findings;
                changes: each_noun_moves_its_counter, an_unchanged_world_moves_nothing, every_stored_line_is_told;
                concurrency: a_failing_call_fails_alone, many_writers_are_all_answered
            );
        }
    };
    (@tests $open:expr; $($area:ident: $($test:ident),+);+) => {
        $(mod $area {
            use super::*;

            $(#[tokio::test]
            async fn $test() {
                let (_guard, store) = $open;
                $crate::conformance::$area::$test(store).await;
            })+
        })+
    };
}
