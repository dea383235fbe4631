//! Functions of the application that answer with a rate.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyString};
use watchpost_core::{ErrorSampler, Event, Hint, HookFailure, SamplingContext, TracesSampler, Value};

use crate::convert::{map_to_python, to_python};
use crate::hook::hints;
use crate::once::intern;
use crate::pending;
use crate::repr::swallow;

/// The core's form of `traces_sampler`: `(context: dict) -> float | bool`.
pub(crate) fn traces_sampler(function: Py<PyAny>) -> TracesSampler {
    Arc::new(move |context: &SamplingContext<'_>| {
        Python::attach(|py| {
            rate(py, describe(py, context).and_then(|context| function.call1(py, (context,))))
        })
    })
}

/// The core's form of `error_sampler`: `(event: dict, hint: dict) -> float | bool`.
pub(crate) fn error_sampler(function: Py<PyAny>) -> ErrorSampler {
    Arc::new(move |event: &Event, hint: &Hint| {
        let Ok(Value::Object(map)) = serde_json::to_value(event.clone().into_hook_form()) else {
            return Err(HookFailure::new("the event is no object"));
        };
        Python::attach(|py| {
            let event = map_to_python(py, &map);
            rate(py, event.and_then(|event| function.call1(py, (event, hints(py, hint)?))))
        })
    })
}

/// What a sampler of traces may decide by. What the caller gave for it stands beside it, as it was given.
fn describe<'py>(py: Python<'py>, context: &SamplingContext<'_>) -> PyResult<Bound<'py, PyDict>> {
    let transaction = PyDict::new(py);
    transaction.set_item(intern!(py, "name"), context.name)?;
    transaction.set_item(intern!(py, "op"), context.op)?;
    transaction.set_item(intern!(py, "source"), context.source.as_str())?;
    let attributes = PyDict::new(py);
    for (key, value) in context.attributes.iter() {
        attributes.set_item(key.as_str(), to_python(py, value)?)?;
    }
    transaction.set_item(intern!(py, "data"), &attributes)?;
    let seen = PyDict::new(py);
    seen.set_item(intern!(py, "transaction_context"), transaction)?;
    seen.set_item(intern!(py, "parent_sampled"), context.parent_sampled)?;
    seen.set_item(intern!(py, "parent_sample_rate"), context.parent_sample_rate)?;
    seen.set_item(intern!(py, "attributes"), attributes)?;
    if let Some(given) = pending::sampling(py) {
        seen.update(given.as_mapping())?;
    }
    Ok(seen)
}

fn rate(py: Python<'_>, answer: PyResult<Py<PyAny>>) -> Result<f64, HookFailure> {
    let answer = answer.map_err(|error| {
        let failure = HookFailure::new(format!("it raised {error}"));
        swallow(py, &error);
        failure
    })?;
    let answer = answer.bind(py);
    if let Ok(flag) = answer.cast::<PyBool>() {
        return Ok(f64::from(u8::from(flag.is_true())));
    }
    let number = if answer.is_instance_of::<PyString>() { None } else { answer.extract::<f64>().ok() };
    number.ok_or_else(|| {
        HookFailure::new(format!("it answered with {} instead of a number", answer.get_type()))
    })
}
