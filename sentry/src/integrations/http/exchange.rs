//! One request that a server answers: scopes, trace, transaction and session.

use std::net::IpAddr;
use std::sync::Arc;

use watchpost_core::{BodyTee, RequestHead, Span, Text};

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
    inner: watchpost_core::Exchange,
    kept: Option<Arc<Kept>>,
    body: Option<BodyTee>,
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
            let known = RequestHead { method: head.method, path: head.path, route: head.route };
            let name = known.name();
            let (place, body) = BodyTee::begin(client, |name| kept.header(name));
            let described = Arc::clone(&kept);
            let describe = Arc::new(move |mut event, _hint: &_| {
                with_client(|client| described.describe(place.clone()).describe(&mut event, client));
                Ok(Some(event))
            });
            isolation_scope().update(|scope| {
                scope.set_transaction(Some(name.clone()));
                scope.add_blind_event_processor(describe);
            });
            let is_trace = |name: &str| TRACE_HEADERS.contains(&name);
            let trace = kept.headers().filter(|(name, _)| is_trace(name));
            let origin = Text::from_static(head.origin);
            let inner = with_all(|scopes| {
                watchpost_core::Exchange::begin(client, &known, name, origin, trace, scopes)
            })?;
            Some(Self { inner, kept: Some(kept), body })
        })
        .flatten()
    }

    /// Its transaction, which is to be the active span of whoever answers.
    pub(crate) fn span(&self) -> &Span {
        self.inner.span()
    }

    /// What is to read the body along with the handler, if it is collected.
    pub(crate) fn take_body(&mut self) -> Option<BodyTee> {
        self.body.take()
    }

    /// The answer is on its way.
    pub(crate) fn answered(mut self, status: u16) {
        self.give_back();
        self.inner.answered(status);
    }

    /// There is no answer, because of an error that nobody handled.
    #[cfg(feature = "tower")]
    pub(crate) fn failed(mut self) {
        self.give_back();
        self.inner.failed();
    }

    fn give_back(&mut self) {
        if let Some(kept) = self.kept.take() {
            kept.give_back();
        }
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.give_back();
    }
}
