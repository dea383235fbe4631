//! One request that a server answers: scopes, trace, transaction and session.

use std::sync::Arc;

use watchpost_core::{
    IncomingRequest, RequestSession, Span, SpanStatus, Text, TransactionOptions, TransactionSource,
};

use crate::init::{with_client, with_shared_client};
use crate::isolation_scope;
use crate::scopes::with_all;

/// The headers of a trace that came along.
const TRACE_HEADERS: [&str; 3] = ["sentry-trace", "baggage", "traceparent"];

/// What a server knows when a request arrives.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// The pattern of the route, if one matched.
    pub(crate) route: Option<&'a str>,
    /// `auto.http.<framework>`.
    pub(crate) origin: &'static str,
}

/// A request that is being answered. One that is dropped before its end was given up by the client, or panicked.
#[derive(Debug)]
pub(crate) struct Exchange {
    span: Span,
    session: Option<RequestSession>,
    open: bool,
}

impl Exchange {
    /// Begins it. To be called with scopes that belong to the request alone. `header` finds the value of a header;
    /// `describe` is only called when an event needs it. `None` if nothing is reported anyway.
    pub(crate) fn begin<'h>(
        head: &Head<'_>,
        header: impl Fn(&'static str) -> Option<&'h str>,
        describe: impl Fn() -> IncomingRequest + Send + Sync + 'static,
    ) -> Option<Self> {
        with_shared_client(|client| {
            if !client.is_enabled() {
                return None;
            }
            let isolation = isolation_scope();
            let session = client.start_request_session(&isolation);
            let found = TRACE_HEADERS.into_iter().filter_map(|name| Some((name, header(name)?)));
            client.continue_trace(found, &isolation);
            let name = Text::from(format!("{} {}", head.method, head.route.unwrap_or(head.path)));
            let describe = Arc::new(move |mut event, _hint: &_| {
                with_client(|client| describe().describe(&mut event, client));
                Ok(Some(event))
            });
            isolation.update(|scope| {
                scope.set_transaction(Some(name.clone()));
                scope.add_event_processor(describe);
            });
            let source = if head.route.is_some() { TransactionSource::Route } else { TransactionSource::Url };
            let options = TransactionOptions::new(name, "http.server")
                .source(source)
                .origin(head.origin)
                .attribute("http.request.method", head.method)
                .attribute("url.path", head.path);
            let span = with_all(|scopes| client.start_transaction(options, scopes));
            if let Some(route) = head.route {
                span.set_data("http.route", route);
            }
            Some(Self { span, session, open: true })
        })
        .flatten()
    }

    /// Its transaction, which is to be the active span of whoever answers.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// The answer is on its way. An error of the server's side counts as one of its session.
    pub(crate) fn answered(mut self, status: u16) {
        self.span.set_http_status(status);
        if status >= 500
            && let Some(session) = &self.session
        {
            session.mark_errored();
        }
        self.close();
    }

    /// There is no answer, because of an error that nobody handled.
    #[cfg(feature = "tower")]
    pub(crate) fn failed(mut self) {
        self.span.set_status(SpanStatus::InternalError);
        if let Some(session) = &self.session {
            session.mark_crashed();
        }
        self.close();
    }

    fn close(&mut self) {
        self.open = false;
        self.span.finish();
        if let Some(session) = self.session.take() {
            session.finish();
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        if std::thread::panicking() {
            self.span.set_status(SpanStatus::InternalError);
            if let Some(session) = &self.session {
                session.mark_crashed();
            }
        } else {
            self.span.set_status(SpanStatus::Cancelled);
        }
        self.close();
    }
}
