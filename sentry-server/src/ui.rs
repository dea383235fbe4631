//! The page, built into the binary. Without a built page the server works and says how to build it.

mod packed;

use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use rust_embed::RustEmbed;

use self::packed::{Packed, Packing};
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
    let name = path.trim_start_matches('/').to_owned();
    // Packing a file for the first time takes a while.
    let answered = tokio::task::spawn_blocking(move || file(&name, &headers)).await;
    answered.unwrap_or_else(|error| ApiError::Internal(Box::new(error)).into_response())
}

fn file(name: &str, headers: &HeaderMap) -> Response {
    match Dist::get(name).filter(|_| !name.is_empty()) {
        Some(file) => embedded(name, &file.data, file.metadata.sha256_hash(), headers),
        // A missing script must not be answered with a page.
        None if name.starts_with("assets/") => (StatusCode::NOT_FOUND, "no such file").into_response(),
        None => match Dist::get("index.html") {
            Some(file) => embedded("index.html", &file.data, file.metadata.sha256_hash(), headers),
            None => (StatusCode::OK, security(Html(NOT_BUILT).into_response())).into_response(),
        },
    }
}

static PACKED: LazyLock<Packed> = LazyLock::new(Packed::default);

fn embedded(name: &str, data: &[u8], hash: [u8; 32], headers: &HeaderMap) -> Response {
    let kind = content_type(name);
    let may_pack = is_text(kind);
    let wanted = if may_pack { Packing::of(headers) } else { Packing::Plain };
    let (body, packing) = match PACKED.get(hash, wanted, data) {
        Some(packed) => (packed, wanted),
        None => (Bytes::copy_from_slice(data), Packing::Plain),
    };
    // Each form has a tag of its own: a strong tag promises the same bytes.
    let form = packing.name().map_or(String::new(), |name| format!("-{name}"));
    let etag = format!("\"{}{form}\"", crate::auth::hex(&hash[..16]));
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { body.into_response() };
    let own = response.headers_mut();
    let set = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache), (header::ETAG, &etag)];
    for (header, value) in set {
        if let Ok(value) = HeaderValue::from_str(value) {
            own.insert(header, value);
        }
    }
    if may_pack {
        own.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if let Some(name) = packing.name().filter(|_| !known) {
        own.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
    security(response)
}

/// Fonts and pictures are packed already.
fn is_text(kind: &str) -> bool {
    kind.starts_with("text/")
        || kind.starts_with("application/json")
        || kind.contains("manifest")
        || kind.contains("svg")
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

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    async fn get(name: &str, data: &[u8], headers: &[(&str, &str)]) -> (Response, Vec<u8>) {
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.insert(header::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        let hash = *blake3::hash(data).as_bytes();
        let (parts, body) = embedded(name, data, hash, &all).into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        (Response::from_parts(parts, axum::body::Body::empty()), bytes.to_vec())
    }

    fn header<'a>(response: &'a Response, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[tokio::test]
    async fn text_is_packed_as_the_browser_likes_and_reads_back() {
        let script = "export const answer = 42;\n".repeat(500).into_bytes();
        let mut tags = Vec::new();
        for (accepted, encoding) in [("", ""), ("gzip", "gzip"), ("gzip, br", "br"), ("gzip, br", "br")] {
            let (response, body) = get("assets/a.js", &script, &[("accept-encoding", accepted)]).await;
            assert_eq!(header(&response, "content-encoding"), encoding);
            assert_eq!(header(&response, "vary"), "accept-encoding");
            assert!(header(&response, "cache-control").contains("immutable"));
            let mut read = Vec::new();
            match encoding {
                "gzip" => flate2::read::GzDecoder::new(&body[..]).read_to_end(&mut read).unwrap(),
                "br" => brotli::Decompressor::new(&body[..], 4_096).read_to_end(&mut read).unwrap(),
                _ => (&body[..]).read_to_end(&mut read).unwrap(),
            };
            assert_eq!(read, script, "{encoding}");
            assert!(encoding.is_empty() || body.len() < script.len() / 4, "{} bytes", body.len());
            let tag = header(&response, "etag").to_owned();
            let again = [("accept-encoding", accepted), ("if-none-match", tag.as_str())];
            let (response, body) = get("assets/a.js", &script, &again).await;
            assert_eq!((response.status(), body.len()), (StatusCode::NOT_MODIFIED, 0));
            tags.push(tag);
        }
        tags.dedup();
        assert_eq!(tags.len(), 3, "one tag for each form");
    }

    #[tokio::test]
    async fn what_does_not_gain_is_left_alone() {
        let noise: Vec<u8> =
            (0_u32..4_000).flat_map(|n| *blake3::hash(&n.to_le_bytes()).as_bytes()).collect();
        for (name, data) in [("a.woff2", &b"x".repeat(5_000)[..]), ("a.txt", b"short"), ("b.txt", &noise)] {
            let (response, body) = get(name, data, &[("accept-encoding", "gzip, br")]).await;
            assert_eq!((header(&response, "content-encoding"), &body[..]), ("", data), "{name}");
            assert_eq!(header(&response, "vary").is_empty(), name == "a.woff2");
        }
    }
}
