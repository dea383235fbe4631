//! The page, built into the binary. Without a built page the server works and says how to build it.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::error::ApiError;

#[derive(RustEmbed)]
#[folder = "ui/dist"]
struct Dist;

/// Files by their path; every other path is the page itself, which routes on its own.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path();
    if path.starts_with("/api/") || path == "/api" {
        return ApiError::NotFound("This server has no such API call.").into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let name = path.trim_start_matches('/');
    match Dist::get(name).filter(|_| !name.is_empty()) {
        Some(file) => embedded(name, &file, &headers),
        // A missing script must not be answered with a page.
        None if name.starts_with("assets/") => (StatusCode::NOT_FOUND, "no such file").into_response(),
        None => match Dist::get("index.html") {
            Some(file) => embedded("index.html", &file, &headers),
            None => (StatusCode::OK, security(Html(NOT_BUILT).into_response())).into_response(),
        },
    }
}

fn embedded(name: &str, file: &rust_embed::EmbeddedFile, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", crate::auth::hex(&file.metadata.sha256_hash()[..16]));
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        axum::body::Bytes::from(file.data.to_vec()).into_response()
    };
    let own = response.headers_mut();
    let set =
        [(header::CONTENT_TYPE, content_type(name)), (header::CACHE_CONTROL, cache), (header::ETAG, &etag)];
    for (header, value) in set {
        if let Ok(value) = HeaderValue::from_str(value) {
            own.insert(header, value);
        }
    }
    security(response)
}

fn security(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Nothing from elsewhere, no inline script. Styles may be inline: the page sets widths of bars that way.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                      frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Watchpost</title>\
    <body style=\"font:16px/1.5 system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem\">\
    <h1>The page is not built into this server</h1>\
    <p>Events are received and the API answers. To build the page, run <code>npm ci && npm run build</code> in \
    <code>sentry-server/ui</code> and build the server again, or run <code>cargo xtask demo</code>, which does \
    both.</p></body></html>";
