//! Why a request to an ingest endpoint is not accepted, and how that is told.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use watchpost_core::Category;

use crate::project::{CATEGORIES, Limit};

/// A refused request. Every form answers `{"detail", "causes"}` and `X-Sentry-Error`.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// 400.
    Malformed { detail: &'static str, cause: String },
    /// 401: no key in header, query or envelope.
    NoKey,
    /// 403: the key does not belong to the project, or is switched off.
    WrongKey,
    /// 405: the address is known, the method is not.
    WrongMethod,
    /// 415: the media type is none that the endpoint reads.
    WrongType(String),
    /// 413: what was too large, by which limit.
    TooLarge(TooLarge),
    /// 429: too many bodies are being read.
    Busy,
    /// 429: queue or disk is full; these categories are to wait.
    Full { categories: Vec<Category>, seconds: u64 },
    /// 429: everything in the request is over a limit of its key, project or organisation.
    Limited(Vec<Limit>),
    /// 503: the server is stopping.
    Stopping,
}

/// Something over its limit.
#[derive(Debug, Clone)]
pub(crate) struct TooLarge {
    /// `the body`, `an item of type log`.
    pub(crate) what: String,
    /// Where that is known.
    pub(crate) bytes: Option<usize>,
    pub(crate) limit: usize,
}

impl TooLarge {
    fn told(&self) -> String {
        let Self { what, bytes, limit } = self;
        let size = bytes.map_or_else(|| format!("more than {limit}"), |bytes| bytes.to_string());
        format!(
            "{what} has {size} bytes, and at most {limit} are taken; send less of it, or in several parts"
        )
    }
}

impl Refusal {
    pub(crate) fn malformed(cause: impl Into<String>) -> Self {
        Self::Malformed { detail: "the request could not be read", cause: cause.into() }
    }

    pub(crate) fn envelope(cause: impl Into<String>) -> Self {
        Self::Malformed { detail: "invalid envelope", cause: cause.into() }
    }

    /// Something of which no more is known than that it goes on after its limit.
    pub(crate) fn exceeds(what: &str, limit: usize) -> Self {
        Self::TooLarge(TooLarge { what: what.to_owned(), bytes: None, limit })
    }

    /// As which outcome, and under which reason, what is refused is counted. `None` where that is done already, or where
    /// it cannot be known whose it is.
    pub(super) fn outcome(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Malformed { .. } | Self::WrongType(_) | Self::TooLarge(_) => {
                Some(("invalid", self.reason()))
            }
            Self::Busy => Some(("rate_limited", "busy")),
            Self::NoKey
            | Self::WrongKey
            | Self::WrongMethod
            | Self::Full { .. }
            | Self::Limited(_)
            | Self::Stopping => None,
        }
    }

    /// Too many bodies at once; read no further, so what is inside is not known.
    fn all() -> Self {
        // Reports of what was lost are never asked to wait.
        let categories = CATEGORIES.into_iter().filter(|category| *category != Category::Internal).collect();
        Self::Full { categories, seconds: 5 }
    }

    /// The reason it is counted under.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::Malformed { .. } => "malformed",
            Self::NoKey => "no_key",
            Self::WrongKey => "wrong_key",
            Self::WrongMethod => "wrong_method",
            Self::WrongType(_) => "wrong_type",
            Self::TooLarge(_) => "too_large",
            Self::Full { .. } | Self::Busy => "queue_full",
            Self::Limited(_) => "limited",
            Self::Stopping => "stopping",
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if matches!(self, Self::Busy) {
            return Self::all().into_response();
        }
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
            Self::WrongMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                "this address does not take this method",
                vec!["data is sent with POST; Allow has what else there is".to_owned()],
            ),
            Self::WrongType(cause) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported media type", vec![cause.clone()])
            }
            Self::TooLarge(what) => (StatusCode::PAYLOAD_TOO_LARGE, "too large", vec![what.told()]),
            Self::Busy => (StatusCode::TOO_MANY_REQUESTS, "the server is busy", Vec::new()),
            Self::Full { seconds, .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "the server's queue is full",
                vec![format!("try again in {seconds} s")],
            ),
            Self::Limited(limits) => {
                let told = |limit: &Limit| {
                    let Limit { category, scope, reason, seconds } = limit;
                    format!("{category} is over a limit of the {}: {reason}, for {seconds} s", scope.as_str())
                };
                (StatusCode::TOO_MANY_REQUESTS, "over a limit", limits.iter().map(told).collect())
            }
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
            Self::Limited(limits) => add_limits(headers, limits),
            Self::Stopping => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(5_u64));
            }
            _ => {}
        }
        response
    }
}

/// Says which categories are to wait, also beside a 200 for what was taken.
pub(super) fn add_limits(headers: &mut HeaderMap, limits: &[Limit]) {
    let told: Vec<String> = limits
        .iter()
        .map(|limit| {
            let Limit { category, scope, reason, seconds } = limit;
            // Clients of old count what is no better known as `default`.
            let more = if *category == Category::Error { ";default" } else { "" };
            format!("{seconds}:{category}{more}:{}:{reason}", scope.as_str())
        })
        .collect();
    if let Ok(value) = HeaderValue::from_str(&told.join(", ")) {
        headers.insert("x-sentry-rate-limits", value);
    }
    let longest = limits.iter().map(|limit| limit.seconds).max().unwrap_or(1);
    headers.insert(header::RETRY_AFTER, HeaderValue::from(longest));
}
