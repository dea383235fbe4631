//! The functions of the module that change the scopes that are active here.

use std::ffi::CStr;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use watchpost_bindings::global_scope;
use watchpost_core::SharedScope;

use crate::active::Active;
use crate::attachment;
use crate::convert::{Converter, Limits, optional_text, text_of};
use crate::fast::{self, Arguments};
use crate::note::note_breadcrumb;
use crate::scope::Scope;
use crate::session::entry;
use crate::setters::{self, CRUMB_NAMES, CrumbFields, TAG_NAMES};

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

fast::entry! {
    /// Adds a breadcrumb to the isolation scope.
    add_breadcrumb => crumb
}

fn crumb(this: Any<'_, '_>, given: &Arguments<'_, '_>) -> PyResult<Py<PyAny>> {
    let (taken, other) = given.take(&CRUMB_NAMES)?;
    let py = this.py();
    entry(py, "add_breadcrumb", || {
        let [crumb, hint, ..] = &taken;
        let fields = CrumbFields::of(&taken, other.as_ref());
        let active = Active::here(py)?;
        note_breadcrumb(active.get().isolation(), crumb.as_ref(), hint.as_ref(), &fields)
    });
    Ok(py.None())
}

fast::entry! {
    /// Sets a tag on the isolation scope; `None` removes it.
    set_tag => tag
}

fn tag(this: Any<'_, '_>, given: &Arguments<'_, '_>) -> PyResult<Py<PyAny>> {
    let [key, value] = given.take_all(&TAG_NAMES)?;
    isolation(this.py(), "set_tag", |scope| setters::tag(scope, &key, &value));
    Ok(this.py().None())
}

/// Adds the functions that are called most.
///
/// # Errors
/// When the interpreter has no memory left.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    fast::add_function(module, c"add_breadcrumb", CRUMB_DOC, add_breadcrumb)?;
    fast::add_function(module, c"set_tag", TAG_DOC, set_tag)
}

const CRUMB_DOC: &CStr = c"add_breadcrumb(crumb=None, hint=None, *, message=None, category=None, type=None, \
level=None, data=None, timestamp=None, origin=None, **other)\n--\n\nAdds a breadcrumb to the isolation scope.";
const TAG_DOC: &CStr = c"set_tag(key, value)\n--\n\nSets a tag on the isolation scope; `None` removes it.";

/// Sets tags on the isolation scope.
#[pyfunction]
pub(crate) fn set_tags(py: Python<'_>, tags: Any<'_, '_>) {
    isolation(py, "set_tags", |scope| setters::each(tags, |key, value| setters::tag(scope, key, value)));
}

/// Sets an extra value on the isolation scope.
#[pyfunction]
pub(crate) fn set_extra(py: Python<'_>, key: Any<'_, '_>, value: Any<'_, '_>) {
    isolation(py, "set_extra", |scope| setters::extra(scope, key, value));
}

/// Replaces a context of the isolation scope; `None` removes it.
#[pyfunction]
pub(crate) fn set_context(py: Python<'_>, key: Any<'_, '_>, value: Any<'_, '_>) {
    isolation(py, "set_context", |scope| setters::context(scope, key, value));
}

/// Replaces the user of the isolation scope; `None` forgets it.
#[pyfunction]
pub(crate) fn set_user(py: Python<'_>, value: Any<'_, '_>) {
    isolation(py, "set_user", |scope| setters::user(scope, value));
}

/// Overrides the level of events on the isolation scope; `None` takes it back.
#[pyfunction]
pub(crate) fn set_level(py: Python<'_>, value: Any<'_, '_>) {
    isolation(py, "set_level", |scope| setters::level(scope, value));
}

/// Overrides the grouping of events on the isolation scope.
#[pyfunction]
pub(crate) fn set_fingerprint(py: Python<'_>, fingerprint: Any<'_, '_>) {
    isolation(py, "set_fingerprint", |scope| setters::fingerprint(scope, fingerprint));
}

/// Names the route or task on the isolation scope, and the active transaction.
#[pyfunction]
#[pyo3(signature = (name, source=None))]
pub(crate) fn set_transaction_name(py: Python<'_>, name: Any<'_, '_>, source: Option<Any<'_, '_>>) {
    entry(py, "set_transaction_name", || {
        let active = Active::here(py)?;
        setters::transaction(active.get().isolation(), active.get().span(), name, source)
    });
}

/// Removes a tag from the isolation scope.
#[pyfunction]
pub(crate) fn remove_tag(py: Python<'_>, key: Any<'_, '_>) {
    isolation(py, "remove_tag", |scope| setters::tag(scope, key, &py.None().into_bound(py)));
}

/// Sets an attribute of logs, metrics and streamed spans on the isolation scope.
#[pyfunction]
pub(crate) fn set_attribute(py: Python<'_>, attribute: Any<'_, '_>, value: Any<'_, '_>) {
    isolation(py, "set_attribute", |scope| setters::attribute(scope, attribute, value));
}

