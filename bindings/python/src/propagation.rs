//! Traces that come from other services, and go there.

use pyo3::prelude::*;
use pyo3::types::{PyAny, PyBytes, PyDict, PyIterator, PyString, PyTuple};
use watchpost_core::TraceHeaders;

use crate::active::Active;
use crate::convert::text_of;
use crate::once::intern;
use crate::session::{Session, entry};
use crate::span::Span;
use crate::start::SpanFields;
use crate::transaction::transaction;

type Given<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// The longest name of a header that has to do with traces, in a WSGI environment: `HTTP_SENTRY_TRACE`.
const LONGEST_NAME: usize = 17;

/// Continues the trace in these headers, for all that happens in this isolation scope; without one in there a new one
/// starts. Takes a mapping or pairs of names and values, or a WSGI environment.
///
/// What it answers can be given to `start_transaction`, or used as a `with` block.
#[pyfunction]
#[pyo3(signature = (environ_or_headers, op=None, name=None, source=None, origin=None))]
pub(crate) fn continue_trace<'py>(
    py: Python<'py>,
    environ_or_headers: &Bound<'py, PyAny>,
    op: Given<'_, 'py>,
    name: Given<'_, 'py>,
    source: Given<'_, 'py>,
    origin: Given<'_, 'py>,
) -> PyResult<Bound<'py, Span>> {
    let fields = SpanFields { op, name, origin, ..SpanFields::default() };
    let mut pending = entry(py, "continue_trace", || fields.pending(source)).unwrap_or_default();
    let trace = entry(py, "continue_trace", || {
        let session = Session::current();
        let Some(session) = session.as_ref() else { return Ok(None) };
        let headers = read(environ_or_headers)?;
        let active = Active::here(py)?;
        let isolation = active.get().isolation();
        session.host.client().continue_trace(headers.iter().map(|(name, value)| (name, value)), isolation);
        Ok(isolation.snapshot().propagation())
    });
    pending.given.parent = trace.flatten();
    transaction(py, Span::pending(pending))
}

/// The header `sentry-trace` that takes the trace along.
#[pyfunction]
pub(crate) fn get_traceparent(py: Python<'_>) -> Option<String> {
    headers(py, None, None).map(|headers| headers.sentry_trace)
}

/// The header `baggage` that takes along what is known about the trace.
#[pyfunction]
pub(crate) fn get_baggage(py: Python<'_>) -> Option<String> {
    headers(py, None, None).map(|headers| headers.baggage).filter(|baggage| !baggage.is_empty())
}

/// The headers that take the trace along, by name; for a request to `url` only where the option
/// `trace_propagation_targets` lets it. `baggage` is the header of that name which the request has already.
#[pyfunction]
#[pyo3(signature = (url=None, baggage=None))]
pub(crate) fn get_trace_headers<'py>(
    py: Python<'py>,
    url: Given<'_, 'py>,
    baggage: Given<'_, 'py>,
) -> PyResult<Bound<'py, PyDict>> {
    let found = PyDict::new(py);
    for (name, value) in headers(py, url, baggage).iter().flat_map(TraceHeaders::iter) {
        found.set_item(name, value)?;
    }
    Ok(found)
}

/// The same as `meta` elements, for the page that a browser continues the trace from.
#[pyfunction]
pub(crate) fn trace_propagation_meta(py: Python<'_>) -> String {
    let headers = headers(py, None, None);
    let elements = headers.iter().flat_map(TraceHeaders::iter).map(|(name, value)| {
        format!("<meta name=\"{name}\" content=\"{}\">", value.replace('&', "&amp;").replace('"', "&quot;"))
    });
    elements.collect()
}

fn headers(py: Python<'_>, url: Given<'_, '_>, baggage: Given<'_, '_>) -> Option<TraceHeaders> {
    let found = entry(py, "trace headers", || {
        let session = Session::current();
        let Some(session) = session.as_ref() else { return Ok(None) };
        let set = |given: Given<'_, '_>| given.filter(|given| !given.is_none()).map(text_of);
        let (url, baggage) = (set(url), set(baggage));
        let active = Active::here(py)?;
        Ok(session.host.trace_headers(url.as_deref(), baggage.as_deref(), active.get().scopes()))
    });
    found.flatten()
}

/// The headers that may have to do with traces.
fn read(given: &Bound<'_, PyAny>) -> PyResult<Vec<(String, String)>> {
    let mut found = Vec::new();
    let mut note = |name: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>| {
        let Some(name) = characters(name, LONGEST_NAME) else { return };
        let name = name.strip_prefix("HTTP_").map_or(name.as_str(), |name| name).replace('_', "-");
        if ["sentry-trace", "traceparent", "baggage", "sentry-baggage"]
            .iter()
            .any(|known| name.eq_ignore_ascii_case(known))
            && let Some(value) = characters(value, 64 * 1024)
        {
            let name = if name.eq_ignore_ascii_case("sentry-baggage") { "baggage".to_owned() } else { name };
            found.push((name, value));
        }
    };
    if let Ok(dict) = given.cast::<PyDict>() {
        dict.iter().for_each(|(name, value)| note(&name, &value));
        return Ok(found);
    }
    let pairs = match given.getattr_opt(intern!(given.py(), "items"))? {
        Some(items) => items.call0()?,
        None => given.clone(),
    };
    for pair in PyIterator::from_object(&pairs)? {
        if let Ok(pair) = pair?.cast::<PyTuple>()
            && pair.len() == 2
        {
            note(&pair.get_item(0)?, &pair.get_item(1)?);
        }
    }
    Ok(found)
}

/// The text of a header, which may be bytes, unless it is longer than that.
fn characters(object: &Bound<'_, PyAny>, limit: usize) -> Option<String> {
    if let Ok(text) = object.cast::<PyString>() {
        return (text.len().ok()? <= limit).then(|| crate::text::characters(text).into_owned());
    }
    let bytes = object.cast::<PyBytes>().ok()?.as_bytes();
    (bytes.len() <= limit).then(|| bytes.iter().map(|byte| char::from(*byte)).collect())
}
