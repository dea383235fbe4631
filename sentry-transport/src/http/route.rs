//! How a server is reached: directly, or through a proxy.

use std::error::Error;
use std::future::{Ready, ready};
use std::net::{SocketAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::{io, iter, vec};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::client::legacy::connect::proxy::{SocksV4, SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use rustls::{CertificateError, ClientConfig};
use tower_service::Service;
use watchpost_core::TransportOptions;

use super::target::Target;
use super::{proxy, tls};
use crate::config::Diagnostic;

/// What to do about an unknown issuer.
const TRUST_HINT: &str =
    " (add its authority to the system's certificates, or name a PEM file with it in `SSL_CERT_FILE`)";

/// The way, and the TLS on it.
#[derive(Debug)]
pub(super) struct Route {
    via: Via,
    tls: Arc<ClientConfig>,
    /// For a proxy that is `https` itself.
    proxy_tls: Arc<ClientConfig>,
}

#[derive(Debug)]
enum Via {
    Nothing,
    /// A proxy that passes requests on.
    Proxy(Intercept),
    /// A proxy that passes bytes on.
    Tunnel(Intercept),
    Socks(Intercept),
}

impl Route {
    /// Chooses the way. Reads root certificates if there is TLS on it.
    ///
    /// # Errors
    /// When TLS cannot be set up, or the proxy's address is none; in words.
    pub(super) fn new(
        target: &Target,
        options: &TransportOptions,
        diagnostic: &Diagnostic,
    ) -> Result<Self, String> {
        let choice = proxy::choose(target.url(), options, |name| std::env::var(name).ok());
        let via = match choice {
            None => Via::Nothing,
            Some(choice) => {
                let all = || Matcher::builder().all(&choice.url);
                let address = target.whole();
                let proxy = all().build().intercept(address).ok_or("the proxy's address is none")?;
                let exceptions = choice.no_proxy.as_deref().unwrap_or_default();
                match proxy.uri().scheme_str() {
                    _ if all().no(exceptions).build().intercept(address).is_none() => Via::Nothing,
                    Some("http" | "https") if target.is_secure() => Via::Tunnel(proxy),
                    Some("http" | "https") => Via::Proxy(proxy),
                    _ => Via::Socks(proxy),
                }
            }
        };
        let secure_proxy = matches!(&via, Via::Proxy(proxy) | Via::Tunnel(proxy) if proxy.uri().scheme_str() == Some("https"));
        let tls = tls::client_config(target.is_secure() || secure_proxy, options, diagnostic)?;
        let mut proxy_tls = tls.clone();
        proxy_tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { via, tls: Arc::new(tls), proxy_tls: Arc::new(proxy_tls) })
    }

    /// The proxy that is sent requests in place of the server.
    pub(super) fn plain_proxy(&self) -> Option<&Intercept> {
        match &self.via {
            Via::Proxy(proxy) => Some(proxy),
            _ => None,
        }
    }

    /// Makes a connection. The answer to failure is in words, without addresses: they may hold a proxy's password.
    pub(super) async fn connect(&self, target: &Target) -> Result<Connected, String> {
        let address = target.whole().clone();
        let mut tcp = HttpConnector::new_with_resolver(OnThisThread);
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let secure = |config: &Arc<ClientConfig>| (tcp.clone(), config.clone());
        match &self.via {
            Via::Nothing => call(HttpsConnector::from(secure(&self.tls)), address).await,
            Via::Proxy(proxy) => {
                call(HttpsConnector::from(secure(&self.proxy_tls)), proxy.uri().clone()).await
            }
            Via::Tunnel(proxy) => {
                let mut tunnel =
                    Tunnel::new(proxy.uri().clone(), HttpsConnector::from(secure(&self.proxy_tls)));
                if let Some(credentials) = proxy.basic_auth() {
                    tunnel = tunnel.with_auth(credentials.clone());
                }
                call(HttpsConnector::from((tunnel, self.tls.clone())), address).await
            }
            Via::Socks(proxy) => {
                let uri = with_port(proxy.uri(), SOCKS_PORT);
                let scheme = proxy.uri().scheme_str();
                if let Some("socks4" | "socks4a") = scheme {
                    let socks = SocksV4::new(uri, tcp).local_dns(scheme == Some("socks4"));
                    return call(HttpsConnector::from((socks, self.tls.clone())), address).await;
                }
                let mut socks = SocksV5::new(uri, tcp).local_dns(scheme == Some("socks5"));
                if let Some((user, password)) = proxy.raw_auth() {
                    socks = socks.with_auth(user.to_owned(), password.to_owned());
                }
                call(HttpsConnector::from((socks, self.tls.clone())), address).await
            }
        }
    }
}

/// Where SOCKS proxies are by default.
const SOCKS_PORT: u16 = 1080;

fn with_port(uri: &Uri, port: u16) -> Uri {
    let mut parts = uri.clone().into_parts();
    if let (None, Some(host)) = (uri.port(), uri.host())
        && let Ok(authority) = format!("{host}:{port}").try_into()
    {
        parts.authority = Some(authority);
    }
    Uri::from_parts(parts).unwrap_or_else(|_| uri.clone())
}

async fn call<C>(mut connector: C, address: Uri) -> Result<Connected, String>
where
    C: Service<Uri, Error = Box<dyn Error + Send + Sync>>,
    C::Response: Stream + 'static,
{
    match connector.call(address).await {
        Ok(stream) => Ok(Connected(Box::new(stream))),
        Err(error) => {
            let hint = if has_unknown_issuer(&*error) { TRUST_HINT } else { "" };
            Err(causes(&*error) + hint)
        }
    }
}

/// A stream of bytes to the server, or to a proxy in its place.
pub(super) struct Connected(Box<dyn Stream>);

trait Stream: Read + Write + Connection + Send + Unpin {}

impl<S: Read + Write + Connection + Send + Unpin> Stream for S {}

impl Connected {
    /// Whether both sides agreed on HTTP/2.
    pub(super) fn is_http_2(&self) -> bool {
        self.0.connected().is_negotiated_h2()
    }
}

impl Read for Connected {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_read(context, buffer)
    }
}

impl Write for Connected {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.0).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.0).poll_shutdown(context)
    }
}

/// An error with its causes.
pub(super) fn causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut last = text.clone();
    for cause in iter::successors(error.source(), |&cause| cause.source()) {
        // What wraps an error often says nothing of its own.
        let own = cause.to_string();
        if own != last {
            text = text + ": " + &own;
        }
        last = own;
    }
    text
}

/// True if the server's certificate is by nobody that we trust: most likely a private authority, or self-signed.
fn has_unknown_issuer(error: &(dyn Error + 'static)) -> bool {
    let wanted = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
    iter::successors(Some(error), |&cause| inner(cause))
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
#[derive(Debug, Clone, Copy)]
struct OnThisThread;

impl Service<Name> for OnThisThread {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        ready((name.as_str(), 0).to_socket_addrs())
    }
}
