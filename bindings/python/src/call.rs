//! What the application asks of others: a span around it, and for HTTP a breadcrumb and headers that take the trace along.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use watchpost_bindings::{CallTraces, HostCall, HostScope};
use watchpost_core::{ForkLock, Span, SpanOptions, SpanStatus};

use crate::active::Active;
use crate::convert::{Converter, Limits, text_of};
use crate::session::{Session, entry};
use crate::text::bounded;

/// Characters of a description, like a query.
const LONGEST: usize = 8192;

/// Starts a span in the active one, and with `enter` makes it the active one until it ends. `None` where nothing is
/// recorded: then nothing was copied.
#[pyfunction]
#[pyo3(signature = (op, description, origin, data=None, enter=false))]
pub(crate) fn begin_child(
    py: Python<'_>,
    op: &str,
    description: &Bound<'_, PyAny>,
    origin: &str,
    data: Option<&Bound<'_, PyDict>>,
    enter: bool,
) -> Option<Child> {
    let begun = entry(py, "a span", || {
        let active = Active::here(py)?;
        let Some(parent) = recording_span(active.get()) else { return Ok(None) };
        let text = match description.cast::<PyString>() {
            Ok(text) => bounded(text, LONGEST).0.into_owned(),
            Err(_) => text_of(description).as_str().to_owned(),
        };
        let options = SpanOptions::new(op.to_owned(), text).origin(origin.to_owned());
        let span = parent.start_child_with(options);
        if span.is_same(parent) {
            return Ok(None);
        }
        let token = if enter { Some(active.get().with_span(Some(span.clone())).enter(py)?) } else { None };
        let child = Child { span, token: ForkLock::new(token) };
        for (key, value) in data.into_iter().flatten() {
            child.set(&text_of(&key), &value);
        }
        Ok(Some(child))
    });
    begun.flatten()
}

fn recording_span(active: &Active) -> Option<&Span> {
    active.current().span().filter(|span| span.is_recording())
}

/// A span of an integration.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
pub(crate) struct Child {
    span: Span,
    /// What makes the span from before active again.
    token: ForkLock<Option<Py<PyAny>>>,
}

impl Child {
    fn set(&self, key: &str, value: &Bound<'_, PyAny>) {
        if !value.is_none() {
            self.span.set_data(key, Converter::new(Limits::DATA).value(value));
        }
    }
}

#[pymethods]
impl Child {
    /// Sets an attribute; None sets nothing.
    fn set_data(&self, key: &str, value: &Bound<'_, PyAny>) {
        self.set(key, value);
    }

    /// Ends it.
    #[pyo3(signature = (failed=false))]
    fn finish(&self, py: Python<'_>, failed: bool) {
        self.span.set_status(if failed { SpanStatus::InternalError } else { SpanStatus::Ok });
        self.span.finish();
        if let Some(token) = self.token.with(Option::take) {
            // In another context there is nothing to take back.
            let _ = Active::leave(py, &token);
        }
    }
}

/// Begins a request to another server. `None` if nothing is reported, and for requests to the SDK's own server.
#[pyfunction]
#[pyo3(signature = (method, url, origin, baggage=None))]
pub(crate) fn begin_call(
    py: Python<'_>,
    method: &Bound<'_, PyAny>,
    url: &Bound<'_, PyAny>,
    origin: &str,
    baggage: Option<&Bound<'_, PyAny>>,
) -> Option<Call> {
    let begun = entry(py, "a request", || {
        let session = Session::current();
        let Some(session) = session.as_ref().filter(|session| session.host.client().is_enabled()) else {
            return Ok(None);
        };
        let (method, url) = (text_of(method), text_of(url));
        let active = Active::here(py)?;
        let active = active.get();
        let isolation = HostScope::from_shared(active.isolation().clone());
        let current = HostScope::from_shared(active.current().clone());
        let traces = CallTraces::ALL;
        let call = HostCall::begin(&session.host, &method, &url, origin, traces, &isolation, &current);
        let Some(call) = call else { return Ok(None) };
        let baggage = baggage.map(text_of);
        let headers = call
            .headers(baggage.as_deref())
            .map(|headers| headers.iter().map(|(name, value)| (name, value.to_owned())).collect());
        Ok(Some(Call { headers: headers.unwrap_or_default(), open: ForkLock::new(Some(call)) }))
    });
    begun.flatten()
}

/// A request on its way.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
pub(crate) struct Call {
    headers: Vec<(&'static str, String)>,
    open: ForkLock<Option<HostCall>>,
}

#[pymethods]
impl Call {
    /// The headers to be set: names and values. `baggage` replaces the one that was given.
    #[getter]
    fn headers(&self) -> Vec<(&'static str, String)> {
        self.headers.clone()
    }

    /// It has ended; without a status if there was no answer. The first end counts.
    #[pyo3(signature = (status=None))]
    fn finish(&self, py: Python<'_>, status: Option<u16>) {
        let Some(mut call) = self.open.with(Option::take) else { return };
        entry(py, "the end of a request", || {
            call.finish(status);
            Ok(())
        });
    }
}
