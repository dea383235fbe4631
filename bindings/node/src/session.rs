//! Sessions: of the run, and of one request each.

use std::cell::RefCell;

use napi_derive::napi;
use watchpost_bindings::guard;
use watchpost_core::{RequestSession, Timestamp};

use crate::client::NativeClient;
use crate::scope::NativeScope;
use crate::signals::with_scopes;

/// The session of one request.
#[napi]
#[derive(Debug)]
pub struct NativeRequestSession(RefCell<Option<RequestSession>>);

#[napi]
impl NativeRequestSession {
    /// The request failed, though nothing was captured.
    #[napi]
    pub fn mark_errored(&self) {
        guard(|| self.0.borrow().as_ref().map(RequestSession::mark_errored));
    }

    /// An error that nobody handled ended the request.
    #[napi]
    pub fn mark_crashed(&self) {
        guard(|| self.0.borrow().as_ref().map(RequestSession::mark_crashed));
    }

    /// Ends it.
    #[napi]
    pub fn end(&self) {
        guard(|| drop(self.0.borrow_mut().take()));
    }
}

#[napi]
impl NativeClient {
    /// Begins a session of this run, after the end of the one before.
    #[napi]
    pub fn start_session(&self, isolation: &NativeScope, current: Option<&NativeScope>) {
        guard(|| with_scopes(isolation, current, |scopes| self.host.start_session(scopes)));
    }

    /// Ends the session of this run: it went well.
    #[napi]
    pub fn end_session(&self, isolation: &NativeScope, current: Option<&NativeScope>) {
        guard(|| with_scopes(isolation, current, |scopes| self.host.end_session(scopes)));
    }

    /// The application goes to the background.
    #[napi]
    pub fn pause_session(&self) {
        guard(|| self.host.pause_session());
    }

    /// The application comes back.
    #[napi]
    pub fn resume_session(&self, isolation: &NativeScope, current: Option<&NativeScope>) {
        guard(|| with_scopes(isolation, current, |scopes| self.host.resume_session(scopes)));
    }

    /// Begins the session of a request in its isolation scope; it began now, or so many seconds after 1970.
    #[napi]
    pub fn start_request_session(
        &self,
        isolation: &NativeScope,
        started: Option<f64>,
    ) -> Option<NativeRequestSession> {
        let core = self.host.client();
        let started = started.and_then(Timestamp::from_seconds).unwrap_or_else(|| core.now());
        let session = guard(|| core.request_session_since(isolation.shared(), started)).flatten()?;
        Some(NativeRequestSession(RefCell::new(Some(session))))
    }

    /// Says that requests are the sessions from now on.
    #[napi]
    pub fn sessions_by_request(&self) {
        guard(|| self.host.client().sessions_by_request());
    }

    /// Counts a request that has ended, which began so many seconds after 1970. Nobody ever needed its scope.
    #[napi]
    pub fn count_request(&self, started: f64, is_errored: bool) {
        guard(|| {
            if let Some(started) = Timestamp::from_seconds(started) {
                self.host.client().count_request(started, is_errored);
            }
        });
    }
}
