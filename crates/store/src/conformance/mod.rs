//! The one suite that every database must pass: one function per promise of the traits, each given an
//! empty store. [`store_conformance!`](crate::store_conformance) makes a test of each for one database.
//!
//! Nothing here sleeps or asks for the time.
#![expect(clippy::unwrap_used, reason = "a failed promise ends the test that it belongs to")]

pub mod ageing;
pub mod alerts;
pub mod archiving;
pub mod attention;
pub mod audit;
pub mod cancel;
pub mod chained_runs;
pub mod chains;
pub mod changes;
pub mod claim;
pub mod concurrency;
pub mod fire;
pub mod fuse;
pub mod holding;
pub mod inventory;
pub mod jobs;
pub mod journal;
pub mod journal_end;
pub mod limits;
pub mod log_reading;
pub mod log_statistics;
pub mod meta;
pub mod order_changes;
pub mod order_counts;
pub mod order_fetching;
pub mod order_reading;
pub mod overlap;
pub mod planning;
pub mod rescue;
pub mod run_filters;
pub mod runs;
mod samples;
pub mod skips;
pub mod stock;

/// Makes a module of tests for one database: its name, and how to open an empty store. The value is an expression that gives
/// `(guard, SharedStore)`; the guard lives as long as the test. With `if_at_hand` before it the expression gives an `Option` of that:
/// where it is `None`, the tests are skipped, which the expression itself has to tell.
#[macro_export]
macro_rules! store_conformance {
    ($name:ident, if_at_hand $open:expr) => {
        $crate::store_conformance!(@module $name, $open);
    };
    ($name:ident, $open:expr) => {
        $crate::store_conformance!(@module $name, Some($open));
    };
    (@module $name:ident, $open:expr) => {
        mod $name {
            use super::*;

            $crate::store_conformance!(@tests $open;
                jobs: a_job_reads_as_it_was_written, a_living_job_is_not_added_twice, an_edit_raises_the_version,
                    an_outdated_edit_changes_nothing, a_group_of_edits_is_all_or_none, jobs_are_counted, a_change_raises_the_revision,
                    a_document_is_taken_over_all_or_not;
                archiving: an_archived_job_is_out_of_sight_with_its_queue, an_archived_job_comes_back_with_its_history,
                    an_archived_job_is_not_edited;
                fire: a_firing_queues_and_advances, of_two_callers_one_fires, a_paused_job_does_not_fire,
                    an_edit_of_something_else_leaves_a_firing_alone, a_planned_time_has_one_run, firings_are_answered_in_their_order, a_firing_makes_a_run_of_each_time,
                    a_firing_may_leave_no_next_time;
                skips: an_overlap_is_recorded_as_skipped, a_streak_of_skips_is_one_run,
                    missed_times_are_recorded_before_the_runs, a_streak_ends_with_another_reason_or_a_run,
                    a_time_that_had_its_run_is_not_skipped;
                overlap: a_job_with_room_is_not_busy, skip_passes_by_a_busy_job, a_run_asked_to_cancel_is_in_nobodys_way,
                    queue_one_lets_one_wait, queue_one_waits_behind_all_instances, a_time_is_merged_only_into_its_like,
                    times_made_up_for_together_run_one_after_the_other, queue_all_lets_all_wait, cancel_running_takes_the_place,
                    cancel_running_ends_one_that_waits_for_its_next_attempt, cancel_running_makes_room_for_one,
                    cancel_running_leaves_what_has_not_begun;
                planning: the_next_time_waits_for_the_end, a_planned_next_time_stays, only_a_job_that_goes_on_is_planned;
                claim: the_queue_has_an_order, a_run_is_not_claimed_before_it_is_ready, a_job_runs_once_at_a_time,
                    a_lane_runs_once_at_a_time, a_claim_opens_an_attempt, the_limit_holds, the_queue_tells_when_it_is_ready,
                    the_queue_is_counted_by_priority, the_schedule_tells_when_it_is_due;
                ageing: a_run_rises_as_it_waits, risen_runs_take_turns, no_run_rises_above_the_first_class,
                    turns_go_on_from_claim_to_claim, a_low_run_is_not_starved, a_blocked_run_lends_its_age_to_nobody,
                    runs_may_rise_at_any_pace;
                limits: a_job_has_so_many_instances, a_type_has_a_limit, an_account_has_a_limit, limits_hold_together,
                    a_blocked_queue_hides_nobody;
                chains: an_end_starts_who_follows_on_it, a_skipped_time_starts_nobody,
                    a_run_cancelled_in_the_queue_starts_who_always_follows, a_lost_run_starts_who_follows_on_failure,
                    only_the_final_end_starts_a_run, only_the_last_slice_starts_a_run, a_fenced_end_starts_nobody,
                    chains_have_any_length, any_parent_starts_a_run, a_job_follows_as_it_stands;
                chained_runs: a_chained_run_is_given_what_its_cause_had, a_second_cause_is_merged_into_the_run_that_waits,
                    a_cause_with_other_parameters_queues_another_run, a_paused_job_is_skipped;
                fuse: five_blocked_runs_pause_the_job, a_paused_job_is_not_announced_again,
                    a_job_that_a_person_paused_is_not_announced, an_outage_is_told_once_and_pauses_nothing,
                    a_row_is_of_one_trouble, a_success_ends_the_row, cancelled_and_retried_runs_do_not_count,
                    lost_runs_count_as_an_outage,
                    enabling_again_begins_a_new_row, a_job_that_comes_back_begins_a_new_row;
                holding: runs_of_a_paused_job_wait_until_it_is_resumed, what_a_paused_job_still_has_at_work_ends_and_waits,
                    what_a_person_started_goes_on, the_fuse_holds_too, nothing_follows_in_a_job_that_is_gone;
                alerts: alerts_are_read_from_a_cursor, an_alert_is_added_without_a_change, old_alerts_are_deleted;
                run_filters: runs_are_found_by_trigger_time_and_cause;
                runs: a_run_reads_as_it_was_queued, runs_are_read_newest_first, an_unknown_run_is_none, pruning_keeps_the_last_run_of_each_job;
                journal: lines_are_stored_in_their_order, an_outdated_epoch_has_no_effect,
                    a_run_that_does_not_run_is_fenced, a_heartbeat_holds_the_lease, steps_are_kept, nothing_is_committed_without_records;
                journal_end: a_success_is_remembered_by_its_job, a_success_keeps_what_its_probe_saw,
                    a_slice_keeps_what_its_probe_saw_for_the_next, a_failure_is_counted, a_retry_shows_as_failed_and_is_not_counted,
                    a_run_put_back_uses_no_attempt, a_run_ends_once, a_follow_up_is_queued_with_the_end,
                    a_late_wish_to_cancel_is_granted, a_late_wish_to_cancel_reaches_the_next_slice, the_lines_after_an_end_are_fenced;
                rescue: a_lost_run_is_tried_again, the_last_attempt_ends_as_lost, an_expired_lease_is_lost,
                    a_held_lease_is_left_alone, a_lost_run_that_was_to_be_cancelled_is_cancelled, what_was_lost_stays_fenced;
                cancel: a_waiting_run_ends_at_once, a_running_one_carries_the_wish, an_ended_one_stays,
                    an_unknown_run_is_not_found;
                log_reading: lines_read_as_they_were_written, newest_lines_come_first, lines_after_a_number_come_ascending,
                    lines_before_a_number_are_the_next_page,
                    a_job_is_matched_exactly, an_execution_is_matched_exactly, a_prefix_is_literal,
                    a_pattern_knows_percent_only, sources_are_joined, levels_and_times_narrow, pages_follow_each_other,
                    lines_are_counted_between_numbers;
                log_statistics: closing_lines_are_counted, statistics_have_a_source_and_a_time, nothing_ran,
                    old_lines_are_deleted;
                order_fetching: a_new_order_is_fetched_and_unread, a_long_document_is_kept_whole, a_newer_change_begins_again,
                    an_order_in_the_erp_keeps_its_state, an_older_change_has_no_effect, a_complete_document_beats_an_incomplete_one,
                    the_same_document_is_no_news, another_status_in_the_same_second_is_news,
                    arriving_units_are_counted_at_their_listings, units_given_back_are_counted_at_their_listings,
                    units_cancelled_before_the_first_look_are_counted_at_their_listings,
                    an_order_on_its_way_keeps_its_contents, a_page_is_taken_in_its_order;
                order_reading: orders_are_found_by_what_people_know, known_changes_are_told, unread_orders_come_in_pages, orders_come_in_pages_over_accounts,
                    documents_are_read_where_they_are_needed, open_orders_come_in_pages, orders_are_read_by_number, orders_are_judged_when_their_time_has_come;
                order_changes: history_is_appended, a_change_needs_its_state, a_change_needs_the_newest_document, fields_stay_or_are_cleared,
                    entries_follow_the_change, entries_of_others_stay, a_change_needs_its_revision, an_unknown_order_is_not_changed, a_batch_is_taken_in_its_order, buyers_of_old_orders_are_forgotten;
                order_counts: reached_counts_are_cumulative, states_are_counted, open_units_are_those_of_orders_that_take_stock,
                    an_order_read_again_takes_stock_until_it_is_judged,
                    a_changed_order_takes_what_it_holds_now;
                inventory: listings_are_added_and_renewed, patches_change_what_they_name, a_listing_named_twice_is_changed_twice,
                    figures_keep_what_orders_did_meanwhile, unlisted_goes, listings_are_found, listings_are_counted;
                stock: orders_that_take_stock_show_their_contents, an_order_that_stopped_taking_stock_shows_after_its_mark,
                    lines_of_open_orders_are_found_by_number, entries_without_articles_are_kept,
                    accounts_tell_what_they_hold, an_account_moves_with_what_it_has, a_released_account_takes_nothing,
                    a_persons_decision_is_carried_out;
                attention: an_open_item_is_not_raised_twice, a_settled_item_may_be_raised_again, an_item_carries_its_facts, an_item_raised_twice_at_once_is_one,
                    a_decision_is_stored_with_who_and_when, a_decision_that_does_not_fit_changes_nothing,
                    one_decision_is_made_for_all_orders_of_an_entry;
                audit: an_entry_is_stored_with_its_change, an_entry_needs_its_change_and_is_stored_once,
                    a_change_without_effect_has_no_entry,
                    the_entry_of_a_start_names_the_run, entries_are_found_by_who_and_what, old_entries_are_deleted;
                meta: facts_are_replaced, a_lease_has_one_holder, a_sound_store_has_no_findings;
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
                let Some((_guard, store)) = $open else { return };
                $crate::conformance::$area::$test(store).await;
            })+
        })+
    };
}
