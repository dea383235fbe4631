//! Sessions: of the run, and of one request each.

use std::cell::RefCell;

use napi_derive::napi;
use watchpost_bindings::guard;
use watchpost_core::{CountedRequest, RequestSession, Timestamp};

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

    /// Begins the session of a request in its isolation scope.
    #[napi]
    pub fn start_request_session(&self, isolation: &NativeScope) -> Option<NativeRequestSession> {
        let session = guard(|| self.host.client().start_request_session(isolation.shared())).flatten()?;
        Some(NativeRequestSession(RefCell::new(Some(session))))
    }

    /// Says that requests are the sessions from now on.
    #[napi]
    pub fn sessions_by_request(&self) {
        guard(|| self.host.client().sessions_by_request());
    }

    /// Counts a request that nobody needed a scope for: when it began, in seconds after 1970, and the status of its answer, 0
    /// if there was none.
    #[napi]
    pub fn count_request(&self, started: f64, status: u16) {
        guard(|| counted(started).finish(self.host.client(), status));
    }

    /// Lets errors that are captured in this scope count towards the request that began so many seconds after 1970.
    #[napi]
    pub fn follow_request(&self, started: f64, isolation: &NativeScope) -> NativeCountedRequest {
        let followed = guard(|| counted(started).with_scope(self.host.client(), isolation.shared()));
        NativeCountedRequest(RefCell::new(followed.unwrap_or_default()))
    }
}

/// A request that has a scope, until it is counted.
#[napi]
#[derive(Debug)]
pub struct NativeCountedRequest(RefCell<CountedRequest>);

#[napi]
impl NativeCountedRequest {
    /// Counts it, with the status of its answer, 0 if there was none.
    #[napi]
    pub fn finish(&self, client: &NativeClient, status: u16) {
        guard(|| self.0.take().finish(client.host.client(), status));
    }
}

fn counted(started: f64) -> CountedRequest {
    Timestamp::from_seconds(started).map(CountedRequest::since).unwrap_or_default()
}
