//! Transactions as Python objects.

use pyo3::prelude::*;
use watchpost_core as core;

use crate::convert::text_of;
use crate::setters::to_context;
use crate::span::Span;
use crate::status::read_source;

/// The root of a service's part of a trace.
#[pyclass(frozen, extends = Span, module = "watchpost")]
#[derive(Debug)]
pub(crate) struct Transaction;

/// A Python object of the class `Transaction`.
pub(crate) fn transaction(py: Python<'_>, span: Span) -> PyResult<Bound<'_, Span>> {
    let made = Bound::new(py, PyClassInitializer::from(span).add_subclass(Transaction))?;
    Ok(made.into_super())
}

#[pymethods]
impl Transaction {
    /// What its name was made of: `custom`, `url`, `route`, `view`, `component` or `task`.
    #[getter]
    fn source(slf: &Bound<'_, Self>) -> &'static str {
        slf.as_super().get().core(slf.py()).source().as_str()
    }

    #[setter(source)]
    fn assign_source(slf: &Bound<'_, Self>, source: &Bound<'_, PyAny>) {
        slf.as_super().get().edit_named(slf.py(), "source", || {
            let source = read_source(source)?;
            Ok(move |span: &core::Span| span.set_source(source))
        });
    }

    /// Replaces a context of its event. Anything but a dictionary stands under `value`.
    fn set_context(slf: &Bound<'_, Self>, key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>) {
        slf.as_super().get().edit_named(slf.py(), "set_context", || {
            let (key, value) = (text_of(key), to_context(value));
            Ok(move |span: &core::Span| span.set_context(key, value))
        });
    }

    /// The header `baggage`.
    fn get_baggage(slf: &Bound<'_, Self>) -> Option<String> {
        slf.as_super().get().to_baggage(slf.py())
    }
}
