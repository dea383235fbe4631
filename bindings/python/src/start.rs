//! Starting transactions and spans, and which one is active.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyTuple};
use watchpost_bindings::{HostTransaction, parse_value};
use watchpost_core as core;
use watchpost_core::{Map, SpanLink, SpanOptions};

use crate::active::{Active, Tokens};
use crate::convert::{Converter, Limits, text_of};
use crate::pending::Pending;
use crate::session::{Session, entry};
use crate::span::{Span, wrap};
use crate::status::{read_source, read_status};
use crate::time;
use crate::transaction::transaction;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;
type Given<'a, 'py> = Option<Any<'a, 'py>>;

/// Starts a transaction. It is not active before a `with` block makes it so, which also ends it.
///
/// Its first argument may be what `continue_trace` answered, or a name.
#[pyfunction]
#[pyo3(signature = (transaction=None, custom_sampling_context=None, *, name=None, op=None, source=None, description=None, origin=None, status=None, sampled=None, start_timestamp=None, attributes=None, links=None, **other))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python, read without a dictionary")]
pub(crate) fn start_transaction<'py>(
    py: Python<'py>,
    transaction: Given<'_, 'py>,
    custom_sampling_context: Given<'_, 'py>,
    name: Given<'_, 'py>,
    op: Given<'_, 'py>,
    source: Given<'_, 'py>,
    description: Given<'_, 'py>,
    origin: Given<'_, 'py>,
    status: Given<'_, 'py>,
    sampled: Option<bool>,
    start_timestamp: Given<'_, 'py>,
    attributes: Given<'_, 'py>,
    links: Given<'_, 'py>,
    other: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, Span>> {
    let sampling = custom_sampling_context.and_then(|given| given.cast::<PyDict>().ok());
    if let Some(span) = transaction.and_then(|given| given.cast::<Span>().ok()) {
        let sampling = sampling.map(|sampling| sampling.clone().unbind());
        span.get().prepare(|pending| pending.sampling = sampling);
        span.get().core(py);
        return Ok(span.clone());
    }
    let name = name.or(transaction).filter(|name| !name.is_none());
    let fields =
        SpanFields { op, name, description, origin, status, start_timestamp, attributes, links, other };
    let mut pending = entry(py, "start_transaction", || fields.pending(source)).unwrap_or_default();
    pending.given.sampled = sampled;
    pending.sampling = sampling.map(|sampling| sampling.clone().unbind());
    let span = entry(py, "start_transaction", || pending.start(py));
    crate::transaction::transaction(py, Span::started(span.unwrap_or_else(core::Span::disabled)))
}

/// Starts a span inside the active one, or a transaction where there is none. It is not active before a `with` block
/// makes it so, which also ends it.
#[pyfunction]
#[pyo3(signature = (op=None, name=None, description=None, *, origin=None, status=None, start_timestamp=None, attributes=None, links=None, sampled=None, source=None, custom_sampling_context=None, **other))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python, read without a dictionary")]
pub(crate) fn start_span<'py>(
    py: Python<'py>,
    op: Given<'_, 'py>,
    name: Given<'_, 'py>,
    description: Given<'_, 'py>,
    origin: Given<'_, 'py>,
    status: Given<'_, 'py>,
    start_timestamp: Given<'_, 'py>,
    attributes: Given<'_, 'py>,
    links: Given<'_, 'py>,
    sampled: Option<bool>,
    source: Given<'_, 'py>,
    custom_sampling_context: Given<'_, 'py>,
    other: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, Span>> {
    let fields =
        SpanFields { op, name, description, origin, status, start_timestamp, attributes, links, other };
    let started = entry(py, "start_span", || {
        let active = Active::here(py)?;
        if let Some(parent) = active.get().span() {
            return Ok((child(parent, &fields)?, false));
        }
        let mut pending = fields.pending(source)?;
        if pending.given.name.is_empty() {
            pending.given.name.clone_from(&pending.given.op);
        }
        pending.given.sampled = sampled;
        let sampling = custom_sampling_context.and_then(|given| given.cast::<PyDict>().ok());
        pending.sampling = sampling.map(|sampling| sampling.clone().unbind());
        Ok((pending.start(py)?, true))
    });
    match started {
        Some((span, false)) => Bound::new(py, Span::started(span)),
        Some((span, true)) => transaction(py, Span::started(span)),
        None => Bound::new(py, Span::started(core::Span::disabled())),
    }
}

