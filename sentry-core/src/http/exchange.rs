//! A request that the application answers, from its begin to its end: trace, transaction, session.

use std::sync::Arc;

use crate::client::Client;
use crate::protocol::{SpanStatus, TransactionSource};
use crate::scope::Scopes;
use crate::session::RequestSession;
use crate::text::Text;
use crate::tracing::{Span, TransactionOptions};

/// What a server knows when a request arrives.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// `GET`, `POST` ...
    pub method: &'a str,
    /// Without the query.
    pub path: &'a str,
    /// The pattern of the route, if it is known already.
    pub route: Option<&'a str>,
}

impl RequestHead<'_> {
    /// What the request is called: `GET /orders/:id`, or by its path as long as no route is known.
    pub fn name(&self) -> Text {
        format!("{} {}", self.method, self.route.unwrap_or(self.path)).into()
    }

    /// False for HEAD and OPTIONS: they ask about something, and nobody waits for what they do.
    pub fn is_traced(&self) -> bool {
        !["HEAD", "OPTIONS"].iter().any(|method| method.eq_ignore_ascii_case(self.method))
    }

    /// Starts its transaction, whatever its method, in scopes that belong to the request alone. For what has names of its own for requests, or an
    /// operation other than `http.server`; everything else [begins an exchange](Exchange::begin).
    pub fn start(
        &self,
        client: &Arc<Client>,
        name: Text,
        operation: &'static str,
        origin: Text,
        scopes: Scopes<'_>,
    ) -> Span {
        self.start_with(client, TransactionOptions::new(name, operation), origin, scopes)
    }

    fn start_with(
        &self,
        client: &Arc<Client>,
        options: TransactionOptions,
        origin: Text,
        scopes: Scopes<'_>,
    ) -> Span {
        let source = if self.route.is_some() { TransactionSource::Route } else { TransactionSource::Url };
        let mut options = options.source(source).origin(origin);
        let attributes = [("http.request.method", self.method), ("url.path", self.path)];
        let asked = client.options().starts_by_attributes();
        if asked {
            options =
                attributes.into_iter().fold(options, |options, (key, value)| options.attribute(key, value));
        }
        let span = client.start_transaction(options, scopes);
        // Where nobody asks for them at the start, a transaction that is not recorded needs none.
        if !asked && span.is_recording() {
            attributes.into_iter().for_each(|(key, value)| span.set_data(key, value));
        }
        if let Some(route) = self.route.filter(|_| span.is_recording()) {
            span.set_data("http.route", route);
        }
        span
    }
}

/// A request that is being answered. The first end counts; one that is dropped before its end was given up by whoever asked, or
/// its handler panicked.
#[derive(Debug)]
pub struct Exchange {
    method: Text,
    span: Span,
    session: Option<RequestSession>,
    open: bool,
}

impl Exchange {
    /// Begins it, in scopes that belong to the request alone: its session, if sessions are tracked, and its transaction, which
    /// continues the trace of the headers in `trace`, unless its method [is not traced](RequestHead::is_traced). `name` is [that of the head](RequestHead::name), `origin`
    /// `auto.http.<framework>`. `None` if nothing is reported anyway.
    pub fn begin<K: AsRef<str>, V: AsRef<str>>(
        client: &Arc<Client>,
        head: &RequestHead<'_>,
        name: Text,
        origin: Text,
        trace: impl IntoIterator<Item = (K, V)>,
        scopes: Scopes<'_>,
    ) -> Option<Self> {
        if !client.is_enabled() {
            return None;
        }
        let session = client.start_request_session(scopes.isolation);
        client.continue_trace(trace, scopes.isolation);
        let options = TransactionOptions::new(name, "http.server").traced(head.is_traced());
        let span = head.start_with(client, options, origin, scopes);
        Some(Self { method: head.method.into(), span, session, open: true })
    }

    /// Its transaction, which is to be the active span of whoever answers.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// The route is known only now: names the transaction. Events get their name from the description of the request.
    pub fn routed(&self, route: &str) {
        self.span.set_name(format!("{} {route}", self.method));
        self.span.set_source(TransactionSource::Route);
        if self.span.is_recording() {
            self.span.set_data("http.route", route);
        }
    }

    /// The answer is on its way. What it says about the session: [`RequestSession::answered`].
    pub fn answered(&mut self, status: u16) {
        self.end(|span| span.set_http_status(status), |session| session.answered(status));
    }

    /// There is no answer, because of an error that nobody handled.
    pub fn failed(&mut self) {
        self.end(|span| span.set_status(SpanStatus::InternalError), RequestSession::mark_crashed);
    }

    /// Whoever asked has gone before the answer.
    pub fn cancelled(&mut self) {
        self.end(|span| span.set_status(SpanStatus::Cancelled), |_| {});
    }

    fn end(&mut self, tell: impl FnOnce(&Span), mark: impl FnOnce(&RequestSession)) {
        if !self.open {
            return;
        }
        self.open = false;
        tell(&self.span);
        self.span.finish();
        if let Some(session) = self.session.take() {
            mark(&session);
            session.finish();
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.failed();
        } else {
            self.cancelled();
        }
    }
}
