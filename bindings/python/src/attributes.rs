//! Attributes of logs, metrics and scopes.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PySet, PyString, PyTuple};
use watchpost_core::{Attribute, Attributes};

use crate::convert::{Converter, Limits, text_of};

/// The attribute that a value becomes: text, truth, number, a list of one of these, or `{"value": .., "unit": ..}`.
/// Nothing for what has no type here: `None`, other dictionaries, lists that are nested or mixed. Any other object is
/// shown as text.
pub(crate) fn attribute(value: &Bound<'_, PyAny>) -> Option<Attribute> {
    if value.is_instance_of::<PyString>() {
        return Some(text_of(value).into());
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Some(flag.is_true().into());
    }
    if let Ok(number) = value.cast::<PyFloat>() {
        return Some(number.value().into());
    }
    if value.is_none() {
        return None;
    }
    let has_form = value.is_instance_of::<PyInt>()
        || value.is_instance_of::<PyDict>()
        || value.is_instance_of::<PyList>()
        || value.is_instance_of::<PyTuple>()
        || value.is_instance_of::<PySet>();
    if has_form {
        return Attribute::from_json(&Converter::new(Limits::DATA).value(value));
    }
    Some(text_of(value).into())
}

/// The attributes of a dictionary, into `attributes`.
///
/// # Errors
/// When it is none.
pub(crate) fn read_into(attributes: &mut Attributes, given: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    let Some(given) = given.filter(|given| !given.is_none()) else { return Ok(()) };
    for (name, value) in given.cast::<PyDict>()?.iter().collect::<Vec<_>>() {
        if let Some(value) = attribute(&value) {
            attributes.insert(text_of(&name), value);
        }
    }
    Ok(())
}
