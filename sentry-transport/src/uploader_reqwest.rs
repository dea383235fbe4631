//! The default uploader: reqwest on a runtime of the worker's own.

use std::error::Error;
use std::net::ToSocketAddrs;
use std::time::Duration;
use std::{io, iter};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderMap;
use reqwest::redirect::Policy;
use reqwest::{NoProxy, Proxy};
use rustls::CertificateError;
use tokio::runtime::{Builder, Runtime};
use watchpost_core::{TransportOptions, UploadRequest, UploadResponse, UploadResult, Uploader};

use crate::config::Diagnostic;
use crate::proxy;
use crate::tls::client_config;

/// Name, connection and TLS must be there within this time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A request with its answer takes at most this long.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A connection idle for longer is not used again: many servers close theirs, and a request must not meet that.
const IDLE_TIMEOUT: Duration = Duration::from_secs(15);

/// What to do about an unknown issuer.
const TRUST_HINT: &str =
    " (add its authority to the system's certificates, or name a PEM file with it in `SSL_CERT_FILE`)";

/// One connection, kept alive between requests.
///
/// The runtime has no thread of its own; it runs inside `upload`, on the worker. HTTP/2 is spoken where a server offers
/// it in the TLS handshake.
#[derive(Debug)]
pub(crate) struct ReqwestUploader {
    // Before the runtime, so that connections end while it is there.
    client: reqwest::Client,
    runtime: Runtime,
}

impl ReqwestUploader {
    /// An uploader for this address. Reads root certificates if it, or the proxy, is `https`.
    ///
    /// # Errors
    /// When the system gives no event queue, TLS cannot be set up, or the proxy's address is none; in words.
    pub(crate) fn new(
        url: &str,
        options: &TransportOptions,
        diagnostic: &Diagnostic,
    ) -> Result<Self, String> {
        let runtime = Builder::new_current_thread().enable_io().enable_time().build();
        let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
        let choice = proxy::choose(url, options, |name| std::env::var(name).ok());
        let is_secure = |url: &str| url.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("https:"));
        let secure = is_secure(url) || choice.as_ref().is_some_and(|choice| is_secure(&choice.url));
        // No proxy but the one that was chosen: reqwest would look at the environment by itself.
        let mut builder = reqwest::Client::builder().no_proxy();
        if let Some(choice) = choice {
            let proxy = Proxy::all(&choice.url).map_err(|_| "the proxy's address is none".to_owned())?;
            builder =
                builder.proxy(proxy.no_proxy(choice.no_proxy.as_deref().and_then(NoProxy::from_string)));
        }
        let client = builder
            .tls_backend_preconfigured(client_config(secure, options, diagnostic)?)
            .dns_resolver(OnThisThread)
            .redirect(Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(usize::from(options.keep_alive))
            .build()
            .map_err(|error| format!("no HTTP client: {}", chain(&error)))?;
        Ok(Self { client, runtime })
    }

    async fn post(&self, request: UploadRequest) -> UploadResult {
        // Connections are looked after only in here: let them notice what happened while nobody was.
        tokio::task::yield_now().await;
        let mut builder = self.client.post(request.url);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        match builder.body(request.body).send().await {
            Ok(response) => {
                let answer = UploadResponse {
                    status: response.status().as_u16(),
                    rate_limits: joined(response.headers(), "x-sentry-rate-limits"),
                    retry_after: joined(response.headers(), "retry-after"),
                    error: joined(response.headers(), "x-sentry-error"),
                };
                drain(response).await;
                UploadResult::Response(answer)
            }
            Err(error) if error.is_connect() || error.is_builder() => {
                let hint = if has_unknown_issuer(&error) { TRUST_HINT } else { "" };
                UploadResult::Unreachable(chain(&error) + hint)
            }
            Err(error) => UploadResult::Interrupted(chain(&error)),
        }
    }
}

impl Uploader for ReqwestUploader {
    fn upload(&self, request: UploadRequest) -> UploadResult {
        self.runtime.block_on(self.post(request))
    }
}

/// Reads a small answer to its end, so that the connection can be used again; a large one is not worth it.
async fn drain(mut response: reqwest::Response) {
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read > 64 * 1024 {
            break;
        }
    }
}

fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    let values: Vec<_> = headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// An error with its causes; reqwest's own text names only the outermost. The address is left out: it may hold a
/// proxy's password.
fn chain(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        cause = error.source();
    }
    if text.is_empty() { "the request failed".to_owned() } else { text }
}

/// True if the server's certificate is by nobody that we trust: most likely a private authority, or self-signed.
fn has_unknown_issuer(error: &reqwest::Error) -> bool {
    let wanted = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
    iter::successors(error.source(), |&cause| inner(cause))
        .any(|cause| cause.downcast_ref::<rustls::Error>() == Some(&wanted))
}

/// The next cause. What an I/O error wraps is its cause too, though it names only the causes of that.
fn inner<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

/// Looks names up on the calling thread. The usual resolver keeps a thread pool for that; the worker has nothing else
/// to do meanwhile.
struct OnThisThread;

impl Resolve for OnThisThread {
    fn resolve(&self, name: Name) -> Resolving {
        let found: io::Result<_> = (name.as_str(), 0).to_socket_addrs();
        Box::pin(async move {
            match found {
                Ok(addresses) => Ok(Box::new(addresses) as Addrs),
                Err(error) => Err(error.into()),
            }
        })
    }
}