/// Starts a span inside the active one; nothing where there is none.
#[pyfunction]
pub(crate) fn start_inner_span(
    py: Python<'_>,
    op: Any<'_, '_>,
    name: Any<'_, '_>,
    attributes: Any<'_, '_>,
) -> Option<Span> {
    let fields =
        SpanFields { op: Some(op), name: Some(name), attributes: Some(attributes), ..SpanFields::default() };
    let started = entry(py, "trace", || {
        let active = Active::here(py)?;
        active.get().span().map(|parent| child(parent, &fields)).transpose()
    });
    started.flatten().map(Span::started)
}

/// The active span, if there is one.
#[pyfunction]
#[pyo3(signature = (scope=None))]
pub(crate) fn get_current_span<'py>(
    py: Python<'py>,
    scope: Option<&Bound<'py, crate::scope::Scope>>,
) -> PyResult<Option<Bound<'py, Span>>> {
    let found = match scope {
        Some(scope) => scope.get().0.span().cloned(),
        None => entry(py, "get_current_span", || Ok(Active::here(py)?.get().span().cloned())).flatten(),
    };
    found.map(|span| wrap(py, span)).transpose()
}

/// A `with` block in which another span is the active one. It does not end that span.
#[pyfunction]
pub(crate) fn use_span(span: Bound<'_, Span>) -> SpanBlock {
    SpanBlock { span: Some(span.unbind()), tokens: Tokens::default() }
}

/// A `with` block in a trace of its own: no span of the caller is active in there.
#[pyfunction]
pub(crate) fn start_new_trace() -> SpanBlock {
    SpanBlock { span: None, tokens: Tokens::default() }
}

/// A `with` block in which another span, or none, is active.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
pub(crate) struct SpanBlock {
    /// None for a trace of its own.
    span: Option<Py<Span>>,
    tokens: Tokens,
}

#[pymethods]
impl SpanBlock {
    fn __enter__(&self, py: Python<'_>) -> Option<Py<Span>> {
        entry(py, "a span", || {
            let active = Active::here(py)?;
            let active = match &self.span {
                Some(span) => active.get().with_span(Some(span.get().core(py).clone())),
                None => {
                    let active = active.get().with_current_fork().with_span(None);
                    if let Some(session) = &*Session::current() {
                        session.host.client().start_new_trace(&active.current);
                    }
                    active
                }
            };
            self.tokens.push(Some(active.enter(py)?));
            Ok(())
        });
        self.span.as_ref().map(|span| span.clone_ref(py))
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        _ty: Any<'_, '_>,
        _value: Any<'_, '_>,
        _traceback: Any<'_, '_>,
    ) -> bool {
        entry(py, "a span", || self.tokens.leave(py));
        false
    }
}

/// What a span starts with, as Python says it.
#[derive(Debug, Default)]
pub(crate) struct SpanFields<'a, 'py> {
    pub(crate) op: Given<'a, 'py>,
    pub(crate) name: Given<'a, 'py>,
    pub(crate) description: Given<'a, 'py>,
    pub(crate) origin: Given<'a, 'py>,
    pub(crate) status: Given<'a, 'py>,
    pub(crate) start_timestamp: Given<'a, 'py>,
    pub(crate) attributes: Given<'a, 'py>,
    pub(crate) links: Given<'a, 'py>,
    pub(crate) other: Option<&'a Bound<'py, PyDict>>,
}

