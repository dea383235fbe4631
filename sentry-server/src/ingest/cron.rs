//! Check-ins by address, for jobs that can do no more than call one.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use watchpost_core::EventId;

use super::framed::Framed;
use super::refusal::Refusal;
use super::request::Request;

/// 202 also while limited: a job's script must not fail because its monitoring is busy.
pub(super) async fn check_in(method: Method, request: Request, body: Body) -> Response {
    match take(&request, &method, body).await {
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        // Counted as limited, and no reason for the job's script to fail.
        Err(refusal @ Refusal::Limited(_)) => {
            drop(request.refuse(refusal));
            StatusCode::ACCEPTED.into_response()
        }
        Err(refusal @ Refusal::Busy) => {
            drop(request.refuse(refusal));
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")]).into_response()
        }
        Err(Refusal::Full { seconds, .. }) => {
            // Not stored: said without a 429, which would stop the job's other tools.
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, seconds.to_string())]).into_response()
        }
        Err(refusal) => request.refuse(refusal),
    }
}

async fn take(request: &Request, method: &Method, body: Body) -> Result<(), Refusal> {
    let admitted = request.admitted().await?;
    let body = request.read(body).await?;
    let mut report = Map::new();
    if *method == Method::POST && request.content_type() == "application/json" {
        let given = serde_json::from_slice(&body.inflated)
            .map_err(|error| Refusal::malformed(format!("the check-in is not a JSON object: {error}")))?;
        report = given;
    }
    report.insert("monitor_slug".to_owned(), request.path("slug").into());
    for name in ["status", "check_in_id", "environment"] {
        if let Some(value) = request.parameter(name) {
            report.insert(name.to_owned(), value.into());
        }
    }
    if let Some(duration) = request.parameter("duration") {
        let seconds: f64 = duration
            .parse()
            .map_err(|_| Refusal::malformed(format!("duration {duration:?} is not a number of seconds")))?;
        report.insert("duration".to_owned(), json!(seconds));
    }
    let status = report.get("status").and_then(Value::as_str).unwrap_or_default();
    if !matches!(status, "in_progress" | "ok" | "error") {
        return Err(Refusal::malformed(format!("status {status:?} is none of in_progress, ok, error")));
    }
    if let Some(given) = report.get("check_in_id").filter(|given| !given.is_null()) {
        // One that names no run would end the latest run of another.
        let id = given.as_str().unwrap_or_default();
        id.parse::<EventId>()
            .map_err(|_| Refusal::malformed(format!("check_in_id {id:?} is not 32 hexadecimal digits")))?;
    }
    if report.get("check_in_id").is_none_or(Value::is_null) {
        // A beginning is a run of its own; an end belongs to the latest beginning.
        let id = if status == "in_progress" { request.new_id().to_string() } else { "0".repeat(32) };
        report.insert("check_in_id".to_owned(), id.into());
    }
    let id = request.new_id();
    let mut envelope = Framed::new(id);
    envelope.add_json("check_in", &Value::Object(report));
    request.commit_envelope(&admitted, id, body, envelope.into_bytes()).await.map(drop)
}
