//! The default uploader: hyper's connections, driven by the worker itself.
//!
//! ```text
//! upload ─▶ connection kept? ── no ─▶ route: direct, through a proxy, a tunnel or SOCKS ─▶ TLS ─▶ HTTP/1.1 or HTTP/2
//!             └── yes ────────────────────────────────────────────────────────────────▶ one request, one answer
//! ```
//!
//! A general client keeps a pool, follows redirects, reads cookies and hands a request to a task of the connection's;
//! here there is one address, one request at a time and one thread, so the thread that wants the answer drives the
//! connection.

mod connection;
mod inside;
mod proxy;
mod route;
mod target;
mod tls;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use http::Request;
use http_body_util::Full;
use hyper::body::Bytes;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use watchpost_core::{TransportOptions, UploadRequest, UploadResult, Uploader};

use self::connection::{Connection, Outcome};
use self::route::{Route, causes};
use self::target::Target;
use crate::config::Diagnostic;

/// Name, connection and TLS must be there within this time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A request with its answer takes at most this long.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection idle for longer is not used again: many servers close theirs, and a request must not meet that.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// One connection, kept alive between requests.
///
/// The runtime has no thread of its own; it runs inside `upload`, on the worker. HTTP/2 is spoken where a server offers
/// it in the TLS handshake.
pub(crate) struct HttpUploader {
    target: Target,
    route: Route,
    keep_alive: bool,
    // Before the runtime, so that the connection ends while it is there.
    idle: Mutex<Option<(Connection, Instant)>>,
    runtime: Runtime,
}

impl HttpUploader {
    /// An uploader for this address. Reads root certificates if it, or the proxy, is `https`.
    ///
    /// # Errors
    /// When the system gives no event queue, TLS cannot be set up, or an address is none; in words.
    pub(crate) fn new(
        url: &str,
        options: &TransportOptions,
        diagnostic: &Diagnostic,
    ) -> Result<Self, String> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
        let mut target = Target::new(url)?;
        let route = Route::new(&target, options, diagnostic)?;
        if let Some(proxy) = route.plain_proxy() {
            target.ask_proxy(proxy.basic_auth());
        }
        Ok(Self { target, route, keep_alive: options.keep_alive, idle: Mutex::default(), runtime })
    }

    async fn post(&self, request: UploadRequest) -> UploadResult {
        match timeout(REQUEST_TIMEOUT, self.exchange(request)).await {
            Ok(Ok(result)) => result,
            Ok(Err(why)) => UploadResult::Unreachable(why),
            Err(_) => UploadResult::Interrupted(format!("no answer within {REQUEST_TIMEOUT:?}")),
        }
    }

    /// Sends the request. An error says why no byte of it can have left.
    async fn exchange(&self, request: UploadRequest) -> Result<UploadResult, String> {
        if request.url != self.target.url() {
            return Err("this uploader was made for another address".to_owned());
        }
        let headers = target::header_map(&request.headers)?;
        let mut body = Full::new(Bytes::from(request.body));
        if let Some(mut connection) = self.kept() {
            // Connections are looked after only in here: let this one notice what happened while nobody was.
            tokio::task::yield_now().await;
            if connection.is_ready().await {
                let request = self.request(&connection, headers.clone(), body);
                match connection.send(request).await {
                    // It was closed in the same moment, and has given the request back.
                    Outcome::Untouched(request) => body = request.into_body(),
                    outcome => return Ok(self.conclude(connection, outcome)),
                }
            }
        }
        let connected = match timeout(CONNECT_TIMEOUT, self.route.connect(&self.target)).await {
            Ok(connected) => connected?,
            Err(_) => return Err(format!("no connection within {CONNECT_TIMEOUT:?}")),
        };
        let mut connection = Connection::open(connected).await.map_err(|error| causes(&error))?;
        let request = self.request(&connection, headers, body);
        match connection.send(request).await {
            Outcome::Untouched(_) => Err("the connection was closed at once".to_owned()),
            outcome => Ok(self.conclude(connection, outcome)),
        }
    }

    fn request(
        &self,
        connection: &Connection,
        mut headers: http::HeaderMap,
        body: Full<Bytes>,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::new(body);
        *request.method_mut() = http::Method::POST;
        *request.uri_mut() = self.target.address(connection.is_http_2(), &mut headers);
        *request.headers_mut() = headers;
        request
    }

    fn conclude(&self, connection: Connection, outcome: Outcome) -> UploadResult {
        match outcome {
            Outcome::Answered(answer, reusable) => {
                if reusable && self.keep_alive {
                    *self.idle.lock().unwrap_or_else(PoisonError::into_inner) =
                        Some((connection, Instant::now()));
                }
                UploadResult::Response(answer)
            }
            Outcome::Failed(error) => UploadResult::Interrupted(causes(&error)),
            Outcome::Untouched(_) => UploadResult::Unreachable("the connection was closed".to_owned()),
        }
    }

    /// The connection of the last request, unless it is too old.
    fn kept(&self) -> Option<Connection> {
        let (connection, since) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        (since.elapsed() < IDLE_TIMEOUT).then_some(connection)
    }
}

impl Uploader for HttpUploader {
    fn upload(&self, request: UploadRequest) -> UploadResult {
        self.runtime.block_on(self.post(request))
    }
}

impl fmt::Debug for HttpUploader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpUploader").field("route", &self.route).finish_non_exhaustive()
    }
}
