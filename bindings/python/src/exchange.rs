//! One request that the application answers: its scopes, its trace, its transaction and its session.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};

use crate::once::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use watchpost_core::{BodyTee, Client, EventHook, RequestHead, Span, SpanStatus, TransactionSource};

use crate::active::Active;
use crate::capture::capture_exception_from;
use crate::convert::text_of;
use crate::framework::{Framework, Kind, Source};
use crate::pending::with_sampling;
use crate::session::{Session, entry};
use crate::text::characters;

/// What is needed from its begin to its end. The first end counts; one that is dropped without an end was given up.
#[derive(Debug)]
pub(crate) struct Exchange {
    active: Py<Active>,
    source: Arc<Source>,
    span: Option<Span>,
    status: AtomicU16,
    has_length: AtomicBool,
    open: AtomicBool,
}

impl Exchange {
    /// Begins it, with forks of the scopes, which are not active yet. `None` if nothing is reported, or if this request is under
    /// way already and an inner framework is meeting it again.
    ///
    /// # Errors
    /// When the interpreter has no memory left.
    pub(crate) fn begin(
        py: Python<'_>,
        framework: &Bound<'_, Framework>,
        kind: Kind,
        data: &Bound<'_, PyDict>,
    ) -> PyResult<Option<Self>> {
        let session = Session::current();
        let Some(session) = session.as_ref().filter(|session| session.host.client().is_enabled()) else {
            return Ok(None);
        };
        if !framework.get().is_on() {
            return Ok(None);
        }
        let here = Active::here(py)?;
        let here = here.get();
        if let Some(outer) = here.request.as_ref().filter(|outer| outer.is_of(data)) {
            outer.adopt(framework, data);
            return Ok(None);
        }
        let client = session.host.client();
        let source = Arc::new(Source::new(kind, data, framework));
        let mut active = here.with_request(client, Arc::clone(&source));
        let span = if client.options().is_tracing_on() {
            start(client, &active, &source, framework.get(), py)
        } else {
            None
        };
        if let Some(span) = &span {
            active.set_span(span.clone());
        }
        Ok(Some(Self {
            active: Py::new(py, active)?,
            source,
            span,
            status: AtomicU16::new(0),
            has_length: AtomicBool::new(false),
            open: AtomicBool::new(true),
        }))
    }

    /// Makes its scopes the active ones; the token takes that back.
    ///
    /// # Errors
    /// When the interpreter has no memory left.
    pub(crate) fn enter(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Active::enter_again(self.active.bind(py))
    }

