//! The interface, described: collected from the handlers themselves, so that a route cannot be forgotten.

mod answers;
mod words;

pub(crate) use answers::complete as complete_answers;
pub(crate) use words::complete as complete_words;

use axum::http::Method;
use serde::{Deserialize, Serialize};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{Content, OpenApi as Document, RefOr};
use utoipa::{IntoParams, OpenApi, ToSchema};

use crate::error::FieldFault;
use crate::safety::SESSION_COOKIE;

const JSON: &str = "application/json";
const PROBLEM: &str = "#/components/schemas/Problem";
/// The name of the way to show a token.
const TOKEN: &str = "token";
/// The name of the way of people who have logged in.
const SESSION: &str = "session";
/// Under which an operation tells the role that it needs.
const ROLE: &str = "x-role";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Marktwerk",
        description = "Scheduler and marketplace workflows. Routes under `/api` are the documented interface of the system in \
                       use before; what is new lives under `/api/v1`. The live channel is the WebSocket `/ws/logs` \
                       (`?after=<log_id>&job_type=`): `jobs_update` on connect and at every change, `log` for every stored line, \
                       `lagged` for a reader that fell behind. `x-role` is the lowest role that may use an operation: viewer, operator or \
                       admin; without access control every caller is an admin.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "jobs", description = "What runs, and when"),
        (name = "logs", description = "What happened"),
        (name = "temu", description = "TEMU in numbers"),
        (name = "health", description = "How the program is"),
        (name = "v1", description = "What is new: times with offset, errors as problem+json")
    )
)]
struct Outline;

/// The document before the routes are added.
pub(crate) fn outline(version: &str) -> Document {
    let mut document = Outline::openapi();
    document.info.version = version.to_owned();
    let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let cookie = ApiKeyValue::with_description(SESSION_COOKIE, "of somebody who has logged in at /login");
    let components = document.components.get_or_insert_default();
    components.add_security_scheme(TOKEN, bearer);
    components.add_security_scheme(SESSION, SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    let either = [TOKEN, SESSION].map(|name| SecurityRequirement::new(name, Vec::<String>::new()));
    document.security = Some(either.to_vec());
    document
}

/// The operations of a path.
pub(crate) fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    let PathItem { get, put, post, patch, delete, .. } = item;
    let methods = [
        (Method::GET, get),
        (Method::PUT, put),
        (Method::POST, post),
        (Method::PATCH, patch),
        (Method::DELETE, delete),
    ];
    methods.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// What answers with a problem answers as `application/problem+json`.
pub(crate) fn name_problems(document: &mut Document) {
    let operations = document.paths.paths.values_mut().flat_map(operations);
    for response in operations.flat_map(|(_, operation)| operation.responses.responses.values_mut()) {
        let RefOr::T(response) = response else { continue };
        if response.content.get(JSON).is_some_and(tells_of_a_problem)
            && let Some(content) = response.content.shift_remove(JSON)
        {
            response.content.insert("application/problem+json".to_owned(), content);
        }
    }
}

fn tells_of_a_problem(content: &RefOr<Content>) -> bool {
    let RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. }) = content else { return false };
    schema.ref_location == PROBLEM
}

/// The whole description of the interface, as `/openapi.json` answers it.
pub fn openapi_document(version: &str) -> String {
    let (_, document) = crate::routes::described(version);
    document.to_pretty_json().unwrap_or_else(|error| {
        tracing::error!("the interface's description cannot be written: {error}");
        "{}".to_owned()
    })
}

/// What happened, for people.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Detail {
    detail: String,
}

/// Which fields cannot be accepted, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldDetail {
    detail: Vec<FieldFault>,
}

/// Parameters of a start; all are always accepted, the answer names those that the workflow does not have.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query; it is read by hand so that faults name their field")]
pub(crate) struct StartQuery {
    /// TEMU's status of the orders to fetch; 2 is to be shipped.
    #[param(minimum = 0, maximum = 99)]
    parent_order_status: Option<i64>,
    /// How many days to look back.
    #[param(minimum = 1, maximum = 3650)]
    days_back: Option<i64>,
    /// More lines.
    verbose: Option<bool>,
    /// Accepted for old callers: lines are always stored.
    log_to_db: Option<bool>,
    /// `quick` or `full`.
    mode: Option<String>,
}

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query; it is read by hand so that faults name their field")]
pub(crate) struct LogQuery {
    /// A job, an execution, `temu`, `temu_orders`, `temu_inventory`, a pattern with `%`, or a prefix.
    job_id: Option<String>,
    /// Exactly this job type (not together with `job_id`).
    job_type: Option<String>,
    /// DEBUG, INFO, WARNING, ERROR; several are separated by commas.
    level: Option<String>,
    /// 100 if not given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
    /// Lines to pass over.
    #[param(minimum = 0)]
    offset: Option<i64>,
    /// Only lines stored after this `log_id`, ascending.
    #[param(minimum = 0)]
    after: Option<i64>,
}

/// Whose runs, of which days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query; it is read by hand so that faults name their field")]
pub(crate) struct StatisticsQuery {
    /// As in `/api/logs`.
    job_id: Option<String>,
    /// 7 if not given.
    #[param(minimum = 1, maximum = 3650)]
    days: Option<i64>,
}

/// Which lines, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query; it is read by hand so that faults name their field")]
pub(crate) struct ExportQuery {
    /// As in `/api/logs`.
    job_id: Option<String>,
    /// `json` (if not given) or `csv`.
    format: Option<String>,
    /// 7 if not given.
    #[param(minimum = 1, maximum = 3650)]
    days: Option<i64>,
}