impl SpanFields<'_, '_> {
    /// As a transaction that has not started.
    ///
    /// # Errors
    /// When something in there cannot be used.
    pub(crate) fn pending(&self, source: Given<'_, '_>) -> PyResult<Pending> {
        self.complain();
        let owned = |given: Given<'_, '_>| given.map(|given| String::from(text_of(given).as_str()));
        let set = |given: Given<'_, '_>| owned(given.filter(|given| !given.is_none()));
        let source = some(source).map(read_source).transpose()?;
        let start = some(self.start_timestamp).map(time::read).transpose()?.flatten();
        let given = HostTransaction {
            name: set(some(self.name).or(self.description)).unwrap_or_default(),
            op: set(self.op).unwrap_or_default(),
            source: source.map(|source| source.as_str().to_owned()),
            origin: set(self.origin),
            start: start.map(core::Timestamp::seconds),
            attributes: self.attributes()?,
            links: links(self.links)?,
            ..HostTransaction::default()
        };
        let status = some(self.status).map(read_status).transpose()?;
        Ok(Pending { given, status, ..Pending::default() })
    }

    fn attributes(&self) -> PyResult<Map> {
        match some(self.attributes) {
            Some(attributes) => Ok(Converter::new(Limits::DATA).map(attributes.cast::<PyDict>()?)),
            None => Ok(Map::new()),
        }
    }

    fn complain(&self) {
        if let (Some(other), Some(session)) = (self.other, &*Session::current()) {
            let names: Vec<_> = other.keys().iter().map(|name| text_of(&name).to_string()).collect();
            session.say(|| format!("a span has no argument {}; it is ignored", names.join(", ")));
        }
    }
}

/// Starts a child. Nothing is read or copied unless it is recorded.
///
/// # Errors
/// When something in there cannot be used.
pub(crate) fn child(parent: &core::Span, fields: &SpanFields<'_, '_>) -> PyResult<core::Span> {
    if parent.sampled() != Some(true) {
        return Ok(parent.start_child("", ""));
    }
    fields.complain();
    let description = some(fields.name).or(some(fields.description)).map(text_of).unwrap_or_default();
    let op = some(fields.op).map(text_of).unwrap_or_default();
    let mut options = SpanOptions::new(op, description);
    if let Some(origin) = some(fields.origin) {
        options = options.origin(text_of(origin));
    }
    if let Some(start) = some(fields.start_timestamp).map(time::read).transpose()?.flatten() {
        options = options.started_at(start);
    }
    for (key, value) in fields.attributes()? {
        options = options.attribute(key, value);
    }
    options = links(fields.links)?.into_iter().fold(options, SpanOptions::link);
    let span = parent.start_child_with(options);
    if let Some(status) = some(fields.status) {
        span.set_status(read_status(status)?);
    }
    Ok(span)
}

/// A link: a span, or an object with its `trace_id` and `span_id`, perhaps `sampled` and `attributes`.
///
/// # Errors
/// When it is neither.
pub(crate) fn link(to: Any<'_, '_>, attributes: Given<'_, '_>) -> PyResult<SpanLink> {
    let mut link = if let Ok(span) = to.cast::<Span>() {
        SpanLink::to(span.get().core(to.py()))
    } else {
        let value = Converter::new(Limits::DATA).value(to);
        let wrong = |error: core::Error| pyo3::exceptions::PyValueError::new_err(error.to_string());
        parse_value::<SpanLink>("link", value).map_err(wrong)?
    };
    if let Some(attributes) = some(attributes) {
        for (key, value) in Converter::new(Limits::DATA).map(attributes.cast::<PyDict>()?) {
            link = link.attribute(key, value);
        }
    }
    Ok(link)
}

/// Links: each a span, an object, or one of these with attributes.
fn links(given: Given<'_, '_>) -> PyResult<Vec<SpanLink>> {
    let Some(given) = some(given) else { return Ok(Vec::new()) };
    let mut read = Vec::new();
    for item in PyIterator::from_object(given)? {
        let item = item?;
        read.push(match item.cast::<PyTuple>() {
            Ok(pair) if pair.len() == 2 => link(&pair.get_item(0)?, Some(&pair.get_item(1)?))?,
            _ => link(&item, None)?,
        });
    }
    Ok(read)
}

fn some<'a, 'py>(given: Given<'a, 'py>) -> Given<'a, 'py> {
    given.filter(|given| !given.is_none())
}
