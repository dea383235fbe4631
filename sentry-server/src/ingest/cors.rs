//! Browsers may post from any origin; error answers carry the headers too, or the browser would hide a 429.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Answers preflights and marks every answer.
pub(crate) async fn layer(request: Request, next: Next) -> Response {
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

const HEADERS: [(HeaderName, &str); 6] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    (header::ACCESS_CONTROL_ALLOW_METHODS, "POST, GET, OPTIONS"),
    (
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "x-sentry-auth, x-requested-with, x-forwarded-for, origin, referer, accept, content-type, authentication, \
         authorization, content-encoding, transfer-encoding, sentry-trace, baggage, x-csrftoken",
    ),
    (header::ACCESS_CONTROL_EXPOSE_HEADERS, "x-sentry-error, x-sentry-rate-limits, retry-after"),
    (header::ACCESS_CONTROL_MAX_AGE, "3600"),
    // The page of another origin that posted may also be isolated from it.
    (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
];
