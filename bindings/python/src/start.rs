//! Starting transactions and spans, and which one is active.

use std::ffi::CStr;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyTuple};
use watchpost_bindings::{HostTransaction, parse_value};
use watchpost_core as core;
use watchpost_core::{Map, SpanLink, SpanOptions};

use crate::active::{Active, Tokens};
use crate::convert::{Converter, Limits, text_of};
use crate::fast::{self, Arguments, Names};
use crate::pending::Pending;
use crate::session::{Session, entry};
use crate::span::{Span, wrap};
use crate::status::{read_source, read_status};
use crate::time;
use crate::transaction::transaction;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;
type Given<'a, 'py> = Option<Any<'a, 'py>>;

static TRANSACTION_NAMES: Names<12> = Names::new(
    [
        "transaction",
        "custom_sampling_context",
        "name",
        "op",
        "source",
        "description",
        "origin",
        "status",
        "start_timestamp",
        "attributes",
        "links",
        "sampled",
    ],
    2,
);
static SPAN_NAMES: Names<11> = Names::new(
    [
        "op",
        "name",
        "description",
        "origin",
        "status",
        "start_timestamp",
        "attributes",
        "links",
        "sampled",
        "source",
        "custom_sampling_context",
    ],
    3,
);

fast::entry! {
    /// Starts a transaction. It is not active before a `with` block makes it so, which also ends it.
    start_transaction => begin_transaction
}

fn begin_transaction(this: Any<'_, '_>, given: &Arguments<'_, '_>) -> PyResult<Py<PyAny>> {
    let (taken, other) = given.take(&TRANSACTION_NAMES)?;
    let py = this.py();
    let [
        first,
        custom,
        name,
        op,
        source,
        description,
        origin,
        status,
        start_timestamp,
        attributes,
        links,
        sampled,
    ] = taken.each_ref().map(Option::as_ref);
    let sampling = custom.and_then(|given| given.cast::<PyDict>().ok()).map(|given| given.clone().unbind());
    if let Some(span) = first.and_then(|given| given.cast::<Span>().ok()) {
        span.get().prepare(|pending| pending.sampling = sampling);
        span.get().core(py);
        return Ok(span.clone().into_any().unbind());
    }
    let name = some(name).or(some(first));
    let other = other.as_ref();
    let fields =
        SpanFields { op, name, description, origin, status, start_timestamp, attributes, links, other };
    let mut pending = entry(py, "start_transaction", || fields.pending(source)).unwrap_or_default();
    pending.given.sampled = some(sampled).and_then(|sampled| sampled.is_truthy().ok());
    pending.sampling = sampling;
    let span = entry(py, "start_transaction", || pending.start(py));
    let span = Span::started(span.unwrap_or_else(core::Span::disabled));
    Ok(transaction(py, span)?.into_any().unbind())
}

fast::entry! {
    /// Starts a span inside the active one, or a transaction where there is none.
    start_span => begin_span
}

fn begin_span(this: Any<'_, '_>, given: &Arguments<'_, '_>) -> PyResult<Py<PyAny>> {
    let py = this.py();
    let started = entry(py, "start_span", || {
        let active = Active::here(py)?;
        let parent = active.get().span();
        // Nothing is read of what nobody will see.
        if let Some(parent) = parent.filter(|parent| parent.sampled() != Some(true)) {
            return Ok((parent.start_child("", ""), false));
        }
        let (taken, other) = given.take(&SPAN_NAMES)?;
        let [
            op,
            name,
            description,
            origin,
            status,
            start_timestamp,
            attributes,
            links,
            sampled,
            source,
            custom,
        ] = taken.each_ref().map(Option::as_ref);
        let other = other.as_ref();
        let fields =
            SpanFields { op, name, description, origin, status, start_timestamp, attributes, links, other };
        if let Some(parent) = parent {
            return Ok((child(parent, &fields)?, false));
        }
        let mut pending = fields.pending(source)?;
        if pending.given.name.is_empty() {
            pending.given.name.clone_from(&pending.given.op);
        }
        pending.given.sampled = some(sampled).and_then(|sampled| sampled.is_truthy().ok());
        let sampling = custom.and_then(|given| given.cast::<PyDict>().ok());
        pending.sampling = sampling.map(|sampling| sampling.clone().unbind());
        Ok((pending.start(py)?, true))
    });
    let span = match started {
        Some((span, true)) => transaction(py, Span::started(span))?,
        Some((span, false)) => Bound::new(py, Span::started(span))?,
        None => Bound::new(py, Span::started(core::Span::disabled()))?,
    };
    Ok(span.into_any().unbind())
}

/// Adds the functions that are called most.
///
/// # Errors
/// When the interpreter has no memory left.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    fast::add_function(module, c"start_transaction", TRANSACTION_DOC, start_transaction)?;
    fast::add_function(module, c"start_span", SPAN_DOC, start_span)
}

const TRANSACTION_DOC: &CStr = c"start_transaction(transaction=None, custom_sampling_context=None, *, name=None, op=None, \
source=None, description=None, origin=None, status=None, sampled=None, start_timestamp=None, attributes=None, \
links=None, **other)\n--\n\n\
Starts a transaction. It is not active before a `with` block makes it so, which also ends it.\n\n\
Its first argument may be what `continue_trace` answered, or a name.";
const SPAN_DOC: &CStr = c"start_span(op=None, name=None, description=None, *, origin=None, status=None, \
start_timestamp=None, attributes=None, links=None, sampled=None, source=None, custom_sampling_context=None, **other)\n\
--\n\nStarts a span inside the active one, or a transaction where there is none. It is not active before a `with` \
block makes it so, which also ends it.";

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
                        session.host.client().start_new_trace(active.current());
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
///
/// # Errors
/// When one of them is none.
pub(crate) fn links(given: Given<'_, '_>) -> PyResult<Vec<SpanLink>> {
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
