//! The methods of spans that are called most.

use pyo3::prelude::*;
use pyo3::types::PyBool;

use super::Span;
use crate::fast::{self, Arguments, Names};

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

static EXIT_NAMES: Names<3> = Names::new(["_ty", "_value", "_traceback"], 3);
static DATA_NAMES: Names<2> = Names::new(["key", "value"], 2);

fast::entry!(exit => leave);
fast::entry!(set_data => data);

fn leave(this: Any<'_, '_>, given: &Arguments<'_, '_>) -> PyResult<Py<PyAny>> {
    let [_, value, _] = given.take_all(&EXIT_NAMES)?;
    this.cast::<Span>()?.get().exit(this.py(), Some(&value));
    Ok(PyBool::new(this.py(), false).to_owned().into_any().unbind())
}

fn data(this: Any<'_, '_>, given: &Arguments<'_, '_>) -> PyResult<Py<PyAny>> {
    let span = this.cast::<Span>()?.get();
    if span.listens() {
        let [key, value] = given.take_all(&DATA_NAMES)?;
        span.set_data(this.py(), &key, &value);
    }
    Ok(this.py().None())
}

/// Makes these methods cheap to call.
///
/// # Errors
/// When the interpreter has no memory left.
pub(crate) fn hasten(py: Python<'_>) -> PyResult<()> {
    let class = py.get_type::<Span>();
    let doc = c"__exit__($self, _ty, _value, _traceback, /)\n--\n\n";
    fast::replace_method(&class, c"__exit__", doc, exit)?;
    let doc = c"set_data($self, key, value)\n--\n\nSets an attribute.";
    fast::replace_method(&class, c"set_data", doc, set_data)?;
    let doc = c"set_attribute($self, key, value)\n--\n\nSets an attribute.";
    fast::replace_method(&class, c"set_attribute", doc, set_data)
}
