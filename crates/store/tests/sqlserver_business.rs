//! Temporary: the conformance areas of the business half, until the whole suite of the other test file covers them.
#![expect(clippy::unwrap_used, reason = "set-up that fails ends its test")]

mod business;

use std::sync::Arc;

macro_rules! areas {
    ($($area:ident: $($test:ident),+);+) => {
        $(mod $area {
            use super::*;
            $(#[tokio::test]
            async fn $test() {
                let Some((_database, store)) = business::empty().await else { return };
                marktwerk_store::conformance::$area::$test(Arc::new(store)).await;
            })+
        })+
    };
}

areas!(
                order_fetching: a_new_order_is_fetched_and_unread, a_newer_change_begins_again,
                    an_order_in_the_erp_keeps_its_state, an_older_change_has_no_effect, a_complete_document_beats_an_incomplete_one,
                    the_same_document_is_no_news, another_status_in_the_same_second_is_news,
                    a_new_order_lowers_known_stock, an_order_before_the_count_lowers_nothing,
                    a_doubtful_purchase_makes_the_stock_unknown, a_cancellation_makes_the_stock_unknown,
                    an_order_on_its_way_keeps_its_contents, a_page_is_taken_in_its_order;
                order_reading: known_changes_are_told, unread_orders_come_in_pages, orders_come_in_pages_over_accounts,
                    documents_are_read_where_they_are_needed;
                order_changes: a_change_needs_its_state, a_change_needs_the_newest_document, fields_stay_or_are_cleared,
                    attention_follows_the_change, an_unknown_order_is_not_changed, a_batch_is_taken_in_its_order, buyers_of_old_orders_are_forgotten;
                order_counts: reached_counts_are_cumulative, states_are_counted, open_units_are_those_unknown_to_the_erp,
                    a_changed_order_takes_what_it_holds_now;
                inventory: listings_are_added_and_renewed, a_listing_without_a_stock_is_unknown, a_changed_sku_loses_its_mapping,
                    unlisted_goes, patches_change_what_they_name, a_listing_named_twice_is_changed_twice,
                    listings_are_counted;
                attention: an_open_item_is_not_raised_twice, a_settled_item_may_be_raised_again, an_item_raised_twice_at_once_is_one,
                    closing_clears_the_mark, closing_twice_is_not_found
);
