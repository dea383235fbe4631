//! A context variable, asked without a call through Python.
#![cfg_attr(
    unix,
    expect(unsafe_code, reason = "the functions are exported by every CPython, but outside the limited API")
)]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// A context variable whose default is `None`.
#[derive(Debug)]
pub(crate) struct ContextVar(Py<PyAny>);

impl ContextVar {
    /// A new one.
    ///
    /// # Errors
    /// When the interpreter's own module cannot be imported.
    pub(crate) fn new(py: Python<'_>, name: &str) -> PyResult<Self> {
        let options = PyDict::new(py);
        options.set_item("default", py.None())?;
        let class = py.import("contextvars")?.getattr("ContextVar")?;
        Ok(Self(class.call((name,), Some(&options))?.unbind()))
    }
}

#[cfg(unix)]
unsafe extern "C" {
    fn PyContextVar_Get(
        var: *mut ffi::PyObject,
        default: *mut ffi::PyObject,
        value: *mut *mut ffi::PyObject,
    ) -> std::ffi::c_int;
    fn PyContextVar_Set(var: *mut ffi::PyObject, value: *mut ffi::PyObject) -> *mut ffi::PyObject;
    fn PyContextVar_Reset(var: *mut ffi::PyObject, token: *mut ffi::PyObject) -> std::ffi::c_int;
}

#[cfg(unix)]
impl ContextVar {
    /// What it holds here.
    ///
    /// # Errors
    /// When the interpreter has no memory left.
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let mut value = std::ptr::null_mut();
        // SAFETY: it is a context variable, and the interpreter is attached. What comes back is a reference of our own.
        unsafe {
            match PyContextVar_Get(self.0.as_ptr(), std::ptr::null_mut(), &raw mut value) {
                0 if !value.is_null() => Ok(Bound::from_owned_ptr(py, value)),
                0 => Ok(py.None().into_bound(py)),
                _ => Err(PyErr::fetch(py)),
            }
        }
    }

    /// Makes it hold something else here. What comes back takes that back.
    ///
    /// # Errors
    /// When the interpreter has no memory left.
    pub(crate) fn set(&self, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let py = value.py();
        // SAFETY: as above.
        unsafe {
            Bound::from_owned_ptr_or_err(py, PyContextVar_Set(self.0.as_ptr(), value.as_ptr()))
                .map(Bound::unbind)
        }
    }

    /// Takes back what `set` did.
    ///
    /// # Errors
    /// When that was in another context.
    pub(crate) fn reset(&self, py: Python<'_>, token: &Py<PyAny>) -> PyResult<()> {
        // SAFETY: as above; it checks that the token is one of its own.
        match unsafe { PyContextVar_Reset(self.0.as_ptr(), token.as_ptr()) } {
            0 => Ok(()),
            _ => Err(PyErr::fetch(py)),
        }
    }
}

#[cfg(not(unix))]
impl ContextVar {
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.0.bind(py).call_method0("get")
    }

    pub(crate) fn set(&self, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        self.0.bind(value.py()).call_method1("set", (value,)).map(Bound::unbind)
    }

    pub(crate) fn reset(&self, py: Python<'_>, token: &Py<PyAny>) -> PyResult<()> {
        self.0.bind(py).call_method1("reset", (token,)).map(drop)
    }
}
