//! The client, as an application may look at it.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use watchpost_core::Text;

use crate::init::{close, flush};
use crate::session::Session;

/// The client of the last `init`, or one that does nothing.
#[pyclass(frozen, module = "watchpost")]
#[derive(Debug)]
pub(crate) struct Client(Option<Arc<Session>>);

/// The client of the last `init`; before it, one that does nothing.
#[pyfunction]
pub(crate) fn get_client() -> Client {
    Client(Session::current().clone())
}

#[pymethods]
impl Client {
    /// True if captures can lead anywhere: there is a DSN, and it was not closed.
    fn is_active(&self) -> bool {
        self.0.as_ref().is_some_and(|session| session.host.client().is_enabled())
    }

    /// Where it reports to, without what is secret.
    #[getter]
    fn dsn(&self) -> Option<String> {
        self.0.as_ref()?.host.options().client.dsn().map(ToString::to_string)
    }

    /// The options of `init`, with what the environment said of release, environment and so on.
    #[getter]
    fn options<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let Some(session) = &self.0 else { return Ok(PyDict::new(py)) };
        let options = session.given.bind(py).copy()?;
        let client = &session.host.options().client;
        options.set_item("dsn", self.dsn())?;
        options.set_item("release", client.release().map(Text::as_str))?;
        options.set_item("environment", client.environment().as_str())?;
        options.set_item("server_name", client.server_name().map(Text::as_str))?;
        options.set_item("send_default_pii", client.send_default_pii())?;
        Ok(options)
    }

    /// The integration of this name or class, with its settings, if it is on.
    fn get_integration<'py>(&self, name_or_class: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.0.is_none() {
            return Ok(None);
        }
        let module = name_or_class.py().import("watchpost.integrations")?;
        module.call_method1("running", (name_or_class,)).map(|found| (!found.is_none()).then_some(found))
    }

    /// As the function of that name.
    #[pyo3(signature = (timeout=None, callback=None))]
    fn flush(
        &self,
        py: Python<'_>,
        timeout: Option<&Bound<'_, PyAny>>,
        callback: Option<&Bound<'_, PyAny>>,
    ) -> bool {
        flush(py, timeout, callback)
    }

    /// As the function of that name.
    #[pyo3(signature = (timeout=None))]
    fn close(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> bool {
        close(py, timeout)
    }
}
