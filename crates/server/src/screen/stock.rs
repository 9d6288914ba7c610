//! `/stock`: listings with their figures; for one article number also what JTL has, which orders take from it, what would be
//! published, and a button that publishes it.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::jobs_table::path_segment;
use super::stock_words::{Oddities, StockWords};
use super::{Words, shell};
use crate::error::ApiResult;
use crate::fields::{FormPairs, QueryFields};
use crate::safety::Caller;
use crate::state::AppState;
use crate::times::for_people;
use crate::v1::{ArticleItem, StockItem, StockQuery, publish_stock, stock_article, stock_item, stock_query};

/// Listings on a page.
const PAGE: usize = 100;

pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    words: Words,
    QueryFields(mut fields): QueryFields,
) -> Response {
    // The language's own field.
    fields.text("lang");
    let query = stock_query(&mut fields);
    let content = match fields.finish() {
        Ok(()) => page(&state, &caller, words, query).await,
        Err(error) => Err(error),
    };
    shell::answer(words, content)
}

/// Publishes one article, and leads to the run, or to the runs if several accounts list it.
pub(super) async fn push(
    State(state): State<AppState>,
    caller: Caller,
    words: Words,
    form: FormPairs,
) -> Response {
    let published = async {
        let article = stock_article(&state, form.value("sku")).await?;
        publish_stock(&state, &caller, &article, None).await
    };
    match published.await {
        Ok(runs) => match runs.as_slice() {
            [run] => Redirect::to(&format!("/runs/{}", run.id)).into_response(),
            _ => Redirect::to("/runs").into_response(),
        },
        Err(error) => shell::refusal(words, &error),
    }
}

async fn page(state: &AppState, caller: &Caller, words: Words, query: StockQuery) -> ApiResult<Markup> {
    let own = StockWords::of(words.language);
    let (sku, account) = (query.sku.clone(), query.account.clone());
    let listings: Vec<StockItem> =
        query.page(state, PAGE).await?.into_iter().map(|one| stock_item(state, one)).collect();
    // Where JTL does not answer, the listings are shown all the same.
    let article = match &sku {
        Some(sku) => stock_article(state, sku).await.ok(),
        None => None,
    };
    let more = listings.last().filter(|_| listings.len() == PAGE).map(|last| {
        let field = |value: &Option<String>| value.as_deref().map(path_segment).unwrap_or_default();
        format!("/stock?sku={}&account={}&after={}", field(&sku), field(&account), path_segment(&last.cursor))
    });
    let accounts = state.engine.registry().diagnose().map(|diagnose| diagnose.accounts()).unwrap_or_default();
    let body = html! {
        body {
            (shell::header(words, state, caller))
            main #content {
                h1 { (words.inventory) }
                form.inline method="get" action="/stock" {
                    label for="sku" { (own.sku) }
                    input #sku name="sku" value=(sku.as_deref().unwrap_or_default());
                    label for="account" { (own.account) }
                    select #account name="account" {
                        option value="" { (words.all) }
                        @for one in &accounts {
                            option value=(one.name) selected[account.as_deref() == Some(one.name.as_str())] { (one.name) }
                        }
                    }
                    button { (words.show) }
                }
                @if let Some(article) = &article { (details(own, article)) }
                section.panel { (table(own, &listings)) }
                @if let Some(more) = more { p { a href=(more) { (own.more) } } }
            }
        }
    };
    Ok(shell::page(words, words.inventory, html! {}, body))
}

fn table(own: &StockWords, listings: &[StockItem]) -> Markup {
    html! {
        table #stock {
            thead {
                tr {
                    th scope="col" { (own.sku) }
                    th scope="col" { (own.account) }
                    th scope="col" { (own.title) }
                    th scope="col" { (own.live) }
                    th scope="col" { (own.wanted) }
                    th scope="col" { (own.note) }
                }
            }
            tbody {
                @for listing in listings {
                    tr data-listing=(listing.cursor) {
                        th scope="row" { a href={ "/stock?sku=" (path_segment(&listing.sku)) } { (listing.sku) } }
                        td data-label=(own.account) { (listing.account) }
                        td data-label=(own.title) { (listing.title) }
                        td data-label=(own.live) {
                            (figure(listing.figure.live))
                            @if let Some(at) = &listing.figure.live_at { small { (for_people(at)) } }
                        }
                        td data-label=(own.wanted) { (figure(listing.wanted)) }
                        td data-label=(own.note) { (notes(own, &Oddities {
                            is_matched: listing.article.is_some(),
                            lost: listing.lost,
                            in_flight: listing.figure.in_flight,
                            unseen: listing.figure.unseen,
                            held_by: &listing.held_by,
                            error: listing.error.as_deref(),
                        })) }
                    }
                }
                tr.empty hidden[!listings.is_empty()] { td colspan="6" { (own.none) } }
            }
        }
    }
}

/// One article with everything that decides about its figure.
fn details(own: &StockWords, article: &ArticleItem) -> Markup {
    html! {
        section.panel #article {
            h2 { (article.sku) }
            @match article.available {
                None => p { (own.not_in_jtl) },
                Some(available) => p {
                    (own.in_jtl) ": " strong { (available) } " · "
                    (own.buffer) ": " (article.buffer.unwrap_or_default() + article.own_buffer) " · "
                    (own.read_at) ": " (for_people(&article.figure_at))
                },
            }
            h3 { (own.orders) }
            @if article.orders.is_empty() { p { (own.no_orders) } } @else {
                ul {
                    @for order in &article.orders {
                        li { (order.number) " (" (order.account) "): " (order.quantity) " × " (order.sku) }
                    }
                }
            }
            table {
                thead {
                    tr {
                        th scope="col" { (own.listing) }
                        th scope="col" { (own.known) }
                        th scope="col" { (own.wanted) }
                        th scope="col" { (own.published) }
                        th scope="col" { (own.note) }
                    }
                }
                tbody {
                    @for listing in &article.listings {
                        tr {
                            th scope="row" { (listing.sku) " (" (listing.account) ")" }
                            td data-label=(own.known) { (figure(listing.known)) }
                            td data-label=(own.wanted) { (figure(listing.wanted)) }
                            td data-label=(own.published) {
                                @match listing.publish { Some(publish) => (publish), None => (own.leaves) }
                            }
                            td data-label=(own.note) { (notes(own, &Oddities {
                                is_matched: listing.wanted.is_some() || listing.lost.is_some(),
                                lost: listing.lost,
                                in_flight: listing.figure.in_flight,
                                unseen: listing.figure.unseen,
                                held_by: &listing.held_by,
                                error: listing.error.as_deref(),
                            })) }
                        }
                    }
                    @if article.listings.is_empty() { tr { td colspan="5" { (own.none) } } }
                }
            }
            @if !article.listings.is_empty() {
                form.inline method="post" action="/screen/stock/push" {
                    input type="hidden" name="sku" value=(article.sku);
                    button.primary { (own.push) }
                    small { (own.push_note) }
                }
            }
        }
    }
}

fn figure(figure: Option<i64>) -> String {
    figure.map_or_else(|| "–".to_owned(), |figure| figure.to_string())
}

fn notes(own: &StockWords, oddities: &Oddities<'_>) -> Markup {
    let notes = own.notes(oddities);
    html! {
        @for (index, note) in notes.iter().enumerate() {
            @if index > 0 { br; }
            (note)
        }
    }
}
