//! For machines that watch the server: liveness, readiness, counters. No credentials, nothing about content.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::app::App;
use crate::error::ApiError;

/// 200 when the store answers.
pub(crate) async fn health(State(app): State<App>) -> Result<Response, ApiError> {
    app.with_store(|store| store.has_users()).await?;
    Ok(Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })).into_response())
}

/// Prometheus' text format.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
        .into_response()
}

/// What SDK relays and `sentry-cli` ask before they send.
pub(crate) async fn relay(State(app): State<App>, Path(kind): Path<String>) -> Result<Response, ApiError> {
    match kind.as_str() {
        "live" => Ok(Json(json!({ "is_healthy": true })).into_response()),
        "ready" => {
            let ready = app.with_store(|store| store.has_users()).await.is_ok();
            let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            Ok((status, Json(json!({ "is_healthy": ready }))).into_response())
        }
        _ => Err(ApiError::NotFound("No such health check; ask for live or ready.")),
    }
}
