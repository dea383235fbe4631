//! The seam between a transport and the network.

use std::fmt::Debug;

/// Carries one request to the server.
///
/// The default is built on hyper; a host may bring its own (platform proxies, certificates, background sessions),
/// and tests step through one of theirs.
///
/// `upload` is called on the worker thread, one request at a time, and may block; it must give up by itself within
/// about half a minute. A panic in it counts as [`UploadResult::Interrupted`].
pub trait Uploader: Send + Sync + Debug {
    /// Posts the body to the URL with these headers, following no redirect.
    fn upload(&self, request: UploadRequest) -> UploadResult;
}

/// One HTTP POST, complete but for `Host` and `Content-Length`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRequest {
    /// The absolute `http` or `https` address.
    pub url: String,
    /// Names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The bytes to send, already compressed when a `content-encoding` header says so.
    pub body: Vec<u8>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadResult {
    /// The server answered.
    Response(UploadResponse),
    /// No byte of the request can have reached the server: no name, no connection, no TLS. Why, in words.
    Unreachable(String),
    /// The request was lost under way, after it may have reached the server: reset, timeout. Why, in words.
    Interrupted(String),
}

/// The parts of an answer that matter here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UploadResponse {
    /// The HTTP status code.
    pub status: u16,
    /// The value of `X-Sentry-Rate-Limits`, several of them joined by commas.
    pub rate_limits: Option<String>,
    /// The value of `Retry-After`.
    pub retry_after: Option<String>,
    /// The value of `X-Sentry-Error`: why the server refused, for diagnostics.
    pub error: Option<String>,
}
