//! A tower layer for servers: axum, hyper, tonic, and whatever else answers `http` requests.
//!
//! Every request gets scopes of its own, continues the trace that came along, is a transaction (if tracing is on) named
//! after its route, counts as a session, and is described on its events as far as
//! [`DataCollection`](crate::DataCollection) allows.
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! use axum::{Router, routing::get};
//! use watchpost::integrations::tower::WatchpostLayer;
//!
//! // `Router::layer`, so that the layer knows which route matched; last, so that it is around all others.
//! let app: Router = Router::new()
//!     .route("/orders/{id}", get(async || "42"))
//!     .layer(WatchpostLayer);
//! # }
//! ```
//!
//! Bodies of requests, JSON and forms, are on events where [`CollectBodies`](crate::CollectBodies) asks for them and the
//! handler had read them by then; never more than `max_request_body_size` is kept. With the feature `axum` that needs
//! nothing else for routers of axum; for other services see [`record_body`].
//!
//! The route is only known with the feature `axum`; else, and where no route matched, the path stands in for it. The
//! request ends when its handler has answered: a body that is streamed later is not part of it. For hyper without a
//! framework wrap the service: `WatchpostLayer.layer(service)` behind hyper-util's `TowerToHyperService`.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::http::{Exchange, Head};
pub use super::http::{RecordedBody, record_body};
use crate::future::ScopeFuture;
use crate::init::with_client;
use crate::{ScopeFutureExt, scopes, with_span};

/// Makes every request a piece of work of its own.
#[derive(Debug, Clone, Copy, Default)]
pub struct WatchpostLayer;

/// The service that [`WatchpostLayer`] makes.
#[derive(Debug, Clone)]
pub struct WatchpostService<S>(S);

/// The answer of a [`WatchpostService`].
#[derive(Debug)]
pub struct ResponseFuture<F> {
    future: ScopeFuture<F>,
    exchange: Option<Exchange>,
}

impl<S> Layer<S> for WatchpostLayer {
    type Service = WatchpostService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        with_client(watchpost_core::Client::sessions_by_request);
        WatchpostService(inner)
    }
}

impl<S, B, R> Service<Request<B>> for WatchpostService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    B: 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // The handler's future is made inside the new scopes, so that it keeps them wherever it is polled.
        scopes::enter(scopes::isolated(), || {
            let mut exchange = begin(&request);
            if let Some(tee) = exchange.as_mut().and_then(Exchange::take_body) {
                super::http::offer_body(&mut request, tee);
            }
            let call = || self.0.call(request).in_scope();
            let future = match &exchange {
                Some(exchange) => with_span(exchange.span(), call),
                None => call(),
            };
            ResponseFuture { future, exchange }
        })
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.future).poll(context));
        if let Some(exchange) = self.exchange.take() {
            match &answer {
                Ok(response) => exchange.answered(response.status().as_u16()),
                Err(_) => exchange.failed(),
            }
        }
        Poll::Ready(answer)
    }
}

fn begin<B>(request: &Request<B>) -> Option<Exchange> {
    let route = route(request);
    let uri = request.uri();
    let head = Head {
        method: request.method().as_str(),
        path: uri.path(),
        target: uri.path_and_query().map_or("/", |target| target.as_str()),
        scheme: uri.scheme_str(),
        authority: uri.authority().map(|authority| authority.as_str()),
        remote_addr: remote_addr(request).map(|address| address.ip()),
        route,
        origin: if route.is_some() { "auto.http.axum" } else { "auto.http.tower" },
    };
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    Exchange::begin(&head, headers)
}

#[cfg(feature = "axum")]
fn route<B>(request: &Request<B>) -> Option<&str> {
    request.extensions().get::<axum::extract::MatchedPath>().map(axum::extract::MatchedPath::as_str)
}

#[cfg(not(feature = "axum"))]
fn route<B>(_request: &Request<B>) -> Option<&str> {
    None
}

#[cfg(feature = "axum")]
fn remote_addr<B>(request: &Request<B>) -> Option<std::net::SocketAddr> {
    let info = request.extensions().get::<axum::extract::ConnectInfo<std::net::SocketAddr>>();
    info.map(|info| info.0)
}

#[cfg(not(feature = "axum"))]
fn remote_addr<B>(_request: &Request<B>) -> Option<std::net::SocketAddr> {
    None
}
