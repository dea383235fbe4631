//! A middleware for `actix-web`.
//!
//! Every request gets scopes of its own, continues the trace that came along, is a transaction (if tracing is on) named
//! after its route, counts as a session, and is described on its events as far as
//! [`DataCollection`](crate::DataCollection) allows. Errors that become answers of status 500 and above are events.
//!
//! ```
//! use actix_web::{App, HttpResponse, web};
//! use watchpost::integrations::actix_web::WatchpostMiddleware;
//!
//! let app = App::new()
//!     .route("/orders/{id}", web::get().to(HttpResponse::Ok))
//!     // Last, so that it is around all others.
//!     .wrap(WatchpostMiddleware::new());
//! # drop(app);
//! ```
//!
//! Bodies of requests, JSON and forms, are on events where [`CollectBodies`](crate::CollectBodies) asks for them and the
//! handler had read them by then; never more than `max_request_body_size` is kept.
//!
//! What the application starts on other threads or tasks keeps the scopes with
//! [`ScopeFutureExt::in_scope`].

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::dev::{Payload, Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage};
use futures_core::Stream;
use watchpost_core::{BodyTee, Event, Exception, Mechanism, Text};

use super::http::{Exchange, Head};
use crate::init::with_client;
use crate::{ScopeFutureExt, api, error_chain, scopes, shown, with_span};

const ORIGIN: &str = "auto.http.actix_web";

/// Makes every request a piece of work of its own.
#[derive(Debug, Clone)]
pub struct WatchpostMiddleware {
    capture_server_errors: bool,
}

/// The service that [`WatchpostMiddleware`] makes.
#[derive(Debug)]
pub struct WatchpostService<S> {
    inner: Rc<S>,
    capture_server_errors: bool,
}

impl WatchpostMiddleware {
    /// The middleware, which captures server errors.
    pub fn new() -> Self {
        Self { capture_server_errors: true }
    }

    /// False leaves errors that become answers of status 500 and above to the application.
    #[must_use]
    pub fn with_capture_server_errors(mut self, capture: bool) -> Self {
        self.capture_server_errors = capture;
        self
    }
}

impl Default for WatchpostMiddleware {
    fn default() -> Self {
        Self::new()
    }
}

impl<S, B> Transform<S, ServiceRequest> for WatchpostMiddleware
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Transform = WatchpostService<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        with_client(watchpost_core::Client::sessions_by_request);
        let capture_server_errors = self.capture_server_errors;
        ready(Ok(WatchpostService { inner: Rc::new(inner), capture_server_errors }))
    }
}

impl<S, B> Service<ServiceRequest> for WatchpostService<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: 'static,
{
    type Response = ServiceResponse<B>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<ServiceResponse<B>, Error>>>>;

    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&self, mut request: ServiceRequest) -> Self::Future {
        scopes::enter(scopes::isolated(), || {
            let Some(mut exchange) = begin(&request) else {
                return Box::pin(self.inner.call(request).in_scope()) as Self::Future;
            };
            if let Some(tee) = exchange.take_body() {
                let payload = Box::pin(RecordedPayload { inner: request.take_payload(), tee: Some(tee) });
                request.set_payload(Payload::Stream { payload });
            }
            let span = exchange.span().clone();
            with_span(&span, || {
                let answer = self.inner.call(request);
                let capture = self.capture_server_errors;
                Box::pin(async move { finish(exchange, answer.await, capture) }.in_scope()) as Self::Future
            })
        })
    }
}

/// Runs in the scopes of the request.
fn finish<B>(
    exchange: Exchange,
    answer: Result<ServiceResponse<B>, Error>,
    capture: bool,
) -> Result<ServiceResponse<B>, Error> {
    let (status, error) = match &answer {
        Ok(response) => (response.status(), response.response().error()),
        Err(error) => (error.as_response_error().status_code(), Some(error)),
    };
    if let Some(error) = error.filter(|_| capture && status.is_server_error()) {
        with_client(|client| api::send(client, event(error)));
    }
    exchange.answered(status.as_u16());
    answer
}

/// An error of actix-web is no `std::error::Error`: it has a text and a debug form, but no sources.
fn event(error: &Error) -> Event {
    let mechanism = Mechanism { ty: Text::from_static(ORIGIN), handled: Some(false), ..Mechanism::default() };
    let exception = Exception {
        ty: Some(error_chain::debug_type(error)),
        value: Some(shown::display(error).into()),
        mechanism: Some(mechanism),
        ..Exception::default()
    };
    Event::exception(vec![exception])
}

/// A body that is copied while it is read.
struct RecordedPayload {
    inner: Payload,
    tee: Option<BodyTee>,
}

impl Stream for RecordedPayload {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = ready!(Pin::new(&mut self.inner).poll_next(context));
        match (&polled, &mut self.tee) {
            (Some(Ok(part)), Some(tee)) => tee.push(part),
            (Some(Err(_)), tee) => *tee = None,
            (None, Some(tee)) => tee.finish(),
            _ => {}
        }
        Poll::Ready(polled)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.inner.size_hint()
    }
}

fn begin(request: &ServiceRequest) -> Option<Exchange> {
    let route = request.match_pattern();
    let uri = request.uri();
    let scheme = uri.scheme_str().or_else(|| request.app_config().secure().then_some("https"));
    let head = Head {
        method: request.method().as_str(),
        path: request.path(),
        target: uri.path_and_query().map_or("/", |target| target.as_str()),
        scheme,
        authority: uri.authority().map(|authority| authority.as_str()),
        remote_addr: request.peer_addr().map(|address| address.ip()),
        route: route.as_deref(),
        origin: ORIGIN,
    };
    let headers = request.headers().iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    Exchange::begin(&head, headers)
}
