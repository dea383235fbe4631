//! Release health.

use pyo3::prelude::*;
use watchpost_bindings::HostScope;
use watchpost_core as core;
use watchpost_core::{ForkLock, Scopes};

use crate::active::Active;
use crate::session::{Session, entry};

/// Begins a session of this run, after the end of the one before. `init` begins one by itself, unless the option
/// `auto_session_tracking` is off.
#[pyfunction]
#[pyo3(signature = (session_mode=None))]
pub(crate) fn start_session(py: Python<'_>, session_mode: Option<&str>) {
    if session_mode == Some("request") {
        if let Some(session) = &*Session::current() {
            session.say(|| "the session of a request begins with `sessions.track_session`".to_owned());
        }
        return;
    }
    of_run(py, "start_session", |session, scopes| session.host.start_session(scopes));
}

/// Ends the session: it went well. The end of the process does so too.
#[pyfunction]
pub(crate) fn end_session(py: Python<'_>) {
    of_run(py, "end_session", |session, scopes| session.host.end_session(scopes));
}

/// The application goes to the background. After 30 s there its session is over, as of now.
#[pyfunction]
pub(crate) fn pause_session(py: Python<'_>) {
    of_run(py, "pause_session", |session, _| session.host.pause_session());
}

/// The application comes back: its session goes on, or the next begins.
#[pyfunction]
pub(crate) fn resume_session(py: Python<'_>) {
    of_run(py, "resume_session", |session, scopes| session.host.resume_session(scopes));
}

/// Says that the application serves requests: each of them is a session, and the run itself is none.
#[pyfunction]
pub(crate) fn sessions_by_request() {
    if let Some(session) = &*Session::current() {
        session.host.client().sessions_by_request();
    }
}

/// Begins the session of a request in this isolation scope.
#[pyfunction]
pub(crate) fn start_request_session(py: Python<'_>) -> RequestSession {
    let started = entry(py, "a session", || {
        let session = Session::current();
        let Some(session) = session.as_ref() else { return Ok(None) };
        let isolation = HostScope::from_shared(Active::here(py)?.get().isolation().clone());
        Ok(session.host.start_request_session(&isolation))
    });
    RequestSession(ForkLock::new(started.flatten()))
}

/// One request under way. Errors that are captured in its isolation scope count by themselves.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
pub(crate) struct RequestSession(ForkLock<Option<core::RequestSession>>);

#[pymethods]
impl RequestSession {
    /// The request failed, though nothing was captured.
    fn mark_errored(&self) {
        self.0.with(|session| session.as_ref().map(core::RequestSession::mark_errored));
    }

    /// An error that nobody handled ended the request.
    fn mark_crashed(&self) {
        self.0.with(|session| session.as_ref().map(core::RequestSession::mark_crashed));
    }

    /// Ends the request. Only the first call counts.
    fn finish(&self) {
        drop(self.0.with(Option::take));
    }
}

fn of_run(py: Python<'_>, name: &str, act: impl FnOnce(&Session, Scopes<'_>) + Send) {
    entry(py, name, || {
        let session = Session::current().clone();
        let Some(session) = session else { return Ok(()) };
        let active = Active::here(py)?;
        let scopes = active.get().scopes();
        py.detach(|| act(&session, scopes));
        Ok(())
    });
}
