//! What a request can fail with, and the status it becomes.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::store::StoreError;

/// A failed API call. Every variant answers `{"detail": ...}`.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// 400: the request itself is wrong; the text names the field and the fix.
    BadRequest(String),
    /// 401: no credentials, or unknown ones.
    Unauthorized(&'static str),
    /// 403: known, but not allowed.
    Forbidden(String),
    /// 404: no such thing in this scope.
    NotFound(&'static str),
    /// 405: the path is known, the method is not.
    MethodNotAllowed,
    /// 409: it exists already.
    Conflict(String),
    /// 413: more than the server takes; the text names the limit.
    TooLarge(String),
    /// 429 for too many log-in attempts; seconds until the next one is looked at.
    TooManyAttempts(u64),
    /// 500: logged in full, answered in general terms.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl ApiError {
    /// A failure of something that should not fail.
    pub(crate) fn internal(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(error.into())
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error.search() {
            Some(search) => Self::BadRequest(search.to_string()),
            None => Self::Internal(Box::new(error)),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, detail) = match self {
            Self::BadRequest(detail) => (StatusCode::BAD_REQUEST, detail),
            Self::Unauthorized(detail) => (StatusCode::UNAUTHORIZED, detail.to_owned()),
            Self::Forbidden(detail) => (StatusCode::FORBIDDEN, detail),
            Self::NotFound(detail) => (StatusCode::NOT_FOUND, detail.to_owned()),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "This call does not take this method.".to_owned())
            }
            Self::TooLarge(detail) => (StatusCode::PAYLOAD_TOO_LARGE, detail),
            Self::Conflict(detail) => (StatusCode::CONFLICT, detail),
            Self::TooManyAttempts(seconds) => {
                let detail = format!("Too many failed log-ins; try again in {seconds} s.");
                let headers = [(header::RETRY_AFTER, seconds.to_string())];
                return (StatusCode::TOO_MANY_REQUESTS, headers, Json(json!({ "detail": detail })))
                    .into_response();
            }
            Self::Internal(error) => {
                crate::log::error(format_args!("request failed: {error}"));
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    "Internal error; the server's log has the cause.".to_owned(),
                )
            }
        };
        (status, Json(json!({ "detail": detail }))).into_response()
    }
}
