//! What every page has around it, the login page, and the page of a refusal.

use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

use super::{Words, assets};
use crate::error::ApiError;

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
