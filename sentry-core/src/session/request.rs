//! The session of one request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::aggregates::Health;
use super::{Sessions, distinct_id};
use crate::fork::generation;
use crate::protocol::Timestamp;
use crate::scope::SharedScope;

/// One request under way: counted when it is dropped, or by [`finish`](Self::finish).
///
/// Errors that are captured in the request's isolation scope, or in forks of it, count towards it by themselves. It
/// may be moved to and dropped on any thread. In a forked child it counts nothing.
#[derive(Debug)]
#[must_use = "the request ends when this is dropped"]
pub struct RequestSession {
    /// Where it is counted, if it is.
    sessions: Option<Arc<Sessions>>,
    state: RequestState,
    scope: SharedScope,
    started: Timestamp,
    generation: u64,
}

impl RequestSession {
    pub(super) fn new(sessions: Arc<Sessions>, scope: SharedScope, started: Timestamp) -> Self {
        let state = RequestState::default();
        scope.update(|held| held.set_request_session(Some(state.clone())));
        Self { sessions: Some(sessions), state, scope, started, generation: generation() }
    }

    /// The request failed, though nothing was captured.
    pub fn mark_errored(&self) {
        self.worsen(Health::Errored);
    }

    /// The request was answered with this HTTP status: from 500 on it failed, though nothing may have been captured.
    pub fn answered(&self, status: u16) {
        self.worsen(Health::of_status(status));
    }

    /// An error that nobody handled ended the request.
    pub fn mark_crashed(&self) {
        self.worsen(Health::Crashed);
    }

    /// Ends the request now.
    pub fn finish(self) {}

    /// It never gets better.
    pub(super) fn worsen(&self, to: Health) {
        self.state.worsen(to);
    }

    /// Ends the request now, to be counted there instead.
    pub(super) fn count_for(mut self, sessions: Option<&Arc<Sessions>>) {
        self.sessions = sessions.cloned();
    }
}

impl Drop for RequestSession {
    fn drop(&mut self) {
        if self.generation != generation() {
            return;
        }
        let user = self.scope.update(|scope| {
            scope.set_request_session(None);
            scope.user()
        });
        let Some(sessions) = &self.sessions else { return };
        let did = user.as_deref().and_then(distinct_id);
        sessions.count_request(self.started, did, self.state.health());
    }
}

/// How a request is going; a clone is the same request.
#[derive(Debug, Clone, Default)]
pub(crate) struct RequestState(Arc<AtomicU8>);

impl RequestState {
    /// It never gets better.
    pub(crate) fn worsen(&self, to: Health) {
        self.0.fetch_max(to as u8, Ordering::Relaxed);
    }

    fn health(&self) -> Health {
        match self.0.load(Ordering::Relaxed) {
            0 => Health::Healthy,
            1 => Health::Errored,
            _ => Health::Crashed,
        }
    }
}
