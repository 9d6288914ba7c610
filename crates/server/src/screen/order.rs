//! `/orders/{number}`: one order, what can be decided about it, and its whole way.

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};

use super::attention::decision_forms;
use super::jobs_table::path_segment;
use super::orders::{state_words, status_words};
use super::{Words, shell};
use crate::error::ApiResult;
use crate::fields::QueryFields;
use crate::safety::Caller;
use crate::state::AppState;
use crate::times::for_people;
use crate::v1::{self, Details, OrderDetails};

pub(super) async fn show(
    State(state): State<AppState>,
    caller: Caller,
    words: Words,
    Path(number): Path<String>,
    QueryFields(mut fields): QueryFields,
) -> Response {
    // The language's own field.
    fields.text("lang");
    let account = fields.text("account");
    let content = match fields.finish() {
        Ok(()) => page(&state, &caller, words, &number, account.as_deref()).await,
        Err(error) => Err(error),
    };
    shell::answer(words, content)
}

async fn page(
    state: &AppState,
    caller: &Caller,
    words: Words,
    number: &str,
    account: Option<&str>,
) -> ApiResult<Markup> {
    let record = v1::order(state, number, account).await?;
    let order = v1::order_details(state, record, &Details { language: words.spoken() });
    let title = format!("{} {}", words.order, order.order.number);
    let action = format!(
        "/screen/orders/{}/{}/decide",
        path_segment(&order.order.account),
        path_segment(&order.order.number)
    );
    let body = html! {
        body {
            (shell::header(words, state, caller))
            main #content {
                h1 { (title) }
                @if let Some(reason) = &order.order.reason { p.notice { (reason) } }
                (facts(words, &order))
                (decision_forms(words, &order.decisions, &action, Some(&order.situation), &order.order.number))
                (lines(words, &order))
                (parcels(words, &order))
                (history(words, &order))
            }
        }
    };
    Ok(shell::page(words, &title, html! {}, body))
}

fn facts(words: Words, order: &OrderDetails) -> Markup {
    html! {
        dl.facts {
            div { dt { (words.account) } dd { (order.order.account) } }
            div { dt { (words.state) } dd { (state_words(words, &order.order)) } }
            div { dt { (words.situation) } dd { (order.meaning) } }
            div { dt { (words.marketplace) } dd { (status_words(words, &order.order)) } }
            div { dt { (words.erp_number) } dd { (order.order.erp_number.as_deref().unwrap_or("–")) } }
            div { dt { (words.next_act) } dd { (order.next_act) } }
            @if let Some(until) = &order.ship_until {
                div { dt { (words.ship_until) } dd { (for_people(until)) } }
            }
            @if !order.notices.is_empty() {
                div { dt { (words.notices) } dd { @for notice in &order.notices { div { (notice) } } } }
            }
            @if let Some(decided) = &order.decided {
                div { dt { (words.decided_as) } dd { (decided.label) " – " (decided.by) ", " (for_people(&decided.at)) } }
            }
            @if let Some(put_off) = &order.put_off {
                div { dt { (words.put_off_until) } dd { (for_people(&put_off.until)) " – " (put_off.by) } }
            }
        }
    }
}

fn lines(words: Words, order: &OrderDetails) -> Markup {
    html! {
        section.panel {
            h2 { (words.lines) }
            table {
                tbody {
                    @for line in &order.lines {
                        tr { td { (line.quantity) " ×" } td { (line.sku) } td { (line.name) } }
                    }
                }
            }
        }
    }
}

fn parcels(words: Words, order: &OrderDetails) -> Markup {
    html! {
        @if !order.parcels.is_empty() {
            section.panel {
                h2 { (words.parcels) }
                table {
                    tbody {
                        @for parcel in &order.parcels {
                            tr {
                                td {
                                    (parcel.tracking)
                                    @if let Some(text) = &parcel.words { em { (text) } }
                                }
                                td { (parcel.carrier) }
                                td { (parcel.shipped_at.as_deref().map(for_people).unwrap_or_default()) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn history(words: Words, order: &OrderDetails) -> Markup {
    html! {
        section.panel {
            h2 { (words.history) }
            table #history {
                tbody {
                    @for item in &order.history {
                        tr {
                            td { (for_people(&item.at)) }
                            td {
                                @match item.run {
                                    Some(run) => a href={ "/runs/" (run) } { (item.by) },
                                    None => (item.by),
                                }
                            }
                            td { (item.what) }
                        }
                    }
                }
            }
        }
    }
}
