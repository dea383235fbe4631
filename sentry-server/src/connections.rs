//! The socket: no client holds a connection for longer than it makes use of it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower_http::timeout::TimeoutBody;
use tower_service::Service as _;

/// How long and how many.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// From the last answer, or the beginning, until a whole request head is there: bounds slow heads and idle
    /// connections alike.
    pub(crate) head: Duration,
    /// Between two pieces of a body.
    pub(crate) body_pause: Duration,
    /// A connection is cut off after this, whatever it is doing: bounds clients that trickle or do not read.
    pub(crate) age: Duration,
    /// Open connections; more wait to be accepted.
    pub(crate) connections: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        // Half of the files that the process may open: the databases and the spool need some too.
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let half = usize::try_from(files.unwrap_or(u64::MAX) / 2).unwrap_or(usize::MAX);
        Self {
            head: Duration::from_secs(30),
            body_pause: Duration::from_secs(30),
            age: Duration::from_secs(3_600),
            connections: half.clamp(16, 4_096),
        }
    }
}

/// Serves until `stop`, then waits for the requests that are under way.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    stop: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(bounds.connections));
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            Some((place, accept(&listener).await))
        };
        let accepted = tokio::select! {
            accepted = next => accepted,
            () = &mut stop => None,
        };
        let Some((place, (stream, peer))) = accepted else { break };
        tokio::spawn(connection(stream, peer, router.clone(), bounds, graceful.watcher(), place));
    }
    drop(listener);
    graceful.shutdown().await;
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            // Of one client, gone again; or out of files, which only time helps.
            Err(error) => {
                use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
                if !matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
                    crate::log::error(format_args!("accepting a connection: {error}; trying again in 1 s"));
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    bounds: Bounds,
    watcher: Watcher,
    _place: OwnedSemaphorePermit,
) {
    // Answers are small and whole: nothing is gained by waiting for more. A socket that is closed fails later anyway.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        let mut request = request.map(|body| Body::new(TimeoutBody::new(bounds.body_pause, body)));
        request.extensions_mut().insert(ConnectInfo(peer));
        async move {
            Ok::<Response<Body>, Infallible>(
                router.call(request).await.unwrap_or_else(|never| match never {}),
            )
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(bounds.head);
    let served = watcher.watch(builder.serve_connection(TokioIo::new(stream), service));
    // Whatever the client did wrong, it has its answer or is gone.
    let _ = tokio::time::timeout(bounds.age, served).await;
}

#[cfg(test)]
mod tests;
