//! Scopes that go along to another thread.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::active::Active;
use crate::session::entry;
use crate::wsgi::passed_on;

/// Forks of the scopes that were active where it was made.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
pub(crate) struct Carried(Py<Active>);

/// Forks of the scopes of now, for a thread that is about to start or, with `always`, for a call in one. `None` if a new
/// thread has the same ones by itself.
#[pyfunction]
#[pyo3(signature = (always=false))]
pub(crate) fn carry(py: Python<'_>, always: bool) -> Option<Carried> {
    let carried = entry(py, "carry", || {
        let here = Active::here(py)?;
        let here = here.get();
        if !always && here.is_usual() {
            return Ok(None);
        }
        Ok(Some(Carried(Py::new(py, here.for_thread())?)))
    });
    carried.flatten()
}

#[pymethods]
impl Carried {
    /// Makes them active for as long as the thread lives.
    fn enter(&self, py: Python<'_>) {
        entry(py, "carry", || Active::enter_again(self.0.bind(py)).map(drop));
    }

    /// Calls `function` in them.
    #[pyo3(signature = (function, /, *args, **kwargs))]
    fn call<'py>(
        &self,
        function: &Bound<'py, PyAny>,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = function.py();
        let token = entry(py, "carry", || Active::enter_again(self.0.bind(py)));
        let answer = passed_on(|| function.call(args, kwargs));
        if let Some(token) = token {
            entry(py, "carry", || Active::leave(py, &token));
        }
        answer
    }
}
