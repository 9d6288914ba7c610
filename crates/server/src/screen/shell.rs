//! What every page has around it, the login page, and the page of a refusal.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::words::COOKIE;
use super::{Words, assets, health};
use crate::error::{ApiError, ApiResult};
use crate::safety::Caller;
use crate::state::AppState;

/// A whole page.
pub(super) fn page(words: Words, title: &str, head: Markup, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(words.language) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " – Marktwerk" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(assets::style_address());
                (head)
            }
            (body)
        }
    }
}

/// The head of a page: where one can go, and who one is. The script shows the connection in it; the style hides from a viewer what
/// the server would refuse.
pub(super) fn header(words: Words, state: &AppState, caller: &Caller) -> Markup {
    let other = if words.language == "de" { "en" } else { "de" };
    html! {
        a.skip href="#content" { (words.skip) }
        header data-role=(caller.role) {
            strong { a href="/" { "Marktwerk" } }
            nav {
                a href="/temu" { "TEMU" }
                a href="/orders" { (words.orders_title) }
                a href="/runs" { (words.runs) }
                a href="/stock" { (words.inventory) }
                a href="/docs" { (words.interface) }
                a href={ "?lang=" (other) } lang=(other) hreflang=(other) { (words.other_language) }
                @if state.access.is_some() {
                    span { (caller.name) " (" (words.role_of(caller.role)) ")" }
                    form.inline method="post" action="/logout" { button { (words.log_out) } }
                }
            }
            span #connection role="status" aria-live="polite" {}
        }
        @if let Some(notice) = &state.notice { p.notice { (notice.words(words.spoken())) } }
        (health::banner(words, state))
    }
}

/// A page, or what stands in its place; a language that was chosen is remembered.
pub(super) fn answer(words: Words, content: ApiResult<Markup>) -> Response {
    let mut response = match content {
        Ok(page) => page.into_response(),
        Err(error) => refusal(words, &error),
    };
    let cookie = format!("{COOKIE}={}; Path=/; Max-Age=31536000; SameSite=Strict", words.language);
    if words.is_chosen
        && let Ok(cookie) = HeaderValue::from_str(&cookie)
    {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The login page.
pub(crate) fn login_page(words: Words, was_wrong: bool) -> Markup {
    let body = html! {
        body.narrow {
            main {
                h1 { "Marktwerk" }
                form.stacked method="post" action="/login" {
                    label for="token" { (words.token) }
                    input #token name="token" type="password" autocomplete="current-password" required autofocus;
                    @if was_wrong { p.problem role="alert" { (words.wrong_token) } }
                    button.primary { (words.log_in) }
                }
            }
        }
    };
    page(words, words.log_in, html! {}, body)
}

/// What a page shows where the interface would answer with an error.
pub(super) fn refusal(words: Words, error: &ApiError) -> Response {
    let body = html! {
        body.narrow {
            main {
                h1 { (words.not_done) }
                p.problem role="alert" { (error) }
                p { a href="/" { (words.back) } }
            }
        }
    };
    (error.status(), page(words, words.not_done, html! {}, body)).into_response()
}

/// What a page shows after something that has no other place.
pub(super) fn told(words: Words, text: &str) -> Response {
    let body = html! {
        body.narrow {
            main {
                p role="status" { (text) }
                p { a href="/" { (words.back) } }
            }
        }
    };
    page(words, words.accounts, html! {}, body).into_response()
}
