//! Sessions as a host sees them.

use watchpost_core::{RequestSession, Scopes};

use crate::client::HostClient;
use crate::scope::HostScope;

impl HostClient {
    /// Begins a session of this run, after the end of the one before.
    pub fn start_session(&self, scopes: Scopes<'_>) {
        self.client().start_session(scopes);
    }

    /// Ends the session: it went well. `close` does so too.
    pub fn end_session(&self, scopes: Scopes<'_>) {
        self.client().end_session(scopes);
    }

    /// The application goes to the background. After 30 s there its session is over, as of now.
    pub fn pause_session(&self) {
        self.client().pause_session();
    }

    /// The application comes back: its session goes on, or the next begins.
    pub fn resume_session(&self, scopes: Scopes<'_>) {
        self.client().resume_session(scopes);
    }

    /// Begins the session of a request in its isolation scope. It ends when the host drops it; errors captured in that
    /// scope, or in forks of it, count by themselves.
    pub fn start_request_session(&self, isolation: &HostScope) -> Option<RequestSession> {
        self.client().start_request_session(isolation.shared())
    }
}
