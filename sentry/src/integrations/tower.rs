//! A tower layer: every request gets scopes of its own and is named on its events.

use std::task::{Context, Poll};

use http::{HeaderMap, Request as HttpRequest};
use tower_layer::Layer;
use tower_service::Service;
use watchpost_core::{Map, Request, Text};

use crate::future::ScopeFuture;
use crate::init::with_client;
use crate::scopes;
use crate::{ScopeFutureExt, isolation_scope};

/// Isolates requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct WatchpostLayer;

/// The service that [`WatchpostLayer`] makes.
#[derive(Debug, Clone)]
pub struct WatchpostService<S>(S);

impl<S> Layer<S> for WatchpostLayer {
    type Service = WatchpostService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        WatchpostService(inner)
    }
}

impl<S, B> Service<HttpRequest<B>> for WatchpostService<S>
where
    S: Service<HttpRequest<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = ScopeFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: HttpRequest<B>) -> Self::Future {
        // The handler's future is made inside the new scopes, so that it keeps them wherever it is polled.
        scopes::enter(scopes::isolated(), || {
            describe(&request);
            self.0.call(request).in_scope()
        })
    }
}

/// Puts method, address and headers on the isolation scope, by an event processor: nothing is built for requests
/// that capture nothing but the strings themselves.
fn describe<B>(request: &HttpRequest<B>) {
    let personal = with_client(|client| client.options().send_default_pii()).unwrap_or(false);
    let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
    isolation_scope().update(|scope| {
        scope.add_blind_event_processor(std::sync::Arc::new(move |mut event, _| {
            if event.transaction.is_none() {
                event.transaction = Some(format!("{method} {}", uri.path()).into());
            }
            event.request.get_or_insert_with(|| shape(&method, &uri, &headers, personal));
            Ok(Some(event))
        }));
    });
}

fn shape(method: &http::Method, uri: &http::Uri, headers: &HeaderMap, personal: bool) -> Request {
    let host = headers.get(http::header::HOST).and_then(|host| host.to_str().ok()).or_else(|| uri.host());
    let scheme = uri.scheme_str().unwrap_or("http");
    let url = format!("{scheme}://{}{}", host.unwrap_or("localhost"), uri.path());
    let mut shown = Map::new();
    for (name, value) in headers {
        // Cookies and addresses are personal data.
        let private = matches!(name.as_str(), "cookie" | "x-forwarded-for" | "x-real-ip" | "forwarded");
        if !private || personal {
            shown.insert(
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned().into(),
            );
        }
    }
    Request {
        url: Some(url.into()),
        method: Some(Text::from(method.as_str())),
        query_string: uri.query().map(Into::into),
        headers: Some(shown.into()),
        ..Request::default()
    }
}
