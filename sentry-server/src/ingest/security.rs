//! What browsers report: violations of policies, certificates, failed requests.

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::framed::Framed;
use super::refusal::Refusal;
use super::request::Request;

/// `/security/`, `/csp-report/`.
pub(super) async fn report(request: Request, body: Body) -> Response {
    answer(&request, take(&request, body, "raw_security").await)
}

/// `/nel/`.
pub(super) async fn network(request: Request, body: Body) -> Response {
    answer(&request, take(&request, body, "nel").await)
}

fn answer(request: &Request, taken: Result<(), Refusal>) -> Response {
    match taken {
        Ok(()) => StatusCode::OK.into_response(),
        Err(refusal) => request.refuse(refusal),
    }
}

async fn take(request: &Request, body: Body, kind: &str) -> Result<(), Refusal> {
    let admitted = request.admitted().await?;
    let content_type = request.content_type();
    if !TYPES.contains(&content_type.as_str()) {
        return Err(Refusal::WrongType(format!("{content_type:?} is none of {}", TYPES[1..].join(", "))));
    }
    let body = request.read(body).await?;
    let report: Value = serde_json::from_slice(&body.inflated)
        .map_err(|error| Refusal::malformed(format!("the report is not JSON: {error}")))?;
    let reports = match report {
        Value::Array(reports) => reports,
        Value::Object(_) => vec![report],
        _ => return Err(Refusal::malformed("the report is neither an object nor a list of them")),
    };
    let mut more = Map::new();
    for name in ["sentry_release", "sentry_environment"] {
        if let Some(value) = request.parameter(name) {
            more.insert(name.to_owned(), value.into());
        }
    }
    let id = request.new_id();
    let mut envelope = Framed::new(id);
    for report in reports.iter().take(MAX_REPORTS) {
        envelope.add(kind, more.clone(), report.to_string().as_bytes());
    }
    request.commit_envelope(&admitted, id, body, envelope.into_bytes()).await.map(drop)
}

/// The first stands for none at all.
const TYPES: [&str; 8] = [
    "",
    "application/json",
    "application/csp-report",
    "application/reports+json",
    "application/expect-ct-report",
    "application/expect-ct-report+json",
    "application/expect-staple-report",
    "text/plain",
];

/// Reports in one request; browsers batch a handful.
const MAX_REPORTS: usize = 100;
