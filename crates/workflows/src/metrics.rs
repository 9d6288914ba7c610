//! What is measured of orders and stock: how many moved, for which account, to where. Labels are configured names and words of
//! fixed lists, never an order's or an article's number.

use marktwerk_store::orders::OrderChange;
use metrics::{counter, describe_counter};

const FETCHED: &str = "marktwerk_orders_fetched_total";
const MOVED: &str = "marktwerk_orders_moved_total";
const STOCK: &str = "marktwerk_stock_figures_total";

/// Says what each figure means.
pub fn describe() {
    describe_counter!(FETCHED, "Orders that were fetched because they were new or had changed.");
    describe_counter!(
        MOVED,
        "Orders that a workflow moved into a state; an order counts once for each state that it comes to."
    );
    describe_counter!(STOCK, "Stock figures sent to the marketplace, by outcome.");
}

/// Orders were fetched and are stored.
pub(crate) fn orders_fetched(account: &str, orders: usize) {
    counter!(FETCHED, "account" => account.to_owned()).increment(orders as u64);
}

/// Changes of orders were stored where `done` says so. What stays in its state has not moved.
pub(crate) fn orders_moved(account: &str, changes: &[OrderChange], done: &[bool]) {
    let took_effect = changes.iter().zip(done).filter(|(_, done)| **done).map(|(change, _)| change);
    for change in took_effect {
        if let Some(state) = change.patch.state
            && change.from != [state]
        {
            counter!(MOVED, "account" => account.to_owned(), "state" => state.as_str()).increment(1);
        }
    }
}

/// So many stock figures were told.
pub(crate) fn stock_told(account: &str, outcome: &'static str, figures: usize) {
    counter!(STOCK, "account" => account.to_owned(), "outcome" => outcome).increment(figures as u64);
}
