//! Why a request to an ingest endpoint is not accepted, and how that is told.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use watchpost_core::Category;

/// A refused request. Every form answers `{"detail", "causes"}` and `X-Sentry-Error`.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// 400.
    Malformed { detail: &'static str, cause: String },
    /// 401: no key in header, query or envelope.
    NoKey,
    /// 403: the key does not belong to the project, or is switched off.
    WrongKey,
    /// 415: the media type is none that the endpoint reads.
    WrongType(String),
    /// 413: what was too large.
    TooLarge(&'static str),
    /// 429: queue or disk is full; these categories are to wait.
    Full { categories: Vec<Category>, seconds: u64 },
    /// 503: the server is stopping.
    Stopping,
}

impl Refusal {
    pub(crate) fn malformed(cause: impl Into<String>) -> Self {
        Self::Malformed { detail: "the request could not be read", cause: cause.into() }
    }

    pub(crate) fn envelope(cause: impl Into<String>) -> Self {
        Self::Malformed { detail: "invalid envelope", cause: cause.into() }
    }

    /// Too many bodies at once; read no further, so what is inside is not known.
    pub(crate) fn busy() -> Self {
        use Category::{
            Attachment, Default, Error, Feedback, LogItem, Monitor, Profile, Replay, Session, Span,
            Transaction,
        };
        let categories = vec![
            Default,
            Error,
            Transaction,
            Span,
            Session,
            Attachment,
            Feedback,
            Monitor,
            LogItem,
            Profile,
            Replay,
        ];
        Self::Full { categories, seconds: 5 }
    }

    /// The reason it is counted under.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::NoKey => "no_key",
            Self::WrongKey => "wrong_key",
            Self::WrongType(_) => "wrong_type",
            Self::TooLarge(_) => "too_large",
            Self::Full { .. } => "queue_full",
            Self::Stopping => "stopping",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, detail, causes) = match &self {
            Self::Malformed { detail, cause } => (StatusCode::BAD_REQUEST, *detail, vec![cause.clone()]),
            Self::NoKey => (
                StatusCode::UNAUTHORIZED,
                "no key",
                vec![
                    "send sentry_key in X-Sentry-Auth, in the query, or a dsn in the envelope's header"
                        .to_owned(),
                ],
            ),
            Self::WrongKey => (
                StatusCode::FORBIDDEN,
                "unknown project or key",
                vec!["compare the DSN with the one on the project's page".to_owned()],
            ),
            Self::WrongType(cause) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported media type", vec![cause.clone()])
            }
            Self::TooLarge(what) => {
                (StatusCode::PAYLOAD_TOO_LARGE, "too large", vec![format!("{what} exceeds its limit")])
            }
            Self::Full { seconds, .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "the server's queue is full",
                vec![format!("try again in {seconds} s")],
            ),
            Self::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "the server is stopping", Vec::new()),
        };
        let mut response = (status, Json(json!({ "detail": detail, "causes": causes }))).into_response();
        let headers = response.headers_mut();
        headers.insert("x-sentry-error", HeaderValue::from_static(detail));
        match &self {
            Self::Full { categories, seconds } => {
                let names: Vec<&str> = categories.iter().map(|category| category.as_str()).collect();
                let limit = format!("{seconds}:{}:project:queue_full", names.join(";"));
                if let Ok(value) = HeaderValue::from_str(&limit) {
                    headers.insert("x-sentry-rate-limits", value);
                }
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            Self::Stopping => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(5_u64));
            }
            _ => {}
        }
        response
    }
}
