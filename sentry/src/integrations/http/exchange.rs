//! One request that a server answers: scopes, trace, transaction and session.

use std::net::IpAddr;
use std::sync::Arc;

use watchpost_core::{
    BodyTee, RequestSession, Span, SpanStatus, Text, TransactionOptions, TransactionSource,
};

use super::kept::Kept;
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
    /// The path with the query.
    pub(crate) target: &'a str,
    /// `https`, if the connection itself says so.
    pub(crate) scheme: Option<&'a str>,
    /// The host of the request line, if it has one.
    pub(crate) authority: Option<&'a str>,
    /// Who is connected: a proxy, perhaps.
    pub(crate) remote_addr: Option<IpAddr>,
    /// The pattern of the route, if one matched.
    pub(crate) route: Option<&'a str>,
    /// `auto.http.<framework>`.
    pub(crate) origin: &'static str,
}

/// A request that is being answered. One that is dropped before its end was given up by the client, or panicked.
#[derive(Debug)]
pub(crate) struct Exchange {
    span: Span,
    kept: Option<Arc<Kept>>,
    session: Option<RequestSession>,
    body: Option<BodyTee>,
    open: bool,
}

impl Exchange {
    /// Begins it. To be called with scopes that belong to the request alone. `headers` are all of them, in order, with
    /// names in lower case. `None` if nothing is reported anyway.
    pub(crate) fn begin<'h>(
        head: &Head<'h>,
        headers: impl Iterator<Item = (&'h str, &'h [u8])>,
    ) -> Option<Self> {
        with_shared_client(|client| {
            if !client.is_enabled() {
                return None;
            }
            let kept = Kept::copy(head, headers);
            let isolation = isolation_scope();
            let session = client.start_request_session(&isolation);
            let is_trace = |name: &str| TRACE_HEADERS.contains(&name);
            client.continue_trace(kept.headers().filter(|(name, _)| is_trace(name)), &isolation);
            let name = Text::from(format!("{} {}", head.method, head.route.unwrap_or(head.path)));
            let (place, body) = BodyTee::begin(client, |name| kept.header(name));
            let described = Arc::clone(&kept);
            let describe = Arc::new(move |mut event, _hint: &_| {
                with_client(|client| described.describe(place.clone()).describe(&mut event, client));
                Ok(Some(event))
            });
            isolation.update(|scope| {
                scope.set_transaction(Some(name.clone()));
                scope.add_blind_event_processor(describe);
            });
            let source = if head.route.is_some() { TransactionSource::Route } else { TransactionSource::Url };
            let mut options = TransactionOptions::new(name, "http.server").source(source).origin(head.origin);
            let attributes = [("http.request.method", head.method), ("url.path", head.path)];
            let asked = client.options().starts_by_attributes();
            if asked {
                options = attributes
                    .into_iter()
                    .fold(options, |options, (key, value)| options.attribute(key, value));
            }
            let span = with_all(|scopes| client.start_transaction(options, scopes));
            // Where nobody asks for them at the start, a transaction that is not recorded needs none.
            if !asked && span.is_recording() {
                attributes.into_iter().for_each(|(key, value)| span.set_data(key, value));
            }
            if let Some(route) = head.route.filter(|_| span.is_recording()) {
                span.set_data("http.route", route);
            }
            Some(Self { span, kept: Some(kept), session, body, open: true })
        })
        .flatten()
    }

    /// Its transaction, which is to be the active span of whoever answers.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }

    /// What is to read the body along with the handler, if it is collected.
    pub(crate) fn take_body(&mut self) -> Option<BodyTee> {
        self.body.take()
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
        if let Some(kept) = self.kept.take() {
            kept.give_back();
        }
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
