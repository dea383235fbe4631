//! The options of `init`.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PySet, PyString, PyTuple, PyType};
use watchpost_bindings::{HostOptions, NameStyle};
use watchpost_core::{ClientOptions, Error, Map, Value};

use crate::convert::{Converter, Limits};
use crate::hook::{attributes_hook, breadcrumb_hook, check_in_hook, event_hook};
use crate::sampler::{error_sampler, traces_sampler};
use crate::types::TypeInfo;

/// Reads and checks the options of `init`.
///
/// # Errors
/// `ValueError` or `TypeError`; they name the option and show a right value.
pub(crate) fn read(given: &Bound<'_, PyDict>) -> PyResult<HostOptions> {
    let mut plain = Map::new();
    let mut odd = None;
    let mut functions = Vec::new();
    for (name, value) in given.iter() {
        let name = name.cast::<PyString>()?.to_string();
        if value.is_none() {
            continue;
        }
        if let Some(set) = setter(&name) {
            functions.push((set, function(&name, &value)?));
            continue;
        }
        if !is_plain(&value) {
            odd = Some(TypeInfo::of(&value).opaque.clone());
        }
        plain.insert(name, plain_value(&value));
    }
    let parsed = HostOptions::parse(plain, NameStyle::Snake, |name| std::env::var(name).ok());
    let options = parsed.map_err(|error| match &odd {
        // Stands for a value that no option takes.
        Some(odd) => PyTypeError::new_err(error.to_string().replacen("{}", odd, 1)),
        None => to_python(&error),
    })?;
    Ok(functions.into_iter().fold(options, |options, (set, function)| set(options, function)))
}

type Setter = fn(HostOptions, Py<PyAny>) -> HostOptions;

/// How an option that is a function is set; nothing for any other.
fn setter(name: &str) -> Option<Setter> {
    Some(match name {
        "before_send" => |options, f| options.with_before_send(event_hook(f)),
        "before_breadcrumb" => |options, f| options.with_before_breadcrumb(breadcrumb_hook(f)),
        "before_send_transaction" => |options, f| options.with_before_send_transaction(event_hook(f)),
        "before_send_span" => |options, f| options.with_before_send_span(attributes_hook("span", f)),
        "before_send_log" => {
            |options, f| with_core(options, |core| core.with_before_send_log_hook(attributes_hook("log", f)))
        }
        "before_send_metric" => |options, f| {
            with_core(options, |core| core.with_before_send_metric_hook(attributes_hook("metric", f)))
        },
        "before_send_check_in" => {
            |options, f| with_core(options, |core| core.with_before_send_check_in_hook(check_in_hook(f)))
        }
        "before_send_feedback" => {
            |options, f| with_core(options, |core| core.with_before_send_feedback_hook(event_hook(f)))
        }
        "traces_sampler" => |options, f| options.with_traces_sampler(traces_sampler(f)),
        "error_sampler" => |options, f| options.with_error_sampler(error_sampler(f)),
        "event_processor" => |options, f| options.with_event_processor(event_hook(f)),
        _ => return None,
    })
}

fn with_core(options: HostOptions, set: impl FnOnce(ClientOptions) -> ClientOptions) -> HostOptions {
    HostOptions { client: set(options.client), ..options }
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
        || value.is_instance_of::<PyDict>()
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
