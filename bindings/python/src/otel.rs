//! Spans of OpenTelemetry: what `watchpost.opentelemetry` stands on.
#![expect(clippy::too_many_arguments, reason = "read without an object in between")]

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use watchpost_bindings::{HostOtelEnd, HostOtelSpan, HostSpan};
use watchpost_core as core;

use crate::convert::{Converter, Limits};
use crate::pending::Pending;
use crate::session::{Session, entry};
use crate::span::{Span, wrap};
use crate::start::links;

/// Starts ours for a span of OpenTelemetry: a child of `parent`, or a transaction. Nothing without a client.
#[pyfunction]
pub(crate) fn start_otel_span<'py>(
    py: Python<'py>,
    parent: Option<&Bound<'py, Span>>,
    trace_id: String,
    span_id: String,
    parent_span_id: Option<String>,
    kind: u32,
    name: String,
    start: f64,
    attributes: &Bound<'py, PyDict>,
    headers: Vec<(String, String)>,
) -> Option<Bound<'py, Span>> {
    entry(py, "a span of OpenTelemetry", || {
        let session = Session::current();
        let Some(session) = session.as_ref() else { return Ok(None) };
        let attributes = Converter::new(Limits::DATA).map(attributes);
        let given =
            HostOtelSpan { trace_id, span_id, parent_span_id, kind, name, start, attributes, headers };
        let span = match parent {
            Some(parent) => {
                let parent = HostSpan::from_span(parent.get().core(py).clone());
                given.child_of(&parent).map_err(refused)?.span().clone()
            }
            None => {
                let given = given.into_transaction(&session.host).map_err(refused)?;
                Pending { given, ..Pending::default() }.start(py)?
            }
        };
        wrap(py, span).map(Some)
    })
    .flatten()
}

/// Ends ours as the span of OpenTelemetry has ended.
#[pyfunction]
pub(crate) fn end_otel_span(
    py: Python<'_>,
    span: &Bound<'_, Span>,
    kind: u32,
    name: String,
    status: u32,
    attributes: &Bound<'_, PyDict>,
    others: &Bound<'_, PyAny>,
    end: f64,
) {
    entry(py, "a span of OpenTelemetry", || {
        let ours = HostSpan::from_span(span.get().core(py).clone());
        if ours.span().is_recording() {
            let (attributes, links) =
                (Converter::new(Limits::DATA).map(attributes), links(Some(others)).unwrap_or_default());
            ours.describe_otel(HostOtelEnd { kind, name, status, attributes, links });
        }
        span.get().end(py, core::Timestamp::from_seconds(end));
        Ok(())
    });
}

/// The headers that take the trace along with this span as the parent; `baggage` is what goes along already.
#[pyfunction]
pub(crate) fn otel_headers(
    py: Python<'_>,
    span: &Bound<'_, Span>,
    baggage: Option<&str>,
) -> Vec<(&'static str, String)> {
    let found = entry(py, "trace headers", || {
        let span = span.get().core(py);
        let headers = match &*Session::current() {
            Some(session) => session.host.client().headers_of(span, baggage),
            None => span.headers(baggage),
        };
        Ok(headers.iter().map(|(name, value)| (name, value.to_owned())).collect())
    });
    found.unwrap_or_default()
}

/// Trace, span and decision of a `sentry-trace`.
#[pyfunction]
pub(crate) fn otel_remote(header: &str) -> Option<(String, String, bool)> {
    let remote = core::OtelRemote::parse(header)?;
    Some((remote.trace_id.to_string(), remote.span_id.to_string(), remote.sampled))
}

fn refused(error: core::Error) -> PyErr {
    PyValueError::new_err(error.to_string())
}
