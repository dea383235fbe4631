//! Functions of the application that see events and breadcrumbs.

use std::sync::Arc;

use crate::once::intern;
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde::Serialize;
use serde::de::DeserializeOwned;
use watchpost_bindings::parse_value;
use watchpost_core::{
    Breadcrumb, BreadcrumbHook, Event, EventHook, Hint, HookFailure, HookOutcome, Map, Value,
};

use crate::convert::{Converter, Limits, map_to_python};
use crate::repr::swallow;

/// What a hook finds in its second argument.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Becomes `exc_info` and `original_exception`.
    pub(crate) error: Option<Py<PyBaseException>>,
    /// The traceback that was given beside it.
    pub(crate) traceback: Option<Py<PyAny>>,
    /// What the application passed as `hint`.
    pub(crate) given: Option<Py<PyDict>>,
}

impl Seen {
    /// The core's form, from which the hooks take it back.
    pub(crate) fn into_hint(self) -> Hint {
        Hint::with_original(self)
    }
}

/// The core's form of `before_send` or an event processor: `(event: dict, hint: dict) -> dict | None`.
pub(crate) fn event_hook(function: Py<PyAny>) -> EventHook {
    Arc::new(move |event: Event, hint: &Hint| through_python("event", &function, &event, hint))
}

/// The core's form of `before_breadcrumb`: `(crumb: dict, hint: dict) -> dict | None`.
pub(crate) fn breadcrumb_hook(function: Py<PyAny>) -> BreadcrumbHook {
    Arc::new(move |crumb: Breadcrumb, hint: &Hint| through_python("breadcrumb", &function, &crumb, hint))
}

/// The core's form of a hook for what has no hint of its own: `(item: dict, hint: dict) -> dict | None`.
pub(crate) fn plain_hook<T: Serialize + DeserializeOwned + 'static>(
    name: &'static str,
    function: Py<PyAny>,
) -> Arc<dyn Fn(T) -> HookOutcome<T> + Send + Sync> {
    Arc::new(move |item: T| through_python(name, &function, &item, &Hint::default()))
}

fn through_python<T: Serialize + DeserializeOwned>(
    name: &'static str,
    function: &Py<PyAny>,
    item: &T,
    hint: &Hint,
) -> HookOutcome<T> {
    let Ok(Value::Object(map)) = serde_json::to_value(item) else {
        return Err(HookFailure::new(format!("the {name} is no object")));
    };
    Python::attach(|py| {
        let answer = arguments(py, &map, hint).and_then(|given| function.call1(py, given));
        let answer = answer.map_err(|error| {
            // Before the interrupt is pending again: it would fail the `str` of the error.
            let failure = HookFailure::new(format!("it raised {error}"));
            swallow(py, &error);
            failure
        })?;
        let answer = answer.into_bound(py);
        if answer.is_none() {
            return Ok(None);
        }
        let Ok(dict) = answer.cast::<PyDict>() else {
            let ty = answer.get_type();
            return Err(HookFailure::new(format!("it answered with {ty} instead of a dict or None")));
        };
        let value = Value::Object(Converter::new(Limits::EVENT).map(dict));
        let wrong =
            |error| HookFailure::new(format!("it answered with something else than a {name}: {error}"));
        parse_value(name, value).map(Some).map_err(wrong)
    })
}

/// What a hook is called with: the item and the hint.
///
/// # Errors
/// When the interpreter has no memory left.
pub(crate) fn arguments<'py>(
    py: Python<'py>,
    item: &Map,
    hint: &Hint,
) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
    let hints = PyDict::new(py);
    if let Some(seen) = hint.original::<Seen>() {
        if let Some(given) = &seen.given {
            hints.update(given.bind(py).as_mapping())?;
        }
        if let Some(error) = &seen.error {
            let error = error.bind(py);
            let traceback = match &seen.traceback {
                Some(traceback) => traceback.bind(py).clone(),
                None => error.getattr(intern!(py, "__traceback__"))?,
            };
            hints.set_item(intern!(py, "exc_info"), (error.get_type(), error, traceback))?;
            hints.set_item(intern!(py, "original_exception"), error)?;
        }
    }
    Ok((map_to_python(py, item)?, hints))
}
