//! Release health of this run of the application.

use watchpost_core::RequestSession;

use crate::init::with_client;
use crate::scopes::{isolation_scope, with_all};

/// Begins a session, after the end of the one before. [`init`](crate::init) has begun one by itself, unless the option
/// `auto_session_tracking` is off. Without a `release` there are no sessions.
pub fn start_session() {
    with_client(|client| with_all(|scopes| client.start_session(scopes)));
}

/// Ends the session: it went well. The guard of [`init`](crate::init) does so at the end of `main`.
pub fn end_session() {
    with_client(|client| with_all(|scopes| client.end_session(scopes)));
}

/// The application goes to the background. After 30 s there its session is over, as of now.
pub fn pause_session() {
    with_client(watchpost_core::Client::pause_session);
}

/// The application comes back: its session goes on, or the next begins.
pub fn resume_session() {
    with_client(|client| with_all(|scopes| client.resume_session(scopes)));
}

/// Begins the session of a request in this isolation scope, which ends with the guard. For servers without an
/// integration; to be called inside of [`isolate`](crate::isolate). From the first one on, requests are the sessions,
/// and the run itself is none.
///
/// ```
/// watchpost::isolate(|| {
///     let _session = watchpost::start_request_session();
///     // Answers the request; an error that is captured here counts for it.
/// });
/// ```
pub fn start_request_session() -> Option<RequestSession> {
    with_client(|client| client.start_request_session(&isolation_scope())).flatten()
}
