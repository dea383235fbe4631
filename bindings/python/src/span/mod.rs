//! Transactions and spans as Python objects.

mod fast;
mod handle;

use std::sync::OnceLock;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList};
use watchpost_core as core;
use watchpost_core::{ForkLock, SpanStatus};

use crate::active::{Active, Tokens};
use crate::convert::{Converter, Limits, optional_text, text_of, to_python};
use crate::pending::Pending;
use crate::session::entry;
use crate::setters;
use crate::start::{self, SpanFields};
use crate::status::read_status;
use crate::time::{self, Time};
use crate::transaction::{Transaction, transaction};

pub(crate) use self::fast::hasten;
pub(crate) use self::handle::wrap;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// A part of a trace: a `with` block makes it the active span and ends it.
///
/// One that is not sampled knows its ids and nothing else: its setters do nothing.
#[pyclass(frozen, subclass, module = "watchpost", weakref)]
#[derive(Debug)]
pub(crate) struct Span {
    core: OnceLock<core::Span>,
    /// What it starts with, if it has not started.
    pending: ForkLock<Option<Box<Pending>>>,
    tokens: Tokens,
}

#[pymethods]
impl Span {
    fn __enter__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        let (py, this) = (slf.py(), slf.get());
        entry(py, "a span", || {
            let span = this.core(py);
            let active = Active::here(py)?;
            let is_active = active.get().current().span_slot().is_some_and(|active| active.is_same(span));
            this.tokens.push(match is_active {
                true => None,
                false => Some(active.get().with_span(Some(span.clone())).enter(py)?),
            });
            Ok(())
        });
        slf.clone()
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        _ty: Any<'_, '_>,
        value: Any<'_, '_>,
        _traceback: Any<'_, '_>,
    ) -> bool {
        self.exit(py, Some(value));
        false
    }

    /// Starts a span inside this one. It is not active before a `with` block makes it so.
    #[pyo3(signature = (op=None, name=None, description=None, *, origin=None, status=None, start_timestamp=None, attributes=None, links=None, **other))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python, read without a dictionary")]
    fn start_child(
        &self,
        py: Python<'_>,
        op: Option<Any<'_, '_>>,
        name: Option<Any<'_, '_>>,
        description: Option<Any<'_, '_>>,
        origin: Option<Any<'_, '_>>,
        status: Option<Any<'_, '_>>,
        start_timestamp: Option<Any<'_, '_>>,
        attributes: Option<Any<'_, '_>>,
        links: Option<Any<'_, '_>>,
        other: Option<&Bound<'_, PyDict>>,
    ) -> Self {
        let fields =
            SpanFields { op, name, description, origin, status, start_timestamp, attributes, links, other };
        let child = entry(py, "start_child", || start::child(self.core(py), &fields));
        Self::started(child.unwrap_or_else(core::Span::disabled))
    }

    /// Ends it, now or at another time than now. Only the first call counts.
    #[pyo3(signature = (scope=None, end_timestamp=None))]
    fn finish(&self, py: Python<'_>, scope: Option<Any<'_, '_>>, end_timestamp: Option<Any<'_, '_>>) {
        let _ = scope;
        entry(py, "finish", || {
            let end = end_timestamp.map(time::read).transpose()?.flatten();
            self.end(py, end);
            Ok(())
        });
    }

    /// Sets a tag.
    fn set_tag(&self, py: Python<'_>, key: Any<'_, '_>, value: Any<'_, '_>) {
        self.edit_named(py, "set_tag", || {
            let (key, value) = (text_of(key), text_of(value));
            Ok(move |span: &core::Span| span.set_tag(key, value))
        });
    }

    /// Sets an attribute.
    fn set_data(&self, py: Python<'_>, key: Any<'_, '_>, value: Any<'_, '_>) {
        self.edit_named(py, "set_data", || {
            let (key, value) = (text_of(key), Converter::new(Limits::DATA).value(value));
            Ok(move |span: &core::Span| span.set_data(key, value))
        });
    }

    /// Sets an attribute.
    fn set_attribute(&self, py: Python<'_>, key: Any<'_, '_>, value: Any<'_, '_>) {
        self.set_data(py, key, value);
    }

    /// Notes that a feature flag was asked for.
    fn set_flag(&self, py: Python<'_>, flag: Any<'_, '_>, result: Any<'_, '_>) {
        self.edit_named(py, "set_flag", || {
            let (key, result) = (format!("flag.evaluation.{}", text_of(flag)), result.is_truthy()?);
            Ok(move |span: &core::Span| span.set_data(key, result))
        });
    }

    /// Sets attributes.
    fn update_data(&self, py: Python<'_>, data: Any<'_, '_>) {
        if self.listens() {
            entry(py, "update_data", || {
                setters::each(data, |key, value| {
                    self.set_data(py, key, value);
                    Ok(())
                })
            });
        }
    }

    /// Sets attributes.
    fn set_attributes(&self, py: Python<'_>, attributes: Any<'_, '_>) {
        self.update_data(py, attributes);
    }

    /// Says how the work ended: `ok`, `not_found`, `internal_error` ...
    fn set_status(&self, py: Python<'_>, status: Any<'_, '_>) {
        self.edit_named(py, "set_status", || {
            let status = read_status(status)?;
            Ok(move |span: &core::Span| span.set_status(status))
        });
    }

    /// Says with which HTTP status the work ended.
    fn set_http_status(&self, py: Python<'_>, http_status: Any<'_, '_>) {
        self.edit_named(py, "set_http_status", || {
            let code: u16 = http_status.extract()?;
            Ok(move |span: &core::Span| span.set_http_status(code))
        });
    }

    /// Adds a measured number to the transaction that it belongs to; units are named, like `millisecond`.
    #[pyo3(signature = (name, value, unit=None))]
    fn set_measurement(
        &self,
        py: Python<'_>,
        name: Any<'_, '_>,
        value: Any<'_, '_>,
        unit: Option<Any<'_, '_>>,
    ) {
        self.edit_named(py, "set_measurement", || {
            let (name, value) = (text_of(name), value.extract::<f64>()?);
            let unit = unit.and_then(optional_text).unwrap_or_default();
            Ok(move |span: &core::Span| span.set_measurement(name, value, unit))
        });
    }

    /// Renames it: a transaction's name, or a child's description.
    fn set_name(&self, py: Python<'_>, name: Any<'_, '_>) {
        self.edit_named(py, "set_name", || {
            let name = text_of(name);
            Ok(move |span: &core::Span| span.set_name(name))
        });
    }

    /// Ties it to another span that is not its parent, of whatever trace: a span, or its `trace_id` and `span_id`.
    #[pyo3(signature = (span, attributes=None))]
    fn add_link(&self, py: Python<'_>, span: Any<'_, '_>, attributes: Option<Any<'_, '_>>) {
        self.edit_named(py, "add_link", || {
            let link = start::link(span, attributes)?;
            Ok(move |span: &core::Span| span.add_link(link))
        });
    }

    /// True if what is set on it is sent: it is worth collecting.
    fn is_recording(&self, py: Python<'_>) -> bool {
        self.core(py).is_recording()
    }

    /// True if its status stands for success.
    fn is_success(&self, py: Python<'_>) -> bool {
        self.core(py).status().is_some_and(SpanStatus::is_ok)
    }

    /// The header `sentry-trace` for whoever continues the trace, this span being the parent there.
    fn to_traceparent(&self, py: Python<'_>) -> String {
        self.core(py).headers(None).sentry_trace
    }

    /// The header `baggage`.
    pub(crate) fn to_baggage(&self, py: Python<'_>) -> Option<String> {
        Some(self.headers(py).baggage).filter(|baggage| !baggage.is_empty())
    }

    /// Name and value of each header that takes the trace along.
    pub(crate) fn iter_headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        let pairs = PyList::empty(py);
        for pair in self.headers(py).iter() {
            pairs.append(pair)?;
        }
        pairs.as_any().try_iter()
    }

    /// What events that are captured inside of it say about it.
    fn get_trace_context<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        to_python(py, &core::Value::Object(self.core(py).trace_context()))
    }

    #[getter]
    fn trace_id(&self, py: Python<'_>) -> String {
        self.core(py).trace_id().to_string()
    }

    #[getter]
    fn span_id(&self, py: Python<'_>) -> String {
        self.core(py).span_id().to_string()
    }

    #[getter]
    fn parent_span_id(&self, py: Python<'_>) -> Option<String> {
        self.core(py).parent_span_id().map(|id| id.to_string())
    }

    #[getter]
    fn sampled(&self, py: Python<'_>) -> Option<bool> {
        self.core(py).sampled()
    }

    #[getter]
    fn op(&self, py: Python<'_>) -> Option<String> {
        self.core(py).op().map(|text| text.to_string())
    }

    #[setter]
    fn set_op(&self, py: Python<'_>, op: Any<'_, '_>) {
        self.edit_named(py, "op", || {
            let op = text_of(op);
            Ok(move |span: &core::Span| span.set_op(op))
        });
    }

    #[getter]
    fn description(&self, py: Python<'_>) -> Option<String> {
        self.core(py).description().map(|text| text.to_string())
    }

    #[setter]
    fn set_description(&self, py: Python<'_>, description: Any<'_, '_>) {
        self.edit_named(py, "description", || {
            let description = text_of(description);
            Ok(move |span: &core::Span| span.set_description(description))
        });
    }

    /// The transaction's name, or the child's description.
    #[getter]
    fn name(&self, py: Python<'_>) -> Option<String> {
        let span = self.core(py);
        if span.is_transaction() {
            return Some(span.transaction_name().to_string());
        }
        span.description().map(|text| text.to_string())
    }

    #[setter(name)]
    fn assign_name(&self, py: Python<'_>, name: Any<'_, '_>) {
        self.set_name(py, name);
    }

    #[getter]
    fn origin(&self, py: Python<'_>) -> Option<String> {
        self.core(py).origin().map(|text| text.to_string())
    }

    #[setter]
    fn set_origin(&self, py: Python<'_>, origin: Any<'_, '_>) {
        self.edit_named(py, "origin", || {
            let origin = text_of(origin);
            Ok(move |span: &core::Span| span.set_origin(origin))
        });
    }

    #[getter]
    fn status(&self, py: Python<'_>) -> Option<&'static str> {
        self.core(py).status().map(SpanStatus::as_str)
    }

    #[setter(status)]
    fn assign_status(&self, py: Python<'_>, status: Any<'_, '_>) {
        self.set_status(py, status);
    }

    /// When it began; nothing if it is not recorded.
    #[getter]
    fn start_timestamp(&self, py: Python<'_>) -> Option<Time> {
        self.core(py).start_timestamp().map(Time)
    }

    /// When it ended.
    #[getter]
    fn timestamp(&self, py: Python<'_>) -> Option<Time> {
        self.core(py).timestamp().map(Time)
    }

    /// The transaction that it belongs to.
    #[getter]
    fn containing_transaction<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, Self>>> {
        let py = slf.py();
        if slf.as_any().is_instance_of::<Transaction>() {
            return Ok(Some(slf.clone()));
        }
        let root = slf.get().core(py).transaction();
        root.map(|root| transaction(py, Self::started(root))).transpose()
    }

    fn __eq__(&self, py: Python<'_>, other: Any<'_, '_>) -> bool {
        other.cast::<Self>().is_ok_and(|other| self.core(py).is_same(other.get().core(py)))
    }

    fn __hash__(&self, py: Python<'_>) -> u64 {
        u64::from_be_bytes(*self.core(py).span_id().as_bytes())
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let span = self.core(py);
        let name = self.name(py).unwrap_or_default();
        let op = span.op().unwrap_or_default();
        format!("<Span(op={op:?}, name={name:?}, trace_id={}, span_id={})>", span.trace_id(), span.span_id())
    }
}
