//! Functions of the application that see events and breadcrumbs.

use std::sync::Arc;

use crate::once::intern;
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};
use serde::Serialize;
use serde::de::DeserializeOwned;
use watchpost_bindings::parse_value;
use watchpost_core::{
    Breadcrumb, BreadcrumbHook, CheckInHook, Event, EventHook, Hint, HookFailure, HookOutcome, Map, Value,
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
    Arc::new(move |event: Event, hint: &Hint| {
        let call = |py: Python<'_>, item: Bound<'_, PyDict>| function.call1(py, (item, hints(py, hint)?));
        through_python("event", &event.into_hook_form(), |_| {}, call)
    })
}

/// The core's form of `before_breadcrumb`: `(crumb: dict, hint: dict) -> dict | None`.
pub(crate) fn breadcrumb_hook(function: Py<PyAny>) -> BreadcrumbHook {
    Arc::new(move |crumb: Breadcrumb, hint: &Hint| {
        through_python("breadcrumb", &crumb, |_| {}, |py, item| function.call1(py, (item, hints(py, hint)?)))
    })
}

/// The core's form of an error processor: `(event: dict, exc_info) -> dict | None`, which sees only events that were made
/// from an exception, of this class if there is one.
pub(crate) fn error_hook(function: Py<PyAny>, class: Option<Py<PyType>>) -> EventHook {
    Arc::new(move |event: Event, hint: &Hint| {
        let wanted = Python::attach(|py| {
            let error = hint.original::<Seen>()?.error.as_ref()?.bind(py);
            let fits = class.as_ref().is_none_or(|class| error.is_instance(class.bind(py)).unwrap_or(false));
            fits.then_some(())
        });
        if wanted.is_none() {
            return Ok(Some(event));
        }
        let call = |py: Python<'_>, item: Bound<'_, PyDict>| {
            let info = hints(py, hint)?.get_item(intern!(py, "exc_info"))?;
            function.call1(py, (item, info))
        };
        through_python("event", &event.into_hook_form(), |_| {}, call)
    })
}

/// The core's form of a hook for an item with attributes: `(item: dict, hint: dict) -> dict | None`. Attributes without a
/// unit are plain values in there.
pub(crate) fn attributes_hook<T: Serialize + DeserializeOwned + 'static>(
    name: &'static str,
    function: Py<PyAny>,
) -> Arc<dyn Fn(T) -> HookOutcome<T> + Send + Sync> {
    Arc::new(move |item: T| {
        through_python(name, &item, plain_attributes, |py, item| function.call1(py, (item, PyDict::new(py))))
    })
}

/// The core's form of `before_send_check_in`: `(check_in: dict, hint: dict) -> dict | None`.
pub(crate) fn check_in_hook(function: Py<PyAny>) -> CheckInHook {
    Arc::new(move |item| {
        through_python("check-in", &item, |_| {}, |py, item| function.call1(py, (item, PyDict::new(py))))
    })
}

/// Leaves the value of an attribute alone where its type says nothing more.
fn plain_attributes(item: &mut Map) {
    let Some(Value::Object(attributes)) = item.get_mut("attributes") else { return };
    for attribute in attributes.values_mut() {
        let Value::Object(typed) = attribute else { continue };
        typed.shift_remove("type");
        if typed.len() == 1
            && let Some(value) = typed.get_mut("value")
        {
            *attribute = value.take();
        }
    }
}

fn through_python<T: Serialize + DeserializeOwned>(
    name: &'static str,
    item: &T,
    shape: impl FnOnce(&mut Map),
    call: impl FnOnce(Python<'_>, Bound<'_, PyDict>) -> PyResult<Py<PyAny>>,
) -> HookOutcome<T> {
    let Ok(Value::Object(mut map)) = serde_json::to_value(item) else {
        return Err(HookFailure::new(format!("the {name} is no object")));
    };
    shape(&mut map);
    Python::attach(|py| {
        let answer = map_to_python(py, &map).and_then(|item| call(py, item));
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

/// What a hook gets beside the item.
///
/// # Errors
/// When the interpreter has no memory left.
pub(crate) fn hints<'py>(py: Python<'py>, hint: &Hint) -> PyResult<Bound<'py, PyDict>> {
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
    Ok(hints)
}
