//! One request that the application makes: a span, a breadcrumb, and headers that take the trace along.

use watchpost_core::{OutgoingRequest, Span, SpanOptions, SpanStatus, Text, TraceHeaders};

use crate::init::with_client;
use crate::{api, current_span, outgoing_headers, with_span};

/// A request on its way. One that is dropped before its end was given up.
#[derive(Debug)]
pub(crate) struct Call {
    method: String,
    url: String,
    origin: &'static str,
    span: Option<Span>,
    open: bool,
}

impl Call {
    /// Begins it. `None` if nothing is reported anyway, and for requests of the SDK to its own server.
    pub(crate) fn begin(method: &str, url: &str, origin: &'static str) -> Option<Self> {
        with_client(|client| {
            let request = OutgoingRequest::new(method, url);
            if !client.is_enabled() || request.is_to_own_server(client) {
                return None;
            }
            let span = current_span().map(|parent| {
                let options = SpanOptions::new("http.client", request.description()).origin(origin);
                let span = parent.start_child_with(options);
                if span.is_recording() && !span.is_same(&parent) {
                    for (key, value) in request.attributes(client) {
                        span.set_data(key, value);
                    }
                }
                (!span.is_same(&parent)).then_some(span)
            });
            let (method, url) = (method.to_owned(), url.to_owned());
            Some(Self { method, url, origin, span: span.flatten(), open: true })
        })
        .flatten()
    }

    /// The headers to be set; `baggage` is what the request has already.
    pub(crate) fn headers(&self, baggage: Option<&str>) -> Option<TraceHeaders> {
        match &self.span {
            Some(span) => with_span(span, || outgoing_headers(&self.url, baggage)),
            None => outgoing_headers(&self.url, baggage),
        }
    }

    /// It has ended; without a status if there was no answer.
    pub(crate) fn finish(mut self, status: Option<u16>) {
        self.open = false;
        if let Some(span) = self.span.take() {
            match status {
                Some(status) => span.set_http_status(status),
                None => span.set_status(SpanStatus::UnknownError),
            }
            span.finish();
        }
        let crumb = with_client(|client| {
            let mut crumb = OutgoingRequest::new(&self.method, &self.url).breadcrumb(client, status);
            crumb.origin = Some(Text::from_static(self.origin));
            crumb
        });
        if let Some(crumb) = crumb {
            api::add_breadcrumb(crumb);
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.open
            && let Some(span) = self.span.take()
        {
            span.set_status(SpanStatus::Cancelled);
            span.finish();
        }
    }
}
