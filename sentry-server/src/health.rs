//! For machines that watch the server: liveness, readiness, counters. No credentials, nothing about content.

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::app::App;
use crate::error::ApiError;

/// Why the server accepts nothing at the moment, if that is so. Said in the log when it begins and when it ends.
#[derive(Debug, Default)]
pub(crate) struct Fault(Mutex<Option<String>>);

impl Fault {
    pub(crate) fn set(&self, reason: String) {
        let earlier = self.reason().replace(reason.clone());
        if earlier.is_none() {
            crate::log::error(format_args!("{reason}; nothing is accepted until it works again"));
        }
    }

    pub(crate) fn clear(&self) {
        if let Some(reason) = self.reason().take() {
            crate::log::info(format_args!("accepting again after: {reason}"));
        }
    }

    fn reason(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 200 when the store answers and data is accepted; 503 with the reason when none can be.
pub(crate) async fn health(State(app): State<App>) -> Result<Response, ApiError> {
    let fault = app.fault.reason().clone();
    if let Some(reason) = fault {
        let body = json!({ "status": "failing", "reason": reason, "version": env!("CARGO_PKG_VERSION") });
        return Ok((StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response());
    }
    app.with_store(|store| store.has_users()).await?;
    Ok(Json(json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })).into_response())
}

/// Prometheus' text format.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], app.metrics.render())
        .into_response()
}

/// What relays ask before anything else, without credentials.
pub(crate) async fn live() -> Response {
    Json(json!({ "is_healthy": true })).into_response()
}

/// What SDK relays and `sentry-cli` ask before they send.
pub(crate) async fn relay(State(app): State<App>, Path(kind): Path<String>) -> Result<Response, ApiError> {
    match kind.as_str() {
        "live" => Ok(Json(json!({ "is_healthy": true })).into_response()),
        "ready" => {
            let sound = app.fault.reason().is_none();
            let ready = sound && app.with_store(|store| store.has_users()).await.is_ok();
            let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            Ok((status, Json(json!({ "is_healthy": ready }))).into_response())
        }
        _ => Err(ApiError::NotFound("No such health check; ask for live or ready.")),
    }
}
