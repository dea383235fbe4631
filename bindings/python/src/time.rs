//! Times between Python and the core.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt};
use watchpost_bindings::parse_value;
use watchpost_core::Timestamp;

use crate::convert::{Converter, Limits};
use crate::once::intern;

/// A time from Unix seconds, text or a `datetime`; without a zone it is UTC.
///
/// # Errors
/// When it is none.
pub(crate) fn read(value: &Bound<'_, PyAny>) -> PyResult<Option<Timestamp>> {
    if value.is_instance_of::<PyFloat>() || value.is_exact_instance_of::<PyInt>() {
        let seconds = value.extract::<f64>()?;
        let wrong = || PyValueError::new_err(format!("{seconds} is no time in Unix seconds"));
        return Timestamp::from_seconds(seconds).map(Some).ok_or_else(wrong);
    }
    let json = match value.getattr(intern!(value.py(), "isoformat")) {
        Ok(isoformat) => Converter::new(Limits::DATA).value(&isoformat.call0()?),
        Err(_) => Converter::new(Limits::DATA).value(value),
    };
    let wrong = |error: watchpost_core::Error| PyValueError::new_err(error.to_string());
    parse_value::<Option<Timestamp>>("timestamp", json).map_err(wrong)
}

/// A time that becomes a `datetime` in UTC.
#[derive(Debug)]
pub(crate) struct Time(pub(crate) Timestamp);

impl<'py> IntoPyObject<'py> for Time {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = PyErr;

    fn into_pyobject(self, py: Python<'py>) -> PyResult<Self::Output> {
        let module = py.import(intern!(py, "datetime"))?;
        let utc = module.getattr("timezone")?.getattr("utc")?;
        let epoch = module.getattr("datetime")?.call1((1970, 1, 1, 0, 0, 0, 0, utc))?;
        epoch.add(module.getattr("timedelta")?.call1((0, 0, self.0.micros()))?)
    }
}
