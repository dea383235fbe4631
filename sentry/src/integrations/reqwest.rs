//! A middleware for `reqwest`, by way of `reqwest-middleware`.
//!
//! Every request is a span of the active one, leaves a breadcrumb, and takes the trace along to the servers that
//! `trace_propagation_targets` names.
//!
//! ```
//! use reqwest_middleware::ClientBuilder;
//! use watchpost::integrations::reqwest::WatchpostMiddleware;
//!
//! # fn client(reqwest: reqwest_middleware::reqwest::Client) {
//! let client = ClientBuilder::new(reqwest).with(WatchpostMiddleware).build();
//! # drop(client);
//! # }
//! ```

use http::{Extensions, HeaderValue};
use reqwest_middleware::reqwest::{Request, Response};
use reqwest_middleware::{Middleware, Next, Result};

use super::http::Call;

const ORIGIN: &str = "auto.http.reqwest";

/// Spans, breadcrumbs and trace headers for requests.
#[derive(Debug, Clone, Copy, Default)]
pub struct WatchpostMiddleware;

#[async_trait::async_trait]
impl Middleware for WatchpostMiddleware {
    async fn handle(
        &self,
        mut request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response> {
        let Some(call) = Call::begin(request.method().as_str(), request.url().as_str(), ORIGIN) else {
            return next.run(request, extensions).await;
        };
        let baggage = request.headers().get("baggage").and_then(|value| value.to_str().ok());
        if let Some(headers) = call.headers(baggage) {
            for (name, value) in headers.iter() {
                if let Ok(value) = HeaderValue::from_str(value) {
                    request.headers_mut().insert(name, value);
                }
            }
        }
        let answer = next.run(request, extensions).await;
        let status = match &answer {
            Ok(response) => Some(response.status().as_u16()),
            Err(error) => error.status().map(|status| status.as_u16()),
        };
        call.finish(status);
        answer
    }
}
