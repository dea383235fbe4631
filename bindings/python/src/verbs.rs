//! The functions of the module that change the scopes that are active here.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use watchpost_bindings::global_scope;
use watchpost_core::SharedScope;

use crate::active::Active;
use crate::scope::{self, Scope, ScopeBlock};
use crate::session::entry;
use crate::setters::{self, CrumbFields};

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// Adds a breadcrumb to the isolation scope.
#[pyfunction]
#[pyo3(signature = (crumb=None, hint=None, *, message=None, category=None, r#type=None, level=None, data=None, timestamp=None, origin=None, **other))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python, read without a dictionary")]
pub(crate) fn add_breadcrumb(
    py: Python<'_>,
    crumb: Option<Any<'_, '_>>,
    hint: Option<Any<'_, '_>>,
    message: Option<Any<'_, '_>>,
    category: Option<Any<'_, '_>>,
    r#type: Option<Any<'_, '_>>,
    level: Option<Any<'_, '_>>,
    data: Option<Any<'_, '_>>,
    timestamp: Option<Any<'_, '_>>,
    origin: Option<Any<'_, '_>>,
    other: Option<&Bound<'_, PyDict>>,
) {
    let fields = CrumbFields { message, category, ty: r#type, level, data, timestamp, origin, other };
    if let Some(active) = entry(py, "add_breadcrumb", || Active::here(py)) {
        scope::add_breadcrumb(py, &active.get().isolation, crumb, hint, &fields);
    }
}

/// Sets a tag on the isolation scope; `None` removes it.
#[pyfunction]
pub(crate) fn set_tag(py: Python<'_>, key: Any<'_, '_>, value: Any<'_, '_>) {
    isolation(py, "set_tag", |scope| setters::tag(scope, key, value));
}

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
pub(crate) fn set_user(py: Python<'_>, user: Any<'_, '_>) {
    isolation(py, "set_user", |scope| setters::user(scope, user));
}

/// Overrides the level of events on the isolation scope; `None` takes it back.
#[pyfunction]
pub(crate) fn set_level(py: Python<'_>, level: Any<'_, '_>) {
    isolation(py, "set_level", |scope| setters::level(scope, level));
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
        setters::transaction(&active.get().isolation, active.get().span(), name, source)
    });
}

/// A `with` block with a fork of the current scope.
#[pyfunction]
pub(crate) fn new_scope() -> ScopeBlock {
    ScopeBlock::new(false)
}

/// A `with` block with forks of the isolation and the current scope: one per request, job or user.
#[pyfunction]
pub(crate) fn isolation_scope() -> ScopeBlock {
    ScopeBlock::new(true)
}

/// The scope of this block of code.
#[pyfunction]
pub(crate) fn get_current_scope(py: Python<'_>) -> Scope {
    Scope(entry(py, "get_current_scope", || Ok(Active::here(py)?.get().current.clone())).unwrap_or_default())
}

/// The scope of this request, task or thread.
#[pyfunction]
pub(crate) fn get_isolation_scope(py: Python<'_>) -> Scope {
    Scope(
        entry(py, "get_isolation_scope", || Ok(Active::here(py)?.get().isolation.clone()))
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
    let last = entry(py, "last_event_id", || Ok(Active::here(py)?.get().last_event.with(|last| *last)));
    last.flatten().map(|id| id.to_string())
}

fn isolation(py: Python<'_>, name: &str, change: impl FnOnce(&SharedScope) -> PyResult<()>) {
    entry(py, name, || change(&Active::here(py)?.get().isolation));
}
