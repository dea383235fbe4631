//! Who calls: a token in `Authorization: Bearer`, or the session cookie of the page.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::auth;
use crate::error::ApiError;
use crate::store::Holder;

/// The name of the session cookie.
pub(super) const COOKIE: &str = "watchpost_session";

/// A caller whose credentials were checked; handlers find it in the request's extensions.
#[derive(Debug, Clone)]
pub(super) struct Caller(pub(super) Holder);

/// Lets known callers through.
pub(super) async fn require(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match identify(&app, request.method(), request.headers()).await {
        Ok(holder) => {
            request.extensions_mut().insert(Caller(holder));
            let mut response = next.run(request).await;
            let headers = response.headers_mut();
            headers.entry(header::CACHE_CONTROL).or_insert(header::HeaderValue::from_static("no-store"));
            response
        }
        Err(error) => error.into_response(),
    }
}

async fn identify(app: &App, method: &Method, headers: &HeaderMap) -> Result<Holder, ApiError> {
    if let Some(token) = bearer(headers) {
        let hash = auth::fingerprint(token);
        let holder = app.with_store(move |store| store.token_holder(&hash)).await?;
        return holder.ok_or(ApiError::Unauthorized("Unknown token."));
    }
    let Some(session) = cookie(headers) else {
        return Err(ApiError::Unauthorized("Log in, or send `Authorization: Bearer <token>`."));
    };
    let (hash, now) = (auth::fingerprint(session), app.now());
    let holder = app.with_store(move |store| store.session_holder(&hash, now)).await?;
    let holder = holder.ok_or(ApiError::Unauthorized("The session is over; log in again."))?;
    if is_write(method) && !from_our_page(headers) {
        return Err(ApiError::Forbidden(
            "Send the header X-Watchpost-Request: 1 with calls that change something.",
        ));
    }
    Ok(holder)
}

/// The session's secret, if the request has one.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A form on another site can neither set a header of its own nor send this content type without being asked.
fn from_our_page(headers: &HeaderMap) -> bool {
    let json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("application/json"));
    json || headers.contains_key("x-watchpost-request")
}
