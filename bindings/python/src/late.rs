//! The scopes of a request that nobody has asked for yet. Most requests end like that.

use std::sync::Arc;

use pyo3::prelude::*;
use watchpost_core::{Client, ForkLock, RequestSession, Scope, SharedScope, Timestamp, generation};

use crate::exchange::describe;
use crate::framework::Source;
use crate::session::Session;

/// What the scopes of a request begin with, and how the request is counted.
#[derive(Debug)]
pub(crate) struct Late {
    isolation: Scope,
    current: Scope,
    visit: ForkLock<Visit>,
}

/// The request as a session.
#[derive(Debug, Default)]
enum Visit {
    /// Not counted, or not any more.
    #[default]
    Nothing,
    /// Nothing to count towards it so far; since when, and in which process.
    Waiting(Timestamp, u64),
    /// Errors of its isolation scope count towards it.
    Running(RequestSession),
}

impl Late {
    /// Keeps what both scopes hold now: pointers.
    pub(crate) fn begin(client: &Client, isolation: &SharedScope, current: &SharedScope) -> Self {
        let visit = client.begin_request().map(|started| Visit::Waiting(started, generation()));
        Self {
            isolation: isolation.snapshot(),
            current: current.snapshot(),
            visit: ForkLock::new(visit.unwrap_or_default()),
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
    pub(crate) fn start_session(&self, isolation: &SharedScope) {
        let Visit::Waiting(started, process) = self.visit.with(std::mem::take) else { return };
        if process != generation() {
            return;
        }
        let session = Session::current();
        let client = session.as_ref().map(|session| session.host.client());
        if let Some(running) = client.and_then(|client| client.request_session_since(isolation, started)) {
            // Should it have been over meanwhile, it is dropped with this, which counts it.
            self.visit.with(|visit| *visit = Visit::Running(running));
        }
    }

    /// True if somebody was known before the request began, to whom it belongs.
    pub(crate) fn has_user(&self) -> bool {
        self.isolation.user().is_some()
    }

    /// An error that nobody handled ended the request.
    pub(crate) fn crashed(&self) {
        self.visit.with(|visit| {
            if let Visit::Running(session) = visit {
                session.mark_crashed();
            }
        });
    }

    /// Counts the request, which was answered with this status; zero if it is not known.
    pub(crate) fn finish(&self, status: u16) {
        match self.visit.with(std::mem::take) {
            Visit::Nothing => {}
            Visit::Waiting(started, process) => {
                if let Some(session) = Session::current().as_ref().filter(|_| process == generation()) {
                    session.host.client().count_request(started, status >= 500);
                }
            }
            Visit::Running(session) => {
                session.answered(status);
                session.finish();
            }
        }
    }
}
