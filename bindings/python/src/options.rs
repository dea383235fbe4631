//! The options of `init`.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PySet, PyString, PyTuple, PyType};
use watchpost_bindings::{HostOptions, NameStyle};
use watchpost_core::{Error, Map, Value};

use crate::convert::{Converter, Limits};
use crate::hook::{breadcrumb_hook, event_hook};
use crate::types::TypeInfo;

/// Reads and checks the options of `init`.
///
/// # Errors
/// `ValueError` or `TypeError`; they name the option and show a right value.
pub(crate) fn read(given: &Bound<'_, PyDict>) -> PyResult<HostOptions> {
    let mut plain = Map::new();
    let mut odd = None;
    let (mut before_send, mut before_breadcrumb) = (None, None);
    for (name, value) in given.iter() {
        let name = name.cast::<PyString>()?.to_string();
        if value.is_none() {
            continue;
        }
        match name.as_str() {
            "before_send" => before_send = Some(event_hook(function(&name, &value)?)),
            "before_breadcrumb" => before_breadcrumb = Some(breadcrumb_hook(function(&name, &value)?)),
            _ => {
                if !is_plain(&value) {
                    odd = Some(TypeInfo::of(&value).opaque.clone());
                }
                plain.insert(name, plain_value(&value));
            }
        }
    }
    let parsed = HostOptions::parse(plain, NameStyle::Snake, |name| std::env::var(name).ok());
    let mut options = parsed.map_err(|error| match &odd {
        // Stands for a value that no option takes.
        Some(odd) => PyTypeError::new_err(error.to_string().replacen("{}", odd, 1)),
        None => to_python(&error),
    })?;
    if let Some(hook) = before_send {
        options = options.with_before_send(hook);
    }
    if let Some(hook) = before_breadcrumb {
        options = options.with_before_breadcrumb(hook);
    }
    Ok(options)
}

/// `TypeError` for a keyword that `init` does not know, as Python itself would raise it; else `ValueError`.
fn to_python(error: &Error) -> PyErr {
    if error.is_option() && error.field() == "options" {
        PyTypeError::new_err(error.to_string())
    } else {
        PyValueError::new_err(error.to_string())
    }
}

fn function(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
    if value.is_callable() {
        return Ok(value.clone().unbind());
    }
    let text = format!(
        "invalid option `{name}`: {} is not a function, like `lambda item, hint: item`",
        TypeInfo::of(value).opaque
    );
    Err(PyTypeError::new_err(text))
}

/// True for values that options can have, and paths.
fn is_plain(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyString>()
        || value.is_instance_of::<PyBool>()
        || value.is_instance_of::<PyInt>()
        || value.is_instance_of::<PyFloat>()
        || is_list(value)
        || path(value).is_some()
}

fn is_list(value: &Bound<'_, PyAny>) -> bool {
    value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() || value.is_instance_of::<PySet>()
}

fn plain_value(value: &Bound<'_, PyAny>) -> Value {
    if let Some(path) = path(value) {
        return path.into();
    }
    if value.is_instance_of::<PyDict>() {
        return Converter::new(Limits::DATA).value(value);
    }
    if !is_plain(value) {
        return Value::Object(Map::new());
    }
    if !is_list(value) {
        return Converter::new(Limits::DATA).value(value);
    }
    let items = value.try_iter().into_iter().flatten().flatten();
    // `ignore_errors` takes classes as well as their names.
    items
        .map(|item| item.cast::<PyType>().map_or_else(|_| plain_value(&item), |ty| full_name(ty).into()))
        .collect()
}

fn full_name(ty: &Bound<'_, PyType>) -> String {
    let info = TypeInfo::of_type(ty);
    match &info.module {
        Some(module) => format!("{module}.{}", info.name),
        None => info.name.as_str().to_owned(),
    }
}

/// The text of an `os.PathLike`.
fn path(value: &Bound<'_, PyAny>) -> Option<String> {
    value.call_method0("__fspath__").ok()?.extract().ok()
}
