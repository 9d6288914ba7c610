//! `/orders`: a search, and what it finds.

use axum::extract::State;
use axum::response::Response;
use marktwerk_domain::order::{MarketplaceStatus, OrderState};
use maud::{Markup, html};

use super::jobs_table::path_segment;
use super::{Words, shell};
use crate::error::ApiResult;
use crate::fields::QueryFields;
use crate::safety::Caller;
use crate::state::AppState;
use crate::times::for_people;
use crate::v1::{self, OrderItem};

pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    words: Words,
    QueryFields(mut fields): QueryFields,
) -> Response {
    // The language's own field.
    fields.text("lang");
    let filter = v1::search(&mut fields);
    let content = match fields.finish() {
        Ok(()) => page(&state, &caller, words, filter).await,
        Err(error) => Err(error),
    };
    shell::answer(words, content)
}

async fn page(
    state: &AppState,
    caller: &Caller,
    words: Words,
    filter: marktwerk_store::orders::OrderFilter,
) -> ApiResult<Markup> {
    let orders = state.store().orders_in(&filter).await?;
    let is_full = orders.len() == filter.limit;
    let orders: Vec<OrderItem> = {
        let reader = state.reader(words.spoken());
        orders.into_iter().map(|order| v1::order_item(state, order, &reader)).collect()
    };
    let given = [
        ("number", words.number, &filter.number),
        ("erp_number", words.erp_number, &filter.erp_number),
        ("sku", words.article, &filter.sku),
        ("tracking", words.tracking_number, &filter.tracking),
    ];
    let shown = filter.states.first().copied();
    let next = orders.last().filter(|_| is_full).map(|last| {
        let mut next = format!(
            "/orders?after={}&after_account={}&state={}",
            path_segment(&last.number),
            path_segment(&last.account),
            shown.map_or("", OrderState::as_str)
        );
        for (name, _, value) in &given {
            if let Some(value) = value {
                next.push_str(&format!("&{name}={}", path_segment(value)));
            }
        }
        next
    });
    let body = html! {
        body {
            (shell::header(words, state, caller))
            main #content {
                h1 { (words.orders_title) }
                form.inline method="get" action="/orders" {
                    @for (name, label, value) in &given {
                        label for=(name) { (label) }
                        input id=(name) name=(name) value=(value.as_deref().unwrap_or_default());
                    }
                    label for="state" { (words.state) }
                    select #state name="state" {
                        option value="" { (words.all) }
                        @for state in OrderState::ALL {
                            option value=(state.as_str()) selected[shown == Some(state)] { (state.words(words.spoken())) }
                        }
                    }
                    button { (words.search) }
                }
                (table(words, &orders))
                @if let Some(next) = next { p { a href=(next) { (words.next_page) } } }
            }
        }
    };
    Ok(shell::page(words, words.orders_title, html! {}, body))
}

/// An order's state for people.
pub(super) fn state_words(words: Words, order: &OrderItem) -> &'static str {
    OrderState::from_word(order.state).map_or(order.state, |state| state.words(words.spoken()))
}

/// The marketplace's status for people.
pub(super) fn status_words(words: Words, order: &OrderItem) -> &'static str {
    let status = MarketplaceStatus::from_word(order.marketplace_status);
    status.map_or(order.marketplace_status, |status| status.words(words.spoken()))
}

fn table(words: Words, orders: &[OrderItem]) -> Markup {
    html! {
        table #orders {
            thead {
                tr {
                    th scope="col" { (words.order) }
                    th scope="col" { (words.account) }
                    th scope="col" { (words.state) }
                    th scope="col" { (words.marketplace) }
                    th scope="col" { (words.erp_number) }
                    th scope="col" { (words.time) }
                    th scope="col" { (words.message) }
                }
            }
            tbody {
                @for order in orders {
                    tr data-order=(order.number) {
                        th scope="row" {
                            a href={ "/orders/" (path_segment(&order.number)) "?account=" (path_segment(&order.account)) } { (order.number) }
                        }
                        td data-label=(words.account) { (order.account) }
                        td data-label=(words.state) { (state_words(words, order)) }
                        td data-label=(words.marketplace) { (status_words(words, order)) }
                        td data-label=(words.erp_number) { (order.erp_number.as_deref().unwrap_or("–")) }
                        td data-label=(words.time) { (for_people(&order.ordered_at)) }
                        td data-label=(words.message) { (order.reason.as_deref().unwrap_or_default()) }
                    }
                }
                @if orders.is_empty() { tr { td colspan="7" { (words.no_orders) } } }
            }
        }
    }
}