    /// The answer begins with this status.
    pub(crate) fn answers(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// The length of the answer is known.
    pub(crate) fn note_length(&self) {
        self.has_length.store(true, Ordering::Relaxed);
    }

    /// Whether it is.
    pub(crate) fn has_length(&self) -> bool {
        self.has_length.load(Ordering::Relaxed)
    }

    /// Keeps the framework's own request, which may be gone once the application has returned.
    pub(crate) fn keep(&self, py: Python<'_>) {
        self.source.keep(py);
    }

    /// Copies the body while the application reads it, if it is collected.
    pub(crate) fn tee(&self, py: Python<'_>) -> Option<BodyTee> {
        let session = Session::current();
        self.source.tee(py, session.as_ref()?.host.client())
    }

    /// An error has left the application. To be called while its scopes are active.
    pub(crate) fn failed(&self, py: Python<'_>, error: &PyErr) {
        entry(py, "the error of a request", || {
            let origin = self.source.framework(py).map(|framework| framework.get().origin.clone());
            let origin = origin.as_deref().unwrap_or("auto.http");
            capture_exception_from(py, error.value(py).as_any(), origin, false, None, None);
            self.status.store(500, Ordering::Relaxed);
            let active = self.active.get();
            active.request_crashed();
            // The server is about to tell of it as well.
            if let Ok(error) = error.value(py).as_any().cast::<pyo3::exceptions::PyBaseException>() {
                active.recent().hand_over(error);
            }
            Ok(())
        });
    }

    /// Whoever asked has gone, or nobody wants the answer any more.
    pub(crate) fn cancelled(&self) {
        if let Some(span) = &self.span {
            span.set_status(SpanStatus::Cancelled);
        }
    }

    /// It is over.
    pub(crate) fn finish(&self, py: Python<'_>) {
        if !self.open.swap(false, Ordering::Relaxed) {
            return;
        }
        let status = self.status.load(Ordering::Relaxed);
        self.active.get().finish_request(status);
        let Some(span) = self.span.as_ref().filter(|span| span.is_recording()) else { return };
        entry(py, "the end of a request", || {
            if status > 0 {
                span.set_http_status(status);
            }
            if let Some(route) = self.source.route(py) {
                span.name_transaction(route, TransactionSource::Route);
            }
            // Hooks attach again.
            py.detach(|| span.finish());
            Ok(())
        });
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if *self.open.get_mut() {
            Python::attach(|py| self.finish(py));
        }
    }
}

/// Says which request an event belongs to, once there is one.
pub(crate) fn describe(source: Arc<Source>) -> EventHook {
    Arc::new(move |mut event, _| {
        if let Some(session) = &*Session::current() {
            Python::attach(|py| {
                entry(py, "reading the request", || source.describe(py, &mut event, session.host.client()))
            });
        }
        Ok(Some(event))
    })
}

/// Its transaction, if requests of its method are to have one.
fn start(
    client: &Arc<Client>,
    active: &Active,
    source: &Source,
    framework: &Framework,
    py: Python<'_>,
) -> Option<Span> {
    let (method, path) = source.method_and_path(py);
    let head = RequestHead { method: &method, path: &path, route: None };
    if source.kind != Kind::WebSocket && !framework.traces(&head) {
        return None;
    }
    let origin = framework.origin.clone();
    // In Python requests are called by their path alone.
    let begin = || head.start(client, path.clone(), source.kind.operation(), origin, active.scopes());
    if client.options().starts_by_attributes() {
        let seen = PyDict::new(py);
        if seen.set_item(source.kind.sampler_name(), source.data(py)).is_ok() {
            return Some(with_sampling(seen.unbind(), begin));
        }
    }
    Some(begin())
}

/// Gives the framework's own request to whatever captures while it is answered.
#[pyfunction]
pub(crate) fn note_request(py: Python<'_>, request: &Bound<'_, PyAny>) {
    entry(py, "note_request", || {
        if let Some(source) = &Active::here(py)?.get().request {
            source.note(request);
        }
        Ok(())
    });
}

/// Captures an error that a framework tells about, in the name of the framework. `handled` says that it is an answer.
#[pyfunction]
#[pyo3(signature = (framework, error, handled=false))]
pub(crate) fn request_failed(py: Python<'_>, framework: &Framework, error: &Bound<'_, PyAny>, handled: bool) {
    if framework.is_on() {
        entry(py, "request_failed", || {
            if let Some(source) = &Active::here(py)?.get().request {
                source.keep(py);
            }
            Ok(())
        });
        capture_exception_from(py, error, &framework.origin, handled, None, None);
    }
}

/// The number at the start of a WSGI status, `404 Not Found`, or the number itself.
pub(crate) fn status_of(status: &Bound<'_, PyAny>) -> Option<u16> {
    // An attempt to read a text as a number would make an exception.
    let Ok(text) = status.cast::<PyString>() else { return status.extract().ok() };
    characters(text).get(..3)?.parse().ok()
}

/// True if an error is the way in which asyncio stops a task.
pub(crate) fn is_cancelled(py: Python<'_>, error: &PyErr) -> bool {
    let ty = error.get_type(py);
    let name = ty.getattr(intern!(py, "__name__"));
    name.is_ok_and(|name| text_of(&name) == "CancelledError")
}