/// Sets attributes on the isolation scope.
#[pyfunction]
pub(crate) fn set_attributes(py: Python<'_>, attributes: Any<'_, '_>) {
    isolation(py, "set_attributes", |scope| {
        setters::each(attributes, |name, value| setters::attribute(scope, name, value))
    });
}

/// Removes an attribute from the isolation scope.
#[pyfunction]
pub(crate) fn remove_attribute(py: Python<'_>, attribute: Any<'_, '_>) {
    isolation(py, "remove_attribute", |scope| setters::remove_attribute(scope, attribute));
}

/// Notes that a feature flag was asked for, for the events of the isolation scope.
#[pyfunction]
pub(crate) fn add_feature_flag(py: Python<'_>, flag: Any<'_, '_>, result: Any<'_, '_>) {
    isolation(py, "add_feature_flag", |scope| setters::flag(scope, flag, result));
}

/// Adds a file that goes with every event of the isolation scope: by its path, or as bytes with a name.
#[pyfunction]
#[pyo3(signature = (bytes=None, filename=None, path=None, content_type=None, add_to_transactions=false, *, attachment_type=None))]
pub(crate) fn add_attachment(
    py: Python<'_>,
    bytes: Option<Any<'_, '_>>,
    filename: Option<Any<'_, '_>>,
    path: Option<Any<'_, '_>>,
    content_type: Option<Any<'_, '_>>,
    add_to_transactions: bool,
    attachment_type: Option<Any<'_, '_>>,
) {
    let fields =
        attachment::Fields { bytes, filename, path, content_type, attachment_type, add_to_transactions };
    isolation(py, "add_attachment", |scope| {
        attachment::add(py, scope, &fields);
        Ok(())
    });
}

/// Adds a function that sees every event of the process, and changes or drops it.
#[pyfunction]
pub(crate) fn add_global_event_processor(py: Python<'_>, processor: Any<'_, '_>) {
    entry(py, "add_global_event_processor", || setters::processor(global_scope(), processor));
}

/// Adds a measured number to the active transaction; units are named, like `millisecond`.
#[pyfunction]
#[pyo3(signature = (name, value, unit=None))]
pub(crate) fn set_measurement(
    py: Python<'_>,
    name: Any<'_, '_>,
    value: Any<'_, '_>,
    unit: Option<Any<'_, '_>>,
) {
    entry(py, "set_measurement", || {
        if let Some(span) = Active::here(py)?.get().span() {
            let unit = unit.and_then(optional_text).unwrap_or_default();
            span.set_measurement(text_of(name), value.extract::<f64>()?, unit);
        }
        Ok(())
    });
}

/// Changes the active span.
#[pyfunction]
#[pyo3(signature = (op=None, name=None, attributes=None, data=None))]
pub(crate) fn update_current_span(
    py: Python<'_>,
    op: Option<Any<'_, '_>>,
    name: Option<Any<'_, '_>>,
    attributes: Option<Any<'_, '_>>,
    data: Option<Any<'_, '_>>,
) {
    entry(py, "update_current_span", || {
        let active = Active::here(py)?;
        let Some(span) = active.get().span().filter(|span| span.is_recording()) else { return Ok(()) };
        if let Some(op) = op.and_then(optional_text) {
            span.set_op(op);
        }
        if let Some(name) = name.and_then(optional_text) {
            span.set_name(name);
        }
        for fields in [attributes, data].into_iter().flatten().filter(|fields| !fields.is_none()) {
            for (key, value) in Converter::new(Limits::DATA).map(fields.cast::<PyDict>()?) {
                span.set_data(key, value);
            }
        }
        Ok(())
    });
}

/// The scope of this block of code.
#[pyfunction]
pub(crate) fn get_current_scope(py: Python<'_>) -> Scope {
    Scope(
        entry(py, "get_current_scope", || Ok(Active::here(py)?.get().current().clone())).unwrap_or_default(),
    )
}

/// The scope of this request, task or thread.
#[pyfunction]
pub(crate) fn get_isolation_scope(py: Python<'_>) -> Scope {
    Scope(
        entry(py, "get_isolation_scope", || Ok(Active::here(py)?.get().isolation().clone()))
            .unwrap_or_default(),
    )
}

/// The scope of the process.
#[pyfunction]
pub(crate) fn get_global_scope() -> Scope {
    Scope(global_scope().clone())
}

/// The id of the last event that was captured in this isolation scope.
#[pyfunction]
pub(crate) fn last_event_id(py: Python<'_>) -> Option<String> {
    let last = entry(py, "last_event_id", || Ok(Active::here(py)?.get().recent().event()));
    last.flatten().map(|id| id.to_string())
}

fn isolation(py: Python<'_>, name: &str, change: impl FnOnce(&SharedScope) -> PyResult<()>) {
    entry(py, name, || change(Active::here(py)?.get().isolation()));
}
