//! What an operation may answer besides what its handler says: the refusals of everything that a request meets before it.

use axum::http::Method;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

use super::{JSON, ROLE};
use crate::safety::Role;

/// Says which role an operation needs, and all answers that it may have.
pub(crate) fn complete(path: &str, method: &Method, operation: &mut Operation, role: Option<Role>) {
    let is_v1 = path.starts_with("/api/v1/");
    let (plain, of_fields) = if is_v1 { ("Problem", "Problem") } else { ("Detail", "FieldDetail") };
    let has_body = operation.request_body.is_some();
    let has_parameters = operation.parameters.as_ref().is_some_and(|parameters| !parameters.is_empty());
    let mut add = |status: &str, schema: &str, description: &str| {
        let answers = &mut operation.responses.responses;
        answers.entry(status.to_owned()).or_insert_with(|| refusal(schema, description));
    };
    if let Some(role) = role {
        add("401", plain, "no token, or an unknown one");
        add("429", plain, "too many tokens are being checked: come again in a moment");
        if role > Role::Viewer {
            add("403", plain, "the caller's role does not allow it, or a page of another origin asks");
        }
    }
    if *method != Method::GET {
        add("403", plain, "a page of another origin asks");
    }
    if path.contains('{') {
        add("404", plain, "there is no such thing");
    }
    if has_parameters {
        add("422", of_fields, "a field cannot be accepted");
    }
    if has_body {
        add("408", plain, "the body stopped in the middle");
        add("413", plain, "the body is too large");
        add("415", plain, "the body says that it is not JSON");
        add("422", of_fields, "a field cannot be accepted");
    }
    if has_body && is_v1 {
        add("400", plain, "the body is not JSON");
    }
    add("421", plain, "the host name is not one of this server's");
    add("500", plain, "something went wrong inside; the program's log says what");
    add("503", plain, "it may work later");
    match role {
        Some(role) => {
            let extensions = operation.extensions.get_or_insert_default();
            extensions.insert(ROLE.to_owned(), role.as_str().into());
        }
        None => operation.security = Some(Vec::new()),
    }
}

fn refusal(schema: &str, description: &str) -> RefOr<Response> {
    let content = Content::new(Some(Ref::from_schema_name(schema)));
    ResponseBuilder::new().description(description).content(JSON, content).into()
}
