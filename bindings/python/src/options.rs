//! The options of `init`.

use pyo3::exceptions::{PyBaseException, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PySet, PyString, PyTuple, PyType};
use watchpost_bindings::{HostOptions, NameStyle};
use watchpost_core::{ClientOptions, Error, Map, Value};

use crate::convert::{Converter, Limits};
use crate::hook::{attributes_hook, breadcrumb_hook, check_in_hook, event_hook};
use crate::sampler::{error_sampler, traces_sampler};
use crate::text::characters;
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
        if OWN.contains(&name.as_str()) {
            continue;
        }
        if name == "ignore_errors" || name == "trace_propagation_targets" {
            plain.insert(name.clone(), rules(&name, &value)?);
            continue;
        }
        if !is_plain(&value) {
            odd = Some(TypeInfo::of(&value).opaque.clone());
        }
        plain.insert(name, plain_value(&value));
    }
    max_stack_frames(given)?;
    project_root(given)?;
    let parsed = HostOptions::parse(plain, NameStyle::Snake, |name| std::env::var(name).ok());
    let options = parsed.map_err(|error| match &odd {
        // Stands for a value that no option takes.
        Some(odd) => PyTypeError::new_err(error.to_string().replacen("{}", odd, 1)),
        None => to_python(&error),
    })?;
    Ok(functions.into_iter().fold(options, |options, (set, function)| set(options, function)))
}

/// Options that only this binding has.
const OWN: [&str; 2] = ["max_stack_frames", "project_root"];

/// A list of rules in which texts mean what they mean in Python: those of `ignore_errors` are names of types, all others
/// are regular expressions. Classes are looked at by ourselves ([`classes`]).
fn rules(name: &str, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if !is_list(value) {
        return Ok(plain_value(value));
    }
    let mut rules = Vec::new();
    for item in value.try_iter()? {
        let item = item?;
        let Ok(text) = item.cast::<PyString>() else {
            if name != "ignore_errors" || !is_error_class(&item) {
                rules.push(plain_value(&item));
            }
            continue;
        };
        let text = characters(text);
        let kind = if name == "ignore_errors" { "type" } else { "regex" };
        let text = if kind == "type" { text.strip_prefix("builtins.").unwrap_or(&text) } else { &text };
        rules.push(Value::Object([(kind.to_owned(), text.into())].into_iter().collect()));
    }
    Ok(Value::Array(rules))
}

/// The classes in `ignore_errors`.
pub(crate) fn classes(given: &Bound<'_, PyDict>) -> Vec<Py<PyAny>> {
    let rules = given.get_item("ignore_errors").ok().flatten().filter(is_list);
    let items = rules.iter().filter_map(|rules| rules.try_iter().ok()).flatten().flatten();
    items.filter(is_error_class).map(Bound::unbind).collect()
}

fn is_error_class(item: &Bound<'_, PyAny>) -> bool {
    let error = item.py().get_type::<PyBaseException>();
    item.cast::<PyType>().is_ok_and(|class| class.is_subclass(&error).unwrap_or(false))
}

/// How many frames of a stack are kept.
///
/// # Errors
/// `ValueError` if that is no number of them.
pub(crate) fn max_stack_frames(given: &Bound<'_, PyDict>) -> PyResult<Option<usize>> {
    let Some(most) = given.get_item("max_stack_frames")?.filter(|most| !most.is_none()) else {
        return Ok(None);
    };
    let number = most.extract::<usize>().ok().filter(|number| *number > 0);
    let wrong = || {
        let shown = Converter::new(Limits::DATA).value(&most);
        let text =
            format!("invalid option `max_stack_frames`: {shown} is not a whole number from 1 on, like 100");
        PyValueError::new_err(text)
    };
    number.map(Some).ok_or_else(wrong)
}

/// The folder of the application's own files.
///
/// # Errors
/// `ValueError` if it is no path.
pub(crate) fn project_root(given: &Bound<'_, PyDict>) -> PyResult<Option<String>> {
    let Some(root) = given.get_item("project_root")?.filter(|root| !root.is_none()) else { return Ok(None) };
    let folder =
        path(&root).or_else(|| root.cast::<PyString>().ok().map(|root| characters(root).into_owned()));
    let wrong =
        || PyValueError::new_err("invalid option `project_root`: it takes a path, like \"/srv/shop\"");
    folder.map(Some).ok_or_else(wrong)
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
    if let Some(rule) = expression(value) {
        return rule;
    }
    if !is_plain(value) {
        return Value::Object(Map::new());
    }
    if !is_list(value) {
        return Converter::new(Limits::DATA).value(value);
    }
    value.try_iter().into_iter().flatten().flatten().map(|item| plain_value(&item)).collect()
}

/// A compiled expression, as the core's rules are written: its text, and its flags where they stand in a text.
fn expression(value: &Bound<'_, PyAny>) -> Option<Value> {
    const FLAGS: [(u32, char); 4] = [(2, 'i'), (8, 'm'), (16, 's'), (64, 'x')];
    let text = value.getattr_opt("pattern").ok()??.cast_into::<PyString>().ok()?;
    let given: u32 = value.getattr_opt("flags").ok()??.extract().ok()?;
    let flags: String = FLAGS.iter().filter(|(bit, _)| given & bit != 0).map(|(_, letter)| letter).collect();
    let text = characters(&text);
    let text = if flags.is_empty() { text.into_owned() } else { format!("(?{flags}){text}") };
    Some(Value::Object([("regex".to_owned(), text.into())].into_iter().collect()))
}

/// The text of an `os.PathLike`.
fn path(value: &Bound<'_, PyAny>) -> Option<String> {
    value.call_method0("__fspath__").ok()?.extract().ok()
}
