//! What is wrong with the program, at the top of every page.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use marktwerk_domain::concern::ConcernCode;
use maud::{Markup, html};

use super::Words;
use crate::state::AppState;

/// The lines, in a place of their own that the script fills again.
pub(super) fn banner(words: Words, state: &AppState) -> Markup {
    html! { div #health role="alert" { (lines(words, state)) } }
}

fn lines(words: Words, state: &AppState) -> Markup {
    let mut concerns = state.engine.concerns();
    // It has a line of its own there, with what is wrong in the file.
    concerns.retain(|concern| concern.code != ConcernCode::JobsFileUnreadable);
    html! {
        @for concern in concerns {
            p.notice.problem[concern.code.stops_work()] data-concern=(concern.code.as_str()) {
                (concern.details.words(words.spoken()))
            }
        }
    }
}

/// The lines alone, for the script.
pub(super) async fn fragment(State(state): State<AppState>, words: Words) -> Response {
    lines(words, &state).into_response()
}
