//! The scopes of a request that nobody has asked for yet. Most requests end like that.

use std::sync::Arc;

use pyo3::prelude::*;
use watchpost_core::{Client, CountedRequest, ForkLock, Scope, SharedScope};

use crate::exchange::describe;
use crate::framework::Source;
use crate::session::Session;

/// What the scopes of a request begin with, and how the request is counted.
#[derive(Debug)]
pub(crate) struct Late {
    isolation: Scope,
    current: Scope,
    counted: ForkLock<CountedRequest>,
}

impl Late {
    /// Keeps what both scopes hold now: pointers.
    pub(crate) fn begin(client: &Client, isolation: &SharedScope, current: &SharedScope) -> Self {
        Self {
            isolation: isolation.snapshot(),
            current: current.snapshot(),
            counted: ForkLock::new(CountedRequest::begin(client)),
        }
    }

    /// The isolation and the current scope, as forks of what was kept: with a trace of their own, or the one that came
    /// along, and with what says which request events belong to.
    pub(crate) fn make(&self, source: Option<&Arc<Source>>) -> (SharedScope, SharedScope) {
        let isolation = SharedScope::from_scope(self.isolation.clone());
        isolation.update(Scope::start_trace);
        let current = SharedScope::from_scope(self.current.clone());
        current.update(|scope| scope.set_propagation(None));
        if let Some(source) = source {
            let incoming = Python::attach(|py| source.trace_headers(py));
            if let Some(session) = Session::current().as_ref().filter(|_| !incoming.is_empty()) {
                session.host.client().continue_trace(incoming, &isolation);
            }
            let hook = describe(Arc::clone(source));
            isolation.update(|scope| scope.add_blind_event_processor(hook));
        }
        (isolation, current)
    }

    /// Lets errors that are captured in `isolation` count towards the request.
    pub(crate) fn count_errors(&self, isolation: &SharedScope) {
        let Some(session) = &*Session::current() else { return };
        let counted = self.counted.with(std::mem::take).with_scope(session.host.client(), isolation);
        // Should it have been over meanwhile, it is dropped with this, which counts it.
        self.counted.with(|place| *place = counted);
    }

    /// True if somebody was known before the request began, to whom it belongs.
    pub(crate) fn has_user(&self) -> bool {
        self.isolation.user().is_some()
    }

    /// An error that nobody handled ended the request.
    pub(crate) fn crashed(&self) {
        self.counted.with(CountedRequest::mark_crashed);
    }

    /// Counts the request, which was answered with this status; zero if it is not known.
    pub(crate) fn finish(&self, status: u16) {
        if let Some(session) = &*Session::current() {
            self.counted.with(std::mem::take).finish(session.host.client(), status);
        }
    }
}
